"""The result of a check: what was judged, what was left out, what could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from collide.analysis import Analysis, analyse
from collide.codes import Severity
from collide.errors import InputError
from collide.exposure import Taken, expose
from collide.host import Host
from collide.judge import Finding, judge
from collide.selection import Candidate
from collide.tags import Misfit, Platform, misfit
from collide.wheel import Target

if TYPE_CHECKING:
    from collide.advice import Adviser
    from collide.pairs import Meetings, Pair
    from collide.remedy import Remedy


class Judged(NamedTuple):
    """One analysis, without its bindings, and its findings.

    ``remedies`` has for each finding what was tried against it; it is empty
    when nobody asked. ``repairable`` are the numbers of those that
    ``collide repair`` removes.
    """

    analysis: Analysis
    findings: tuple[Finding, ...]
    remedies: tuple[tuple[Remedy, ...], ...] = ()
    repairable: frozenset[int] = frozenset()


class LeftOut(NamedTuple):
    """A target that was not analysed on a host, and why; by name, as neither is kept.

    ``empty`` tells that the target has no objects at all, on whatever host,
    ``broken`` that some of it could not be read.
    """

    target: str
    host: str
    misfit: Misfit
    empty: bool = False
    broken: bool = False


class Exposed(NamedTuple):
    """What any host could take of one target, by its name."""

    target: str
    findings: tuple[Finding, ...]


class Report(NamedTuple):
    """Everything one ``collide check`` found.

    ``left_out`` are pairs of target and host that do not fit each other,
    ``problems`` inputs or members that cannot be read, ``pairs`` the targets
    that were looked at together, ``exposed`` what does not depend on a host.
    """

    judged: tuple[Judged, ...]
    left_out: tuple[LeftOut, ...]
    problems: tuple[InputError, ...]
    pairs: tuple[Pair, ...] = ()
    exposed: tuple[Exposed, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings on hosts, in their order."""
        alone = (f for judged in self.judged for f in judged.findings)
        return (*alone, *(f for pair in self.pairs for f in pair.findings))

    def worst(self) -> Severity | None:
        """The highest severity of all findings; None when there are none."""
        return max((f.severity for f in self.findings), default=None)


def check(
    targets: Iterable[Target],
    hosts: Iterable[Candidate | Host],
    *,
    insist: bool = False,
    together: bool = False,
    rtld_global: Sequence[str] = (),
    remedies: bool = False,
    exposure: bool = False,
) -> Report:
    """Analyse and judge every target on every host; targets are read one at a time.

    With ``together`` every two targets that share something are opened in one
    process, too, modules that match one of ``rtld_global`` RTLD_GLOBAL. For
    ``insist`` see :func:`collide.analysis.analyse`. With ``remedies`` changes
    are tried against each finding of one target that is no note. With
    ``exposure`` it also tells what any host could take of those that fit one.
    """
    run = _Check(together, rtld_global, remedies)
    problems: list[InputError] = []
    exposed: list[Exposed] = []
    candidates = [h if isinstance(h, Candidate) else Candidate.of(h) for h in hosts]
    for target in targets:
        problems += target.problems
        taken = run.alone(target, candidates, insist)
        if exposure and taken:
            exposed.append(Exposed(target.name, expose(target, taken)))
    pairs = tuple(run.meetings.pairs()) if run.meetings else ()
    return Report(tuple(run.judged), tuple(run.left_out), tuple(problems), pairs, tuple(exposed))


class _Check:
    """One check under way."""

    def __init__(self, together: bool, rtld_global: Sequence[str], remedies: bool) -> None:
        self.judged: list[Judged] = []
        self.left_out: list[LeftOut] = []
        self.meetings: Meetings | None = None
        self._remedies = remedies
        if together:
            from collide.pairs import Meetings

            self.meetings = Meetings(rtld_global)

    def alone(self, target: Target, hosts: Iterable[Candidate], insist: bool) -> list[Taken]:
        """Judge one target by itself; the result is what the hosts take of it."""
        adviser: Adviser | None = None
        taken: list[Taken] = []
        for host in hosts:
            unfit = _misfit(target, host, insist)
            if unfit is None:
                analysis = analyse(target, host.host, insist=insist)
                if analysis.left_out is None:
                    findings = judge(analysis)
                    if adviser is None and any(f.severity > Severity.NOTE for f in findings):
                        adviser = _adviser(target)
                    self._keep(analysis, findings, adviser)
                    taken.append(Taken(host.name, findings))
                    continue
                unfit = Misfit("nothing to open", analysis.left_out)
            empty, broken = not target.members, bool(target.problems)
            self.left_out.append(LeftOut(target.name, host.name, unfit, empty, broken))
        return taken

    def _keep(
        self, analysis: Analysis, findings: tuple[Finding, ...], adviser: Adviser | None
    ) -> None:
        repairable: frozenset[int] = frozenset()
        if adviser and any(f.severity > Severity.NOTE for f in findings):
            repairable = adviser.removed(analysis, findings)
        tried = _remedies(analysis, findings) if self._remedies else ()
        self.judged.append(Judged(analysis.without_bindings(), findings, tried, repairable))
        if self.meetings:
            self.meetings.add(analysis)


def _adviser(target: Target) -> Adviser:
    from collide.advice import Adviser

    return Adviser(target)


def _misfit(target: Target, host: Platform, insist: bool) -> Misfit | None:
    """What can be told of a pair before the host is loaded."""
    if not target.members:
        return Misfit("nothing to open", "it has no shared object that could be opened")
    if target.tags is not None:
        return misfit(target.tags, host)
    if insist:
        return None
    found = {file.object.architecture for file in target.members.values()}
    if host.architecture not in found:
        reason = f"all its objects are for another architecture than {host.architecture}"
        return Misfit("other architecture", reason)
    return None


def _remedies(analysis: Analysis, findings: Sequence[Finding]) -> tuple[tuple[Remedy, ...], ...]:
    from collide.remedy import Prover

    prover = Prover(analysis)
    return tuple(prover.trials(f) if f.severity > Severity.NOTE else () for f in findings)
