"""Takes findings out of a report that shall not count, and keeps count of them."""

from __future__ import annotations

from collections.abc import Callable

from collide.check.check import Exposed, Judged, Report, SetAside
from collide.check.rows import merge_key
from collide.findings.finding import Finding
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.check.pairs import Order, Pair
    from collide.loader.host import Host


class Found(NamedTuple):
    """One finding of a report on one host; ``host`` is None where it depends on none.

    ``targets`` and ``after`` are those of :class:`collide.check.rows.ReportRow`.
    """

    targets: tuple[str, ...]
    after: str | None
    host: Host | None
    finding: Finding

    @property
    def key(self) -> Key:
        """What is equal for the findings that one row of a report tells."""
        return self.targets, self.after, merge_key(self.finding)


Key = tuple[tuple[str, ...], str | None, Finding]
Decide = Callable[[Found], str | None]


def without(report: Report, why: str, decide: Decide) -> Report:
    """The report without the findings for which ``decide`` gives a reason, which may be empty."""
    sieve = _Sieve(decide)
    filtered = report._replace(
        judged=tuple(map(sieve.judged, report.judged)),
        pairs=tuple(map(sieve.pair, report.pairs)),
        exposed=tuple(map(sieve.exposed, report.exposed)),
        archives=tuple(map(sieve.exposed, report.archives)),
    )
    if not sieve.out:
        return report
    aside = tuple(
        SetAside(why, targets, after, finding, tuple(hosts), reason)
        for (targets, after, finding), (reason, hosts) in sieve.out.items()
    )
    return filtered._replace(aside=(*report.aside, *aside))


class _Sieve:
    """Goes through a report, and collects in ``out`` what is taken out."""

    def __init__(self, decide: Decide) -> None:
        self._decide = decide
        self.out: dict[Key, tuple[str, list[str]]] = {}

    def _stays(self, found: Found) -> bool:
        reason = self._decide(found)
        if reason is None:
            return True
        _, hosts = self.out.setdefault(found.key, (reason, []))
        if found.host is not None:
            hosts.append(found.host.name)
        return False

    def judged(self, one: Judged) -> Judged:
        targets, host = (one.analysis.target.name,), one.analysis.host
        kept = [
            number
            for number, finding in enumerate(one.findings)
            if self._stays(Found(targets, None, host, finding))
        ]
        if len(kept) == len(one.findings):
            return one
        return one._replace(
            findings=tuple(one.findings[number] for number in kept),
            remedies=tuple(one.remedies[number] for number in kept if one.remedies),
            repairable=frozenset(at for at, n in enumerate(kept) if n in one.repairable),
        )

    def exposed(self, one: Exposed) -> Exposed:
        kept = (f for f in one.findings if self._stays(Found((one.target,), None, None, f)))
        return one._replace(findings=tuple(kept))

    def pair(self, pair: Pair) -> Pair:
        common = (
            f for f in pair.common if self._stays(Found(pair.targets_of(f), None, pair.host, f))
        )
        return pair._replace(
            common=tuple(common), orders=tuple(self._order(pair, one) for one in pair.orders)
        )

    def _order(self, pair: Pair, order: Order) -> Order:
        kept = (
            f
            for f in order.findings
            if self._stays(Found((order.second,), order.first, pair.host, f))
        )
        return order._replace(findings=tuple(kept))
