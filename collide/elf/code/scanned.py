"""The code of one object, scanned for what leads where: functions, linkage tables, sites."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Sequence
from collections.abc import Set as AbstractSet
from mmap import mmap

from collide.elf.code.branches import Functions, Sites
from collide.elf.code.linker_tables import Tables, executable, with_initialisation
from collide.elf.code.machine_code import READABLE
from collide.elf.code.unwind import Frames
from collide.elf.headers import Image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ENTRY_SIZES = (-24, -16, -8, 8, 16, 24)
"""How far the next entry of a linkage table may be."""
_SMALL = 32 << 20
"""Bytes of code up to which all of it is scanned at once."""


Contents = bytes | bytearray | memoryview | mmap


class Scanned:
    """The code of one object: where functions lie, and from where code leads to an address.

    ``constructors`` run when the object is loaded. The most frequent forms of instructions, which
    answer most, are scanned for first; those of a large object that are left when they are asked
    for. ``again`` gives the contents anew: they are not kept.
    """

    def __init__(self, image: Image, frames: Frames, again: Callable[[], Contents]) -> None:
        starts = with_initialisation(image, frames.starts)
        known = frozenset(starts)
        tables = Tables(image)
        self._machine = READABLE[image.machine.name]
        self.functions = starts
        self.constructors: frozenset[int] = tables.constructors & known
        self._tables = tables.among(known) - self.constructors
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
        self._entries = frozenset(entries)
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
        self._bodies: dict[int, tuple[AbstractSet[str], AbstractSet[int]]] = {}
        self._read_anew: list[Any] = []

    def _segments(self, pieces: Iterable[tuple[int, memoryview]]) -> list[Any]:
        return [self._machine.segment(code, address, self._reach) for address, code in pieces]

    @property
    def whole(self) -> bool:
        """Whether all code is scanned; until then only what is found is certain."""
        return not self._left

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

    def gives(self, name: str, called: Collection[str]) -> bool:
        """Whether code only reads the address of a function with this name, which it never calls.

        It gives it to others, as a callback. That is told where half or more of what is ``called``
        have entries of a linkage table: else code reads addresses to call them (``-fno-plt``).
        """
        sites = [site for at in self.places(name) for site in self._sites.to(at)]
        if not sites or not self._entries.isdisjoint(self.places(name)):
            return False
        places = [p for one in called if any(map(self._sites.to, p := self.places(one)))]
        linked = sum(not self._entries.isdisjoint(of) for of in places)
        if 2 * linked < len(places) or not linked:
            return False
        pieces = self._segments(executable(Image(memoryview(self._again()))))
        return all(any(piece.reads(site) for piece in pieces) for site in sites)

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
