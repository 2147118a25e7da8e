"""Writes a core file without the kernel's core pattern: ``core_writer.py CORE N COMMAND...``.

The command runs under ptrace(2). Its first N fatal signals it gets, the next one ends it before any
handler sees it. What is written is what Linux writes by default (core(5), ``coredump_filter``):
private memory that can be written, and the first page of every ELF file that is mapped. A program
of its own, since only a process without threads may fork.
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

NT_PRSTATUS, NT_AUXV, NT_FILE, NT_SIGINFO = 1, 6, 0x46494C45, 0x53494749
NOT_FATAL, REFUSED = 3, 4
"""The statuses of this program where the command ended otherwise, and where ptrace is refused."""
_TRACEME, _CONT, _GETREGS, _GETSIGINFO = 0, 7, 12, 0x4202
_REGISTERS = 27 * 8
_FATAL = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL}


class _Mapping(NamedTuple):
    start: int
    end: int
    permissions: str
    offset: int
    path: str


def main(core: Path, passed: int, command: Sequence[str]) -> int:
    """Run ``command`` and write ``core``; the result is the exit status."""
    ptrace = ctypes.CDLL(None, use_errno=True).ptrace
    ptrace.argtypes = [ctypes.c_long] * 2 + [ctypes.c_void_p] * 2
    pid = os.fork()
    if not pid:
        try:
            devnull = os.open(os.devnull, os.O_RDWR)
            for stream in range(3):
                os.dup2(devnull, stream)
            ptrace(_TRACEME, 0, None, None)
            os.execv(command[0], list(command))
        finally:
            os._exit(127)
    while True:
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            return NOT_FATAL
        number = os.WSTOPSIG(status)
        if number in _FATAL:
            passed -= 1
            if passed < 0:
                break
        ptrace(_CONT, pid, None, None if number == signal.SIGTRAP else number)
    try:
        registers = ctypes.create_string_buffer(_REGISTERS)
        information = ctypes.create_string_buffer(128)
        if ptrace(_GETREGS, pid, None, registers) or ptrace(_GETSIGINFO, pid, None, information):
            return REFUSED
        _write(core, pid, number, registers.raw, information.raw)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return 0


def _write(core: Path, pid: int, number: int, registers: bytes, information: bytes) -> None:
    maps = _mappings(pid)
    status = bytearray(112 + _REGISTERS + 8)
    struct.pack_into("<i", status, 0, number)
    struct.pack_into("<h", status, 12, number)
    struct.pack_into("<i", status, 32, pid)
    status[112 : 112 + _REGISTERS] = registers
    files = [m for m in maps if m.path.startswith("/")]
    named = struct.pack("<QQ", len(files), 4096)
    named += b"".join(struct.pack("<QQQ", m.start, m.end, m.offset // 4096) for m in files)
    named += b"".join(os.fsencode(m.path) + b"\0" for m in files)
    notes = b"".join(
        note(kind, desc)
        for kind, desc in (
            (NT_PRSTATUS, bytes(status)),
            (NT_SIGINFO, information),
            (NT_AUXV, Path(f"/proc/{pid}/auxv").read_bytes()),
            (NT_FILE, named),
        )
    )
    with Path(f"/proc/{pid}/mem").open("rb", 0) as memory:
        core.write_bytes(core_file(notes, [(m.start, _dumped(m, memory.fileno())) for m in maps]))


def note(kind: int, desc: bytes, owner: bytes = b"CORE\0") -> bytes:
    """One ELF note."""
    head = struct.pack("<3I", len(owner), len(desc), kind)
    return head + owner + bytes(-len(owner) % 4) + desc + bytes(-len(desc) % 4)


def core_file(notes: bytes, pieces: Sequence[tuple[int, bytes]], machine: int = 62) -> bytes:
    """A core file of these notes and pieces of memory."""
    count = 1 + len(pieces)
    head = b"\x7fELF\2\1\1" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 4, machine, 1, 0, 64, 0, 0, 64, 56, count, 0, 0, 0)
    at = 64 + 56 * count
    table = struct.pack("<IIQQQQQQ", 4, 4, at, 0, 0, len(notes), 0, 1)
    at += len(notes)
    for start, content in pieces:
        table += struct.pack("<IIQQQQQQ", 1, 6, at, start, 0, len(content), len(content), 1)
        at += len(content)
    return head + table + notes + b"".join(content for _, content in pieces)


def _mappings(pid: int) -> list[_Mapping]:
    found = []
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        m = re.fullmatch(r"([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) \S+ \d+ *(.*)", line)
        assert m
        found.append(_Mapping(int(m[1], 16), int(m[2], 16), m[3], int(m[4], 16), m[5]))
    return found


def _dumped(m: _Mapping, memory: int) -> bytes:
    if m.path.startswith(("[vvar", "[vsyscall")) or "r" not in m.permissions:
        return b""
    # Of a page that relocation has written, RELRO takes the permission away again.
    is_changed = m.permissions[1] == "w" or _is_relro(m)
    if is_changed or not m.path.startswith("/"):
        return os.pread(memory, m.end - m.start, m.start)
    head = os.pread(memory, 4096, m.start)
    return head if head[:4] == b"\x7fELF" and not m.offset else b""


def _is_relro(m: _Mapping) -> bool:
    return m.permissions == "r--p" and bool(m.offset)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
