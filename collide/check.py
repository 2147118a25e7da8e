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
    from collide.pairs import Pair


class Judged(NamedTuple):
    """One analysis, without its bindings, and its findings."""

    analysis: Analysis
    findings: tuple[Finding, ...]


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
) -> Report:
    """Analyse and judge every target on every host; targets are read one at a time.

    With ``together`` every two targets that share something are opened in one
    process, too, modules that match one of ``rtld_global`` RTLD_GLOBAL. For
    ``insist`` see :func:`collide.analysis.analyse`.
    """
    meetings = None
    if together:
        from collide.pairs import Meetings

        meetings = Meetings(hosts, rtld_global)
    judged: list[Judged] = []
    left_out: list[Analysis] = []
    problems: list[InputError] = []
    for target in targets:
        problems += target.problems
        for host in hosts:
            analysis = analyse(target, host, insist=insist)
            if analysis.left_out is not None:
                left_out.append(analysis)
                continue
            judged.append(Judged(analysis.without_bindings(), judge(analysis)))
            if meetings:
                meetings.add(analysis)
    pairs = tuple(meetings.pairs()) if meetings else ()
    return Report(tuple(judged), tuple(left_out), tuple(problems), pairs)
