"""Finds where functions begin and end, in the unwind tables that stripping leaves.

The System V ABI for x86-64 (4.2.4) demands one of every function. Their form is
that of the Linux Standard Base, "Exception Frames": ``.eh_frame_hdr`` has a
search table of where functions begin and of their frame descriptions (FDE),
and these say how long each is.
"""

from __future__ import annotations

import struct
import sys
from array import array
from bisect import bisect_left
from collections.abc import Sequence

from collide.elf import native
from collide.elf.constants import PT_GNU_EH_FRAME
from collide.elf.hash_tables import integers, picked
from collide.elf.headers import Image
from collide.support.errors import FormatError

# DW_EH_PE: pcrel sdata4, udata4, datarel sdata4; all linkers write these.
_HEADER = b"\1\x1b\x03\x3b"
_ALIGNMENT = 16
_START_FILES = 256
"""Bytes of code of crti.o, crtbegin.o and crtn.o, which GCC compiles without unwind tables."""
_FDE = struct.Struct("<IIiI")
"""Length, where its CIE is, and with pcrel sdata4 the function's beginning and length."""


class Frames:
    """The functions of one image; raises FormatError for a table that ends early.

    ``starts`` are their addresses, ascending; none where the image has no
    search table in a form that is known.
    """

    def __init__(self, image: Image) -> None:
        self._image = image
        self._base = 0
        words = self._words()
        self._begins, self._places = words[::2], words[1::2]
        # The table is sorted, which a set would undo.
        self.starts = tuple(sorted(dict.fromkeys(map(self._base.__add__, self._begins))))

    def _words(self) -> array[int]:
        words = array("i")
        for s in self._image.segments:
            if s.kind == PT_GNU_EH_FRAME:
                # At its address, where an unwinder finds it (dl_iterate_phdr(3)).
                table = self._image.at(s.address, s.size)
                if table[:4] != _HEADER:
                    break
                (count,) = struct.unpack_from("<I", table, 8)
                words.frombytes(table[12 : 12 + 8 * count])
                if len(words) < 2 * count:
                    raise FormatError("search table of functions ends early")
                if sys.byteorder == "big":
                    words.byteswap()
                self._base = s.address
                break
        return words

    def describe(self, code: Sequence[range]) -> bool:
        """Whether these can be the functions of ``code``, ranges of addresses, ascending.

        No loader reads the table, so nothing shows that it is wrong. Each frame
        description has to name the function that the table leads to it for, no function lies
        outside of ``code`` or overlaps another one, and together they are half of it or more.
        Linkers write no others: of 2,923 objects in wheels and in Debian each is so, but for
        half of the code where most of it is assembly.
        Raises FormatError where a description is not in the file.
        """
        first = min(self._places)
        table = self._image.at(self._base + first, max(self._places) - first + _FDE.size)
        if native.compiled and max(self._base, code[-1].stop if code else 0) <= native.HIGHEST:
            bounds = array("q", [at for one in code for at in (one.start, one.stop)])
            covered = native.compiled.described(
                self._begins, self._places, table, self._base, bounds
            )
        else:
            covered = _covered(self._functions(table), code)
        return covered is not None and 2 * covered >= sum(map(len, code)) - _START_FILES

    def _functions(self, table: bytes | memoryview) -> list[tuple[int, int]] | None:
        """Beginning and end of each function by its description, ascending; None for another's."""
        first = min(self._places)
        words = integers(table[: len(table) & ~3], "I", False)
        if any(place - first & 3 for place in self._places):
            return None
        rows = [place - first >> 2 for place in self._places]
        begins = picked(words, [row + 2 for row in rows])
        lengths = picked(words, [row + 3 for row in rows])
        if any(
            (place + 8 + begin - start) & 0xFFFFFFFF
            for start, place, begin in zip(self._begins, self._places, begins, strict=True)
        ):
            return None
        base = self._base
        return sorted(
            (base + start, base + start + length)
            for start, length in zip(self._begins, lengths, strict=True)
            if length
        )

    def end(self, start: int) -> int | None:
        """Where the function at ``start`` ends; None where the table does not say."""
        row, lengths = bisect_left(self._begins, start - self._base), [0]
        while row < len(self._begins) and self._begins[row] == start - self._base:
            place = self._base + self._places[row]
            try:
                _, _, begin, length = _FDE.unpack(self._image.at(place, _FDE.size))
            except (FormatError, struct.error):
                return None
            if place + 8 + begin != start:
                return None  # in another encoding
            lengths.append(length)
            row += 1
        # A length of 0 is that of a function without code, where the next one begins as well,
        # or the upper half of eight bytes.
        return start + max(lengths) if any(lengths) else None


def _covered(functions: Sequence[tuple[int, int]] | None, code: Sequence[range]) -> int | None:
    """The bytes that functions fill; None where one lies outside of ``code`` or overlaps another.

    What fills up to the next function is no code of another one.
    """
    covered, at, ranges = 0, 0, iter(code)
    inside = next(ranges, range(0))
    for start, end in functions or ():
        while start >= inside.stop:
            following = next(ranges, None)
            if following is None:
                return None
            inside = following
        if start < max(at, inside.start) or end > inside.stop:
            return None
        at = end
        covered += end - start + (-end % _ALIGNMENT)
    return None if functions is None else covered
