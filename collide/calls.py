"""Machine code to a graph of calls: which function of an object uses which symbol.

Which copy of a library is in use is decided by what is called, and inside one
object that is in no table: calls to static functions need no relocation. So
the code itself is scanned for branches and for addresses relative to the
program counter whose target is the start of a function, a PLT entry, or a slot
of the global offset table. Instructions are not decoded one by one: a
displacement found by chance would have to hit one of those few addresses
exactly, and then only makes something count as used that is not.

Where functions begin is read from ``.eh_frame_hdr``, which the System V ABI for
x86-64 (4.2.4) demands of every function and which stripping leaves; its form
is that of the Linux Standard Base, "Exception Frames". Only x86-64 is known:
elsewhere :func:`read_calls` gives None, and every function counts as called.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from mmap import mmap
from typing import NamedTuple

from collide.dynamic import (
    DT_FINI,
    DT_FINI_ARRAY,
    DT_FINI_ARRAYSZ,
    DT_INIT,
    DT_INIT_ARRAY,
    DT_INIT_ARRAYSZ,
    DT_JMPREL,
    DT_PLTRELSZ,
    DT_RELA,
    DT_RELASZ,
    DT_RELR,
    DT_RELRSZ,
    DT_SYMTAB,
    PF_X,
    PT_GNU_EH_FRAME,
    PT_LOAD,
    Image,
)
from collide.errors import FormatError
from collide.hashtable import integers

R_GLOB_DAT, R_JUMP_SLOT, R_RELATIVE, R_IRELATIVE = 6, 7, 8, 37
# DW_EH_PE: pcrel sdata4, udata4, datarel sdata4; all linkers write these.
_EH_FRAME_HEADER = b"\1\x1b\x03\x3b"
_BRANCH = rb"\xe8|\xe9|\x0f[\x80-\x8f]"
# ModRM with mod 00 and r/m 101 is [rip + disp32] (Intel SDM 2.2.1.6): lea, mov, add, cmp, cmov,
# moves to vector registers, and call, jmp and push through memory.
_OPCODES = rb"[\x8d\x8b\x03\x3b\x39\x7e\x6f\x16\x40-\x4f]"
_RELATIVE = _OPCODES + rb"[\x05\x0d\x15\x1d\x25\x2d\x35\x3d]|\xff[\x15\x25\x35]"
_PLT_JUMP = re.compile(rb"\xff\x25")
_ENDBR64, _BND = b"\xf3\x0f\x1e\xfa", b"\xf2"
_PUSH = b"\xff\x35"  # how the first entry of a lazy PLT begins
_DISPLACEMENT = struct.Struct("<i")


def _references(reach: int) -> re.Pattern[bytes]:
    """Instructions with a displacement of at most ``reach`` bytes, either way.

    Its highest byte is then one of few, which drops most chance matches at once.
    """
    top = (reach >> 24) + 1
    high = b"[%b-%b%b-\xff]" % (b"\\x00", b"\\x%02x" % top, b"\\x%02x" % (255 - top))
    return re.compile(b"(?:%b|%b)(?=...%b)" % (_BRANCH, _RELATIVE, high), re.DOTALL)


class Calls(NamedTuple):
    """What the functions of one object use; functions are named by their address.

    ``functions`` are all of them, ascending. ``calls`` maps one to those of the
    same object that it calls, jumps to or takes the address of; ``uses`` to the
    symbols it uses through a PLT entry or the global offset table.
    ``constructors`` run when the object is loaded. ``tables`` are the functions
    and ``table_symbols`` the symbols that its data refers to: tables of
    methods, of callbacks.
    """

    functions: tuple[int, ...]
    calls: dict[int, frozenset[int]]
    uses: dict[int, frozenset[str]]
    constructors: frozenset[int]
    tables: frozenset[int]
    table_symbols: frozenset[str]

    def used_at_load(self) -> frozenset[str]:
        """The symbols that constructors use, with all that they call in the same object."""
        pending, seen, used = list(self.constructors), set(self.constructors), set[str]()
        for function in pending:
            used |= self.uses.get(function, frozenset())
            new = self.calls.get(function, frozenset()) - seen
            seen |= new
            pending += new
        return frozenset(used)


def read_calls(data: bytes | bytearray | memoryview | mmap) -> Calls | None:
    """The calls of one object; None where they cannot be told.

    That is on other machines than x86-64, without ``.eh_frame_hdr``, and where
    the file is corrupt.
    """
    try:
        image = Image(memoryview(data))
        if image.machine.name != "x86_64":
            return None
        return _Scan(image).calls()
    except (FormatError, struct.error, IndexError, ValueError, KeyError, OverflowError):
        return None


class _Scan:
    """One image's code, scanned."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self.slots: dict[int, str] = {}
        self.table_symbols: set[str] = set()
        self.pointers: dict[int, int] = {}
        self.resolvers: set[int] = set()
        self.starts: tuple[int, ...] = ()

    def calls(self) -> Calls | None:
        self.starts = tuple(self._functions())
        if not self.starts:
            return None
        known = frozenset(self.starts)
        self._relocations()
        constructors = self._constructors() & known
        calls: dict[int, set[int]] = {}
        uses: dict[int, set[str]] = {}
        for offset, address, size in self._executable():
            code = bytes(self.image.data[offset : offset + size])
            self._scan(code, address, calls, uses)
        return Calls(
            self.starts,
            {start: frozenset(targets) for start, targets in calls.items()},
            {start: frozenset(names) for start, names in uses.items()},
            frozenset(constructors),
            (frozenset(self.pointers.values()) | self.resolvers) & known - constructors,
            frozenset(self.table_symbols),
        )

    def _executable(self) -> Iterator[tuple[int, int, int]]:
        for s in self.image.segments:
            if s.kind == PT_LOAD and s.flags & PF_X:
                yield s.offset, s.address, s.size

    def _functions(self) -> list[int]:
        """Starts of functions, from the search table of ``.eh_frame_hdr``."""
        for s in self.image.segments:
            if s.kind == PT_GNU_EH_FRAME:
                table = self.image.data[s.offset : s.offset + s.size]
                if table[:4] != _EH_FRAME_HEADER:
                    return []
                (count,) = struct.unpack_from("<I", table, 8)
                words = struct.unpack_from(f"<{2 * count}i", table, 12)
                return sorted({s.address + word for word in words[::2]})
        return []

    # -- what the linker wrote down ---------------------------------------------------------------

    def _relocations(self) -> None:
        image = self.image
        symbols = image.at(image.one(DT_SYMTAB)) if DT_SYMTAB in image.dynamic else b""
        for tag, size_tag in ((DT_RELA, DT_RELASZ), (DT_JMPREL, DT_PLTRELSZ)):
            if tag not in image.dynamic or not (size := image.one(size_tag, 0)):
                continue
            words = integers(image.at(image.one(tag), size), "Q", image.big_endian)
            for place, info, addend in zip(words[::3], words[1::3], words[2::3], strict=True):
                kind, symbol = info & 0xFFFFFFFF, info >> 32
                if kind == R_RELATIVE:
                    self.pointers[place] = addend
                elif kind == R_IRELATIVE:
                    self.resolvers.add(addend)
                elif symbol:
                    (at,) = struct.unpack_from("<I", symbols, symbol * 24)
                    name = image.string(at)
                    if kind in (R_GLOB_DAT, R_JUMP_SLOT):
                        self.slots[place] = name
                    else:
                        self.table_symbols.add(name)
        for place in self._packed():
            (self.pointers[place],) = struct.unpack_from("<Q", image.at(place, 8))

    def _packed(self) -> Iterator[int]:
        """Places of DT_RELR (gABI "Relative relocations in a compact form")."""
        image = self.image
        if DT_RELR not in image.dynamic:
            return
        place = 0
        table = image.at(image.one(DT_RELR), image.one(DT_RELRSZ))
        for word in integers(table, "Q", image.big_endian):
            if not word & 1:
                yield word
                place = word + 8
                continue
            yield from (place + 8 * bit for bit in range(63) if word >> bit + 1 & 1)
            place += 63 * 8

    def _constructors(self) -> set[int]:
        image = self.image
        found = {image.one(tag) for tag in (DT_INIT, DT_FINI) if tag in image.dynamic}
        for tag, size_tag in ((DT_INIT_ARRAY, DT_INIT_ARRAYSZ), (DT_FINI_ARRAY, DT_FINI_ARRAYSZ)):
            if tag in image.dynamic:
                start = image.one(tag)
                places = range(start, start + image.one(size_tag, 0), 8)
                found |= {self.pointers.get(place, 0) for place in places}
        return found

    # -- the code ---------------------------------------------------------------------------------

    def _plt(self, code: bytes, address: int) -> dict[int, str]:
        """PLT entries by their address: a jump through a slot, behind an ENDBR64 or not."""
        entries = {}
        for found in _PLT_JUMP.finditer(code):
            at = found.end()
            if at + 4 > len(code):
                break
            slot = address + at + 4 + _DISPLACEMENT.unpack_from(code, at)[0]
            if slot in self.slots:
                start = found.start()
                start -= code[start - 1 : start] == _BND
                start -= 4 * (code[start - 4 : start] == _ENDBR64)
                entries[address + start] = self.slots[slot]
        return entries

    def _scan(
        self, code: bytes, address: int, calls: dict[int, set[int]], uses: dict[int, set[str]]
    ) -> None:
        starts = self.starts
        plt = self._plt(code, address)
        names = {**self.slots, **plt}
        known = frozenset(starts)
        unpack = _DISPLACEMENT.unpack_from
        ends = (address, address + len(code), *self.slots, starts[0])
        cold, warm = self._cold(ends[1])
        # Runs for every branch of up to a hundred megabytes of code: no calls in here.
        for found in _references(max(ends) - min(ends)).finditer(code):
            at = found.end()
            place = address + at
            target: int = place + 4 + unpack(code, at)[0]
            if target in names:
                source = starts[max(bisect_right(starts, place) - 1, 0)]
                uses.setdefault(source, set()).add(names[target])
            elif target in known:
                source = starts[max(bisect_right(starts, place) - 1, 0)]
                calls.setdefault(source, set()).add(target)
            elif (cold <= target < warm or cold <= place < warm) and (
                code[at - 1] == 0xE9 or code[at - 2] == 0x0F
            ):
                target = starts[max(bisect_right(starts, target) - 1, 0)]
                source = starts[max(bisect_right(starts, place) - 1, 0)]
                if source != target and (target & 15 or source & 15):
                    calls.setdefault(source, set()).add(target)
        # A procedure linkage table stands in the search table of functions as a whole. One of a
        # single entry looks as a function does that ends in a call, and does no harm.
        entries = Counter(starts[max(bisect_right(starts, entry) - 1, 0)] for entry in plt)
        for start in uses.keys() & known:
            lazy = code[start - address : start - address + 2] == _PUSH
            if lazy or (start in plt and entries[start] > 1):
                del uses[start]

    def _cold(self, end: int) -> tuple[int, int]:
        """The range with the parts of functions that compilers split off as rarely run.

        Jumps between these and their functions go to any place, not to a start.
        No other functions are not aligned.
        """
        cold = [start for start in self.starts if start & 15]
        if not cold:
            return end, end
        after = bisect_right(self.starts, cold[-1])
        return cold[0], self.starts[after] if after < len(self.starts) else end
