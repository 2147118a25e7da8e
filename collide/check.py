"""The result of a check: what was judged, what was left out, what could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from collide.analysis import Analysis, analyse
from collide.codes import Severity
from collide.errors import InputError
from collide.exposure import Taken, expose
from collide.host import Host
from collide.judge import Finding, judge
from collide.wheel import Target


class Judged(NamedTuple):
    """One analysis, without its bindings, and its findings."""

    analysis: Analysis
    findings: tuple[Finding, ...]


class Exposed(NamedTuple):
    """What any host could take of one target, by its name."""

    target: str
    findings: tuple[Finding, ...]


class Report(NamedTuple):
    """Everything one ``collide check`` found.

    ``left_out`` are pairs of target and host that do not fit each other,
    ``problems`` inputs or members that cannot be read. ``exposed`` is what does
    not depend on a host.
    """

    judged: tuple[Judged, ...]
    left_out: tuple[Analysis, ...]
    problems: tuple[InputError, ...]
    exposed: tuple[Exposed, ...] = ()

    def worst(self) -> Severity | None:
        """The highest severity of all findings on hosts; None when there are none."""
        return max((f.severity for j in self.judged for f in j.findings), default=None)


def check(targets: Iterable[Target], hosts: Sequence[Host], *, exposure: bool = False) -> Report:
    """Analyse and judge every target on every host; targets are read one at a time.

    With ``exposure`` it also tells what any host could take of those that fit one.
    """
    judged: list[Judged] = []
    left_out: list[Analysis] = []
    problems: list[InputError] = []
    exposed: list[Exposed] = []
    for target in targets:
        problems += target.problems
        taken = []
        for host in hosts:
            analysis = analyse(target, host)
            if analysis.left_out is not None:
                left_out.append(analysis)
            else:
                findings = judge(analysis)
                judged.append(Judged(analysis.without_bindings(), findings))
                taken.append(Taken(host.name, findings))
        if exposure and taken:
            exposed.append(Exposed(target.name, expose(target, taken)))
    return Report(tuple(judged), tuple(left_out), tuple(problems), tuple(exposed))
