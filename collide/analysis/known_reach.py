"""Asks once what code can run, for all hosts on which the objects of a target are bound alike."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from collections.abc import Set as AbstractSet

from collide.analysis.reachability import Reach
from collide.binding.binding import BindingGroup
from collide.loader.model import Dso


class _Answers:
    """What :class:`Reach` said where the objects have these ``bindings`` to each other.

    The bindings are kept with it, as their identities stand for them. ``read`` are the objects
    whose calls it was asked for.
    """

    def __init__(self, bindings: Mapping[Dso, tuple[BindingGroup, ...]]) -> None:
        self.bindings = bindings
        self.read: frozenset[Dso] = frozenset()
        self.uses: dict[tuple[Dso, frozenset[str]], AbstractSet[str]] = {}
        self.runs: dict[tuple[Dso, frozenset[int]], AbstractSet[int]] = {}


class KnownReach:
    """The answers about one target on one host after the other."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, _Answers] = {}

    def of(self, reach: Reach, further: Hashable) -> ReachOnHost:
        """What asks ``reach`` only what it was not asked on another host.

        ``further`` is all that decides an answer beside the bindings and the calls of the target.
        """
        objects = reach.objects
        bindings = {
            one.dso: tuple(g for g in one.groups.values() if not g.providers.isdisjoint(objects))
            for one in objects.values()
        }
        groups = ((dso, frozenset(map(id, groups))) for dso, groups in bindings.items())
        key = reach.roots, frozenset(groups), further
        answers = self._answers.get(key)
        if answers is None:
            answers = self._answers[key] = _Answers(bindings)
        # Which tables are followed in an object is as on the host where they were followed first.
        for dso in answers.read:
            reach.calls_of(dso)
        return ReachOnHost(reach, answers)


class ReachOnHost:
    """A :class:`Reach` and what is known of it."""

    def __init__(self, reach: Reach, answers: _Answers) -> None:
        self._reach = reach
        self._answers = answers

    def uses(self, dso: Dso, names: Iterable[str]) -> AbstractSet[str]:
        """See :meth:`Reach.uses`."""
        question, known = (dso, frozenset(names)), self._answers.uses
        if question not in known:
            known[question] = self._reach.uses(*question)
            self._note_read()
        return known[question]

    def runs(self, dso: Dso, functions: Iterable[int]) -> AbstractSet[int]:
        """See :meth:`Reach.runs`."""
        question, known = (dso, frozenset(functions)), self._answers.runs
        if question not in known:
            known[question] = self._reach.runs(*question)
            self._note_read()
        return known[question]

    def _note_read(self) -> None:
        objects = self._reach.objects.values()
        self._answers.read |= {one.dso for one in objects if one.is_read}
