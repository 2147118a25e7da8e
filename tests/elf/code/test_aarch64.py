"""What AArch64 code refers to, with capstone as second opinion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from code_samples import AARCH64_WAYS, SOURCE
from collide.elf.code.aarch64 import Segment, writes
from collide.elf.code.call_graph import Calls, read_calls
from collide.elf.code.linker_tables import Tables, executable
from collide.elf.headers import Image
from collide.elf.object import read_object
from compiler import AARCH64, compile_so

capstone = pytest.importorskip("capstone", reason="capstone is not installed")
pytest.importorskip("capstone.arm64", reason="capstone before 6")

SWITCHES = """
extern int a(int), b(int), c(int), data[4], other;
static __attribute__((noinline)) int one(int x) { return a(x) + data[x & 3]; }
static __attribute__((noinline)) int two(int x) { return b(x) - other; }
int choose(int x, int (**out)(int)) {
    for (int i = 0; i < x; i++) {
        switch (i & 7) {
        case 0: x += one(x); break;
        case 1: x -= two(x); break;
        case 2: *out = one; break;
        case 3: *out = c; break;
        case 4: x ^= data[1]; break;
        default: x = a(b(c(x)));
        }
    }
    return x ? one(x) : two(x);
}
"""


def disassembler() -> Any:
    """Capstone for AArch64, with the registers of each instruction."""
    made = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_LITTLE_ENDIAN)
    made.detail = made.skipdata = True
    return made


def direct(one: Any) -> int | None:
    """Where an instruction leads or what it loads from, by itself."""
    literal = one.mnemonic == "ldr" and one.operands[1].type == capstone.arm64.ARM64_OP_IMM
    if one.mnemonic in ("b", "bl", "cbz", "cbnz", "adr") or one.mnemonic[:2] == "b." or literal:
        return int(one.operands[-1].imm)
    return None


def paged(one: Any, pages: dict[int, int]) -> int | None:
    """What it makes of a page, of which ``pages`` has those in registers."""
    operands = one.operands
    if one.mnemonic == "add" and len(operands) == 3 and operands[1].reg in pages:
        return pages[operands[1].reg] + int(operands[2].imm)
    if one.mnemonic == "ldr" and operands[1].mem.base in pages:
        return pages[operands[1].mem.base] + int(operands[1].mem.disp)
    return None


def references(data: bytes, calls: Calls) -> tuple[set[tuple[int, int]], set[int]]:
    """Places and what they refer to by capstone's decoding; places of branches to elsewhere."""
    engine, wanted = disassembler(), set(calls._sites.wanted)
    found: set[tuple[int, int]] = set()
    elsewhere: set[int] = set()
    clobbered = {*(f"x{n}" for n in range(19)), "lr", "x30"}
    for address, code in executable(Image(memoryview(data))):
        pages: dict[int, int] = {}
        all_pages: dict[int, int] = {}
        for one in (i for i in engine.disasm(bytes(code), address) if i.id):
            if one.address in calls.functions:
                pages, all_pages = {}, {}
            made = direct(one) or paged(one, pages)
            if made is not None and made in wanted:
                found.add((one.address, made))
            elif made is not None:
                elsewhere.add(one.address)
            lost = set(one.regs_access()[1])
            if one.mnemonic in ("bl", "blr"):
                lost |= {r for r in pages if engine.reg_name(r) in clobbered}
            pages = {r: p for r, p in pages.items() if r not in lost}
            if one.mnemonic == "adrp":
                pages[one.operands[0].reg] = all_pages[one.operands[0].reg] = one.operands[1].imm
            elif one.mnemonic in ("b", "br", "ret"):
                # What stands behind is reached from elsewhere, with any of the pages.
                pages = dict(all_pages)
    return found, elsewhere


@pytest.mark.parametrize("source", [SOURCE, SWITCHES], ids=["calls", "switches"])
@pytest.mark.parametrize("way", AARCH64_WAYS)
def test_references_are_those_that_capstone_decodes(tmp_path: Path, way: str, source: str) -> None:
    path = compile_so(tmp_path, "lib.so", source, *AARCH64_WAYS[way], program=AARCH64)
    data = path.read_bytes()
    calls = read_calls(data)
    assert calls is not None
    mine = {(place, to) for to in calls._sites.wanted for place in calls._sites.to(to)}
    theirs, elsewhere = references(data, calls)
    assert theirs <= mine
    # A jump into the middle of a function leads to it.
    assert {(place, to) for place, to in mine - theirs if place not in elsewhere} == set()


STRAY = """
extern void far(void);
void caller(void) { far(); }
#define TEXT(x) #x
#define LOAD(x) "ldr x3, [x24, #" TEXT(x) "];"
__asm__(".text; .type stray, %function; stray: .cfi_startproc; adrp x24, _GLOBAL_OFFSET_TABLE_;"
        "b 1f; 0:" LOAD(OFFSET) "ret; 1: ldr x24, [x0]; b 0b; .cfi_endproc;");
"""


def test_slot_of_a_linkage_table_is_read_by_its_entry_alone(tmp_path: Path) -> None:
    """The page that a register had elsewhere makes no address of one with what is loaded here."""
    options = "-Wl,-z,lazy", "-Wl,-z,separate-code"
    path = compile_so(tmp_path, "lib.so", STRAY, *options, "-DOFFSET=0", program=AARCH64)
    image = Image(memoryview(path.read_bytes()))
    (slot,) = Tables(image).slots
    ((address, code),) = executable(image)
    decoded = disassembler().disasm(bytes(code), address)
    page = next(one.operands[1].imm for one in decoded if one.op_str.startswith("x24, #"))
    path = compile_so(
        tmp_path, "lib.so", STRAY, *options, f"-DOFFSET={slot - page}", program=AARCH64
    )
    data = path.read_bytes()
    tables = Tables(Image(memoryview(data)))
    assert tables.jump_slots == tables.slots.keys() == {slot}
    calls = read_calls(data)
    assert calls is not None
    (caller,) = calls.users("far")
    assert calls.offered(read_object(data).exports)[caller] == ["caller"]


WORDS = {
    0xD2800002: "mov x2, #0",
    0xAA0003FA: "mov x26, x0",
    0x912D62A4: "add x4, x21, #0xb58",
    0x8B020020: "add x0, x1, x2",
    0x9AC20820: "udiv x0, x1, x2",
    0xF9401000: "ldr x0, [x0, #32]",
    0xF9024BFF: "str xzr, [sp, #1168]",
    0xF8408C41: "ldr x1, [x2, #8]!",
    0xF8008441: "str x1, [x2], #8",
    0xA9BF7BFD: "stp x29, x30, [sp, #-16]!",
    0xA8C17BFD: "ldp x29, x30, [sp], #16",
    0xA9400C42: "ldp x2, x3, [x2]",
    0x58000041: "ldr x1, #8",
    0x3DC00020: "ldr q0, [x1]",
    0xC85F7C41: "ldxr x1, [x2]",
    0xF8626823: "ldr x3, [x1, x2]",
    0x39400021: "ldrb w1, [x1]",
    0xB9800021: "ldrsw x1, [x1]",
}


@pytest.mark.parametrize("word", WORDS, ids=WORDS.values())
def test_registers_that_are_written_are_those_of_capstone(word: int) -> None:
    engine = disassembler()
    (one,) = engine.disasm(word.to_bytes(4, "little"), 0)
    names = {engine.reg_name(register) for register in one.regs_access()[1]}
    names |= {"x29"} & {n.replace("fp", "x29") for n in names}
    for register in range(29):
        written = bool(names & {f"x{register}", f"w{register}"})
        assert bool(writes(word, register)) == written, (one.mnemonic, one.op_str)


@pytest.mark.parametrize(
    ("word", "reads"), [(0xF9400421, True), (0x91000421, False), (0x94000001, False)]
)
def test_load_reads_an_address_and_calls_nothing(word: int, reads: bool) -> None:
    """``ldr x1, [x1, #8]``, ``add x1, x1, #1``, ``bl``."""
    segment = Segment(memoryview(word.to_bytes(4, "little")), 0x1000, 0)
    assert segment.reads(0x1000) is reads
