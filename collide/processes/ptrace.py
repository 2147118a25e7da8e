"""The calls of ptrace(2) that read a thread at a stop, through ctypes.

Processes are seized (PTRACE_SEIZE), never attached: seizing stops nothing, and when the tracer
ends, by SIGKILL as well, the kernel detaches from all, lets those that are stopped go on, and
delivers the signals that they were stopped for. PTRACE_O_EXITKILL would end them: it is not used.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from contextlib import suppress

from collide.processes.image import Thread
from collide.processes.registers import thread_of
from collide.support.records import NamedTuple

_CONT, _DETACH = 7, 17
_GETEVENTMSG, _GETSIGINFO, _GETREGSET, _SEIZE, _INTERRUPT, _LISTEN = (
    *(0x4201, 0x4202, 0x4204, 0x4206, 0x4207, 0x4208),
)  # fmt: skip
_NT_PRSTATUS = 1
O_FORK, O_VFORK, O_CLONE, O_EXIT = 1 << 1, 1 << 2, 1 << 3, 1 << 6
"""Options of :func:`seize`: new processes and threads are seized, too; a stop before the end."""
EVENT_EXIT, EVENT_STOP = 6, 128
"""The kinds of a stop that is for no signal, those of new processes and threads left out."""
WALL = 0x40000000
"""The option of waitpid(2) that waits for threads, too (``__WALL``)."""


class SignalInfo(NamedTuple):
    """The fields of a siginfo_t that tell a fault."""

    number: int
    code: int
    address: int


class _Iovec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def _request(request: int, tid: int, address: int, data: object) -> None:
    """Call ptrace(2); raises OSError."""
    call = ctypes.CDLL(None, use_errno=True).ptrace
    call.restype = ctypes.c_long
    call.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if call(request, tid, address, data) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def seize(tid: int, options: int = 0) -> None:
    """Begin to trace a thread, which runs on; raises OSError."""
    _request(_SEIZE, tid, 0, options)


def interrupt(tid: int) -> None:
    """Stop a thread that is traced; raises OSError."""
    _request(_INTERRUPT, tid, 0, None)


def cont(tid: int, signal: int = 0) -> None:
    """Let a thread go on, with a signal or none; one that has ended meanwhile is no error."""
    _let_go(_CONT, tid, signal)


def listen(tid: int) -> None:
    """Leave a thread stopped by SIGSTOP until SIGCONT; one that has ended is no error."""
    _let_go(_LISTEN, tid, 0)


def detach(tid: int) -> None:
    """Let a thread go on that is not traced any more; one that has ended is no error."""
    _let_go(_DETACH, tid, 0)


def _let_go(request: int, tid: int, signal: int) -> None:
    with suppress(ProcessLookupError):
        _request(request, tid, 0, signal)


def event_message(tid: int) -> int:
    """What a stop for an event tells: at EVENT_EXIT the status of wait(2). Raises OSError."""
    found = ctypes.c_ulong()
    _request(_GETEVENTMSG, tid, 0, ctypes.byref(found))
    return found.value


def signal_info(tid: int) -> SignalInfo:
    """The signal that a thread is stopped for; raises OSError."""
    found = ctypes.create_string_buffer(128)
    _request(_GETSIGINFO, tid, 0, found)
    number, _, code = struct.unpack_from("3i", found)
    place = 16 if struct.calcsize("P") == 8 else 12
    return SignalInfo(number, code, *struct.unpack_from("P", found, place))


def registers(tid: int, e_machine: int, signal: int = 0) -> Thread | None:
    """The registers of a thread at a stop; None where they are not known. Raises OSError."""
    found = ctypes.create_string_buffer(1024)
    place = _Iovec(ctypes.addressof(found), len(found))
    _request(_GETREGSET, tid, _NT_PRSTATUS, ctypes.byref(place))
    order = "<" if sys.byteorder == "little" else ">"
    try:
        return thread_of(e_machine, order, found.raw[: place.length], tid, signal)
    except struct.error:
        # A program of 32 bits on a machine of 64.
        return None
