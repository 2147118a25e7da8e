"""Walks a stack from the registers of a thread, by the call frame information of the objects.

No debug information is needed: every function that an exception may pass has an entry in
``.eh_frame``, on x86-64 and aarch64 all others, too, unless they are compiled with
``-fno-asynchronous-unwind-tables``. Where there is none, the saved frame pointers are followed
(psABI), and on x86-64 then the stack is searched for an address behind a call, as Breakpad does
("stack scanning"). Memory is read for registers and return addresses only.
"""

from __future__ import annotations

from collections.abc import Callable

from collide.processes.eh_frame import CallFrames, Row, Rule, evaluate
from collide.processes.image import MemoryGapError, ProcessImage, Thread
from collide.support import limits
from collide.support.errors import FormatError
from collide.support.records import NamedTuple

_MASK = (1 << 64) - 1
_AARCH64 = 183
_ADDRESS_BITS = (1 << 48) - 1  # what a return address that is signed (PAC) has beside its sign
_TRAPNO = 200
"""Where the ``ucontext_t`` of Linux on x86-64 has ``gregs[REG_TRAPNO]`` (sys/ucontext.h)."""
_FAULTS = (6, 13, 14, 17)  # opcode, protection, page and alignment (SDM, volume 3, table 6-1)


_SCANNED = 1024
"""Words of a stack that are searched."""
_LONGEST = 1 << 16
"""Bytes of a function, at most, behind the target of the call that leads into it."""
_ENDBR = b"\xf3\x0f\x1e\xfa"


class _UnknownRegisterError(FormatError):
    """A register whose value the frame below does not tell."""


class _Frame(NamedTuple):
    """Registers at one place; ``exact`` is whether ``pc`` is the instruction itself.

    Else it is behind a call. ``faulted`` is whether the instruction is known to have failed.
    """

    pc: int
    registers: dict[int, int]
    exact: bool
    faulted: bool = False


class Stack(NamedTuple):
    """The addresses of a stack, the innermost first, and why it ends before the outermost.

    ``addresses`` are those of instructions, of callers the last byte of the call. ``ended`` is
    empty where the walk came to the outermost frame. ``guessed`` are the positions of frames
    that were found without call frame information, ``interrupted`` of those that a handler of a
    signal has interrupted, ``faulted`` of those of them whose own instruction is known to have
    failed.
    """

    addresses: tuple[int, ...]
    ended: str
    guessed: frozenset[int]
    interrupted: tuple[int, ...]
    faulted: tuple[int, ...]


class Code(NamedTuple):
    """The object that holds an address: what is added to its addresses, and its information.

    ``frames`` is None where it has none, or its file cannot be read. ``text`` gives bytes of its
    code by their virtual address and number, fewer at an end.
    """

    base: int
    frames: CallFrames | None
    text: Callable[[int, int], bytes] = lambda _address, _size: b""


def walk(image: ProcessImage, thread: Thread, code_at: Callable[[int], Code | None]) -> Stack:
    """The stack of a thread; ``code_at`` gives the object at an address, None for none."""
    walker = _Walker(image, code_at)
    frame: _Frame | None = _Frame(thread.pc, dict(thread.registers), True)
    addresses, guessed, interrupted, faulted = list[int](), set[int](), list[int](), list[int]()
    most, ended = limits.value("frames"), ""
    while frame is not None:
        if frame.exact and addresses:
            interrupted.append(len(addresses))
            if frame.faulted:
                faulted.append(len(addresses))
        addresses.append(frame.pc if frame.exact else frame.pc - 1)
        if len(addresses) >= most:
            ended = f"it is deeper than {most} frames"
            break
        try:
            frame, known = walker.caller(frame)
        except (MemoryGapError, FormatError) as e:
            ended = str(e)
            break
        if frame is not None and not known:
            guessed.add(len(addresses))
    return Stack(tuple(addresses), ended, frozenset(guessed), tuple(interrupted), tuple(faulted))


class _Walker:
    def __init__(self, image: ProcessImage, code_at: Callable[[int], Code | None]) -> None:
        self._image = image
        self._code_at = code_at
        self._order = ">" if image.big_endian else "<"
        self._is_arm = image.e_machine == _AARCH64
        self._sp, self._fp = (31, 29) if self._is_arm else (7, 6)
        self._link = 30 if self._is_arm else None

    def caller(self, frame: _Frame) -> tuple[_Frame | None, bool]:
        """The frame that called one, None for the outermost; whether an entry says so."""
        place = frame.pc if frame.exact else frame.pc - 1
        code = self._code_at(place)
        row = code.frames.row(place - code.base) if code and code.frames else None
        if row is not None:
            try:
                return self._by_row(frame, row), True
            except _UnknownRegisterError:
                return self._by_scan(frame), False
        if code is None and frame.exact:
            # A call of what is no code: the return address is where a function finds it.
            return self._just_called(frame), False
        try:
            return self._by_frame_pointer(frame), False
        except FormatError:
            if code is None or self._is_arm:
                raise
            return self._by_scan(frame), False

    def _by_scan(self, frame: _Frame) -> _Frame:
        """The first word above that is an address behind a call of the frame's function.

        Calls by a pointer say not what they called: the first of these where there is no other.
        """
        sp, first = frame.registers[self._sp], None
        for number in range(_SCANNED):
            try:
                address = self._image.integer(sp + 8 * number, 8)
            except MemoryGapError:
                break
            leads = self._call_before(address, frame.pc)
            if leads is False:
                continue
            # Of the registers that it has saved nothing is known.
            found = _Frame(address, {self._sp: sp + 8 * (number + 1)}, False)
            if leads:
                return found
            first = first or found
        if first is None:
            raise FormatError(f"nothing says who called {frame.pc:#x}")
        return first

    def _call_before(self, address: int, pc: int) -> bool | None:
        """Whether a call precedes an address, and leads to ``pc``; None where it does not say.

        Intel SDM, volume 2, CALL: E8 with a distance, or FF /2 with a register or a place.
        """
        code = self._code_at(address - 1)
        before = code.text(address - code.base - 7, 7) if code else b""
        if len(before) < 7:
            return False
        if before[2] == 0xE8:
            target = address + int.from_bytes(before[3:], "little", signed=True)
            return self._holds(target, pc) or self._holds(self._behind_stub(target), pc)
        if before[1:3] == b"\xff\x15":
            return self._holds(self._slot(address, before[3:]), pc)
        # The byte behind FF: /2 with a register, or with a place at no, one or four bytes.
        calls = any(before[-n] == 0xFF and before[1 - n] & 0x38 == 0x10 for n in (2, 3, 4, 6, 7))
        return None if calls else False

    def _behind_stub(self, target: int) -> int:
        """Where the entry of a procedure linkage table leads; 0 for another place."""
        there = self._code_at(target)
        stub = there.text(target - there.base, 12) if there else b""
        for prefix in (b"", _ENDBR):
            for jump in (b"\xff\x25", b"\xf2\xff\x25"):
                if stub.startswith(prefix + jump):
                    size = len(prefix + jump)
                    return self._slot(target + size + 4, stub[size : size + 4])
        return 0

    def _slot(self, behind: int, distance: bytes) -> int:
        try:
            place = behind + int.from_bytes(distance, "little", signed=True)
            return self._image.integer(place, 8)
        except MemoryGapError:
            return 0

    def _holds(self, target: int, pc: int) -> bool:
        """Whether a function that begins at an address may hold another one."""
        return bool(target) and 0 <= pc - target < _LONGEST

    def _by_row(self, frame: _Frame, row: Row) -> _Frame | None:
        found = self._restored(frame.registers, row)
        ra = row.return_register
        rule = row.rules.get(ra, Rule("same"))
        if rule.how == "undefined" or ra not in found:
            return None
        if rule.how == "same" and not (self._is_arm and (frame.exact or row.signal)):
            # Only the innermost frame may have its return address in a register.
            return None
        caller = self._checked(frame, found, found[ra], exact=row.signal)
        if caller is None or not row.signal or self._is_arm:
            return caller
        # A handler returns to the code of this frame with the context at the top of the stack.
        trap = self._image.integer(frame.registers[self._sp] + _TRAPNO, 8)
        return caller._replace(faulted=trap in _FAULTS)

    def _restored(self, registers: dict[int, int], row: Row) -> dict[int, int]:
        """The registers of the caller."""

        def register(number: int) -> int:
            if number not in registers:
                raise _UnknownRegisterError(f"the value of register {number} is not known")
            return registers[number]

        def value(rule: Rule, start: int | None) -> int:
            return evaluate(rule.expression, self._order, register, self._image.integer, start)

        if row.cfa.how == "is-expression":
            cfa = value(row.cfa, None)
        else:
            cfa = register(row.cfa_register) + row.cfa.value & _MASK
        found = dict(registers)
        found[self._sp] = cfa
        for number, rule in row.rules.items():
            if rule.how == "undefined":
                found.pop(number, None)
            elif rule.how == "register":
                found[number] = register(rule.value)
            elif rule.how != "same":
                place = value(rule, cfa) if rule.expression else cfa + rule.value & _MASK
                at = rule.how.startswith("at")
                found[number] = self._image.integer(place, 8) if at else place
        return found

    def _just_called(self, frame: _Frame) -> _Frame | None:
        registers = dict(frame.registers)
        if self._link is not None:
            return self._checked(frame, registers, registers[self._link], exact=False, same=True)
        address = self._image.integer(registers[self._sp], 8)
        registers[self._sp] += 8
        return self._checked(frame, registers, address, exact=False)

    def _by_frame_pointer(self, frame: _Frame) -> _Frame | None:
        registers = dict(frame.registers)
        pointer = registers.get(self._fp, 0)
        if pointer < registers.get(self._sp, 0) or pointer % 8:
            raise FormatError(f"nothing says who called {frame.pc:#x}")
        address = self._image.integer(pointer + 8, 8)
        registers[self._fp] = self._image.integer(pointer, 8)
        registers[self._sp] = pointer + 16
        if self._code_at(self._plain(address) - 1) is None:
            raise FormatError(f"nothing says who called {frame.pc:#x}")
        return self._checked(frame, registers, address, exact=False)

    def _plain(self, address: int) -> int:
        return address & _ADDRESS_BITS if self._is_arm else address

    def _checked(
        self,
        frame: _Frame,
        registers: dict[int, int],
        address: int,
        *,
        exact: bool,
        same: bool = False,
    ) -> _Frame | None:
        address = self._plain(address)
        if not address and not exact:
            return None
        leaf = self._is_arm and frame.exact
        if registers[self._sp] <= frame.registers.get(self._sp, 0) and not (leaf or same or exact):
            raise FormatError(f"the frame of {frame.pc:#x} is not above the one that it called")
        return _Frame(address, registers, exact)
