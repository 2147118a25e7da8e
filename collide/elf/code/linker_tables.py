"""What the linker's tables say of code: slots of symbols, functions that data refers to."""

from __future__ import annotations

import struct
from array import array
from collections import defaultdict
from collections.abc import Iterator

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

_WORD, _ADDRESS = struct.Struct("<I"), struct.Struct("<Q")


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
        symbols = image.at(image.one(DT_SYMTAB)) if DT_SYMTAB in image.dynamic else b""
        names: dict[int, str] = {}
        for place, info, addend in zip(places[count:], infos[count:], addends[count:], strict=True):
            kind, symbol = info & 0xFFFFFFFF, info >> 32
            if kind == machine.relative:
                self.pointers[place] = addend
            elif kind == machine.irelative:
                self.addresses.add(addend)
            elif symbol:
                name = names.get(symbol)
                if name is None:
                    (at,) = _WORD.unpack_from(symbols, symbol * 24)
                    name = names[symbol] = image.string(at)
                if kind in (machine.glob_dat, machine.jump_slot):
                    self.slots[place] = name
                    if kind == machine.jump_slot:
                        self.jump_slots.add(place)
                else:
                    self.symbols[name].append(place)

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
