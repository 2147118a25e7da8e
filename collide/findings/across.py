"""Judges what one wheel changes for another.

What was opened first stands for the host: its definitions are in place of those that an object got
alone. Of a library that captures the name of another, and of unique symbols, some of the rules
about hosts are asked, and the names that each copy exports are compared; of all else, the same
rules as of a host. Calls are not followed here: all that is taken counts as in use.
"""

from __future__ import annotations

from collide.analysis.interposition import Interposition
from collide.analysis.kept import kept_beside
from collide.analysis.library_copies import is_older
from collide.binding.binding import is_vague
from collide.findings.code import Severity
from collide.findings.evidence import file_name
from collide.findings.facet_numbers import facet_numbers
from collide.findings.shadowing.data_mismatch import data_mismatch
from collide.findings.shadowing.integer_width import integer_width
from collide.findings.shadowing.order import judge_interposition
from collide.findings.shadowing.other_abi import other_abi
from collide.findings.shadowing.other_string import other_string
from collide.findings.shadowing.replaced_library import REPLACED_LIBRARY
from collide.findings.shadowing.version_check import abi_argument, refusal, version_check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from collide.analysis.pair_orders import ChangedBindings, ChangeKind
    from collide.binding.binding import Binding
    from collide.findings.shadowing.order import FindingRule
    from collide.loader.model import Dso

Judged = tuple[Severity, str]
"""A severity, and the evidence for it."""

_ONE_NAME: tuple[FindingRule, ...] = (
    data_mismatch,
    integer_width,
    other_abi,
    version_check,
    abi_argument,
    refusal,
    other_string,
)
"""The rules about a library that takes another's place as a whole, under one DT_SONAME."""


def judge_changes(kind: ChangeKind, provider: Dso, changes: Sequence[ChangedBindings]) -> Judged:
    """The worst of what the rules say of ``changes`` of one kind, all to one provider."""
    found = [judged for change in changes for judged in _judged(kind, provider, change)]
    return max(found, key=lambda judged: judged[0], default=(Severity.NOTE, _ALIKE))


_ALIKE = "none is another definition than meant"


def _judged(kind: ChangeKind, provider: Dso, change: ChangedBindings) -> Iterator[Judged]:
    if kind == "captured":
        yield _captured(provider, change)
    elif kind == "unique":
        names = {b.reference.name for b, _ in change.bindings}
        numbered = facet_numbers(change.holder, provider, names)
        if numbered is not None:
            yield numbered
        yield from (_first(_as_host(part, change), _UNIQUE) for part in _parts(change))
    else:
        for part in _parts(change):
            yield _preempted(_as_host(part, change))


_UNIQUE: tuple[FindingRule, ...] = (data_mismatch, other_string)


def _first(interposition: Interposition, rules: Sequence[FindingRule]) -> Judged:
    results = [result for rule in rules if (result := rule(interposition)) is not None]
    if not results:
        return Severity.NOTE, "the definitions agree in type and size"
    worst = max(results, key=lambda result: result.severity)
    return worst.severity, _sentences(worst.evidence)


def _preempted(interposition: Interposition) -> Judged:
    """What is taken name by name, as from a host.

    That another copy of a library runs is no harm by itself where nothing tells that
    it is another release.
    """
    result = judge_interposition(interposition)
    if data := data_mismatch(interposition):
        result = max(result, data, key=lambda one: one.severity)
    severity, evidence = result.severity, result.evidence
    if result.code is REPLACED_LIBRARY and interposition.release_difference() is None:
        severity = Severity.NOTE
    return severity, _sentences(evidence or (f"{result.code.title}",))


def _captured(provider: Dso, change: ChangedBindings) -> Judged:
    """A library that stands for another of its name: its makers promise that a later one can."""
    before = tuple(dict.fromkeys(was.dso for _, was in change.bindings if was is not None))
    if not before:
        return Severity.NOTE, "alone it finds none"
    taken = tuple(b._replace(intended=was) for b, was in change.bindings if was is not None)
    interposition = _interposition(taken, change, vague=False)
    judged = _first(interposition, _ONE_NAME)
    offered = provider.elf.exports.names
    lacking = {name for dso in before for name in dso.elf.exports.names - offered}
    more = {name for name in offered if all(name not in f.elf.exports.names for f in before)}
    if judged[0] > Severity.NOTE:
        return judged
    if not lacking and not more:
        return Severity.NOTE, f"both copies export the same {len(offered)} names"
    difference = interposition.release_difference()
    told = f" ({difference})" if difference else ""
    text = f"exported by its own copy alone: {len(lacking)}, by the one it gets alone: {len(more)}"
    worse = bool(lacking) and (is_older(before, provider) or difference is not None or not more)
    return Severity.WARNING if worse else Severity.NOTE, text + told


def _parts(change: ChangedBindings) -> Iterator[tuple[Binding, ...]]:
    """What is another definition than meant: C++ vague linkage apart from the rest."""
    unique = change.kind == "unique"
    other = [b for b, _ in change.bindings if b.shadowed or (unique and b.intended is not None)]
    for vague in (False, True):
        part = tuple(b for b in other if is_vague(b) is vague)
        if part:
            yield part


def _as_host(taken: Sequence[Binding], change: ChangedBindings) -> Interposition:
    return _interposition(tuple(taken), change, vague=is_vague(taken[0]))


def _interposition(
    taken: tuple[Binding, ...], change: ChangedBindings, *, vague: bool
) -> Interposition:
    intended = _dsos(b.intended.dso for b in taken if b.intended)
    kept: Iterable[str] = ()
    if not vague and change.kind != "captured":
        kept = kept_beside(taken, change.holder, change.groups)
    return Interposition(
        victim=change.holder,
        provider=change.provider,
        intended=intended,
        taken=taken,
        used=taken,
        kept=tuple(sorted(kept)),
        vague=vague,
        host=True,
        modules=change.modules,
        calls_known=True,
        asked=False,
        within_host=True,
    )


def _dsos(dsos: Iterable[Dso]) -> tuple[Dso, ...]:
    return tuple(sorted(dict.fromkeys(dsos), key=file_name))


def _sentences(evidence: Iterable[str]) -> str:
    """Sentences as one text without the last full stop."""
    return " ".join(evidence).removesuffix(".")
