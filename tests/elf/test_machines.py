"""The architectures: relocation types by their names in glibc's sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.elf.constants import EF_ARM_ABI_FLOAT_HARD
from collide.elf.machines import (
    CLASS_COPY,
    CLASS_DATA,
    CLASS_PLT,
    MACHINES,
    Machine,
    machine_named,
    machine_of_header,
)
from collide.elf.object import read_object
from collide.elf.second_opinion import RELOCATION_NAMES
from compiler import compile_so

# elf_machine_type_class and the cases of elf_machine_rel[a], sysdeps/*/dl-machine.h of glibc 2.43.
GLIBC = {
    "x86_64": (
        "EM_X86_64 R_X86_64_",
        "JUMP_SLOT DTPMOD64 DTPOFF64 TPOFF64 TLSDESC",
        "GLOB_DAT 64 32 PC32 SIZE32 SIZE64",
        "NONE RELATIVE RELATIVE64 IRELATIVE",
    ),
    "aarch64": (
        "EM_AARCH64 R_AARCH64_",
        "JUMP_SLOT TLS_DTPMOD TLS_DTPREL TLS_TPREL TLSDESC",
        "GLOB_DAT ABS32 ABS64",
        "RELATIVE IRELATIVE",
    ),
    "i686": (
        "EM_386 R_386_",
        "JMP_SLOT TLS_DTPMOD32 TLS_DTPOFF32 TLS_TPOFF32 TLS_TPOFF TLS_DESC",
        "GLOB_DAT 32 PC32 SIZE32",
        "NONE RELATIVE IRELATIVE",
    ),
    "armv7l": (
        "EM_ARM R_ARM_",
        "JUMP_SLOT TLS_DTPMOD32 TLS_DTPOFF32 TLS_TPOFF32 TLS_DESC",
        "GLOB_DAT ABS32 PC24",
        "NONE RELATIVE IRELATIVE",
    ),
    "ppc64le": (
        "EM_PPC64 R_PPC64_",
        """
        JMP_SLOT ADDR24 DTPMOD64 DTPREL64 TPREL64 TPREL16 TPREL16_LO TPREL16_HI TPREL16_HA
        TPREL16_DS TPREL16_LO_DS TPREL16_HIGH TPREL16_HIGHA TPREL16_HIGHER TPREL16_HIGHERA
        TPREL16_HIGHEST TPREL16_HIGHESTA
        """,
        """
        ADDR64 GLOB_DAT ADDR16 ADDR16_DS ADDR16_LO_DS ADDR16_LO ADDR16_HI ADDR16_HIGH ADDR16_HA
        ADDR16_HIGHA ADDR16_HIGHER ADDR16_HIGHERA ADDR16_HIGHEST ADDR16_HIGHESTA ADDR30 UADDR64
        UADDR32 UADDR16 ADDR32 ADDR14 ADDR14_BRTAKEN ADDR14_BRNTAKEN REL32 REL64
        """,
        "NONE RELATIVE JMP_IREL IRELATIVE",
    ),
    "s390x": (
        "EM_S390 R_390_",
        "JMP_SLOT TLS_DTPMOD TLS_DTPOFF TLS_TPOFF",
        "GLOB_DAT 64 32 16 8 PC64 PC32DBL PC32 PC16DBL PC16",
        "NONE RELATIVE IRELATIVE",
    ),
    "riscv64": (
        "EM_RISCV R_RISCV_",
        "JUMP_SLOT TLS_DTPMOD64 TLS_DTPREL64 TLS_TPREL64",
        "64",
        "NONE RELATIVE IRELATIVE",
    ),
    "loongarch64": (
        "EM_LOONGARCH R_LARCH_",
        "JUMP_SLOT",
        "64 TLS_DTPMOD64 TLS_DTPREL64 TLS_TPREL64 TLS_DESC64",
        "NONE RELATIVE IRELATIVE",
    ),
}


def glibc_classes(machine: str) -> dict[str, tuple[int, int | None]]:
    """Number and class by the name of every relocation type that glibc handles."""
    key, *groups = GLIBC[machine]
    table, prefix = key.split()
    classes = zip(("COPY", *groups), (CLASS_COPY, CLASS_PLT, CLASS_DATA, None), strict=True)
    names = RELOCATION_NAMES[table]
    return {name: (names[prefix + name], kind) for group, kind in classes for name in group.split()}


@pytest.mark.parametrize("machine", GLIBC)
def test_relocation_types_have_the_class_that_glibc_gives_them(machine: str) -> None:
    known = machine_named(machine)
    wrong = {}
    for name, (number, expected) in glibc_classes(machine).items():
        try:
            found: int | str | None = known.relocation_class(number)
        except KeyError:
            found = "unknown"
        if found != expected:
            wrong[name, number] = found

    assert wrong == {}


@pytest.mark.parametrize("machine", ["x86_64", "i686"])
def test_relocation_types_that_glibc_refuses_are_unknown(machine: str) -> None:
    handled = {number for number, _ in glibc_classes(machine).values()}
    for number in set(range(300)) - handled:
        with pytest.raises(KeyError):
            machine_named(machine).relocation_class(number)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_type_zero_looks_nothing_up(machine: Machine) -> None:
    assert machine.relocation_class(0) is None


def test_no_relocation_type_has_two_classes() -> None:
    for machine in MACHINES:
        groups = (machine.plt, machine.copy, machine.data, machine.none)
        assert len(frozenset().union(*groups)) == sum(map(len, groups)), machine.name


def test_machines_are_found_by_header_and_by_name() -> None:
    for machine in MACHINES:
        header = (machine.e_machine, machine.bits, machine.big_endian)
        assert machine_of_header(*header) is machine_named(machine.name) is machine


@pytest.mark.parametrize(
    ("e_machine", "bits", "big_endian"),
    [
        pytest.param(62, 32, False, id="x32"),
        pytest.param(21, 64, True, id="ppc64-big-endian"),
        pytest.param(8, 64, False, id="mips64el"),
        pytest.param(40, 32, True, id="arm-big-endian"),
        pytest.param(22, 32, True, id="s390"),
    ],
)
def test_machine_without_a_table_is_none(e_machine: int, bits: int, big_endian: bool) -> None:
    assert machine_of_header(e_machine, bits, big_endian) is None


def test_unknown_machine_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        machine_named("vax")


def test_only_s390x_has_wide_entries_in_its_old_hash_table() -> None:
    assert {m.name: m.hash_entry_size for m in MACHINES if m.hash_entry_size != 4} == {"s390x": 8}


def test_cache_flags_are_those_of_ldconfig() -> None:
    # FLAG_ELF_LIBC6 (3) with the machine's own flag, sysdeps/generic/ldconfig.h.
    assert {machine.name: machine.cache_flags for machine in MACHINES} == {
        "x86_64": 0x0303,
        "s390x": 0x0403,
        "ppc64le": 0x0503,
        "armv7l": 0x0903,
        "aarch64": 0x0A03,
        "riscv64": 0x1003,
        "loongarch64": 0x1203,
        "i686": 0x0003,
    }


@pytest.mark.parametrize(
    ("flags", "architecture"),
    [(0x5000000 | EF_ARM_ABI_FLOAT_HARD, "armv7l"), (0x5000200, "armv6l"), (0x5000000, "armv6l")],
)
def test_arm_float_abi_decides_the_architecture(
    tmp_path: Path, flags: int, architecture: str
) -> None:
    read = read_object(compile_so(tmp_path, "x.so", "").read_bytes())

    arm = read._replace(machine=machine_named("armv7l"), flags=flags)

    assert arm.architecture == architecture
