"""Inputs that are small and stand for much: objects, wheels, roots. Each is made for one size.

An object is what a loader would map and no more: one segment, the dynamic section, its tables.
"""

from __future__ import annotations

import lzma
import sqlite3
import struct
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from archives import Layout, tar
from collide.elf.constants import (
    DT_GNU_HASH,
    DT_HASH,
    DT_NEEDED,
    DT_RELA,
    DT_RELASZ,
    DT_RUNPATH,
    DT_STRSZ,
    DT_STRTAB,
    DT_SYMTAB,
    DT_VERNEED,
    PT_DYNAMIC,
    PT_LOAD,
    PT_NOTE,
)
from collide.wheels.record import record_digest
from random_objects import gnu_table

WHEEL = "x-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"
MODULE = "x.cpython-311-x86_64-linux-gnu.so"
_HEADER, _ROW = 64, 56


def shared_object(
    strings: bytes,
    tables: Iterable[tuple[int, bytes]] = (),
    values: Iterable[tuple[int, int]] = (),
    more_segments: bytes = b"",
) -> bytes:
    """An x86-64 object; ``tables`` are placed in it and pointed to, ``values`` stand as they are.

    ``more_segments`` are further program headers.
    """
    count = 2 + len(more_segments) // _ROW
    body = bytearray(_HEADER + _ROW * count)
    dynamic = []
    for tag, table in ((DT_STRTAB, strings), *tables):
        body += bytes(-len(body) % 8)
        dynamic.append((tag, len(body)))
        if tag in (DT_STRTAB, DT_RELA):
            dynamic.append((DT_STRSZ if tag == DT_STRTAB else DT_RELASZ, len(table)))
        body += table
    body += bytes(-len(body) % 8)
    at = len(body)
    words = [word for entry in (*dynamic, *values, (0, 0)) for word in entry]
    body += struct.pack(f"<{len(words)}Q", *words)
    ident = b"\x7fELF\2\1\1" + bytes(9)
    header = struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, _HEADER, 0, 0, 64, _ROW, count, 64, 0, 0)
    rows = (_segment(PT_LOAD, 7, 0, len(body)), _segment(PT_DYNAMIC, 6, at, len(body) - at))
    head = ident + header + b"".join(rows) + more_segments
    return head + bytes(body[len(head) :])


def _segment(kind: int, flags: int, at: int, size: int) -> bytes:
    return struct.pack("<IIQQQQQQ", kind, flags, at, at, at, size, size, 8)


def _symbols(names: Iterable[int]) -> bytes:
    """A defined function at each of these offsets in the string table."""
    rows = (struct.pack("<IBBHQQ", name, 0x12, 0, 7, 0x40, 8) for name in names)
    return bytes(24) + b"".join(rows)


def _numbered(count: int) -> tuple[list[bytes], bytes, list[int]]:
    """Names, the string table of them, and where each is."""
    names = [b"s%07d" % number for number in range(count)]
    return names, b"\0" + b"\0".join(names) + b"\0", [1 + 9 * n for n in range(count)]


# -- objects --------------------------------------------------------------------------------------


def symbol_tails(size: int) -> bytes:
    """Every symbol's name is a tail of one long text."""
    count = size // 56
    text = b"\0" + b"a" * (size // 2) + b"\0"
    chain = struct.pack(f"<{count}I", *([0] * (count - 1)), 1)
    table = struct.pack("<4IQI", 1, 1, 1, 0, 0, 1) + chain
    at = (1 + number * (size // 2) // count for number in range(count))
    return shared_object(text, [(DT_SYMTAB, _symbols(at)), (DT_GNU_HASH, table)])


def version_tails(size: int) -> bytes:
    """32,000 versions that are needed, each a tail of one long text."""
    count = 32_000
    rows = (struct.pack("<IHHII", 0, 0, 2, 1 + n, 16 if n + 1 < count else 0) for n in range(count))
    needs = struct.pack("<HHIII", 1, 1, 1, 16, 0) + b"".join(rows)
    return shared_object(b"\0" + b"v" * size + b"\0", [(DT_VERNEED, needs)])


def needed_tails(size: int) -> bytes:
    """20,000 libraries that are needed, each a tail of one long text."""
    needed = [(DT_NEEDED, 1 + number) for number in range(20_000)]
    return shared_object(b"\0" + b"n" * size + b"\0", values=needed)


def empty_names(size: int) -> bytes:
    """A string table of zeros, and one symbol."""
    table = gnu_table([b""], 64, False, 1)
    return shared_object(bytes(size), [(DT_SYMTAB, _symbols([1])), (DT_GNU_HASH, table)])


def one_bucket(size: int) -> bytes:
    """DT_HASH with one chain of all symbols."""
    names, strings, at = _numbered(size // 37)
    chain = [*range(len(names))]
    table = struct.pack(f"<{len(names) + 4}I", 1, len(names) + 1, len(names), 0, *chain)
    rela = (struct.pack("<QQq", 64, n << 32 | 6, 0) for n in range(1, len(names) + 1))
    tables = [(DT_SYMTAB, _symbols(at)), (DT_HASH, table), (DT_RELA, b"".join(rela))]
    return shared_object(strings, tables)


def one_name(size: int) -> bytes:
    """DT_GNU_HASH with one chain of symbols of one name, and a reference to it."""
    count = size // 28
    table = gnu_table([b"same"] * count, 64, False, 1)
    tables = [(DT_SYMTAB, _symbols([1] * count)), (DT_GNU_HASH, table)]
    return shared_object(b"\0same\0", [*tables, (DT_RELA, struct.pack("<QQq", 64, 1 << 32 | 6, 0))])


def notes_over_notes(size: int) -> bytes:
    """4,000 PT_NOTE segments that all are the whole file."""
    notes = _segment(PT_NOTE, 4, 0, size) * 4000
    return shared_object(b"\0" + bytes(size), more_segments=notes)


def many_segments(size: int) -> bytes:
    """As many program headers as there may be."""
    return shared_object(b"\0" + bytes(size), more_segments=_segment(PT_NOTE, 4, 0, 8) * 65_000)


def searched_everywhere(size: int) -> bytes:
    """Many libraries that are needed, and as many directories to search each in."""
    _, strings, at = _numbered(size // 40)
    directories = b":".join(b"/d%d" % number for number in range(len(at)))
    needed = [*((DT_NEEDED, one) for one in at), (DT_RUNPATH, len(strings))]
    return shared_object(strings + directories + b"\0", values=needed)


def unknown_relocations(size: int) -> bytes:
    """As many types of relocations as relocations."""
    rela = b"".join(struct.pack("<QQq", 64, 1000 + n, 0) for n in range(size // 24))
    return shared_object(b"\0", [(DT_RELA, rela)])


OBJECTS: dict[str, tuple[Callable[[int], bytes], int, str | None]] = {
    "symbol tails": (symbol_tails, 2 << 20, "name-ratio"),
    "version tails": (version_tails, 1 << 20, "name-ratio"),
    "needed tails": (needed_tails, 1 << 20, "name-ratio"),
    "empty names": (empty_names, 40 << 20, None),
    "one bucket": (one_bucket, 1 << 20, None),
    "one name": (one_name, 1 << 20, None),
    "notes over notes": (notes_over_notes, 4 << 20, None),
    "many segments": (many_segments, 1 << 20, "segments"),
    "searched everywhere": (searched_everywhere, 256 << 10, "tries"),
    "unknown relocations": (unknown_relocations, 1 << 20, None),
}
"""The maker of each kind, a size, and the limit that it goes beyond."""


# -- wheels ---------------------------------------------------------------------------------------


def wheel(
    directory: Path, members: Sequence[tuple[str, bytes]], record: bytes | None = None
) -> Path:
    """A wheel of these members, with their RECORD or another one."""
    path = directory / WHEEL
    hashes = [record_digest("sha256", data, 1 << 30) for _, data in members]
    lines = [f"{name},{digest}," for (name, _), digest in zip(members, hashes, strict=True)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
        archive.writestr(
            "x-1.0.dist-info/RECORD", "\n".join([*lines, ""]).encode() if record is None else record
        )
    return path


def overlapping(directory: Path, count: int) -> Path:
    """Directory entries that all are one member of 8 MiB of zeros."""
    path = wheel(directory, [("a.so", bytes(8 << 20))])
    data = path.read_bytes()
    at, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    second = data.index(b"PK\1\2", at + 1)
    entries = data[at:second] * count + data[second:end]
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count + 1, count + 1, len(entries), at, 0)
    path.write_bytes(data[:at] + entries + tail)
    return path


def many_modules(directory: Path, count: int) -> Path:
    """Modules that all define one name, and one each of their own."""

    def module(number: int) -> bytes:
        names = [b"PyInit_m%d" % number, b"common"]
        strings = b"\0" + b"\0".join(names) + b"\0"
        symbols = _symbols([1, 2 + len(names[0])])
        rela = b"".join(struct.pack("<QQq", 64, n << 32 | 6, 0) for n in (1, 2))
        table = gnu_table(names, 64, False, 1)
        return shared_object(strings, [(DT_SYMTAB, symbols), (DT_GNU_HASH, table), (DT_RELA, rela)])

    suffix = MODULE.partition(".")[2]
    return wheel(directory, [(f"p/m{n}.{suffix}", module(n)) for n in range(count)])


# -- profiles -------------------------------------------------------------------------------------


def packed(text: bytes, times: int) -> bytes:
    """``text``, repeated, in xz."""
    made = lzma.LZMACompressor(preset=0)
    piece = text * max(1, (1 << 20) // len(text))
    whole, rest = divmod(len(text) * times, len(piece))
    parts = [made.compress(piece) for _ in range(whole)]
    return b"".join([*parts, made.compress(piece[:rest]), made.flush()])


# -- roots ----------------------------------------------------------------------------------------


def tar_of_zeros(size: int) -> bytes:
    """A tar archive of one file of zeros, in xz."""
    head = tar(("big", b""))[:512]
    info = bytearray(head)
    info[124:136] = b"%011o\0" % size
    info[148:156] = b" " * 8
    info[148:156] = b"%06o\0 " % sum(info)
    made = lzma.LZMACompressor(preset=0)
    parts = [made.compress(bytes(info))]
    parts += [made.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    return b"".join([*parts, made.compress(bytes(1024)), made.flush()])


def image(directory: Path, layer: bytes, times: int) -> Path:
    """An OCI layout of one image that names a layer so many times."""
    layout = Layout()
    blob = layout.blob("layer.v1.tar", layer)
    config = layout.blob("config.v1+json", {"os": "linux", "architecture": "amd64"})
    manifest = {"schemaVersion": 2, "config": config, "layers": [blob] * times}
    layout.index(layout.blob("manifest.v1+json", manifest))
    return layout.write(directory)


def cache_of_tails(count: int) -> bytes:
    """An ld.so.cache whose names are tails of one long text."""
    text = b"l" * (25 * count) + b"\0"
    at = 48 + 24 * count
    head = b"glibc-ld.so.cache1.1" + struct.pack("<II", count, len(text)) + b"\2\0\0\0" + bytes(16)
    rows = (struct.pack("<IIIIQ", 0x303, at + n, at + n, 0, 0) for n in range(count))
    return head + b"".join(rows) + text


def rpm_database(directory: Path, rows: int) -> bytes:
    """An rpmdb.sqlite with one header whose tags each say that they have 2**32 - 1 values."""
    data = b"name\0" + bytes(4000)
    tags = b"".join(struct.pack(">4I", 1116, 4, 0, 0xFFFFFFFF) for _ in range(rows))
    path = directory / "rpmdb"
    connection = sqlite3.connect(path)
    connection.execute("create table Packages(blob)")
    header = struct.pack(">2I", rows, len(data)) + tags + data
    connection.execute("insert into Packages values (?)", (header,))
    connection.commit()
    connection.close()
    return path.read_bytes()
