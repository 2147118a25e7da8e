"""Reads the records of a ZIP archive from the first byte to the last, as the package index does.

Source: ``warehouse/utils/zipfiles.py``, ``validate_zipfile``, whose messages are quoted, and
PKWARE's APPNOTE.TXT 4.3.6 to 4.3.16, 4.5.3, 4.6.9.
"""

from __future__ import annotations

import struct

from collide.wheels.plain import CENTRAL, DESCRIPTOR, END, END_FIELDS, FORMAT, LINK, LOCAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from collide.support.file_bytes import Sliced
    from collide.wheels.zip_directory import Entry

DUPLICATE, HEADER, HIDDEN, NAME, STORAGE = "duplicate", "header", "hidden", "name", "storage"
"""The kinds of what is wrong with records."""

_END_64, _LOCATOR_64 = b"PK\6\6", b"PK\6\7"
_LOCAL_FIELDS = struct.Struct("<6xHH4xLLLHH")
_CENTRAL_FIELDS = struct.Struct("<5xB22xHHH4xL4x")
_END_64_FIELDS = struct.Struct("<4xQ12xQQQQ")
_WIDE = 0xFFFFFFFF
_ZIP64, _UNICODE_PATH = 0x1, 0x7075
_UNIX = 3


class _WrongError(Exception):
    """A record behind which the next one cannot be found."""

    def __init__(self, kind: str, name: str, said: str) -> None:
        super().__init__(said)
        self.found = kind, name, said


class RecordWalk:
    """Reads the records in their order, and notes what gives another answer than the directory.

    ``found`` has kind, member and the message of the index, which stops at the first;
    ``unreadable`` member and message of zipfile, with which pip reads; ``differing`` member
    and what some readers take from another place; ``links`` are the members that are
    symbolic links.
    """

    def __init__(self, data: Sliced, entries: Iterable[Entry]) -> None:
        self._data = data
        self._entries = {entry.name: entry for entry in entries}
        self._offsets = {entry.offset: entry for entry in entries}
        self._local: set[bytes] = set()
        self._central: set[bytes] = set()
        self._start: int | None = None
        self._size = self._count = 0
        self._end_64: tuple[int, int, int] | None = None
        self.found: list[tuple[str, str, str]] = []
        self.unreadable: list[tuple[str, str]] = []
        self.differing: list[tuple[str, str]] = []
        self.links: list[str] = []

    def run(self) -> None:
        """Read all records, up to one behind which the next cannot be found."""
        at = 0
        read = {LOCAL: self._header, CENTRAL: self._entry, _END_64: self._ends_64}
        try:
            while (magic := bytes(self._data[at : at + 4])) != END:
                if magic == _LOCATOR_64:
                    at += 20
                elif magic in read:
                    at = read[magic](at)
                else:
                    raise _WrongError(HIDDEN, "", "Unknown record signature")
            self._ends(at)
        except struct.error:
            self.found.append((HEADER, "", "Malformed zip file"))
        except _WrongError as e:
            self.found.append(e.found)

    def _fields(self, layout: struct.Struct, at: int) -> tuple[int, ...]:
        """The numbers of the record at ``at``; raises struct.error where it is cut off."""
        return layout.unpack(self._data[at : at + layout.size])

    def _say(self, kind: str, name: bytes, said: str) -> None:
        self.found.append((kind, _text(name), said))

    def _header(self, at: int) -> int:
        fields: tuple[int, ...] = self._fields(_LOCAL_FIELDS, at)
        flags, method, crc, compressed, size, name_size, extra_size = fields
        start = at + 30 + name_size
        raw = bytes(self._data[at + 30 : start])
        name = _text(raw)
        if _has_control(raw):
            self._say(NAME, raw, "Invalid character in filename")
        if extra_size:
            extra = bytes(self._data[start : start + extra_size])
            compressed, size = self._extra(extra, raw, method, compressed, size)
        here = self._offsets.get(at)
        entry = self._entries.get(name)
        if flags & DESCRIPTOR:
            self._say(STORAGE, raw, "ZIP contains a data descriptor")
            if entry is None or here is not entry:
                raise _WrongError(HEADER, name, "Filename not in central directory")
            compressed, size, crc = entry.compressed_size, entry.size, entry.crc
        if here is not None and (crc, method) != (here.crc, here.method):
            self.differing.append((here.name, "its local header says something else"))
        self._compare(raw, entry, compressed, size)
        if raw in self._local:
            self._say(DUPLICATE, raw, "Duplicate filename in local headers")
        self._local.add(raw)
        # Where the directory knows better, the record behind it is found all the same.
        end = start + extra_size + (compressed if here is None else here.compressed_size)
        return self._behind_descriptor(end) if flags & DESCRIPTOR else end

    def _compare(self, raw: bytes, entry: Entry | None, compressed: int, size: int) -> None:
        """What the index says of a header beside the ``entry`` of its name."""
        if not _is_utf_8(raw):
            self._say(NAME, raw, "Filename not unicode")
        elif entry is None:
            # A name with a NUL ends there in the directory as zipfile reads it.
            if b"\0" not in raw:
                self._say(HEADER, raw, "Filename not in central directory")
        elif entry.compressed_size != compressed:
            self._say(HEADER, raw, "Mis-matched data size")
        elif entry.size != size:
            self._say(HEADER, raw, "Mis-matched file size")

    def _behind_descriptor(self, at: int) -> int:
        """Where the next record begins: a descriptor has one of four lengths (APPNOTE 4.3.9)."""
        for length in (16, 24, 12, 20):
            if self._data[at + length : at + length + 4] in (LOCAL, CENTRAL):
                return at + length
        raise _WrongError(HIDDEN, "", "Unknown record signature")

    def _extra(
        self, extra: bytes, raw: bytes, method: int, compressed: int, size: int
    ) -> tuple[int, int]:
        """The sizes with what the extra field of a local header says of them."""
        seen, at = set(), 0
        while at < len(extra):
            if at + 4 > len(extra):
                raise _WrongError(HEADER, _text(raw), "Malformed zip file")
            kind, length = struct.unpack_from("<HH", extra, at)
            field = extra[at + 4 : at + 4 + length]
            at += 4 + length
            if at > len(extra):
                raise _WrongError(HEADER, _text(raw), "Malformed zip file")
            if kind in seen and kind in (_ZIP64, _UNICODE_PATH):
                self._say(HEADER, raw, "Invalid duplicate extra in local file")
            seen.add(kind)
            if kind == _UNICODE_PATH:
                if _has_control(field[5:]):
                    self._say(NAME, raw, "Invalid character in filename")
                elif not _is_utf_8(field[5:]):
                    self._say(NAME, raw, "Filename not valid UTF-8")
                elif field[5:] != raw:
                    said = f"its local header says something else: {_text(field[5:])!r}"
                    self.differing.append((_text(raw), said))
            elif kind == _ZIP64:
                compressed, size = _wide_sizes(field, raw, method, compressed, size)
        return compressed, size

    def _entry(self, at: int) -> int:
        fields: tuple[int, ...] = self._fields(_CENTRAL_FIELDS, at)
        system, name_size, extra_size, comment_size, mode = fields
        self._start = at if self._start is None else self._start
        raw = bytes(self._data[at + 46 : at + 46 + name_size])
        start = at + 46 + name_size
        self._central_extra(bytes(self._data[start : start + extra_size]), raw)
        if comment_size:
            self._say(HIDDEN, raw, "Comment in central directory")
        if _has_control(raw):
            self._say(NAME, raw, "Invalid character in filename")
        if raw in self._central:
            self._say(DUPLICATE, raw, "Duplicate filename in central directory")
        elif raw not in self._local:
            self._say(HEADER, raw, "Missing filename in local headers")
        self._central.add(raw)
        if system == _UNIX and mode >> 16 & FORMAT == LINK:
            self.links.append(_text(raw))
        self._count += 1
        self._size += 46 + name_size + extra_size + comment_size
        return at + 46 + name_size + extra_size + comment_size

    def _central_extra(self, extra: bytes, raw: bytes) -> None:
        """The extra field of the directory, as zipfile reads it: the index does not."""
        at = 0
        while at + 4 <= len(extra):
            kind, length = struct.unpack_from("<HH", extra, at)
            field = extra[at + 4 : at + 4 + length]
            at += 4 + length
            if at > len(extra):
                said = f"Corrupt extra field {kind:04x} (size={length})"
                self.unreadable.append((_text(raw), said))
            elif kind == _UNICODE_PATH and field[5:] != raw:
                self.differing.append((_text(raw), f"other tools call it {_text(field[5:])!r}"))

    def _ends_64(self, at: int) -> int:
        length, count_here, count, size, offset = self._fields(_END_64_FIELDS, at)
        if count_here != count:
            raise _WrongError(HIDDEN, "", "Malformed zip file")
        if length != 44:
            raise _WrongError(HIDDEN, "", "ZIP64 extensible data not allowed")
        self._end_64 = count, size, offset
        return at + 56

    def _ends(self, at: int) -> None:
        count_here, count, size, offset, comment_size = self._fields(END_FIELDS, at)
        if count_here != count:
            raise _WrongError(HIDDEN, "", "Malformed zip file")
        if self._end_64 is not None:
            count, size, offset = self._end_64
        start = at if self._start is None else self._start
        if count != self._count:
            self._say(HIDDEN, b"", "Mismatched central directory records")
        elif offset != start:
            self._say(HIDDEN, b"", "Mismatched central directory offset")
        elif size != self._size:
            self._say(HIDDEN, b"", "Mismatched central directory size")
        if at + 22 + comment_size != len(self._data):
            self._say(HIDDEN, b"", "Trailing data")


def _wide_sizes(
    field: bytes, raw: bytes, method: int, compressed: int, size: int
) -> tuple[int, int]:
    """Sizes as the ZIP64 extra field of a local header has them (APPNOTE.TXT 4.5.3)."""
    if len(field) not in (0, 8, 16, 24, 28):
        raise _WrongError(HEADER, _text(raw), "Malformed zip file")
    if len(field) == 0:
        if _WIDE in (compressed, size):
            raise _WrongError(HEADER, _text(raw), "Malformed zip file")
        return compressed, size
    (first,) = struct.unpack_from("<Q", field)
    size = first if size == _WIDE else size
    if len(field) == 8:
        if method:
            raise _WrongError(HEADER, _text(raw), "Malformed zip file")
        return first, size
    return struct.unpack_from("<Q", field, 8)[0], size


def _text(raw: bytes) -> str:
    """A name as the directory has it, with UTF-8 said or not; a byte that is none is escaped."""
    return raw.decode("utf-8", "surrogateescape")


def _is_utf_8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _has_control(raw: bytes) -> bool:
    """Whether there is one of the characters that the index allows in no name."""
    if raw.decode("latin-1").isprintable():
        return False
    return any(byte < 0x20 or byte == 0x7F for byte in raw)
