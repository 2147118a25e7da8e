"""Reads the central directory of a ZIP archive without importing zipfile.

zipfile makes a Python object of twenty attributes for each member and takes
8 ms to import, as long as inflating a small wheel. Source: PKWARE's
APPNOTE.TXT 4.3.12 to 4.3.16, 4.5.3; the tests compare the entries with zipfile's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from operator import attrgetter

from collide.support import limits
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.support.file_bytes import Sliced

STORED, DEFLATED = 0, 8
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s4B4HL2L5H2L")
_LOCAL = struct.Struct("<4s22x2H")
_UTF_8 = 0x800
_UNREADABLE = {0x1: "encrypted", 0x20: "compressed patched data", 0x40: "strongly encrypted"}
_VERSION = 63  # the newest that zipfile reads
_WIDE = 0xFFFFFFFF
_ZIP64_EXTRA = 1


class Entry(NamedTuple):
    """One member: its name, how and where it is stored; sizes in bytes."""

    name: str
    method: int
    flags: int
    crc: int
    compressed_size: int
    size: int
    offset: int


def entries(data: Sliced) -> tuple[Entry, ...]:
    """The members of the archive ``data``, in the order of its directory.

    Raises ValueError for what is no archive or a damaged one.
    """
    try:
        at, size, offset = _end(data)
        # Bytes before the archive (a self-extracting stub) shift every offset.
        shift = at - size - offset
        if shift < 0:
            raise ValueError("bad offset for the central directory")
        directory = data[offset + shift : at]
        if len(directory) < size:
            raise ValueError("truncated central directory")
        return tuple(_entries(directory, shift))
    except struct.error as e:
        raise ValueError("truncated central directory") from e


def hold_limits(found: Sequence[Entry], size: int) -> None:
    """Raise LimitError for members that say they hold too much for an archive of ``size`` bytes.

    Raises ValueError for members that overlap, of which few bytes stand for any number; zipfile
    refuses these, too (CPython issue 109858).
    """
    limits.hold("entries", len(found))
    inflated = sum(entry.size for entry in found)
    limits.hold("wheel-size", inflated)
    limits.hold_ratio("wheel-ratio", inflated, size)
    end = 0
    for entry in sorted(found, key=_offset):
        if entry.offset < end:
            raise ValueError(f"{entry.name!r} overlaps another member")
        end = entry.offset + _LOCAL.size + entry.compressed_size


_offset = attrgetter("offset")


def hold_member_limits(entry: Entry) -> None:
    """Raise LimitError for a member that says it holds too much."""
    limits.hold("member-size", entry.size)
    limits.hold_ratio("member-ratio", entry.size, entry.compressed_size)


def contents(data: Sliced, entry: Entry, most: int | None = None) -> memoryview:
    """The stored bytes of one member, or the first ``most`` of them.

    Raises ValueError where they cannot be read.
    """
    for flag, reason in _UNREADABLE.items():
        if entry.flags & flag:
            raise ValueError(reason)
    start = entry.offset + _LOCAL.size
    header = data[entry.offset : start]
    if len(header) < _LOCAL.size:
        raise ValueError("bad local header")
    magic, name_size, extra_size = _LOCAL.unpack(header)
    start += name_size + extra_size
    if magic != b"PK\3\4" or start + entry.compressed_size > len(data):
        raise ValueError("bad local header")
    size = entry.compressed_size if most is None else min(most, entry.compressed_size)
    found = data[start : start + size]
    if len(found) < size:
        raise ValueError("the file was cut short while it was read")
    return found


def _end(data: Sliced) -> tuple[int, int, int]:
    """Where the directory ends, its size, and the offset it is said to have."""
    tail = bytes(data[-(_END.size + 0xFFFF) :])
    at = tail.rfind(b"PK\5\6")
    if at < 0 or at + _END.size > len(tail):
        raise ValueError("not a zip file: it has no end of central directory")
    _, disk, first_disk, _, _, size, offset, _ = _END.unpack_from(tail, at)
    end = len(data) - len(tail) + at
    located = end - _LOCATOR_64.size
    if located >= 0 and bytes(data[located : located + 4]) == b"PK\6\7":
        _, disk, offset_64, _ = _LOCATOR_64.unpack(data[located : located + _LOCATOR_64.size])
        # The record stands right before its locator, wherever the archive begins.
        end = located - _END_64.size
        if end < 0 or bytes(data[end : end + 4]) != b"PK\6\6":
            raise ValueError(f"no ZIP64 end of central directory at {offset_64}")
        _, _, _, _, disk, first_disk, _, _, size, offset = _END_64.unpack(data[end:located])
    if disk or first_disk:
        raise ValueError("archives that span several disks are not read")
    return end, size, offset


def _entries(directory: memoryview, shift: int) -> Iterator[Entry]:
    at = 0
    while at < len(directory):
        fields = _ENTRY.unpack_from(directory, at)
        magic, flags, method, crc = fields[0], fields[5], fields[6], fields[9]
        compressed, size, name_size, extra_size, comment_size = fields[10:15]
        offset = fields[18]
        if magic != b"PK\1\2":
            raise ValueError("bad magic number for the central directory")
        if fields[3] > _VERSION:
            raise ValueError(f"made for version {fields[3] / 10} of the format")
        at += _ENTRY.size
        raw = bytes(directory[at : at + name_size])
        if len(raw) < name_size:
            raise ValueError("truncated central directory")
        if _WIDE in (compressed, size, offset):
            extra = bytes(directory[at + name_size : at + name_size + extra_size])
            size, compressed, offset = _wide(extra, size, compressed, offset)
        at += name_size + extra_size + comment_size
        # The codec of old names is a module of its own; nearly all of them are ASCII.
        encoding = "utf-8" if flags & _UTF_8 or raw.isascii() else "cp437"
        name = raw.decode(encoding).partition("\0")[0]
        yield Entry(name, method, flags, crc, compressed, size, offset + shift)


def _wide(extra: bytes, *values: int) -> Iterator[int]:
    """``values``, with those of all ones replaced by the ZIP64 extra field's, in its order."""
    at = 0
    fields = b""
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == _ZIP64_EXTRA:
            fields = extra[at + 4 : at + 4 + length]
        at += 4 + length
    taken = 0
    for value in values:
        if value == _WIDE:
            (value,) = struct.unpack_from("<Q", fields, taken)
            taken += 8
        yield value
