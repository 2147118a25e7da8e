"""Which structures a caller lends: pointers into its own memory that it passes to a function.

A pointer to the stack, to a variable, or into a structure leads to memory that the caller has
laid out: the size of what lies there, and its offsets, are compiled into the caller. A pointer
that it was given and passes on as it is may lead to a structure that only the library knows.

The code is read from the beginning of each function to its end, as by
:mod:`collide.elf.code.pointers`: not all such calls are found.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet

from collide.elf.code.instructions import CALL_CLOBBERS, LEA, RSP, Instruction, decode
from collide.elf.code.machine_code import ARGUMENTS
from collide.elf.constants import PF_W, PT_LOAD
from collide.elf.headers import Image
from collide.support.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.elf.code.call_graph import Calls

_LONGEST = 20_000
"""Bytes of a function that are looked at."""
_MACHINE = "x86_64"
_RBP = 5
_PARAMETERS = frozenset((1, 2, 6, 7, 8, 9))
"""The registers of a function's first six parameters (System V ABI for x86-64, 3.2.3)."""
_STORE, _LOAD, _CALL, _INDIRECT = 0x89, 0x8B, 0xE8, 0xFF
_DISPLACEMENT = struct.Struct("<i")
_REX_W = 0x48
"""The prefix of operands of 64 bits, as addresses are (Intel SDM 2.2.1.2)."""


Lending = tuple[tuple[int, frozenset[int]], ...]
"""The calls of one function: where each leads, and the registers that then hold own memory."""


def lent_arguments(
    image: Callable[[], Image],
    calls: Calls,
    names: Iterable[str],
    functions: AbstractSet[int],
    known: dict[int, Lending],
) -> dict[str, set[int]]:
    """The numbers of the arguments by which the code of an object lends memory to functions.

    ``names`` are those of the functions, which it calls by name from ``functions`` of its own,
    by their addresses. ``known`` is what was read before, and gets what is read now. x86-64 only:
    elsewhere nothing is found.
    """
    if unread := sorted(functions - known.keys()):
        known.update(zip(unread, _lendings(image(), calls, unread), strict=True))
    wanted = {address: name for name in names for address in calls.places(name)}
    arguments: defaultdict[str, set[int]] = defaultdict(set)
    for start in functions:
        for address, own in known[start]:
            if address in wanted:
                arguments[wanted[address]] |= {
                    n for r, n in ARGUMENTS[_MACHINE].items() if r in own
                }
    return dict(arguments)


def _lendings(image: Image, calls: Calls, functions: Iterable[int]) -> Iterator[Lending]:
    variables = [
        range(s.address, s.address + s.memory)
        for s in image.segments
        if s.kind == PT_LOAD and s.flags & PF_W
    ]
    for start in functions:
        try:
            code = bytes(image.at(start)[: min(calls.range_of(start).stop - start, _LONGEST)])
        except FormatError:
            code = b""
        if image.machine.name == _MACHINE:
            yield tuple(_Caller(start, code, variables).read())
        else:
            yield ()


class _Caller:
    """One function, read from its beginning to its end."""

    def __init__(self, start: int, code: bytes, variables: Iterable[range]) -> None:
        self._start = start
        self._code = code
        self._variables = variables
        self._own = {RSP}
        self._given = set(_PARAMETERS)
        self._stack: set[tuple[int, int]] = set()

    def read(self) -> Iterator[tuple[int, frozenset[int]]]:
        """All its calls of one place."""
        at = 0
        while True:
            try:
                one = decode(self._code, at)
            except IndexError:
                return
            at += one.size
            if at > len(self._code):
                return
            if not self._is_call(one):
                self._step(one, at)
                continue
            address = self._called(one, at)
            if address is not None:
                yield address, frozenset(self._own)
            self._own -= CALL_CLOBBERS
            self._own.add(RSP)
            self._given -= CALL_CLOBBERS

    def _step(self, one: Instruction, after: int) -> None:
        own, given = self._moves_own(one, after), self._moves_given(one)
        for held, moves in ((self._own, own), (self._given, given)):
            held.difference_update(one.writes)
            held.update(one.writes if moves else ())
        self._own.add(RSP)

    def _moves_given(self, one: Instruction) -> bool:
        """Whether it moves a parameter of the function from one register to another."""
        if one.operand is None or one.opcode not in (_STORE, _LOAD):
            return False
        return (one.register if one.opcode == _STORE else one.operand) in self._given

    def _is_own(self, one: Instruction, after: int) -> bool:
        """Whether LEA makes the address of a variable, or of what lies in a structure.

        That is one that the function was given: what lies behind the head of a block of memory
        that it has got from an allocator may be anything.
        """
        wide = self._code[after - one.size] & 0xF8 == _REX_W
        if one.indexed or not wide:
            return False
        if one.base is None:
            address = self._start + after + one.offset
            return any(address in segment for segment in self._variables)
        return one.base in (RSP, _RBP) or (one.offset > 0 and one.base in self._given)

    def _is_call(self, one: Instruction) -> bool:
        through = one.opcode == _INDIRECT and one.register is not None and one.register & 7 == 2
        return one.opcode == _CALL or through

    def _called(self, one: Instruction, after: int) -> int | None:
        """The address that it calls, or of the slot that it calls through."""
        if one.opcode == _INDIRECT and (one.base is not None or one.operand is not None):
            return None
        (by,) = _DISPLACEMENT.unpack_from(self._code, after - 4)
        target: int = self._start + after + by
        return target

    def _moves_own(self, one: Instruction, after: int) -> bool:
        """Whether it moves such a pointer to a register; what goes to the stack is kept."""
        if one.opcode == LEA:
            return self._is_own(one, after)
        place = None
        if one.base in (RSP, _RBP) and not one.indexed:
            place = one.base, one.offset
        if one.opcode == _STORE and one.register is not None:
            held = one.register in self._own
            if place is None:
                return held and one.operand is not None
            (self._stack.add if held else self._stack.discard)(place)
        elif one.opcode == _LOAD:
            return place in self._stack if place is not None else one.operand in self._own
        return False
