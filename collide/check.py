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
    from collide.advice import Adviser


class Judged(NamedTuple):
    """One analysis, without its bindings, and its findings.

    ``repairable`` are the numbers of those that ``collide repair`` removes.
    """

    analysis: Analysis
    findings: tuple[Finding, ...]
    repairable: frozenset[int] = frozenset()


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


def check(targets: Iterable[Target], hosts: Sequence[Host]) -> Report:
    """Analyse and judge every target on every host; targets are read one at a time."""
    judged: list[Judged] = []
    left_out: list[Analysis] = []
    problems: list[InputError] = []
    for target in targets:
        problems += target.problems
        adviser: Adviser | None = None
        for host in hosts:
            analysis = analyse(target, host)
            if analysis.left_out is not None:
                left_out.append(analysis)
            else:
                findings = judge(analysis)
                repairable: frozenset[int] = frozenset()
                if any(f.severity > Severity.NOTE for f in findings):
                    adviser = adviser or _adviser(target)
                    repairable = adviser.removed(analysis, findings)
                judged.append(Judged(analysis.without_bindings(), findings, repairable))
    return Report(tuple(judged), tuple(left_out), tuple(problems))


def _adviser(target: Target) -> Adviser:
    from collide.advice import Adviser

    return Adviser(target)
