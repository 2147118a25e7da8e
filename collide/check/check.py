"""Analyses and judges every target on every host, and collects the results in one report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from collide.analysis.analysis import Analysis, analyse
from collide.binding.definers import ReferencesByDefiner
from collide.findings.code import Severity
from collide.findings.exposure import Taken, expose
from collide.findings.finding import Finding
from collide.findings.judge import JudgedInterpositions, judge, rank
from collide.hosts.as_if import fitting
from collide.hosts.select import Candidate, as_candidates
from collide.loader.host import Host
from collide.loader.opening import ALL_NOW, ModePatterns
from collide.support.errors import InputError, UsageError
from collide.support.faults import UnexpectedError, problem_of
from collide.support.progress import Progress, no_progress
from collide.support.records import NamedTuple
from collide.support.text import plural
from collide.support.time_limit import timed
from collide.wheels.tags import Misfit, Platform
from collide.wheels.target import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from collide.check.pairs import Pair
    from collide.repair.preview import RepairPreview
    from collide.whatif.remedies import Remedy


class Judged(NamedTuple):
    """One analysis, without its bindings, and its findings.

    ``remedies`` has for each finding the changes that were tried against it, none for what
    follows an import; it is empty when they were not asked for. ``repairable`` are the indexes
    of the findings that ``collide repair`` removes.
    """

    analysis: Analysis
    findings: tuple[Finding, ...]
    remedies: tuple[tuple[Remedy, ...], ...] = ()
    repairable: frozenset[int] = frozenset()


class LeftOut(NamedTuple):
    """A target that was not analysed on a host, and why; both by name.

    ``empty`` is set when the target has no objects at all, on whatever host,
    ``broken`` when some of it could not be read.
    """

    target: str
    host: str
    misfit: Misfit
    empty: bool = False
    broken: bool = False


class Exposed(NamedTuple):
    """Findings of one target, by its name, that depend on no host."""

    target: str
    findings: tuple[Finding, ...]


ACCEPTED, IN_BASELINE, IGNORED, BELOW = "accepted", "in the baseline", "ignored", "below minimum"
"""Why a finding does not count: an entry of the configuration, a file of what was known, the
choice of codes, and the lowest severity that is shown."""


class SetAside(NamedTuple):
    """A finding that does not count, with the hosts that have it: why, and the reason given.

    ``targets`` and ``after`` are those of :class:`collide.check.rows.ReportRow`.
    """

    why: str
    targets: tuple[str, ...]
    after: str | None
    finding: Finding
    hosts: tuple[str, ...]
    reason: str


class Report(NamedTuple):
    """Everything one ``collide check`` found.

    ``judged`` has each pair of a target and a host with its findings; a finding
    alone names neither, its pair does (``analysis.target``, ``analysis.host``).
    ``left_out`` are pairs of target and host that do not fit each other,
    ``problems`` inputs or members that cannot be read, ``pairs`` the targets
    that were opened together, ``exposed`` what any host could take, ``archives`` what is
    wrong with the archives of wheels, ``aside`` what was found and does not count.
    """

    judged: tuple[Judged, ...]
    left_out: tuple[LeftOut, ...]
    problems: tuple[InputError, ...]
    pairs: tuple[Pair, ...] = ()
    exposed: tuple[Exposed, ...] = ()
    archives: tuple[Exposed, ...] = ()
    aside: tuple[SetAside, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings on archives and on hosts, in their order."""
        archives = (f for archive in self.archives for f in archive.findings)
        alone = (f for judged in self.judged for f in judged.findings)
        return (*archives, *alone, *(f for pair in self.pairs for f in pair.findings))

    def worst(self) -> Severity | None:
        """The highest severity of all findings; None when there are none."""
        return max((f.severity for f in self.findings), default=None)


def check(
    targets: Iterable[Target],
    hosts: Iterable[Candidate | Host],
    *,
    insist: bool = False,
    together: bool = False,
    modes: ModePatterns = ALL_NOW,
    remedies: bool = False,
    exposure: bool = False,
    progress: Progress = no_progress,
) -> Report:
    """Analyse and judge every target on every host; targets are read one at a time.

    With ``together`` every two targets that share something are also opened in one process.
    Modules are opened with their flags of ``modes``. For ``insist`` see
    :func:`collide.analysis.analysis.analyse`. With ``remedies`` changes
    are tried against each finding of one target that is no note. With
    ``exposure`` the report has what any host could take of the targets that fit one.
    """
    pair_traces = None
    if together:
        from collide.check.pairs import PairTraces  # late: start-up

        pair_traces = PairTraces(modes)
    candidates = as_candidates(hosts)
    seen = pair_traces.add if pair_traces else None
    report = joined(
        check_one(t, candidates, insist, remedies, exposure, modes, seen=seen, progress=progress)
        for t in targets
    )
    return with_pairs(report, pair_traces.pairs(progress) if pair_traces else ())


def joined(reports: Iterable[Report]) -> Report:
    """One report of all, in their order; what is wrong with a host is told once."""
    report = Report(
        *(tuple(chain(*parts)) for parts in zip(Report((), (), ()), *reports, strict=True))
    )
    return report._replace(problems=tuple({str(p): p for p in report.problems}.values()))


def with_pairs(report: Report, found: Iterable[Pair | InputError]) -> Report:
    """The report with pairs, and with the problems of those that could not be looked at."""
    pairs, problems = [], list(report.problems)
    for one in found:
        if isinstance(one, InputError):
            problems.append(one)
        else:
            pairs.append(one)
    return report._replace(pairs=tuple(pairs), problems=tuple(problems))


def check_one(
    target: Target,
    candidates: Sequence[Candidate],
    insist: bool,
    remedies: bool,
    exposure: bool,
    modes: ModePatterns = ALL_NOW,
    *,
    seen: Callable[[Analysis], object] | None = None,
    progress: Progress = no_progress,
) -> Report:
    """One target on every host; ``seen`` is called with each analysis that has its bindings."""
    one = OneTarget(target, candidates, insist, remedies, modes, seen)
    try:
        with target.keeping(), timed(target.name):
            return one.report(one.outcomes(progress), exposure)
    except UsageError:
        raise
    except Exception as e:
        return Report((), (), (*target.problems, problem_of(target.name, e)))


Outcome: TypeAlias = Judged | LeftOut | InputError
"""What is found of one target on one host, why it was left out, or why that failed."""


class OneTarget:
    """One target, and what is known of it while it is looked at on one host after the other.

    ``candidates`` are the hosts that it fits by its tags.
    """

    def __init__(
        self,
        target: Target,
        candidates: Sequence[Candidate],
        insist: bool,
        remedies: bool,
        modes: ModePatterns,
        seen: Callable[[Analysis], object] | None,
    ) -> None:
        self._target = target
        self.candidates = candidates
        self._unfit: tuple[LeftOut, ...] = ()
        if target.tags is not None and target.members:
            self.candidates, others = fitting([target.tags], candidates)
            broken = bool(target.problems)
            self._unfit = tuple(LeftOut(target.name, c.name, m, False, broken) for c, m in others)
        self._insist = insist
        self._remedies = remedies
        self._modes = modes
        self._seen = seen
        self._preview: RepairPreview | None = None
        self._by_definer: ReferencesByDefiner | None = None
        self._known = JudgedInterpositions()

    def outcomes(self, progress: Progress) -> Iterator[Outcome]:
        """The target on every host, in their order."""
        for number, candidate in enumerate(self.candidates):
            progress("host", number, len(self.candidates))
            yield self.outcome(candidate)

    def outcome(self, candidate: Candidate) -> Outcome:
        """The target on one host. Raises UsageError; all else that fails is what comes out."""
        try:
            return self._on(candidate)
        except UsageError:
            raise
        except Exception as e:
            return problem_of(f"{self._target.name} on {candidate.name}", e)

    def report(self, outcomes: Iterable[Outcome], exposure: bool) -> Report:
        """The report of all ``outcomes``, which are in the order of the hosts."""
        target, judged = self._target, []
        left_out = list(self._unfit)
        failed: dict[str, list[tuple[str, InputError]]] = {}
        for candidate, found in zip(self.candidates, outcomes, strict=True):
            if isinstance(found, InputError):
                failed.setdefault(found.reason, []).append((candidate.name, found))
            elif isinstance(found, Judged):
                judged.append(found)
            else:
                left_out.append(found)
        exposed: tuple[Exposed, ...] = ()
        if exposure and judged and self._by_definer:
            taken = [Taken(one.analysis.host.name, one.findings) for one in judged]
            exposed = (Exposed(target.name, expose(target, taken, self._by_definer)),)
        problems = (*target.problems, *map(_of_all, failed.values()))
        archives = _archives(target)
        return Report(tuple(judged), tuple(left_out), problems, (), exposed, archives)

    def _on(self, candidate: Candidate) -> Judged | LeftOut:
        target, insist = self._target, self._insist
        unfit = _misfit(target, candidate, insist)
        if unfit is None:
            if self._by_definer is None:
                self._by_definer = _by_definer(target, self.candidates, insist)
            analysis = analyse(
                target,
                candidate.host,
                insist=insist,
                by_definer=self._by_definer,
                modes=self._modes,
            )
            if analysis.left_out is None:
                return self._judged(analysis)
            unfit = Misfit("nothing to open", analysis.left_out)
        empty, broken = not target.members, bool(target.problems)
        return LeftOut(target.name, candidate.name, unfit, empty, broken)

    def _judged(self, analysis: Analysis) -> Judged:
        findings = judge(analysis, known=self._known)
        repairable: frozenset[int] = frozenset()
        if any(f.severity > Severity.NOTE for f in findings):
            repairable = self._repairs.removed(analysis, findings)
        tried = _remedies(analysis, findings) if self._remedies else ()
        one = Judged(analysis, findings, tried, repairable)
        if analysis.depends_on_history and self._by_definer is not None:
            one = self._with_history(one, self._by_definer)
        if self._seen:
            self._seen(analysis)
        return one._replace(analysis=analysis.without_bindings())

    @property
    def _repairs(self) -> RepairPreview:
        if self._preview is None:
            self._preview = _preview(self._target)
        return self._preview

    def _with_history(self, judged: Judged, by_definer: ReferencesByDefiner) -> Judged:
        """The same with what is found only after an import of the interpreter's own modules."""
        from collide.analysis.history import behind_imports  # late: start-up
        from collide.findings.history import judge_behind  # late: start-up

        behind = judge_behind(behind_imports(judged.analysis, by_definer), self._known)
        repairable = judged.repairable
        if any(f.severity > Severity.NOTE for f in behind):
            removed = self._repairs.removed_behind(judged.analysis, behind)
            repairable |= {len(judged.findings) + number for number in removed}
        findings = judged.findings + behind
        order = sorted(range(len(findings)), key=lambda number: rank(findings[number]))
        tried = judged.remedies + ((),) * len(behind) if judged.remedies else ()
        return judged._replace(
            findings=tuple(findings[number] for number in order),
            remedies=tuple(tried[number] for number in order if tried),
            repairable=frozenset(at for at, number in enumerate(order) if number in repairable),
        )


def _of_all(failed: Sequence[tuple[str, InputError]]) -> InputError:
    """One problem for those of several hosts that have the same reason."""
    (_, first), *others = failed
    if others and isinstance(first, UnexpectedError):
        path = f"{first.path} and {plural(len(others), 'other host')}"
        return UnexpectedError(path, first.reason, first.traceback)
    return first


def _archives(target: Target) -> tuple[Exposed, ...]:
    if not target.irregularities:
        return ()
    from collide.findings.archive.order import judge_archive  # late: start-up

    return (Exposed(target.name, judge_archive(target)),)


_MANY = 100_000
"""Names from which on it is cheaper to ask all hosts for theirs before the first is bound."""


def _by_definer(
    target: Target, candidates: Sequence[Candidate], insist: bool
) -> ReferencesByDefiner:
    """The references of the target's members by definer.

    For a large target the names that hosts define are looked up beforehand, for all hosts at once.
    """
    by_definer = ReferencesByDefiner(target.members.values())
    if len(candidates) > 1 and len(by_definer.wanted) >= _MANY:
        fitting = (c for c in candidates if _misfit(target, c, insist) is None)
        by_definer.expect(dso for c in fitting for dso in c.host.global_files)
    return by_definer


def _preview(target: Target) -> RepairPreview:
    from collide.repair.preview import RepairPreview  # late: start-up

    return RepairPreview(target)


def _misfit(target: Target, host: Platform, insist: bool) -> Misfit | None:
    """The reason against a pair that is known before the host is loaded; None without one."""
    if not target.members:
        return Misfit("nothing to open", "it has no shared object that could be opened")
    if insist or target.tags is not None:
        return None
    found = {dso.elf.architecture for dso in target.members.values()}
    if host.architecture not in found:
        reason = f"all its objects are for another architecture than {host.architecture}"
        return Misfit("other architecture", reason)
    return None


def _remedies(analysis: Analysis, findings: Sequence[Finding]) -> tuple[tuple[Remedy, ...], ...]:
    from collide.whatif.remedies import Prover  # late: start-up

    prover = Prover(analysis)
    return tuple(prover.trials(f) if f.severity > Severity.NOTE else () for f in findings)
