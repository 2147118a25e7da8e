"""Where things are in an ELF file, by pyelftools."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from elftools.elf.elffile import ELFFile


def section(data: bytes | bytearray, name: str) -> tuple[int, int]:
    """File offset and size of a section."""
    found: Any = ELFFile(BytesIO(data)).get_section_by_name(name)
    return found["sh_offset"], found["sh_size"]


def segments(data: bytes, kind: str | None = None) -> list[tuple[int, int]]:
    """File offset and size of each segment, or of those of one kind (``PT_LOAD``)."""
    return [(s["p_offset"], s["p_filesz"]) for s in ELFFile(BytesIO(data)).iter_segments(kind)]


def symbol_at(data: bytes | bytearray, name: str) -> int:
    """File offset of a dynamic symbol of a 64-bit object."""
    table: Any = ELFFile(BytesIO(data)).get_section_by_name(".dynsym")
    index = next(i for i, symbol in enumerate(table.iter_symbols()) if symbol.name == name)
    return int(table["sh_offset"]) + 24 * index
