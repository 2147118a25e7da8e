"""Wheels whose archives attack readers, written byte by byte; each is valid in all else."""

from __future__ import annotations

import bz2
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from checkout import WHEELS
from collide.wheels.record import record_digest

NAME = "demo-1.0-cp310-abi3-manylinux_2_17_x86_64.whl"
INFO = "demo-1.0.dist-info"
MODULE = "m.abi3.so"


@dataclass(frozen=True)
class Stored:
    """One member as the archive has it; ``local_*`` are what its own header says."""

    name: bytes
    data: bytes
    local_name: bytes | None = None
    local_size: int | None = None
    local_crc: int | None = None
    flags: int = 0x800
    method: int = 8
    mode: int = 0o100644
    extra: bytes = b""
    directory_extra: bytes = b""
    comment: bytes = b""
    descriptor: bool = False
    hidden: bool = False
    """In no directory."""
    shares: int | None = None
    """The number of the member whose header it has for its own."""
    before: bytes = b""


def written(
    members: Sequence[Stored], *, prefix: bytes = b"", comment: bytes = b"", suffix: bytes = b""
) -> bytes:
    """The archive."""
    out, directory, offsets, count = bytearray(prefix), b"", [], 0
    for member in members:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        deflated = packer.compress(member.data) + packer.flush()
        raw = {8: deflated, 12: bz2.compress(member.data)}.get(member.method, member.data)
        flags = member.flags | (8 if member.descriptor else 0)
        sizes = zlib.crc32(member.data), len(raw), len(member.data)
        offsets.append(len(out) + len(member.before))
        if member.shares is None:
            out += member.before
            local = (0, 0, 0) if member.descriptor else sizes
            if member.local_size is not None:
                local = (*local[:2], member.local_size)
            if member.local_crc is not None:
                local = (member.local_crc, *local[1:])
            name = member.name if member.local_name is None else member.local_name
            header = (b"PK\3\4", 20, flags, member.method, 0, 33, *local)
            out += struct.pack("<4s5H3L2H", *header, len(name), len(member.extra))
            out += name + member.extra + raw
            if member.descriptor:
                out += struct.pack("<4s3L", b"PK\7\10", *sizes)
        at = offsets[len(offsets) - 1 if member.shares is None else member.shares]
        if not member.hidden:
            count += 1
            fields = (b"PK\1\2", 20, 3, 20, 0, flags, member.method, 0, 33, *sizes)
            extra = member.directory_extra
            lengths = (len(member.name), len(extra), len(member.comment), 0, 0)
            directory += struct.pack("<4s4B4HL2L5H2L", *fields, *lengths, member.mode << 16, at)
            directory += member.name + extra + member.comment
    end = (b"PK\5\6", 0, 0, count, count, len(directory), len(out), len(comment))
    return bytes(out) + directory + struct.pack("<4s4H2LH", *end) + comment + suffix


def module() -> bytes:
    """An extension module of a specimen."""
    path = next(WHEELS.glob("dist/specimen_static_hidden-1.0-*.whl"))
    with zipfile.ZipFile(path) as archive:
        return archive.read("specimen_static_hidden.abi3.so")


def wheel_of(*more: Stored) -> list[Stored]:
    """A module, ``more``, and the metadata, with a RECORD of them all."""
    wheel = "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: false\nTag: {}\n"
    members = [
        Stored(MODULE.encode(), module()),
        *more,
        Stored(f"{INFO}/METADATA".encode(), b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"),
        Stored(f"{INFO}/WHEEL".encode(), wheel.format("cp310-abi3-manylinux_2_17_x86_64").encode()),
    ]
    rows = {}
    for member in members:
        name = member.name.decode("utf-8" if member.flags & 0x800 else "cp437").partition("\0")[0]
        digest = record_digest("sha256", member.data, 0)
        if not name.endswith("/"):
            rows[name] = f'"{name}",{digest},{len(member.data)}\n'
    record = "".join(rows.values()) + f"{INFO}/RECORD,,\n"
    return [*members, Stored(f"{INFO}/RECORD".encode(), record.encode())]


def _named(name: str | bytes, data: bytes = b"text", **fields: object) -> Callable[[], bytes]:
    raw = name.encode() if isinstance(name, str) else name
    return lambda: written(wheel_of(Stored(raw, data, **fields)))  # type: ignore[arg-type]


def _changed(number: int, **fields: object) -> Callable[[], bytes]:
    """The wheel with one member changed; -1 is RECORD."""

    def make() -> bytes:
        members = wheel_of(Stored(b"one.txt", b"one"))
        members[number] = replace(members[number], **fields)  # type: ignore[arg-type]
        return written(members)

    return make


def _other() -> bytes:
    return written(wheel_of(Stored(b"other.txt", b"other")))


def _unicode_path(name: bytes, of: bytes = b"one.txt") -> bytes:
    field = struct.pack("<BL", 1, zlib.crc32(of)) + name
    return struct.pack("<HH", 0x7075, len(field)) + field


_LIBZ = "usr/lib/x86_64-linux-gnu/libz.so.1"
ATTACKS: dict[str, tuple[Callable[[], bytes], str | None]] = {
    "none": (_named("one.txt"), None),
    "a directory entry": (_named("pkg/", b"", mode=0o40755), None),
    "a comment of the archive": (lambda: written(wheel_of(), comment=b"hello"), None),
    "upwards": (_named("../../../../../../tmp/escaped.so"), "COL601"),
    "upwards from inside": (_named("pkg/../../escaped.so"), "COL601"),
    "absolute": (_named("/tmp/escaped.so"), "COL601"),
    "out of .data": (_named(f"demo-1.0.data/scripts/../../../../../{_LIBZ}", module()), "COL601"),
    "unknown scheme": (_named("demo-1.0.data/lib/x.txt"), "COL601"),
    "no scheme": (_named("demo-1.0.data/x.txt"), "COL601"),
    "two of one name": (
        lambda: written(wheel_of(Stored(b"one.txt", b"1"), Stored(b"one.txt", b"2"))),
        "COL602",
    ),
    "two modules of one name": (_named(MODULE, b"\x7fELF harmless"), "COL602"),
    "two .dist-info": (_named("other-2.0.dist-info/METADATA", b"Name: other\n"), "COL603"),
    "another name in the header": (_changed(1, local_name=b"two.txt"), "COL604"),
    "another size in the header": (_changed(1, local_size=4), "COL604"),
    "in no directory": (_changed(1, hidden=True), "COL604"),
    "one header for two": (_named("copy.so", module(), shares=0), "COL604"),
    "malformed extra field": (_changed(1, extra=b"abc"), "COL604"),
    "bytes before": (lambda: written(wheel_of(), prefix=b"#!/bin/sh\n"), "COL605"),
    "bytes between": (_changed(1, before=b"between"), "COL605"),
    "bytes behind": (lambda: written(wheel_of(), suffix=b"behind"), "COL605"),
    "an archive before": (lambda: _other() + written(wheel_of()), "COL605"),
    "an archive in the comment": (lambda: written(wheel_of(), comment=_other()), "COL604"),
    "comment of a member": (_changed(1, comment=b"PK\5\6"), "COL605"),
    "control in a name": (_named("a\x1b[31m.txt"), "COL606"),
    "end of line in a name": (_named("a\n::error::b.txt"), "COL606"),
    "NUL in a name": (_named(b"a.so\0.txt"), "COL606"),
    "name that is not UTF-8": (_named(b"a\xff.txt", flags=0), "COL606"),
    "bzip2": (_changed(1, method=12, data=b"text"), "COL607"),
    "encrypted": (_changed(1, flags=0x801, data=b"text"), "COL607"),
    "data descriptor": (_changed(1, descriptor=True), "COL607"),
    "two names for one file": (
        lambda: written(wheel_of(Stored(b"pkg/x.txt", b"1"), Stored(b"pkg/./x.txt", b"2"))),
        "COL608",
    ),
    "scheme over root": (_named(f"demo-1.0.data/platlib/{MODULE}", b"text"), "COL608"),
    "backslash": (_named("..\\..\\x.txt"), "COL608"),
    "empty part": (_named("pkg//x.txt"), "COL608"),
    "drive": (_named("C:/x.txt"), "COL608"),
    "another checksum in the header": (_changed(1, local_crc=1), "COL608"),
    "another Unicode path in the header": (_changed(1, extra=_unicode_path(b"b.so")), "COL608"),
    "another Unicode path": (_changed(1, directory_extra=_unicode_path(b"b.so")), "COL608"),
    "extra field cut off": (_changed(1, directory_extra=b"\1\0\xff\xff"), "COL604"),
    "symbolic link": (_named("link.txt", b"/etc/passwd", mode=0o120777), "COL608"),
}
"""How each is made, and the code that it must have; None for what nobody refuses."""


def make(attack: str, directory: Path | str) -> str:
    """The wheel of an attack, by its name in ``ATTACKS``."""
    path = Path(directory) / NAME
    path.write_bytes(ATTACKS[attack][0]())
    return str(path)
