"""What is known of the callers in one object: who calls a function, and what is live by that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet


class Callers(dict[int, frozenset[int]]):
    """The callers of functions, found out when they are first asked for: no call for the rest."""

    def __init__(self, find: Callable[[int], frozenset[int]]) -> None:
        self._find = find

    def __missing__(self, function: int) -> frozenset[int]:
        found = self[function] = self._find(function)
        return found


class FollowedTables:
    """What is known of the callers in one object while certain of its tables are followed.

    ``in_tables`` are the symbols and functions that stand in these, with the functions that refer
    to the tables. Whatever else the data refers to counts as called. ``misread`` are functions
    that only seem to call these.
    """

    def __init__(
        self,
        in_tables: Mapping[str | int, frozenset[int]],
        tables: frozenset[int],
        table_symbols: frozenset[str],
        constructors: frozenset[int],
        callers: Callers,
        misread: Mapping[str | int, frozenset[int]],
    ) -> None:
        self._in_tables = in_tables
        self._misread = misread
        self.callers = callers
        if in_tables or misread:
            self.callers = Callers(lambda one: self.with_tables(one, callers[one]))
        self.tables = tables.difference(in_tables)
        self.table_symbols = table_symbols.difference(in_tables)
        self.live = set(self.tables | constructors)
        self.expanded: set[int] = set()
        self.follows: defaultdict[int, list[int]] = defaultdict(list)
        self.behind: dict[str, frozenset[int]] = {}

    def with_tables(self, called: str | int, callers: frozenset[int]) -> frozenset[int]:
        """The ``callers`` of a function or users of a symbol, with the users of its tables."""
        callers = callers.difference(self._misread.get(called, ()))
        return callers.union(self._in_tables.get(called, ()))

    def trace(self, functions: AbstractSet[int]) -> None:
        """Find out which of ``functions`` are live; others become so where they are met."""
        live, follows = self.live, self.follows
        new = functions - self.expanded - live
        while new:
            self.expanded |= new
            before: set[int] = set()
            for function in new:
                callers = self.callers[function]
                if live.isdisjoint(callers):
                    for caller in callers:
                        follows[caller].append(function)
                    before |= callers
                else:
                    self._revive(function)
            new = before - self.expanded - live

    def _revive(self, function: int) -> None:
        """``function`` is live, and so is all that was found to be called by it."""
        pending = [function]
        for one in pending:
            if one not in self.live:
                self.live.add(one)
                pending += self.follows.pop(one, ())
