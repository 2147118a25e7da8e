"""What the linker's tables say of code: slots of symbols, functions that data refers to."""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain

from collide.elf.code.machine_code import READABLE
from collide.elf.constants import (
    DT_FINI,
    DT_FINI_ARRAY,
    DT_FINI_ARRAYSZ,
    DT_INIT,
    DT_INIT_ARRAY,
    DT_INIT_ARRAYSZ,
    DT_JMPREL,
    DT_PLTRELSZ,
    DT_RELA,
    DT_RELACOUNT,
    DT_RELASZ,
    DT_RELR,
    DT_RELRSZ,
    DT_SYMTAB,
    PF_W,
    PF_X,
    PT_LOAD,
)
from collide.elf.hash_tables import integers
from collide.elf.headers import Image
from collide.elf.string_table import names_at

_ADDRESS = struct.Struct("<Q")


def executable(image: Image) -> Iterator[tuple[int, memoryview]]:
    """The executable segments: the address and the code of each."""
    for s in image.segments:
        if s.kind == PT_LOAD and s.flags & PF_X:
            yield s.address, image.data[s.offset : s.offset + s.size]


def writable(image: Image) -> list[range]:
    """Where variables lie: the addresses of the writable segments."""
    writes = (s for s in image.segments if s.kind == PT_LOAD and s.flags & PF_W)
    return [range(s.address, s.address + s.memory) for s in writes]


class Tables:
    """Tables of the linker: slots of symbols, and functions that data refers to.

    ``jump_slots`` are the slots that only an entry of the procedure linkage table reads,
    ``symbols`` the places of data that refer to a symbol.
    """

    def __init__(self, image: Image) -> None:
        self.image = image
        self._machine = READABLE[image.machine.name]
        self.slots: dict[int, str] = {}
        self.jump_slots: set[int] = set()
        self.symbols: defaultdict[str, list[int]] = defaultdict(list)
        # Columns: the relocations of a large library are some hundred thousand.
        self._relative: list[tuple[Sequence[int], Sequence[int]]] = []
        self._resolvers: set[int] = set()
        self._relocations()
        self.constructors = self._constructors()

    def _relocations(self) -> None:
        image = self.image
        for tag, size_tag in ((DT_RELA, DT_RELASZ), (DT_JMPREL, DT_PLTRELSZ)):
            if tag in image.dynamic and (size := image.one(size_tag, 0)):
                self._table(integers(image.at(image.one(tag), size), "Q", image.big_endian))
        if packed := list(self._packed()):
            places, pointers = zip(*packed, strict=True)
            self._relative.append((places, pointers))

    @cached_property
    def pointers(self) -> dict[int, int]:
        """By place, the addresses of the object that its data holds."""
        return dict(chain.from_iterable(zip(*some, strict=True) for some in self._relative))

    def among(self, functions: frozenset[int]) -> frozenset[int]:
        """Those of ``functions`` that data refers to by their addresses."""
        pointers = chain.from_iterable(pointers for _, pointers in self._relative)
        return functions.intersection(chain(pointers, self._resolvers))

    def _table(self, words: array[int]) -> None:
        image = self.image
        places, infos, addends = words[::3], words[1::3], words[2::3]
        if not len(places) == len(infos) == len(addends):
            raise ValueError("a table of relocations ends early")
        # Relative ones come first, and are by far the most (DT_RELACOUNT).
        count = min(image.one(DT_RELACOUNT, 0), len(infos))
        machine = self._machine
        if infos[:count].count(machine.relative) < count:
            count = 0
        self._relative.append((places[:count], addends[:count]))
        further: dict[int, int] = {}
        relative, irelative, jump_slot = machine.relative, machine.irelative, machine.jump_slot
        of_slots = machine.glob_dat, jump_slot
        kinds = [info & 0xFFFFFFFF for info in infos[count:]]
        numbers = [info >> 32 for info in infos[count:]]
        unnamed = relative, irelative
        names = self._names(
            {n for n, kind in zip(numbers, kinds, strict=True) if kind not in unnamed}
        )
        rows = zip(places[count:], kinds, numbers, addends[count:], strict=True)
        for place, kind, symbol, addend in rows:
            if kind in of_slots and symbol:
                self.slots[place] = names[symbol]
                if kind == jump_slot:
                    self.jump_slots.add(place)
            elif kind == relative:
                further[place] = addend
            elif kind == irelative:
                self._resolvers.add(addend)
            elif symbol:
                self.symbols[names[symbol]].append(place)
        self._relative.append((tuple(further), tuple(further.values())))

    def _names(self, symbols: Iterable[int]) -> dict[int, str]:
        """The names of symbols, by their numbers, which are not 0."""
        image, numbers = self.image, [symbol for symbol in symbols if symbol]
        if not numbers:
            return {}
        table = integers(image.at(image.one(DT_SYMTAB), 24 * max(numbers) + 4), "I", False)
        offsets = array("I", [table[6 * number] for number in numbers])
        return dict(zip(numbers, names_at(image.strings, offsets), strict=True))

    def _packed(self) -> Iterator[tuple[int, int]]:
        """Places of DT_RELR (gABI "Relative relocations in a compact form") and what is there."""
        image = self.image
        if DT_RELR not in image.dynamic:
            return
        place, left = 0, len(image.data) // 8
        table = image.at(image.one(DT_RELR), image.one(DT_RELRSZ))
        for word in integers(table, "Q", image.big_endian):
            if not word & 1:
                places = [word]
                place = word + 8
            else:
                places = [place + 8 * bit for bit in range(63) if word >> bit + 1 & 1]
                place += 63 * 8
            left -= len(places)
            if left < 0:
                raise ValueError("relative relocations that overlap")
            for at in places:
                yield at, _ADDRESS.unpack_from(image.at(at, 8))[0]

    def _constructors(self) -> frozenset[int]:
        image = self.image
        found = {image.one(tag) for tag in (DT_INIT, DT_FINI) if tag in image.dynamic}
        for tag, size_tag in ((DT_INIT_ARRAY, DT_INIT_ARRAYSZ), (DT_FINI_ARRAY, DT_FINI_ARRAYSZ)):
            if tag in image.dynamic and (size := image.one(size_tag, 0)):
                start = image.one(tag)
                # An array that is not in the file cannot be: FormatError.
                places = range(start, start + len(image.at(start, size)), 8)
                found |= {self._pointer(place) for place in places}
        return frozenset(found)

    def _pointer(self, place: int) -> int:
        for places, pointers in self._relative:
            # Linkers sort them (ld(1) ``-z combreloc``); of others all are made.
            at = bisect_left(places, place)
            if at < len(places) and places[at] == place:
                return pointers[at]
        return self.pointers.get(place, 0)


def with_initialisation(image: Image, starts: Sequence[int]) -> Sequence[int]:
    """The functions, and before them what runs first: ``.init`` has no frame description.

    Its calls, as of a library's assembly that finds out about the CPU, are no other function's.
    """
    first = image.one(DT_INIT, starts[0])
    return [first, *starts] if first < starts[0] else starts
