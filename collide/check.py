"""The result of a check: what was judged, what was left out, what could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from collide.analysis import Analysis, analyse
from collide.codes import Severity
from collide.errors import InputError
from collide.host import Host
from collide.judge import Finding, judge
from collide.meeting import Traces, traces
from collide.pairs import Kept, Pair, check_pairs
from collide.wheel import Target

if TYPE_CHECKING:
    from collide.remedy import Remedy


class Judged(NamedTuple):
    """One analysis, without its bindings, and its findings.

    ``remedies`` has for each finding what was tried against it; it is empty
    when nobody asked.
    """

    analysis: Analysis
    findings: tuple[Finding, ...]
    remedies: tuple[tuple[Remedy, ...], ...] = ()


class Report(NamedTuple):
    """Everything one ``collide check`` found.

    ``left_out`` are pairs of target and host that do not fit each other,
    ``problems`` inputs or members that cannot be read, ``pairs`` the targets
    that were looked at together.
    """

    judged: tuple[Judged, ...]
    left_out: tuple[Analysis, ...]
    problems: tuple[InputError, ...]
    pairs: tuple[Pair, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, in their order."""
        alone = (f for judged in self.judged for f in judged.findings)
        return (*alone, *(f for pair in self.pairs for f in pair.findings))

    def worst(self) -> Severity | None:
        """The highest severity of all findings; None when there are none."""
        return max((f.severity for f in self.findings), default=None)


def check(
    targets: Iterable[Target],
    hosts: Sequence[Host],
    *,
    insist: bool = False,
    together: bool = False,
    rtld_global: Sequence[str] = (),
    remedies: bool = False,
) -> Report:
    """Analyse and judge every target on every host; targets are read one at a time.

    With ``together`` every two targets that share something are opened in one
    process, too, modules that match one of ``rtld_global`` RTLD_GLOBAL. For
    ``insist`` see :func:`collide.analysis.analyse`. With ``remedies`` changes
    are tried against each finding of one target that is no note.
    """
    judged: list[Judged] = []
    left_out: list[Analysis] = []
    problems: list[InputError] = []
    left: list[list[Traces]] = [[] for _ in hosts]
    kept = Kept()
    for target in targets:
        problems += target.problems
        for host, prints in zip(hosts, left, strict=True):
            analysis = analyse(target, host, insist=insist)
            if analysis.left_out is not None:
                left_out.append(analysis)
                continue
            findings = judge(analysis)
            tried = _remedies(analysis, findings) if remedies else ()
            judged.append(Judged(analysis.without_bindings(), findings, tried))
            if together:
                prints.append(traces(analysis))
        if together:
            kept.offer(target)
    pairs = tuple(
        pair
        for host, prints in zip(hosts, left, strict=True)
        for pair in check_pairs(prints, host, kept, rtld_global)
    )
    return Report(tuple(judged), tuple(left_out), tuple(problems), pairs)


def _remedies(analysis: Analysis, findings: Sequence[Finding]) -> tuple[tuple[Remedy, ...], ...]:
    from collide.remedy import Prover

    prover = Prover(analysis)
    return tuple(prover.trials(f) if f.severity > Severity.NOTE else () for f in findings)
