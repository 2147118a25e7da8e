"""The graph of one object's code by numbers, and what runs once functions of it are called."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import accumulate, chain

from collide.elf import native
from collide.elf.code.branches import Functions, Sites

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.elf.code.callers import FollowedTables


class Graph:
    """What each function leads to: functions of the same object and symbols, by numbers.

    A function leads to what it calls, jumps to or takes the address of. ``numbers`` are those of
    functions, in the order of their addresses; ``symbols`` have the numbers behind them. A linkage
    table that is listed as a function, one of ``linkages``, uses no symbol.
    """

    def __init__(
        self,
        functions: Functions,
        sites: Sites,
        names: Mapping[int, str],
        symbols: Iterable[str],
        linkages: AbstractSet[int],
    ) -> None:
        """``names`` are the symbols of linkage entries and slots, ``symbols`` further ones."""
        starts = functions.starts
        self.functions = len(starts)
        self.numbers = {start: number for number, start in enumerate(starts)}
        self.symbols = tuple(dict.fromkeys((*names.values(), *symbols)))
        self._by_name = {name: at for at, name in enumerate(self.symbols, self.functions)}
        numbers = self.numbers | {at: self._by_name[name] for at, name in names.items()}
        self._heads, self._leads = _edges(functions, sites.lists, numbers)
        for function in linkages:
            own = self.numbers[function]
            row = slice(self._heads[own], self._heads[own + 1])
            kept = [min(to, own) if to >= self.functions else to for to in self._leads[row]]
            self._leads[row] = array("i", kept)

    def further(self, tables: Mapping[str | int, frozenset[int]]) -> dict[int, list[int]]:
        """The edges by which functions lead to what stands in the ``tables`` that they refer to.

        Equal users of a table are one number more, behind all others, and lead to it by that.
        """
        found: dict[int, list[int]] = {}
        groups: dict[frozenset[int], list[int]] = {}
        for what, users in tables.items():
            to = self._by_name[what] if isinstance(what, str) else self.numbers[what]
            groups.setdefault(users, []).append(to)
        behind = self.functions + len(self.symbols)
        for number, (users, reached) in enumerate(groups.items(), behind):
            found[number] = reached
            for user in users:
                found.setdefault(self.numbers[user], []).append(number)
        return found

    def walk(self, seeds: list[int], seen: bytearray, further: dict[int, list[int]]) -> list[int]:
        """Mark in ``seen`` all that ``seeds`` lead to; returns what is new and no function."""
        if native.compiled:
            return native.compiled.walk(self._heads, self._leads, further, seeds, seen)
        heads, leads, found, pending = self._heads, self._leads, list[int](), list[int]()

        def visit(numbers: Iterable[int]) -> None:
            for number in numbers:
                if not seen[number]:
                    seen[number] = 1
                    pending.append(number)
                    if number >= self.functions:
                        found.append(number)

        visit(seeds)
        while pending:
            number = pending.pop()
            if number < self.functions:
                visit(leads[heads[number] : heads[number + 1]])
            visit(further.get(number, ()))
        return found


def _edges(
    functions: Functions, lists: dict[int, list[int] | None], numbers: dict[int, int]
) -> tuple[array[int], array[int]]:
    """Where the edges of each function begin, and what they lead to."""
    if native.compiled and (column := functions.column()) is not None:
        found = native.compiled.edges(column, lists, numbers, functions.linkage)
        heads, leads = array("i"), array("i")
        heads.frombytes(found[0])
        leads.frombytes(found[1])
        return heads, leads
    rows: list[list[int]] = [[] for _ in functions.starts]
    for address, places in lists.items():
        for place in places or ():
            if place not in functions.linkage:
                rows[functions.number(place)].append(numbers[address])
    heads = array("i", accumulate(map(len, rows), initial=0))
    return heads, array("i", chain.from_iterable(rows))


class Running:
    """What runs in one object, with all that is called in it; it only grows.

    ``tables`` are followed, and what else data or a constructor refers to runs with :meth:`enter`.
    """

    def __init__(self, graph: Graph, tables: FollowedTables) -> None:
        self._graph = graph
        self._tables = tables
        self._further = graph.further(tables.in_tables)
        groups = len(set(tables.in_tables.values()))
        self._symbols = range(graph.functions, graph.functions + len(graph.symbols))
        self._seen = bytearray(self._symbols.stop + groups)

    def enter(self) -> set[str]:
        """Something calls into the object; returns the symbols that are used since."""
        return self.call(self._tables.roots) | self._tables.table_symbols

    def call(self, functions: Iterable[int]) -> set[str]:
        """``functions`` are called, those of them that are some; returns as :meth:`enter` does."""
        numbers = self._graph.numbers
        seeds = [numbers[one] for one in functions if one in numbers]
        symbols = self._graph.symbols
        found = self._graph.walk(seeds, self._seen, self._further)
        return {symbols[at - self._symbols.start] for at in found if at in self._symbols}

    def is_called(self, function: int) -> bool:
        """Whether another function than itself that runs leads to a function."""
        numbers, callers = self._graph.numbers, self._tables.callers[function] - {function}
        return any(self._seen[numbers[caller]] for caller in callers)
