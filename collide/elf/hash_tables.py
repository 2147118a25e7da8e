"""DT_GNU_HASH and DT_HASH, the tables through which the loader finds a symbol.

Sources: gABI "Hash Table"; glibc ``elf/dl-setup_hash.c`` and ``do_lookup_x``
for DT_GNU_HASH.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from operator import itemgetter

from collide.elf import native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LOWEST_BIT = bytes(byte & 1 for byte in range(256))
_UNDECIDED = 2


def gnu_hash(name: bytes) -> int:
    """The hash of DT_GNU_HASH (glibc ``sysdeps/generic/dl-new-hash.h``)."""
    if native.compiled:
        return native.compiled.gnu_hash(name)
    h = 5381
    for byte in name:
        h = h * 33 + byte & 0xFFFFFFFF
    return h


def sysv_hash(name: bytes) -> int:
    """The hash of DT_HASH and of version names (gABI "Hash Table")."""
    h = 0
    for byte in name:
        h = (h << 4) + byte
        h = (h ^ ((h & 0xF0000000) >> 24)) & 0x0FFFFFFF
    return h


def integers(data: bytes | memoryview, code: str, big_endian: bool) -> array[int]:
    """A table of unsigned integers in the byte order of its object.

    ``code`` is ``H``, ``I`` or ``Q``: 2, 4 or 8 bytes. Raises ValueError when
    ``data`` is not a whole number of them.
    """
    values = array(code)
    values.frombytes(data)
    if big_endian != (sys.byteorder == "big"):
        values.byteswap()
    return values


class GnuHash:
    """DT_GNU_HASH: bloom filter, buckets and chains (Rule 3.7).

    ``table`` starts at the hash table and may run on behind it. Raises
    IndexError or ValueError when it is too short.
    """

    __slots__ = (*("_bits", "_bloom", "_buckets", "_chain", "_ends", "_shift", "count", "first"),)

    def __init__(self, table: memoryview, bits: int, big_endian: bool) -> None:
        def read(code: str, at: int, size: int) -> array[int]:
            if at + size > len(table):
                raise IndexError("hash table ends early")
            return integers(table[at : at + size], code, big_endian)

        nbuckets, self.first, bloom_words, self._shift = read("I", 0, 16)
        self._bits = bits
        word_size = bits // 8
        self._bloom = read("Q" if bits == 64 else "I", 16, bloom_words * word_size)
        at = 16 + bloom_words * word_size
        self._buckets = read("I", at, nbuckets * 4)
        at += nbuckets * 4
        length = 0
        last = max(self._buckets, default=0)
        if last >= max(self.first, 1):
            length = last - self.first
            lowest = 3 if big_endian else 0
            while not table[at + 4 * length + lowest] & 1:
                length += 1
            length += 1
        self._chain = read("I", at, length * 4)
        self._ends: array[int] | None = None
        self.count = self.first + length
        """One more than the highest symbol index the table reaches."""

    def walk(self, name: bytes) -> list[int]:
        """Symbol indexes whose stored hash equals that of ``name``, in chain order."""
        bits, bloom, buckets, chain = self._bits, self._bloom, self._buckets, self._chain
        if not buckets or not bloom:
            return []
        h = gnu_hash(name)
        word = bloom[h // bits % len(bloom)]
        if not word >> h % bits & word >> (h >> self._shift) % bits & 1:
            return []
        at = buckets[h % len(buckets)] - self.first
        if at < 0 or at + self.first < 1:
            return []
        found = []
        end, wanted = len(chain), h | 1
        while at < end:
            stored = chain[at]
            if stored | 1 == wanted:
                found.append(at + self.first)
            if stored & 1:
                break
            at += 1
        return found

    def reached(self, names: list[str], indexes: list[int]) -> list[bool]:
        """Whether a lookup of each name comes to the symbol of that index."""
        if not self._buckets or not self._bloom:
            return [False for _ in indexes]
        found = bytes([_UNDECIDED]) * len(names)
        if native.compiled:
            tables = self._bits, self._shift, self.first, self._bloom, self._buckets, self._chain
            found = native.compiled.reached(names, indexes, *tables)
        if _UNDECIDED not in found:
            return list(map(bool, found))
        return [
            self._is_reached(gnu_hash(name.encode("utf-8", "surrogateescape")), index)
            if known == _UNDECIDED
            else bool(known)
            for known, name, index in zip(found, names, indexes, strict=True)
        ]

    def _is_reached(self, h: int, index: int) -> bool:
        bits, first = self._bits, self.first
        word = self._bloom[h // bits % len(self._bloom)]
        if not word >> h % bits & word >> (h >> self._shift) % bits & 1:
            return False
        bucket = self._buckets[h % len(self._buckets)]
        return (
            max(first, 1) <= bucket <= index < first + len(self._chain)
            and self._chain[index - first] | 1 == h | 1
            and self._in_one_chain(bucket - first, index - first)
        )

    def _in_one_chain(self, start: int, at: int) -> bool:
        """Whether no chain ends between two places, however far from each other they are."""
        if self._ends is None:
            low = 0 if sys.byteorder == "little" else 3
            # Bit 0 ends a chain.
            ends = self._chain.tobytes()[low::4].translate(_LOWEST_BIT)
            self._ends = array("I", compress(range(len(ends)), ends))
        following = bisect_left(self._ends, start)
        return following == len(self._ends) or self._ends[following] >= at

    def found(self, name: bytes, numbers: Sequence[int]) -> list[int]:
        """Those of ``numbers``, ascending, that :meth:`walk` comes to, in chain order."""
        if not self._buckets or not self._bloom:
            return []
        h = gnu_hash(name)
        return [number for number in numbers if self._is_reached(h, number)]


class SysvHash:
    """DT_HASH: buckets and chains over the whole symbol table (gABI "Hash Table"; Rule 3.7).

    ``entry_size`` is 8 on s390x and 4 everywhere else. Raises ValueError when
    the table is too short, or a symbol is in two chains: then one may have no end.
    """

    __slots__ = ("_buckets", "_chain", "_places", "count")

    first = 1

    def __init__(self, table: memoryview, entry_size: int, big_endian: bool) -> None:
        code = "Q" if entry_size == 8 else "I"
        nbuckets, self.count = integers(table[: 2 * entry_size], code, big_endian)
        end = (2 + nbuckets + self.count) * entry_size
        if end > len(table):
            raise ValueError("hash table ends early")
        values = integers(table[2 * entry_size : end], code, big_endian)
        linked = [number for number in values if number]
        if len(set(linked)) < len(linked):
            raise ValueError("hash chains that share symbols")
        self._buckets = values[:nbuckets]
        self._chain = values[nbuckets:]
        self._places: dict[int, tuple[int, int]] | None = None

    def walk(self, name: bytes) -> list[int]:
        """Symbol indexes in the bucket of ``name``, in chain order."""
        if not self._buckets:
            return []
        index = self._buckets[sysv_hash(name) % len(self._buckets)]
        found: list[int] = []
        while 0 < index < self.count and len(found) < self.count:
            found.append(index)
            index = self._chain[index]
        return found

    def found(self, name: bytes, numbers: Iterable[int]) -> list[int]:
        """Those of ``numbers`` that :meth:`walk` comes to, in chain order."""
        if not self._buckets:
            return []
        if self._places is None:
            self._places = dict(self._walked())
        bucket = sysv_hash(name) % len(self._buckets)
        places = ((self._places.get(number, (-1, 0)), number) for number in numbers)
        return [number for (chain, _), number in sorted(places) if chain == bucket]

    def _walked(self) -> Iterator[tuple[int, tuple[int, int]]]:
        """The bucket of each symbol, and its place in the chain; no symbol is in two."""
        for bucket, index in enumerate(self._buckets):
            place = 0
            while 0 < index < self.count:
                yield index, (bucket, place)
                index, place = self._chain[index], place + 1


def picked(column: Sequence[Any], indexes: Sequence[int]) -> tuple[Any, ...]:
    """The elements of ``column`` at ``indexes``."""
    if len(indexes) < 2:
        return tuple(column[index] for index in indexes)
    elements: tuple[Any, ...] = itemgetter(*indexes)(column)
    return elements
