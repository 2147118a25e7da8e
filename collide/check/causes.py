"""A report with all that is made of it once: its findings merged, grouped and counted.

Groups are by what a maintainer can change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from collide.analysis.analysis import repair_command
from collide.check.check import Judged, Report
from collide.check.rows import Checked, ReportRow, merge, rows, rows_of
from collide.findings.code import Code, Family, Severity, Shape
from collide.findings.loading import NO_LIBPYTHON
from collide.findings.subject import (
    Kind,
    Subject,
    is_linked_into,
    meant_library,
    object_name,
    subject_of,
)
from collide.support.records import NamedTuple
from collide.support.text import listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.findings.finding import Finding


class Cause(NamedTuple):
    """One thing to change, and all findings that follow from it.

    ``targets`` are the inputs it is in, several where pairs of them have it. ``subject`` is the
    library, or the name of the code where that is all that the findings have in common, and
    ``release`` the version that its own texts name, where they and those of the host's copy
    name two. ``code`` and ``severity`` are those of the worst finding. ``objects`` are the
    members that carry or use the library, ``linked_into`` those of them that it is linked into
    statically. ``providers`` are what gives other definitions, with the ``provider_releases``
    that their texts name. ``hosts`` are those that show it, of so many ``checked``: none of 0
    where no host is needed. ``symbols`` are the names taken. All of these but ``code`` are of
    the findings that are no notes, where there are any. ``fix`` is a sentence, and ``relinked``
    what it says to link in another way: the modules of ``linked_into`` or a library; none where
    it says something else. ``repair`` is the command for all these hosts; it is proven for each
    of the findings, and None unless it is. ``rows`` are the findings, the worst first.
    """

    targets: tuple[str, ...]
    subject: str
    kind: Kind
    release: str
    code: Code
    severity: Severity
    objects: tuple[str, ...]
    linked_into: tuple[str, ...]
    providers: tuple[str, ...]
    provider_releases: tuple[str, ...]
    hosts: tuple[str, ...]
    checked: int
    symbols: tuple[str, ...]
    fix: str
    relinked: tuple[str, ...]
    repair: str | None
    rows: tuple[ReportRow, ...]

    @property
    def worst_rows(self) -> tuple[ReportRow, ...]:
        """The findings of its severity."""
        return tuple(row for row in self.rows if row.finding.severity == self.severity)

    @property
    def worst_hosts(self) -> tuple[str, ...]:
        """The hosts that show it in its severity."""
        return _sorted(host for row in self.worst_rows for host in row.hosts)

    @property
    def exposed(self) -> bool:
        """Whether it is about what any host could take."""
        return self.rows[0].exposed

    @property
    def of_archive(self) -> bool:
        """Whether it is about the archive itself."""
        return self.rows[0].of_archive

    @property
    def is_of_pair(self) -> bool:
        """Whether it is about two targets."""
        return self.rows[0].is_of_pair


def causes(report: Report) -> tuple[Cause, ...]:
    """All causes: the worst first, then those of most hosts, those of one input together."""
    return causes_of(report, rows(report))


def causes_of(report: Report, found_rows: Iterable[ReportRow]) -> tuple[Cause, ...]:
    """The same of the rows of a report."""
    arguments = _arguments(report)
    groups: dict[tuple[tuple[str, ...], str, str], list[ReportRow]] = {}
    subjects: dict[tuple[tuple[str, ...], str, str], Subject] = {}
    all_rows = tuple(found_rows)
    for row in all_rows:
        subject = subject_of(_named(row, all_rows))
        key = _place(row), subject.name, subject.scope
        groups.setdefault(key, []).append(row)
        subjects.setdefault(key, subject)
    found = [_cause(group, subjects[key], arguments) for key, group in groups.items()]
    place = {target: number for number, target in enumerate(_targets(report))}
    return tuple(
        sorted(
            found,
            key=lambda c: (
                c.is_of_pair, place.get(c.targets[0], 0), -c.severity, c.exposed,
                -len(c.hosts), c.code.id, c.subject, c.targets,
            ),
        )
    )  # fmt: skip


def _place(row: ReportRow) -> tuple[str, ...]:
    """The inputs that have the cause of a finding for themselves.

    A library that several bring or share is one cause, whichever two of them are opened.
    """
    if not row.is_of_pair:
        return row.targets
    return tuple(sorted(row.targets)) if row.finding.code.shape is Shape.FILES else ()


def _named(row: ReportRow, rows: Iterable[ReportRow]) -> Finding:
    """The finding about a row's library on a host that has the library as a file, else its own.

    Where one host carries a copy of it and another one has it by its name, most symbols are the
    same.
    """
    one = row.finding
    if not one.library:
        return one
    symbols = set(one.symbols)
    for other in (r.finding for r in rows if r.targets == row.targets):
        alike = other.victim == one.victim and other.code.family is one.code.family
        named = not other.library and is_linked_into(other)
        if alike and named and 2 * len(symbols.intersection(other.symbols)) > len(symbols):
            return other
    return one


def _cause(
    group: Iterable[ReportRow], subject: Subject, arguments: dict[str, tuple[str, ...]]
) -> Cause:
    found = tuple(sorted(group, key=lambda row: -row.finding.severity))
    worst = found[0].finding
    # What is only noted of a library that is also taken says nothing about who takes it.
    telling = [row for row in found if row.finding.severity > Severity.NOTE] or list(found)
    findings = [row.finding for row in telling]
    target = found[0].targets[0]
    linked_into = _sorted(f.victim for f in findings if is_linked_into(f))
    relinked = _relinked(worst, subject, linked_into)
    fix = relinking(relinked, statically=not linked_into) if relinked else worst.remedy
    return Cause(
        targets=tuple(dict.fromkeys(t for row in found for t in (*row.targets, row.after) if t)),
        subject=subject.name,
        kind=subject.kind,
        release=next((f.release for f in findings if f.release), ""),
        code=worst.code,
        severity=worst.severity,
        objects=_sorted(f.victim for f in findings),
        linked_into=linked_into,
        providers=_sorted(p for row in telling for p in row.providers),
        provider_releases=_sorted(f.provider_release for f in findings if f.provider_release),
        hosts=_sorted(host for row in telling for host in row.hosts),
        checked=max(row.checked for row in found),
        symbols=_sorted(name for f in findings for name in f.symbols),
        fix=fix,
        relinked=relinked,
        repair=_repair(telling, target, arguments),
        rows=found,
    )


def _relinked(worst: Finding, subject: Subject, linked_into: Sequence[str]) -> tuple[str, ...]:
    """What is to be linked in another way; none where the remedy of the finding is the fix."""
    shadowed = worst.code.family is Family.SHADOWING and not worst.code.fixed_remedy
    if not shadowed or subject.kind is Kind.CODE or worst.remedy == NO_LIBPYTHON:
        return ()
    if linked_into:
        return tuple(dict.fromkeys(map(object_name, linked_into)))
    return (meant_library(worst),)


def relinking(names: Sequence[str], *, statically: bool) -> str:
    """A sentence: link ``names``, libraries ``statically``, so that no host can replace them."""
    how = "statically with" if statically else "with"
    return f"Link {listed(names)} {how} -Wl,--exclude-libs,ALL."


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    # Most come sorted, which a dictionary keeps.
    return tuple(sorted(dict.fromkeys(names)))


def _repair(
    telling: Sequence[ReportRow], target: str, arguments: dict[str, tuple[str, ...]]
) -> str | None:
    """The command, where each finding has one; for all hosts that show any of them."""
    commands = {row.repair for row in telling}
    if None in commands:
        return None
    if len(commands) == 1:
        return commands.pop()
    chosen = dict.fromkeys(arguments.get(host, ()) for row in telling for host in row.hosts)
    return repair_command(target, [word for words in chosen for word in words])


def _arguments(report: Report) -> dict[str, tuple[str, ...]]:
    return {j.analysis.host.name: j.analysis.host.arguments for j in report.judged}


def _targets(report: Report) -> tuple[str, ...]:
    judged = (j.analysis.target.name for j in report.judged)
    return tuple(dict.fromkeys([*judged, *(a.target for a in report.archives)]))


# -- counted --------------------------------------------------------------------------------------


class InputSummary(NamedTuple):
    """One input: the hosts on which something is an error, those with a warning, the others."""

    target: str
    breaks: tuple[str, ...]
    warns: tuple[str, ...]
    clean: tuple[str, ...]

    @property
    def hosts(self) -> int:
        """How many hosts it was looked at on."""
        return len(self.breaks) + len(self.warns) + len(self.clean)


class Summary(NamedTuple):
    """What a check found, counted: equal in all formats.

    ``causes`` and ``findings`` count by severity; findings of several hosts count once, and what
    any host could take counts among the notes. ``pairs`` were looked at together. ``aside`` are
    findings that do not count, by why.
    """

    inputs: tuple[InputSummary, ...]
    hosts: tuple[str, ...]
    causes: Counter[Severity]
    findings: Counter[Severity]
    pairs: int
    problems: int
    aside: Counter[str]


def summarised(report: Report, found: Sequence[Cause]) -> Summary:
    """The counts of a report whose causes are ``found``."""
    worst: dict[str, dict[str, Severity]] = {target: {} for target in _targets(report)}
    for judged in report.judged:
        severity = max((f.severity for f in judged.findings), default=Severity.NOTE)
        worst[judged.analysis.target.name][judged.analysis.host.name] = severity
    inputs = [
        InputSummary(
            target,
            *(
                tuple(host for host, severity in hosts.items() if severity == wanted)
                for wanted in (Severity.ERROR, Severity.WARNING, Severity.NOTE)
            ),
        )
        for target, hosts in worst.items()
    ]
    return Summary(
        tuple(inputs),
        tuple(dict.fromkeys(j.analysis.host.name for j in report.judged)),
        Counter(c.severity for c in found),
        Counter(row.finding.severity for c in found for row in c.rows),
        sum(1 for pair in report.pairs if pair.left_out is None),
        len(report.problems),
        Counter(one.why for one in report.aside),
    )


# -- as all formats tell it -----------------------------------------------------------------------


class Grouped(NamedTuple):
    """One report, as all formats tell it."""

    report: Report
    checked: tuple[Checked, ...]
    rows: tuple[ReportRow, ...]
    causes: tuple[Cause, ...]
    summary: Summary

    @property
    def judged(self) -> Mapping[str, tuple[Judged, ...]]:
        """The analyses by target."""
        return {checked.target: checked.judged for checked in self.checked}


def group(report: Report | Grouped) -> Grouped:
    """A report, merged and grouped and counted; one that is so already is not done again."""
    if isinstance(report, Grouped):
        return report
    checked = merge(report.judged)
    rows = rows_of(report, checked)
    found = causes_of(report, rows)
    return Grouped(report, checked, rows, found, summarised(report, found))
