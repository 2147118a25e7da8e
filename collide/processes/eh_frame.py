"""Call frame information of one object: how the caller of an address is found.

Read from PT_GNU_EH_FRAME, whose table is searched for the one entry that counts, so that no
object is read whole. Sources: LSB Core "Exception Frames", DWARF 5 section 6.4, the DWARF
supplements of the psABIs.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from collide.elf.constants import PT_GNU_EH_FRAME
from collide.elf.headers import Image
from collide.support.errors import FormatError
from collide.support.records import NamedTuple

_MASK = (1 << 64) - 1
_MOST_STEPS = 100_000
_MOST_STACK = 256

# DW_EH_PE: the form of a pointer, what is added to it, and whether it is where the pointer is.
_OMIT = 0xFF
_FORMS = {0x02: "H", 0x03: "I", 0x04: "Q", 0x0A: "h", 0x0B: "i", 0x0C: "q"}


class Rule(NamedTuple):
    """How one register of the caller is found.

    ``how`` is ``at`` (in memory, ``value`` bytes from the CFA), ``is`` (the CFA and ``value``),
    ``register``, ``at-expression``, ``is-expression``, ``same`` or ``undefined``.
    """

    how: str
    value: int = 0
    expression: bytes = b""


class Row(NamedTuple):
    """The rules at one address: for the CFA, as a register and an offset or an expression.

    ``return_register`` holds the return address, ``signal`` says that a handler of a signal
    returns here: the address of its caller is that of an instruction, not behind a call.
    """

    cfa: Rule
    cfa_register: int
    rules: dict[int, Rule]
    return_register: int
    signal: bool


class _Cursor:
    """Reads numbers from bytes; ``address`` is the virtual address of the first."""

    def __init__(self, data: memoryview, address: int, order: str, at: int = 0) -> None:
        self.data = data
        self.address = address
        self.order = order
        self.at = at

    def take(self, form: str) -> int:
        (value,) = struct.unpack_from(f"{self.order}{form}", self.data, self.at)
        self.at += struct.calcsize(form)
        found: int = value
        return found

    def uleb(self) -> int:
        value = shift = 0
        while True:
            byte = self.take("B")
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value & _MASK
            if shift > 70:
                raise FormatError("corrupt call frame information (a number without an end)")

    def sleb(self) -> int:
        value = shift = 0
        while True:
            byte = self.take("B")
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value - (1 << shift) if byte & 0x40 else value
            if shift > 70:
                raise FormatError("corrupt call frame information (a number without an end)")

    def block(self) -> bytes:
        size = self.uleb()
        found = bytes(self.data[self.at : self.at + size])
        if len(found) != size:
            raise FormatError("corrupt call frame information (a block goes beyond its end)")
        self.at += size
        return found

    def pointer(self, encoding: int, base: int = 0) -> int:
        """A pointer, without the indirection; ``base`` is that of DW_EH_PE_datarel."""
        place = self.address + self.at
        form = encoding & 0x0F
        if form == 0x00:
            value = self.take("Q")
        elif form == 0x01:
            value = self.uleb()
        elif form == 0x09:
            value = self.sleb()
        elif form in _FORMS:
            value = self.take(_FORMS[form])
        else:
            raise FormatError(f"corrupt call frame information (a pointer of form {form})")
        added = {0x00: 0, 0x10: place, 0x30: base}.get(encoding & 0x70)
        if added is None:
            raise FormatError(f"call frame information with pointers of kind {encoding:#x}")
        return value + added & _MASK


class _Cie(NamedTuple):
    """A common information entry: what many frame description entries begin with."""

    code_align: int
    data_align: int
    return_register: int
    encoding: int
    augmented: bool
    signal: bool
    instructions: bytes


class CallFrames:
    """The call frame information of one 64-bit object; raises FormatError without any."""

    def __init__(self, data: memoryview) -> None:
        image = Image(data)
        if image.bits != 64:
            raise FormatError("stacks of 32-bit processes are not walked")
        self._image = image
        self._order = image.order
        found = [s for s in image.segments if s.kind == PT_GNU_EH_FRAME]
        if not found:
            raise FormatError("it has no call frame information (PT_GNU_EH_FRAME)")
        self._header = found[-1].address
        head = self._cursor(self._header)
        version, _, count, table = (head.take("B") for _ in range(4))
        if version != 1 or table != 0x3B or count == _OMIT:
            raise FormatError("it has no table of its call frame information")
        encodings = bytes(image.at(self._header, 4))
        head.pointer(encodings[1])
        self._count = head.pointer(encodings[2], self._header)
        self._table = self._header + head.at
        size = self._count * 8
        self._entries = image.at(self._table, size)
        self._cies: dict[int, _Cie] = {}
        self._rows: dict[int, Row | None] = {}

    def _cursor(self, address: int) -> _Cursor:
        return _Cursor(self._image.at(address), address, self._order)

    def row(self, address: int) -> Row | None:
        """The rules at a virtual address; None where no entry is about it.

        Raises FormatError for information that is corrupt.
        """
        try:
            # A recursion passes one place many times.
            if address not in self._rows:
                self._rows[address] = self._row(address)
            return self._rows[address]
        except (struct.error, IndexError, ValueError, KeyError, OverflowError) as e:
            raise FormatError(f"corrupt call frame information ({e})") from e

    def _row(self, address: int) -> Row | None:
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            if self._entry(middle)[0] <= address:
                low = middle + 1
            else:
                high = middle
        if not low:
            return None
        cursor = self._cursor(self._entry(low - 1)[1])
        end = self._length(cursor)
        cie_at = cursor.address + cursor.at
        distance = cursor.take("I")
        cie = self._cie(cie_at - distance)
        first = cursor.pointer(cie.encoding)
        size = cursor.pointer(cie.encoding & 0x0F)
        if not first <= address < first + size:
            return None
        if cie.augmented:
            cursor.block()
        own = bytes(cursor.data[cursor.at : end])
        return _Program(cie, first, self._order).run(own, address)

    def _entry(self, number: int) -> tuple[int, int]:
        """First address of an entry, and where the entry is."""
        start, entry = struct.unpack_from(f"{self._order}ii", self._entries, number * 8)
        return self._header + start, self._header + entry

    @staticmethod
    def _length(cursor: _Cursor) -> int:
        """Where the entry ends, from its first field."""
        size = cursor.take("I")
        if size == 0xFFFFFFFF:
            size = cursor.take("Q")
        if not size or cursor.at + size > len(cursor.data):
            raise FormatError("corrupt call frame information (an entry goes beyond its segment)")
        return cursor.at + size

    def _cie(self, address: int) -> _Cie:
        if address in self._cies:
            return self._cies[address]
        cursor = self._cursor(address)
        end = self._length(cursor)
        if cursor.take("I"):
            raise FormatError("corrupt call frame information (no common entry)")
        version = cursor.take("B")
        text = b""
        while byte := cursor.take("B"):
            text += bytes([byte])
        if version not in (1, 3) or text[:1] not in (b"", b"z"):
            raise FormatError(f"call frame information of version {version} ({text!r})")
        code_align, data_align = cursor.uleb(), cursor.sleb()
        return_register = cursor.take("B") if version == 1 else cursor.uleb()
        encoding, signal = _augmented(text.decode("latin-1"), cursor)
        instructions = bytes(cursor.data[cursor.at : end])
        self._cies[address] = found = _Cie(
            code_align, data_align, return_register, encoding, bool(text), signal, instructions
        )
        return found


def _augmented(text: str, cursor: _Cursor) -> tuple[int, bool]:
    """How pointers are encoded, and whether it is the frame of a signal; moves behind it."""
    encoding, signal = 0, False
    if text:
        size = cursor.uleb()
        behind = cursor.at + size
        for letter in text[1:]:
            if letter == "R":
                encoding = cursor.take("B")
            elif letter == "P":
                cursor.pointer(cursor.take("B") & 0x0F)
            elif letter == "L":
                cursor.take("B")
            signal = signal or letter == "S"
        cursor.at = behind
    return encoding, signal


class _Program:
    """Runs the instructions of one entry up to an address (DWARF 5, 6.4.2)."""

    def __init__(self, cie: _Cie, start: int, order: str) -> None:
        self._cie = cie
        self._place = start
        self._order = order
        self._cfa = Rule("register")
        self._cfa_register = 0
        self._rules: dict[int, Rule] = {}
        self._first: dict[int, Rule] = {}
        self._kept: list[tuple[Rule, int, dict[int, Rule]]] = []

    def run(self, own: bytes, address: int) -> Row:
        self._run(self._cie.instructions, None)
        self._first = dict(self._rules)
        self._run(own, address)
        cie = self._cie
        return Row(self._cfa, self._cfa_register, self._rules, cie.return_register, cie.signal)

    def _run(self, code: bytes, until: int | None) -> None:
        cursor = _Cursor(memoryview(code), 0, self._order)
        steps = 0
        while cursor.at < len(code):
            steps += 1
            if steps > _MOST_STEPS:
                raise FormatError("call frame information of too many instructions")
            byte = cursor.take("B")
            moved = self._step(byte, cursor)
            if moved is not None:
                if until is not None and moved > until:
                    return
                self._place = moved

    def _step(self, byte: int, cursor: _Cursor) -> int | None:
        """Run one instruction; the result is the new address of one that advances."""
        cie, low = self._cie, byte & 0x3F
        match byte >> 6:
            case 1:
                return self._place + low * cie.code_align
            case 2:
                self._rules[low] = Rule("at", cursor.uleb() * cie.data_align)
                return None
            case 3:
                self._restore(low)
                return None
        if byte in (0x02, 0x03, 0x04):
            return self._place + cursor.take(" BHI"[byte - 1]) * cie.code_align
        if byte == 0x01:
            return cursor.pointer(cie.encoding)
        self._extended(byte, cursor)
        return None

    def _restore(self, register: int) -> None:
        if register in self._first:
            self._rules[register] = self._first[register]
        else:
            self._rules.pop(register, None)

    def _extended(self, byte: int, cursor: _Cursor) -> None:
        if byte in (0x00, 0x2D):  # nop, AARCH64_negate_ra_state
            return
        if byte == 0x2E:  # GNU_args_size
            cursor.uleb()
        elif byte == 0x06:  # restore_extended
            self._restore(cursor.uleb())
        elif byte == 0x0A:  # remember_state
            if len(self._kept) > _MOST_STACK:
                raise FormatError("call frame information that remembers too much")
            self._kept.append((self._cfa, self._cfa_register, dict(self._rules)))
        elif byte == 0x0B:  # restore_state
            self._cfa, self._cfa_register, self._rules = self._kept.pop()
        elif 0x0C <= byte <= 0x0F or byte in (0x12, 0x13):
            self._define_cfa(byte, cursor)
        else:
            register = cursor.uleb()
            self._rules[register] = self._rule(byte, cursor)

    def _define_cfa(self, byte: int, cursor: _Cursor) -> None:
        if byte in (0x0C, 0x0D, 0x12):
            self._cfa_register = cursor.uleb()
        if byte == 0x0F:  # def_cfa_expression
            self._cfa = Rule("is-expression", 0, cursor.block())
        elif byte in (0x0C, 0x0E):
            self._cfa = Rule("register", cursor.uleb())
        elif byte in (0x12, 0x13):  # those with a factored offset
            self._cfa = Rule("register", cursor.sleb() * self._cie.data_align)

    def _rule(self, byte: int, cursor: _Cursor) -> Rule:
        """The rule that an instruction gives to one register."""
        how, form = _RULES.get(byte, ("", ""))
        align = self._cie.data_align
        match form:
            case "block":
                return Rule(how, 0, cursor.block())
            case "number":
                return Rule(how, cursor.uleb())
            case "factor":
                return Rule(how, cursor.uleb() * align)
            case "signed factor":
                return Rule(how, cursor.sleb() * align)
            case "negative factor":
                return Rule(how, -cursor.uleb() * align)
        if not how:
            raise FormatError(f"call frame information with the instruction {byte:#x}")
        return Rule(how)


# The instructions that give a rule to a register, from DW_CFA_offset_extended to
# DW_CFA_GNU_negative_offset_extended: the rule, and the form of its operand.
_RULES = {
    0x05: ("at", "factor"),
    0x07: ("undefined", ""),
    0x08: ("same", ""),
    0x09: ("register", "number"),
    0x10: ("at-expression", "block"),
    0x11: ("at", "signed factor"),
    0x14: ("is", "factor"),
    0x15: ("is", "signed factor"),
    0x16: ("is-expression", "block"),
    0x2F: ("at", "negative factor"),
}


def evaluate(
    expression: bytes,
    order: str,
    register: Callable[[int], int],
    word: Callable[[int, int], int],
    first: int | None = None,
) -> int:
    """The value of a DWARF expression (DWARF 5, 2.5), of the operations that unwinding uses.

    ``register`` gives a register, ``word`` an integer at an address, of a size; ``first`` is on
    the stack at the beginning. Raises FormatError.
    """
    cursor = _Cursor(memoryview(expression), 0, order)
    stack = [] if first is None else [first]
    steps = 0
    try:
        while cursor.at < len(expression):
            steps += 1
            if steps > _MOST_STEPS or len(stack) > _MOST_STACK:
                raise FormatError("call frame information with an expression without an end")
            _operate(cursor, stack, register, word)
        return stack[-1]
    except (struct.error, IndexError) as e:
        raise FormatError(f"corrupt call frame information ({e})") from e


_CONSTANTS = dict(zip(range(0x08, 0x10), "BbHhIiQq", strict=True))
_BINARY: dict[int, Callable[[int, int], int]] = {
    0x1A: lambda a, b: a & b,
    0x1C: lambda a, b: a - b,
    0x1E: lambda a, b: a * b,
    0x21: lambda a, b: a | b,
    0x22: lambda a, b: a + b,
    0x24: lambda a, b: a << (b & 63),
    0x25: lambda a, b: a >> (b & 63),
    0x27: lambda a, b: a ^ b,
    0x29: lambda a, b: a == b,
    0x2A: lambda a, b: _signed(a) >= _signed(b),
    0x2B: lambda a, b: _signed(a) > _signed(b),
    0x2C: lambda a, b: _signed(a) <= _signed(b),
    0x2D: lambda a, b: _signed(a) < _signed(b),
    0x2E: lambda a, b: a != b,
}


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


_ON_STACK: dict[int, Callable[[list[int]], None]] = {
    0x12: lambda stack: stack.append(stack[-1]),
    0x13: lambda stack: stack.__delitem__(-1),
    0x14: lambda stack: stack.append(stack[-2]),
    0x16: lambda stack: stack.append(stack.pop(-2)),
    0x1F: lambda stack: stack.append(-stack.pop() & _MASK),
    0x20: lambda stack: stack.append(~stack.pop() & _MASK),
    0x96: lambda _: None,
}


def _operate(
    cursor: _Cursor,
    stack: list[int],
    register: Callable[[int], int],
    word: Callable[[int, int], int],
) -> None:
    operation = cursor.take("B")
    if operation in _BINARY:
        second, one = stack.pop(), stack.pop()
        stack.append(int(_BINARY[operation](one, second)) & _MASK)
    elif operation in _ON_STACK:
        _ON_STACK[operation](stack)
    elif operation == 0x23:  # DW_OP_plus_uconst
        stack.append(stack.pop() + cursor.uleb() & _MASK)
    elif operation == 0x06:  # DW_OP_deref
        stack.append(word(stack.pop(), 8))
    elif operation == 0x94:  # DW_OP_deref_size
        stack.append(word(stack.pop(), min(cursor.take("B"), 8)))
    else:
        stack.append(_pushed(operation, cursor, register) & _MASK)


def _pushed(operation: int, cursor: _Cursor, register: Callable[[int], int]) -> int:
    """What an operation puts on the stack that takes nothing from it."""
    if 0x30 <= operation <= 0x4F:  # DW_OP_lit0 and those behind it
        return operation - 0x30
    if 0x50 <= operation <= 0x6F:  # DW_OP_reg0
        return register(operation - 0x50)
    if 0x70 <= operation <= 0x8F:  # DW_OP_breg0
        return register(operation - 0x70) + cursor.sleb()
    match operation:
        case 0x92:  # DW_OP_bregx
            return register(cursor.uleb()) + cursor.sleb()
        case 0x03:  # DW_OP_addr
            return cursor.take("Q")
        case 0x10:
            return cursor.uleb()
        case 0x11:
            return cursor.sleb()
    if operation in _CONSTANTS:
        return cursor.take(_CONSTANTS[operation])
    raise FormatError(f"call frame information with the operation {operation:#x}")
