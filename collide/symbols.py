"""Definitions and references, and the dynamic symbol table that holds an object's definitions.

Sources: gABI "Symbol Table" and "Hash Table"; glibc ``elf/dl-setup_hash.c`` and
``do_lookup_x`` for the GNU table. A symbol that the hash table does not reach
does not exist for the loader, so :meth:`DynamicSymbols.candidates` walks it.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

STB_LOCAL, STB_GLOBAL, STB_WEAK, STB_GNU_UNIQUE = 0, 1, 2, 10
STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_COMMON, STT_TLS, STT_GNU_IFUNC = 0, 1, 2, 5, 6, 10
STV_DEFAULT, STV_INTERNAL, STV_HIDDEN, STV_PROTECTED = 0, 1, 2, 3
SHN_UNDEF, SHN_ABS = 0, 0xFFF1
VERSYM_HIDDEN = 0x8000

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


# These two are named tuples, not dataclasses: a large wheel has a hundred
# thousand of them, and a tuple costs a third to make.
class Definition(NamedTuple):
    """One exported symbol, as a hash walk of its object meets it.

    ``version_index`` is that index (``versym & 0x7fff``), ``version`` its name
    or None for the base version (indexes 0, 1 and gaps), ``hidden_version``
    bit 15 of versym (``foo@V`` rather than ``foo@@V``). ``undefined`` marks a
    canonical PLT entry: section UNDEF with a value. ``zero`` marks an absolute
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
    is one of the ``CLASS_*`` of :mod:`collide.machine`. ``defined`` tells that
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
    def names(self) -> frozenset[str]:
        """Names that may be found; a superset of those that can."""

    @property
    def versioned(self) -> bool:
        """Whether the loader sees version tables (``l_versyms`` is set)."""

    def candidates(self, name: str, /) -> tuple[Definition, ...]:
        """Every definition of ``name`` that a hash walk meets, in that order."""


class NoExports:
    """The exports of an object without a symbol hash table: none."""

    names: frozenset[str] = frozenset()
    versioned = False

    def candidates(self, _name: str) -> tuple[Definition, ...]:
        """None."""
        return ()


_HIGH_DIGITS = bytes(b"0123456789abcdef"[byte >> 4] for byte in range(256))
_LOW_DIGITS = bytes(b"0123456789abcdef"[byte & 15] for byte in range(256))
_DIGITS = 4000  # below the limit of int() for text (sys.set_int_max_str_digits)


def gnu_hash(name: bytes) -> int:
    """The hash of DT_GNU_HASH (glibc ``sysdeps/generic/dl-new-hash.h``).

    ``h = h * 33 + byte`` from 5381 is a number in base 33, whose digits int()
    reads far faster than a loop adds them: one nibble of each byte at a time.
    """
    h = 5381
    for at in range(0, len(name), _DIGITS):
        part = name[at : at + _DIGITS]
        digits = 16 * int(part.translate(_HIGH_DIGITS), 33) + int(part.translate(_LOW_DIGITS), 33)
        h = h * pow(33, len(part), 1 << 32) + digits
    return h & 0xFFFFFFFF


def sysv_hash(name: bytes) -> int:
    """The hash of DT_HASH and of version names (gABI "Hash Table")."""
    h = 0
    for byte in name:
        h = (h << 4) + byte
        h = (h ^ ((h & 0xF0000000) >> 24)) & 0x0FFFFFFF
    return h


def integers(data: bytes | memoryview, code: str, big_endian: bool) -> array[int]:
    """A table of unsigned integers in the byte order of its object.

    ``code`` is ``H``, ``I`` or ``Q``: 2, 4 or 8 bytes. Raises ValueError when
    ``data`` is not a whole number of them.
    """
    values = array(code)
    values.frombytes(data)
    if big_endian != (sys.byteorder == "big"):
        values.byteswap()
    return values


class GnuHash:
    """DT_GNU_HASH: bloom filter, buckets and chains.

    ``table`` starts at the hash table and may run on behind it. Raises
    IndexError or ValueError when it is too short.
    """

    __slots__ = ("_bits", "_bloom", "_buckets", "_chain", "_shift", "count", "first")

    def __init__(self, table: memoryview, bits: int, big_endian: bool) -> None:
        def read(code: str, at: int, size: int) -> array[int]:
            if at + size > len(table):
                raise IndexError("hash table ends early")
            return integers(table[at : at + size], code, big_endian)

        nbuckets, self.first, bloom_words, self._shift = read("I", 0, 16)
        self._bits = bits
        word_size = bits // 8
        self._bloom = read("Q" if bits == 64 else "I", 16, bloom_words * word_size)
        at = 16 + bloom_words * word_size
        self._buckets = read("I", at, nbuckets * 4)
        at += nbuckets * 4
        length = 0
        last = max(self._buckets, default=0)
        if last >= max(self.first, 1):
            length = last - self.first
            lowest = 3 if big_endian else 0
            while not table[at + 4 * length + lowest] & 1:
                length += 1
            length += 1
        self._chain = read("I", at, length * 4)
        self.count = self.first + length
        """One more than the highest symbol index the table reaches."""

    def walk(self, name: bytes) -> list[int]:
        """Symbol indexes whose stored hash equals that of ``name``, in chain order."""
        if not self._buckets or not self._bloom:
            return []
        h = gnu_hash(name)
        word = self._bloom[(h // self._bits) % len(self._bloom)]
        if not (word >> (h % self._bits)) & (word >> ((h >> self._shift) % self._bits)) & 1:
            return []
        bucket = self._buckets[h % len(self._buckets)]
        if bucket < max(self.first, 1):
            return []
        found = []
        for at in range(bucket - self.first, len(self._chain)):
            stored = self._chain[at]
            if (stored ^ h) >> 1 == 0:
                found.append(at + self.first)
            if stored & 1:
                break
        return found


class SysvHash:
    """DT_HASH: buckets and chains over the whole symbol table (gABI "Hash Table").

    ``entry_size`` is 8 on s390x and 4 everywhere else. Raises ValueError when
    the table is too short.
    """

    __slots__ = ("_buckets", "_chain", "count")

    first = 1

    def __init__(self, table: memoryview, entry_size: int, big_endian: bool) -> None:
        code = "Q" if entry_size == 8 else "I"
        nbuckets, self.count = integers(table[: 2 * entry_size], code, big_endian)
        end = (2 + nbuckets + self.count) * entry_size
        if end > len(table):
            raise ValueError("hash table ends early")
        values = integers(table[2 * entry_size : end], code, big_endian)
        self._buckets = values[:nbuckets]
        self._chain = values[nbuckets:]

    def walk(self, name: bytes) -> list[int]:
        """Symbol indexes in the bucket of ``name``, in chain order."""
        if not self._buckets:
            return []
        index = self._buckets[sysv_hash(name) % len(self._buckets)]
        found: list[int] = []
        while 0 < index < self.count and len(found) < self.count:
            found.append(index)
            index = self._chain[index]
        return found


class DynamicSymbols:
    """The exports of an ELF object: ``.dynsym`` seen through its hash table.

    ``versions`` maps a version index to (name, need has bit 15); the base
    version is not in it. ``versioned`` tells that the loader sees any version
    table at all, even one that holds only the base version.
    """

    __slots__ = ("_hash", "_known", "_names", "_strings", "_symbol", "_symbols", "_versioned",
                 "_versions", "_versym")  # fmt: skip

    def __init__(
        self,
        *,
        names: frozenset[str],
        symbols: bytes,
        symbol: struct.Struct,
        strings: bytes,
        table: GnuHash | SysvHash,
        versym: array[int],
        versions: Mapping[int, tuple[str, bool]],
        versioned: bool,
    ) -> None:
        self._names = names
        self._symbols = symbols
        self._symbol = symbol
        self._strings = strings
        self._hash = table
        self._versym = versym
        self._versions = versions
        self._versioned = versioned
        self._known: dict[str, tuple[Definition, ...]] = {}

    @property
    def names(self) -> frozenset[str]:
        """See :class:`Exports`."""
        return self._names

    @property
    def versioned(self) -> bool:
        """See :class:`Exports`."""
        return self._versioned

    def candidates(self, name: str) -> tuple[Definition, ...]:
        """See :class:`Exports`."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = tuple(self._walk(name)) if name in self._names else ()
        return known

    def _walk(self, name: str) -> Iterator[Definition]:
        raw = name.encode("utf-8", "surrogateescape")
        for index in self._hash.walk(raw):
            definition = self._definition(name, raw, index)
            if definition is not None:
                yield definition

    def _definition(self, name: str, raw: bytes, index: int) -> Definition | None:
        fields = self._symbol.unpack_from(self._symbols, index * self._symbol.size)
        if self._symbol.size == 24:
            at, info, other, section, value, size = fields
        else:
            at, value, size, info, other, section = fields
        if not self._strings.startswith(raw + b"\0", at):
            return None
        is_tls = info & 15 == STT_TLS
        if value == 0 and section != SHN_ABS and (section == SHN_UNDEF or not is_tls):
            return None
        versym = self._versym[index] if self._versioned else 0
        number = versym & ~VERSYM_HIDDEN
        version = self._versions.get(number)
        return Definition(
            name=name,
            version=version[0] if version else None,
            version_index=number,
            hidden_version=bool(versym & VERSYM_HIDDEN),
            type=info & 15,
            binding=info >> 4,
            visibility=other & 3,
            size=size,
            undefined=section == SHN_UNDEF,
            zero=value == 0 and not is_tls,
            value=value,
        )
