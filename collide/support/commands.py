"""Runs of other programs that end in time, with all that they have started."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile

from collide.support.records import NamedTuple
from collide.support.signals import signal_name
from collide.support.system import IS_LINUX

_PR_SET_PDEATHSIG = 1


class Ended(NamedTuple):
    """How a program ended: ``status`` as subprocess has it, negative for a signal.

    ``stdout`` and ``stderr`` are what it printed.
    """

    status: int
    stdout: str
    stderr: str

    @property
    def signal(self) -> str | None:
        """The name of the signal that ended it."""
        return signal_name(-self.status) if self.status < 0 else None


def _die_with_parent() -> Callable[[], object] | None:
    """What a child calls to be killed when its parent ends, in whatever way (prctl(2))."""
    if not IS_LINUX:
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def run_command(
    words: Sequence[str],
    *,
    cwd: str | Path,
    timeout: float,
    environment: Mapping[str, str] | None = None,
    progress: Callable[[], object] = lambda: None,
) -> Ended:
    """Run a program in its own session, without input.

    ``timeout`` is in seconds; a program for which the value of ``progress`` changes
    meanwhile gets as much again. ``environment`` is by default that of this process. Raises
    OSError when it cannot be run and subprocess.TimeoutExpired when it does not end in time.
    """
    # Files, as a process left behind would hold a pipe open for ever.
    with TemporaryFile() as out, TemporaryFile() as err:
        status = run_in_session(
            words, cwd, environment, out.fileno(), err.fileno(), timeout, progress
        )[1]
        said = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode(errors="replace"))
        return Ended(status, *said)


def run_in_session(
    words: Sequence[str],
    cwd: str | Path,
    environment: Mapping[str, str] | None,
    stdout: int,
    stderr: int,
    timeout: float,
    progress: Callable[[], object] = lambda: None,
) -> tuple[int, int]:
    """Process id and status of a program that was run as :func:`run_command` does."""
    process = subprocess.Popen(
        words,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        preexec_fn=_die_with_parent(),  # noqa: PLW1509  no threads
    )
    try:
        last = progress()
        while True:
            try:
                return process.pid, process.wait(timeout)
            except subprocess.TimeoutExpired:
                now = progress()
                if now == last:
                    raise
                last = now
    finally:
        if process.poll() is None:
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
            process.wait()
