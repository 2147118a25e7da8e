"""The image of a process: its memory, mappings, auxiliary vector and threads, from any source.

:mod:`collide.processes.live` reads a running process, :mod:`collide.processes.core` a core file.
All that follows asks through :class:`ProcessImage`. Source: getauxval(3), elf.h.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping

from collide.processes.maps import MemoryRange
from collide.support.errors import CollideError
from collide.support.records import NamedTuple

AT_PHDR, AT_PHENT, AT_PHNUM, AT_ENTRY, AT_EXECFN, AT_SYSINFO_EHDR = 3, 4, 5, 9, 31, 33
_BLOCK = 1 << 16
_BLOCKS = 256
_LONGEST = 4096


class MemoryGapError(CollideError):
    """Memory that the process does not have, or that was not written to the core file."""


class Thread(NamedTuple):
    """One thread: its number, and its registers by their numbers in DWARF (psABI).

    ``pc`` and ``sp`` are the program counter and the stack pointer; ``signal`` is the one
    that it was stopped for, 0 for none.
    """

    number: int
    pc: int
    sp: int
    registers: Mapping[int, int]
    signal: int


class Fault(NamedTuple):
    """What ended the process: the number of the signal, and the address that was not there.

    ``handled`` is whether the process has ended otherwise since it got the signal: in its handler,
    if that is on the stack, else for another reason.
    """

    signal: int
    address: int | None
    handled: bool = False


class ProcessImage:
    """A process, at rest or read while it runs.

    ``source`` is how people name it: a path, or ``process 12``. ``bits`` and ``big_endian`` are
    those of its words, ``e_machine`` is its machine. ``threads`` are those whose registers are
    known, the one that a signal has ended first. ``executable`` is the path of its program, where
    that is known; ``notes`` are sentences about what could not be read.
    """

    def __init__(
        self,
        source: str,
        read: Callable[[int, int], bytes],
        *,
        bits: int,
        big_endian: bool,
        e_machine: int,
        maps: tuple[MemoryRange, ...],
        auxv: Mapping[int, int],
        threads: tuple[Thread, ...] = (),
        fault: Fault | None = None,
        executable: str | None = None,
        notes: tuple[str, ...] = (),
        close: Callable[[], None] = lambda: None,
    ) -> None:
        """``read`` gives the bytes at an address, fewer where no more follow without a gap."""
        self.source = source
        self.bits = bits
        self.big_endian = big_endian
        self.e_machine = e_machine
        self.maps = maps
        self.auxv = auxv
        self.threads = threads
        self.fault = fault
        self.executable = executable
        self.notes = notes
        self.close = close
        self._read = read
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    @property
    def word(self) -> int:
        """The size of an address in bytes."""
        return self.bits // 8

    def read(self, address: int, size: int) -> bytes:
        """``size`` bytes at an address; raises MemoryGapError."""
        start = address % _BLOCK
        if start + size <= _BLOCK:
            found = self._block(address - start)[start : start + size]
        else:
            found = self._read(address, size)
        if len(found) != size:
            # A block may begin in a gap.
            found = self._read(address, size)
        if len(found) != size:
            raise MemoryGapError(f"no memory at {address:#x}")
        return found

    def available(self, address: int, size: int) -> bytes:
        """The bytes at an address, fewer where no more follow without a gap."""
        return self._read(address, size)

    def _block(self, address: int) -> bytes:
        """The memory around an address, kept: slots and stacks are read word by word."""
        block = self._blocks.get(address)
        if block is None:
            block = self._blocks[address] = self._read(address, _BLOCK)
            if len(self._blocks) > _BLOCKS:
                self._blocks.popitem(last=False)
        return block

    def integer(self, address: int, size: int) -> int:
        """An unsigned integer; raises MemoryGapError."""
        return int.from_bytes(self.read(address, size), "big" if self.big_endian else "little")

    def pointer(self, address: int) -> int:
        """A word; raises MemoryGapError."""
        return self.integer(address, self.word)

    def pointers(self, address: int, count: int) -> tuple[int, ...]:
        """Words that follow each other; raises MemoryGapError."""
        return tuple(self.pointer(address + n * self.word) for n in range(count))

    def string(self, address: int) -> str:
        """A string that ends with a NUL, of at most 4096 bytes; raises MemoryGapError."""
        found = b""
        while len(found) < _LONGEST:
            # Up to the end of its page: the next one may be missing.
            size = min(256, 4096 - (address + len(found)) % 4096)
            piece, end, _ = self.read(address + len(found), size).partition(b"\0")
            found += piece
            if end:
                return found.decode("utf-8", "surrogateescape")
        raise MemoryGapError(f"no string at {address:#x}")
