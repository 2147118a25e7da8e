"""Which findings a repair removes, tried in memory.

The whole proof is :mod:`collide.repair_proof`'s, which the repair itself makes
and stops at. Here it is enough that a finding is gone and that nothing new
fails: a name that no plan touches binds as before, since a lookup depends on
nothing but the candidates of its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from collide.analysis import Analysis
from collide.errors import CollideError
from collide.judge import Finding, judge
from collide.repair import in_memory, new_failures
from collide.repair_request import Names, Options, make_request
from collide.wheel import Target

_TAG = "c00000000"
"""What makes new names that no wheel has: they are never written."""


class Adviser:
    """Tries repairs of one target, host by host; reads its files only when it must."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._names: Names | None = None

    def removed(self, analysis: Analysis, findings: Sequence[Finding]) -> frozenset[int]:
        """The numbers of the ``findings`` that ``collide repair`` for this host removes."""
        target = self._target
        if not findings or target.tags is None or target.problems:
            return frozenset()
        try:
            names = self._names = self._names or Names(target, [Path(target.name)])
            request = make_request([target], [analysis], names, Options(), _TAG)
            tried = in_memory(target, (analysis,), request)
            if tried.plan.objects:
                _ = names.python  # a repair reads them, and stops at what cannot be read
        except CollideError:
            return frozenset()
        (after,) = tried.after
        if not tried.plan.objects or new_failures(analysis, after):
            return frozenset()
        left = {_key(f) for f in judge(after)}
        moved = tried.plan.moved
        return frozenset(
            number
            for number, finding in enumerate(findings)
            if _key(finding._replace(victim=moved.get(finding.victim, finding.victim))) not in left
        )


def _key(finding: Finding) -> tuple[str, str, str | None]:
    return finding.code.id, finding.victim, finding.provider
