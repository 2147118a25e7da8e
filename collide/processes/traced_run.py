"""Runs a command until a signal ends one of its processes, and keeps what that process was then.

The command and all that it starts are traced (ptrace(2), PTRACE_SEIZE): the kernel stops a thread
for each signal and before its end (PTRACE_EVENT_EXIT), when memory and registers are still those
of the signal. So handlers run as ever, and what they end otherwise is no crash. In a program that
runs nothing of Python there is no other way without a core file.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from collide.processes import ptrace
from collide.processes.capture import capture
from collide.processes.image import Fault, ProcessImage
from collide.processes.live import open_process
from collide.processes.registers import fault_of
from collide.support.errors import InputError
from collide.support.records import NamedTuple
from collide.support.signals import signal_name

FATAL = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSYS)
"""Signals that a process gets for what it has done itself (signal(7), action "Core")."""
_OPTIONS = ptrace.O_FORK | ptrace.O_VFORK | ptrace.O_CLONE | ptrace.O_EXIT
_GRACE = 10
_LONGEST = 0.1
_SI_TKILL = -6
_STOPPING = (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)


class At(NamedTuple):
    """When to look at the process besides: after so many seconds, or at a signal, which it does
    not get.
    """

    seconds: float | None = None
    signal: int | None = None


class Traced(NamedTuple):
    """A process as it was, the status of the command as that of subprocess, and why then.

    ``image`` is None where nothing could be kept. ``why`` is a clause: ``got SIGSEGV``.
    """

    image: ProcessImage | None
    status: int
    why: str


def run_traced(
    command: Sequence[str], environment: Mapping[str, str], at: At | None = None
) -> Traced:
    """Run ``command``, whose standard output goes to standard error.

    What is kept is the first process that a fatal signal ends; else the one at the mark ``at``,
    after which the command is told to end (SIGTERM); else the process of the command at its end.
    Raises InputError where the command cannot be run or traced.
    """
    pid = _start(command, environment)
    with _waiting():
        try:
            ptrace.seize(pid, _OPTIONS)
        except OSError as e:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            reason = f"cannot be traced: {e.strerror} (ptrace(2), PTRACE_SEIZE)"
            raise InputError(command[0], reason) from e
        os.kill(pid, signal.SIGCONT)
        return _Run(pid, at or At()).to_the_end()


@contextmanager
def _waiting() -> Iterator[None]:
    """With SIGCHLD kept for sigtimedwait(2), and the terminal's signals left to the command."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    handlers = {n: signal.signal(n, signal.SIG_IGN) for n in (signal.SIGINT, signal.SIGQUIT)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """The process of the command, stopped before it is one: a shell that will become it.

    Raises InputError where the command is not there.
    """
    program = shutil.which(command[0], path=environment.get("PATH"))
    if program is None:
        raise InputError(command[0], "there is no such command")
    gate = 'kill -STOP $$; exec "$@"'
    process = subprocess.Popen(
        ["/bin/sh", "-c", gate, "sh", program, *command[1:]], env=dict(environment), stdout=2
    )
    os.waitpid(process.pid, os.WUNTRACED)
    # It is waited for here, and not by the destructor of Popen.
    process.returncode = 0
    return process.pid


class _Run:
    """One run: the stops of all its threads, in a loop."""

    def __init__(self, pid: int, at: At) -> None:
        self._pid = pid
        self._at = at
        self._due = None if at.seconds is None else time.monotonic() + at.seconds
        self._last: dict[int, ptrace.SignalInfo] = {}
        self._kept: ProcessImage | None = None
        self._why = ""
        self._crashed: tuple[int, int] | None = None
        self._told = False
        self._status: int | None = None

    def to_the_end(self) -> Traced:
        """Wait until the command has ended."""
        while self._status is None:
            self._wait()
            while self._status is None:
                try:
                    tid, status = os.waitpid(-1, ptrace.WALL | os.WNOHANG)
                except ChildProcessError:
                    self._status = self._status or 0
                    break
                if not tid:
                    break
                self._take(tid, status)
        return Traced(self._kept, self._status, self._why or _ending(self._status))

    def _wait(self) -> None:
        """Sleep until a thread has stopped or ended; look at the command when it is time."""
        left = _LONGEST if self._due is None else self._due - time.monotonic()
        if self._due is None or left > 0:
            # Where the caller has threads after all, one of them may get the signal.
            signal.sigtimedwait({signal.SIGCHLD}, min(left, _LONGEST))
            return
        if self._told:
            os.kill(self._pid, signal.SIGKILL)
            self._due = None
            return
        self._mark(self._pid, f"was read after {self._at.seconds:g} seconds")

    def _mark(self, pid: int, why: str) -> None:
        """Keep a process as it is now, and tell the command to end."""
        if not self._crashed:
            self._keep(pid, None, None, why)
        self._told = True
        self._due = time.monotonic() + _GRACE
        os.kill(self._pid, signal.SIGTERM)

    def _take(self, tid: int, status: int) -> None:
        """One change of a thread (wait(2), ptrace(2) "Stopped states")."""
        if not os.WIFSTOPPED(status):
            self._last.pop(tid, None)
            if tid == self._pid:
                self._status = os.waitstatus_to_exitcode(status)
            return
        number, event = os.WSTOPSIG(status), status >> 16
        if event == ptrace.EVENT_EXIT:
            self._ends(tid)
            ptrace.cont(tid)
        elif event == ptrace.EVENT_STOP and number in _STOPPING:
            ptrace.listen(tid)
        elif event:
            ptrace.cont(tid)
        elif number == self._at.signal and not self._told:
            self._mark_signal(tid, number)
            ptrace.cont(tid)
        else:
            self._remember(tid)
            ptrace.cont(tid, number)

    def _mark_signal(self, tid: int, number: int) -> None:
        pid = _process_of(tid)
        self._mark(pid, f"was read when it got {signal_name(number)}")

    def _remember(self, tid: int) -> None:
        try:
            self._last[tid] = ptrace.signal_info(tid)
        except OSError:
            self._last.pop(tid, None)

    def _ends(self, tid: int) -> None:
        """A thread that is about to end."""
        try:
            status = ptrace.event_message(tid)
        except OSError:
            return
        number = status & 0x7F
        last = self._last.get(tid)
        if number in FATAL:
            # The others of its process end with the same status, for a signal that is not theirs.
            if last is not None and last.number == number:
                self._crash(tid, last)
        elif not self._crashed and last is not None and last.number in FATAL:
            # A handler may end the process itself; whether it did is seen on the stack.
            fault = fault_of(*last)._replace(handled=True)
            self._keep(_process_of(tid), tid, fault, f"was read when {_how(status)}")
        elif tid == self._pid and self._kept is None:
            self._keep(tid, None, None, f"was read when {_how(status)}")

    def _crash(self, tid: int, last: ptrace.SignalInfo) -> None:
        """A thread that has got the signal which ends its process.

        A handler that sends the signal to the process once more (kill(2)) may hit another thread:
        of a process the one counts that the kernel has sent it, then one that has sent it itself.
        """
        pid, rank = _process_of(tid), 2 if last.code > 0 else 1 if last.code == _SI_TKILL else 0
        if self._crashed is None or (self._crashed[0] == pid and self._crashed[1] < rank):
            self._crashed = pid, rank
            self._keep(pid, tid, fault_of(*last), f"got {signal_name(last.number)}")

    def _keep(self, pid: int, tid: int | None, fault: Fault | None, why: str) -> None:
        try:
            image = open_process(pid, tid)
            thread = None
            if tid is not None and fault is not None:
                thread = ptrace.registers(tid, image.e_machine, fault.signal)
        except (InputError, OSError) as e:
            self._why = f"{why}, and could not be read: {e}"
            return
        self._kept = capture(image, (thread,) if thread else (), fault)
        self._why = why


def _how(status: int) -> str:
    """A status of wait(2) as a clause."""
    number = status & 0x7F
    if number:
        return f"{signal_name(number)} ended it"
    return f"it ended with status {status >> 8}"


def _ending(status: int) -> str:
    if status < 0:
        return f"was killed by {signal_name(-status)}, which comes from outside"
    return f"ended with status {status}"


def _process_of(tid: int) -> int:
    """The number of the process that a thread belongs to (``Tgid``, proc(5))."""
    try:
        lines = Path(f"/proc/{tid}/status").read_text().splitlines()
        return next(int(x.split()[1]) for x in lines if x.startswith("Tgid:"))
    except (OSError, StopIteration):
        return tid
