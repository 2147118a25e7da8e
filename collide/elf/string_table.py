"""Names in a string table (gABI "String Table"), where one may be the tail of another.

The linker shares tails: "free" can be the end of "xmlFree". A table whose names are all tails of
one long text stands for the square of its size, so their sum is limited.
"""

from __future__ import annotations

from array import array

from collide.elf import native
from collide.support import limits

_ALWAYS = 1 << 20
"""Bytes of names that any table may stand for, however small it is."""


def decode(raw: bytes) -> str:
    """A string of the file; bytes that are no UTF-8 become surrogate escapes."""
    return raw.decode("utf-8", "surrogateescape")


class SharedNames:
    """The strings of a table by their offsets, each made once; in all they are limited.

    ``table`` may be a whole file. It raises ValueError for a string that does not end, LimitError
    for names that go beyond one of the limits ``names`` and ``name-ratio``.
    """

    def __init__(self, table: bytes) -> None:
        self._table = table
        self._known: dict[int, str] = {}
        self._length = 0

    def at(self, offset: int) -> str:
        """The string at an offset."""
        known = self._known.get(offset)
        if known is None:
            raw = self._table[offset : self._table.index(b"\0", offset)]
            self._length += len(raw)
            _hold(self._length, len(self._table))
            known = self._known[offset] = decode(raw)
        return known


def _hold(length: int, table: int) -> None:
    limits.hold("names", length)
    if length > _ALWAYS and length > limits.value("name-ratio") * table:
        raise limits.exceeded("name-ratio")


def names_at(strings: bytes, offsets: array[int]) -> list[str]:
    """The strings at ``offsets``, numbers of four bytes.

    Raises IndexError or ValueError for an offset behind the table, LimitError as
    :class:`SharedNames`.
    """
    if native.compiled:
        most = max(_ALWAYS, limits.value("name-ratio") * len(strings))
        found = native.compiled.names(strings, offsets, min(most, limits.value("names")))
        if found is not None:
            return found
    return list(map(SharedNames(strings).at, offsets))
