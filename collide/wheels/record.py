"""Reads RECORD, the list of a wheel's members and their hashes (PEP 376, PEP 427)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from io import BytesIO, TextIOWrapper

_SMALL = 1 << 20
"""Bytes that are split at once; of a larger file one line is in memory at a time."""


def read_record(raw: bytes | bytearray, wanted: AbstractSet[str]) -> dict[str, str]:
    """``algorithm=digest`` by name, of the members that are ``wanted``; the last line counts.

    Raises ValueError for a line that has not three fields.
    """
    found: dict[str, str] = {}
    for row in _rows(raw):
        if len(row) != 3:
            raise ValueError("malformed RECORD")
        if row[0] in wanted:
            found[row[0]] = row[1]
    return found


def _rows(raw: bytes | bytearray) -> Iterator[list[str]]:
    if b'"' not in raw:
        # As csv does: other line ends of Unicode may be part of a name.
        return (line.rsplit(",", 2) for line in _lines(raw) if line)
    return _quoted(raw)


def _quoted(raw: bytes | bytearray) -> Iterator[list[str]]:
    import csv  # late: start-up

    try:
        yield from (row for row in csv.reader(_lines(raw, ends=True), strict=True) if row)
    except csv.Error as e:
        raise ValueError(f"malformed RECORD: {e}") from e


def _lines(raw: bytes | bytearray, *, ends: bool = False) -> Iterable[str]:
    """The lines of a text in UTF-8, with their ends on request; raises ValueError for another."""
    if len(raw) <= _SMALL and not ends:
        return raw.decode("utf-8").replace("\r", "\n").split("\n")
    return _long(raw, ends)


def _long(raw: bytes | bytearray, ends: bool) -> Iterator[str]:
    for line in TextIOWrapper(BytesIO(raw), "utf-8", newline="" if ends else None):
        yield line if ends else line.rstrip("\n")
