"""A process that is about to die and waits in a write to a pipe; see :mod:`collide.crash`."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator
from pathlib import Path

from collide.processes import ptrace
from collide.processes.capture import capture
from collide.processes.image import Fault, ProcessImage
from collide.processes.live import open_process
from collide.support.errors import InputError
from collide.support.records import NamedTuple
from collide.support.signals import signal_name

_PACKET = 4096
_LONGEST = 30
_SHORT = 0.02
_MOST = 1 << 20


class Writer(NamedTuple):
    """A thread that writes to a pipe, and its process."""

    pid: int
    tid: int


def find_writer(pipe: int, likely: int, *, seconds: float = 5) -> Writer | None:
    """The thread that waits until there is room in the pipe behind a descriptor of this process.

    ``likely`` is the process that is asked first. None where there is none in that time, or
    processes may not be looked into.
    """
    name, due = f"pipe:[{os.fstat(pipe).st_ino}]", time.monotonic() + seconds
    while time.monotonic() < due:
        numbers = [int(d.name) for d in Path("/proc").iterdir() if d.name.isdigit()]
        for pid in (likely, *(n for n in numbers if n not in (likely, os.getpid()))):
            for tid in _writing(pid, name):
                return Writer(pid, tid)
        time.sleep(_SHORT)
    return None


def _writing(pid: int, pipe: str) -> Iterator[int]:
    """The threads of a process that are in a system call with a descriptor of a pipe."""
    directory = Path(f"/proc/{pid}")
    try:
        ends = {int(link.name) for link in (directory / "fd").iterdir() if _target(link) == pipe}
        if not ends:
            return
        for task in (directory / "task").iterdir():
            # The number of the call and its first argument (proc(5)); "running" for none.
            words = (task / "syscall").read_text().split()
            if len(words) > 2 and words[1].startswith("0x") and int(words[1], 16) in ends:
                yield int(task.name)
    except OSError:
        return


def _target(link: Path) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""


class Dying:
    """A process at its end, traced by the thread that a signal has met."""

    def __init__(self, writer: Writer) -> None:
        """Stop it, copy what is needed, and let it go on to its end; raises InputError."""
        self._tid = writer.tid
        self.image = self._copied(writer)
        self._ended = False
        self._signal = 0

    def _copied(self, writer: Writer) -> ProcessImage:
        image = open_process(writer.pid, writer.tid)
        try:
            ptrace.seize(writer.tid, ptrace.O_EXIT)
        except OSError as e:
            image.close()
            reason = f"cannot be traced: {e.strerror} (ptrace(2), PTRACE_SEIZE)"
            raise InputError(image.source, reason) from e
        ptrace.interrupt(writer.tid)
        os.waitpid(writer.tid, ptrace.WALL)
        thread = ptrace.registers(writer.tid, image.e_machine)
        found = capture(image, (thread,) if thread else ())
        ptrace.cont(writer.tid)
        return found

    def last_words(self, pipe: int) -> bytes:
        """What it writes until it ends, or is about to; then it is held.

        The image has got its fault then: the signal that ends it.
        """
        said, due = b"", time.monotonic() + _LONGEST
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        while not self._ended and time.monotonic() < due:
            if any(event & select.POLLIN for _, event in poll.poll(1000 * _SHORT)):
                said += os.read(pipe, _PACKET)[: _MOST - len(said)]
            self._stops()
        while any(event & select.POLLIN for _, event in poll.poll(0)):
            said += os.read(pipe, _PACKET)[: _MOST - len(said)]
        return said

    def _stops(self) -> None:
        """Let it go on from each stop but the last one, before its end."""
        while True:
            try:
                tid, status = os.waitpid(self._tid, ptrace.WALL | os.WNOHANG)
            except ChildProcessError:
                self._ended = True
                return
            if not tid:
                return
            if not os.WIFSTOPPED(status):
                self._ended = True
                return
            if status >> 16 == ptrace.EVENT_EXIT:
                self._ended = True
                number = ptrace.event_message(tid) & 0x7F
                self.image.fault = Fault(number or self._signal, None)
                return
            number = 0 if status >> 16 else os.WSTOPSIG(status)
            self._signal = number or self._signal
            ptrace.cont(tid, number)

    def release(self) -> None:
        """Let it end."""
        ptrace.detach(self._tid)


def name_of(fault: Fault | None) -> str:
    """The signal of a fault by its name."""
    return signal_name(fault.signal) if fault is not None else "no signal"
