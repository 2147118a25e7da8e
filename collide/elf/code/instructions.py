"""Takes x86-64 instructions apart: how long each is, what memory it refers to, what it writes.

Intel SDM volume 2, chapter 2 (formats) and appendix A (opcode maps). Enough to follow pointers
through general registers; what an instruction computes is not asked.
"""

from __future__ import annotations

from collide.support.records import NamedTuple

RSP = 4
LEA, NOP = 0x8D, 0x0F1F
CALL_CLOBBERS = frozenset((0, 1, 2, 6, 7, 8, 9, 10, 11))
"""Registers that a call need not keep (System V ABI for x86-64, figure 3.4)."""

_PREFIXES = frozenset(b"\x66\xf2\xf3\xf0\x2e\x36\x3e\x26\x64\x65\x67")
# Opcodes of one byte with a ModRM, but for those of arithmetic, which are regular.
_MODRM = frozenset((0x63, 0x69, 0x6B, *range(0x80, 0x90), 0xC0, 0xC1, 0xC6, 0xC7)) | frozenset(
    (*range(0xD0, 0xD4), *range(0xD8, 0xE0), 0xF6, 0xF7, 0xFE, 0xFF)
)
_IMMEDIATE_1 = frozenset(
    (
        *(0x6A, 0x6B, *range(0x70, 0x80), 0x80, 0x83, 0xA8, *range(0xB0, 0xB8), 0xC0, 0xC1, 0xC6),
        *(0xCD, *range(0xE0, 0xE8), 0xEB),
    )
)
_IMMEDIATE_4 = frozenset((0x68, 0x69, 0x81, 0xA9, *range(0xB8, 0xC0), 0xC7))
_NO_MODRM_0F = frozenset((*range(0x05, 0x0A), 0x0B, 0x0E, *range(0x30, 0x38), 0x77)) | frozenset(
    (*range(0x80, 0x90), 0xA0, 0xA1, 0xA2, 0xA8, 0xA9, 0xAA, *range(0xC8, 0xD0))
)
_IMMEDIATE_0F = frozenset((*range(0x70, 0x74), 0xA4, 0xAC, 0xBA, 0xC2, 0xC4, 0xC5, 0xC6))
# What writes the register that its ModRM names as such; other opcodes write the operand.
_TO_REGISTER = frozenset((0x63, 0x69, 0x6B, 0x8A, 0x8B, 0x8D))
_TO_REGISTER_0F = frozenset((*range(0x40, 0x50), 0xAF, 0xB6, 0xB7, 0xB8, 0xBC, 0xBD, 0xBE, 0xBF))
_TO_REGISTER_0F |= {0x2C, 0x2D, 0x50, 0xD7}
_BYTES = frozenset((0x80, 0x84, 0x86, 0x88, 0x8A, 0xC0, 0xC6, 0xD0, 0xD2, 0xF6, 0xFE))
_BYTES_0F = frozenset((0xB6, 0xBE, *range(0x90, 0xA0)))
_PREFETCHES = frozenset((0x0D, *range(0x18, 0x20)))


class Instruction(NamedTuple):
    """One instruction: its bytes, its opcode (``0x0F8D`` in the second map), its operands.

    ``register`` is that of the ModRM, ``base`` the one that memory is addressed from, or None;
    ``operand`` is the register in place of memory. ``offset`` is added to the base, in bytes.
    ``accesses`` is whether memory at that place is read or written, and ``narrow`` whether a
    byte of it. ``writes`` are the general registers that get another value.
    """

    size: int
    opcode: int
    register: int | None = None
    base: int | None = None
    operand: int | None = None
    offset: int = 0
    accesses: bool = False
    narrow: bool = False
    indexed: bool = False
    writes: frozenset[int] = frozenset()


def decode(code: bytes, at: int) -> Instruction:
    """The instruction at an offset. Raises IndexError where the code ends in it."""
    start, wide16, rex = at, False, 0
    while code[at] in _PREFIXES:
        wide16 |= code[at] == 0x66
        at += 1
    if code[at] & 0xF0 == 0x40:
        rex = code[at]
        at += 1
    first = code[at]
    if first in (0xC4, 0xC5, 0x62):
        return _vector(code, start, at)
    at += 1
    if first != 0x0F:
        return _one_byte(code, start, at, first, rex, 2 if wide16 else 4)
    second = code[at]
    at += 1
    if second in (0x38, 0x3A):
        made, at = _operand(code, at + 1, rex)
        return made._replace(size=at - start + (second == 0x3A), opcode=second << 8, accesses=True)
    if second in _NO_MODRM_0F:
        size = at - start + 4 * (0x80 <= second < 0x90)
        return Instruction(size, 0x0F00 | second)
    made, at = _operand(code, at, rex)
    writes = frozenset[int]()
    if second in _TO_REGISTER_0F and made.register is not None:
        writes = frozenset((made.register,))
    elif made.operand is not None and (second == 0x7E or second >= 0x90):
        writes = frozenset((made.operand,))
    return made._replace(
        size=at - start + (second in _IMMEDIATE_0F),
        opcode=0x0F00 | second,
        accesses=second not in _PREFETCHES,
        narrow=second in _BYTES_0F,
        writes=writes,
    )


def _vector(code: bytes, start: int, at: int) -> Instruction:
    """VEX and EVEX: they write no general register that matters here."""
    first, kind = code[at], code[at + 1]
    inverted = ~kind & 0xE0
    rex = (inverted >> 7 & 1) << 2 | (inverted >> 6 & 1) << 1 | inverted >> 5 & 1
    if first == 0xC5:
        table, at, rex = 1, at + 2, rex & 4
    elif first == 0xC4:
        table, at = kind & 31, at + 3
    else:
        table, at = kind & 7, at + 4
    opcode = code[at]
    at += 1
    if first != 0x62 and table == 1 and opcode == 0x77:
        return Instruction(at - start, 0x0F77)
    made, at = _operand(code, at, rex)
    more = table == 3 or (table == 1 and opcode in _IMMEDIATE_0F)
    return made._replace(size=at - start + more, opcode=table << 16 | opcode, accesses=True)


def _one_byte(
    code: bytes, start: int, at: int, opcode: int, rex: int, immediate: int
) -> Instruction:
    arithmetic = opcode < 0x40
    low = opcode & 7
    if not (opcode in _MODRM or (arithmetic and low < 4)):
        size = at - start
        if 0xB8 <= opcode < 0xC0 and rex & 8:
            size += 8
        elif opcode in _IMMEDIATE_4 or (arithmetic and low == 5):
            size += immediate
        elif opcode in (0xE8, 0xE9):
            size += 4
        elif opcode in _IMMEDIATE_1 or (arithmetic and low == 4):
            size += 1
        else:
            size += {0xC2: 2, 0xC8: 3, 0xA0: 8, 0xA1: 8, 0xA2: 8, 0xA3: 8}.get(opcode, 0)
        return Instruction(size, opcode, writes=_implicit(opcode, rex))
    made, at = _operand(code, at, rex)
    assert made.register is not None
    of = made.register & 7
    size = at - start
    if opcode in (0xF6, 0xF7):
        size += (1 if opcode == 0xF6 else immediate) * (of < 2)
    else:
        size += immediate * (opcode in _IMMEDIATE_4) + (opcode in _IMMEDIATE_1)
    if opcode in _TO_REGISTER or (arithmetic and low in (2, 3) and opcode < 0x38):
        writes = frozenset((made.register,))
    else:
        writes = _written(opcode, of, made)
    return made._replace(
        size=size,
        opcode=opcode,
        accesses=opcode != 0x8D,
        narrow=opcode in _BYTES or (arithmetic and not low & 1),
        writes=writes,
    )


def _written(opcode: int, of: int, made: Instruction) -> frozenset[int]:
    """What an opcode writes whose destination is the operand of its ModRM."""
    only_reads = (
        opcode in (0x38, 0x39, 0x3A, 0x3B, 0x84, 0x85)
        or (opcode in (0x80, 0x81, 0x83) and of == 7)
        or 0xD8 <= opcode < 0xE0
        or (opcode == 0xFF and of > 1)
    )
    if opcode in (0xF6, 0xF7):
        if of > 3:
            return frozenset((0, 2))
        only_reads = of < 2
    found = set[int]()
    if made.operand is not None and not only_reads:
        found.add(made.operand)
    if opcode in (0x86, 0x87) and made.register is not None:
        found.add(made.register)
    return frozenset(found)


def _implicit(opcode: int, rex: int) -> frozenset[int]:
    low = opcode & 7 | (rex & 1) << 3
    if 0x58 <= opcode < 0x60 or 0xB0 <= opcode < 0xC0:
        return frozenset((low,))
    if 0x91 <= opcode < 0x98:
        return frozenset((0, low))
    if opcode == 0x98 or (opcode < 0x38 and opcode & 7 in (4, 5)):
        return frozenset((0,))
    return frozenset((2,)) if opcode == 0x99 else frozenset()


def _operand(code: bytes, at: int, rex: int) -> tuple[Instruction, int]:
    """The operands of a ModRM, and where it ends with what belongs to it (SDM 2.1.5)."""
    byte = code[at]
    at += 1
    mod, rm = byte >> 6, byte & 7
    register = byte >> 3 & 7 | (rex & 4) << 1
    if mod == 3:
        return Instruction(0, 0, register, operand=rm | (rex & 1) << 3), at
    base: int | None = rm | (rex & 1) << 3
    indexed = False
    if rm == 4:
        sib = code[at]
        at += 1
        base = sib & 7 | (rex & 1) << 3
        indexed = (sib >> 3 & 7 | (rex & 2) << 2) != 4
        if sib & 7 == 5 and mod == 0:
            base, mod = None, 2
    elif rm == 5 and mod == 0:
        base, mod = None, 2
    width = (0, 1, 4)[mod]
    if at + width > len(code):
        raise IndexError("the code ends in an instruction")
    offset = int.from_bytes(code[at : at + width], "little", signed=True)
    return Instruction(0, 0, register, base, offset=offset, indexed=indexed), at + width
