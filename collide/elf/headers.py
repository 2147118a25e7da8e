"""The headers of an ELF file: segments, the dynamic section and its strings.

Only program headers are read, as the loader does: section headers may be
missing. Sources: gABI chapters 4 and 5, glibc ``elf/get-dynamic-info.h``.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator

from collide.elf.constants import (
    DT_JMPREL,
    DT_PLTREL,
    DT_PLTRELSZ,
    DT_REL,
    DT_RELA,
    DT_RELASZ,
    DT_RELSZ,
    DT_STRSZ,
    DT_STRTAB,
    ET_DYN,
    ET_EXEC,
    PF_X,
    PT_DYNAMIC,
    PT_GNU_STACK,
    PT_INTERP,
    PT_LOAD,
    PT_NOTE,
    PT_TLS,
)
from collide.elf.hash_tables import integers
from collide.elf.machines import machine_of_header
from collide.elf.string_table import SharedNames, decode
from collide.support import limits
from collide.support.errors import ForeignMachineError, FormatError, NotDynamicError
from collide.support.records import NamedTuple

MAGIC = b"\x7fELF"
PAGE = 4096  # the smallest page of any machine
_OS_ABIS = (0, 3)  # ELFOSABI_SYSV, ELFOSABI_GNU: what glibc's open_verify lets pass
_PHENTSIZE = "ELF file's phentsize not the expected size"
_ABI_VERSIONS = {0: 1, 3: 4}  # EI_OSABI to the first EI_ABIVERSION too high (LIBC_ABI_MAX)


def is_elf(head: bytes | memoryview) -> bool:
    """Whether a file that starts with ``head`` (4 bytes or more) is ELF."""
    return bytes(head[:4]) == MAGIC


def _swapped(half: int) -> int:
    return int.from_bytes(half.to_bytes(2, "big"), "little")


class Segment(NamedTuple):
    """One program header (gABI "Program Header"): sizes and places in bytes, in file and memory."""

    kind: int
    flags: int
    offset: int
    address: int
    size: int
    memory: int
    align: int

    @property
    def mapped_offset(self) -> int:
        """Where its first byte is in the file, once its pages are mapped.

        It is p_offset, unless that is not congruent with p_vaddr: whole pages are mapped, so the
        place within the page is that of the address.
        """
        return self.offset - self.offset % PAGE + self.address % PAGE


class TlsSegment(NamedTuple):
    """PT_TLS: size in memory and alignment in bytes, and the address modulo the alignment."""

    size: int
    align: int
    first: int


class RelocationTable(NamedTuple):
    """One table of relocations (gABI "Relocation"), by the dynamic tag that has its address.

    ``width`` is the number of words of an entry: offset, ``r_info`` and, of three, the addend.
    """

    tag: int
    width: int
    data: memoryview


class Image:
    """One ELF file's headers, dynamic section and string table.

    ``bits`` and ``order`` (a ``struct`` byte order) are those of the file,
    ``address`` and ``symbol`` the forms of its words and symbols, ``segments``
    its program headers in their order. The symbol of an ``r_info`` is above ``info_shift`` bits,
    its type is those of ``info_mask``. Offsets are
    checked by the slices that use them. Raises FormatError, or one of
    read_object's other errors for a file that ends early.
    """

    def __init__(self, data: memoryview) -> None:
        self.data = data
        if len(data) == 0:
            raise FormatError("empty file")
        if not is_elf(data):
            raise FormatError("not an ELF file (bad magic)")
        bits = {1: 32, 2: 64}.get(data[4] if len(data) > 5 else 0)
        order = {1: "<", 2: ">"}.get(data[5] if len(data) > 5 else 0)
        if bits is None or order is None:
            raise FormatError("truncated or corrupt ELF file (bad class or byte order)")
        self.bits, self.order, self.big_endian = bits, order, order == ">"
        wide = bits == 64
        header = struct.unpack_from(f"{order}HHI{'QQQ' if wide else 'III'}IHHH", data, 16)
        self.type, e_machine, _, _, self.phoff, _, self.flags, _, self.phentsize, self.phnum = (
            header
        )
        machine = machine_of_header(e_machine, bits, self.big_endian)
        if machine is None:
            if machine_of_header(_swapped(e_machine), bits, not self.big_endian) is not None:
                raise FormatError("ELF file with the wrong byte order for its machine")
            raise ForeignMachineError(
                f"no loader rules for this machine (e_machine {e_machine}, {bits} bit, "
                f"{'big' if self.big_endian else 'little'}-endian)"
            )
        if data[7] not in _OS_ABIS:
            raise FormatError(f"ELF file for another operating system (EI_OSABI {data[7]})")
        self.machine = machine
        self.expected_phentsize = 56 if wide else 32
        self.address = "Q" if wide else "I"
        self.info_shift, self.info_mask = (32, 0xFFFFFFFF) if wide else (8, 0xFF)
        self.symbol = struct.Struct(f"{order}IBBHQQ" if wide else f"{order}IIIBBH")
        self.segments: list[Segment] = []
        self.loads: list[tuple[int, int, int]] = []
        self.notes: list[tuple[int, int]] = []
        self.dynamic: dict[int, list[int]] = {}
        self.interpreter: str | None = None
        self.strings = b""

        if self.type not in (ET_EXEC, ET_DYN):
            raise NotDynamicError("ELF file of a type that no loader opens (relocatable or core)")
        if self.phentsize == self.expected_phentsize:
            self._segments()
        else:
            self._segments_of_odd_size()
        if not self.dynamic:
            raise NotDynamicError("ELF file without a dynamic section (static or debug file)")
        self.strings = bytes(self.at(self.one(DT_STRTAB), self.one(DT_STRSZ)))
        self._names = SharedNames(self.strings)

    def _segments_of_odd_size(self) -> None:
        """Read headers of another size, as musl does; FormatError where they make no sense."""
        try:
            self._segments()
        except (FormatError, struct.error):
            self.dynamic = {}
        if not self.dynamic:
            raise FormatError(_PHENTSIZE)

    def _segments(self) -> None:
        wide = self.bits == 64
        header = struct.Struct(f"{self.order}IIQQQQQQ" if wide else f"{self.order}8I")
        dynamic = None
        if self.phoff + self.phnum * self.phentsize <= len(self.data):
            limits.hold("segments", self.phnum)
        for number in range(self.phnum):
            fields = header.unpack_from(self.data, self.phoff + number * self.phentsize)
            if wide:
                kind, flags, offset, address, _, size, memory, align = fields
            else:
                kind, offset, address, _, size, memory, flags, align = fields
            segment = Segment(kind, flags, offset, address, size, memory, align)
            self.segments.append(segment)
            if kind not in (PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE):
                continue
            if offset + size > len(self.data):
                raise FormatError(
                    f"truncated ELF file: a segment ends at byte {offset + size}, "
                    f"the file at {len(self.data)}"
                )
            if kind == PT_LOAD:
                # Whole pages are mapped: what follows in the file is there too, unless the
                # segment goes on in memory and its last page is cleared (_dl_map_segments).
                tail = -(address + size) % PAGE if memory <= size else 0
                self._load(address, segment.mapped_offset, size + tail)
            elif kind == PT_DYNAMIC:
                dynamic = (offset, size)
            elif kind == PT_INTERP:
                self.interpreter = decode(bytes(self.data[offset : offset + size]).rstrip(b"\0"))
            else:
                self.notes.append((offset, size))
        if dynamic is not None:
            self._dynamic_section(*dynamic)

    def _load(self, address: int, offset: int, size: int) -> None:
        """Add a segment; with the one before it where both lie one behind the other.

        patchelf maps its new first page so, with a string table that goes on in the next segment.
        """
        if self.loads:
            before, at, length = self.loads[-1]
            if (before + length, at + length) == (address, offset):
                self.loads[-1] = (before, at, length + size)
                return
        self.loads.append((address, offset, size))

    def _dynamic_section(self, offset: int, size: int) -> None:
        entry = 2 * (self.bits // 8)
        raw = self.data[offset : offset + size // entry * entry]
        words = self.words(raw)
        for tag, value in zip(words[0::2], words[1::2], strict=True):
            if tag == 0:
                break
            self.dynamic.setdefault(tag, []).append(value)

    def one(self, tag: int, default: int | None = None) -> int:
        """The value of a tag, the last one as in get-dynamic-info.h; FormatError without any."""
        values = self.dynamic.get(tag)
        if values:
            return values[-1]
        if default is None:
            raise FormatError(f"dynamic section lacks tag {tag:#x}")
        return default

    def at(self, address: int, size: int | None = None) -> memoryview:
        """The file bytes at a virtual address, to the end of its segment or ``size`` of them."""
        # Of two segments in one page the later one is mapped over the other.
        for start, offset, length in reversed(self.loads):
            if start <= address < start + length:
                rest = self.data[offset + address - start : offset + length]
                if size is None:
                    return rest
                if size > len(rest):
                    break
                return rest[:size]
        raise FormatError(f"truncated or corrupt ELF file (no bytes at address {address:#x})")

    def relocation_tables(self) -> Iterator[RelocationTable]:
        """The tables that are not empty, in the order in which a loader reads them."""
        plt_width = 3 if self.one(DT_PLTREL, DT_REL) == DT_RELA else 2
        for tag, size_tag, width in (
            (DT_RELA, DT_RELASZ, 3),
            (DT_REL, DT_RELSZ, 2),
            (DT_JMPREL, DT_PLTRELSZ, plt_width),
        ):
            if tag in self.dynamic and (size := self.one(size_tag, 0)):
                yield RelocationTable(tag, width, self.at(self.one(tag), size))

    def words(self, data: memoryview) -> array[int]:
        """A table of words of the file's class."""
        try:
            return integers(data, self.address, self.big_endian)
        except ValueError:
            raise FormatError("a table is no whole number of words") from None

    def string(self, offset: int) -> str:
        """The string at an offset of DT_STRTAB."""
        return self._names.at(offset)

    def strings_of(self, tag: int) -> tuple[str, ...]:
        """The strings that all entries of a tag name."""
        return tuple(map(self.string, self.dynamic.get(tag, ())))

    def string_of(self, tag: int) -> str | None:
        """The string that a tag names; None without it."""
        return self.string(self.one(tag)) if tag in self.dynamic else None


def asks_for_executable_stack(image: Image) -> bool:
    """Whether the last PT_GNU_STACK has PF_X, or the machine's default where there is none.

    Source: glibc ``elf/dl-load.c`` (``_dl_map_object_from_fd``).
    """
    flags = [s.flags for s in image.segments if s.kind == PT_GNU_STACK]
    return bool(flags[-1] & PF_X) if flags else image.machine.executable_stack


def header_refusal(image: Image) -> str | None:
    """What glibc says against the ELF header; musl looks at none of it (``open_verify``)."""
    ident = image.data[:16]
    (version,) = struct.unpack_from(f"{image.order}I", image.data, 20)
    if ident[6] != 1:
        return "ELF file version ident does not match current one"
    if ident[8] >= _ABI_VERSIONS[ident[7]]:
        return "ELF file ABI version invalid"
    if any(ident[9:]):
        return "nonzero padding in e_ident"
    if version != 1:
        return "ELF file version does not match current one"
    return None if image.phentsize == image.expected_phentsize else _PHENTSIZE


def misaligned_loads(image: Image) -> tuple[Segment, ...]:
    """The PT_LOAD segments that some glibc refuses; the linkers make none by default.

    Their p_align is no multiple of the page size, or their p_offset and p_vaddr are not congruent
    modulo p_align or the page size (``_dl_map_object_from_fd``).
    """
    return tuple(
        s
        for s in image.segments
        if s.kind == PT_LOAD
        and (s.align % PAGE or (s.address - s.offset) & (s.align - 1 | PAGE - 1))
    )


def tls_segment(image: Image) -> TlsSegment | None:
    """The last PT_TLS that is not empty; None without one.

    Source: glibc ``elf/dl-load.c`` (``_dl_map_object_from_fd``).
    """
    found = [s for s in image.segments if s.kind == PT_TLS and s.memory]
    if not found:
        return None
    align = max(found[-1].align, 1)
    return TlsSegment(found[-1].memory, align, found[-1].address & (align - 1))
