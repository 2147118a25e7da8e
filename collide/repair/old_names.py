"""Gives renamed definitions their old names as well: second entries of ``.dynsym``.

Names that are asked for at run time (dlsym(3), ctypes, cffi) stand nowhere: code may
put them together. So whatever was found by name before a repair is found after it, at
the same address. The wheel's own objects refer to the new names only.

patchelf cannot add a symbol. lief (1.0) can, but moves code and data to other addresses,
which is more than a proof should have to cover, and puts ``.gnu.version`` at an odd
address. Here the tables that a lookup reads (``.dynsym``, ``.dynstr``, ``.gnu.version``,
DT_GNU_HASH, DT_HASH) are written again behind the rest of the file, into the segment that patchelf
made for the longer ``.dynstr`` when it renamed; nothing else moves. As DT_GNU_HASH
wants symbols in the order of its buckets, the relocations get new symbol indexes.

Sources: gABI "Symbol Table", "Hash Table"; glibc ``elf/dl-setup_hash.c``; the sizes of
DT_GNU_HASH are those of lld (``GnuHashTableSection``).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence

from collide.elf.constants import (
    DT_GNU_HASH,
    DT_HASH,
    DT_STRSZ,
    DT_STRTAB,
    DT_SYMTAB,
    DT_VERSYM,
    PT_DYNAMIC,
    PT_LOAD,
    SHN_UNDEF,
    STB_LOCAL,
)
from collide.elf.hash_tables import GnuHash, SysvHash, gnu_hash, sysv_hash
from collide.elf.headers import Image
from collide.repair.patch import file_offset, symbol_count
from collide.support.errors import FormatError
from collide.support.records import NamedTuple

_SECTIONS = {11: DT_SYMTAB, 0x6FFFFFF6: DT_GNU_HASH, 5: DT_HASH, 0x6FFFFFFF: DT_VERSYM}
"""The dynamic tag of each type of section (``SHT_*``) that is written again, but .dynstr."""


def keep_old_names(data: bytes, renamed: Mapping[str, str]) -> bytes:
    """The same object, which patchelf has renamed, with the old names as well.

    ``renamed`` are new names by old ones. Each definition of a new name gets a second
    entry under its old one: same address, size, type, visibility and version. Raises
    FormatError with the reason when there is no room.
    """
    if not renamed:
        return data
    try:
        tables = _Tables(Image(memoryview(data)))
        return _written(data, tables) if tables.add(renamed) else data
    except (struct.error, IndexError, ValueError, KeyError) as e:
        raise FormatError(f"its symbols cannot be written again ({e})") from e


class _Entry(NamedTuple):
    """One symbol: its number before (None for a new one), name, record and version index."""

    number: int | None
    name: bytes
    record: bytes
    version: int


class _Tables:
    """The tables of one object's dynamic symbols, and what they become."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self.strings = image.strings
        self.relocations = dict(_relocations(image))
        count = max(symbol_count(image), *(n + 1 for n in self.relocations.values()), 1)
        self.entries = list(self._entries(count))
        self.gnu = self.sysv = None
        if DT_GNU_HASH in image.dynamic:
            self.gnu = GnuHash(image.at(image.one(DT_GNU_HASH)), image.bits, image.big_endian)
        if DT_HASH in image.dynamic:
            table = image.at(image.one(DT_HASH))
            self.sysv = SysvHash(table, image.machine.hash_entry_size, image.big_endian)

    def _entries(self, count: int) -> Iterator[_Entry]:
        image, size = self.image, self.image.symbol.size
        symbols = bytes(image.at(image.one(DT_SYMTAB), count * size))
        versions: Sequence[int] = [0] * count
        if DT_VERSYM in image.dynamic:
            raw = image.at(image.one(DT_VERSYM), 2 * count)
            versions = struct.unpack(f"{image.order}{count}H", raw)
        for number in range(count):
            record = symbols[number * size : (number + 1) * size]
            (at,) = struct.unpack_from(f"{image.order}I", record)
            name = self.strings[at : self.strings.index(b"\0", at)]
            yield _Entry(number, name, record, versions[number])

    def add(self, renamed: Mapping[str, str]) -> bool:
        """Add the old names to the entries, and sort these; whether there are any to add."""
        old_names = {_encoded(new): _encoded(old) for old, new in renamed.items()}
        at, strings = len(self.strings), [self.strings]
        added = []
        for entry in self.entries:
            old = old_names.get(entry.name)
            if old is not None and self._is_found(entry):
                record = struct.pack(f"{self.image.order}I", at) + entry.record[4:]
                added.append(_Entry(None, old, record, entry.version))
                strings.append(old + b"\0")
                at += len(old) + 1
        self.strings = b"".join(strings)
        self._sysv_members = [e for e in self.entries if self._in_sysv(e)] + added
        self.entries += added
        if self.gnu is not None:
            first = self.gnu.first
            hashed = self.entries[first:]
            buckets = _gnu_buckets(hashed)
            hashed.sort(key=lambda e: gnu_hash(e.name) % buckets)
            self.entries[first:] = hashed
        return bool(added)

    def _is_found(self, entry: _Entry) -> bool:
        """Whether a lookup comes to this definition."""
        info, section = (4, 6) if self.image.bits == 64 else (12, 14)
        (shndx,) = struct.unpack_from(f"{self.image.order}H", entry.record, section)
        if shndx == SHN_UNDEF or entry.record[info] >> 4 == STB_LOCAL:
            return False
        return entry.number in (self.gnu.walk(entry.name) if self.gnu else ()) or (
            self.gnu is None and self._in_sysv(entry)
        )

    def _in_sysv(self, entry: _Entry) -> bool:
        return self.sysv is not None and entry.number in self.sysv.walk(entry.name)

    def contents(self) -> dict[int, bytes]:
        """The new bytes of each table, by dynamic tag."""
        order = self.image.order
        made = {DT_SYMTAB: b"".join(e.record for e in self.entries), DT_STRTAB: self.strings}
        if DT_VERSYM in self.image.dynamic:
            versions = [e.version for e in self.entries]
            made[DT_VERSYM] = struct.pack(f"{order}{len(versions)}H", *versions)
        if self.gnu is not None:
            made[DT_GNU_HASH] = self._gnu_hash(self.gnu.first)
        if self.sysv is not None:
            made[DT_HASH] = self._sysv_hash()
        return made

    def _gnu_hash(self, first: int) -> bytes:
        bits, shift = self.image.bits, 26
        hashed = self.entries[first:]
        hashes = [gnu_hash(e.name) for e in hashed]
        words = 1 << max(0, (len(hashes) * 12 // bits).bit_length())
        bloom, buckets = [0] * words, [0] * _gnu_buckets(hashed)
        chain = []
        for at, h in enumerate(hashes):
            bloom[h // bits % words] |= 1 << h % bits | 1 << (h >> shift) % bits
            bucket = h % len(buckets)
            buckets[bucket] = buckets[bucket] or first + at
            last = at + 1 == len(hashes) or hashes[at + 1] % len(buckets) != bucket
            chain.append(h & ~1 | last)
        order, word = self.image.order, self.image.address
        return (
            struct.pack(f"{order}4I", len(buckets), first, words, shift)
            + struct.pack(f"{order}{words}{word}", *bloom)
            + struct.pack(f"{order}{len(buckets) + len(chain)}I", *buckets, *chain)
        )

    def _sysv_hash(self) -> bytes:
        members = set(map(id, self._sysv_members))
        buckets = [0] * (len(members) // 4 + 1)
        chain = [0] * len(self.entries)
        for number, entry in enumerate(self.entries):
            if id(entry) in members:
                bucket = sysv_hash(entry.name) % len(buckets)
                chain[number], buckets[bucket] = buckets[bucket], number
        values = (len(buckets), len(chain), *buckets, *chain)
        code = "Q" if self.image.machine.hash_entry_size == 8 else "I"
        return struct.pack(f"{self.image.order}{len(values)}{code}", *values)


def _encoded(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _gnu_buckets(hashed: Sequence[_Entry]) -> int:
    return len(hashed) // 4 + 1


def _relocations(image: Image) -> Iterator[tuple[int, int]]:
    """File offset of ``r_info`` and symbol index of each relocation that names a symbol."""
    size = image.bits // 8
    for tag, width, data in image.relocation_tables():
        start = file_offset(image, image.one(tag)) + size
        for number, info in enumerate(image.words(data)[1::width]):
            if info >> image.info_shift:
                yield start + number * width * size, info >> image.info_shift


def _written(data: bytes, tables: _Tables) -> bytes:
    image = tables.image
    number, segment = max(
        ((n, s) for n, s in enumerate(image.segments) if s.kind == PT_LOAD),
        key=lambda pair: pair[1].address,
    )
    if segment.memory != segment.size:
        raise FormatError("its last segment goes on in memory, so that no symbol can be added")
    changed = bytearray(data)
    places: dict[int, tuple[int, int]] = {}
    for tag, contents in tables.contents().items():
        changed += bytes(-len(changed) % 8)
        places[tag] = len(changed), len(contents)
        changed += contents
    move = segment.address - segment.offset
    word = struct.Struct(image.order + image.address)
    whole = len(changed) - segment.offset
    at = image.phoff + number * image.phentsize + (32 if image.bits == 64 else 16)
    word.pack_into(changed, at, whole)
    word.pack_into(changed, at + word.size, whole)
    _point_to(changed, image, {tag: at + move for tag, (at, _) in places.items()}, places)
    _move_sections(changed, image, places, move)
    _number_again(changed, tables)
    # The old strings would look like text of the program.
    start = file_offset(image, image.one(DT_STRTAB))
    changed[start : start + len(image.strings)] = bytes(len(image.strings))
    return bytes(changed)


def _point_to(
    changed: bytearray,
    image: Image,
    addresses: Mapping[int, int],
    places: Mapping[int, tuple[int, int]],
) -> None:
    """Write the new addresses into the dynamic section."""
    entry = struct.Struct(image.order + 2 * image.address)
    values = {**addresses, DT_STRSZ: places[DT_STRTAB][1]}
    (dynamic,) = (s for s in image.segments if s.kind == PT_DYNAMIC)
    for at in range(dynamic.offset, dynamic.offset + dynamic.size, entry.size):
        tag, _ = entry.unpack_from(changed, at)
        if tag == 0:
            return
        if tag in values:
            entry.pack_into(changed, at, tag, values[tag])


def _move_sections(
    changed: bytearray, image: Image, places: Mapping[int, tuple[int, int]], move: int
) -> None:
    """Write the new places into the section headers, which patchelf, strip and ld(1) read."""
    wide = image.bits == 64
    word = struct.Struct(image.order + image.address)
    (start,) = word.unpack_from(changed, 40 if wide else 32)
    size, count = struct.unpack_from(f"{image.order}HH", changed, 58 if wide else 46)
    if not start:
        return
    headers = [start + n * size for n in range(count)]
    found: dict[int, int] = {}
    for header in headers:
        (kind,) = struct.unpack_from(f"{image.order}I", changed, header + 4)
        if kind in _SECTIONS:
            found[_SECTIONS[kind]] = header
    if DT_SYMTAB in found:
        link = found[DT_SYMTAB] + (40 if wide else 24)
        found[DT_STRTAB] = headers[struct.unpack_from(f"{image.order}I", changed, link)[0]]
    for tag, header in found.items():
        if tag in places:
            offset, length = places[tag]
            at = header + (16 if wide else 12)
            for value in (offset + move, offset, length):
                word.pack_into(changed, at, value)
                at += word.size


def _number_again(changed: bytearray, tables: _Tables) -> None:
    """Give each relocation the number that its symbol has now."""
    image = tables.image
    word = struct.Struct(image.order + image.address)
    shift = image.info_shift
    now = {e.number: number for number, e in enumerate(tables.entries) if e.number is not None}
    for at, old in tables.relocations.items():
        (info,) = word.unpack_from(changed, at)
        word.pack_into(changed, at, now[old] << shift | info & ((1 << shift) - 1))
