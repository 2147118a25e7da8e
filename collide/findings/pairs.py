"""What two targets change for each other, judged: one finding for each cause and provider."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from collide.analysis.install import Conflict
from collide.analysis.pair_orders import ChangedBindings, ChangedOutcome, ChangeKind, PairOrder
from collide.binding.binding import Binding
from collide.findings import table as codes
from collide.findings.judge import Finding
from collide.findings.table import Code, Severity
from collide.loader.lookup import Match
from collide.loader.messages import describe
from collide.loader.model import Dso

_CODES: dict[ChangeKind, Code] = {
    "captured": codes.SONAME_ACROSS,
    "unique": codes.UNIQUE_ACROSS,
    "system": codes.SYSTEM_ACROSS,
    "promoted": codes.GLOBAL_ACROSS,
}


def judge_pair_order(pair_order: PairOrder) -> tuple[Finding, ...]:
    """All findings of one order: the worst first, then by code and names."""
    found = [*_changed(pair_order), *map(_outcome_finding, pair_order.outcomes)]
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


def _changed(pair_order: PairOrder) -> Iterator[Finding]:
    groups: dict[tuple[ChangeKind, Dso, Dso | None], list[ChangedBindings]] = {}
    for change in pair_order.changes:
        # A system library is one victim; what it gets elsewhere than alone belongs together.
        apart = change.before if change.kind == "captured" else None
        apart = change.holder if change.kind == "system" else apart
        groups.setdefault((change.kind, change.provider, apart), []).append(change)
    for (kind, provider, _), changes in groups.items():
        bindings = [pair for change in changes for pair in change.bindings]
        severity, evidence = _weigh(kind, provider, changes, bindings)
        holders = sorted({pair_order.name_of(c.holder) for c in changes})
        yield Finding(
            code=_CODES[kind],
            severity=severity,
            victim=_victim(holders, pair_order),
            provider=pair_order.name_of(provider),
            intended=tuple(sorted({pair_order.name_of(c.before) for c in changes if c.before})),
            references=len(bindings),
            symbols=tuple(sorted({b.reference.name for b, _ in bindings})),
            modules=tuple(sorted({m for c in changes for m in c.modules})),
            detail=evidence,
            remedy=_CODES[kind].remedy,
        )


def _victim(holders: list[str], pair_order: PairOrder) -> str:
    if len(holders) == 1:
        return holders[0]
    return f"{len(holders)} objects of {posixpath.basename(pair_order.second.name)}"


_Pairs = list[tuple[Binding, Match | None]]


def _weigh(
    kind: ChangeKind, provider: Dso, changes: list[ChangedBindings], bindings: _Pairs
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


def _copies(provider: Dso, before: set[Dso]) -> tuple[Severity, str]:
    offered = provider.elf.exports.names
    lacking = {name for dso in before for name in dso.elf.exports.names - offered}
    more = {name for name in offered if all(name not in f.elf.exports.names for f in before)}
    if not before:
        return Severity.NOTE, "alone it finds none"
    if not lacking and not more:
        return Severity.NOTE, f"both copies export the same {len(offered)} names"
    text = f"exported by its own copy alone: {len(lacking)}, by the one it gets alone: {len(more)}"
    return Severity.WARNING, text


def _alike(one: Match | None, other: Match | None) -> bool:
    return (
        one is not None
        and other is not None
        and (one.definition.type, one.definition.size)
        == (other.definition.type, other.definition.size)
    )


def _outcome_finding(ending: ChangedOutcome) -> Finding:
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
