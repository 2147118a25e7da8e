"""What two targets change for each other, judged: one finding for each cause and provider."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from collide.analysis.install import Conflict
from collide.analysis.pair_orders import Change, ChangeKind, Ending, Sequel
from collide.binding.binding import Binding, Hit
from collide.findings import table as codes
from collide.findings.judge import Finding
from collide.findings.table import Code, Severity
from collide.loader.messages import describe
from collide.loader.model import File

_CODES: dict[ChangeKind, Code] = {
    "captured": codes.SONAME_ACROSS,
    "unique": codes.UNIQUE_ACROSS,
    "system": codes.SYSTEM_ACROSS,
    "promoted": codes.GLOBAL_ACROSS,
}


def judge_sequel(sequel: Sequel) -> tuple[Finding, ...]:
    """All findings of one order: the worst first, then by code and names."""
    found = [*_changed(sequel), *map(_ended, sequel.endings)]
    return tuple(
        sorted(found, key=lambda f: (-f.severity, f.code.id, f.victim, f.provider or "", f.symbols))
    )


def judge_conflicts(conflicts: Iterable[Conflict]) -> tuple[Finding, ...]:
    """The files of two targets at one path."""
    return tuple(
        Finding(
            code=codes.FILE_ACROSS,
            severity=codes.FILE_ACROSS.severity,
            victim=conflict.replaced,
            provider=conflict.by,
            symbols=conflict.names,
            remedy=codes.FILE_ACROSS.remedy,
        )
        for conflict in conflicts
    )


def _changed(sequel: Sequel) -> Iterator[Finding]:
    groups: dict[tuple[ChangeKind, File, File | None], list[Change]] = {}
    for change in sequel.changes:
        # A system library is one victim; what it gets elsewhere than alone belongs together.
        apart = change.before if change.kind == "captured" else None
        apart = change.holder if change.kind == "system" else apart
        groups.setdefault((change.kind, change.provider, apart), []).append(change)
    for (kind, provider, _), changes in groups.items():
        bindings = [pair for change in changes for pair in change.bindings]
        severity, evidence = _weigh(kind, provider, changes, bindings)
        holders = sorted({sequel.name_of(c.holder) for c in changes})
        yield Finding(
            code=_CODES[kind],
            severity=severity,
            victim=_victim(holders, sequel),
            provider=sequel.name_of(provider),
            intended=tuple(sorted({sequel.name_of(c.before) for c in changes if c.before})),
            references=len(bindings),
            symbols=tuple(sorted({b.reference.name for b, _ in bindings})),
            modules=tuple(sorted({m for c in changes for m in c.modules})),
            detail=evidence,
            remedy=_CODES[kind].remedy,
        )


def _victim(holders: list[str], sequel: Sequel) -> str:
    if len(holders) == 1:
        return holders[0]
    return f"{len(holders)} objects of {posixpath.basename(sequel.second.name)}"


_Pairs = list[tuple[Binding, Hit | None]]


def _weigh(
    kind: ChangeKind, provider: File, changes: list[Change], bindings: _Pairs
) -> tuple[Severity, str]:
    """Severity and evidence: a note where both definitions are the same as far as ELF tells."""
    if kind == "captured":
        return _copies(provider, {c.before for c in changes if c.before})
    if kind == "unique":
        unlike = {b.reference.name for b, was in bindings if not _alike(b.actual, was)}
        if unlike:
            return Severity.WARNING, f"{len(unlike)} of the symbols differ in type or size"
        return Severity.NOTE, "the definitions agree in type and size"
    shadowed = sum(b.shadowed for b, _ in bindings)
    if shadowed:
        text = f"{shadowed} of {len(bindings)} are definitions other than those meant"
        return Severity.WARNING, text
    return Severity.NOTE, "none is another definition than meant"


def _copies(provider: File, before: set[File]) -> tuple[Severity, str]:
    offered = provider.object.exports.names
    lacking = {name for file in before for name in file.object.exports.names - offered}
    more = {name for name in offered if all(name not in f.object.exports.names for f in before)}
    if not before:
        return Severity.NOTE, "alone it finds none"
    if not lacking and not more:
        return Severity.NOTE, f"both copies export the same {len(offered)} names"
    text = f"exported by its own copy alone: {len(lacking)}, by the one it gets alone: {len(more)}"
    return Severity.WARNING, text


def _alike(one: Hit | None, other: Hit | None) -> bool:
    return (
        one is not None
        and other is not None
        and (one[1].type, one[1].size) == (other[1].type, other[1].size)
    )


def _ended(ending: Ending) -> Finding:
    code = codes.ORDER_DECIDES
    return Finding(
        code=code,
        severity=code.severity if ending.fails else Severity.NOTE,
        victim=ending.module,
        provider=ending.failure.name,
        modules=(ending.module,),
        detail=f"{'fails' if ending.fails else 'fails alone'}: {describe(ending.failure)}",
        remedy=code.remedy,
    )
