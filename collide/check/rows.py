"""The findings of a check in one list, equal ones of several hosts merged to one row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collide.check.check import Report
from collide.check.merge import Checked, merge, merge_key
from collide.findings.code import Shape
from collide.findings.finding import Finding
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.check.pairs import Pair
    from collide.whatif.remedies import Remedy


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
