"""Definitions and references, and the dynamic symbol table that holds an object's definitions.

Source: gABI "Symbol Table". A symbol that the hash table does not reach does
not exist for the loader, so :meth:`DynamicSymbols.candidates` walks it.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import reduce
from itertools import compress, repeat
from operator import and_, itemgetter

from collide.elf.hash_tables import GnuHash, SysvHash, gnu_hashes, integers
from collide.support.records import NamedTuple, Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STB_LOCAL, STB_GLOBAL, STB_WEAK, STB_GNU_UNIQUE = 0, 1, 2, 10
STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_COMMON, STT_TLS, STT_GNU_IFUNC = 0, 1, 2, 5, 6, 10
STV_DEFAULT, STV_INTERNAL, STV_HIDDEN, STV_PROTECTED = 0, 1, 2, 3
SHN_UNDEF, SHN_ABS = 0, 0xFFF1
VERSYM_HIDDEN = 0x8000

_VAGUE = (STB_WEAK, STB_GNU_UNIQUE)
MATCHING_TYPES = frozenset((STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_COMMON, STT_TLS, STT_GNU_IFUNC))
"""The types of a definition that can satisfy a reference (``check_match``)."""

BINDING_NAMES = {
    STB_LOCAL: "LOCAL",
    STB_GLOBAL: "GLOBAL",
    STB_WEAK: "WEAK",
    STB_GNU_UNIQUE: "UNIQUE",
}
TYPE_NAMES = {
    STT_NOTYPE: "NOTYPE",
    STT_OBJECT: "OBJECT",
    STT_FUNC: "FUNC",
    STT_COMMON: "COMMON",
    STT_TLS: "TLS",
    STT_GNU_IFUNC: "IFUNC",
}
VISIBILITY_NAMES = {
    STV_DEFAULT: "DEFAULT",
    STV_INTERNAL: "INTERNAL",
    STV_HIDDEN: "HIDDEN",
    STV_PROTECTED: "PROTECTED",
}


# Named tuples, as all records of the package: a large wheel has a hundred thousand of these two.
class Definition(NamedTuple):
    """One exported symbol, as a hash walk of its object meets it.

    ``version_index`` is that index (``versym & 0x7fff``), ``version`` its name
    or None for the base version (indexes 0, 1 and gaps), ``hidden_version``
    bit 15 of versym (``foo@V`` rather than ``foo@@V``). ``undefined`` marks
    section UNDEF, which no call takes: a canonical PLT entry, whose value is
    an address, or a TLS symbol that DT_HASH holds. ``zero`` marks an absolute
    symbol of value 0. ``value`` is st_value; profiles do not record it.
    """

    name: str
    version: str | None
    version_index: int
    hidden_version: bool
    type: int
    binding: int
    visibility: int
    size: int
    undefined: bool
    zero: bool
    value: int | None = None


class Reference(NamedTuple):
    """A relocation that needs a lookup; equal relocations are one reference.

    ``version`` is None for an unversioned one; ``exact`` is set when the
    version need has bit 15 (no fallback to a base definition). ``lookup_class``
    is one of the ``CLASS_*`` of :mod:`collide.elf.machines`. ``defined`` tells that
    the object holding the reference defines the symbol itself.
    """

    name: str
    version: str | None
    exact: bool
    lookup_class: int
    weak: bool
    visibility: int
    defined: bool


class Exports(Protocol):
    """What an object offers to lookups, read from a file or from a profile."""

    @property
    def names(self) -> AbstractSet[str]:
        """Names that may be found; a superset of those that can."""

    @property
    def versioned(self) -> bool:
        """Whether the loader sees version tables (``l_versyms`` is set)."""

    def defined(self, wanted: AbstractSet[str], /) -> AbstractSet[str]:
        """``names & wanted``, which may take much less than all names.

        Asking for one set again is free, as long as it has not changed.
        """

    def candidates(self, name: str, /) -> tuple[Definition, ...]:
        """Every definition of ``name`` that a hash walk meets, in that order."""

    def plain(self, wanted: Mapping[str, str | None], /) -> AbstractSet[str]:
        """The names in ``wanted`` whose single definition serves a reference of that version.

        An optimisation that never decides otherwise than :mod:`collide.loader.glibc.lookup`:
        a definition with an address, visible, global or weak, of a type that
        is matched, and of the base version or the wanted one. What is not in
        the result must be looked at one by one.
        """

    def weak(self, names: Iterable[str], /) -> Mapping[str, tuple[int, int]]:
        """Type and size of the definitions that are weak, of ``names`` with one plain definition.

        What can be an inline function or a template of C++.
        """


ANY_VERSION = "*"
"""For ``plain``: the version of a base definition, which serves every reference."""


def plain_names(
    wanted: Mapping[str, str | None], offered: Mapping[str, str | None]
) -> AbstractSet[str]:
    """The names offered in the version they are wanted in; None is not offered plainly."""
    return {
        name
        for name, version in wanted.items()
        if (offer := offered[name]) == version is not None or offer is ANY_VERSION
    }


class NoExports:
    """The exports of an object without a symbol hash table: none."""

    names: AbstractSet[str] = frozenset()
    versioned = False

    def defined(self, _wanted: AbstractSet[str]) -> AbstractSet[str]:
        """None."""
        return frozenset()

    def candidates(self, _name: str) -> tuple[Definition, ...]:
        """None."""
        return ()

    def plain(self, _wanted: Mapping[str, str | None]) -> AbstractSet[str]:
        """None."""
        return frozenset()

    def weak(self, _names: Iterable[str]) -> Mapping[str, tuple[int, int]]:
        """None."""
        return {}


class DynamicSymbols:
    """The exports of an ELF object: ``.dynsym`` seen through its hash table.

    ``index`` gives the number of a symbol by its name, -1 for a name that
    several symbols have. ``versions`` maps a version index to (name, need has
    bit 15); the base version is not in it. ``versioned`` tells that the loader
    sees any version table at all, even one that holds only the base version.
    """

    __slots__ = (
        *("_big_endian", "_fields", "_hash", "_index", "_known", "_offers", "_serving"),
        *("_strings", "_symbol", "_symbols", "_versioned", "_versions", "_versym"),
    )

    def __init__(
        self,
        *,
        index: Mapping[str, int],
        symbols: bytes,
        symbol: struct.Struct,
        strings: bytes,
        table: GnuHash | SysvHash,
        versym: array[int],
        versions: Mapping[int, tuple[str, bool]],
        versioned: bool,
    ) -> None:
        self._index = index
        self._symbols = symbols
        self._symbol = symbol
        self._big_endian = symbol.format.startswith(">")
        self._strings = strings
        self._hash = table
        self._versym = versym
        self._versions = versions
        self._versioned = versioned
        self._fields: tuple[bytes, bytes, array[int], array[int], array[int]] | None = None
        self._known: dict[str, tuple[Definition, ...]] = {}
        self._offers: dict[str, str | None] = {}
        self._serving: set[str] = set()

    @property
    def names(self) -> AbstractSet[str]:
        """See :class:`Exports`."""
        return self._index.keys()

    @property
    def versioned(self) -> bool:
        """See :class:`Exports`."""
        return self._versioned

    def defined(self, wanted: AbstractSet[str]) -> AbstractSet[str]:
        """See :class:`Exports`."""
        return self._index.keys() & wanted

    def candidates(self, name: str) -> tuple[Definition, ...]:
        """See :class:`Exports`."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._walk(name) if name in self._index else ()
        return known

    def _walk(self, name: str) -> tuple[Definition, ...]:
        raw = name.encode("utf-8", "surrogateescape")
        # What is offered is known to be reached, and to be the only one.
        offered = self._offers.get(name) is not None
        numbers = [self._index[name]] if offered else self._hash.walk(raw)
        found = [self._definition(name, raw, number) for number in numbers]
        return tuple(d for d in found if d is not None)

    def plain(self, wanted: Mapping[str, str | None]) -> AbstractSet[str]:
        """See :class:`Exports`."""
        if wanted.keys() <= self._serving:
            return wanted.keys()
        # Not a difference of key views, which would walk all offers each time.
        unknown = [name for name in wanted if name not in self._offers]
        if unknown:
            found = self._find_offers(unknown)
            if len(found) < len(unknown):
                self._offers.update(dict.fromkeys(unknown))
            self._offers.update(found)
            if ANY_VERSION in set(found.values()):
                self._serving.update(n for n, offer in found.items() if offer is ANY_VERSION)
            if wanted.keys() <= self._serving:
                return wanted.keys()
        return plain_names(wanted, self._offers)

    def weak(self, names: Iterable[str]) -> Mapping[str, tuple[int, int]]:
        """See :class:`Exports`."""
        info, _, _, _, sizes = self._columns()
        index = self._index
        return {
            name: (info[number] & 15, sizes[number])
            for name in names
            if info[number := index[name]] >> 4 == STB_WEAK
        }

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

    def _find_offers(self, names: Sequence[str]) -> Mapping[str, str | None]:
        """The version of each name that has one definition of no peculiarity, or None."""
        if not isinstance(self._hash, GnuHash):
            return {}
        numbers = list(map(self._index.get, names, repeat(-1)))
        if numbers and min(numbers) < 0:
            names = [name for name, number in zip(names, numbers, strict=True) if number >= 0]
            numbers = [number for number in numbers if number >= 0]
        hashes = gnu_hashes([name.encode("utf-8", "surrogateescape") for name in names])
        reached = self._hash.reached(numbers, hashes)
        plain = list(map(and_, reached, picked(self._plain_column(), numbers)))
        if not self._versioned:
            return dict.fromkeys(compress(names, plain), ANY_VERSION)
        versyms = picked(self._versym, numbers)
        known = {v: self._versions.get(v & ~VERSYM_HIDDEN, (None,))[0] for v in set(versyms)}
        known.update((base, ANY_VERSION) for base in (0, 1) if base in known)
        return dict(compress(zip(names, map(known.__getitem__, versyms), strict=True), plain))

    def _plain_column(self) -> bytes:
        """1 for each symbol that is defined, visible, global or weak, and of a matching type."""
        info, other, sections, values, _ = self._columns()
        columns = (
            info.translate(_IS_PLAIN_INFO),
            other.translate(_IS_VISIBLE),
            bytes(map(bool, sections)),  # SHN_UNDEF is 0
            bytes(map(bool, values)),
        )
        # As numbers, since there is no other way to "and" all bytes at once.
        met = reduce(and_, (int.from_bytes(column, "little") for column in columns))
        return met.to_bytes(len(info), "little")

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

    def _definition(self, name: str, raw: bytes, index: int) -> Definition | None:
        fields = self._symbol.unpack_from(self._symbols, index * self._symbol.size)
        if self._symbol.size != 24:
            fields = _wide_order(fields)
        at, info, other, section, value, size = fields
        if not self._strings.startswith(raw + b"\0", at):
            return None
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


_IS_PLAIN_INFO = bytes(
    info >> 4 in (STB_GLOBAL, STB_WEAK) and info & 15 in MATCHING_TYPES for info in range(256)
)
_NOWHERE = -2
_IS_VAGUE = bytes(info >> 4 in _VAGUE for info in range(256))
_IS_VISIBLE = bytes(other & 3 in (STV_DEFAULT, STV_PROTECTED) for other in range(256))


def picked(column: Sequence[Any], indexes: Sequence[int]) -> tuple[Any, ...]:
    """The elements of ``column`` at ``indexes``."""
    if len(indexes) < 2:
        return tuple(column[index] for index in indexes)
    elements: tuple[Any, ...] = itemgetter(*indexes)(column)
    return elements


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


def _are_vague(definitions: Iterable[Definition]) -> bool:
    return all(d.binding in _VAGUE for d in definitions)
