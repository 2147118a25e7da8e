"""The facts of :func:`collide.elf.object.read_object`, read a second time with pyelftools.

Slow and plain on purpose: every symbol and every relocation is parsed by pyelftools, nothing is
shared with the first reading but the names of the facts. Needs the extra ``profile``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any

from elftools.common.utils import parse_cstring_from_stream, struct_parse
from elftools.elf import enums
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile

from collide.elf.constants import BINDING_NAMES, TYPE_NAMES, VISIBILITY_NAMES
from collide.elf.machines import CLASS_NAMES
from collide.elf.object import ElfObject

# Where pyelftools has no name, or another than glibc's elf.h, that header's follows.
RELOCATION_NAMES: dict[str, Mapping[str, int]] = {
    "EM_X86_64": {
        **enums.ENUM_RELOC_TYPE_x64,
        "R_X86_64_SIZE32": 32,
        "R_X86_64_SIZE64": 33,
        "R_X86_64_RELATIVE64": 38,
    },
    "EM_386": {**enums.ENUM_RELOC_TYPE_i386, "R_386_JMP_SLOT": 7, "R_386_SIZE32": 38},
    "EM_AARCH64": {
        **enums.ENUM_RELOC_TYPE_AARCH64,
        "R_AARCH64_TLS_DTPMOD": 1028,
        "R_AARCH64_TLS_DTPREL": 1029,
        "R_AARCH64_TLS_TPREL": 1030,
        "R_AARCH64_TLSDESC": 1031,
        "R_AARCH64_IRELATIVE": 1032,
    },
    "EM_ARM": {**enums.ENUM_RELOC_TYPE_ARM, "R_ARM_TLS_DESC": 13, "R_ARM_IRELATIVE": 160},
    "EM_PPC64": {**enums.ENUM_RELOC_TYPE_PPC64, "R_PPC64_JMP_IREL": 247},
    "EM_S390": enums.ENUM_RELOC_TYPE_S390X,
    "EM_LOONGARCH": {**enums.ENUM_RELOC_TYPE_LOONGARCH, "R_LARCH_TLS_DESC64": 14},
    "EM_RISCV": {
        "R_RISCV_NONE": 0,
        "R_RISCV_32": 1,
        "R_RISCV_64": 2,
        "R_RISCV_RELATIVE": 3,
        "R_RISCV_COPY": 4,
        "R_RISCV_JUMP_SLOT": 5,
        "R_RISCV_TLS_DTPMOD64": 7,
        "R_RISCV_TLS_DTPREL64": 9,
        "R_RISCV_TLS_TPREL64": 11,
        "R_RISCV_IRELATIVE": 58,
    },
}
TLS_PARTS = ("TLS", "DTPMOD", "DTPOFF", "DTPREL", "TPOFF", "TPREL")
VERSYM_BITS = 0x7FFF
VER_FLG_BASE, VER_FLG_WEAK = 1, 2


@dataclass(frozen=True)
class Facts:
    """What one object says; ``definitions`` and ``references`` are comparable rows.

    A definition is (name, version, index, hidden, type, binding, visibility,
    size, undefined), a reference (name, version, exact, class, weak,
    visibility, defined).
    """

    soname: str | None
    needed: tuple[str, ...]
    auxiliary: tuple[str, ...]
    filter: tuple[str, ...]
    rpath: str | None
    runpath: str | None
    interpreter: str | None
    symbolic: bool
    nodeflib: bool
    pie: bool
    version_needs: tuple[tuple[str, str, bool], ...]
    version_definitions: tuple[str, ...] | None
    definitions: frozenset[tuple[object, ...]]
    references: frozenset[tuple[object, ...]]
    definition_count: int
    relocation_count: int = 0

    def differences(self, other: Facts) -> list[str]:
        """One line for each fact that is not the same in both, a few examples each."""
        lines = []
        for field in self.__dataclass_fields__:
            mine, theirs = getattr(self, field), getattr(other, field)
            if field == "relocation_count" or mine == theirs:
                continue
            if isinstance(mine, frozenset):
                mine, theirs = mine - theirs, theirs - mine
                mine, theirs = sorted(mine, key=repr)[:5], sorted(theirs, key=repr)[:5]
            lines.append(f"{field}: {mine!r} != {theirs!r}")
        return lines


def facts_of(read: ElfObject) -> Facts:
    """Collide's reading, in the form of :class:`Facts`."""
    definitions = [
        (
            d.name,
            d.version,
            d.version_index,
            d.hidden_version,
            TYPE_NAMES.get(d.type, d.type),
            BINDING_NAMES.get(d.binding, d.binding),
            VISIBILITY_NAMES[d.visibility],
            d.size,
            d.undefined,
        )
        for name in read.exports.names
        for d in read.exports.candidates(name)
    ]
    references = [
        (
            r.name,
            r.version,
            r.exact,
            CLASS_NAMES[r.lookup_class],
            r.weak,
            VISIBILITY_NAMES[r.visibility],
            r.defined,
        )
        for r in read.references
    ]
    return Facts(
        soname=read.soname,
        needed=read.needed,
        auxiliary=read.auxiliary,
        filter=read.filter,
        rpath=read.rpath,
        runpath=read.runpath,
        interpreter=read.interpreter,
        symbolic=read.symbolic,
        nodeflib=read.nodeflib,
        pie=read.pie,
        version_needs=tuple((n.file, n.version, n.weak) for n in read.version_needs),
        version_definitions=read.version_definitions,
        definitions=frozenset(definitions),
        references=frozenset(references),
        definition_count=len(definitions),
    )


def second_facts(data: bytes) -> Facts:
    """The facts of one object with a dynamic segment, by pyelftools."""
    return _Second(data).facts()


def relocation_class(name: str) -> str | None:
    """Lookup class by the name of a relocation type, None when it looks nothing up.

    The names follow one pattern on all machines; the exceptions are glibc's.
    """
    if "RELATIVE" in name or "IREL" in name or name.endswith("_NONE"):
        return None
    if name.endswith("_COPY"):
        return "copy"
    if name.endswith(("JUMP_SLOT", "JMP_SLOT")) or name == "R_PPC64_ADDR24":
        return "plt"
    if any(part in name for part in TLS_PARTS) and not name.startswith("R_LARCH"):
        return "plt"
    return "data"


class _Second:
    def __init__(self, data: bytes) -> None:
        self.stream = BytesIO(data)
        self.elf = ELFFile(self.stream)
        self.structs = self.elf.structs
        (self.dynamic,) = (s for s in self.elf.iter_segments() if isinstance(s, DynamicSegment))
        self.tags = [tag.entry for tag in self.dynamic.iter_tags()]
        self.strings = self.offset("DT_STRTAB")

    def values(self, tag: str) -> list[int]:
        return [t["d_val"] for t in self.tags if t["d_tag"] == tag]

    def offset(self, tag: str) -> int:
        return next(iter(self.elf.address_offsets(self.values(tag)[-1])))

    def text(self, at: int) -> str:
        raw = parse_cstring_from_stream(self.stream, self.strings + at) or b""
        return bytes(raw).decode("utf-8", "surrogateescape")

    def texts(self, tag: str) -> tuple[str, ...]:
        return tuple(map(self.text, self.values(tag)))

    def last_text(self, tag: str) -> str | None:
        return (self.texts(tag) or (None,))[-1]

    def parse(self, kind: str, at: int) -> Any:
        return struct_parse(getattr(self.structs, kind), self.stream, at)

    def facts(self) -> Facts:
        flags_1 = sum(self.values("DT_FLAGS_1"))
        flags = sum(self.values("DT_FLAGS"))
        definitions = self.definitions()
        references, relocation_count = self.references()
        interpreters: list[Any] = [
            s for s in self.elf.iter_segments() if s["p_type"] == "PT_INTERP"
        ]
        return Facts(
            soname=self.last_text("DT_SONAME"),
            needed=self.texts("DT_NEEDED"),
            auxiliary=self.texts("DT_AUXILIARY"),
            filter=self.texts("DT_FILTER"),
            rpath=self.last_text("DT_RPATH"),
            runpath=self.last_text("DT_RUNPATH"),
            interpreter=interpreters[-1].get_interp_name() if interpreters else None,
            symbolic=bool(self.values("DT_SYMBOLIC"))
            or bool(flags & enums.ENUM_DT_FLAGS["DF_SYMBOLIC"]),
            nodeflib=bool(flags_1 & enums.ENUM_DT_FLAGS_1["DF_1_NODEFLIB"]),
            pie=bool(flags_1 & enums.ENUM_DT_FLAGS_1["DF_1_PIE"]),
            version_needs=tuple((file, name, weak) for file, name, weak, _ in self.needs),
            version_definitions=tuple(name for name, _, base in self.verdefs or () if not base)
            if self.verdefs is not None
            else None,
            definitions=frozenset(definitions),
            references=frozenset(references),
            definition_count=len(definitions),
            relocation_count=relocation_count,
        )

    @cached_property
    def needs(self) -> list[tuple[str, str, bool, int]]:
        found: list[tuple[str, str, bool, int]] = []
        if not self.values("DT_VERNEED"):
            return found
        at = self.offset("DT_VERNEED")
        for _ in range(self.values("DT_VERNEEDNUM")[-1]):
            need = self.parse("Elf_Verneed", at)
            aux_at = at + need["vn_aux"]
            for _ in range(need["vn_cnt"]):
                aux = self.parse("Elf_Vernaux", aux_at)
                weak = bool(aux["vna_flags"] & VER_FLG_WEAK)
                name = self.text(aux["vna_name"])
                found.append((self.text(need["vn_file"]), name, weak, aux["vna_other"]))
                aux_at += aux["vna_next"]
            at += need["vn_next"]
        return found

    @cached_property
    def verdefs(self) -> list[tuple[str, int, bool]] | None:
        if not self.values("DT_VERDEF"):
            return None
        found = []
        at = self.offset("DT_VERDEF")
        for _ in range(self.values("DT_VERDEFNUM")[-1]):
            entry = self.parse("Elf_Verdef", at)
            aux = self.parse("Elf_Verdaux", at + entry["vd_aux"])
            base = bool(entry["vd_flags"] & VER_FLG_BASE)
            found.append((self.text(aux["vda_name"]), entry["vd_ndx"], base))
            at += entry["vd_next"]
        return found

    @cached_property
    def version_names(self) -> dict[int, tuple[str, bool]]:
        names = {o & VERSYM_BITS: (name, bool(o & 0x8000)) for _, name, _, o in self.needs}
        names.update({i: (name, False) for name, i, base in self.verdefs or () if not base})
        return names

    @cached_property
    def versym_offset(self) -> int | None:
        # A table without a version need or definition beside it is not looked at.
        if self.values("DT_VERSYM") and (self.needs or self.verdefs):
            return self.offset("DT_VERSYM")
        return None

    @cached_property
    def symbols_offset(self) -> int:
        return self.offset("DT_SYMTAB")

    def versym(self, index: int) -> int:
        if self.versym_offset is None:
            return 0
        self.stream.seek(self.versym_offset + 2 * index)
        return int.from_bytes(self.stream.read(2), "little" if self.elf.little_endian else "big")

    def symbol(self, index: int) -> Any:
        return self.parse("Elf_Sym", self.symbols_offset + index * self.structs.Elf_Sym.sizeof())

    def definitions(self) -> list[tuple[object, ...]]:
        if not self.values("DT_GNU_HASH") and not self.values("DT_HASH"):
            return []
        found: list[tuple[object, ...]] = []
        for index in range(self.dynamic.num_symbols()):
            symbol = self.symbol(index)
            info, section = symbol["st_info"], symbol["st_shndx"]
            tls = info["type"] == "STT_TLS"
            here = section != "SHN_UNDEF"
            if info["bind"] == "STB_LOCAL" or not (
                symbol["st_value"] or section == "SHN_ABS" or (tls and here)
            ):
                continue
            versym = self.versym(index)
            found.append(
                (
                    self.text(symbol["st_name"]),
                    self.version_names.get(versym & VERSYM_BITS, (None, False))[0],
                    versym & VERSYM_BITS,
                    bool(versym & 0x8000),
                    {"STT_LOOS": "IFUNC"}.get(info["type"], _bare(info["type"])),
                    {"STB_LOOS": "UNIQUE"}.get(info["bind"], _bare(info["bind"])),
                    _bare(symbol["st_other"]["visibility"]),
                    symbol["st_size"],
                    not here,
                )
            )
        return found

    def references(self) -> tuple[list[tuple[object, ...]], int]:
        machine = self.elf["e_machine"]
        names = {number: name for name, number in RELOCATION_NAMES[machine].items()}
        pairs: set[tuple[int, str]] = set()
        count = 0
        tables: Mapping[str, Any] = self.dynamic.get_relocation_tables()
        for kind, table in tables.items():
            if kind == "RELR":
                continue
            count += table.num_relocations()
            for relocation in table.iter_relocations():
                lookup_class = relocation_class(names[relocation["r_info_type"]])
                if lookup_class is not None and relocation["r_info_sym"]:
                    pairs.add((relocation["r_info_sym"], lookup_class))
        found: list[tuple[object, ...]] = []
        for index, lookup_class in sorted(pairs):
            symbol = self.symbol(index)
            binding = symbol["st_info"]["bind"]
            if binding == "STB_LOCAL":
                continue
            version, exact = self.version_names.get(self.versym(index) & VERSYM_BITS, (None, False))
            found.append(
                (
                    self.text(symbol["st_name"]),
                    version,
                    exact,
                    lookup_class,
                    binding == "STB_WEAK",
                    _bare(symbol["st_other"]["visibility"]),
                    symbol["st_shndx"] != "SHN_UNDEF",
                )
            )
        return found, count


def _bare(name: str | int) -> str | int:
    return name.split("_", 1)[1] if isinstance(name, str) else name
