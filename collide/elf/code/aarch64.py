"""Finds what the machine code of AArch64 refers to: branches, and addresses made of two parts.

All instructions are words of four bytes, told apart by their highest byte (Arm ARM, C4.1). An
address is made by ADRP, which gives the page, and an ADD or LDR behind it that has the rest: of
a function, or of a slot of the global offset table (AAELF64, 5.7).
"""

from __future__ import annotations

import re
import sys
from array import array
from bisect import bisect_right
from collections.abc import Container, Iterator, Mapping

from collide.elf.code.branches import Functions, Sites

_BRANCHES = re.compile(rb"[\x14-\x17\x94-\x97]")  # B, BL
_CONDITIONAL = re.compile(rb"[\x54\x34\x35\xb4\xb5]")  # B.cond, CBZ, CBNZ
# ADR and ADRP (their lowest bits of the address are in the highest byte), ADD, LDR of 64 bits from
# a register, and from an address of its own.
_ADDRESSES = re.compile(rb"[\x10\x30\x50\x70\x90\xb0\xd0\xf0\x91\xf9\x58]")
FORMS = (_BRANCHES, _ADDRESSES, _CONDITIONAL)
"""What is called or jumped to, read or taken the address of, and jumped to on a condition."""
_BTI = 0xD503245F
_STUB_PAGE, _STUB_LOAD, _STUB_ADD, _STUB_JUMP = 0x90000010, 0xF9400211, 0x91000210, 0xD61F0220
"""``adrp x16``, ``ldr x17, [x16, #n]``, ``add x16, x16, #n``, ``br x17``: an entry of the PLT."""
PLT_HEAD = b"\xf0\x7b\xbf\xa9"
"""``stp x16, x30, [sp, #-16]!``: how the first entry of a lazy one begins."""
_LEAVES = (0xD61F0000, 0xD65F0000)
"""BR and RET."""
CALL_CLOBBERS = frozenset((*range(19), 30))
"""Registers that a call need not keep (AAPCS64, 6.1.1)."""


class Segment:
    """One piece of code, in memory at ``address``.

    See :class:`collide.elf.code.branches.Segment`, which does the same for x86-64.
    """

    forms = FORMS

    def __init__(self, code: memoryview, address: int, _reach: int) -> None:
        self.code = code
        self.address = address
        whole = len(code) & ~3
        self._words = array("I")
        self._words.frombytes(code[:whole])
        if sys.byteorder == "big":
            self._words.byteswap()
        self._tops = bytes(code[3:whole:4])

    def scan(self, form: re.Pattern[bytes], sites: Sites, functions: Functions) -> None:
        """Add to ``sites`` where instructions of one of the ``FORMS`` lead."""
        sites.add_all(self._found(form, 0, len(self._words), functions, sites.wanted))

    def takes_address(self, _site: int) -> bool:
        """Not told: ADRP begins a load as well as the address of a table."""
        return False

    def reads(self, site: int) -> bool:
        """Whether the instruction at ``site`` is LDR of 64 bits, which calls nothing by itself."""
        word = int.from_bytes(self.at(site, 4), "little")
        return word & 0xFFC00000 == 0xF9400000

    def leads(self, start: int, functions: Functions, wanted: Container[int]) -> Iterator[int]:
        """What of ``wanted`` the function at ``start`` refers to."""
        places = functions.range_of(start)
        first = max(places.start - self.address, 0) >> 2
        last = min(max(places.stop - self.address, 0) >> 2, len(self._words))
        for form in FORMS:
            for place, target in self._found(form, first, last, functions, wanted):
                if place not in functions.linkage:
                    yield target

    def _found(
        self,
        form: re.Pattern[bytes],
        first: int,
        last: int,
        functions: Functions,
        wanted: Container[int],
    ) -> Iterator[tuple[int, int]]:
        """Places and what of ``wanted`` they lead to."""
        if form is _ADDRESSES:
            yield from self._made(first, last, functions, wanted)
            return
        wide = form is _BRANCHES
        words, base = self._words, self.address
        low, sign = (0, 1 << 25) if wide else (5, 1 << 18)
        mask = 2 * sign - 1
        for found in form.finditer(self._tops, first, last):
            at = found.start()
            offset = words[at] >> low & mask
            place = base + 4 * at
            target = place + 4 * (offset - 2 * (offset & sign))
            if target in wanted:
                yield place, target
            elif not (wide and words[at] >> 31):
                to = _other_part(functions, place, target)
                if to is not None and to in wanted:
                    yield place, to

    def _made(
        self, first: int, last: int, functions: Functions, wanted: Container[int]
    ) -> Iterator[tuple[int, int]]:
        """The addresses that ADRP and what follows it make, or ADR alone."""
        words, base = self._words, self.address
        pages: dict[int, tuple[int, int]] = {}
        starts = functions.starts
        for found in _ADDRESSES.finditer(self._tops, first, last):
            at = found.start()
            word = words[at]
            place = base + 4 * at
            if word & 0x9F000000 == 0x90000000:
                pages[word & 31] = at, page(word, place)
                continue
            if (target := _alone(word, place)) is not None:
                if target in wanted:
                    yield place, target
                continue
            register = word >> 5 & 31
            made = pages.get(register)
            if made is None or (rest := _rest(word)) is None or made[1] + rest not in wanted:
                continue
            same = bisect_right(starts, place) == bisect_right(starts, base + 4 * made[0])
            if same and not self._is_overwritten(register, made[0], at):
                yield place, made[1] + rest

    def _is_overwritten(self, register: int, made: int, used: int) -> bool:
        """Whether a register has lost its page: what writes it is run into what uses it.

        What stands behind an unconditional branch is reached from elsewhere. ``made`` and
        ``used`` are the numbers of the two instructions.
        """
        for at in range(used - 1, made, -1):
            word = self._words[at]
            if word & 0xFC000000 == 0x94000000 or word & 0xFFFFFC1F == 0xD63F0000:
                if register in CALL_CLOBBERS:
                    return True
            elif word & 0xFC000000 == 0x14000000 or word & 0xFFFFFC1F in _LEAVES:
                return False
            elif word & 0x1C000000 != 0x14000000 and writes(word, register):
                return True
        return False

    def at(self, address: int, size: int) -> bytes:
        """The code at an address."""
        start = address - self.address
        return bytes(self.code[start : start + size]) if start >= 0 else b""

    def is_linkage_head(self, address: int) -> bool:
        """Whether the first entry of a lazy linkage table is there."""
        return PLT_HEAD in (self.at(address, 4), self.at(address + 4, 4))

    def plt(self, slots: Mapping[int, str]) -> Iterator[tuple[int, int, str]]:
        """PLT entries, behind a BTI or not: address, place of the load, and symbol."""
        words = self._words
        for found in _ADDRESSES.finditer(self._tops):
            at = found.start()
            if words[at] & 0x9F00001F != _STUB_PAGE or at + 1 >= len(words):
                continue
            load = words[at + 1]
            if load & 0xFFC003FF != _STUB_LOAD or _STUB_JUMP not in words[at + 2 : at + 6]:
                continue
            slot = page(words[at], self.address + 4 * at) + ((load >> 10 & 0xFFF) << 3)
            if slot in slots:
                start = at - (at > 0 and words[at - 1] == _BTI)
                yield self.address + 4 * start, self.address + 4 * (at + 1), slots[slot]


def _split_offset(word: int) -> int:
    """The immediate of ADR and ADRP, which stands in two parts."""
    offset = word >> 3 & 0x1FFFFC | word >> 29 & 3
    return offset - 2 * (offset & 1 << 20)


def page(word: int, place: int) -> int:
    """The page that an ADRP gives."""
    return (place & ~0xFFF) + (_split_offset(word) << 12)


def _alone(word: int, place: int) -> int | None:
    """The address that ADR makes, or from which LDR loads without a register; None for others."""
    if word & 0x9F000000 == 0x10000000:
        return place + _split_offset(word)
    if word >> 24 == 0x58:
        offset = word >> 5 & 0x7FFFF
        return place + 4 * (offset - 2 * (offset & 1 << 18))
    return None


def _rest(word: int) -> int | None:
    """What an ADD or an LDR adds to a page; None for other forms, and for that of the PLT."""
    if word & 0xFFC00000 == 0x91000000 and word & 0xFFC003FF != _STUB_ADD:
        return word >> 10 & 0xFFF
    if word & 0xFFC00000 == 0xF9400000:
        return (word >> 10 & 0xFFF) << 3
    return None


def _other_part(functions: Functions, place: int, target: int) -> int | None:
    """The function into the middle of which a jump leads, from another part of it.

    Nothing but a part that is split off is jumped to so.
    """
    if not functions.starts[0] <= target < functions.end:
        return None
    to = functions.at(target)
    return None if to == functions.at(place) else to


def writes(word: int, register: int) -> bool:
    """Whether an instruction that is no branch writes a general register (Arm ARM, C4.1)."""
    kind = word >> 25 & 15
    if kind in (8, 9, 5, 13):  # data processing, with immediates or registers
        return word & 31 == register
    if kind & 5 != 4:  # no load and no store
        return False
    pair, vector = word >> 27 & 7 == 5, word >> 26 & 1
    back = word >> 23 & 1 if pair else word >> 24 & 3 == 0 and word >> 10 & 1 and not word >> 21 & 1
    if word >> 27 & 7 in (5, 7) and back and word >> 5 & 31 == register:
        return True
    if word >> 27 & 7 == 7:
        loads = word >> 22 & 3 != 0
    else:
        loads = word >> 27 & 7 == 3 or word >> 22 & 1 == 1
    if vector or not loads:
        return False
    return word & 31 == register or (pair and word >> 10 & 31 == register)
