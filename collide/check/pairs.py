"""Finds which two targets of a check share something, and what their order changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial

from collide.analysis.analysis import Analysis
from collide.analysis.install import conflicts
from collide.analysis.pair_orders import PairOrder, both_orders
from collide.analysis.pair_sides import KnownDefiners, SystemSides
from collide.analysis.pair_traces import Shared, Side, TargetTraces, shared_by, traces
from collide.elf.references import table_of
from collide.findings.finding import Finding
from collide.findings.judge import judge
from collide.findings.pairs import JudgedChanges, judge_conflicts, judge_pair_order
from collide.loader.host import Host
from collide.loader.opening import ALL_NOW, ModePatterns
from collide.support.errors import InputError
from collide.support.faults import problem_of
from collide.support.progress import Progress, no_progress
from collide.support.records import NamedTuple
from collide.wheels.target import Target, read_target


class Order(NamedTuple):
    """One order of a pair: what is different for ``second`` after ``first``."""

    first: str
    second: str
    findings: tuple[Finding, ...]


class Pair(NamedTuple):
    """Two targets that were compared on one host.

    ``common`` are findings that do not depend on the order; ``orders`` is
    empty when they share nothing. ``left_out`` is the reason why they were
    not compared.
    """

    targets: tuple[str, str]
    host: Host
    shares: Shared
    common: tuple[Finding, ...] = ()
    orders: tuple[Order, ...] = ()
    left_out: str | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Those of both orders, after those that do not depend on the order."""
        return self.common + tuple(f for order in self.orders for f in order.findings)

    def targets_of(self, finding: Finding) -> tuple[str, ...]:
        """Both, the one first that a finding on files is about: its victim is a target itself."""
        return tuple(sorted(self.targets, key=lambda t: t != finding.victim))


class KeptTargets:
    """Targets that stay in memory for their pairs: as many as are small enough.

    ``symbols`` is the room: the sum of their exports and references, of some 300 bytes each.
    """

    _SYMBOLS = 1_000_000

    def __init__(self, symbols: int | None = None) -> None:
        self._targets: dict[str, Target] = {}
        self._packed: dict[str, Callable[[], Target]] = {}
        self._room = self._SYMBOLS if symbols is None else symbols
        # The pairs of one target come in a row.
        self._read = lru_cache(maxsize=2)(self._fetch)

    def offer(self, target: Target) -> None:
        """Keep ``target`` if there is room."""
        if target.name not in self._targets and self.has_room(target):
            self._targets[target.name] = target

    def has_room(self, target: Target) -> bool:
        """Whether ``target`` fits into the room that is left, which is taken if it does."""
        objects = (f.elf for f in target.members.values())
        size = sum(len(o.exports.names) + len(table_of(o.references).simple) for o in objects)
        if size > self._room:
            return False
        self._room -= size
        return True

    def put(self, name: str, unpack: Callable[[], Target]) -> None:
        """Add a target that can be unpacked, which costs less than to read it."""
        self._packed[name] = unpack

    def read(self, name: str) -> Target:
        """The target of this name, read again if it was not kept.

        Raises InputError when it cannot be read.
        """
        kept = self._targets.get(name)
        if kept is None:
            kept = self._read(name)
            if name in self._packed:
                self.offer(kept)
        return kept

    def keeps(self, name: str) -> bool:
        """Whether the target of this name stays in memory."""
        return name in self._targets

    def _fetch(self, name: str) -> Target:
        return self._packed[name]() if name in self._packed else read_target(name)


class Row(NamedTuple):
    """Pairs of one target with ``others``, on one host; all by number."""

    place: int
    one: int
    others: range


class PairTraces:
    """The traces of all targets of one check, by host, and their pairs.

    ``modes`` says with which flags modules are opened.
    """

    def __init__(self, modes: ModePatterns = ALL_NOW) -> None:
        self._modes = modes
        self.kept = KeptTargets()
        self._traces: list[tuple[Host, list[TargetTraces]]] = []
        self._known: tuple[int, _Known] | None = None
        self._by_definer = KnownDefiners(self.kept.keeps)

    def add(self, analysis: Analysis) -> None:
        """Take one analysis that still has its bindings."""
        self.add_traces(analysis.host, traces(analysis))
        self.kept.offer(analysis.target)

    def add_traces(self, host: Host, found: TargetTraces) -> None:
        """Take the traces of one analysis, of a target that is kept or can be read again."""
        left = next((left for known, left in self._traces if known is host), None)
        if left is None:
            left = []
            self._traces.append((host, left))
        left.append(found)

    def rows(self, longest: int | None = None) -> Iterator[Row]:
        """All pairs on all hosts, in their order, up to ``longest`` in a row."""
        for place, (_, left) in enumerate(self._traces):
            for one in range(len(left) - 1):
                others = range(one + 1, len(left))
                step = longest or len(others)
                for start in range(0, len(others), step):
                    yield Row(place, one, others[start : start + step])

    def names(self, row: Row) -> tuple[str, ...]:
        """The targets of one row."""
        left = self._traces[row.place][1]
        return (left[row.one].target, *(left[other].target for other in row.others))

    def pairs_of(self, row: Row) -> Iterator[Pair | InputError]:
        """The pairs of one row, with a problem in place of one that fails."""
        host, left = self._traces[row.place]
        if self._known is None or self._known[0] != row.place:
            self._known = row.place, _Known(host, self.kept, self._modes, self._by_definer)
        known = self._known[1]
        yield from known.each((left[row.one], left[other]) for other in row.others)

    def pairs(self, progress: Progress = no_progress) -> Iterator[Pair | InputError]:
        """All pairs on all hosts, with a problem in place of each that fails."""
        rows = list(self.rows())
        for done, row in enumerate(rows):
            progress("pairs", done, len(rows))
            yield from self.pairs_of(row)


def pairs_among(
    pairs: Iterable[tuple[TargetTraces, TargetTraces]],
    host: Host,
    kept: KeptTargets,
    modes: ModePatterns = ALL_NOW,
) -> Iterator[Pair | InputError]:
    """These pairs of targets, with a problem in place of one that fails."""
    return _Known(host, kept, modes, KnownDefiners(kept.keeps)).each(pairs)


class _Known:
    """What is known of the pairs on one host, while one is looked at after the other."""

    def __init__(
        self, host: Host, kept: KeptTargets, modes: ModePatterns, by_definer: KnownDefiners
    ) -> None:
        self._host, self._kept, self._modes = host, kept, modes
        self._by_definer = by_definer
        self._sides = SystemSides(host, modes, by_definer)
        self._judged = JudgedChanges()
        self._together: dict[str, Side] = {}

    def each(
        self, pairs: Iterable[tuple[TargetTraces, TargetTraces]]
    ) -> Iterator[Pair | InputError]:
        """Pairs of targets, with a problem in place of one that fails."""
        for one, other in pairs:
            try:
                yield self.pair(one, other)
            except Exception as e:
                yield problem_of(f"{one.target} and {other.target} on {self._host.name}", e)

    def pair(self, one: TargetTraces, other: TargetTraces) -> Pair:
        """Two targets, opened in both orders if they share something."""
        names, host = (one.target, other.target), self._host
        if one.distribution is not None and one.distribution == other.distribution:
            reason = f"two builds of {one.distribution} are never installed together"
            return Pair(names, host, Shared(), left_out=reason)
        shares = shared_by(self._all_of(one), self._all_of(other))
        if not shares:
            return Pair(names, host, shares)
        common: tuple[Finding, ...] = ()
        try:
            pair_orders = self._sides.both_orders(self._kept.read, names, shares)
            if pair_orders is None:
                targets = self._kept.read(names[0]), self._kept.read(names[1])
        except InputError as e:
            return Pair(names, host, shares, left_out=f"cannot be read again: {e}")
        if pair_orders is None:
            by_definer = partial(self._by_definer.of, targets)
            pair_orders = both_orders(targets, host, shares, self._modes, by_definer)
            common = judge_conflicts(conflicts(targets))
            for pair_order, alone in zip(pair_orders, (other, one), strict=True):
                common += _failing(pair_order, alone, host)
        orders = (
            Order(order.first.name, order.second.name, judge_pair_order(order, self._judged))
            for order in pair_orders
        )
        return Pair(names, host, shares, common, tuple(orders))

    def _all_of(self, target: TargetTraces) -> Side:
        found = self._together.get(target.target)
        if found is None or found.of is not target:
            found = self._together[target.target] = Side(target, self._modes)
        return found


def _failing(pair_order: PairOrder, alone: TargetTraces, host: Host) -> tuple[Finding, ...]:
    """Findings of load failures that occur only when both targets are installed."""
    known = {m.name: {(f.kind, f.name) for f in m.failures} for m in alone.modules}
    modules = [
        m._replace(failures=tuple(f for f in m.failures if (f.kind, f.name) not in known[m.name]))
        for m in pair_order.failing
    ]
    failing = tuple(m for m in modules if m.failures)
    return judge(Analysis(pair_order.installed, host, failing, ())) if failing else ()
