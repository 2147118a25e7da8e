"""What a loader has bound, read from the global offset tables in the memory of a process.

A relocated slot of such a table holds the address of the definition that the
loader chose; the mappings of the process say which object that is in. The
loader has to print nothing for it, so it serves for musl, too, and for a glibc
that prints no bindings. Sources: gABI "Relocation" and "Program Loading", the
psABI of each machine, proc(5) on ``maps`` and ``mem``.

What slots cannot show:

- An indirect function's slot (STT_GNU_IFUNC) holds what its resolver has chosen,
  which may lie in another object (``time`` of libc in the vDSO).
- An absolute symbol, or one at the very end of its object (``_end``), has an
  address in no object: its provider is not known.
- Copy relocations fill no slot. What they have taken shows in the slots of all
  others, which lead to the executable's copy.
- A lazily bound jump slot leads into its own object: LD_BIND_NOW or RTLD_NOW.
- TLS slots hold no address. Words outside of the relocation read-only segment
  (PT_GNU_RELRO) are left out, as the program may have changed them.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from pathlib import Path
from typing import Literal

from collide.elf.constants import (
    DT_SYMTAB,
    DT_VERSYM,
    PF_X,
    PT_GNU_RELRO,
    PT_LOAD,
    STB_LOCAL,
)
from collide.elf.headers import Image, Segment, is_elf
from collide.elf.object import version_names
from collide.processes.maps import MemoryRange, parse_maps
from collide.support.errors import FormatError, InputError, NotDynamicError
from collide.support.records import NamedTuple

_PAGE = 4096

Words = Callable[[int, int], bytes]
"""Address and size to the bytes there."""


class Slot(NamedTuple):
    """One word that a relocation fills with the address of a symbol.

    ``address`` is virtual, as in the file; ``offset`` where its bytes are in the
    file; ``addend`` is added to the symbol's address, modulo the size of a word.
    ``lookup_class`` is one of the ``CLASS_*`` of :mod:`collide.elf.machines`.
    """

    symbol: str
    version: str | None
    lookup_class: int
    address: int
    offset: int
    addend: int


class SlotTable(NamedTuple):
    """The slots of one object, and the segments by which its place in memory is found."""

    slots: tuple[Slot, ...]
    segments: tuple[Segment, ...]
    word: struct.Struct

    @property
    def end(self) -> int:
        """The virtual address behind its last segment."""
        return max(s.address + s.memory for s in self.segments)

    def target(self, slot: Slot, base: int, words: Words) -> int | None:
        """The address that a slot of the object at ``base`` holds; None for a word of 0.

        Raises what ``words`` raises for memory that is not there.
        """
        size = self.word.size
        (word,) = self.word.unpack(words(base + slot.address, size))
        address: int = (word - slot.addend) % (1 << 8 * size)
        return address or None


class SlotBinding(NamedTuple):
    """One slot that was read, and the object that it leads to.

    ``object`` and ``provider`` are paths, or what ``maps`` calls a mapping
    without a file (``[vdso]``). ``provider`` is None for an address in no
    object, ``value`` its distance from the provider's base: the symbol's value.
    ``null`` is whether the word is 0: a weak reference that nothing satisfies.
    """

    object: str
    symbol: str
    version: str | None
    lookup_class: int
    provider: str | None
    value: int
    null: bool


def read_slots(data: bytes | bytearray | memoryview) -> SlotTable:
    """The slots of one object; raises FormatError."""
    try:
        image = Image(memoryview(data))
        segments = tuple(
            s._replace(offset=s.mapped_offset)
            for s in image.segments
            if s.kind in (PT_LOAD, PT_GNU_RELRO)
        )
        order = f"{image.order}{image.address}"
        return SlotTable(tuple(_slots(image, segments)), segments, struct.Struct(order))
    except (struct.error, IndexError, ValueError, KeyError, OverflowError) as e:
        raise FormatError(f"truncated or corrupt ELF file ({e})") from e


def _slots(image: Image, segments: Sequence[Segment]) -> Iterator[Slot]:
    if DT_SYMTAB not in image.dynamic:
        return
    machine, size = image.machine, image.symbol.size
    symbols = image.at(image.one(DT_SYMTAB))
    versions = version_names(image)
    versym = image.at(image.one(DT_VERSYM)) if versions and DT_VERSYM in image.dynamic else None
    for address, info, addend in _relocations(image):
        kind, index = info & image.info_mask, info >> image.info_shift
        word = kind in machine.words and kind not in machine.slots
        if not index or not (kind in machine.slots or (word and _read_only(address, segments))):
            continue
        fields = image.symbol.unpack_from(symbols, index * size)
        if fields[1 if size == 24 else 3] >> 4 == STB_LOCAL:
            continue
        number = struct.unpack_from(f"{image.order}H", versym, index * 2)[0] if versym else 0
        offset = _file_offset(address, segments)
        if addend is None:
            # DT_REL: a slot is overwritten, any other word holds its own addend.
            content = image.data[offset : offset + image.bits // 8]
            addend = int.from_bytes(content, _BYTE_ORDER[image.order]) if word else 0
        lookup_class = machine.relocation_class(kind)
        assert lookup_class is not None
        name = image.string(fields[0])
        yield Slot(name, versions.get(number & 0x7FFF), lookup_class, address, offset, addend)


def _relocations(image: Image) -> Iterator[tuple[int, int, int | None]]:
    """Address, type with symbol, and addend; None where the word itself holds it."""
    for _, width, data in image.relocation_tables():
        words = image.words(data)
        addends = words[2::3] if width == 3 else repeat(None)
        yield from zip(words[::width], words[1::width], addends, strict=False)


_BYTE_ORDER: Mapping[str, Literal["little", "big"]] = {"<": "little", ">": "big"}


def _read_only(address: int, segments: Iterable[Segment]) -> bool:
    """Whether only the loader can have written there (PT_GNU_RELRO); it protects whole pages."""
    return any(
        s.kind == PT_GNU_RELRO and s.address <= address < (s.address + s.memory) // _PAGE * _PAGE
        for s in segments
    )


def _file_offset(address: int, segments: Iterable[Segment]) -> int:
    for s in segments:
        if s.kind == PT_LOAD and s.address <= address < s.address + s.size:
            return address - s.address + s.offset
    raise FormatError(f"truncated or corrupt ELF file (a slot at {address:#x} is in no segment)")


# -- the memory of a process ----------------------------------------------------------------------


Tables = Mapping[str, SlotTable]


def slot_tables(paths: Iterable[str], known: Tables | None = None) -> dict[str, SlotTable]:
    """The tables of all ELF files among ``paths``; others are not in the result.

    ``known`` are tables that need not be read again. Raises InputError.
    """
    tables = {}
    for path in dict.fromkeys(paths):
        if known and path in known:
            tables[path] = known[path]
            continue
        try:
            with Path(path).open("rb") as stream:
                head = stream.read(4)
                data = head + stream.read() if is_elf(head) else b""
        except OSError:
            # [heap], a device, a file that is gone.
            continue
        try:
            if data:
                tables[path] = read_slots(data)
        except NotDynamicError:
            continue
        except FormatError as e:
            raise InputError(path, str(e)) from e
    return tables


class _Places:
    """Where the objects of a process are mapped."""

    def __init__(self, maps: Sequence[MemoryRange], tables: Tables) -> None:
        self.bases = {p: b for p, t in tables.items() if (b := _base(p, t, maps)) is not None}
        spans = [(b, b + tables[p].end, p) for p, b in self.bases.items()]
        spans += [(r.start, r.end, r.path) for r in maps if r.path == "[vdso]"]
        self._spans = sorted(spans)

    def at(self, address: int) -> tuple[str | None, int]:
        """The object at an address, and the distance from its base."""
        number = bisect_right(self._spans, address, key=lambda span: span[0]) - 1
        if number >= 0:
            base, end, path = self._spans[number]
            if address < end:
                return path, address - base
        return None, address


def _base(path: str, table: SlotTable, maps: Sequence[MemoryRange]) -> int | None:
    """What is added to virtual addresses; None for a file that is mapped, but not loaded."""
    loads = [s for s in table.segments if s.kind == PT_LOAD and s.memory]
    own = [r for r in maps if r.path == path]

    def fits(load: Segment, base: int) -> bool:
        start = base + load.address
        return not load.size or any(
            r.start <= start < r.end
            and r.offset + start - r.start == load.offset
            and (r.executable or not load.flags & PF_X)
            for r in own
        )

    for r in own:
        base = r.start - r.offset - (loads[0].address - loads[0].offset)
        if all(fits(load, base) for load in loads):
            return base
    return None


def bindings(maps: Sequence[MemoryRange], tables: Tables, words: Words) -> Iterator[SlotBinding]:
    """Every slot of the objects in ``tables`` that are loaded.

    ``tables`` must have all objects of the process, ``words`` reads its memory.
    """
    places = _Places(maps, tables)
    for path, base in places.bases.items():
        table = tables[path]
        for slot in table.slots:
            address = table.target(slot, base, words)
            provider, value = (None, 0) if address is None else places.at(address)
            null = address is None
            yield SlotBinding(
                path, slot.symbol, slot.version, slot.lookup_class, provider, value, null
            )


def of_process(pid: int, objects: Iterable[str] | None = None) -> tuple[SlotBinding, ...]:
    """The slots of a running process, which must belong to this user and be at rest.

    ``objects`` are the paths whose slots are wanted; all by default. Raises
    InputError where the process may not be read.
    """
    directory = Path(f"/proc/{pid}")
    try:
        maps = parse_maps((directory / "maps").read_text("utf-8", "surrogateescape"))
        tables = slot_tables(r.path for r in maps)
        if objects is not None:
            wanted = set(objects)
            tables = {p: t if p in wanted else t._replace(slots=()) for p, t in tables.items()}
        with (directory / "mem").open("rb", 0) as memory:

            def words(address: int, size: int) -> bytes:
                memory.seek(address)
                return memory.read(size)

            return tuple(bindings(maps, tables, words))
    except OSError as e:
        raise InputError(f"process {pid}", e.strerror or str(e)) from e


# -- read by a script inside the process (collide.verify.script) -------------------------------

Request = dict[str, list[tuple[int, int]]]
"""For each path, the (offset, size) of the bytes to read, in the file."""


def request(tables: Tables) -> Request:
    """What the script must read: the slots, those near each other in one piece."""
    wanted: Request = {}
    for path, table in tables.items():
        pieces: list[tuple[int, int]] = []
        for offset in sorted({slot.offset for slot in table.slots}):
            start, size = pieces[-1] if pieces else (offset, 0)
            if offset - start - size < _PAGE and pieces:
                pieces[-1] = start, offset + table.word.size - start
            else:
                pieces.append((offset, table.word.size))
        wanted[path] = pieces
    return wanted


def words_of(memory: Iterable[tuple[int, bytes]]) -> Words:
    """A reader of what the script has read; it raises InputError for what it has not."""
    pieces = sorted(memory)

    def words(address: int, size: int) -> bytes:
        number = bisect_right(pieces, address, key=lambda piece: piece[0]) - 1
        start, content = pieces[number] if number >= 0 else (0, b"")
        found = content[address - start : address - start + size]
        if len(found) != size:
            raise InputError("memory of the host", f"was not read at {address:#x}")
        return found

    return words
