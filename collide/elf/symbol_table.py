"""The symbol tables of one object, copied out of its file, and what they say.

Sources: gABI "Symbol Table" and "String Table".
"""

from __future__ import annotations

import struct
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate

from collide.elf.hash_tables import GnuHash, SysvHash, integers
from collide.elf.headers import decode
from collide.elf.references import SymbolReferences
from collide.elf.symbols import STB_LOCAL, DynamicSymbols, Exports, NoExports, Reference
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class SymbolTables(NamedTuple):
    """The tables that symbols are made of, copied out of their file."""

    order: Sequence[int]
    by_class: Mapping[int, set[int]]
    symbols: bytes
    symbol: struct.Struct
    strings: bytes
    table: GnuHash | SysvHash | None
    versym: array[int]
    versions: Mapping[int, tuple[str, bool]]
    versioned: bool

    def read(self) -> tuple[Exports, Sequence[Reference]]:
        """What the object defines and what it refers to."""
        symbols, size = self.symbols, self.symbol.size
        big_endian = self.symbol.format.startswith(">")
        names = _names(self.strings, integers(symbols, "I", big_endian)[:: size // 4])
        infos, others, sections = (4, 5, 6) if size == 24 else (12, 13, 14)
        info = symbols[infos::size]
        references: Sequence[Reference] = ()
        if self.by_class:
            references = SymbolReferences(
                order=self.order,
                by_class=self.by_class,
                names=names,
                info=info,
                other=symbols[others::size],
                section=integers(symbols, "H", big_endian)[sections // 2 :: size // 2],
                versym=self.versym,
                versions=self.versions,
            )
        if self.table is None:
            return NoExports(), references
        exports = DynamicSymbols(
            index=_by_name(names, range(self.table.first, self.table.count), info),
            symbols=symbols,
            symbol=self.symbol,
            strings=self.strings,
            table=self.table,
            versym=self.versym,
            versions=self.versions,
            versioned=self.versioned,
        )
        return exports, references


def _by_name(names: Sequence[str], numbers: range, info: bytes) -> dict[str, int]:
    """Symbol index by name, of those not local; -1 where several share a name."""
    exported: Sequence[int] = numbers
    found = names[numbers.start : numbers.stop]
    if any(kind >> 4 == STB_LOCAL for kind in set(info[numbers.start : numbers.stop])):
        exported = [i for i in numbers if info[i] >> 4 != STB_LOCAL]
        found = [names[i] for i in exported]
    index = dict(zip(found, exported, strict=True))
    if len(index) < len(exported):
        counts = Counter(found)
        index.update((name, -1) for name, count in counts.items() if count > 1)
    return index


def _names(strings: bytes, offsets: Sequence[int]) -> list[str]:
    """The strings at ``offsets``; one split serves all that start a string of the table."""
    if strings.isascii():
        pieces = strings.decode("ascii").split("\0")
        lengths = map(len, pieces)
    else:
        raw = strings.split(b"\0")
        pieces, lengths = list(map(decode, raw)), map(len, raw)
    starts = accumulate(map((1).__add__, lengths), initial=0)
    table = dict(zip(starts, pieces, strict=False))
    names: list[Any] = list(map(table.get, offsets))
    if None not in names:
        return names
    # The linker shares tails: "free" can be the end of "xmlFree".
    return [
        decode(strings[offset : strings.index(b"\0", offset)]) if name is None else name
        for name, offset in zip(names, offsets, strict=True)
    ]
