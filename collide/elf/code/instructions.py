"""Takes x86-64 instructions apart: how long each is, what memory it refers to, what it writes.

Intel SDM volume 2, chapter 2 (formats) and appendix A (opcode maps). Enough to follow pointers
through general registers; what an instruction computes is not asked.
"""

from __future__ import annotations

from collide.support.records import NamedTuple

RSP, RBP = 4, 5
STORE, LOAD, LEA, CALL, INDIRECT, NOP = 0x89, 0x8B, 0x8D, 0xE8, 0xFF, 0x0F1F
CALL_CLOBBERS = frozenset((0, 1, 2, 6, 7, 8, 9, 10, 11))
"""Registers that a call need not keep (System V ABI for x86-64, figure 3.4)."""

_PREFIXES = frozenset(b"\x66\xf2\xf3\xf0\x2e\x36\x3e\x26\x64\x65\x67")
_PREFETCHES = frozenset((0x0D, *range(0x18, 0x20)))
_IMMEDIATE, _VARIES, _MODRM, _TO_REGISTER, _NARROW = 15, 16, 32, 64, 128


def _forms() -> bytes:
    forms = bytearray(512)
    arithmetic = (_MODRM | _NARROW, _MODRM) * 2 + (1, 4 | _VARIES, 0, 0)
    forms[:0x40] = bytes(arithmetic * 8)
    forms[0x100:] = bytes((_MODRM,)) * 256
    one, two = range(0x100), range(0x100, 0x200)
    for flag, opcodes in (
        (_MODRM, [0x63, 0x69, 0x6B, *one[0x80:0x90], 0xC0, 0xC1, 0xC6, 0xC7, *one[0xD0:0xD4]]),
        (_MODRM, [*one[0xD8:0xE0], 0xF6, 0xF7, 0xFE, 0xFF]),
        (1, [0x6A, 0x6B, *one[0x70:0x80], 0x80, 0x83, 0xA8, *one[0xB0:0xB8], 0xC0, 0xC1, 0xC6]),
        (1, [0xCD, *one[0xE0:0xE8], 0xEB, 0xF6]),
        (1, [*two[0x70:0x74], 0x1A4, 0x1AC, 0x1BA, 0x1C2, 0x1C4, 0x1C5, 0x1C6]),
        (2, [0xC2]),
        (3, [0xC8]),
        (4, [0xE8, 0xE9, *two[0x80:0x90]]),
        (4 | _VARIES, [0x68, 0x69, 0x81, 0xA9, *one[0xB8:0xC0], 0xC7, 0xF7]),
        (8, one[0xA0:0xA4]),
        (_TO_REGISTER, [0x63, 0x69, 0x6B, 0x8A, 0x8B, 0x8D]),
        (_TO_REGISTER, [at + low for at in range(0, 0x38, 8) for low in (2, 3)]),
        (_TO_REGISTER, [0x12C, 0x12D, *two[0x40:0x51], 0x1AF, 0x1D7]),
        (_TO_REGISTER, [0x1B6, 0x1B7, 0x1B8, *two[0xBC:0xC0]]),
        (_NARROW, [0x80, 0x84, 0x86, 0x88, 0x8A, 0xC0, 0xC6, 0xD0, 0xD2, 0xF6, 0xFE]),
        (_NARROW, [0x1B6, 0x1BE, *two[0x90:0xA0]]),
    ):
        for opcode in opcodes:
            forms[opcode] |= flag
    for opcode in (*two[0x05:0x0A], 0x10B, 0x10E, *two[0x30:0x38], 0x177, *two[0x80:0x90]):
        forms[opcode] &= ~_MODRM
    for opcode in (0x1A0, 0x1A1, 0x1A2, 0x1A8, 0x1A9, 0x1AA, *two[0xC8:0xD0]):
        forms[opcode] &= ~_MODRM
    return bytes(forms)


FORMS = _forms()
"""Of the 256 opcodes of the first map and those of the second: what follows, what is written.

That is how many bytes of an immediate, fewer with a prefix of 16 bits (``_VARIES``), a ModRM or
none, a write to the register that it names as such and not to its operand, an access to a byte.
"""


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
    writes: tuple[int, ...] = ()


def decode(code: bytes, at: int) -> Instruction:
    """The instruction at an offset. Raises IndexError where the code ends in it."""
    start, narrowed, rex = at, False, 0
    while code[at] in _PREFIXES:
        narrowed |= code[at] == 0x66
        at += 1
    if code[at] & 0xF0 == 0x40:
        rex = code[at]
        at += 1
    first = code[at]
    at += 1
    if first in (0xC4, 0xC5, 0x62):
        return _vector(code, start, at, first)
    if first != 0x0F:
        return _first_map(code, start, at, rex, narrowed)
    second = code[at]
    at += 1
    opcode, form = 0x0F00 | second, FORMS[0x100 + second]
    if second in (0x38, 0x3A):
        opcode, form, at = second << 8, _MODRM | (second == 0x3A), at + 1
    immediate = form & _IMMEDIATE
    if not form & _MODRM:
        return Instruction(at - start + immediate, opcode)
    register, base, operand, offset, indexed, at = _operand(code, at, rex)
    writes: tuple[int, ...] = ()
    if form & _TO_REGISTER:
        writes = (register,)
    elif operand is not None and (second == 0x7E or second >= 0x90):
        writes = (operand,)
    accesses, narrow = second not in _PREFETCHES, bool(form & _NARROW)
    size = at - start + immediate
    return Instruction(
        size, opcode, register, base, operand, offset, accesses, narrow, indexed, writes
    )


def _vector(code: bytes, start: int, at: int, first: int) -> Instruction:
    """VEX and EVEX: they write no general register that matters here."""
    kind = code[at]
    inverted = ~kind & 0xE0
    rex = (inverted >> 7 & 1) << 2 | (inverted >> 6 & 1) << 1 | inverted >> 5 & 1
    if first == 0xC5:
        table, at, rex = 1, at + 1, rex & 4
    elif first == 0xC4:
        table, at = kind & 31, at + 2
    else:
        table, at = kind & 7, at + 3
    opcode = code[at]
    at += 1
    if first != 0x62 and table == 1 and opcode == 0x77:
        return Instruction(at - start, 0x0F77)
    register, base, operand, offset, indexed, at = _operand(code, at, rex)
    more = table == 3 or (table == 1 and FORMS[0x100 + opcode] & _IMMEDIATE == 1)
    size = at - start + more
    return Instruction(
        size, table << 16 | opcode, register, base, operand, offset, True, False, indexed
    )


def _first_map(code: bytes, start: int, at: int, rex: int, narrowed: bool) -> Instruction:
    opcode = code[at - 1]
    form = FORMS[opcode]
    immediate = 2 if form & _VARIES and narrowed else form & _IMMEDIATE
    if not form & _MODRM:
        if 0xB8 <= opcode < 0xC0 and rex & 8:
            immediate = 8
        return Instruction(at - start + immediate, opcode, writes=_implicit(opcode, rex))
    register, base, operand, offset, indexed, at = _operand(code, at, rex)
    of = register & 7
    if opcode in (0xF6, 0xF7) and of > 1:
        immediate = 0
    writes = (register,) if form & _TO_REGISTER else _written(opcode, of, register, operand)
    accesses, narrow = opcode != LEA, bool(form & _NARROW)
    size = at - start + immediate
    return Instruction(
        size, opcode, register, base, operand, offset, accesses, narrow, indexed, writes
    )


def _written(opcode: int, of: int, register: int, operand: int | None) -> tuple[int, ...]:
    """What an opcode writes whose destination is the operand of its ModRM."""
    if opcode in (0xF6, 0xF7) and of > 3:
        return (0, 2)
    only_reads = (
        opcode in (0x38, 0x39, 0x3A, 0x3B, 0x84, 0x85)
        or (opcode in (0x80, 0x81, 0x83) and of == 7)
        or 0xD8 <= opcode < 0xE0
        or (opcode == 0xFF and of > 1)
        or (opcode in (0xF6, 0xF7) and of < 2)
    )
    found = () if operand is None or only_reads else (operand,)
    return (*found, register) if opcode in (0x86, 0x87) else found


def _implicit(opcode: int, rex: int) -> tuple[int, ...]:
    """What an opcode without a ModRM writes."""
    low = opcode & 7 | (rex & 1) << 3
    if 0x58 <= opcode < 0x60 or 0xB0 <= opcode < 0xC0:
        return (low,)
    if 0x91 <= opcode < 0x98:
        return (0, low)
    if opcode == 0x98 or (opcode < 0x38 and opcode & 7 in (4, 5)):
        return (0,)
    return (2,) if opcode == 0x99 else ()


def _operand(code: bytes, at: int, rex: int) -> tuple[int, int | None, int | None, int, bool, int]:
    """The operands of a ModRM, and where it ends with what belongs to it (SDM 2.1.5).

    In the order of :class:`Instruction`: register, base, operand, offset, whether indexed.
    """
    byte = code[at]
    at += 1
    mod, rm = byte >> 6, byte & 7
    register = byte >> 3 & 7 | (rex & 4) << 1
    if mod == 3:
        return register, None, rm | (rex & 1) << 3, 0, False, at
    base, indexed = rm, False
    if rm == 4:
        sib = code[at]
        at += 1
        base = sib & 7
        indexed = (sib >> 3 & 7 | (rex & 2) << 2) != 4
    none = base == 5 and mod == 0
    width = 4 if none else (0, 1, 4)[mod]
    if at + width > len(code):
        raise IndexError("the code ends in an instruction")
    offset = int.from_bytes(code[at : at + width], "little", signed=True)
    found = None if none else base | (rex & 1) << 3
    return register, found, None, offset, indexed, at + width
