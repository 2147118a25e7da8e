"""The graph of one object's code by numbers, and what runs once functions of it are called."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from copy import copy
from functools import cached_property
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
        self._starts = functions.starts
        self.functions = len(self._starts)
        self.numbers = {start: number for number, start in enumerate(self._starts)}
        self.symbols = tuple(dict.fromkeys((*names.values(), *symbols)))
        self._by_name = {name: at for at, name in enumerate(self.symbols, self.functions)}
        numbers = self.numbers | {at: self._by_name[name] for at, name in names.items()}
        self._heads, self._leads = _edges(functions, sites.lists, numbers)
        self._padded = set[int]()
        for own in map(self.numbers.__getitem__, linkages):
            row = slice(self._heads[own], self._heads[own + 1])
            leads = [to for to in self._leads[row] if to < self.functions]
            if own not in leads:
                self._padded.add(own)
            leads += [own] * (row.stop - row.start - len(leads))
            self._leads[row] = array("i", leads)

    def without(self, misread: Mapping[str | int, frozenset[int]]) -> Graph:
        """The same but for edges: what only seems to be called, by functions that seem to do so."""
        if not misread:
            return self
        other = copy(self)
        other._leads = leads = self._leads[:]
        for what, functions in misread.items():
            to = self._number(what)
            for own in map(self.numbers.__getitem__, functions):
                for at in range(self._heads[own], self._heads[own + 1]):
                    if leads[at] == to:
                        leads[at] = own
        return other

    def _number(self, what: str | int) -> int:
        return self._by_name[what] if isinstance(what, str) else self.numbers[what]

    def body(self, function: int) -> tuple[AbstractSet[str], AbstractSet[int]]:
        """The symbols that one function uses, and the functions that it calls."""
        number = self.numbers[function]
        row = set(self._leads[self._heads[number] : self._heads[number + 1]])
        if number in self._padded:
            row.discard(number)
        names = frozenset(self.symbols[to - self.functions] for to in row if to >= self.functions)
        return names, frozenset(self._starts[to] for to in row if to < self.functions)

    def further(self, tables: Mapping[str | int, frozenset[int]]) -> dict[int, list[int]]:
        """The edges by which functions lead to what stands in the ``tables`` that they refer to.

        Equal users of a table are one number more, behind all others, and lead to it by that.
        """
        found: dict[int, list[int]] = {}
        groups: dict[frozenset[int], list[int]] = {}
        for what, users in tables.items():
            groups.setdefault(users, []).append(self._number(what))
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


class FollowedGraph:
    """The graph of an object in which certain ``tables`` are followed."""

    def __init__(self, graph: Graph, tables: FollowedTables) -> None:
        self._graph = graph.without(tables.misread)
        self.tables = tables
        self.numbers = graph.numbers
        self._further = graph.further(tables.in_tables)
        self._symbols = range(graph.functions, graph.functions + len(graph.symbols))
        self.size = self._symbols.stop + len(set(tables.in_tables.values()))

    def call(self, functions: Iterable[int], seen: bytearray) -> set[str]:
        """Mark in ``seen`` what ``functions`` lead to, and them; returns symbols that are new."""
        numbers, symbols = self.numbers, self._graph.symbols
        seeds = [numbers[one] for one in functions if one in numbers]
        found = self._graph.walk(seeds, seen, self._further)
        return {symbols[at - self._symbols.start] for at in found if at in self._symbols}

    @cached_property
    def in_use(self) -> tuple[int, frozenset[str]]:
        """What runs as soon as something calls into the object: marks in one number, symbols."""
        seen = bytearray(self.size)
        symbols = self.call(self.tables.roots, seen) | self.tables.table_symbols
        return int.from_bytes(seen, "little"), frozenset(symbols)


class Running:
    """What runs in one object, with all that is called in it; it only grows.

    What else data or a constructor refers to runs with :meth:`enter`.
    """

    def __init__(self, graph: FollowedGraph) -> None:
        self._graph = graph
        self._seen = bytearray(graph.size)

    def enter(self) -> frozenset[str]:
        """Something calls into the object; returns the symbols that are used by that."""
        seen, symbols = self._graph.in_use
        both = seen | int.from_bytes(self._seen, "little")
        self._seen[:] = both.to_bytes(len(self._seen), "little")
        return symbols

    def call(self, functions: Iterable[int]) -> set[str]:
        """``functions`` are called, those of them that are some; returns the symbols used since."""
        return self._graph.call(functions, self._seen)

    def led_to(
        self, functions: AbstractSet[int], roots: AbstractSet[int], without: AbstractSet[int]
    ) -> AbstractSet[int]:
        """Those of ``functions`` that ``roots`` lead to, but not by those that are left out."""
        numbers = self._graph.numbers
        for one in without & numbers.keys():
            self._seen[numbers[one]] = 1
        self.call(roots)
        return {one for one in functions - without if self._seen[numbers[one]]}

    def is_called(self, function: int) -> bool:
        """Whether another function than itself that runs leads to a function."""
        callers = self._graph.tables.callers[function] - {function}
        return any(self._seen[self._graph.numbers[caller]] for caller in callers)
