"""Follows pointers through the code of a function: at which offsets what they point to is used.

The code is read from its beginning to its end, whatever it jumps over. A pointer is followed
through general registers and the stack, until something else is written there; what a call need
not keep is lost behind it. So not all uses are found, and some that are found do not belong
together: two copies of a function are compared by them, not understood.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from collide.elf import native
from collide.elf.code import aarch64
from collide.elf.code.instructions import (
    CALL,
    CALL_CLOBBERS,
    FORMS,
    INDIRECT,
    LEA,
    LOAD,
    NOP,
    RBP,
    RSP,
    STORE,
    Instruction,
    decode,
)

_BITS = 16
"""Bits of the size of the largest structure that a function is taken to use, in bytes."""
_WORD = struct.Struct("<I")


def used_offsets(
    machine: str, code: bytes, pointers: Mapping[int, int]
) -> Mapping[int, AbstractSet[int]]:
    """Where ``pointers`` (their numbers by the registers that hold them) are used in ``code``.

    The offsets in bytes, by the number of the pointer. Single bytes are no fields of a structure
    but parts of a text, and are left out. Machines other than x86-64 and aarch64 give nothing.
    """
    found: dict[int, set[int]] = {number: set() for number in pointers.values()}
    labels = {register: number + 1 for register, number in pointers.items()}
    uses: Iterable[int] = ()
    if machine == "x86_64" and native.compiled:
        uses = native.compiled.uses(code, FORMS, labelled(labels))
    elif machine == "x86_64":
        uses = _x86_64(code, Followed(labels))
    elif machine == "aarch64":
        uses = _aarch64(code, Followed(labels))
    for use in uses:
        found[(use >> _BITS) - 1].add(use & (1 << _BITS) - 1)
    return found


def labelled(labels: Mapping[int, int]) -> bytes:
    """The labels of all registers of x86-64, as the compiled part takes them."""
    return bytes(labels.get(register, 0) for register in range(16))


class Followed:
    """Where pointers are at one place of the code: labels of registers and the stack.

    A label is not 0. ``kept`` are its bits that the stack keeps, ``blocks`` those with which RSP
    and RBP lead elsewhere than to the stack.
    """

    def __init__(self, labels: Mapping[int, int], kept: int = 0xFF, blocks: int = 0xFF) -> None:
        self.labels = dict(labels)
        self.stack: dict[tuple[int, int], int] = {}
        self._kept = kept
        self._blocks = blocks

    def used(self, register: int, offset: int) -> Iterator[int]:
        """That memory at an offset from a register is used: the label, and the offset below it."""
        label = self.labels.get(register)
        if label and 0 <= offset < 1 << _BITS:
            yield label << _BITS | offset

    def write(self, registers: Iterable[int], label: int) -> None:
        """A pointer, or something else, is written to registers."""
        for register in registers:
            self.labels.pop(register, None)
            if label:
                self.labels[register] = label

    def moved(self, one: Instruction) -> int:
        """The label that x86-64 moves to a register; that of what goes to the stack is kept."""
        labels, base, place = self.labels, one.base, None
        if base in (RSP, RBP) and not (one.indexed or labels.get(base, 0) & self._blocks):
            place = base, one.offset
        if one.opcode == STORE and one.register is not None:
            label = labels.get(one.register, 0)
            if place is not None:
                self.stack[place] = label & self._kept
            return label if one.operand is not None else 0
        if one.opcode == LOAD and place is not None:
            return self.stack.get(place, 0)
        if one.opcode == LOAD and one.operand is not None:
            return labels.get(one.operand, 0)
        return 0

    def follow(self, word: int, label: int = 0) -> None:
        """An instruction of AArch64 is run that calls nothing; ``label`` is what it makes."""
        labels, target = self.labels, word & 31
        reached = _reached(word)
        if word & 0xFFE0FFE0 == 0xAA0003E0:
            label = labels.get(word >> 16 & 31, 0)
        elif reached is not None and word >> 5 & 31 == SP:
            place = SP, reached[1]
            if not word >> 22 & 1:
                self.stack[place] = labels.get(target, 0) & self._kept
            elif reached[0] == 8:
                label = self.stack.get(place, 0)
        self.write([r for r in labels if aarch64.writes(word, r)], 0)
        if label:
            self.write((target,), label)


def _x86_64(code: bytes, followed: Followed) -> Iterator[int]:
    at = 0
    while followed.labels or followed.stack:
        try:
            one = decode(code, at)
        except IndexError:
            return
        at += one.size
        reaches = (one.accesses and one.opcode != NOP) or one.opcode == LEA
        if one.base is not None and reaches and not (one.indexed or one.narrow):
            yield from followed.used(one.base, one.offset)
        label = followed.moved(one)
        followed.write(CALL_CLOBBERS if is_call(one, (2, 3)) else one.writes, label)


def is_call(one: Instruction, extensions: tuple[int, ...]) -> bool:
    """Whether it calls, or does so through memory with one of these extensions of the opcode."""
    through = one.opcode == INDIRECT and one.register is not None
    return one.opcode == CALL or (through and (one.register or 0) & 7 in extensions)


def _aarch64(code: bytes, followed: Followed) -> Iterator[int]:
    """Arm ARM C4.1: loads and stores with an offset, moves, and branches with a link."""
    for (word,) in _WORD.iter_unpack(code[: len(code) // 4 * 4]):
        if word >> 26 == 0x25 or word & 0xFFFFFC1F == 0xD63F0000:
            followed.write(aarch64.CALL_CLOBBERS, 0)
            continue
        reached = _reached(word)
        if reached is not None and reached[0] >= _WORD.size:
            yield from followed.used(word >> 5 & 31, reached[1])
        followed.follow(word)


SP = 31
"""The stack pointer as the base of an address and in sums (Arm ARM C1.2.5)."""


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
