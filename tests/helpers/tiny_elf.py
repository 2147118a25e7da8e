"""Shared objects put together from tables, as small as a loader would map; without a compiler."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from collide.elf.constants import (
    DT_GNU_HASH,
    DT_HASH,
    DT_JMPREL,
    DT_NEEDED,
    DT_PLTREL,
    DT_PLTRELSZ,
    DT_REL,
    DT_RELA,
    DT_RELASZ,
    DT_RELSZ,
    DT_RUNPATH,
    DT_SONAME,
    DT_STRSZ,
    DT_STRTAB,
    DT_SYMTAB,
    PF_X,
    PT_DYNAMIC,
    PT_LOAD,
)
from random_objects import gnu_table, sysv_table

_SIZES = {DT_STRTAB: DT_STRSZ, DT_RELA: DT_RELASZ, DT_REL: DT_RELSZ, DT_JMPREL: DT_PLTRELSZ}
ET_DYN, PF_R, PF_W = 3, 4, 2


class Form(NamedTuple):
    """Word size, byte order and e_machine of a file."""

    bits: int
    big_endian: bool
    machine: int

    @property
    def order(self) -> str:
        return ">" if self.big_endian else "<"

    def words(self, *values: int) -> bytes:
        """Addresses in this form."""
        return struct.pack(f"{self.order}{len(values)}{'Q' if self.bits == 64 else 'I'}", *values)

    def symbol(self, name: int, value: int, info: int, section: int) -> bytes:
        """One line of a symbol table."""
        if self.bits == 64:
            return struct.pack(f"{self.order}IBBHQQ", name, info, 0, section, value, 8)
        return struct.pack(f"{self.order}IIIBBH", name, value, 8, info, 0, section)


X86_64, I386, S390X = Form(64, False, 62), Form(32, False, 3), Form(64, True, 22)


class Strings:
    """A string table in the making."""

    def __init__(self) -> None:
        self.data = b"\0"

    def __call__(self, text: str) -> int:
        """The offset of ``text``, which is added where it is not there."""
        raw = text.encode() + b"\0"
        if b"\0" + raw not in self.data:
            self.data += raw
        return self.data.index(b"\0" + raw) + 1


def link(
    form: Form,
    tables: Iterable[tuple[int, bytes]],
    tags: Iterable[tuple[int, int]] = (),
    segments: Sequence[tuple[int, int, bytes]] = (),
) -> bytes:
    """A file with these tables, each with its dynamic tag, and more tags with their values.

    ``segments`` are further ones: type, flags and contents. All is mapped at its offset.
    """
    wide = form.bits == 64
    header_size, row_size = (64, 56) if wide else (52, 32)
    body = bytearray(header_size + row_size * (2 + len(segments)))
    dynamic: list[tuple[int, int]] = []

    def put(data: bytes) -> int:
        body.extend(bytes(-len(body) % 8))
        at = len(body)
        body.extend(data)
        return at

    for tag, data in tables:
        dynamic.append((tag, put(data)))
        if tag in _SIZES:
            dynamic.append((_SIZES[tag], len(data)))
    placed = [(kind, flags, put(data), len(data)) for kind, flags, data in segments]
    words = form.words(*(word for pair in (*dynamic, *tags, (0, 0)) for word in pair))
    at = put(words)
    rows = [(PT_LOAD, PF_R | PF_W | PF_X, 0, len(body)), (PT_DYNAMIC, PF_R | PF_W, at, len(words))]
    packed = b""
    for kind, flags, offset, size in (*rows, *placed):
        if wide:
            fields = (kind, flags, offset, offset, offset, size, size, 8)
            packed += struct.pack(f"{form.order}IIQQQQQQ", *fields)
        else:
            fields = (kind, offset, offset, offset, size, size, flags, 8)
            packed += struct.pack(f"{form.order}8I", *fields)
    body[:16] = bytes([*b"\x7fELF", 2 if wide else 1, 2 if form.big_endian else 1, 1]) + bytes(9)
    struct.pack_into(
        f"{form.order}HHI{'QQQ' if wide else 'III'}IHHHHHH",
        body,
        16,
        *(ET_DYN, form.machine, 1, 0, header_size, 0, 0, header_size, row_size, len(rows + placed)),
        *(64 if wide else 40, 0, 0),
    )
    body[header_size : header_size + len(packed)] = packed
    return bytes(body)


def library(
    name: str | None = None,
    *,
    defines: Sequence[str] = (),
    uses: Sequence[str] = (),
    needs: Sequence[str] = (),
    runpath: str | None = None,
    form: Form = X86_64,
    sysv: bool = False,
    tables: Sequence[tuple[int, bytes]] = (),
    tags: Sequence[tuple[int, int]] = (),
    segments: Sequence[tuple[int, int, bytes]] = (),
    strings: Strings | None = None,
) -> bytes:
    """An object that defines functions, calls others through its PLT and links libraries."""
    text = strings or Strings()
    undefined, defined = [text(n) for n in uses], [text(n) for n in defines]
    null = bytes(24 if form.bits == 64 else 16)
    symbols = [null, *(form.symbol(at, 0, 0x12, 0) for at in undefined)]
    symbols += [form.symbol(at, 64 + 8 * n, 0x12, 7) for n, at in enumerate(defined)]
    dynamic = [(DT_NEEDED, text(n)) for n in needs]
    dynamic += [(DT_SONAME, text(name))] if name else []
    dynamic += [(DT_RUNPATH, text(runpath))] if runpath else []
    names = [n.encode() for n in defines]
    if sysv:
        listed = [n.encode() for n in (*uses, *defines)]
        table = DT_HASH, sysv_table(listed, 8 if form.machine == 22 else 4, form.big_endian)
    else:
        hashed = gnu_table(names, form.bits, form.big_endian, 1, 1 + len(uses))
        table = DT_GNU_HASH, hashed
    indexes = range(1, 1 + len(uses))
    if form.bits == 64:
        kind = 11 if form.machine == 22 else 7  # R_390_JMP_SLOT, R_X86_64_JUMP_SLOT
        calls = b"".join(form.words(64 + 8 * i, i << 32 | kind, 0) for i in indexes)
    else:
        calls = b"".join(form.words(64 + 8 * i, i << 8 | 7) for i in indexes)
    return link(
        form,
        [
            (DT_STRTAB, text.data),
            (DT_SYMTAB, b"".join(symbols)),
            table,
            (DT_JMPREL, calls),
            *tables,
        ],
        [(DT_PLTREL, DT_RELA if form.bits == 64 else DT_REL), *dynamic, *tags],
        segments,
    )
