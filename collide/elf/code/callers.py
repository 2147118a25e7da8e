"""What is known of the callers in one object."""

from __future__ import annotations

from collections.abc import Callable, Mapping


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
    to the tables. Whatever else the data refers to counts as called: with the constructors that
    are ``roots``, which run as soon as the object is in use. ``misread`` are functions that only
    seem to call these.
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
        self.in_tables = in_tables
        self.misread = misread
        self.callers = callers
        if in_tables or misread:
            self.callers = Callers(lambda one: self.with_tables(one, callers[one]))
        self.tables = tables.difference(in_tables)
        self.table_symbols = table_symbols.difference(in_tables)
        self.roots = self.tables | constructors

    def with_tables(self, called: str | int, callers: frozenset[int]) -> frozenset[int]:
        """The ``callers`` of a function or users of a symbol, with the users of its tables."""
        callers = callers.difference(self.misread.get(called, ()))
        return callers.union(self.in_tables.get(called, ()))
