"""Follows pointers through the code of a function: at which offsets what they point to is used.

The code is read from its beginning to its end, whatever it jumps over. A pointer is followed
through general registers and the stack, until something else is written there; what a call need
not keep is lost behind it. So not all uses are found, and some that are found do not belong
together: two copies of a function are compared by them, not understood.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from collide.elf.code import aarch64
from collide.elf.code.instructions import CALL_CLOBBERS, LEA, NOP, RSP, Instruction, decode

_LARGEST = 1 << 16
"""Bytes of the largest structure that a function is taken to use."""
_RBP = 5
_STORE, _LOAD, _CALL, _INDIRECT = 0x89, 0x8B, 0xE8, 0xFF
_WORD = struct.Struct("<I")


def used_offsets(
    machine: str, code: bytes, pointers: Mapping[int, int]
) -> Mapping[int, AbstractSet[int]]:
    """Where ``pointers`` (their numbers by the registers that hold them) are used in ``code``.

    The offsets in bytes, by the number of the pointer. Single bytes are no fields of a structure
    but parts of a text, and are left out. Machines other than x86-64 and aarch64 give nothing.
    """
    followed = _Followed(pointers)
    if machine == "x86_64":
        _x86_64(code, followed)
    elif machine == "aarch64":
        _aarch64(code, followed)
    return followed.found


class _Followed:
    """Where pointers are at one place of the code, and what was found so far."""

    def __init__(self, pointers: Mapping[int, int]) -> None:
        self.registers = dict(pointers)
        self.stack: dict[tuple[int, int], int] = {}
        self.found: dict[int, set[int]] = {number: set() for number in pointers.values()}

    def use(self, register: int, offset: int) -> None:
        """Memory at an offset from a register is used."""
        number = self.registers.get(register)
        if number is not None and 0 <= offset < _LARGEST:
            self.found[number].add(offset)

    def store(self, place: tuple[int, int], number: int | None) -> None:
        """A pointer, or something else, is written to the stack."""
        if number is None:
            self.stack.pop(place, None)
        else:
            self.stack[place] = number

    def write(self, registers: Iterable[int], number: int | None) -> None:
        """A pointer, or something else, is written to registers."""
        for register in registers:
            self.registers.pop(register, None)
            if number is not None:
                self.registers[register] = number


def _x86_64(code: bytes, followed: _Followed) -> None:
    at = 0
    while followed.registers or followed.stack:
        try:
            one = decode(code, at)
        except IndexError:
            return
        at += one.size
        reaches = (one.accesses and one.opcode != NOP) or one.opcode == LEA
        if one.base is not None and reaches and not (one.indexed or one.narrow):
            followed.use(one.base, one.offset)
        number = _moved(one, followed)
        followed.write(CALL_CLOBBERS if _calls(one) else one.writes, number)


def _calls(one: Instruction) -> bool:
    through = one.opcode == _INDIRECT and one.register is not None and one.register & 7 in (2, 3)
    return one.opcode == _CALL or through


def _moved(one: Instruction, followed: _Followed) -> int | None:
    """The pointer that an instruction moves to a register; what goes to the stack is kept."""
    place = None
    if one.base in (RSP, _RBP) and one.base not in followed.registers and not one.indexed:
        place = one.base, one.offset
    if one.opcode == _STORE and one.register is not None:
        number = followed.registers.get(one.register)
        if place is not None:
            followed.store(place, number)
        return number if one.operand is not None else None
    if one.opcode == _LOAD and place is not None:
        return followed.stack.get(place)
    if one.opcode == _LOAD and one.operand is not None:
        return followed.registers.get(one.operand)
    return None


def _aarch64(code: bytes, followed: _Followed) -> None:
    """Arm ARM C4.1: loads and stores with an offset, moves, and branches with a link."""
    for (word,) in _WORD.iter_unpack(code[: len(code) // 4 * 4]):
        if word >> 26 == 0x25 or word & 0xFFFFFC1F == 0xD63F0000:
            followed.write(aarch64.CALL_CLOBBERS, None)
            continue
        base, target = word >> 5 & 31, word & 31
        number = followed.registers.get(word >> 16 & 31)
        moves = word & 0xFFE0FFE0 == 0xAA0003E0
        reached = _reached(word)
        if reached is not None:
            size, offset = reached
            loads = bool(word >> 22 & 1)
            if size >= _WORD.size:
                followed.use(base, offset)
            moves = base == _SP and size == 8 and loads
            number = followed.stack.get((_SP, offset))
            if base == _SP and not loads:
                followed.store((_SP, offset), followed.registers.get(target))
        lost = [r for r in followed.registers if aarch64.writes(word, r)]
        followed.write(lost, None)
        if moves and number is not None:
            followed.write((target,), number)


_SP = 31


def _reached(word: int) -> tuple[int, int] | None:
    """Bytes and offset of a load or store of one register or of a pair."""
    size = 1 << (word >> 30)
    if word & 0x3B000000 == 0x39000000:
        return size, (word >> 10 & 0xFFF) * size
    if word & 0x3B200C00 == 0x38000000:
        offset = word >> 12 & 0x1FF
        return size, offset - 2 * (offset & 0x100)
    if word & 0x3F800000 == 0x29000000:
        size = 8 if word >> 31 else 4
        offset = word >> 15 & 0x7F
        return size, (offset - 2 * (offset & 0x40)) * size
    return None
