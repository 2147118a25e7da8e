"""Bytes of an ELF file to the facts that decide its bindings.

Only program headers and the dynamic section are read, as the loader does:
section headers may be missing. Sources: gABI chapters 4 and 5, glibc
``elf/dl-load.c``, ``elf/dl-version.c`` and ``elf/get-dynamic-info.h``. One
reader serves 32 and 64 bit in both byte orders.
"""

from __future__ import annotations

import struct
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from mmap import mmap
from typing import NamedTuple

from collide.errors import CollideError
from collide.hashtable import GnuHash, SysvHash, integers
from collide.machine import CLASS_COPY, Machine, machine_of_header
from collide.symbols import (
    SHN_UNDEF,
    STB_LOCAL,
    STB_WEAK,
    DynamicSymbols,
    Exports,
    NoExports,
    Reference,
)

MAGIC = b"\x7fELF"
ET_EXEC, ET_DYN = 2, 3
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE = 1, 2, 3, 4
DT_NEEDED, DT_PLTRELSZ, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_RELA, DT_RELASZ = 1, 2, 4, 5, 6, 7, 8
DT_STRSZ, DT_SONAME, DT_RPATH, DT_SYMBOLIC, DT_REL, DT_RELSZ, DT_PLTREL = 10, 14, 15, 16, 17, 18, 20
DT_JMPREL, DT_RUNPATH, DT_FLAGS = 23, 29, 30
DT_GNU_HASH, DT_VERSYM, DT_RELACOUNT, DT_RELCOUNT = 0x6FFFFEF5, 0x6FFFFFF0, 0x6FFFFFF9, 0x6FFFFFFA
DT_FLAGS_1, DT_VERDEF, DT_VERDEFNUM = 0x6FFFFFFB, 0x6FFFFFFC, 0x6FFFFFFD
DT_VERNEED, DT_VERNEEDNUM = 0x6FFFFFFE, 0x6FFFFFFF
DT_AUXILIARY, DT_FILTER = 0x7FFFFFFD, 0x7FFFFFFF
DF_SYMBOLIC = 0x2
DF_1_NODEFLIB, DF_1_PIE = 0x800, 0x08000000
VER_FLG_BASE, VER_FLG_WEAK = 1, 2
EF_ARM_ABI_FLOAT_HARD = 0x400
VERSYM_MAX = 0x7FFF


class FormatError(CollideError):
    """These bytes are no ELF object that a loader could map; str() is the reason."""


class ForeignMachineError(FormatError):
    """An ELF file for a machine that collide has no tables for; a loader search passes over it."""


class NotDynamicError(FormatError):
    """An ELF file that is never loaded dynamically: relocatable, core or static."""


class VersionNeed(NamedTuple):
    """One version needed from one file (gABI ``Elf*_Verneed``); ``weak`` is VER_FLG_WEAK."""

    file: str
    version: str
    weak: bool


class ElfObject(NamedTuple):
    """What one ELF object says about itself.

    Search paths are unexpanded strings; ``rpath`` is already dropped where a
    ``runpath`` overrides it. ``version_definitions`` are the names of its
    version nodes without the base, None when it has no DT_VERDEF at all.
    ``copies`` are its symbols that are filled by copy relocations, under all
    the names of each (``environ`` and ``__environ``).
    ``unknown_relocations`` are types that collide (and glibc) cannot class.
    ``resolution_cache`` is the NixOS ``.note.nixos.ldcache``: needed name to
    tagged path list.
    """

    machine: Machine
    type: int
    flags: int
    interpreter: str | None
    soname: str | None
    needed: tuple[str, ...]
    auxiliary: tuple[str, ...]
    filter: tuple[str, ...]
    rpath: str | None
    runpath: str | None
    symbolic: bool
    nodeflib: bool
    pie: bool
    version_needs: tuple[VersionNeed, ...]
    version_definitions: tuple[str, ...] | None
    exports: Exports
    references: Sequence[Reference]
    copies: tuple[str, ...]
    unknown_relocations: tuple[int, ...]
    resolution_cache: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def architecture(self) -> str:
        """Platform part of a wheel tag; ``armv6l`` for soft-float ARM, which shares e_machine."""
        if self.machine.name == "armv7l" and not self.flags & EF_ARM_ABI_FLOAT_HARD:
            return "armv6l"
        return self.machine.name

    @property
    def is_executable(self) -> bool:
        """Whether dlopen refuses it: ET_EXEC or DF_1_PIE (glibc ``_dl_map_object_from_fd``)."""
        return self.type == ET_EXEC or self.pie


def is_elf(head: bytes | memoryview) -> bool:
    """Whether a file that starts with ``head`` (4 bytes or more) is ELF."""
    return bytes(head[:4]) == MAGIC


def read_object(data: bytes | memoryview | mmap) -> ElfObject:
    """Read one object; nothing in the result refers to ``data``.

    Raises FormatError with the reason, NotDynamicError for a file that no
    loader opens.
    """
    try:
        return _Reader(memoryview(data)).read()
    except (struct.error, IndexError, ValueError, KeyError, OverflowError) as e:
        raise FormatError(f"truncated or corrupt ELF file ({e})") from e


class _Reader:
    """One pass over one file; offsets are checked by the slices that use them."""

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
            raise ForeignMachineError(
                f"no loader rules for this machine (e_machine {e_machine}, {bits} bit, "
                f"{'big' if self.big_endian else 'little'}-endian)"
            )
        self.machine = machine
        self.address = "Q" if wide else "I"
        self.symbol = struct.Struct(f"{order}IBBHQQ" if wide else f"{order}IIIBBH")
        self.loads: list[tuple[int, int, int]] = []
        self.notes: list[tuple[int, int]] = []
        self.dynamic: dict[int, list[int]] = {}
        self.interpreter: str | None = None
        self.strings = b""

    def read(self) -> ElfObject:
        if self.type not in (ET_EXEC, ET_DYN):
            raise NotDynamicError("ELF file of a type that no loader opens (relocatable or core)")
        self._segments()
        if not self.dynamic:
            raise NotDynamicError("ELF file without a dynamic section (static or debug file)")
        self.strings = bytes(self._at(self._one(DT_STRTAB), self._one(DT_STRSZ)))
        version_needs, need_indexes = self._version_needs()
        definitions, definition_indexes = self._version_definitions()
        # l_versions is filled from DT_VERNEED first, then DT_VERDEF (dl-version.c).
        versions = {i: (name, exact) for i, name, exact in need_indexes}
        versions.update((i, (name, False)) for i, name, base in definition_indexes if not base)
        versioned = DT_VERSYM in self.dynamic and bool(need_indexes or definition_indexes)
        pairs, unknown = self._relocations()
        exports, references, copies = self._symbols(pairs, versions, versioned)
        flags_1 = self._one(DT_FLAGS_1, 0)
        runpath = self._string_of(DT_RUNPATH)
        return ElfObject(
            machine=self.machine,
            type=self.type,
            flags=self.flags,
            interpreter=self.interpreter,
            soname=self._string_of(DT_SONAME),
            needed=self._strings_of(DT_NEEDED),
            auxiliary=self._strings_of(DT_AUXILIARY),
            filter=self._strings_of(DT_FILTER),
            rpath=self._string_of(DT_RPATH) if runpath is None else None,
            runpath=runpath,
            symbolic=DT_SYMBOLIC in self.dynamic or bool(self._one(DT_FLAGS, 0) & DF_SYMBOLIC),
            nodeflib=bool(flags_1 & DF_1_NODEFLIB),
            pie=bool(flags_1 & DF_1_PIE),
            version_needs=version_needs,
            version_definitions=definitions,
            exports=exports,
            references=references,
            copies=copies,
            unknown_relocations=unknown,
            resolution_cache=self._resolution_cache(),
        )

    # -- program headers and the dynamic section ---------------------------------------------

    def _segments(self) -> None:
        wide = self.bits == 64
        header = struct.Struct(f"{self.order}IIQQQQQQ" if wide else f"{self.order}8I")
        at, dynamic = self.phoff, None
        for _ in range(self.phnum):
            fields = header.unpack_from(self.data, at)
            at += self.phentsize
            kind, offset, address, size = (
                (fields[0], fields[2], fields[3], fields[5])
                if wide
                else (fields[0], fields[1], fields[2], fields[4])
            )
            if kind not in (PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE):
                continue
            if offset + size > len(self.data):
                raise FormatError(
                    f"truncated ELF file: a segment ends at byte {offset + size}, "
                    f"the file at {len(self.data)}"
                )
            if kind == PT_LOAD:
                self.loads.append((address, offset, size))
            elif kind == PT_DYNAMIC:
                dynamic = (offset, size)
            elif kind == PT_INTERP:
                self.interpreter = _decode(bytes(self.data[offset : offset + size]).rstrip(b"\0"))
            else:
                self.notes.append((offset, size))
        if dynamic is not None:
            self._dynamic_section(*dynamic)

    def _dynamic_section(self, offset: int, size: int) -> None:
        entry = 2 * (self.bits // 8)
        raw = self.data[offset : offset + size // entry * entry]
        words = integers(raw, self.address, self.big_endian)
        for tag, value in zip(words[0::2], words[1::2], strict=True):
            if tag == 0:
                break
            self.dynamic.setdefault(tag, []).append(value)

    def _one(self, tag: int, default: int | None = None) -> int:
        # Single-valued tags: the loader keeps the last one (get-dynamic-info.h).
        values = self.dynamic.get(tag)
        if values:
            return values[-1]
        if default is None:
            raise FormatError(f"dynamic section lacks tag {tag:#x}")
        return default

    def _at(self, address: int, size: int | None = None) -> memoryview:
        """The file bytes at a virtual address, to the end of its segment or ``size`` of them."""
        for start, offset, length in self.loads:
            if start <= address < start + length:
                rest = self.data[offset + address - start : offset + length]
                if size is None:
                    return rest
                if size > len(rest):
                    break
                return rest[:size]
        raise FormatError(f"truncated or corrupt ELF file (no bytes at address {address:#x})")

    def _string(self, offset: int) -> str:
        return _decode(self.strings[offset : self.strings.index(b"\0", offset)])

    def _strings_of(self, tag: int) -> tuple[str, ...]:
        return tuple(map(self._string, self.dynamic.get(tag, ())))

    def _string_of(self, tag: int) -> str | None:
        return self._string(self._one(tag)) if tag in self.dynamic else None

    def _resolution_cache(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        for offset, size in self.notes:
            segment = bytes(self.data[offset : offset + size])
            if b"NixOS\0" in segment:
                from collide.notes import resolution_cache

                return resolution_cache(segment, self.order)
        return ()

    # -- versions -----------------------------------------------------------------------------

    def _version_needs(self) -> tuple[tuple[VersionNeed, ...], list[tuple[int, str, bool]]]:
        needs: list[VersionNeed] = []
        indexes: list[tuple[int, str, bool]] = []
        if DT_VERNEED not in self.dynamic:
            return (), indexes
        # dl-version.c follows the links; vn_cnt and DT_VERNEEDNUM it never reads.
        table, at, following = self._at(self._one(DT_VERNEED)), 0, -1
        while following:
            _, _, file, aux, following = struct.unpack_from(f"{self.order}HHIII", table, at)
            position, step = at + aux, -1
            while step:
                _, flags, other, name, step = struct.unpack_from(
                    f"{self.order}IHHII", table, position
                )
                if len(needs) > VERSYM_MAX:
                    raise FormatError("corrupt ELF file (version needs without an end)")
                version = self._string(name)
                needs.append(VersionNeed(self._string(file), version, bool(flags & VER_FLG_WEAK)))
                indexes.append((other & 0x7FFF, version, bool(other & 0x8000)))
                position += step
            at += following
        return tuple(needs), indexes

    def _version_definitions(self) -> tuple[tuple[str, ...] | None, list[tuple[int, str, bool]]]:
        indexes: list[tuple[int, str, bool]] = []
        if DT_VERDEF not in self.dynamic:
            return None, indexes
        table, at, following = self._at(self._one(DT_VERDEF)), 0, -1
        while following:
            _, flags, index, _, _, aux, following = struct.unpack_from(
                f"{self.order}HHHHIII", table, at
            )
            if len(indexes) > VERSYM_MAX:
                raise FormatError("corrupt ELF file (version definitions without an end)")
            name = self._string(struct.unpack_from(f"{self.order}I", table, at + aux)[0])
            indexes.append((index & 0x7FFF, name, bool(flags & VER_FLG_BASE)))
            at += following
        return tuple(name for _, name, base in indexes if not base), indexes

    # -- relocations and symbols ---------------------------------------------------------------

    def _relocations(self) -> tuple[list[tuple[int, int]], tuple[int, ...]]:
        """Sorted distinct (symbol index, lookup class), and the types nobody knows."""
        word = self.bits // 8
        plt_addend = self._one(DT_PLTREL, DT_REL) == DT_RELA
        tables = (
            (DT_RELA, DT_RELASZ, 3, self._one(DT_RELACOUNT, 0)),
            (DT_REL, DT_RELSZ, 2, self._one(DT_RELCOUNT, 0)),
            (DT_JMPREL, DT_PLTRELSZ, 3 if plt_addend else 2, 0),
        )
        infos: set[int] = set()
        for tag, size_tag, width, relative in tables:
            if tag in self.dynamic and (size := self._one(size_tag, 0)):
                raw = self._at(self._one(tag), size)[relative * width * word :]
                infos.update(integers(raw, self.address, self.big_endian)[1::width])
        shift, mask = (32, 0xFFFFFFFF) if self.bits == 64 else (8, 0xFF)
        pairs: set[tuple[int, int]] = set()
        unknown: set[int] = set()
        for info in infos:
            try:
                lookup_class = self.machine.relocation_class(info & mask)
            except KeyError:
                unknown.add(info & mask)
                continue
            if lookup_class is not None and info >> shift:
                pairs.add((info >> shift, lookup_class))
        return sorted(pairs), tuple(sorted(unknown))

    def _hash_table(self) -> GnuHash | SysvHash | None:
        # DT_GNU_HASH is used where present, never both (_dl_setup_hash).
        if DT_GNU_HASH in self.dynamic:
            return GnuHash(self._at(self._one(DT_GNU_HASH)), self.bits, self.big_endian)
        if DT_HASH in self.dynamic:
            table = self._at(self._one(DT_HASH))
            return SysvHash(table, self.machine.hash_entry_size, self.big_endian)
        return None

    def _symbols(
        self,
        pairs: list[tuple[int, int]],
        versions: Mapping[int, tuple[str, bool]],
        versioned: bool,
    ) -> tuple[Exports, tuple[Reference, ...], tuple[str, ...]]:
        table = self._hash_table()
        first, count = (table.first, table.count) if table else (0, 0)
        total = max(count, pairs[-1][0] + 1 if pairs else 0)
        if not total:
            return NoExports(), (), ()
        size = self.symbol.size
        symbols = bytes(self._at(self._one(DT_SYMTAB), total * size))
        offsets = integers(symbols, "I", self.big_endian)[:: size // 4]
        info = symbols[4::size] if size == 24 else symbols[12::size]
        versym = array("H")
        if versioned:
            versym = integers(self._at(self._one(DT_VERSYM), total * 2), "H", self.big_endian)
        wanted = sorted({index for index, _ in pairs} | set(range(first, count)))
        names = dict(zip(wanted, _names(self.strings, [offsets[i] for i in wanted]), strict=True))
        references = self._references(pairs, names, symbols, versym, versions)
        if table is None:
            return NoExports(), references, ()
        exports = DynamicSymbols(
            index=_by_name(names, (i for i in range(first, count) if info[i] >= 16)),
            symbols=symbols,
            symbol=self.symbol,
            strings=self.strings,
            table=table,
            versym=versym,
            versions=versions,
            versioned=versioned,
        )
        copied = [index for index, lookup_class in pairs if lookup_class == CLASS_COPY]
        return exports, references, self._copies(copied, names, symbols) if copied else ()

    def _copies(
        self, copied: list[int], names: Mapping[int, str], symbols: bytes
    ) -> tuple[str, ...]:
        """Names of all symbols at the addresses that copy relocations fill."""
        value = 4 if self.symbol.size == 24 else 1
        fields = {
            index: self.symbol.unpack_from(symbols, index * self.symbol.size) for index in names
        }
        filled = {fields[index][value] for index in copied}
        return tuple(sorted(names[i] for i, f in fields.items() if f[value] in filled))

    def _references(
        self,
        pairs: list[tuple[int, int]],
        names: Mapping[int, str],
        symbols: bytes,
        versym: array[int],
        versions: Mapping[int, tuple[str, bool]],
    ) -> tuple[Reference, ...]:
        size = self.symbol.size
        infos, others, sections = (4, 5, 6) if size == 24 else (12, 13, 14)
        info, other = symbols[infos::size], symbols[others::size]
        section = integers(symbols, "H", self.big_endian)[sections // 2 :: size // 2]
        none = (None, False)
        references = []
        for index, lookup_class in pairs:
            binding = info[index] >> 4
            if binding == STB_LOCAL:
                continue
            version, exact = versions.get(versym[index] & 0x7FFF, none) if versym else none
            references.append(
                Reference(
                    names[index],
                    version,
                    exact,
                    lookup_class,
                    binding == STB_WEAK,
                    other[index] & 3,
                    section[index] != SHN_UNDEF,
                )
            )
        return tuple(references)


def _by_name(names: Mapping[int, str], indexes: Iterable[int]) -> dict[str, int]:
    """Symbol index by name; -1 where several symbols share one."""
    numbers = list(indexes)
    index = {names[i]: i for i in numbers}
    if len(index) < len(numbers):
        counts = Counter(names[i] for i in numbers)
        index.update((name, -1) for name, count in counts.items() if count > 1)
    return index


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _names(strings: bytes, offsets: Iterable[int]) -> list[str]:
    """The strings at ``offsets``; one split serves all that start a string of the table."""
    pieces = strings.split(b"\0")
    starts = accumulate(map((1).__add__, map(len, pieces)), initial=0)
    if strings.isascii():
        table = dict(zip(starts, strings.decode("ascii").split("\0"), strict=False))
    else:
        table = dict(zip(starts, map(_decode, pieces), strict=False))
    names = []
    for offset in offsets:
        name = table.get(offset)
        if name is None:
            # The linker shares tails: "free" can be the end of "xmlFree".
            name = _decode(strings[offset : strings.index(b"\0", offset)])
        names.append(name)
    return names
