"""ELF objects made in memory at random: symbol tables that no compiler here would emit together."""

from __future__ import annotations

import random
import struct
from array import array
from collections.abc import Callable, Sequence

from collide.elf.constants import (
    SHN_ABS,
    SHN_UNDEF,
    STB_GLOBAL,
    STB_GNU_UNIQUE,
    STB_LOCAL,
    STB_WEAK,
    STT_FUNC,
    STT_GNU_IFUNC,
    STT_NOTYPE,
    STT_OBJECT,
    STT_TLS,
    STV_DEFAULT,
    STV_HIDDEN,
    STV_INTERNAL,
    STV_PROTECTED,
    VERSYM_HIDDEN,
)
from collide.elf.hash_tables import GnuHash, SysvHash, gnu_hash, sysv_hash
from collide.elf.machines import CLASS_COPY, CLASS_DATA, CLASS_PLT, machine_named
from collide.elf.object import ElfObject
from collide.elf.symbol_table import SymbolTables
from collide.support.records import NamedTuple

NAMES = [f"{kind}{n}" for n in range(12) for kind in ("name", "_Z1f")]
VERSIONS = {2: ("V1", False), 3: ("V2", False), 4: ("V3", True)}
"""What the indexes of a version table stand for; V3 is needed exactly."""
SYMBOL = struct.Struct("<IBBHQQ")
ET_DYN = 3
SECTION_TYPE = 3  # STT_SECTION, which no reference matches

Hash = Callable[[bytes], int]


def gnu_table(
    names: Sequence[bytes], bits: int, big_endian: bool, nbuckets: int = 2, first: int = 1
) -> bytes:
    """DT_GNU_HASH over ``names``, which start at symbol ``first``, sorted by bucket already."""
    order = ">" if big_endian else "<"
    shift, bloom = 5, [0, 0]
    hashes = [gnu_hash(name) for name in names]
    for h in hashes:
        bloom[h // bits % 2] |= 1 << h % bits | 1 << (h >> shift) % bits
    buckets, chain = [0] * nbuckets, []
    for i, h in enumerate(hashes):
        buckets[h % nbuckets] = buckets[h % nbuckets] or i + first
        last = i + 1 == len(hashes) or hashes[i + 1] % nbuckets != h % nbuckets
        chain.append(h & ~1 | last)
    return struct.pack(
        f"{order}4I2{'Q' if bits == 64 else 'I'}{nbuckets}I{len(chain)}I",
        *(nbuckets, first, 2, shift, *bloom, *buckets, *chain),
    )


def sysv_table(names: Sequence[bytes], size: int, big_endian: bool, nbuckets: int = 2) -> bytes:
    """DT_HASH over ``names``, which start at symbol 1."""
    buckets, chain = [0] * nbuckets, [0] * (len(names) + 1)
    for index, name in enumerate(names, 1):
        bucket = sysv_hash(name) % nbuckets
        chain[index], buckets[bucket] = buckets[bucket], index
    words = [nbuckets, len(chain), *buckets, *chain]
    return struct.pack(
        f"{'>' if big_endian else '<'}{len(words)}{'Q' if size == 8 else 'I'}", *words
    )


class _Symbol(NamedTuple):
    """One line of a symbol table that is yet to be packed."""

    name: str
    info: int
    other: int
    section: int
    value: int
    versym: int


def _defined(rand: random.Random, name: str, odd: float, *, unique: bool) -> _Symbol:
    """A definition; each part of it is out of the ordinary with the probability ``odd``."""

    def some(*ordinary: int, others: Sequence[int]) -> int:
        return rand.choice(others if rand.random() < odd else ordinary)

    kind = some(STT_FUNC, STT_OBJECT, others=(STT_NOTYPE, STT_TLS, STT_GNU_IFUNC, SECTION_TYPE))
    binding = some(STB_GLOBAL, STB_WEAK, others=(STB_GNU_UNIQUE if unique else STB_WEAK, STB_LOCAL))
    visibility = some(STV_DEFAULT, others=(STV_PROTECTED, STV_HIDDEN, STV_INTERNAL))
    section = some(7, others=(SHN_ABS, SHN_UNDEF))
    value = some(16 * rand.randrange(1, 99), others=(0,))
    version = some(1, 2, others=(0, 1 | VERSYM_HIDDEN, 2 | VERSYM_HIDDEN, 3, 3 | VERSYM_HIDDEN))
    return _Symbol(name, binding << 4 | kind, visibility, section, value, version)


def _undefined(rand: random.Random, name: str, odd: float) -> _Symbol:
    """What an object refers to and does not define."""
    binding = rand.choice((STB_GLOBAL, STB_GLOBAL, STB_WEAK))
    is_odd = rand.random() < odd
    visibility = rand.choice((STV_HIDDEN, STV_PROTECTED)) if is_odd else STV_DEFAULT
    version = rand.choice((3, 4)) if rand.random() < odd else rand.choice((1, 1, 2))
    return _Symbol(name, binding << 4 | STT_NOTYPE, visibility, SHN_UNDEF, 0, version)


def some_tables(rand: random.Random, *, unique: bool = True) -> SymbolTables:
    """The symbol tables of one object; ``unique`` lets it have STB_GNU_UNIQUE symbols."""
    odd = rand.choice((0, 0.05, 0.3))
    choose = rand.choices if odd else rand.sample
    imports = [_undefined(rand, name, odd) for name in choose(NAMES, k=rand.randrange(14))]
    exports = [
        _defined(rand, name, odd, unique=unique) for name in choose(NAMES, k=rand.randrange(16))
    ]
    gnu = rand.random() < 0.8
    buckets = rand.randrange(1, 4)
    exports.sort(key=lambda s: gnu_hash(s.name.encode()) % buckets)
    listed = [*imports, *exports]
    strings, offsets = b"\0", {}
    for name in NAMES:
        offsets[name] = len(strings)
        strings += name.encode() + b"\0"
    packed = bytes(SYMBOL.size) + b"".join(
        SYMBOL.pack(offsets[s.name], s.info, s.other, s.section, s.value, 8) for s in listed
    )
    table: GnuHash | SysvHash
    if gnu:
        raw = gnu_table([s.name.encode() for s in exports], 64, False, buckets, len(imports) + 1)
        table = GnuHash(memoryview(raw), 64, False)
    else:
        raw = sysv_table([s.name.encode() for s in listed], 4, False, buckets)
        table = SysvHash(memoryview(raw), 4, False)
    indexes = range(1, len(listed) + 1)
    order = rand.choices(indexes, k=len(listed)) if listed else []
    by_class: dict[int, set[int]] = {}
    for index in order:
        kind = CLASS_COPY if rand.random() < odd else rand.choice((CLASS_DATA, CLASS_PLT))
        by_class.setdefault(kind, set()).add(index)
    versioned = rand.random() < 0.7
    return SymbolTables(
        eager={},
        order=order,
        by_class=by_class,
        symbols=packed,
        symbol=SYMBOL,
        strings=strings,
        table=table,
        versym=array("H", [0, *(s.versym for s in listed)]) if versioned else array("H"),
        versions=VERSIONS if versioned else {},
        versioned=versioned,
    )


def some_object(rand: random.Random, *, unique: bool = True) -> ElfObject:
    """An object with such tables; see :func:`some_tables`."""
    exports, references = some_tables(rand, unique=unique).read()
    return ElfObject(
        machine=machine_named("x86_64"),
        type=ET_DYN,
        flags=0,
        interpreter=None,
        soname=None,
        needed=(),
        auxiliary=(),
        filter=(),
        rpath=None,
        runpath=None,
        symbolic=rand.random() < 0.2,
        nodeflib=False,
        pie=False,
        version_needs=(),
        version_definitions=None,
        exports=exports,
        references=references,
        unknown_relocations=(),
        resolution_cache=(),
    )
