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
        self._left = _most(table)

    def at(self, offset: int) -> str:
        """The string at an offset."""
        known = self._known.get(offset)
        if known is None:
            raw = self._table[offset : self._table.index(b"\0", offset)]
            self._left -= len(raw)
            if self._left < 0:
                used = _most(self._table) - self._left
                raise limits.exceeded("names" if used > limits.value("names") else "name-ratio")
            known = self._known[offset] = raw.decode("utf-8", "surrogateescape")
        return known


def _most(table: bytes) -> int:
    """The bytes of names that a table may stand for."""
    most = max(_ALWAYS, limits.value("name-ratio") * len(table))
    return min(most, limits.value("names"))


def names_at(strings: bytes, offsets: array[int]) -> list[str]:
    """The strings at ``offsets``, numbers of four bytes.

    Raises IndexError or ValueError for an offset behind the table, LimitError as
    :class:`SharedNames`.
    """
    if native.compiled:
        found = native.compiled.names(strings, offsets, _most(strings))
        if found is not None:
            return found
    return list(map(SharedNames(strings).at, offsets))
