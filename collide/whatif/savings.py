"""Counts what a change of a host saves at its start-up: relocations with a symbol, and lookups.

Where a reference is bound by the link editor its relocations are gone, or need no symbol any
more. What the host opens in place of linking it is relocated then, and not at start-up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from collide.analysis.start_up import knows_references
from collide.elf.relocation_counts import Counts, Run, counted, read_runs
from collide.elf.symbols import Reference
from collide.loader.model import Dso
from collide.support.records import NamedTuple
from collide.support.text import plural
from collide.whatif.whatif import WhatIf


class Work(NamedTuple):
    """What start-up does: ``at_once``, and ``late`` at the first call of each function."""

    at_once: Counts = Counts()
    late: Counts = Counts()


class Savings(NamedTuple):
    """The work of start-up before and after a change, of all objects of the host."""

    before: Work
    after: Work

    def __str__(self) -> str:
        return "; ".join(filter(None, (self._part("", 0), self._part(" at first calls", 1))))

    def as_dict(self) -> dict[str, dict[str, dict[str, int]]]:
        """For JSON: the counts by ``before`` and ``after``, ``at_once`` and ``late``."""
        return {
            when: {part: counts._asdict() for part, counts in work._asdict().items()}
            for when, work in self._asdict().items()
        }

    def _part(self, when: str, part: int) -> str:
        was, now = self.before[part], self.after[part]
        if part and was == now:
            return ""
        lookups = f"{was.lookups - now.lookups} of {plural(was.lookups, 'symbol lookup')}{when}"
        relocations = (
            f"{was.relocations - now.relocations} of {plural(was.relocations, 'relocation')}"
        )
        # A late relocation is one lookup.
        return lookups if part else f"{relocations} with a symbol, {lookups}"


def savings(tried: WhatIf) -> Savings | None:
    """What a change saves; None where the files of the host's objects are not at hand."""
    if not knows_references(tried.before.host):
        return None
    stays = {m.dso.path for m in tried.after.host.process.global_scope}
    before, after = Work(), Work()
    for m in tried.before.host.process.global_scope:
        data = m.dso.read()
        if not data:
            return None
        runs = read_runs(data)
        before = _sum(before, _work(m.dso, runs))
        if m.dso.path in stays:
            fate = tried.fates.get(m.dso.path, {})
            after = _sum(after, _work(m.dso, _without_bound(runs, fate)))
    return Savings(before, after)


def _sum(one: Work, other: Work) -> Work:
    return Work(one.at_once + other.at_once, one.late + other.late)


def _work(dso: Dso, runs: Iterable[Run]) -> Work:
    listed = tuple(runs)
    if dso.elf.bind_now:
        return Work(counted(listed))
    return Work(
        counted(run for run in listed if not run.late), counted(run for run in listed if run.late)
    )


def _without_bound(
    runs: Iterable[Run], fate: Mapping[Reference, Reference | None]
) -> Iterable[Run]:
    bound = {(r.name, r.version, r.lookup_class) for r, now in fate.items() if now is None}
    return (run for run in runs if run[:3] not in bound)
