"""Every two targets of a check: which share something, and what their order changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from collide.analysis import Analysis
from collide.errors import InputError
from collide.host import Host
from collide.installation import conflicts
from collide.judge import Finding, judge
from collide.judge_together import judge_conflicts, judge_sequel
from collide.meeting import Shared, Traces, shared, traces
from collide.references import table_of
from collide.together import Sequel, both_orders
from collide.wheel import Target, read_target


class Order(NamedTuple):
    """One order of a pair: what is different for ``second`` after ``first``."""

    first: str
    second: str
    findings: tuple[Finding, ...]


class Pair(NamedTuple):
    """Two targets that were looked at together on one host.

    ``common`` are findings that do not depend on the order; ``orders`` is
    empty when they share nothing. ``left_out`` is the reason why they were
    not looked at.
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


class Kept:
    """Targets that stay in memory for their pairs: as many as are small enough.

    ``read`` gives any target, read again if it has not stayed.
    """

    _SYMBOLS = 1_000_000  # exports and references, some 300 bytes each

    def __init__(self) -> None:
        self._targets: dict[str, Target] = {}
        self._room = self._SYMBOLS
        # One target meets all others in a row.
        self._read = lru_cache(maxsize=2)(read_target)

    def offer(self, target: Target) -> None:
        """Keep ``target`` if there is room."""
        if target.name in self._targets:
            return
        objects = (f.object for f in target.members.values())
        size = sum(len(o.exports.names) + len(table_of(o.references).plain) for o in objects)
        if size <= self._room:
            self._room -= size
            self._targets[target.name] = target

    def read(self, name: str) -> Target:
        """The target of this name; raises InputError when it cannot be read again."""
        return self._targets.get(name) or self._read(Path(name))


class Meetings:
    """The targets of one check, and which of them meet on each host.

    ``rtld_global`` are patterns of modules that are opened RTLD_GLOBAL.
    """

    def __init__(self, rtld_global: Sequence[str] = ()) -> None:
        self._rtld_global = rtld_global
        self._kept = Kept()
        self._traces: list[tuple[Host, list[Traces]]] = []

    def add(self, analysis: Analysis) -> None:
        """Take one analysis that still has its bindings."""
        left = next((left for host, left in self._traces if host is analysis.host), None)
        if left is None:
            left = []
            self._traces.append((analysis.host, left))
        left.append(traces(analysis))
        self._kept.offer(analysis.target)

    def pairs(self) -> Iterator[Pair]:
        """All pairs on all hosts."""
        for host, left in self._traces:
            yield from check_pairs(left, host, self._kept, self._rtld_global)


def check_pairs(
    found: Sequence[Traces], host: Host, kept: Kept, rtld_global: Sequence[str] = ()
) -> Iterator[Pair]:
    """All pairs of targets, in the order of the targets; those that share something are opened."""
    for one, other in combinations(found, 2):
        names = one.target, other.target
        if one.distribution is not None and one.distribution == other.distribution:
            reason = f"two builds of {one.distribution} are never installed together"
            yield Pair(names, host, Shared(), left_out=reason)
            continue
        shares = shared(one, other, rtld_global)
        if not shares:
            yield Pair(names, host, shares)
            continue
        try:
            targets = kept.read(names[0]), kept.read(names[1])
        except InputError as e:
            yield Pair(names, host, shares, left_out=f"cannot be read again: {e}")
            continue
        sequels = both_orders(targets, host, shares, rtld_global)
        orders = (Order(s.first.name, s.second.name, judge_sequel(s)) for s in sequels)
        common = judge_conflicts(conflicts(targets))
        for sequel, alone in zip(sequels, (other, one), strict=True):
            common += _failing(sequel, alone, host)
        yield Pair(names, host, shares, common, tuple(orders))


def _failing(sequel: Sequel, alone: Traces, host: Host) -> tuple[Finding, ...]:
    """Load failures that only show when both are installed: what is found then does not fit."""
    known = {m.name: {(f.kind, f.name) for f in m.failures} for m in alone.modules}
    modules = [
        m._replace(failures=tuple(f for f in m.failures if (f.kind, f.name) not in known[m.name]))
        for m in sequel.failing
    ]
    failing = tuple(m for m in modules if m.failures)
    return judge(Analysis(sequel.installed, host, failing, ())) if failing else ()
