"""Bindings to findings: opinions, each with the evidence it rests on.

Reads bindings, and facts that were read of the objects; never ELF.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from collide.analysis.analysis import Analysis, Module
from collide.binding.binding import BoundObject
from collide.findings import table as codes
from collide.findings.code import Code, Shape
from collide.findings.finding import Finding
from collide.loader.link_map import LoadFailure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.analysis.interposition import Interposition
    from collide.findings.evidence import Verdict
    from collide.findings.verdicts import FindingRule

__all__ = ["Finding", "judge", "judge_loading"]


def judge(
    analysis: Analysis, rules: Sequence[FindingRule] | None = None, *, reaching: bool = True
) -> tuple[Finding, ...]:
    """All findings of one analysis: the worst first, then by code and names.

    ``rules`` and ``reaching`` leave some out, to see what they are worth: by
    default all rules apply, and only what can be reached counts as used.
    """
    found = [*_shadowed(analysis, rules, reaching), *judge_loading(analysis)]
    return tuple(
        sorted(
            found,
            key=lambda f: (-f.severity, f.code.id, f.victim, f.provider or "", f.symbols, f.detail),
        )
    )


# -- shadowed symbols -----------------------------------------------------------------------------


def _shadowed(
    analysis: Analysis, rules: Sequence[FindingRule] | None, reaching: bool
) -> Iterator[Finding]:
    if not any(group.shadowed for _, b in _bound_objects(analysis) for group in b.groups):
        return
    # A wheel that nothing is taken from does without the rules and all that they look at.
    from collide.analysis.interposition import find_interpositions
    from collide.findings.settled import settle

    for interposition in find_interpositions(analysis, reaching=reaching):
        verdict = settle(interposition) or _weighed(interposition, rules)
        yield Finding(
            code=verdict.code,
            severity=verdict.severity,
            victim=analysis.name_of(interposition.victim),
            provider=analysis.name_of(interposition.provider),
            intended=tuple(sorted(map(analysis.name_of, interposition.intended))),
            references=len(interposition.taken),
            symbols=tuple(sorted({b.reference.name for b in interposition.taken})),
            kept=interposition.kept if verdict.code.shape is Shape.SPLIT else (),
            modules=interposition.modules,
            remedy=_remedy(analysis, verdict.code, interposition),
            evidence=verdict.evidence,
        )


def _weighed(interposition: Interposition, rules: Sequence[FindingRule] | None) -> Verdict:
    from collide.findings.verdicts import weigh

    return weigh(interposition, rules)


def _remedy(analysis: Analysis, code: Code, interposition: Interposition) -> str:
    if code.fixed_remedy:
        return code.remedy
    if interposition.intended == (interposition.victim,):
        return (
            "Keep its own symbols from being looked up: link a static library with "
            "-Wl,--exclude-libs,ALL, a shared one with -Bsymbolic."
        )
    others = {f for f in interposition.intended if f is not interposition.victim}
    names = ", ".join(sorted(analysis.name_of(f).rsplit("/", 1)[-1] for f in others))
    return (
        f"Rename the symbols it takes from {names}, in both "
        "(patchelf --rename-dynamic-symbols), or link that library statically and hidden."
    )


def _bound_objects(analysis: Analysis) -> Iterator[tuple[Module, BoundObject]]:
    for module in analysis.modules:
        if module.bound is not None:
            for bound in module.bound.objects:
                yield module, bound


# -- loading --------------------------------------------------------------------------------------

_FAILURE_CODES: dict[str, Code] = {
    "missing-library": codes.MISSING_LIBRARY,
    "unloadable-file": codes.UNLOADABLE_FILE,
    "version-not-found": codes.VERSION_NOT_FOUND,
    "version-file-not-loaded": codes.VERSION_NOT_FOUND,
    "version-tables-missing": codes.VERSION_NOT_FOUND,
    "undefined-symbol": codes.UNDEFINED_SYMBOL,
}


def judge_loading(analysis: Analysis) -> Iterator[Finding]:
    """The findings about what is loaded and what cannot be, in no order."""
    yield from _load_failures(analysis)
    yield from _captured(analysis)


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
        for path, dso in analysis.target.members.items()
        for name in (dso.elf.soname, path.rsplit("/", 1)[1])
    }
    groups: dict[tuple[str, str, str], set[str]] = {}
    for module, bound in _bound_objects(analysis):
        if not analysis.is_member(bound.map.dso):
            continue
        resolved = zip(bound.map.needed or (), bound.map.resolutions, strict=True)
        for needed, (name, found) in resolved:
            if name in bundled and found.how == "already-loaded" and analysis.is_host(needed.dso):
                key = analysis.name_of(bound.map.dso), analysis.name_of(needed.dso), name
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
