"""Finds what machine code refers to: branch targets, and addresses relative to the instruction.

Instructions are not decoded one by one: whatever has the form of one of these
and a displacement that leads exactly to an address of interest counts. A
displacement found by chance would have to hit one of those few addresses, and
then only makes something count as used that is not.
"""

from __future__ import annotations

import re
import struct
from array import array
from bisect import bisect_right
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property

from collide.elf import native

_CALL, _JUMPS = rb"\xe8(?=%b)", (rb"\xe9(?=%b)", rb"\x0f[\x80-\x8f](?=%b)")
# ModRM with mod 00 and r/m 101 is [rip + disp32] (Intel SDM 2.2.1.6): lea, mov, add, cmp, cmov,
# moves to vector registers, and call, jmp and push through memory.
_OPCODES = rb"[\x8d\x8b\x03\x3b\x39\x7e\x6f\x16\x40-\x4f]"
_MODRM = rb"[\x05\x0d\x15\x1d\x25\x2d\x35\x3d]"
_RELATIVE = _MODRM + rb"(?=%b)(?<=" + _OPCODES + rb".|\xff[\x15\x25\x35])"
ADDRESSES = _RELATIVE
"""What is read or taken the address of."""
FORMS = (_CALL, _RELATIVE, *_JUMPS)
"""What is called, read or taken the address of, and jumped to."""
_PLT_JUMP = re.compile(rb"\xff\x25")
_NUMBERS = {_CALL: 0, _RELATIVE: 1, _JUMPS[0]: 2, _JUMPS[1]: 3}
"""What the compiled part calls them."""
_PLT_NUMBER, _ANY = 4, 0x7F
_PUSH = b"\xff\x35"  # how the first entry of a lazy PLT begins
_ENDBR64, _BND = b"\xf3\x0f\x1e\xfa", 0xF2
_LEA, _MOV = b"\x8d", b"\x8b"
_DISPLACEMENT = struct.Struct("<i")


class Functions:
    """Where functions start, ascending.

    Compilers split off parts that are rarely run. Jumps between these and their
    functions go to any place, not to a start. No other functions are not
    aligned: ``cold`` is the range that holds all of them.

    ``linkage`` are the places of displacements that are in none: those of jumps
    through slots in linkage tables.
    """

    def __init__(
        self, starts: Sequence[int], end: int, linkage: AbstractSet[int] = frozenset()
    ) -> None:
        self.starts = starts
        self.linkage = linkage
        self.end = end
        # What lies before the first one is counted to it.
        self._bounds = starts[1:]
        self._column: array[int] | None = None
        split = [start for start in starts if start & 15]
        self.cold = range(0)
        if split:
            after = bisect_right(starts, split[-1])
            self.cold = range(split[0], starts[after] if after < len(starts) else end)

    def column(self) -> array[int] | None:
        """Their starts as numbers of eight bytes; None where they do not fit."""
        if self._column is None and self.end <= native.HIGHEST:
            try:
                self._column = array("q", self.starts)
            except OverflowError:
                return None
        return self._column

    def at(self, place: int) -> int:
        """The function that holds ``place``."""
        return self.starts[self.number(place)]

    def number(self, place: int) -> int:
        """Which of all functions it is that holds ``place``."""
        return bisect_right(self._bounds, place)

    def holding(self, places: Iterable[int]) -> frozenset[int]:
        """The functions that hold ``places``, of which those in linkage tables are in none."""
        if native.compiled and (column := self.column()) is not None:
            return native.compiled.holding(column, places, self.linkage)
        return frozenset(self.at(place) for place in places if place not in self.linkage)

    def range_of(self, start: int) -> range:
        """The places that belong to the function at ``start``."""
        after = bisect_right(self.starts, start)
        end = self.starts[after] if after < len(self.starts) else self.end
        return range(start if after > 1 else 0, end)

    def split_off(self, place: int, target: int) -> int | None:
        """The part of a function that a jump leads into the middle of, from another part of it.

        What leads before the first function or behind the code is no jump. What leads into an
        aligned function is one back from its own part, which runs when the function does, or
        bytes that look like a jump.
        """
        near = target in self.cold or place in self.cold
        if near and self.starts[0] <= target < self.end:
            source, to = self.at(place), self.at(target)
            if source != to and to & 15:
                return to
        return None


class Segment:
    """One piece of code, in memory at ``address``; ``reach`` is how far it can refer."""

    forms = FORMS

    def __init__(self, code: memoryview, address: int, reach: int) -> None:
        self.code = code
        self.address = address
        self._top = min((reach >> 24) + 1, _ANY)
        self._high = _highest_byte(self._top)

    def _compiled(self, form: bytes) -> re.Pattern[bytes]:
        return re.compile(form % (b"..." + self._high), re.DOTALL)

    def scan(self, form: bytes, sites: Sites, functions: Functions) -> None:
        """Add to ``sites`` where instructions of one of the ``FORMS`` lead."""
        column = functions.column() if native.compiled else None
        if native.compiled and column is not None and self.address <= native.HIGHEST:
            split = functions.cold if form in _JUMPS else range(0)
            jumps = (column, split.start, split.stop, functions.end)
            native.compiled.scan(
                self.code, _NUMBERS[form], self.address, self._top, sites.sieve, sites.lists, jumps
            )
        elif form in _JUMPS:
            self._jumps(sites, functions, self._compiled(form))
        else:
            sites.add(self, self._compiled(form))

    def _jumps(self, sites: Sites, functions: Functions, form: re.Pattern[bytes]) -> None:
        """Jumps, also into the middle of a function, from or to a part that is split off."""
        code, unpack, shift = self.code, _DISPLACEMENT.unpack_from, self.address + 4
        first, last = functions.cold.start, functions.cold.stop
        inside, outside = first - self.address, last - self.address
        wanted = sites.wanted
        for found in form.finditer(code):
            at = found.end()
            target: int = unpack(code, at)[0] + at + shift
            if target in wanted:
                sites.note(self.address + at, target)
            elif first <= target < last or inside <= at < outside:
                to = functions.split_off(self.address + at, target)
                if to is not None:
                    sites.note(self.address + at, to)

    def leads(self, start: int, functions: Functions, wanted: Container[int]) -> Iterator[int]:
        """What of ``wanted`` the function at ``start`` refers to."""
        places = functions.range_of(start)
        first, last = max(places.start - self.address, 0), places.stop - self.address
        for form in FORMS:
            # Opcodes have up to two bytes before the displacement, which may be the last.
            for found in self._compiled(form).finditer(self.code, max(first - 2, 0), last + 4):
                at = found.end()
                target: int = _DISPLACEMENT.unpack_from(self.code, at)[0] + at + self.address + 4
                if not first <= at < last or self.address + at in functions.linkage:
                    continue
                if target in wanted:
                    yield target
                elif form in _JUMPS:
                    to = functions.split_off(self.address + at, target)
                    if to is not None:
                        yield to

    def takes_address(self, site: int) -> bool:
        """Whether the displacement at ``site`` is that of LEA, which reads nothing."""
        return self.at(site - 2, 1) == _LEA

    def reads(self, site: int) -> bool:
        """Whether the displacement at ``site`` is that of MOV, which calls nothing by itself."""
        return self.at(site - 2, 1) == _MOV

    def at(self, address: int, size: int) -> bytes:
        """The code at an address."""
        start = address - self.address
        return bytes(self.code[start : start + size]) if start >= 0 else b""

    def is_linkage_head(self, address: int) -> bool:
        """Whether the first entry of a lazy linkage table is there."""
        return self.at(address, 2) == _PUSH

    def plt(self, slots: Mapping[int, str]) -> Iterator[tuple[int, int, str]]:
        """PLT entries: a jump through a slot, behind an ENDBR64 or not.

        Each with its address, the place of its displacement, and the symbol.
        """
        code = self.code
        for place, slot in self._plt_jumps(slots):
            start = place - self.address - 2
            start -= start > 0 and code[start - 1] == _BND
            start -= 4 * (start > 3 and code[start - 4 : start] == _ENDBR64)
            yield self.address + start, place, slots[slot]

    def _plt_jumps(self, slots: Mapping[int, str]) -> Iterator[tuple[int, int]]:
        """Where jumps through slots have their displacements, and the slots."""
        code, shift = self.code, self.address + 4
        if native.compiled and self.address <= native.HIGHEST:
            sites = Sites(slots)
            jumps = (array("q"), 0, 0, 0)
            native.compiled.scan(
                code, _PLT_NUMBER, self.address, _ANY, sites.sieve, sites.lists, jumps
            )
            yield from sorted((at, slot) for slot in slots for at in sites.to(slot))
            return
        for jump in _PLT_JUMP.finditer(code, 0, max(len(code) - 4, 0)):
            at = jump.end()
            slot: int = _DISPLACEMENT.unpack_from(code, at)[0] + at + shift
            if slot in slots:
                yield self.address + at, slot


class Sites:
    """Where code refers to addresses that are ``wanted``."""

    def __init__(self, wanted: Collection[int]) -> None:
        self.wanted = wanted
        # Without lists of nothing, which would take more time than all others.
        self.lists: dict[int, list[int] | None] = dict.fromkeys(wanted)

    @cached_property
    def sieve(self) -> bytes:
        """What is wanted, as the compiled part looks for it."""
        assert native.compiled
        return native.compiled.sieve(self.wanted)

    def add(self, segment: Segment, form: re.Pattern[bytes]) -> None:
        """Add what instructions of one form refer to."""
        # Runs for every branch of many megabytes of code: no calls in here.
        code, base, shift = segment.code, segment.address, segment.address + 4
        unpack, by_target = _DISPLACEMENT.unpack_from, self.lists
        for found in form.finditer(code):
            at = found.end()
            target: int = unpack(code, at)[0] + at + shift
            if target in by_target:
                known = by_target[target]
                if known is None:
                    by_target[target] = [at + base]
                else:
                    known.append(at + base)

    def add_all(self, found: Iterable[tuple[int, int]]) -> None:
        """Add places and the wanted addresses that they refer to."""
        for place, target in found:
            self.note(place, target)

    def note(self, place: int, target: int) -> None:
        """Add one."""
        known = self.lists[target]
        if known is None:
            self.lists[target] = [place]
        else:
            known.append(place)

    def to(self, target: int) -> Sequence[int]:
        """The places that refer to ``target``."""
        return self.lists.get(target) or ()


def _highest_byte(top: int) -> bytes:
    """The highest byte of a displacement of less than ``top`` times 16 MiB, either way.

    It is one of few, which drops most chance matches at once.
    """
    return b"[%b-%b%b-\xff]" % (b"\\x00", b"\\x%02x" % top, b"\\x%02x" % (255 - top))
