"""Finds which functions of an object call a function, and which use a symbol.

Which copy of a library is in use depends on which functions run, and calls inside one object are
in no table: those to static functions need no relocation. So the code itself is scanned
(:mod:`collide.elf.code.branches`) for what leads to the start of a function, a PLT entry, or a
slot of the global offset table.

What runs is followed along the graph of all calls (:mod:`collide.elf.code.graph`); where callers
are asked for, that is one step back at a time. The code of a small object is scanned once and
whole. In a large one the calls come first; the rest is scanned when these do not answer.

Where functions begin is read from unwind tables (:mod:`collide.elf.code.unwind`). x86-64
and aarch64 are known: elsewhere :func:`read_calls` gives None, and every function counts as
called.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise
from types import MappingProxyType

from collide.elf.code.branches import Functions, Sites
from collide.elf.code.callers import Callers, FollowedTables
from collide.elf.code.cffi_tables import IMPORT, MARK, cffi_functions
from collide.elf.code.graph import FollowedGraph, Graph, Running
from collide.elf.code.linker_tables import Tables, executable
from collide.elf.code.machine_code import READABLE
from collide.elf.code.own_tables import among, entered, from_outside
from collide.elf.code.scanned import Contents, Scanned
from collide.elf.code.table_users import users_of_tables
from collide.elf.code.unwind import Frames
from collide.elf.constants import DT_FINI, DT_INIT
from collide.elf.headers import Image
from collide.elf.symbol_table import DynamicSymbols
from collide.elf.symbols import Exports
from collide.support.errors import FormatError

TYPE_CHECKING = False


LARGEST = 128 << 20
"""Bytes of code up to which calls are worth reading; one library of tensorflow has 300 MB."""
BROKEN = (FormatError, struct.error, IndexError, ValueError, KeyError, OverflowError)
"""What the reading of corrupt bytes raises."""


def read_calls(data: Contents, again: Callable[[], Contents] | None = None) -> Calls | None:
    """The calls of one object; None where they cannot be found.

    That is on other machines than x86-64 and aarch64, without ``.eh_frame_hdr``, where
    the file is corrupt, and where the unwind tables cannot be those of its code
    (:meth:`collide.elf.code.unwind.Frames.describe`): the loader reads none of them.
    ``again`` gives the contents anew, when more of a large object is asked for: they are not kept.
    """
    try:
        image = Image(memoryview(data))
        if image.machine.name not in READABLE:
            return None
        frames = Frames(image)
        if not frames.starts or not frames.describe(_code_ranges(image, frames.starts)):
            return None
        calls = Calls(image, frames, again or (lambda: data))
        asks = IMPORT in calls.data_symbols or calls.places(IMPORT)
        if asks and not isinstance(data, memoryview) and data.find(MARK) >= 0:
            calls.by_name = cffi_functions(image, Tables(image).pointers, frozenset(frames.starts))
        return calls
    except BROKEN:
        return None


def called_directly(data: Contents, functions: Iterable[int]) -> AbstractSet[int]:
    """Those of ``functions`` that the code of an object calls by their addresses.

    It is asked of objects whose calls are not known, as most of their functions have no frame
    description: calls are found without these. Empty on machines whose code is not read.
    """
    try:
        image = Image(memoryview(data))
        if image.machine.name not in READABLE:
            return frozenset()
        wanted = frozenset(functions)
        sites = Sites(wanted)
        pieces = list(executable(image))
        bounds = [at for address, code in pieces for at in (address, address + len(code))]
        split = Functions(sorted(wanted), max(bounds))
        machine = READABLE[image.machine.name].segment
        for address, code in pieces:
            machine(code, address, max(bounds) - min(bounds)).scan(machine.forms[0], sites, split)
        return frozenset(one for one in wanted if sites.to(one))
    except BROKEN:
        return frozenset()


def _code_ranges(image: Image, starts: Sequence[int]) -> list[range]:
    """Where the code is: the executable segments, or the part of one that crti and crtn enclose.

    Linkers before ``-z separate-code`` put headers and constants into the segment of the code. In
    their order (``ld --verbose``) ``.init`` is the first section of code and ``.fini`` the last.
    Raises FormatError for segments that overlap.
    """
    ranges = sorted(
        (range(address, address + len(code)) for address, code in executable(image)),
        key=lambda found: found.start,
    )
    if any(one.stop > other.start for one, other in pairwise(ranges)):
        raise FormatError("executable segments that overlap")
    first, last = image.one(DT_INIT, -1), image.one(DT_FINI, -1)
    for found in ranges:
        if first in found and last in found and first <= starts[0] and starts[-1] <= last:
            return [range(first, last)]
    return ranges


def _by_address(exports: DynamicSymbols) -> Mapping[int, Sequence[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    for name, value in exports.values():
        for one in [d.value for d in exports.candidates(name)] if value is None else [value]:
            found[one or 0].append(name)
    return found


_ByCallee = Mapping[str | int, frozenset[int]]
_Frozen = frozenset[tuple[str | int, frozenset[int]]]
_Asked = tuple[frozenset[str], tuple[tuple[range, ...], ...], bool]
_UNASKED: _Asked = frozenset(), (), True


class Lending:
    """What was read so far of what functions lend (:mod:`collide.elf.code.lent`).

    ``read`` are these functions, ``by_address`` those that call an address or through a slot,
    with the registers that then hold memory of their own, as bits. ``machine`` is what reads them.
    """

    def __init__(self) -> None:
        self.machine = ""
        self.read: set[int] = set()
        self.by_address: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)


class Calls(Scanned):
    """What calls the functions of one object, which are named by their address.

    ``constructors`` run when the object is loaded. ``tables`` are the functions
    and ``table_symbols`` the symbols that its data refers to: tables of
    methods, of callbacks. ``by_name`` are those of them that Python code gets by a name alone.
    """

    by_name: Mapping[str, AbstractSet[int]] = MappingProxyType({})

    def __init__(self, image: Image, frames: Frames, again: Callable[[], Contents]) -> None:
        """See :class:`Scanned`."""
        super().__init__(image, frames, again)
        names, sites, split = self._names, self._sites, self._split
        self._callers = Callers(lambda one: split.holding(() if one in names else sites.to(one)))
        self._graph: Graph | None = None
        self._graphs: dict[FollowedTables, FollowedGraph] = {}
        self._users: dict[str, frozenset[int]] = {}
        self._table_users: dict[str | int, frozenset[int] | None] = {}
        self._forget()
        self._offered: Mapping[int, Sequence[str]] | None = None
        self.lending = Lending()

    def more(self) -> None:
        """Scan a large object for the next form of instructions."""
        image = Image(memoryview(self._again()))
        self._scan(self._segments(executable(image)))
        self._callers.clear()
        self._users.clear()
        self._graph = None
        self._graphs.clear()
        self._forget()

    @property
    def graph(self) -> Graph:
        """What all functions lead to, as far as the code is scanned."""
        if self._graph is None:
            symbols = self._table_symbols
            self._graph = Graph(self._split, self._sites, self._names, symbols, self._linkages)
        return self._graph

    def body(self, function: int) -> tuple[AbstractSet[str], AbstractSet[int]]:
        """See :class:`Scanned`; nothing is read again once all code is scanned."""
        if self.whole and function in self.graph.numbers:
            return self.graph.body(function)
        return super().body(function)

    def callers(self, function: int) -> AbstractSet[int]:
        """The functions of the same object that call it, jump to it or take its address."""
        return self._now.callers[function]

    def users(self, name: str) -> AbstractSet[int]:
        """The functions that use a symbol through a PLT entry or the global offset table."""
        found = self._users.get(name)
        if found is None:
            sites = [site for at in self._places.get(name, ()) for site in self._sites.to(at)]
            found = self._users[name] = self._split.holding(sites) - self._linkages
        return self._now.with_tables(name, found)

    @property
    def tables(self) -> frozenset[int]:
        """The functions that data refers to, less those whose tables are followed."""
        return self._now.tables

    @property
    def data_symbols(self) -> frozenset[str]:
        """The symbols that data refers to, whatever tables are followed."""
        return self._table_symbols

    @property
    def table_symbols(self) -> frozenset[str]:
        """The symbols that data refers to, less those whose tables are followed."""
        return self._now.table_symbols

    def leave_out(self, names: AbstractSet[str]) -> None:
        """Let what is got by one of ``names`` alone be called by nothing in the data."""
        tables = self._tables.difference(*(self.by_name[name] for name in names))
        if tables != self._tables:
            self._tables = tables
            self._forget()

    def follow_tables(
        self,
        names: AbstractSet[str],
        exports: Exports,
        variables: Callable[[], AbstractSet[int]],
        interiors: Sequence[tuple[range, ...]] = (),
        *,
        at_load: bool = True,
    ) -> None:
        """Let what stands in a table be used by the functions that refer to the table.

        That is done for ``names`` and for the functions that lead to them, which may stand there
        by a name of their own among ``exports``, and from now on for nothing else, whatever was
        asked before. It is not done for what stands behind one of ``variables``, which have names,
        nor in a large object, whose code would be scanned once more.

        Other functions of a library that lies in one of the ``interiors`` are called through
        tables by that library: as soon as any function of it is called from elsewhere. What
        constructors call is left out unless ``at_load``.
        """
        wanted = frozenset(names)
        key = wanted, tuple(interiors), at_load
        found = self._followed.get(key)
        if found is None:
            self._now = self._followed[_UNASKED]
            if wanted and interiors:
                while self._left:
                    self.more()
            leading = self.behind(wanted)
            offered = self.offered(exports)
            named = wanted.union(*(offered.get(function, ()) for function in leading))
            in_data = self._tables.intersection(leading) | (named & self._table_symbols)
            users = self._users_of(in_data, variables)
            misread: dict[str | int, frozenset[int]] = {}
            for interior in interiors:
                called, not_called = self._called_inside(interior, wanted, offered)
                users = {**called, **users}
                misread |= not_called
            new = self._following(users, at_load, misread)
            alike = frozenset(users.items()), frozenset(misread.items()), at_load
            found = self._by_tables.setdefault(alike, new)
        self._now = self._followed[key] = found

    def _called_inside(
        self,
        interior: Sequence[range],
        kept: AbstractSet[str],
        offered: Mapping[int, Sequence[str]],
    ) -> tuple[_ByCallee, _ByCallee]:
        """What stands in tables of a library, with those functions of it that others call.

        They do so by an address or by one of the names ``kept``; whether they do is not asked.
        Then who only seems to call what of the library.
        """
        known = self._entered.get(interior)
        if known is None:
            known = self._entered[interior] = self._entered_from_outside(interior, offered)
        inside, called, in_tables, misread = known
        named = {one for one in inside if not kept.isdisjoint(offered.get(one, ()))}
        return dict.fromkeys(in_tables, called | named), misread

    def _entered_from_outside(
        self, interior: Sequence[range], offered: Mapping[int, Sequence[str]]
    ) -> tuple[frozenset[int], frozenset[int], AbstractSet[str | int], _ByCallee]:
        """The functions of a library, those that others call by address, what stands in tables."""
        starts = self.functions
        bounds = ((bisect_left(starts, p.start), bisect_left(starts, p.stop)) for p in interior)
        inside = frozenset(one for first, last in bounds for one in starts[first:last])
        image = Image(memoryview(self._again()))
        sites = self._sites
        places: dict[str | int, Collection[int]] = {one: sites.to(one) for one in inside}
        for name in {name for one in inside for name in offered.get(one, ())}:
            places[name] = [site for at in self.places(name) for site in sites.to(at)]
        callers, misread = from_outside(places, inside, self._split, image)
        called = entered(callers, inside, sites, self._split, self.constructors)
        names = among(self._table_symbols, image, inside, offered)
        return inside, called, names | self._tables.intersection(inside), misread

    def _users_of(
        self, wanted: AbstractSet[str | int], variables: Callable[[], AbstractSet[int]]
    ) -> dict[str | int, frozenset[int]]:
        """The users of the tables of ``wanted``, as far as they can be found."""
        new = wanted - self._table_users.keys()
        if new and self._is_small and self._machine.names_data:
            image = Image(memoryview(self._again()))
            code = self._segments(executable(image))
            self._table_users |= users_of_tables(new, Tables(image), code, self._split, variables())
        users = self._table_users
        return {one: found for one in wanted if (found := users.get(one)) is not None}

    def _following(
        self, in_tables: _ByCallee, at_load: bool, misread: _ByCallee = MappingProxyType({})
    ) -> FollowedTables:
        tables, symbols = self._tables, self._table_symbols
        constructors = self.constructors if at_load else frozenset()
        return FollowedTables(in_tables, tables, symbols, constructors, self._callers, misread)

    def _forget(self) -> None:
        """Forget what was found by the tables or by the code as they were."""
        self._now = self._following({}, at_load=True)
        self._entered: dict[
            Sequence[range],
            tuple[frozenset[int], frozenset[int], AbstractSet[str | int], _ByCallee],
        ] = {}
        unasked: tuple[_Frozen, _Frozen, bool] = frozenset(), frozenset(), True
        self._by_tables = {unasked: self._now}
        self._followed: dict[_Asked, FollowedTables] = {_UNASKED: self._now}

    def offered(self, exports: Exports) -> Mapping[int, Sequence[str]]:
        """The addresses that ``exports``, those of this object, offer, with all their names."""
        if self._offered is None:
            self._offered = _by_address(exports) if isinstance(exports, DynamicSymbols) else {}
        return self._offered

    # -- what runs once something calls into the object -------------------------------------------

    def running(self) -> Running:
        """What runs by what is called, from nothing on; tables are followed as they are now."""
        tables, graphs = self._now, self._graphs
        if tables not in graphs:
            graphs[tables] = FollowedGraph(self.graph, tables)
        return Running(graphs[tables])

    def behind(self, names: Collection[str]) -> frozenset[int]:
        """All functions that lead to a use of one of ``names``."""
        return self.with_callers(frozenset().union(*map(self.users, names)))

    def leading_to(self, names: Collection[str]) -> AbstractSet[int]:
        """All functions that lead to a use of one of ``names``, whatever tables are followed."""
        now, self._now = self._now, self._followed[_UNASKED]
        found = self.behind(names)
        self._now = now
        return found

    def with_callers(self, new: AbstractSet[int]) -> frozenset[int]:
        """Functions with all that lead to them."""
        seen: set[int] = set()
        callers = self._now.callers.__getitem__
        while new:
            seen |= new
            new = frozenset().union(*map(callers, new)) - seen
        return frozenset(seen)

    # -- what runs as soon as the object is loaded ------------------------------------------------

    def used_at_load(
        self, exported: Callable[[str], Iterable[int]] = lambda _: ()
    ) -> frozenset[str]:
        """The symbols that constructors use, with all that they call in the same object.

        ``exported`` gives the functions of the object that a symbol is bound to.
        """
        found = _used_by(self.constructors, self.body, exported)
        self._read_anew.clear()
        return found


def _used_by(
    functions: AbstractSet[int],
    body: Callable[[int], tuple[AbstractSet[str], AbstractSet[int]]],
    exported: Callable[[str], Iterable[int]],
) -> frozenset[str]:
    """The symbols that ``functions`` use, with all that they call in the same object."""
    used: set[str] = set()
    pending, seen = list(functions), set(functions)
    for function in pending:
        names, called = body(function)
        called = set(called).union(*map(exported, names - used)) - seen
        used |= names
        seen |= called
        pending += sorted(called)
    return frozenset(used)
