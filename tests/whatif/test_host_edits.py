"""Each change of a library of a host binds as the loader binds what was really linked so."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from collide.analysis.start_up import START_UP_MODULE
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.whatif.costs import costs
from collide.whatif.edits import parse_edit
from collide.whatif.whatif import DLSYM, whatif
from collide.wheels.target import read_target
from linked_host import BINDING, PLACING, build, by_loader, linker_of, predicted, really, tried
from scenario import Scenario


@pytest.mark.parametrize("edit", [*BINDING, *PLACING, "version=NODE", "direct"])
def test_library_binds_as_in_a_host_that_is_really_made_so(tmp_path: Path, edit: str) -> None:
    """No loader here has two levels of names; names that begin with the library's are the same."""
    s, host = build(tmp_path / "before", linker_of(edit))
    again, relinked, opens = really(tmp_path / "after", edit)
    edits = ["below.so=local"] if opens else []
    result = tried(s, host, f"{'*' if edit == 'direct' else 'library.so'}={edit}", *edits)
    before, after = by_loader(s, host), by_loader(again, relinked, *opens)
    assert predicted(s, result.before) == before
    assert predicted(s, result.after) == after != before
    assert result.balance.new == ()
    if edit in ("deepbind", "direct"):
        assert ("library.so", "below", None, "below.so") in after
        assert ("library.so", "f", None, "library.so") in after


def test_plugin_that_the_host_opens_with_deepbind_binds_as_there(tmp_path: Path) -> None:
    s, host = build(tmp_path / "before", link=False)
    result = tried(s, host, "library.so=deepbind", rtld_global=["library.so"])
    assert predicted(s, result.before) == by_loader(s, host, "+library.so")
    after = by_loader(s, host, "+^library.so")
    assert predicted(s, result.after) == after
    assert ("library.so", "f", None, "library.so") in after
    assert str(s.directory / "library.so") in [
        m.dso.path for m in result.after.host.process.global_scope
    ]


def test_direct_binding_of_one_library_leaves_the_others(tmp_path: Path) -> None:
    s, host = build(tmp_path / "before")
    before, now = by_loader(s, host), predicted(s, tried(s, host, "library.so=direct").after)
    assert {row for row in now if row[0] != "library.so"} == {
        row for row in before if row[0] != "library.so"
    }
    assert {row[3] for row in now if row[1] in ("f", "weak_f", "own")} == {"library.so"}


def test_what_links_a_library_that_is_opened_asks_dlsym_and_does_not_fail(tmp_path: Path) -> None:
    s, host = build(tmp_path / "before")
    result = tried(s, host, "below.so=local")
    (module,) = (m for m in result.after.modules if m.name == START_UP_MODULE)
    assert module.bound is not None
    asked = {m.object for m in result.moves if m.after.how == DLSYM}
    assert asked == {str(s.directory / "library.so")}
    assert module.failures == result.balance.new == ()
    told = [c.text for c in costs(result, [], [parse_edit("below.so=local")]) if c.kind == "host"]
    assert [text.replace(f"{s.directory}/", "") for text in told] == [
        "library.so must ask dlsym for deep of below.so"
    ]


def test_module_is_opened_by_pypy_s_names_where_it_links_what_it_uses(tmp_path: Path) -> None:
    """A library with libpypy's names and needs stands for it, less what is opened RTLD_LOCAL."""
    pypy = shutil.which("pypy3")
    if pypy is None:
        pytest.skip("apt install pypy3")
    s = Scenario(tmp_path)
    module = (
        "int PyPyModule_Create2(void), {0}(void);"
        "int m(void) {{ return PyPyModule_Create2() + {0}(); }}"
    )
    flags = ["-fno-builtin", "-Wl,--no-as-needed"]
    s.module("w/links.so", module.format("deflate"), *flags, "-l:libz.so.1")
    s.module("w/links_m.so", module.format("powf"), *flags, "-lm")
    s.module("w/takes.so", module.format("powf"), *flags)
    host = extract(pypy, Root())
    edits = [parse_edit("libz*=local"), parse_edit("libm.so*=local")]
    result = whatif(read_target(tmp_path / "w"), host, [], edits)
    assert [(Path(f.object).name, f.name) for f in result.balance.new] == [("takes.so", "powf")]
    (libpypy,) = (m.dso for m in host.process.global_scope if "libpypy" in m.name)
    names = "".join(f"int {name};\n" for name in sorted(libpypy.elf.exports.names))
    stands = s.lib(f"{libpypy.elf.soname}", names, "-fno-builtin")
    opener = s.host(needed=[stands.name])
    outcome = s.compare(
        opener, "libz.so.1", "libm.so.6", "w/links.so", "w/links_m.so", "w/takes.so"
    )
    *fine, last = outcome.messages
    assert fine == ["ok"] * 4
    assert last.endswith("undefined symbol: powf")


def test_word_deepbind_is_the_option_on_the_wheel_s_side(tmp_path: Path) -> None:
    s, host = build(tmp_path / "host")
    s.module("w/m.so", "int f(void) { return 4; } int PyInit_m(void) { return f(); }")
    target = read_target(s.directory / "w")
    result = whatif(target, extract(str(host), Root()), [parse_edit("m.so=deepbind")])
    (moved,) = result.moves
    assert (moved.symbols, moved.after.provider) == (("f",), "m.so")
    assert result.after.modes.deepbind == ("m.so",)
