"""Reads the dynamic symbol table of one object: what it exports, and what it refers to.

Sources: gABI "Symbol Table" and "String Table". A symbol that the hash table does not reach does
not exist for the loader, so :meth:`DynamicSymbols.candidates` walks it.
"""

from __future__ import annotations

import struct
from array import array
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import reduce
from itertools import compress, repeat
from operator import and_

from collide.elf.constants import (
    SHN_ABS,
    SHN_UNDEF,
    STB_GLOBAL,
    STB_GNU_UNIQUE,
    STB_LOCAL,
    STB_WEAK,
    STT_TLS,
    STV_DEFAULT,
    STV_PROTECTED,
    VERSYM_HIDDEN,
)
from collide.elf.hash_tables import GnuHash, SysvHash, integers, picked
from collide.elf.references import SymbolReferences
from collide.elf.string_table import names_at
from collide.elf.symbols import (
    ANY_VERSION,
    MATCHING_TYPES,
    Definition,
    Exports,
    NoExports,
    Reference,
    simple_names,
)
from collide.support.records import NamedTuple


class SymbolTables(NamedTuple):
    """The tables of one object that symbols are read from, copied out of its file."""

    order: Sequence[int]
    by_class: Mapping[int, set[int]]
    eager: Mapping[int, array[int]]
    symbols: bytes
    symbol: struct.Struct
    strings: bytes
    table: GnuHash | SysvHash | None
    versym: array[int]
    versions: Mapping[int, tuple[str, bool]]
    versioned: bool

    def read(self) -> tuple[Exports, Sequence[Reference]]:
        """The exports and the references of the object."""
        symbols, size = self.symbols, self.symbol.size
        big_endian = self.symbol.format.startswith(">")
        names = names_at(self.strings, integers(symbols, "I", big_endian)[:: size // 4])
        infos, others, sections = (4, 5, 6) if size == 24 else (12, 13, 14)
        info = symbols[infos::size]
        references: Sequence[Reference] = ()
        if self.by_class:
            references = SymbolReferences(
                order=self.order,
                by_class=self.by_class,
                eager=self.eager,
                names=names,
                info=info,
                other=symbols[others::size],
                section=integers(symbols, "H", big_endian)[sections // 2 :: size // 2],
                versym=self.versym,
                versions=self.versions,
            )
        if self.table is None:
            return NoExports(), references
        index, several = _by_name(names, range(self.table.first, self.table.count), info)
        exports = DynamicSymbols(
            index=index,
            several=several,
            symbols=symbols,
            symbol=self.symbol,
            table=self.table,
            versym=self.versym,
            versions=self.versions,
            versioned=self.versioned,
        )
        return exports, references


def _by_name(
    names: Sequence[str], numbers: range, info: bytes
) -> tuple[dict[str, int], dict[str, list[int]]]:
    """Symbol index by name, -1 where several share it, and the indexes of these.

    Of the names that not only local symbols have. A lookup meets a local symbol that the hash
    table holds like any other.
    """
    found = names[numbers.start : numbers.stop]
    index = dict(zip(found, numbers, strict=True))
    several: dict[str, list[int]] = {}
    if len(index) < len(numbers):
        counts = Counter(found)
        several = {name: [] for name, count in counts.items() if count > 1}
        index.update(dict.fromkeys(several, -1))
        for name, number in zip(found, numbers, strict=True):
            if name in several:
                several[name].append(number)
    if any(kind >> 4 == STB_LOCAL for kind in set(info[numbers.start : numbers.stop])):
        exported = {names[i] for i in numbers if info[i] >> 4 != STB_LOCAL}
        index = {name: number for name, number in index.items() if name in exported}
    return index, several


class DynamicSymbols:
    """The exports of an ELF object: ``.dynsym`` seen through its hash table.

    ``index`` gives the number of a symbol by its name, -1 for a name that
    several symbols have, whose numbers are in ``several``. ``versions`` maps a
    version index to (name, need has bit 15); the base version is not in it.
    ``versioned`` is set where the loader sees a version table, even one that holds
    only the base version.
    """

    __slots__ = (
        *("_big_endian", "_fields", "_hash", "_index", "_known", "_offers", "_several"),
        *("_simple", "_symbol", "_symbols", "_versioned", "_versions", "_versym"),
    )

    def __init__(
        self,
        *,
        index: Mapping[str, int],
        several: Mapping[str, Sequence[int]],
        symbols: bytes,
        symbol: struct.Struct,
        table: GnuHash | SysvHash,
        versym: array[int],
        versions: Mapping[int, tuple[str, bool]],
        versioned: bool,
    ) -> None:
        self._index = index
        self._several = several
        self._symbols = symbols
        self._symbol = symbol
        self._big_endian = symbol.format.startswith(">")
        self._hash = table
        self._versym = versym
        self._versions = versions
        self._versioned = versioned
        self._fields: tuple[bytes, bytes, array[int], array[int], array[int]] | None = None
        self._simple: bytes | None = None
        self._known: dict[str, tuple[Definition, ...]] = {}
        self._offers: dict[str, str | None] = {}

    @property
    def names(self) -> AbstractSet[str]:
        """See :class:`Exports`."""
        return self._index.keys()

    @property
    def count(self) -> int:
        """See :class:`Exports`."""
        return len(self._index)

    @property
    def versioned(self) -> bool:
        """See :class:`Exports`."""
        return self._versioned

    def defined(self, wanted: AbstractSet[str]) -> AbstractSet[str]:
        """See :class:`Exports`."""
        return self._index.keys() & wanted

    def beginning(self, prefixes: tuple[str, ...]) -> Iterable[str]:
        """See :class:`Exports`."""
        return [name for name in self.names if name.startswith(prefixes)]

    def candidates(self, name: str) -> tuple[Definition, ...]:
        """See :class:`Exports`."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._walk(name) if name in self._index else ()
        return known

    def _walk(self, name: str) -> tuple[Definition, ...]:
        numbers: Sequence[int] = self._several.get(name) or (self._index[name],)
        # What is offered is known to be reached, and to be the only one.
        if self._offers.get(name) is None:
            numbers = self._hash.found(name.encode("utf-8", "surrogateescape"), numbers)
        return tuple(filter(None, map(self._definition, repeat(name), numbers)))

    def simple(self, wanted: Mapping[str, str | None]) -> AbstractSet[str]:
        """See :class:`Exports`."""
        # Not a difference of key views, which would walk all offers each time.
        unknown = [name for name in wanted if name not in self._offers]
        if unknown:
            self._offers.update(dict.fromkeys(unknown))
            self._offers.update(self._find_offers(unknown))
        return simple_names(wanted, self._offers)

    def vague(self, names: Iterable[str]) -> AbstractSet[str]:
        """See :func:`vague_names`."""
        if not isinstance(self._hash, GnuHash):
            # DT_HASH holds undefined symbols, too.
            return {n for n in names if (ds := self.candidates(n)) and _are_vague(ds)}
        vague = self._columns()[0].translate(_IS_VAGUE)
        listed = list(names)
        numbers = list(map(self._index.get, listed, repeat(_NOWHERE)))
        if not listed or min(numbers) >= 0:
            return set(compress(listed, picked(vague, numbers)))
        return {
            name
            for name, number in zip(listed, numbers, strict=True)
            if number != _NOWHERE
            and (vague[number] if number >= 0 else _are_vague(self.candidates(name)))
        }

    def values(self) -> Iterator[tuple[str, int | None]]:
        """All names with their values; None for a name that several symbols have."""
        column = self._columns()[3]
        return ((name, column[at] if at >= 0 else None) for name, at in self._index.items())

    def values_of(self, names: Iterable[str]) -> Iterator[tuple[str, int | None]]:
        """See :func:`first_values`."""
        column = self._columns()[3]
        for name in names:
            at = self._index[name]
            yield name, column[at] if at >= 0 else self.candidates(name)[0].value

    def of_types(self, types: Container[int]) -> Iterator[tuple[str, int]]:
        """See :func:`values_of_types`."""
        # Which names have one definition is found out for all at once.
        self.simple(dict.fromkeys(self._index))
        info, values, offers = self._columns()[0], self._columns()[3], self._offers
        for name, number in self._index.items():
            if offers[name] is None:
                yield from _values(name, self.candidates(name), types)
            elif info[number] & 15 in types:
                yield name, values[number]

    def _find_offers(self, names: list[str]) -> Mapping[str, str | None]:
        """The version in which each name is offered, of those that have one simple definition."""
        if not isinstance(self._hash, GnuHash):
            return {}
        numbers = list(map(self._index.get, names, repeat(-1)))
        if numbers and min(numbers) < 0:
            names = [name for name, number in zip(names, numbers, strict=True) if number >= 0]
            numbers = [number for number in numbers if number >= 0]
        reached = self._hash.reached(names, numbers)
        simple = list(map(and_, reached, picked(self._simple_column(), numbers)))
        if not self._versioned:
            return dict.fromkeys(compress(names, simple), ANY_VERSION)
        versyms = picked(self._versym, numbers)
        known = {v: self._versions.get(v & ~VERSYM_HIDDEN, (None,))[0] for v in set(versyms)}
        known.update((base, ANY_VERSION) for base in (0, 1) if base in known)
        return dict(compress(zip(names, map(known.__getitem__, versyms), strict=True), simple))

    def _simple_column(self) -> bytes:
        """1 for each symbol that is defined, visible, global or weak, and of a matching type."""
        if self._simple is None:
            info, other, sections, values, _ = self._columns()
            columns = (
                info.translate(_IS_SIMPLE_INFO),
                other.translate(_IS_VISIBLE),
                bytes(map(bool, sections)),  # SHN_UNDEF is 0
                bytes(map(bool, values)),
            )
            # As numbers, since there is no other way to "and" all bytes at once.
            met = reduce(and_, (int.from_bytes(column, "little") for column in columns))
            self._simple = met.to_bytes(len(info), "little")
        return self._simple

    def _columns(self) -> tuple[bytes, bytes, array[int], array[int], array[int]]:
        """Info, other, section, value and size of all symbols."""
        if self._fields is None:
            wide = self._symbol.size == 24
            at_info, at_other, at_section = (4, 5, 6) if wide else (12, 13, 14)
            at_value, at_size, word = (8, 16, "Q") if wide else (4, 8, "I")
            size, symbols = self._symbol.size, self._symbols
            halves = integers(symbols, "H", self._big_endian)
            words = integers(symbols, word, self._big_endian)
            width = words.itemsize
            self._fields = (
                symbols[at_info::size],
                symbols[at_other::size],
                halves[at_section // 2 :: size // 2],
                words[at_value // width :: size // width],
                words[at_size // width :: size // width],
            )
        return self._fields

    def _definition(self, name: str, index: int) -> Definition | None:
        fields = self._symbol.unpack_from(self._symbols, index * self._symbol.size)
        if self._symbol.size != 24:
            fields = _wide_order(fields)
        _, info, other, section, value, size = fields
        is_tls = info & 15 == STT_TLS
        if value == 0 and section != SHN_ABS and not is_tls:
            return None
        versym = self._versym[index] if self._versioned else 0
        number = versym & ~VERSYM_HIDDEN
        version = self._versions.get(number)
        return Definition(
            name,
            version[0] if version else None,
            number,
            bool(versym & VERSYM_HIDDEN),
            info & 15,
            info >> 4,
            other & 3,
            size,
            section == SHN_UNDEF,
            value == 0 and not is_tls,
            value,
        )


_IS_SIMPLE_INFO = bytes(
    info >> 4 in (STB_GLOBAL, STB_WEAK) and info & 15 in MATCHING_TYPES for info in range(256)
)
_NOWHERE = -2
_VAGUE = (STB_WEAK, STB_GNU_UNIQUE)
_NOT_UNIQUE = bytes(info for info in range(256) if info >> 4 != STB_GNU_UNIQUE)
_IS_VAGUE = bytes(info >> 4 in _VAGUE for info in range(256))
_IS_VISIBLE = bytes(other & 3 in (STV_DEFAULT, STV_PROTECTED) for other in range(256))


def _wide_order(fields: tuple[int, ...]) -> tuple[int, ...]:
    """An Elf32_Sym in the order of an Elf64_Sym."""
    at, value, size, info, other, section = fields
    return at, info, other, section, value, size


def vague_names(exports: Exports, names: Iterable[str]) -> AbstractSet[str]:
    """Those of ``names`` that have definitions, all of them weak or unique."""
    if isinstance(exports, DynamicSymbols):
        return exports.vague(names)
    found = ((name, exports.candidates(name)) for name in names)
    return {name for name, ds in found if ds and _are_vague(ds)}


def first_values(exports: Exports, names: Iterable[str]) -> Iterator[tuple[str, int | None]]:
    """The value of the first definition of each name, which has one; of most none is made."""
    if isinstance(exports, DynamicSymbols):
        return exports.values_of(names)
    return ((name, exports.candidates(name)[0].value) for name in names)


def values_of_types(exports: Exports, types: Container[int]) -> Iterator[tuple[str, int]]:
    """The values of definitions of some ``types``, with their names; of most none is made."""
    if isinstance(exports, DynamicSymbols):
        return exports.of_types(types)
    return (one for name in exports.names for one in _values(name, exports.candidates(name), types))


def _values(
    name: str, definitions: Iterable[Definition], types: Container[int]
) -> Iterator[tuple[str, int]]:
    return ((name, d.value) for d in definitions if d.type in types and d.value is not None)


def has_unique(info: bytes) -> bool:
    """Whether a column of ``st_info`` has a symbol that is STB_GNU_UNIQUE."""
    return bool(info.translate(None, _NOT_UNIQUE))


def _are_vague(definitions: Iterable[Definition]) -> bool:
    return all(d.binding in _VAGUE for d in definitions)
