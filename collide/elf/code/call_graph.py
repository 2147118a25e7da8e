"""Finds which functions of an object call a function, and which use a symbol.

Which copy of a library is in use depends on which functions run, and calls inside one object are
in no table: those to static functions need no relocation. So the code itself is scanned
(:mod:`collide.elf.code.branches`) for what leads to the start of a function, a PLT entry, or a
slot of the global offset table.

Only callers are asked for, one step back at a time: nearly all questions are answered by a few
steps. The code of a small object is scanned once and whole. In a large one the calls come first;
the rest is scanned when these do not answer.

Where functions begin is read from unwind tables (:mod:`collide.elf.code.unwind`). x86-64
and aarch64 are known: elsewhere :func:`read_calls` gives None, and every function counts as
called.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise
from mmap import mmap
from types import MappingProxyType

from collide.elf.code.branches import Functions, Sites
from collide.elf.code.callers import Callers, FollowedTables
from collide.elf.code.cffi_tables import IMPORT, MARK, cffi_functions
from collide.elf.code.linker_tables import Tables, executable
from collide.elf.code.machine_code import READABLE
from collide.elf.code.table_users import users_of_tables
from collide.elf.code.unwind import Frames
from collide.elf.constants import DT_FINI, DT_INIT
from collide.elf.headers import Image
from collide.elf.symbol_table import DynamicSymbols
from collide.elf.symbols import Exports
from collide.support.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


_ENTRY_SIZES = (-24, -16, -8, 8, 16, 24)
"""How far the next entry of a linkage table may be."""
LARGEST = 128 << 20
"""Bytes of code up to which calls are worth reading; one library of tensorflow has 300 MB."""
_SMALL = 32 << 20
"""Bytes of code up to which all of it is scanned at once."""

Contents = bytes | bytearray | memoryview | mmap
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


def _none(_name: str) -> Iterable[int]:
    return ()


class Lending:
    """What was read so far of what functions lend (:mod:`collide.elf.code.lent`).

    ``read`` are these functions, ``by_address`` those that call an address or through a slot,
    with the registers that then hold memory of their own, as bits.
    """

    def __init__(self) -> None:
        self.read: set[int] = set()
        self.by_address: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)


class Calls:
    """What calls the functions of one object, which are named by their address.

    ``constructors`` run when the object is loaded. ``tables`` are the functions
    and ``table_symbols`` the symbols that its data refers to: tables of
    methods, of callbacks. ``by_name`` are those of them that Python code gets by a name alone.
    """

    by_name: Mapping[str, AbstractSet[int]] = MappingProxyType({})

    def __init__(self, image: Image, frames: Frames, again: Callable[[], Contents]) -> None:
        starts = frames.starts
        known = frozenset(starts)
        tables = Tables(image)
        self._machine = READABLE[image.machine.name]
        self.functions = starts
        self.constructors: frozenset[int] = tables.constructors & known
        self._tables: frozenset[int] = (known & tables.addresses) - self.constructors
        self._table_symbols: frozenset[str] = frozenset(tables.symbols)
        pieces = list(executable(image))
        bounds = [at for address, code in pieces for at in (address, address + len(code))]
        far = (*bounds, *tables.slots, starts[0])
        self._reach = max(far) - min(far)
        self._again = again
        segments = self._segments(pieces)
        names = dict(tables.slots)
        entries: dict[int, int] = {}
        for segment in segments:
            for start, place, name in segment.plt(tables.slots):
                names[start], entries[start] = name, place
        linked = {names[start] for start in entries}
        for slot in tables.jump_slots:
            # The entry stands for its slot; what else seems to read that is misread.
            if tables.slots[slot] in linked:
                del names[slot]
        self._names = names
        uncovered = _uncovered(frames, entries.keys())
        self._split = Functions(starts, max(bounds), {entries[entry] for entry in uncovered})
        self._places: dict[str, list[int]] = defaultdict(list)
        for address, name in names.items():
            self._places[name].append(address)
        # Procedure linkage tables stand in the search table of functions as a whole.
        self._linkages = _linkages(self._split, names, segments, entries.keys() - uncovered)
        self._sites = Sites(known.union(names))
        self._is_small = sum(len(code) for _, code in pieces) <= _SMALL
        # The most frequent ones, which answer most, come first.
        self._left = list(reversed(self._machine.segment.forms))
        for _ in self._left[: None if self._is_small else 1]:
            self._scan(segments)
        sites, split = self._sites, self._split
        self._callers = Callers(lambda one: split.holding(() if one in names else sites.to(one)))
        self._users: dict[str, frozenset[int]] = {}
        self._bodies: dict[int, tuple[AbstractSet[str], AbstractSet[int]]] = {}
        self._table_users: dict[str | int, frozenset[int] | None] = {}
        self._forget()
        self._offered: Mapping[int, Sequence[str]] | None = None
        self._read_anew: list[Any] = []
        self.lending = Lending()

    def _segments(self, pieces: Iterable[tuple[int, memoryview]]) -> list[Any]:
        return [self._machine.segment(code, address, self._reach) for address, code in pieces]

    @property
    def whole(self) -> bool:
        """Whether all code is scanned; until then only what is found is certain."""
        return not self._left

    def more(self) -> None:
        """Scan a large object for the next form of instructions."""
        image = Image(memoryview(self._again()))
        self._scan(self._segments(executable(image)))
        self._callers.clear()
        self._users.clear()
        self._forget()

    def _scan(self, segments: Iterable[Any]) -> None:
        form = self._left.pop()
        for segment in segments:
            segment.scan(form, self._sites, self._split)

    def places(self, name: str) -> Sequence[int]:
        """The addresses of the PLT entries and slots of a symbol."""
        return self._places.get(name, ())

    def range_of(self, function: int) -> range:
        """The addresses of a function's code."""
        return self._split.range_of(function)

    def callers(self, function: int) -> AbstractSet[int]:
        """The functions of the same object that call it, jump to it or take its address."""
        return self._now.callers[function]

    def users(self, name: str) -> AbstractSet[int]:
        """The functions that use a symbol through a PLT entry or the global offset table."""
        found = self._users.get(name)
        if found is None:
            sites = [site for at in self._places.get(name, ()) for site in self._sites.to(at)]
            found = self._users[name] = self._split.holding(sites) - self._linkages
        more = self._now.in_tables.get(name)
        return found | more if more else found

    def _all_users(self, names: Collection[str]) -> AbstractSet[int]:
        return frozenset().union(*map(self.users, names))

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
        self, names: AbstractSet[str], variables: Callable[[], AbstractSet[int]]
    ) -> None:
        """Let what stands in a table be used by the functions that refer to the table.

        That is done for ``names`` and for the functions that lead to them, and from now on for
        nothing else, whatever was asked before. It is not done for what stands behind one of
        ``variables``, which have names, nor in a large object, whose code would be scanned once
        more.
        """
        wanted = frozenset(names)
        found = self._followed.get(wanted)
        if found is None:
            self._now = self._followed[frozenset()]
            functions = self._tables.intersection(set().union(*map(self.behind, wanted)))
            in_data = functions | (wanted & self._table_symbols)
            users = self._users_of(in_data, variables)
            new = self._following(users)
            found = self._by_tables.setdefault(frozenset(users), new)
        self._now = self._followed[wanted] = found

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

    def _following(self, in_tables: Mapping[str | int, frozenset[int]]) -> FollowedTables:
        tables, symbols = self._tables, self._table_symbols
        return FollowedTables(in_tables, tables, symbols, self.constructors, self._callers)

    def _forget(self) -> None:
        """Forget what was found by the tables or by the code as they were."""
        self._now = self._following({})
        self._by_tables: dict[frozenset[str | int], FollowedTables] = {frozenset(): self._now}
        self._followed: dict[frozenset[str], FollowedTables] = {frozenset(): self._now}

    def offered(self, exports: Exports) -> Mapping[int, Sequence[str]]:
        """The addresses that ``exports``, those of this object, offer, with all their names."""
        if self._offered is None:
            self._offered = _by_address(exports) if isinstance(exports, DynamicSymbols) else {}
        return self._offered

    # -- what runs once something calls into the object -------------------------------------------

    def live(self, names: Collection[str]) -> AbstractSet[str]:
        """Those of ``names`` that a constructor or what data refers to uses, directly or not."""
        self._now.trace(self._all_users(names))
        return {name for name in names if not self._now.live.isdisjoint(self.users(name))}

    def behind(self, name: str) -> AbstractSet[int]:
        """All functions that lead to a use of ``name``, which is not live."""
        found = self._now.behind.get(name)
        if found is None:
            found = self._now.behind[name] = self.with_callers(self._all_users((name,)))
        return found

    def leading_to(self, names: Collection[str]) -> AbstractSet[int]:
        """All functions that lead to a use of one of ``names``, whatever tables are followed."""
        now, self._now = self._now, self._followed[frozenset()]
        found = frozenset[int]().union(*map(self.behind, names))
        self._now = now
        return found

    def with_callers(
        self, new: AbstractSet[int], without: AbstractSet[int] = frozenset()
    ) -> frozenset[int]:
        """Functions with all that lead to them, but not by those that are left out."""
        seen: set[int] = set()
        new, callers = new - without, self._now.callers.__getitem__
        while new:
            seen |= new
            new = frozenset().union(*map(callers, new)) - seen - without
        return frozenset(seen)

    def any_live(self, functions: AbstractSet[int]) -> bool:
        """Whether a constructor or what data refers to calls one of them, directly or not."""
        self._now.trace(functions)
        return not self._now.live.isdisjoint(functions)

    # -- what runs as soon as the object is loaded ------------------------------------------------

    def used_at_load(self, exported: Callable[[str], Iterable[int]] = _none) -> frozenset[str]:
        """The symbols that constructors use, with all that they call in the same object.

        ``exported`` gives the functions of the object that a symbol is bound to.
        """
        found = _used_by(self.constructors, self.body, exported)
        self._read_anew.clear()
        return found

    def leaves(self, functions: Iterable[int]) -> AbstractSet[int]:
        """Those of ``functions`` that call and use nothing."""
        found = frozenset(function for function in functions if not any(self.body(function)))
        self._read_anew.clear()
        return found

    def referred(self, function: int, addresses: Container[int]) -> list[int]:
        """Those of ``addresses``, of data, that one function refers to."""
        if not self._read_anew:
            self._read_anew = self._segments(executable(Image(memoryview(self._again()))))
        found = (s.leads(function, self._split, addresses) for s in self._read_anew)
        return sorted({at for some in found for at in some if at in addresses})

    def body(self, function: int) -> tuple[AbstractSet[str], AbstractSet[int]]:
        """The symbols that one function uses, and the functions that it calls."""
        found = self._bodies.get(function)
        if found is None:
            leads = set(self.referred(function, self._sites.wanted))
            named = leads & self._names.keys()
            names = frozenset(self._names[at] for at in named)
            if function in self._linkages:
                names = frozenset()
            found = self._bodies[function] = names, leads - named
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


def _linkages(
    split: Functions,
    names: Collection[int],
    segments: Iterable[Any],
    entries: Iterable[int],
) -> frozenset[int]:
    """Procedure linkage tables that the unwind tables list as functions.

    One of a single entry looks like a function that ends in a call, and does no harm.
    """
    counted = Counter(map(split.at, entries))
    found = {start for start, count in counted.items() if count > 1 and start in names}
    for segment in segments:
        found |= {start for start in counted if segment.is_linkage_head(start)}
    return frozenset(found)


def _uncovered(frames: Frames, entries: AbstractSet[int]) -> set[int]:
    """The entries of linkage tables that no frame description covers.

    Not all linkers write one for them, nor all compilers for functions, and
    what jumps through a slot may be a call at a function's end: entries of a
    table have neighbours.
    """
    starts, found = frames.starts, set()
    ends: dict[int, int | None] = {0: 0}
    for entry in entries:
        if entry + 16 in entries or not entries.isdisjoint(map(entry.__add__, _ENTRY_SIZES)):
            after = bisect_right(starts, entry)
            start = starts[after - 1] if after else 0
            if start not in ends:
                ends[start] = frames.end(start)
            end = ends[start]
            if end is not None and end <= entry:
                found.add(entry)
    return found
