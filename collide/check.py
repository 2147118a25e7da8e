"""The result of a check: what was judged, what was left out, what could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from collide.analysis import Analysis, analyse
from collide.codes import Severity
from collide.errors import InputError
from collide.host import Host
from collide.judge import Finding, judge
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
    ``problems`` inputs or members that cannot be read.
    """

    judged: tuple[Judged, ...]
    left_out: tuple[Analysis, ...]
    problems: tuple[InputError, ...]

    def worst(self) -> Severity | None:
        """The highest severity of all findings; None when there are none."""
        return max((f.severity for j in self.judged for f in j.findings), default=None)


def check(targets: Iterable[Target], hosts: Sequence[Host], *, remedies: bool = False) -> Report:
    """Analyse and judge every target on every host; targets are read one at a time.

    With ``remedies`` changes are tried against each finding that is no note.
    """
    judged: list[Judged] = []
    left_out: list[Analysis] = []
    problems: list[InputError] = []
    for target in targets:
        problems += target.problems
        for host in hosts:
            analysis = analyse(target, host)
            if analysis.left_out is not None:
                left_out.append(analysis)
            else:
                findings = judge(analysis)
                tried = _remedies(analysis, findings) if remedies else ()
                judged.append(Judged(analysis.without_bindings(), findings, tried))
    return Report(tuple(judged), tuple(left_out), tuple(problems))


def _remedies(analysis: Analysis, findings: Sequence[Finding]) -> tuple[tuple[Remedy, ...], ...]:
    from collide.remedy import Prover

    prover = Prover(analysis)
    return tuple(prover.trials(f) if f.severity > Severity.NOTE else () for f in findings)
