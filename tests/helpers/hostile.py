"""Names that want to be commands, markup or terminal controls, objects and wheels full of them."""

from __future__ import annotations

import json
import re
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from collide.wheels.record import record_digest
from random_objects import gnu_table

NAMES = {
    "terminal": b"\x1b]0;OWNED\x07\x1b[2J\x1b[31mred\x7f\x08",
    "command": b"a\n::error file=setup.py,line=1::injected\n::stop-commands::x\n",
    "first": b"::error::x",
    "blank first": b" \t::set-env name=PATH::x",
    "carriage return": b"b\r::warning::x\r\n::add-mask::a",
    "legacy": b"c##[add-mask]a ###[group]",
    "azure": b"##vso[task.setvariable variable=x]y ##teamcity[message]",
    "markup": b"<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;",
    "bidi": "\u202egpj.so\u2066\u200f\ufeff".encode(),
    "separators": "a\u2028::error::x\u2029::error::y\x85::error::z\x0b\x0c\x1c::error::".encode(),
    "c1": "\x9b31m\x90\x9c".encode(),
    "no utf-8": b"\xff\xfe%0A::warning::pct",
    "backslash": b"a\\x1b\\",
    "quotes": b'it\'s "quoted", `$(id)` | ; & *[x](http://a)',
}
"""Bytes of a name, by what they try."""

ALL = b"".join(NAMES.values())

_DT = {"NEEDED": 1, "STRTAB": 5, "SYMTAB": 6, "RELA": 7, "RELASZ": 8, "STRSZ": 10, "SYMENT": 11}
_DT |= {"SONAME": 14, "RUNPATH": 29, "GNU_HASH": 0x6FFFFEF5, "VERSYM": 0x6FFFFFF0}
_DT |= {"VERNEED": 0x6FFFFFFE}


def hostile_object(
    soname: bytes | None = None,
    needed: Sequence[bytes] = (),
    undefined: Sequence[bytes] = (),
    defined: Sequence[bytes] = (),
    version: tuple[bytes, bytes] | None = None,
) -> bytes:
    """An x86-64 object of these names; the ``undefined`` ones are of the ``version`` of a file."""
    strings = bytearray(b"\0")

    def put(name: bytes) -> int:
        at = len(strings)
        strings.extend(name + b"\0")
        return at

    tags = [(_DT["SONAME"], put(soname))] if soname is not None else []
    tags += [(_DT["NEEDED"], put(name)) for name in needed]
    ordered = sorted(defined, key=len)
    symbols = bytes(24)
    for name in undefined:
        symbols += struct.pack("<IBBHQQ", put(name), 0x12, 0, 0, 0, 0)
    for name in ordered:
        symbols += struct.pack("<IBBHQQ", put(name), 0x12, 0, 1, 0x10, 8)
    count = len(undefined) + len(ordered)
    relocations = b"".join(struct.pack("<QQq", 0x10, n << 32 | 6, 0) for n in range(1, count + 1))
    tables = [(_DT["GNU_HASH"], gnu_table(ordered, 64, False, 1, 1 + len(undefined)))]
    if version is not None:
        indexes = [0, *[2] * len(undefined), *[1] * len(ordered)]
        tables.append((_DT["VERSYM"], struct.pack(f"<{len(indexes)}H", *indexes)))
        need = struct.pack("<HHIII", 1, 1, put(version[0]), 16, 0)
        need += struct.pack("<IHHII", 0, 0, 2, put(version[1]), 0)
        tables.append((_DT["VERNEED"], need))
        tags.append((0x6FFFFFFF, 1))  # DT_VERNEEDNUM
    sized = [(_DT["STRTAB"], bytes(strings), _DT["STRSZ"]), (_DT["SYMTAB"], symbols, 0)]
    sized += [(_DT["RELA"], relocations, _DT["RELASZ"]), *((t, d, 0) for t, d in tables)]
    return _linked(sized, [*tags, (_DT["SYMENT"], 24), (9, 24)])


def _linked(tables: Sequence[tuple[int, bytes, int]], tags: Sequence[tuple[int, int]]) -> bytes:
    body = bytearray(64 + 2 * 56)
    dynamic = []
    for tag, data, size_tag in tables:
        body.extend(bytes(-len(body) % 8))
        dynamic.append((tag, len(body)))
        if size_tag:
            dynamic.append((size_tag, len(data)))
        body.extend(data)
    body.extend(bytes(-len(body) % 8))
    at = len(body)
    for tag, value in (*dynamic, *tags, (0, 0)):
        body.extend(struct.pack("<QQ", tag, value))
    size = len(body) - at
    ident = b"\x7fELF\2\1\1" + bytes(9)
    body[:64] = ident + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    for number, (kind, flags, start, length) in enumerate(((1, 7, 0, len(body)), (2, 6, at, size))):
        row = struct.pack("<IIQQQQQQ", kind, flags, start, start, start, length, length, 8)
        body[64 + 56 * number : 120 + 56 * number] = row
    return bytes(body)


def hostile_wheel(directory: Path, name: bytes, *, stem: str = "x") -> Path:
    """A wheel with ``name`` in every place that a loader or an installer reads."""
    shown = name.decode("utf-8", "replace").replace("/", "\u2215")
    module = ".cpython-311-x86_64-linux-gnu.so"
    lib = b"lib" + name + b".so.1"
    members = {
        f"{shown}{module}": hostile_object(
            needed=[lib, b"libz.so.1", b"lib" + name + b".so.9"],
            undefined=[b"deflate", b"und" + name],
            defined=[b"PyInit_a", b"def" + name, b"crc32", b"inflate"],
        ),
        f"libs/{shown}.so": hostile_object(soname=lib, defined=[b"und" + name, b"def" + name]),
        f"c{module}": hostile_object(
            needed=[b"libc.so.6"],
            undefined=[b"q" + name],
            defined=[b"PyInit_c"],
            version=(b"libc.so.6", b"V" + name),
        ),
        f"{shown}.bin": b"\x7fELFgarbage",
        f"{shown}.o": b"\x7fELF" + hostile_object()[4:16] + b"\1\0" + hostile_object()[18:],
    }
    path = directory / f"{stem}-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"
    rows = []
    with zipfile.ZipFile(path, "w") as archive:
        for member, data in members.items():
            archive.writestr(member, data)
            # The last one is in no line.
            if not member.endswith(".bin"):
                quoted = member.replace('"', '""')
                rows.append(f'"{quoted}",{record_digest("sha256", data, 0)},{len(data)}\n')
        archive.writestr(f"{stem}-1.0.dist-info/RECORD", "".join(rows))
    return path


# -- what reads the outputs -----------------------------------------------------------------------


def taken_for_commands(output: str) -> list[str]:
    """The lines of a log that a runner may take for commands.

    As ``ActionCommand.TryParseV2`` and ``TryParse`` of ``actions/runner`` do, but for
    commands of any name, and for those of Azure Pipelines and TeamCity, too.
    """
    lines = output.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    legacy = re.compile(r"##[A-Za-z]*\[")
    return [line for line in lines if line.lstrip().startswith("::") or legacy.search(line)]


def odd_characters(output: str) -> set[str]:
    """What a terminal must not get: all that is not printable but ends of lines."""
    return {c for c in output if not c.isprintable()} - {"\n"}


def strict(document: str) -> Any:
    """JSON as a strict reader takes it (RFC 8259): no NaN, no lone surrogate."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    value = json.loads(document, parse_constant=refuse)
    json.dumps(value, ensure_ascii=False).encode()
    return value
