"""Reads an ELF file into the facts that decide how it is loaded and bound.

Only program headers and the dynamic section are read, as the loader does:
section headers may be missing. Sources: gABI chapters 4 and 5, glibc
``elf/dl-load.c``, ``elf/dl-version.c`` and ``elf/get-dynamic-info.h``. One
reader serves 32 and 64 bit in both byte orders.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from mmap import mmap

from collide.elf.constants import (
    DF_1_NODEFLIB,
    DF_1_NOOPEN,
    DF_1_NOW,
    DF_1_PIE,
    DF_BIND_NOW,
    DF_SYMBOLIC,
    DT_AUXILIARY,
    DT_BIND_NOW,
    DT_FILTER,
    DT_FLAGS,
    DT_FLAGS_1,
    DT_GNU_HASH,
    DT_HASH,
    DT_NEEDED,
    DT_REL,
    DT_RELA,
    DT_RELACOUNT,
    DT_RELCOUNT,
    DT_RELR,
    DT_RPATH,
    DT_RUNPATH,
    DT_SONAME,
    DT_SYMBOLIC,
    DT_SYMTAB,
    DT_VERDEF,
    DT_VERNEED,
    DT_VERSYM,
    EF_ARM_ABI_FLOAT_HARD,
    ET_EXEC,
    PF_X,
    PT_LOAD,
    STB_LOCAL,
    STO_VARIANT,
    STV_HIDDEN,
    STV_INTERNAL,
    VER_FLG_BASE,
    VER_FLG_WEAK,
    VERSYM_MAX,
)
from collide.elf.hash_tables import GnuHash, SysvHash, integers
from collide.elf.headers import (
    Image,
    Segment,
    TlsSegment,
    asks_for_executable_stack,
    header_refusal,
    misaligned_loads,
    tls_segment,
)
from collide.elf.machines import CLASS_PLT, Machine
from collide.elf.properties import IsaNeeded, isa_needed
from collide.elf.symbol_table import SymbolTables, has_unique
from collide.elf.symbols import Exports, NoExports, Reference, UnreadExports
from collide.support import limits
from collide.support.errors import FormatError
from collide.support.records import NamedTuple

_BYTES_A_SYMBOL = 192
Contents = bytes | bytearray | memoryview | mmap
"""The bytes of a file, read or mapped."""


class VersionNeed(NamedTuple):
    """One version needed from one file (gABI ``Elf*_Verneed``); ``weak`` is VER_FLG_WEAK."""

    file: str
    version: str
    weak: bool


class ElfObject(NamedTuple):
    """The facts of one ELF object.

    ``rpath`` and ``runpath`` are as they stand in the file, with their tokens; an object
    of a profile has no rpath where it has a runpath, which voids it.
    ``version_definitions`` are the names of its version nodes without the base, None when it has
    no DT_VERDEF at all. ``executable_stack`` says that it asks for one, by PT_GNU_STACK or by
    having none. ``tls`` is its PT_TLS, ``static_tls`` are the names by which initial-exec
    relocations reach thread-local data, "" for what binds to the object itself, and
    ``tls_descriptors`` those of its TLS descriptors. An older profile records none of these four.

    No profile records the following. ``unknown_relocations`` are types that collide cannot class.
    ``resolution_cache`` is the NixOS ``.note.nixos.ldcache``: needed name to tagged path list.
    ``noopen`` is DF_1_NOOPEN, for which dlopen refuses it, and start-up does not. ``relr`` is set
    where it has packed relative relocations (DT_RELR). ``code_size`` is that of its executable
    segments in bytes. ``bind_now`` is set where all its references are searched when it is
    relocated, whatever dlopen says. ``header_refusal`` is what glibc says against its ELF header,
    None where it takes it; ``misaligned_loads`` are the PT_LOAD segments that some glibc refuses.
    ``isa_needed`` are the levels of an x86 CPU that its GNU property note demands. ``direct`` is
    read from no file: a change in memory sets it, for an object each reference of which goes to
    the library that its link meant.
    """

    machine: Machine
    type: int
    flags: int
    interpreter: str | None
    soname: str | None
    needed: tuple[str, ...]
    auxiliary: tuple[str, ...]
    filter: tuple[str, ...]
    rpath: str | None
    runpath: str | None
    symbolic: bool
    nodeflib: bool
    pie: bool
    version_needs: tuple[VersionNeed, ...]
    version_definitions: tuple[str, ...] | None
    exports: Exports
    references: Sequence[Reference]
    unknown_relocations: tuple[int, ...]
    resolution_cache: tuple[tuple[str, tuple[str, ...]], ...]
    noopen: bool = False
    relr: bool = False
    code_size: int = 0
    bind_now: bool = False
    executable_stack: bool = False
    header_refusal: str | None = None
    misaligned_loads: tuple[Segment, ...] = ()
    tls: TlsSegment | None = None
    static_tls: tuple[str, ...] = ()
    tls_descriptors: tuple[str, ...] = ()
    direct: bool = False
    isa_needed: IsaNeeded = IsaNeeded()

    @property
    def architecture(self) -> str:
        """Platform part of a wheel tag; ``armv6l`` for soft-float ARM, which shares e_machine."""
        if self.machine.name == "armv7l" and not self.flags & EF_ARM_ABI_FLOAT_HARD:
            return "armv6l"
        return self.machine.name

    @property
    def is_executable(self) -> bool:
        """Whether dlopen refuses it: ET_EXEC or DF_1_PIE (``_dl_map_object_from_fd``; Rule 6.4)."""
        return self.type == ET_EXEC or self.pie


def read_object(data: Contents) -> ElfObject:
    """Read one object; nothing in the result refers to ``data``.

    Raises FormatError with the reason, NotDynamicError for a file that no
    loader opens.
    """
    return scan_object(data)()


def scan_object(data: Contents) -> Callable[[], ElfObject]:
    """Copy the tables of one object out of ``data``; the result makes the object of them.

    So the bytes of a large object can be freed before its names are decoded. Both steps raise
    FormatError and NotDynamicError as :func:`read_object` does.
    """
    with _refusing():
        make = _Reader(Image(memoryview(data))).scan()

    def build() -> ElfObject:
        with _refusing():
            return make()

    return build


def read_facts(data: Contents) -> ElfObject:
    """One object without its symbols, which cost most; raises as :func:`read_object` does.

    Its exports are :class:`collide.elf.symbols.UnreadExports`.
    """
    with _refusing():
        return _Reader(Image(memoryview(data))).facts()


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except (struct.error, IndexError, ValueError, KeyError, OverflowError) as e:
        raise FormatError(f"truncated or corrupt ELF file ({e})") from e


def version_names(image: Image) -> dict[int, str]:
    """The version that each DT_VERSYM index stands for; base indexes are left out."""
    reader = _Reader(image)
    names = {i: name for i, name, _ in reader._version_needs()[1]}
    names.update((i, name) for i, name, base in reader._version_definitions()[1] if not base)
    return names


class _Relocations(NamedTuple):
    """The symbol indexes of relocations in their order, and by class; types that are unknown.

    ``eager`` are by class what no loader leaves to the first call, ``static_tls`` and
    ``descriptors`` the symbols of initial-exec TLS and of TLS descriptors, 0 for none.
    """

    order: list[int]
    by_class: dict[int, set[int]]
    eager: dict[int, array[int]]
    unknown: tuple[int, ...]
    static_tls: set[int]
    descriptors: set[int]


def _infos(image: Image) -> dict[int, None]:
    """r_info of all relocations, each once, but for the relative ones that are counted."""
    counts = {DT_RELA: DT_RELACOUNT, DT_REL: DT_RELCOUNT}
    # Not a set: a load failure names the first reference that nothing satisfies.
    infos: dict[int, None] = {}
    for tag, width, data in image.relocation_tables():
        relative = image.one(counts[tag], 0) if tag in counts else 0
        rest = data[relative * width * image.bits // 8 :]
        infos |= dict.fromkeys(image.words(rest)[1::width])
    return infos


class _Reader:
    """The facts of one image."""

    def __init__(self, image: Image) -> None:
        self.image = image

    def scan(self) -> Callable[[], ElfObject]:
        """Everything but the symbols, and these as tables that are yet to be read.

        Only a DT_VERSYM beside version needs or definitions counts (Rule 4.1).
        """
        image = self.image
        needs, definitions = self._version_needs(), self._version_definitions()
        # l_versions is filled from DT_VERNEED first, then DT_VERDEF (dl-version.c).
        versions = {i: (name, exact) for i, name, exact in needs[1]}
        versions.update((i, (name, False)) for i, name, base in definitions[1] if not base)
        versioned = DT_VERSYM in image.dynamic and bool(needs[1] or definitions[1])
        found = self._relocations()
        tables = self._tables(found.order, found.by_class, found.eager, versions, versioned)
        without_symbols = self._without_symbols(needs[0], definitions[0])._replace(
            unknown_relocations=found.unknown,
            static_tls=self._names_of(found.static_tls),
            tls_descriptors=self._names_of(found.descriptors),
        )

        def make() -> ElfObject:
            if tables is None:
                return without_symbols
            exports, references = tables.read()
            return without_symbols._replace(exports=exports, references=references)

        return make

    def facts(self) -> ElfObject:
        """Everything but the symbols and the relocations."""
        table, image = self._hash_table(), self.image
        size = image.symbol.size
        symbols = image.at(image.one(DT_SYMTAB), table.count * size) if table else b""
        info = bytes(symbols[4 if size == 24 else 12 :: size])
        obj = self._without_symbols(self._version_needs()[0], self._version_definitions()[0])
        return obj._replace(exports=UnreadExports(has_unique(info)))

    def _without_symbols(
        self, needs: tuple[VersionNeed, ...], definitions: tuple[str, ...] | None
    ) -> ElfObject:
        image = self.image
        flags, flags_1 = image.one(DT_FLAGS, 0), image.one(DT_FLAGS_1, 0)
        run_paths = image.string_of(DT_RPATH), image.string_of(DT_RUNPATH)
        limits.hold("run-path", max(len(path or "") for path in run_paths))
        return ElfObject(
            machine=image.machine,
            type=image.type,
            flags=image.flags,
            interpreter=image.interpreter,
            soname=image.string_of(DT_SONAME),
            needed=image.strings_of(DT_NEEDED),
            auxiliary=image.strings_of(DT_AUXILIARY),
            filter=image.strings_of(DT_FILTER),
            rpath=run_paths[0],
            runpath=run_paths[1],
            symbolic=DT_SYMBOLIC in image.dynamic or bool(flags & DF_SYMBOLIC),
            nodeflib=bool(flags_1 & DF_1_NODEFLIB),
            pie=bool(flags_1 & DF_1_PIE),
            version_needs=needs,
            version_definitions=definitions,
            exports=NoExports(),
            references=(),
            unknown_relocations=(),
            resolution_cache=self._resolution_cache(),
            noopen=bool(flags_1 & DF_1_NOOPEN),
            relr=DT_RELR in image.dynamic,
            bind_now=DT_BIND_NOW in image.dynamic
            or bool(flags & DF_BIND_NOW or flags_1 & DF_1_NOW),
            code_size=sum(s.size for s in image.segments if s.kind == PT_LOAD and s.flags & PF_X),
            executable_stack=asks_for_executable_stack(image),
            header_refusal=header_refusal(image),
            misaligned_loads=misaligned_loads(image),
            tls=tls_segment(image),
            isa_needed=isa_needed(image),
        )

    def _resolution_cache(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        image = self.image
        if sum(size for _, size in image.notes) > len(image.data):
            raise FormatError("corrupt ELF file (segments of notes that overlap)")
        for offset, size in image.notes:
            segment = bytes(image.data[offset : offset + size])
            if b"NixOS\0" in segment:
                from collide.elf.notes import resolution_cache  # late: start-up

                return resolution_cache(segment, image.order)
        return ()

    # -- versions -----------------------------------------------------------------------------

    def _version_needs(self) -> tuple[tuple[VersionNeed, ...], list[tuple[int, str, bool]]]:
        image = self.image
        needs: list[VersionNeed] = []
        indexes: list[tuple[int, str, bool]] = []
        if DT_VERNEED not in image.dynamic:
            return (), indexes
        # dl-version.c follows the links; vn_cnt and DT_VERNEEDNUM it never reads.
        table, at, following = image.at(image.one(DT_VERNEED)), 0, -1
        while following:
            _, _, file, aux, following = struct.unpack_from(f"{image.order}HHIII", table, at)
            position, step = at + aux, -1
            while step:
                _, flags, other, name, step = struct.unpack_from(
                    f"{image.order}IHHII", table, position
                )
                if len(needs) > VERSYM_MAX:
                    raise FormatError("corrupt ELF file (version needs without an end)")
                version = image.string(name)
                needs.append(VersionNeed(image.string(file), version, bool(flags & VER_FLG_WEAK)))
                indexes.append((other & 0x7FFF, version, bool(other & 0x8000)))
                position += step
            at += following
        return tuple(needs), indexes

    def _version_definitions(self) -> tuple[tuple[str, ...] | None, list[tuple[int, str, bool]]]:
        image = self.image
        indexes: list[tuple[int, str, bool]] = []
        if DT_VERDEF not in image.dynamic:
            return None, indexes
        table, at, following = image.at(image.one(DT_VERDEF)), 0, -1
        while following:
            _, flags, index, _, _, aux, following = struct.unpack_from(
                f"{image.order}HHHHIII", table, at
            )
            if len(indexes) > VERSYM_MAX:
                raise FormatError("corrupt ELF file (version definitions without an end)")
            name = image.string(struct.unpack_from(f"{image.order}I", table, at + aux)[0])
            indexes.append((index & 0x7FFF, name, bool(flags & VER_FLG_BASE)))
            at += following
        return tuple(name for _, name, base in indexes if not base), indexes

    # -- relocations and symbols ---------------------------------------------------------------

    def _relocations(self) -> _Relocations:
        """What the relocations refer to; not each of them looks a symbol up (Rule 5)."""
        image, machine = self.image, self.image.machine
        infos = _infos(image)
        shift, mask = image.info_shift, image.info_mask
        by_class: dict[int, set[int]] = {}
        eager: dict[int, array[int]] = {}
        unknown: list[int] = []
        static_tls: set[int] = set()
        descriptors: set[int] = set()
        for kind in sorted(set(map(mask.__and__, infos))):
            try:
                lookup_class = machine.relocation_class(kind)
            except KeyError:
                unknown.append(kind)
                continue
            if lookup_class is None:
                continue
            indexes = {info >> shift for info in infos if info & mask == kind}
            static_tls |= indexes if kind in machine.static_tls else set()
            descriptors |= indexes if kind in machine.descriptors else set()
            indexes.discard(0)
            if indexes:
                by_class.setdefault(lookup_class, set()).update(indexes)
                if kind not in machine.slots:
                    # Half as large as a set, and only a lazy dlopen asks for it.
                    eager.setdefault(lookup_class, array("I")).extend(indexes)
        if machine.variant_tag in image.dynamic:
            variants = self._variants(by_class.get(CLASS_PLT, ()))
            eager.setdefault(CLASS_PLT, array("I")).extend(variants)
        order = [info >> shift for info in infos]
        return _Relocations(order, by_class, eager, tuple(unknown), static_tls, descriptors)

    def _variants(self, indexes: Iterable[int]) -> Iterator[int]:
        """Functions of another calling convention, which are never bound lazily.

        Source: glibc ``sysdeps/aarch64/dl-machine.h`` (``elf_machine_lazy_rel``).
        """
        start, size = self.image.one(DT_SYMTAB), self.image.symbol.size
        at_other = 5 if size == 24 else 13
        for index in indexes:
            if self.image.at(start + index * size, size)[at_other] & STO_VARIANT:
                yield index

    def _names_of(self, indexes: Iterable[int]) -> tuple[str, ...]:
        """The names of symbols, "" for those that bind to the object itself."""
        image, names = self.image, set()
        info_at, other_at = (4, 5) if image.bits == 64 else (12, 13)
        for index in indexes:
            symbol = image.at(image.one(DT_SYMTAB) + index * image.symbol.size, image.symbol.size)
            local = not index or symbol[info_at] >> 4 == STB_LOCAL
            if local or symbol[other_at] & 3 in (STV_INTERNAL, STV_HIDDEN):
                names.add("")
            else:
                names.add(image.string(struct.unpack_from(f"{image.order}I", symbol)[0]))
        return tuple(sorted(names))

    def _hash_table(self) -> GnuHash | SysvHash | None:
        image = self.image
        # DT_GNU_HASH is used where present, never both (_dl_setup_hash).
        if DT_GNU_HASH in image.dynamic:
            return GnuHash(image.at(image.one(DT_GNU_HASH)), image.bits, image.big_endian)
        if DT_HASH in image.dynamic:
            table = image.at(image.one(DT_HASH))
            return SysvHash(table, image.machine.hash_entry_size, image.big_endian)
        return None

    def _tables(
        self,
        order: Sequence[int],
        by_class: Mapping[int, set[int]],
        eager: Mapping[int, array[int]],
        versions: Mapping[int, tuple[str, bool]],
        versioned: bool,
    ) -> SymbolTables | None:
        image = self.image
        table = self._hash_table()
        total = max(table.count if table else 0, *(max(i) + 1 for i in by_class.values()), 0)
        if not total:
            return None
        symbols = image.at(image.one(DT_SYMTAB), total * image.symbol.size)
        limits.hold("symbols", total - len(image.data) // _BYTES_A_SYMBOL)
        versym = array("H")
        if versioned:
            versym = integers(image.at(image.one(DT_VERSYM), total * 2), "H", image.big_endian)
        return SymbolTables(
            order=order,
            by_class=by_class,
            eager=eager,
            symbols=bytes(symbols),
            symbol=image.symbol,
            strings=image.strings,
            table=table,
            versym=versym,
            versions=versions,
            versioned=versioned,
        )
