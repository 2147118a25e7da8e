"""What LD_PRELOAD can still replace is what it does replace in a host that is really made so."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.whatif.edits import parse_edit
from collide.whatif.preloading import Preload, preloads
from linked_host import BINDING, PLACING, build, linker_of, really, tried
from scenario import Scenario, observe

NAMES = ("f", "weak_f", "own", "use", "below")
VARIABLES = ("data", "where", "deep")
ALL = "".join(f"int {name}(void) {{ return 9; }}" for name in NAMES) + "".join(
    f"int *{name}[2];" for name in VARIABLES
)


def replaced(s: Scenario, host: Path, *opens: str) -> set[tuple[str, str]]:
    """Object and symbol of each reference that a preloaded library with all names serves."""
    preload = s.lib("preload.so", ALL)
    names = [o.replace("library.so", str(s.directory / "library.so")) for o in opens]
    ran, log = observe([host, *names], env={"LD_PRELOAD": str(preload)})
    assert ran.status == 0, ran.stderr
    return {
        (Path(line.object).name, line.symbol)
        for line in log.bindings
        if line.provider == str(preload) and line.object != str(preload) and not line.protected
    }


def told(s: Scenario, host: Path, edit: str, *others: str) -> dict[str, Preload]:
    edits = [f"library.so={edit}", *others]
    result = tried(s, host, *edits)
    found = preloads(result, [parse_edit(e) for e in edits[:1]])
    return {preload.kind: preload for preload in found}


@pytest.mark.parametrize("edit", [*BINDING, *PLACING, "version=NODE", "direct"])
def test_what_can_be_replaced_is_what_a_preload_replaces(tmp_path: Path, edit: str) -> None:
    s, host = build(tmp_path / "before", linker_of(edit))
    again, relinked, opens = really(tmp_path / "after", edit)
    found = told(s, host, edit, *(["below.so=local"] if opens else []))
    own = {"f", "weak_f", "own", "use", "data", "where"}
    before, after = replaced(s, host), replaced(again, relinked, *opens)
    gone = before - after
    if edit == "direct":
        gone = {(holder, name) for holder, name in gone if holder == "library.so"}
    lost = {name for _, name in gone if name in own}
    assert {name for name in found["own-names"].lost if name in own} == lost
    used = {name for holder, name in gone if holder == "library.so" and name not in own}
    assert {n for n in found["used-names"].lost if not n.startswith("_")} == used
    holders = {holder for holder, name in gone if name in own}
    assert {Path(h).name for h in found["own-names"].holders} == holders


def test_names_of_others_are_lost_to_deepbind_and_direct_binding_only(tmp_path: Path) -> None:
    s, host = build(tmp_path / "host")
    lost = {
        edit: bool(told(s, host, edit)["used-names"].lost)
        for edit in ("-Bsymbolic", "protect", "local", "deepbind", "direct")
    }
    assert {edit for edit, is_lost in lost.items() if is_lost} == {"deepbind", "direct"}


@pytest.mark.parametrize("edit", ["-Bsymbolic", "deepbind", "version=NODE"])
def test_library_of_the_same_soname_takes_the_place_where_its_names_are_still_meant(
    tmp_path: Path, edit: str
) -> None:
    s, host = build(tmp_path / "before")
    again, relinked, opens = really(tmp_path / "after", edit)
    found = told(s, host, edit)["same-soname"]
    other = again.lib("other/library.so", ALL, "-Wl,-soname,library.so")
    ran, log = observe([relinked, *(o.strip("^") for o in opens)], env={"LD_PRELOAD": str(other)})
    works = ran.status == 0 and str(again.directory / "library.so") not in log.scopes
    assert works == (not found.lost)
    assert bool(found.lost) == bool(found.holders) == (edit == "version=NODE")
    line = str(found).replace(f"{s.directory}/", "")
    if found.lost:
        assert line.startswith("a library with the DT_SONAME of library.so cannot be replaced any")
        assert line.endswith(" in host: 1 of 1 name: library.so")
    else:
        assert line == "a library with the DT_SONAME of library.so can be replaced as before"
