"""Compares an object with what was written of it: only the intended change may differ.

patchelf moves tables, so everything that the loader would use is read from both:
segments and their contents, dynamic section, symbols with versions, relocations,
and which symbols the hash tables find (DT_GNU_HASH, gABI DT_HASH).
"""

from __future__ import annotations

import itertools
import struct
from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from operator import itemgetter

from collide.elf.constants import (
    DT_DEBUG,
    DT_GNU_HASH,
    DT_HASH,
    DT_JMPREL,
    DT_NEEDED,
    DT_PLTRELSZ,
    DT_REL,
    DT_RELA,
    DT_RELASZ,
    DT_RELR,
    DT_RELRSZ,
    DT_RELSZ,
    DT_RPATH,
    DT_RUNPATH,
    DT_SONAME,
    DT_STRSZ,
    DT_STRTAB,
    DT_SYMTAB,
    DT_VERDEF,
    DT_VERNEED,
    DT_VERSYM,
    PT_DYNAMIC,
    PT_GNU_PROPERTY,
    PT_INTERP,
    PT_LOAD,
    PT_NOTE,
    PT_PHDR,
    SHN_UNDEF,
    STB_LOCAL,
)
from collide.elf.hash_tables import GnuHash, SysvHash, integers
from collide.elf.headers import Image, Segment
from collide.elf.object import ElfObject, read_object
from collide.repair.patch import symbol_count
from collide.repair.plan import ObjectChange
from collide.support.errors import FormatError
from collide.support.records import NamedTuple

_NAMES = (DT_NEEDED, DT_SONAME, DT_RPATH, DT_RUNPATH)
_MOVED = {
    *(DT_HASH, DT_GNU_HASH, DT_STRTAB, DT_STRSZ, DT_SYMTAB, DT_VERSYM, DT_VERDEF, DT_VERNEED),
    *(DT_RELA, DT_REL, DT_JMPREL, DT_RELR, DT_DEBUG),
}
_MOVED_SEGMENTS = (PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_PHDR, PT_GNU_PROPERTY)
_PAGE = 4096
_PADDING = b"\0XZ"  # the letters are what patchelf fills with where it took a section away


def difference(before: bytes, after: bytes, change: ObjectChange) -> str | None:
    """What is different between two objects besides ``change``, in a clause; None for nothing."""
    try:
        old, new = _Facts(before), _Facts(after)
        expected = _expected(old, change)
        for what in _Compared._fields:
            if getattr(expected, what) != getattr(new.compared, what):
                return f"its {what.replace('_', ' ')} would not be the same"
        return _lost(old, new, change) or _moved_contents(old, new) or _misplaced(new)
    except (FormatError, struct.error, IndexError, ValueError, KeyError) as e:
        return f"cannot be read any more ({e})"


class _Symbol(NamedTuple):
    name: str
    info: int
    other: int
    section: int
    value: int
    size: int
    version: int


class _Compared(NamedTuple):
    """What must be equal; counters where patchelf may change the order."""

    header: tuple[int, ...]
    segments: Counter[tuple[int, ...]]
    dynamic_section: tuple[tuple[int, object], ...]
    symbols: Counter[_Symbol]
    relocations: tuple[tuple[object, ...], ...]
    relative_relocations: bytes
    version_needs: tuple[object, ...]
    version_definitions: object
    hash_tables: tuple[bool, bool]


class _Facts:
    """Everything that the loader reads of one object."""

    def __init__(self, data: bytes) -> None:
        self.image = image = Image(memoryview(data))
        self.object: ElfObject = read_object(data)
        self.segments = image.segments
        self.relocations = list(self._relocations())
        total = max([symbol_count(image), *(1 + index for _, _, index, _ in self.relocations)])
        self.symbols = list(self._symbols(total))
        self.reached = {table: {self.symbols[n] for n in self._reached(table)} for table in (0, 1)}
        relr = b""
        if DT_RELR in image.dynamic:
            relr = bytes(image.at(image.one(DT_RELR), image.one(DT_RELRSZ, 0)))
        self.compared = _Compared(
            header=(image.type, image.machine.e_machine, image.flags),
            segments=Counter(
                (s.kind, s.flags, s.address, s.memory)
                for s in self.segments
                if s.kind not in _MOVED_SEGMENTS
            ),
            dynamic_section=tuple(self._dynamic()),
            symbols=Counter(self.symbols),
            relocations=tuple(
                (offset, kind, self.symbols[index] if index else None, addend)
                for offset, kind, index, addend in self.relocations
            ),
            relative_relocations=relr,
            version_needs=self.object.version_needs,
            version_definitions=self.object.version_definitions,
            hash_tables=(DT_GNU_HASH in image.dynamic, DT_HASH in image.dynamic),
        )

    def _dynamic(self) -> Iterator[tuple[int, object]]:
        for tag, values in sorted(self.image.dynamic.items()):
            if tag in _NAMES:
                yield tag, tuple(map(self.image.string, values))
            elif tag not in _MOVED:
                yield tag, tuple(values)

    def _symbols(self, total: int) -> Iterator[_Symbol]:
        image = self.image
        if not total:
            return
        table = image.at(image.one(DT_SYMTAB), total * image.symbol.size)
        versym = None
        if DT_VERSYM in image.dynamic:
            versym = integers(image.at(image.one(DT_VERSYM), total * 2), "H", image.big_endian)
        for number, fields in enumerate(image.symbol.iter_unpack(table)):
            if image.symbol.size == 24:
                at, info, other, section, value, size = fields
            else:
                at, value, size, info, other, section = fields
            # patchelf gives sections other numbers.
            kind = section if section == SHN_UNDEF or section >= 0xFF00 else 1
            version = versym[number] if versym is not None else 0
            # A section symbol of the dynamic table carries no meaning but its address.
            yield _Symbol(image.string(at), info, other, kind, value, size, version)

    def _relocations(self) -> Iterator[tuple[int, int, int, int | None]]:
        """Offset, type, symbol index and addend (None in REL tables), in the loader's order."""
        image = self.image
        for _, width, data in image.relocation_tables():
            words = image.words(data)
            for at in range(0, len(words), width):
                offset, info = words[at], words[at + 1]
                kind, index = info & image.info_mask, info >> image.info_shift
                yield offset, kind, index, words[at + 2] if width == 3 else None

    def _reached(self, which: int) -> Iterator[int]:
        """The symbols that a lookup through DT_GNU_HASH (0) or DT_HASH (1) finds."""
        image = self.image
        table: GnuHash | SysvHash
        if which == 0 and DT_GNU_HASH in image.dynamic:
            table = GnuHash(image.at(image.one(DT_GNU_HASH)), image.bits, image.big_endian)
        elif which == 1 and DT_HASH in image.dynamic:
            start = image.at(image.one(DT_HASH))
            table = SysvHash(start, image.machine.hash_entry_size, image.big_endian)
        else:
            return
        for number in range(max(table.first, 1), table.count):
            symbol = self.symbols[number]
            if symbol.info >> 4 != STB_LOCAL:
                raw = symbol.name.encode("utf-8", "surrogateescape")
                if table.found(raw, [number]):
                    yield number


def _expected(old: _Facts, change: ObjectChange) -> _Compared:
    """What the object must look like after ``change``."""

    def symbol(s: _Symbol) -> _Symbol:
        other = s.other
        if s.name in change.closed and s.section != SHN_UNDEF and s.info >> 4 != STB_LOCAL:
            other = other & ~3 | change.closed[s.name]
        name = s.name if s.info >> 4 == STB_LOCAL else change.renamed.get(s.name, s.name)
        return s._replace(name=name, other=other)

    searched = DT_RPATH if old.object.runpath is None else DT_RUNPATH

    def dynamic(tag: int, value: object) -> object:
        if tag == DT_NEEDED and isinstance(value, tuple):
            return tuple(change.needed.get(name, name) for name in value)
        if tag == searched and isinstance(value, tuple):
            return tuple(map(change.search_path, value))
        return (change.soname,) if tag == DT_SONAME and change.soname else value

    renamed = _renamed(old, change)
    doubled = Counter(symbol(s)._replace(name=s.name) for s in renamed[0] | renamed[1])
    was = old.compared
    entries = was.dynamic_section
    if change.search and searched not in dict(entries):
        entries = tuple(sorted((*entries, (searched, (None,))), key=itemgetter(0)))
    return was._replace(
        dynamic_section=tuple((tag, dynamic(tag, value)) for tag, value in entries),
        symbols=Counter(map(symbol, was.symbols.elements())) + doubled,
        relocations=tuple(
            (*r[:2], symbol(r[2]) if isinstance(r[2], _Symbol) else None, *r[3:])
            for r in was.relocations
        ),
        version_needs=tuple(
            need._replace(file=change.needed.get(need.file, need.file))
            for need in old.object.version_needs
        ),
    )


def _renamed(old: _Facts, change: ObjectChange) -> tuple[AbstractSet[_Symbol], ...]:
    """The definitions with two names after ``change``, by the hash table that finds them."""
    return tuple(
        {s for s in found if s.name in change.renamed and s.section != SHN_UNDEF}
        for found in old.reached.values()
    )


def _lost(old: _Facts, new: _Facts, change: ObjectChange) -> str | None:
    """A sentence about a symbol that a hash table found before and does not find after; or None."""
    for which, table in ((0, "DT_GNU_HASH"), (1, "DT_HASH")):
        renamed = _renamed(old, change)[which]
        expected = {change.renamed.get(s.name, s.name) for s in old.reached[which]}
        expected |= {s.name for s in renamed}
        found = {s.name for s in new.reached[which]}
        if expected != found:
            name = min(expected ^ found)
            return f"{table} would not come to {name} any more"
        if len(old.reached[which]) + len(renamed) != len(new.reached[which]):
            return f"{table} would not come to all versions of a symbol any more"
    return None


def _moved_contents(old: _Facts, new: _Facts) -> str | None:
    """An address outside of the loader's tables whose contents or access rights changed."""
    free = sorted([*_tables(old), *_header_room(old, new)])
    for segment in old.segments:
        if segment.kind != PT_LOAD:
            continue
        at, end = segment.address, segment.address + segment.size
        for start, stop in [*free, (end, end)]:
            if stop <= at or start > end:
                continue
            if start > at and not _same(old, new, at, min(start, end), segment.flags):
                return f"its contents at {at:#x} would not be the same"
            at = max(at, stop)
        if at < segment.address + segment.memory:
            bss = _mapped(new, segment.address + segment.memory - 1)
            if bss is None or bss.flags != segment.flags:
                return f"its memory at {segment.address + segment.memory:#x} would not be there"
    return None


def _header_room(old: _Facts, new: _Facts) -> Iterator[tuple[int, int]]:
    """Padding behind the program headers into which more of them may grow."""
    tables = [t for t in _tables(old) if t[0] < t[1]]
    for start, end in _headers(old, new.image.phnum):
        for at in range(start, end):
            padding = old.image.at(at, 1)[0] in _PADDING
            if padding or any(s <= at < e for s, e in tables):
                yield at, at + 1


def _headers(facts: _Facts, count: int) -> Iterator[tuple[int, int]]:
    """Addresses of the ELF header and of ``count`` program headers where they are."""
    image = facts.image
    parts = ((0, 64 if image.bits == 64 else 52), (image.phoff, count * image.phentsize))
    for offset, size in parts:
        for address, start, length in image.loads:
            if start <= offset and offset + size <= start + length:
                yield address + offset - start, address + offset - start + size


def _tables(facts: _Facts) -> Iterator[tuple[int, int]]:
    """Addresses that patchelf may write to: headers and the tables of the dynamic section."""
    image = facts.image
    yield from _headers(facts, image.phnum)
    for segment in facts.segments:
        if segment.kind in (PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_GNU_PROPERTY):
            yield segment.address, segment.address + segment.size
    sizes = {
        DT_STRTAB: image.one(DT_STRSZ, 0),
        DT_SYMTAB: len(facts.symbols) * image.symbol.size,
        DT_VERSYM: len(facts.symbols) * 2,
        DT_RELA: image.one(DT_RELASZ, 0),
        DT_REL: image.one(DT_RELSZ, 0),
        DT_JMPREL: image.one(DT_PLTRELSZ, 0),
    }
    # The others tell no size: each ends where the next one begins.
    starts = sorted(
        {image.one(tag) for tag in _MOVED - {DT_STRSZ, DT_DEBUG} if tag in image.dynamic}
    )
    for tag in (DT_HASH, DT_GNU_HASH, DT_VERDEF, DT_VERNEED):
        if tag in image.dynamic:
            following = [s for s in starts if s > image.one(tag)]
            rest = len(image.at(image.one(tag)))
            sizes[tag] = min([rest, *(s - image.one(tag) for s in following)])
    for tag, size in sizes.items():
        if tag in image.dynamic:
            yield image.one(tag), image.one(tag) + size


def _same(old: _Facts, new: _Facts, start: int, end: int, flags: int) -> bool:
    there = _mapped(new, start)
    if there is None or there.flags != flags:
        return False
    return old.image.at(start, end - start) == new.image.at(start, end - start)


def _mapped(facts: _Facts, address: int) -> Segment | None:
    for s in facts.segments:
        if s.kind == PT_LOAD and s.address <= address < s.address + s.memory:
            return s
    return None


def _misplaced(new: _Facts) -> str | None:
    """A segment that the loader would refuse or map over another (``_dl_map_segments``)."""
    loads = [s for s in new.segments if s.kind == PT_LOAD]
    for s in loads:
        if s.align & (s.align - 1) or (s.align > 1 and (s.address - s.offset) % s.align):
            return f"its segment at {s.address:#x} would not be aligned"
    for one, other in itertools.pairwise(loads):
        if -(-(one.address + one.memory) // _PAGE) > other.address // _PAGE:
            return f"its segments at {one.address:#x} and {other.address:#x} would overlap"
    return None
