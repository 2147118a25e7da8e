"""What the linker's tables say of code: slots of symbols, functions that data refers to."""

from __future__ import annotations

import struct
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

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


class Tables:
    """Tables of the linker: slots of symbols, and functions that data refers to.

    ``jump_slots`` are the slots that only an entry of the procedure linkage table reads.
    """

    def __init__(self, image: Image) -> None:
        self.image = image
        self._machine = READABLE[image.machine.name]
        self.slots: dict[int, str] = {}
        self.jump_slots: set[int] = set()
        self.symbols: defaultdict[str, list[int]] = defaultdict(list)
        self.pointers: dict[int, int] = {}
        self.addresses: set[int] = set()
        self._relocations()
        self.constructors = self._constructors()

    def _relocations(self) -> None:
        image = self.image
        for tag, size_tag in ((DT_RELA, DT_RELASZ), (DT_JMPREL, DT_PLTRELSZ)):
            if tag in image.dynamic and (size := image.one(size_tag, 0)):
                self._table(integers(image.at(image.one(tag), size), "Q", image.big_endian))
        self.pointers.update(self._packed())
        self.addresses.update(self.pointers.values())

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
        self.pointers.update(zip(places[:count], addends[:count], strict=True))
        unnamed = machine.relative, machine.irelative
        names = self._names({i >> 32 for i in infos[count:] if i & 0xFFFFFFFF not in unnamed})
        for place, info, addend in zip(places[count:], infos[count:], addends[count:], strict=True):
            kind, symbol = info & 0xFFFFFFFF, info >> 32
            if kind in (machine.glob_dat, machine.jump_slot) and symbol:
                self.slots[place] = names[symbol]
                if kind == machine.jump_slot:
                    self.jump_slots.add(place)
            elif kind == machine.relative:
                self.pointers[place] = addend
            elif kind == machine.irelative:
                self.addresses.add(addend)
            elif symbol:
                self.symbols[names[symbol]].append(place)

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
                found |= {self.pointers.get(place, 0) for place in places}
        return frozenset(found)


def with_initialisation(image: Image, starts: Sequence[int]) -> Sequence[int]:
    """The functions, and before them what runs first: ``.init`` has no frame description.

    Its calls, as of a library's assembly that finds out about the CPU, are no other function's.
    """
    first = image.one(DT_INIT, starts[0])
    return [first, *starts] if first < starts[0] else starts
