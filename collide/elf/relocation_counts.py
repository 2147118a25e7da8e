"""Counts the relocations of one object for which a loader looks a symbol up.

One search serves all relocations of a symbol that follow each other: glibc keeps the last one
of each object (``l_lookup_cache`` in ``elf/dl-reloc.c``), and link editors sort relocations by
symbol for it (ld(1) ``-z combreloc``). LD_DEBUG=statistics counts the lookups as "number of
relocations" and the others as "number of relocations from cache" (ld.so(8)).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from collide.elf.constants import (
    DT_JMPREL,
    DT_PLTREL,
    DT_PLTRELSZ,
    DT_REL,
    DT_RELA,
    DT_RELASZ,
    DT_RELSZ,
    DT_SYMTAB,
    DT_VERSYM,
    STB_LOCAL,
    STV_HIDDEN,
    STV_INTERNAL,
)
from collide.elf.hash_tables import integers
from collide.elf.headers import Image
from collide.elf.object import Contents, version_names
from collide.support.errors import FormatError
from collide.support.records import NamedTuple


class Run(NamedTuple):
    """``times`` relocations of one symbol and lookup class that follow each other.

    ``late`` marks jump slots, which a lazy loader fills at the first call.
    """

    name: str
    version: str | None
    lookup_class: int
    late: bool
    times: int = 1


class Counts(NamedTuple):
    """How many relocations need a symbol, and how many lookups they make."""

    relocations: int = 0
    lookups: int = 0

    def __add__(self, other: object) -> Counts:
        """The sum of both."""
        if not isinstance(other, Counts):
            return NotImplemented
        return Counts(self.relocations + other.relocations, self.lookups + other.lookups)


def read_runs(data: Contents) -> tuple[Run, ...]:
    """The runs of one object in the order of its tables; raises FormatError."""
    try:
        return tuple(_joined(_relocations(Image(memoryview(data)))))
    except (struct.error, IndexError, ValueError, KeyError, OverflowError) as e:
        raise FormatError(f"truncated or corrupt ELF file ({e})") from e


def counted(runs: Iterable[Run]) -> Counts:
    """The counts of ``runs``, of which some may have been taken out."""
    joined = tuple(_joined(runs))
    return Counts(sum(run.times for run in joined), len(joined))


def _joined(runs: Iterable[Run]) -> Iterator[Run]:
    last: Run | None = None
    for run in runs:
        if last is not None and run[:3] == last[:3]:
            last = last._replace(times=last.times + run.times)
            continue
        if last is not None:
            yield last
        last = run
    if last is not None:
        yield last


def _relocations(image: Image) -> Iterator[Run]:
    if DT_SYMTAB not in image.dynamic:
        return
    machine, size = image.machine, image.symbol.size
    start, versions = image.one(DT_SYMTAB), version_names(image)
    versym = image.at(image.one(DT_VERSYM)) if versions and DT_VERSYM in image.dynamic else None
    shift, mask = (32, 0xFFFFFFFF) if image.bits == 64 else (8, 0xFF)
    info_at, other_at = (4, 5) if image.bits == 64 else (12, 13)
    for info, is_plt in _infos(image):
        kind, index = info & mask, info >> shift
        lookup_class = machine.relocation_class(kind)
        if not index or lookup_class is None:
            continue
        symbol = image.at(start + index * size, size)
        if symbol[info_at] >> 4 == STB_LOCAL or symbol[other_at] & 3 in (STV_HIDDEN, STV_INTERNAL):
            continue
        name = image.string(struct.unpack_from(f"{image.order}I", symbol)[0])
        version = None
        if versym is not None:
            number = struct.unpack_from(f"{image.order}H", versym, 2 * index)[0]
            version = versions.get(number & 0x7FFF)
        yield Run(name, version, lookup_class, is_plt and kind in machine.jump_slots)


def _infos(image: Image) -> Iterator[tuple[int, bool]]:
    word = image.bits // 8
    plt_width = 3 if image.one(DT_PLTREL, DT_REL) == DT_RELA else 2
    tables = (
        (DT_RELA, DT_RELASZ, 3),
        (DT_REL, DT_RELSZ, 2),
        (DT_JMPREL, DT_PLTRELSZ, plt_width),
    )
    for tag, size_tag, width in tables:
        if tag in image.dynamic and (size := image.one(size_tag, 0)):
            raw = image.at(image.one(tag), size)
            assert len(raw) % (width * word) == 0
            for info in integers(raw, image.address, image.big_endian)[1::width]:
                yield info, tag == DT_JMPREL
