"""Changes of an input that leave most of its form alone, so that what is behind it is reached.

Each mutator takes the bytes of a valid or nearly valid input and a source of chance, and gives
other bytes. What it cannot take apart it changes as bytes.
"""

from __future__ import annotations

import io
import json
import lzma
import random
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import seeds

Mutator = Callable[[bytes, random.Random], bytes]

NUMBERS = (
    *(0, 1, 2, 3, 4, 7, 8, 16, 0x7F, 0x80, 0xFF, 0x100, 0xFFF, 0x1000, 0x7FFF, 0x8000, 0xFFFF),
    *(0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF, 1 << 32, 1 << 62, (1 << 63) - 1),
    *(1 << 63, (1 << 64) - 8, (1 << 64) - 1),
)
TEXTS = (
    *("", "x", "/", "../..", "\udc80", "a\0b", "$ORIGIN", "${LIB}", "\x1b[31m", "::error::x"),
    *("\u202e", "%s{}", "9" * 5000, "libz.so.1", "*", "[", "a" * 300, "sha256=", "\n", '"'),
)


class Word(NamedTuple):
    """A number in an input: its place and size in bytes."""

    at: int
    size: int


def change_bytes(data: bytes, rand: random.Random) -> bytes:
    """A few bytes set, copied, removed or inserted at random."""
    made = bytearray(data or b"\0")
    for _ in range(rand.choice((1, 1, 2, 4))):
        at = rand.randrange(len(made))
        length = rand.randrange(1, 40)
        match rand.randrange(6):
            case 0:
                made[at] = rand.randrange(256)
            case 1:
                made[at] ^= 1 << rand.randrange(8)
            case 2:
                size = rand.choice((2, 4, 8))
                value = rand.choice(NUMBERS) & (1 << 8 * size) - 1
                made[at : at + size] = value.to_bytes(size, "little")
            case 3:
                start = rand.randrange(len(made))
                made[at:at] = made[start : start + length]
            case 4:
                del made[at : at + length]
            case _:
                del made[rand.randrange(len(made) // 2, len(made)) :]
        made = made or bytearray(1)
    return bytes(made)


def set_word(
    made: bytearray, word: Word, rand: random.Random, *, big: bool, known: Sequence[int] = (0,)
) -> None:
    """Give a number another value: a border case, one nearby, one from elsewhere, or any."""
    at, size = word
    if at < 0 or at + size > len(made):
        return
    order = "big" if big else "little"
    old = int.from_bytes(made[at : at + size], order)  # type: ignore[arg-type]
    match rand.randrange(5):
        case 0 | 1:
            new = rand.choice(NUMBERS)
        case 2:
            new = old + rand.choice((-64, -8, -1, 1, 4, 8, 64, len(made)))
        case 3:
            new = rand.choice(known) + rand.choice((0, 0, 0, 1, -1, 8))
        case _:
            new = old ^ 1 << rand.randrange(8 * size)
    made[at : at + size] = (new & (1 << 8 * size) - 1).to_bytes(size, order)  # type: ignore[arg-type]


# -- objects --------------------------------------------------------------------------------------

_TABLES = {4: 4, 5: 1, 6: 4, 7: 8, 17: 4, 23: 8, 25: 8, 36: 8, 0x6FFFFEF5: 4, 0x6FFFFFF0: 2}
_TABLES |= {0x6FFFFFFC: 2, 0x6FFFFFFE: 2}
_LONG = 30


class _Places:
    """The numbers in an object, by the table they are in, and the values that stand in it."""

    def __init__(self, data: bytes) -> None:
        self.big = data[5] == 2
        self.groups: list[list[Word]] = []
        self.values = [0]
        self._data = data
        self._wide = data[4] == 2
        try:
            self._headers()
        except (struct.error, IndexError, OverflowError):
            self.groups = self.groups or [[Word(16, 2)]]

    def _read(self, form: str, at: int) -> tuple[int, ...]:
        return struct.unpack_from(f"{'>' if self.big else '<'}{form}", self._data, at)

    def _headers(self) -> None:
        wide = self._wide
        header = [Word(32, 8), Word(54, 2), Word(56, 2)] if wide else [Word(28, 4), Word(44, 2)]
        self.groups.append([Word(4, 1), Word(5, 1), Word(7, 1), Word(16, 2), Word(18, 2), *header])
        (start,) = self._read("Q" if wide else "I", 32 if wide else 28)
        row, count = self._read("HH", 54 if wide else 42)
        word = 8 if wide else 4
        rows, loads, dynamic = [], [], None
        for number in range(min(count, 12)):
            at = start + number * row
            if wide:
                kind, _, offset, address, _, size, _, _ = self._read("IIQQQQQQ", at)
                rows += [Word(at, 4), Word(at + 4, 4), *(Word(at + n, 8) for n in range(8, 56, 8))]
            else:
                kind, offset, address, _, size, *_ = self._read("8I", at)
                rows += [Word(at + n, 4) for n in range(0, 32, 4)]
            self.values += [offset, address, size]
            if kind == 1:
                loads.append((address, offset, size))
            elif kind == 2:
                dynamic = offset, size
            elif kind in (4, 0x6474E550):
                self.groups.append([Word(n, 4) for n in range(offset, offset + min(size, 96), 4)])
        self.groups.append(rows)
        if dynamic:
            self._dynamic(*dynamic, word, loads)

    def _dynamic(self, start: int, size: int, word: int, loads: list[tuple[int, int, int]]) -> None:
        words = []
        for at in range(start, start + min(size, 60 * word), 2 * word):
            tag, value = self._read("QQ" if word == 8 else "II", at)
            words += [Word(at, word), Word(at + word, word), Word(at + word, word)]
            self.values.append(value)
            for address, offset, length in loads:
                if tag in _TABLES and address <= value < address + length:
                    unit = _TABLES[tag] if word == 8 else min(_TABLES[tag], 4)
                    first = value - address + offset
                    self.groups.append([Word(first + n * unit, unit) for n in range(_LONG)])
        self.groups.append(words)


def change_object(data: bytes, rand: random.Random) -> bytes:
    """An object with other numbers in its headers and tables."""
    if len(data) < 64 or data[:4] != b"\x7fELF":
        return change_bytes(data, rand)
    made, places = bytearray(data), _Places(data)
    for _ in range(rand.choice((1, 1, 1, 2, 2, 3, 5))):
        if rand.random() < 0.85:
            group = rand.choice(places.groups)
            if group:
                set_word(made, rand.choice(group), rand, big=places.big, known=places.values)
        else:
            made = bytearray(change_bytes(bytes(made), rand))
    return bytes(made)


# -- JSON -----------------------------------------------------------------------------------------


def _nodes(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Every container with each of its keys."""
    pending = [value]
    while pending:
        node = pending.pop()
        keys = node if isinstance(node, dict) else range(len(node))
        for key in list(keys)[:200]:
            found.append((node, key))
            if isinstance(node[key], dict | list):
                pending.append(node[key])
    return found


_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 5, -5, 1 << 31, 1 << 70, 1.5, 1e308, float("inf")),
    *(float("nan"), [], {}, [[]], [None], {"": 0}, [1, 2], "0", *TEXTS),
)


def change_document(document: Any, rand: random.Random) -> Any:
    """A JSON document with other values in some places."""
    if not isinstance(document, dict | list):
        return rand.choice(_VALUES)
    for _ in range(rand.choice((1, 1, 1, 2, 4))):
        places = _nodes(document, [])
        if not places:
            break
        node, key = rand.choice(places)
        old = node[key]
        match rand.randrange(8):
            case 0:
                del node[key]
            case 1:
                node[key] = [old, old]
            case 2:
                container, name = rand.choice(places)
                node[key] = json.loads(json.dumps(container[name]))
            case 3 if isinstance(node, dict):
                node[rand.choice(TEXTS)] = old
            case 4 if isinstance(old, int):
                node[key] = rand.choice((old + 1, old - 1, -old, old * 1000))
            case _:
                node[key] = json.loads(json.dumps(rand.choice(_VALUES)))
    return document


def change_json(data: bytes, rand: random.Random) -> bytes:
    """A JSON text with other values, in some layout; now and then bytes of it."""
    if rand.random() < 0.15:
        return change_bytes(data, rand)
    try:
        document = change_document(json.loads(data), rand)
        return json.dumps(document, separators=rand.choice(((",", ":"), (", ", ": ")))).encode()
    except (ValueError, RecursionError, TypeError):
        return change_bytes(data, rand)


def change_profile(data: bytes, rand: random.Random) -> bytes:
    """A profile, in collide's own layout or another one, or in xz."""
    if data.startswith(b"\xfd7zXZ"):
        return change_bytes(data, rand)
    made = change_json(data, rand)
    if rand.random() < 0.5:
        try:
            document = json.loads(made)
            tables = document.pop("tables")
            head = ",\n".join(f"{json.dumps(k)}:{json.dumps(v)}" for k, v in document.items())
            lines = ",\n".join(json.dumps(t, separators=(",", ":")) for t in tables)
            made = f'{{{head},\n"tables":[\n{lines}\n]}}\n'.encode()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            pass
    if rand.random() < 0.03:
        made = lzma.compress(made, preset=0)
    return made


# -- archives -------------------------------------------------------------------------------------

_ENTRY = ((6, 2), (8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2), (42, 4))
_LOCAL = ((6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2))
_END = ((4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2))


def _zip_words(data: bytes) -> Iterator[Word]:
    for magic, fields in ((b"PK\1\2", _ENTRY), (b"PK\3\4", _LOCAL), (b"PK\5\6", _END)):
        at = data.find(magic)
        while at >= 0:
            yield from (Word(at + offset, size) for offset, size in fields)
            at = data.find(magic, at + 4)


def change_archive(data: bytes, rand: random.Random) -> bytes:
    """A ZIP archive with other numbers in its headers, or names in its directory."""
    words = list(_zip_words(data))
    if not words or rand.random() < 0.2:
        return change_bytes(data, rand)
    made = bytearray(data)
    for _ in range(rand.choice((1, 1, 2, 3))):
        set_word(made, rand.choice(words), rand, big=False, known=[word.at for word in words])
    return bytes(made)


_NAMES = (
    *("../{}", "/{}", "{}\0x", "{}\n", "x-1.0.data/platlib/{}", "x-1.0.data/../{}", "\u00e9{}"),
    *(
        "x-1.0.data/data/lib/{}",
        "{}/",
        "{}/x",
        "x.libs/{}",
        "y-1.0.dist-info/RECORD",
        ".",
        "a/./{}",
    ),
)


def change_wheel(data: bytes, rand: random.Random) -> bytes:
    """A wheel with other members: objects changed as objects, texts as bytes; RECORD fits them."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = [(i.filename, archive.read(i)) for i in archive.infolist()]
    except Exception:
        files = []
    files = [f for f in files if not f[0].endswith("/RECORD") and len(f[1]) < 1 << 16][:12]
    files = files or seeds.members()
    recorded = None
    for _ in range(rand.choice((1, 1, 2, 3))):
        at = rand.randrange(len(files))
        name, contents = files[at]
        match rand.randrange(10):
            case 0:
                files[at] = rand.choice(_NAMES).format(name)[:200], contents
            case 1:
                files.append((rand.choice(files)[0], rand.choice(seeds.objects())))
            case 2:
                recorded = change_bytes(seeds.record(files), rand)
            case 3:
                other = rand.choice(files)[0].rpartition("/")[2] or "y.so"
                files.append((f"x.libs/{other}"[:200], contents))
            case _:
                is_object = contents[:4] == b"\x7fELF"
                change = change_object if is_object else change_bytes
                files[at] = name, change(contents, rand)
    try:
        return seeds.wheel(files, level=rand.randrange(2), recorded=recorded)
    except (ValueError, struct.error, UnicodeError):
        return change_archive(data, rand)


# -- ld.so.cache ----------------------------------------------------------------------------------


def change_cache(data: bytes, rand: random.Random) -> bytes:
    """An ld.so.cache with other numbers."""
    made = bytearray(data)
    start = 48 if data.startswith(b"ld.so-1.7.0") else 0
    words = [Word(start + n, 4) for n in range(20, 120, 4)]
    words += [Word(n, 4) for n in range(max(0, len(data) - 28), len(data), 4)]
    for _ in range(rand.choice((1, 2, 3))):
        set_word(made, rand.choice(words), rand, big=rand.random() < 0.2, known=range(len(data)))
    return change_bytes(bytes(made), rand) if rand.random() < 0.2 else bytes(made)


# -- core files -----------------------------------------------------------------------------------


def change_core(data: bytes, rand: random.Random) -> bytes:
    """A core file with other words: in its headers and notes, or in the memory behind them."""
    if len(data) < 0x1000 or rand.random() < 0.1:
        return change_bytes(data, rand)
    made = bytearray(data)
    words = [at for at in range(0, len(data) - 8, 8) if any(data[at : at + 8])]
    known = [int.from_bytes(data[at : at + 8], "little") for at in words]
    for _ in range(rand.choice((1, 1, 2, 3, 5))):
        # The words of the headers, and of the link map and the stack, which are the last.
        near = rand.choice((words[:60], words[-60:], words))
        word = Word(rand.choice(near) + rand.choice((0, 0, 0, 4)), rand.choice((8, 8, 4)))
        set_word(made, word, rand, big=False, known=known)
    return bytes(made)


# -- tar ------------------------------------------------------------------------------------------

_TYPES = (*b"0123456789LKxgSVZ", 0)
_HEADER = (0, 100, 124, 125, 135, 148, 156, 157, 257, 263, 345, 482)


def _entries(data: bytes) -> list[seeds.Entry]:
    found: list[seeds.Entry] = []
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            if member.issym() or member.islnk():
                contents = member.linkname.encode("utf-8", "surrogateescape")
            else:
                file = archive.extractfile(member) if member.isreg() else None
                contents = file.read() if file and member.size < 1 << 20 else b""
            found.append((member.name, member.type, contents))
            if len(found) > 60:
                break
    return found


def _change_contents(entry: seeds.Entry, rand: random.Random) -> seeds.Entry:
    name, kind, contents = entry
    if contents[:4] == b"\x7fELF":
        return name, kind, change_object(contents, rand)
    if name.endswith("ld.so.cache"):
        return name, kind, change_cache(contents, rand)
    if name.endswith(".json") or contents[:1] == b"{":
        return name, kind, change_json(contents, rand)
    if contents[257:262] == b"ustar":
        return name, kind, change_tar(contents, rand)
    return name, kind, change_bytes(contents, rand)


_FILES = (
    *("opt/.wh.host", "opt/.wh..wh..opq", "manifest.json", "oci-layout", "index.json", "opt/l"),
    *("etc/ld.so.conf.d/b.conf", "opt/glibc-hwcaps/x86-64-v2/libz.so.1", "a" * 120, "a/../b"),
    *("usr/lib/sysimage/rpm/rpmdb.sqlite", "opt/host/x", "/opt/host", "var/lib/dpkg/info/y.list"),
)
_TARGETS = (b"/opt/l", b"l", b"../../../../etc/passwd", b".", b"/", b"opt/host", b"host", b"")
_CONTENTS = (b"", b"include *.conf\n", b"[]", b"{}", b"\x7fELF", b"SQLite format 3\0" + bytes(84))


def change_entries(found: list[seeds.Entry], rand: random.Random) -> list[seeds.Entry]:
    """Entries of an archive, some added, left out, doubled or changed."""
    for _ in range(rand.choice((1, 1, 2, 3))):
        at = rand.randrange(len(found))
        name, kind, contents = found[at]
        match rand.randrange(9):
            case 0:
                del found[at]
                found = found or seeds.system()
            case 1:
                link = rand.choice((tarfile.SYMTYPE, tarfile.LNKTYPE))
                target = rand.choice((name, rand.choice(_FILES)))
                found.insert(at, (target, link, rand.choice(_TARGETS)))
            case 2:
                found.insert(at, (rand.choice(_FILES), tarfile.REGTYPE, rand.choice(_CONTENTS)))
            case 3:
                found.append((name, bytes([rand.choice(_TYPES)]), contents))
            case 4:
                found[at] = rand.choice(_FILES), kind, contents
            case _:
                found[at] = _change_contents(found[at], rand)
    return found


def change_headers(data: bytes, rand: random.Random) -> bytes:
    """A tar archive with other bytes in a header or two, whose checksums fit again."""
    made = bytearray(data)
    headers = [at for at in range(0, len(made), 512) if made[at + 257 : at + 262] == b"ustar"]
    for _ in range(rand.choice((1, 2))):
        header = rand.choice(headers or [0])
        at = header + rand.choice((*_HEADER, rand.randrange(512)))
        if at < len(made):
            made[at] = rand.choice((0, 0x80, 0xFF, rand.choice(_TYPES), rand.randrange(256)))
        if rand.random() < 0.8 and header + 512 <= len(made):
            made[header + 148 : header + 156] = b" " * 8
            made[header + 148 : header + 156] = b"%06o\0 " % sum(made[header : header + 512])
    return bytes(made)


def change_tar(data: bytes, rand: random.Random) -> bytes:
    """A tar archive with other entries, contents or headers."""
    if rand.random() < 0.35:
        return change_headers(data, rand)
    try:
        found = change_entries(_entries(data) or seeds.system(), rand)
        form = rand.choice((tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))
        return seeds.tar(found, form)
    except Exception:
        return change_headers(data, rand)
