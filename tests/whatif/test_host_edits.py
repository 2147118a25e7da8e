"""Each change of a library of a host binds as the loader binds what was really linked so."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from collide.analysis.analysis import Analysis
from collide.analysis.start_up import START_UP_MODULE
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.whatif.costs import costs
from collide.whatif.edits import parse_edit
from collide.whatif.whatif import DLSYM, WhatIf, whatif
from collide.wheels.target import read_target
from relinked import require
from scenario import Scenario

# A host with a library, and one below it. Each macro says where a name is meant to come from.
BELOW = "int BELOW(f)(void) { return 1; } int BELOW(below)(void) { return 1; } int BELOW(deep) = 1;"
LIBRARY = """
int BELOW(below)(void); extern int BELOW(deep);
int LIBRARY(f)(void) { return 2; }
__attribute__((weak)) int LIBRARY(weak_f)(void) { return 2; }
int LIBRARY(own)(void) { return 2; }
int LIBRARY(data) = 2;
int *LIBRARY(where)[] = { &LIBRARY(data), &BELOW(deep) };
int **LIBRARY(itself) = LIBRARY(where);
int (*LIBRARY(taken)[])(void) = { LIBRARY(f), LIBRARY(weak_f), LIBRARY(own) };
int LIBRARY(use)(void) {
  return LIBRARY(f)() + LIBRARY(weak_f)() + LIBRARY(own)() + BELOW(below)() + *LIBRARY(where)[0];
}
"""
EXECUTABLE = """
int EXE(f)(void) { return 3; } int EXE(weak_f)(void) { return 3; } int EXE(data) = 3;
int EXE(below)(void) { return 3; }
"""
USES = "int LIBRARY(use)(void); int go(void) { return LIBRARY(use)(); }"
MACROS = tuple(f"-D{owner}(name)=name" for owner in ("BELOW", "LIBRARY", "EXE"))
QUALIFIED = tuple(f"-D{owner}(name)={owner}__##name" for owner in ("BELOW", "LIBRARY", "EXE"))
OWNERS = ("BELOW__", "LIBRARY__", "EXE__")
Bound = set[tuple[str, str, str | None, str]]
"""Object, symbol, version and provider, by their base names."""


def build(
    directory: Path,
    flags: Sequence[str] = (),
    *,
    macros: Sequence[str] = MACROS,
    link: bool = True,
    versions: str | None = None,
) -> tuple[Scenario, Path]:
    """The host, with its library linked with ``flags``; without ``link`` it only finds it."""
    directory.mkdir()
    s = Scenario(directory)
    s.lib("below.so", BELOW, *macros)
    s.lib("library.so", LIBRARY, *macros, *flags, needed=["below.so"], versions=versions)
    source = EXECUTABLE + (USES if link else "int go(void) { return 0; }")
    host = s.host(source, *macros, needed=["library.so", "below.so"] if link else [])
    return s, host


def by_loader(s: Scenario, host: Path, *opens: str) -> Bound:
    """What the loader prints for the relocations of the host's own objects."""
    lines = s.compare(host, *opens).log.bindings
    return {
        (
            Path(line.object).name,
            line.symbol.rpartition("__")[2] if line.symbol.startswith(OWNERS) else line.symbol,
            line.version,
            Path(line.object if line.protected else line.provider).name,
        )
        for line in lines
        if line.relocation and Path(line.object).parent == s.directory
    }


def predicted(s: Scenario, analysis: Analysis) -> Bound:
    (module,) = (m for m in analysis.modules if m.name == START_UP_MODULE)
    assert module.bound is not None
    return {
        (Path(o.dso.path).name, b.reference.name, b.reference.version, Path(b.provider.path).name)
        for o in module.bound.objects
        if Path(o.dso.path).parent == s.directory
        for b in o.bindings
        if b.provider is not None
    }


def tried(s: Scenario, host: Path, *edits: str, rtld_global: Sequence[str] = ()) -> WhatIf:
    s.module("w/m.so", "int PyInit_m(void) { return 1; }")
    target = read_target(s.directory / "w")
    opened = [str(s.directory / name) for name in rtld_global]
    extracted = extract(str(host), Root(), rtld_global=opened)
    return whatif(target, extracted, [], [parse_edit(e) for e in edits])


def script(directory: Path, text: str) -> str:
    path = directory / "script.map"
    path.write_text(text)
    return f"-Wl,--version-script={path}"


@pytest.mark.parametrize(
    ("edit", "flags"),
    [
        ("-Bsymbolic", ["-Wl,-Bsymbolic"]),
        ("-Bsymbolic-functions", ["-Wl,-Bsymbolic-functions"]),
        ("-Bsymbolic-non-weak-functions", ["-Wl,-Bsymbolic-non-weak-functions"]),
        ("protect", ["-fvisibility=protected"]),
        ("hide=f,data", ["{ local: f; data; };"]),
        ("export=use", ["{ global: use; local: *; };"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_library_binds_as_after_a_real_link(tmp_path: Path, edit: str, flags: list[str]) -> None:
    lld = []
    if edit == "-Bsymbolic-non-weak-functions":
        require("ld.lld", "apt install lld")
        lld = ["-fuse-ld=lld"]
    s, host = build(tmp_path / "before", lld)
    if flags[0].startswith("{"):
        flags = [script(tmp_path, flags[0])]
    again, relinked = build(tmp_path / "after", [*lld, *flags])
    result = tried(s, host, f"library.so={edit}")
    before, after = by_loader(s, host), by_loader(again, relinked)
    assert predicted(s, result.before) == before
    assert predicted(s, result.after) == after != before
    assert result.balance.new == ()


def test_version_node_binds_as_after_a_real_link(tmp_path: Path) -> None:
    s, host = build(tmp_path / "before")
    node = "NODE { global: *; };"
    again, relinked = build(tmp_path / "after", versions=node)
    result = tried(s, host, "library.so=version=NODE")
    assert predicted(s, result.after) == by_loader(again, relinked)
    assert ("host", "use", "NODE", "library.so") in predicted(s, result.after)


@pytest.mark.parametrize("how", ["", "^"], ids=["local", "deepbind"])
def test_library_that_the_host_opens_binds_as_there(tmp_path: Path, how: str) -> None:
    s, host = build(tmp_path / "before")
    again, opening = build(tmp_path / "after", link=False)
    result = tried(s, host, f"library.so={'deepbind' if how else 'local'}", "below.so=local")
    after = by_loader(again, opening, f"{how}library.so")
    assert predicted(s, result.after) == after
    assert ("library.so", "f", None, "library.so" if how else "host") in after
    assert result.balance.new == ()


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


def test_direct_binding_is_what_names_with_their_library_in_them_give(tmp_path: Path) -> None:
    """No loader here has two levels of names; names that begin with the library's are the same."""
    s, host = build(tmp_path / "before")
    again, two_levels = build(tmp_path / "after", macros=QUALIFIED)
    result = tried(s, host, "*=direct")
    after = by_loader(again, two_levels)
    assert predicted(s, result.after) == after != by_loader(s, host)
    assert ("library.so", "below", None, "below.so") in after
    assert ("library.so", "f", None, "library.so") in after


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
