"""Bindings to findings: opinions, each with the evidence it rests on.

Reads bindings, never ELF. Severity is that of the code for now: whether a
library is split decides between COL101 and COL102.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from os.path import commonprefix
from typing import NamedTuple

from collide import codes
from collide.analysis import Analysis, Module
from collide.bindings import Binding, BoundObject
from collide.codes import Code, Severity
from collide.linkmap import LoadFailure
from collide.search import File
from collide.symbols import STB_GNU_UNIQUE, STB_WEAK, STT_FUNC, STT_GNU_IFUNC, Reference


class Finding(NamedTuple):
    """One judged group of bindings, or one load failure.

    ``victim`` holds the references, ``provider`` gives the definitions,
    ``intended`` were meant to give them: member names or host paths.
    ``references`` counts distinct references taken; ``symbols`` are their
    names, sorted, ``kept`` those of the same library that were not taken.
    ``modules`` are the modules whose opening shows it. ``detail`` is the rest
    of the sentence for load failures, ``remedy`` one sentence of what to do.
    """

    code: Code
    severity: Severity
    victim: str
    provider: str | None = None
    intended: tuple[str, ...] = ()
    references: int = 0
    symbols: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    detail: str = ""
    remedy: str = ""


def judge(analysis: Analysis) -> tuple[Finding, ...]:
    """All findings of one analysis: the worst first, then by code and names."""
    found = [
        *_shadowed(analysis),
        *_load_failures(analysis),
        *_captured(analysis),
    ]
    return tuple(
        sorted(
            found,
            key=lambda f: (-f.severity, f.code.id, f.victim, f.provider or "", f.symbols, f.detail),
        )
    )


# -- shadowed symbols -----------------------------------------------------------------------------


class _Collected:
    """What one victim has to do with one provider, over all modules."""

    def __init__(self) -> None:
        self.taken: dict[Reference, Binding] = {}
        self.modules: set[str] = set()


def _shadowed(analysis: Analysis) -> Iterator[Finding]:
    groups: dict[tuple[File, File, bool], _Collected] = {}
    for module, bound in _bound_objects(analysis):
        for group in bound.groups:
            for b in group.shadowed:
                if b.actual is not None:
                    vague = analysis.is_host(b.actual[0]) and _is_vague(b)
                    key = bound.map.file, b.actual[0], vague
                    collected = groups.get(key) or groups.setdefault(key, _Collected())
                    collected.taken[b.reference] = b
                    collected.modules.add(module.name)
    for (victim, provider, vague), collected in groups.items():
        taken = collected.taken.values()
        intended = {b.intended[0] for b in taken if b.intended}
        own: set[str] = set()
        if not analysis.is_host(provider):
            code = codes.OWN_SHADOW
        elif vague:
            code = codes.VAGUE_LINKAGE
        else:
            kept = _kept(analysis, victim, intended)
            own = _kept_of_the_same(taken, kept, victim)
            code = codes.SPLIT_LIBRARY if own else codes.REPLACED_LIBRARY
        yield Finding(
            code=code,
            severity=code.severity,
            victim=analysis.name_of(victim),
            provider=analysis.name_of(provider),
            intended=tuple(sorted(analysis.name_of(f) for f in intended)),
            references=len(collected.taken),
            symbols=tuple(sorted({r.name for r in collected.taken})),
            kept=tuple(sorted(own)),
            modules=tuple(sorted(collected.modules)),
            remedy=_remedy(analysis, code, victim, intended),
        )


def _is_vague(b: Binding) -> bool:
    """Whether a reference is to a C++ inline function or template (Itanium C++ ABI 5.2)."""
    return (
        b.reference.name.startswith("_Z")
        and b.intended is not None
        and b.intended[1].binding in (STB_WEAK, STB_GNU_UNIQUE)
    )


def _kept(analysis: Analysis, victim: File, meant: set[File]) -> Iterator[Binding]:
    """The bindings of ``victim`` to one of ``meant`` that got what they were meant to get."""
    groups = {
        id(group): group
        for _, bound in _bound_objects(analysis)
        if bound.map.file is victim
        for group in bound.groups
        if not meant.isdisjoint(group.closure)
    }
    for group in groups.values():
        for b in group.bindings:
            if b.actual and b.intended and b.actual[0] is b.intended[0] and b.actual[0] in meant:
                yield b


def _remedy(analysis: Analysis, code: Code, victim: File, intended: set[File]) -> str:
    if code in (codes.OWN_SHADOW, codes.VAGUE_LINKAGE):
        return code.remedy
    if intended == {victim}:
        return (
            "Keep its own symbols from being looked up: link a static library with "
            "-Wl,--exclude-libs,ALL, a shared one with -Bsymbolic."
        )
    names = ", ".join(sorted(analysis.name_of(f).rsplit("/", 1)[-1] for f in intended - {victim}))
    return (
        f"Rename the symbols it takes from {names}, in both "
        "(patchelf --rename-dynamic-symbols), or link that library statically and hidden."
    )


def _bound_objects(analysis: Analysis) -> Iterator[tuple[Module, BoundObject]]:
    for module in analysis.modules:
        if module.bound is not None:
            for bound in module.bound.objects:
                yield module, bound


def _kept_of_the_same(
    taken: Collection[Binding], kept: Iterable[Binding], victim: File
) -> set[str]:
    """Names that stay in the copy whose other symbols are taken.

    For a bundled library these are the references that still bind to it. A
    static library has no object of its own, but the linker lays out an archive
    in one piece: its functions are those between the first and the last taken
    one, and those that share the prefix which all of the taken have in common.
    Where more would stay than are taken, the two have some names in common
    and are no copies of one library: then none counts.
    """
    prefix = commonprefix([b.reference.name for b in taken])  # noqa: RUF071 - characters, not paths
    # Of a mangled C++ name the first part that is somebody's own is its outermost name.
    telling = len(re.sub(r"^_Z[A-Za-z]*\d*", "", prefix)) >= _TELLING_PREFIX
    places = [p for b in taken if b.intended and b.intended[0] is victim for p in _place(b)]
    first, last = (min(places), max(places)) if places else (0, -1)
    same = set()
    for b in kept:
        name = b.reference.name
        inside = any(first <= place <= last for place in _place(b))
        alike = telling and name.startswith(prefix)
        if b.provider is not victim or inside or alike:
            same.add(name)
    return same if len(same) <= len({b.reference.name for b in taken}) else set()


_TELLING_PREFIX = 3
"""Characters from which on a common prefix is more than chance."""


def _place(b: Binding) -> tuple[int, ...]:
    """Address of the intended function, if it is one; data lies elsewhere and tells nothing."""
    if b.intended is None or b.intended[1].type not in (STT_FUNC, STT_GNU_IFUNC):
        return ()
    value = b.intended[1].value
    return () if value is None else (value,)


# -- loading --------------------------------------------------------------------------------------

_FAILURE_CODES: dict[str, Code] = {
    "missing-library": codes.MISSING_LIBRARY,
    "unloadable-file": codes.UNLOADABLE_FILE,
    "version-not-found": codes.VERSION_NOT_FOUND,
    "version-file-not-loaded": codes.VERSION_NOT_FOUND,
    "version-tables-missing": codes.VERSION_NOT_FOUND,
    "undefined-symbol": codes.UNDEFINED_SYMBOL,
}


_PLUGIN = (
    "No Python is seen in this host: name the plugin that brings it (--global), "
    "or link the library that defines the symbols."
)


def _load_failures(analysis: Analysis) -> Iterator[Finding]:
    groups: dict[tuple[Code, str, str, str], tuple[set[str], set[str]]] = {}
    for module in analysis.modules:
        for failure in module.failures:
            code = _FAILURE_CODES[failure.kind]
            victim = analysis.target.names.get(failure.object, failure.object)
            name, symbol = _subject(failure)
            symbols, modules = groups.setdefault(
                (code, victim, name, failure.detail if not symbol else ""), (set(), set())
            )
            if symbol:
                symbols.add(symbol)
            modules.add(module.name)
    no_python = analysis.host.python is None
    for (code, victim, name, detail), (symbols, modules) in groups.items():
        yield Finding(
            code=code,
            severity=code.severity,
            victim=victim,
            provider=name or None,
            references=len(symbols),
            symbols=tuple(sorted(symbols)),
            modules=tuple(sorted(modules)),
            detail=detail,
            remedy=_PLUGIN if no_python and code is codes.UNDEFINED_SYMBOL else code.remedy,
        )


def _subject(failure: LoadFailure) -> tuple[str, str]:
    """The library or version that failed, and the symbol: one of them is empty."""
    if failure.kind == "undefined-symbol":
        version = f"@{failure.detail}" if failure.detail else ""
        return "", failure.name + version
    return failure.name, ""


def _captured(analysis: Analysis) -> Iterator[Finding]:
    bundled = {
        name
        for path, file in analysis.target.members.items()
        for name in (file.object.soname, path.rsplit("/", 1)[1])
    }
    groups: dict[tuple[str, str, str], set[str]] = {}
    for module, bound in _bound_objects(analysis):
        if not analysis.is_member(bound.map.file):
            continue
        resolved = zip(bound.map.needed or (), bound.map.resolutions, strict=True)
        for needed, (name, found) in resolved:
            if name in bundled and found.how == "already-loaded" and analysis.is_host(needed.file):
                key = analysis.name_of(bound.map.file), analysis.name_of(needed.file), name
                groups.setdefault(key, set()).add(module.name)
    for (victim, provider, name), modules in groups.items():
        yield Finding(
            code=codes.CAPTURED_SONAME,
            severity=codes.CAPTURED_SONAME.severity,
            victim=victim,
            provider=provider,
            intended=(name,),
            modules=tuple(sorted(modules)),
            remedy=codes.CAPTURED_SONAME.remedy,
        )
