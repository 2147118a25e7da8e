"""Asks once what code can run, for all hosts on which the objects of a target are bound alike."""

from __future__ import annotations

from collections.abc import Hashable

from collide.analysis.reachability import Reach


class KnownReach:
    """What runs of one target on one host after the other."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Reach] = {}

    def of(self, reach: Reach, further: Hashable) -> Reach:
        """``reach``, or the same of another host, which has found out what runs.

        ``further`` is all that decides an answer beside the bindings and the calls of the target.
        """
        objects = reach.objects
        # The identities of bindings stand for them: they are kept with what is known.
        groups = frozenset(
            (dso, number)
            for dso, one in objects.items()
            for number, group in one.groups.items()
            if not group.providers.isdisjoint(objects)
        )
        known = self._known.setdefault((reach.roots, groups, further), reach)
        if known is not reach:
            # Which tables are followed in an object is as on the first host.
            for dso in objects:
                reach.calls_of(dso)
        return known
