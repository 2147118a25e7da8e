"""The findings of a check in one list, equal ones of several hosts merged to one row.

Also counted are the hosts that do not fit.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from collide.analysis.analysis import repair_command
from collide.check.check import Judged, LeftOut, Report
from collide.findings.code import Shape
from collide.findings.finding import Finding
from collide.support.records import NamedTuple
from collide.support.text import plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.check.pairs import Pair
    from collide.whatif.remedies import Remedy


class Merged(NamedTuple):
    """A finding and the hosts that have it, in their order.

    ``providers`` are all that give the definitions, where releases of one
    library have files of different names. ``repair`` is the command that removes
    it on all of them, None where there is none. ``tried`` are the hosts on which
    changes were tried against it, each with these.
    """

    finding: Finding
    providers: tuple[str, ...]
    hosts: tuple[str, ...]
    repair: str | None
    tried: tuple[tuple[str, tuple[Remedy, ...]], ...] = ()


class Checked(NamedTuple):
    """One target on all hosts that it was analysed on."""

    target: str
    judged: tuple[Judged, ...]
    findings: tuple[Merged, ...]

    @property
    def clean(self) -> tuple[str, ...]:
        """The hosts without a finding."""
        return tuple(j.analysis.host.name for j in self.judged if not j.findings)


def merge(judged: Iterable[Judged]) -> tuple[Checked, ...]:
    """The analyses by target, in their order, with equal findings merged: the worst first.

    Findings are equal when they differ in nothing but the release of the
    provider's file (``libz.so.1.2.13``, ``libz.so.1.3.1``).
    """
    targets: dict[str, list[Judged]] = {}
    for one in judged:
        targets.setdefault(one.analysis.target.name, []).append(one)
    return tuple(
        Checked(target, tuple(analyses), _merged(analyses)) for target, analyses in targets.items()
    )


def _merged(analyses: Sequence[Judged]) -> tuple[Merged, ...]:
    equal: dict[Finding, list[tuple[Judged, int]]] = {}
    for one in analyses:
        for number, finding in enumerate(one.findings):
            key = merge_key(finding)
            equal.setdefault(key, []).append((one, number))
    merged = [
        Merged(
            found[0][0].findings[found[0][1]],
            tuple(dict.fromkeys(p for j, n in found if (p := j.findings[n].provider))),
            tuple(dict.fromkeys(j.analysis.host.name for j, _ in found)),
            _repair(found),
            tuple((j.analysis.host.name, j.remedies[n]) for j, n in found if j.remedies),
        )
        for found in equal.values()
    ]
    return tuple(
        sorted(
            merged,
            key=lambda m: (
                -m.finding.severity,
                m.finding.code.id,
                m.finding.victim,
                -len(m.hosts),
                m.providers,
                m.finding.symbols,
                m.finding.detail,
            ),
        )
    )


def _repair(found: Sequence[tuple[Judged, int]]) -> str | None:
    if not all(number in judged.repairable for judged, number in found):
        return None
    arguments = dict.fromkeys(judged.analysis.host.arguments for judged, _ in found)
    words = [word for chosen in arguments for word in chosen]
    return repair_command(found[0][0].analysis.target.name, words)


def merge_key(finding: Finding) -> Finding:
    """What is equal for equal findings of several hosts.

    The evidence of a load failure names files of one host.
    """
    key = finding._replace(provider=library_stem(finding.provider), provider_release="")
    fails = finding.code.shape in (Shape.SYMBOLS, Shape.LOAD_FAILURE)
    return key._replace(evidence=()) if fails else key


def library_stem(provider: str | None) -> str | None:
    """A library's file name with only the first number of its release: ``libz.so.1``."""
    if provider is None:
        return None
    found = re.match(r".+?\.so(\.\d+)?", provider.rsplit("/", 1)[-1])
    return found[0] if found else provider


def count_left_out(left_out: Iterable[LeftOut]) -> dict[str, Counter[str]]:
    """By target, how many hosts were left out for a reason of each kind."""
    counts: dict[str, Counter[str]] = {}
    for one in left_out:
        counts.setdefault(one.target, Counter())[one.misfit.kind] += 1
    return counts


def summed_up(counts: Counter[str]) -> str:
    """The counts in words: ``31 hosts: 19 other architecture, 12 interpreter``."""
    kinds = sorted(counts.most_common(), key=lambda one: not one[0].startswith("other "))
    (first, count), *others = kinds
    rest = (f"{number} {kind.removeprefix('other ')}" for kind, number in others)
    return f"{plural(counts.total(), 'host')}: {', '.join([f'{count} {first}', *rest])}"


class ReportRow(NamedTuple):
    """One finding, with all hosts that have it.

    ``targets`` are those it is about, ``after`` is what was opened before
    them. ``providers`` are all that give the definitions on some host.
    ``checked`` counts the hosts that were looked at; it is 0, and ``hosts``
    empty, for a finding that does not depend on a host. ``repair`` is the command
    that removes it, ``tried`` has the remedies by host.
    """

    targets: tuple[str, ...]
    after: str | None
    finding: Finding
    providers: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    checked: int = 0
    repair: str | None = None
    tried: tuple[tuple[str, tuple[Remedy, ...]], ...] = ()

    @property
    def exposed(self) -> bool:
        """Whether it is about what any host could take; it counts among the notes."""
        return not self.checked and not self.of_archive

    @property
    def of_archive(self) -> bool:
        """Whether it is about the archive itself."""
        return self.finding.code.shape is Shape.ARCHIVE

    @property
    def is_of_pair(self) -> bool:
        """Whether it is about two targets."""
        return self.after is not None or len(self.targets) > 1


def rows(report: Report) -> tuple[ReportRow, ...]:
    """All findings: of archives, of each target, of pairs, and what any host could take."""
    return rows_of(report, merge(report.judged))


def rows_of(report: Report, checked: Iterable[Checked]) -> tuple[ReportRow, ...]:
    """The same where the findings are merged already."""
    alone = [
        ReportRow(
            (c.target,), None, m.finding, m.providers, m.hosts, len(c.judged), m.repair, m.tried
        )
        for c in checked
        for m in c.findings
    ]
    exposed = [
        ReportRow((e.target,), None, finding, ()) for e in report.exposed for finding in e.findings
    ]
    archives = [
        ReportRow((a.target,), None, finding, ()) for a in report.archives for finding in a.findings
    ]
    return (*archives, *alone, *_of_pairs(report.pairs), *exposed)


def _of_pairs(pairs: Iterable[Pair]) -> Iterator[ReportRow]:
    """The findings of all pairs, equal ones of several hosts merged as those of one target are."""
    hosts: dict[tuple[str, str], set[str]] = {}
    equal: dict[tuple[tuple[str, ...], str | None, Finding], list[tuple[Pair, Finding]]] = {}
    for pair in pairs:
        if pair.left_out is None:
            hosts.setdefault(pair.targets, set()).add(pair.host.name)
        for targets, after, finding in _of_pair(pair):
            equal.setdefault((targets, after, merge_key(finding)), []).append((pair, finding))
    for (targets, after, _), found in equal.items():
        yield ReportRow(
            targets,
            after,
            found[0][1],
            tuple(dict.fromkeys(f.provider for _, f in found if f.provider)),
            tuple(dict.fromkeys(pair.host.name for pair, _ in found)),
            len(hosts[found[0][0].targets]),
        )


def _of_pair(pair: Pair) -> Iterator[tuple[tuple[str, ...], str | None, Finding]]:
    for finding in pair.common:
        yield pair.targets_of(finding), None, finding
    for order in pair.orders:
        for finding in order.findings:
            yield (order.second,), order.first, finding
