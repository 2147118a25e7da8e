"""A small host with a library and one below it, linked in any way, and tried in memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from collide.analysis.analysis import Analysis
from collide.analysis.start_up import START_UP_MODULE
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.whatif.edits import parse_edit
from collide.whatif.whatif import WhatIf, whatif
from collide.wheels.target import read_target
from relinked import require
from scenario import Scenario

# Each macro says where a name is meant to come from.
BELOW = "int BELOW(f)(void) { return 1; } int BELOW(below)(void) { return 1; } int BELOW(deep) = 1;"
LIBRARY = """
int BELOW(below)(void); extern int BELOW(deep);
int LIBRARY(f)(void) { return 2; }
__attribute__((weak)) int LIBRARY(weak_f)(void) { return 2; }
int LIBRARY(own)(void) { return 2; }
int LIBRARY(data) = 2;
int *LIBRARY(where)[] = { &LIBRARY(data), &BELOW(deep) };
static int **itself = LIBRARY(where);
int (*LIBRARY(taken)[])(void) = { LIBRARY(f), LIBRARY(weak_f), LIBRARY(own) };
int LIBRARY(use)(void) {
  return LIBRARY(f)() + LIBRARY(weak_f)() + LIBRARY(own)() + BELOW(below)() + *itself[0];
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


BINDING = (
    "-Bsymbolic",
    "-Bsymbolic-functions",
    "-Bsymbolic-non-weak-functions",
    "protect",
    "hide=f,data",
    "export=use",
)
"""Changes of the library after which its own references are bound to itself."""
PLACING = ("local", "deepbind")
"""Changes after which the host opens the library."""
LLD = "-fuse-ld=lld"
_SCRIPTS = {
    "hide=f,data": "{ local: f; data; };",
    "export=use": "{ global: use; local: *; };",
    "version=NODE": "NODE { global: *; };",
}


def linker_of(edit: str) -> list[str]:
    """The flags for the link editor that knows a change, in both hosts."""
    if edit != "-Bsymbolic-non-weak-functions":
        return []
    require("ld.lld", "apt install lld")
    return [LLD]


def really(directory: Path, edit: str) -> tuple[Scenario, Path, tuple[str, ...]]:
    """The host as a change of the library makes it, and what it then opens."""
    if edit in PLACING:
        s, host = build(directory, link=False)
        return s, host, ("^library.so" if edit == "deepbind" else "library.so",)
    flags = [f"-Wl,{edit}"] if edit.startswith("-") else []
    if edit == "protect":
        flags = ["-fvisibility=protected"]
    macros = QUALIFIED if edit == "direct" else MACROS
    versions = _SCRIPTS.get(edit)
    return *build(directory, [*linker_of(edit), *flags], macros=macros, versions=versions), ()
