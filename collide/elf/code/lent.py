"""Which structures a caller lends: pointers into its own memory that it passes to a function.

A pointer to the stack, to a variable, or into a structure leads to memory that the caller has
laid out: the size of what lies there, and its offsets, are compiled into the caller. A pointer
that it was given and passes on as it is may lead to a structure that only the library knows.

The code is read from the beginning of each function to its end, as by
:mod:`collide.elf.code.pointers`: not all such calls are found.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from collide.elf import native
from collide.elf.code import aarch64
from collide.elf.code.instructions import (
    CALL_CLOBBERS,
    FORMS,
    INDIRECT,
    LEA,
    RBP,
    RSP,
    Instruction,
    decode,
)
from collide.elf.code.linker_tables import writable
from collide.elf.code.machine_code import ARGUMENTS
from collide.elf.code.pointers import SP, Followed, is_call, labelled
from collide.elf.headers import Image
from collide.support.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.elf.code.call_graph import Calls

_LONGEST = 20_000
"""Bytes of a function that are looked at."""
_OWN, _GIVEN = 1, 2
_LABELS = {RSP: _OWN, 1: _GIVEN, 2: _GIVEN, 6: _GIVEN, 7: _GIVEN, 8: _GIVEN, 9: _GIVEN}
"""What a function has at its beginning: own memory, and its first six parameters (System V ABI for
x86-64, 3.2.3)."""
_AARCH64_LABELS = {SP: _OWN, **dict.fromkeys(range(8), _GIVEN)}
"""The same for AArch64 (AAPCS64, 6.8.2)."""
_WORD = struct.Struct("<I")
_ADD = (0x81, 0x83)
"""Opcodes of ADD with an immediate, where the ModRM names 0 (Intel SDM, ADD)."""
_DISPLACEMENT = struct.Struct("<i")
_REX_W = 0x48
"""The prefix of operands of 64 bits, as addresses are (Intel SDM 2.2.1.2)."""


def lent_arguments(
    image: Callable[[], Image], calls: Calls, names: Iterable[str], functions: AbstractSet[int]
) -> dict[str, set[int]]:
    """The numbers of the arguments by which the code of an object lends memory to functions.

    ``names`` are those of the functions, which it calls by name from ``functions`` of its own,
    by their addresses: each is read once for all questions. x86-64 and aarch64 only: elsewhere
    nothing is found.
    """
    if unread := sorted(functions - calls.lending.read):
        _read(image(), calls, unread)
    found, arguments = {}, ARGUMENTS.get(calls.lending.machine, {})
    for name in names:
        own = 0
        for address in calls.places(name):
            for function, registers in calls.lending.by_address.get(address, ()):
                own |= registers if function in functions else 0
        if own:
            found[name] = {n for r, n in arguments.items() if own >> r & 1}
    return found


def _read(image: Image, calls: Calls, functions: Iterable[int]) -> None:
    """Read ``functions`` for what they lend."""
    calls.lending.read.update(functions)
    calls.lending.machine = image.machine.name
    read = {"x86_64": lendings, "aarch64": aarch64_lendings}.get(image.machine.name)
    if read is None:
        return
    variables = writable(image)
    for start in functions:
        try:
            code = bytes(image.at(start)[: min(calls.range_of(start).stop - start, _LONGEST)])
        except FormatError:
            continue
        for address, own in read(start, code, variables):
            calls.lending.by_address[address].append((start, own))


def lendings(start: int, code: bytes, variables: Sequence[range]) -> Iterable[tuple[int, int]]:
    """The calls of one function: where each leads, and the registers that then hold own memory.

    These are bits. ``variables`` is where variables are. A call through a table leads nowhere.
    """
    bounds = [at for one in variables for at in (one.start, one.stop)]
    if native.compiled and max(start, *bounds, 0) <= native.HIGHEST:
        return native.compiled.lent(code, FORMS, labelled(_LABELS), start, array("q", bounds))
    return _Caller(start, code, variables).read()


class _Caller:
    """One function, read from its beginning to its end."""

    def __init__(self, start: int, code: bytes, variables: Iterable[range]) -> None:
        self._start = start
        self._code = code
        self._variables = variables
        self._followed = Followed(_LABELS, kept=_OWN, blocks=0)

    def read(self) -> Iterator[tuple[int, int]]:
        """All its calls of one place."""
        at, labels = 0, self._followed.labels
        while True:
            try:
                one = decode(self._code, at)
            except IndexError:
                return
            at += one.size
            if at > len(self._code):
                return
            if is_call(one, (2,)):
                address = self._called(one, at)
                if address is not None:
                    yield address, sum((label & _OWN) << number for number, label in labels.items())
                self._followed.write(CALL_CLOBBERS, 0)
                continue
            label = self._followed.moved(one)
            if (one.opcode == LEA and self._is_own(one, at)) or self._adds_to_given(one, at):
                label = _OWN
            self._followed.write(one.writes, label)
            labels[RSP] = labels.get(RSP, 0) | _OWN

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
        given = self._followed.labels.get(one.base, 0) & _GIVEN
        return one.base in (RSP, RBP) or (one.offset > 0 and bool(given))

    def _adds_to_given(self, one: Instruction, after: int) -> bool:
        """Whether ADD moves a pointer that the function was given into what it leads to.

        Compilers write it in place of LEA where the pointer itself is needed no more.
        """
        if one.opcode not in _ADD or one.operand is None or (one.register or 0) & 7 != 0:
            return False
        wide = self._code[after - one.size] & 0xF8 == _REX_W
        forward = self._code[after - 1] < 0x80
        return wide and forward and bool(self._followed.labels.get(one.operand, 0) & _GIVEN)

    def _called(self, one: Instruction, after: int) -> int | None:
        """The address that it calls, or of the slot that it calls through."""
        if one.opcode == INDIRECT and (one.base is not None or one.operand is not None):
            return None
        (by,) = _DISPLACEMENT.unpack_from(self._code, after - 4)
        target: int = self._start + after + by
        return target


def aarch64_lendings(
    start: int, code: bytes, variables: Iterable[range]
) -> Iterator[tuple[int, int]]:
    """The same of a function of AArch64 (Arm ARM C6.2: ADD, ADRP, BL)."""
    followed = Followed(_AARCH64_LABELS, kept=_OWN)
    pages: dict[int, int] = {}
    for at, (word,) in enumerate(_WORD.iter_unpack(code[: len(code) // 4 * 4])):
        place = start + 4 * at
        branch = word >> 26 == 0x25
        if branch or word & 0xFFFFFC1F == 0xD63F0000:
            if branch:
                by = (word & 0x3FFFFFF) - 2 * (word & 1 << 25)
                own = ((label & _OWN) << number for number, label in followed.labels.items())
                yield place + 4 * by, sum(own)
            followed.write(aarch64.CALL_CLOBBERS, 0)
            pages.clear()
            continue
        base, label = word >> 5 & 31, 0
        if word & 0xFF800000 == 0x91000000:
            adds = (word >> 10 & 0xFFF) << 12 * (word >> 22 & 1)
            held = followed.labels.get(base, 0)
            variable = base in pages and any(pages[base] + adds in one for one in variables)
            label = _OWN if held & _OWN or (held and adds) or variable else 0
        for register in [r for r in pages if aarch64.writes(word, r)]:
            del pages[register]
        if word & 0x9F000000 == 0x90000000:
            pages[word & 31] = aarch64.page(word, place)
        followed.follow(word, label)
        followed.labels[SP] = _OWN
