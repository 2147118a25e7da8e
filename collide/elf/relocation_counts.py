"""Counts the relocations of one object for which a loader looks a symbol up.

One search serves all relocations of a symbol that follow each other: glibc keeps the last one
of each object (``l_lookup_cache`` in ``elf/dl-reloc.c``), and link editors sort relocations by
symbol for it (ld(1) ``-z combreloc``). LD_DEBUG=statistics counts the lookups as "number of
relocations" and the others as "number of relocations from cache" (ld.so(8)). glibc counts some
that are of no relocation there, too: four for the allocator that ld.so itself uses from then on
(``__rtld_malloc_init_real``), one for each function of the vDSO that it knows (five on x86-64,
``setup_vdso_pointers``), and one whenever a reference is bound to ``time`` or ``gettimeofday``,
whose resolvers ask the vDSO (STT_GNU_IFUNC, ``dl_vdso_vsym``).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from collide.elf.constants import (
    DT_JMPREL,
    DT_SYMTAB,
    DT_VERSYM,
    STB_LOCAL,
    STV_HIDDEN,
    STV_INTERNAL,
)
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
    machine, symbols = image.machine, _Symbols(image)
    for info, is_plt in _infos(image):
        kind = info & image.info_mask
        try:
            lookup_class = machine.relocation_class(kind)
        except KeyError:
            # The references of this type are not known, either (``ElfObject.unknown_relocations``).
            continue
        if lookup_class is not None and (symbol := symbols[info >> image.info_shift]):
            yield Run(*symbol, lookup_class, is_plt and kind in machine.jump_slots)


class _Symbols(dict[int, tuple[str, str | None] | None]):
    """Name and version of each symbol by its index; None for what binds to the object itself."""

    def __init__(self, image: Image) -> None:
        super().__init__({0: None})
        self._image = image
        self._start, self._versions = image.one(DT_SYMTAB), version_names(image)
        versioned = self._versions and DT_VERSYM in image.dynamic
        self._versym = image.at(image.one(DT_VERSYM)) if versioned else None

    def __missing__(self, index: int) -> tuple[str, str | None] | None:
        image, size = self._image, self._image.symbol.size
        info_at, other_at = (4, 5) if image.bits == 64 else (12, 13)
        symbol = image.at(self._start + index * size, size)
        found, version = None, None
        hidden = symbol[other_at] & 3 in (STV_HIDDEN, STV_INTERNAL)
        if symbol[info_at] >> 4 != STB_LOCAL and not hidden:
            if self._versym is not None:
                number = struct.unpack_from(f"{image.order}H", self._versym, 2 * index)[0]
                version = self._versions.get(number & 0x7FFF)
            name = image.string(struct.unpack_from(f"{image.order}I", symbol)[0])
            found = name, version
        self[index] = found
        return found


def _infos(image: Image) -> Iterator[tuple[int, bool]]:
    for tag, width, data in image.relocation_tables():
        for info in image.words(data)[1::width]:
            yield info, tag == DT_JMPREL
