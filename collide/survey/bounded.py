"""Work of a survey in a process of its own, which may take so much memory and time, and no more.

The process of :func:`ask` reads what it is asked for from a file in its working directory, and
leaves its answer beside it.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from collide.support.errors import CollideError
from collide.support.files import new_file
from collide.support.foreign import from_json, json_value
from collide.support.limits import limit_in, override
from collide.support.processes import end_with
from collide.support.records import NamedTuple
from collide.support.signals import signal_name
from collide.survey.wheel import Bounds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ERROR_LENGTH = 500
_INTERVAL = 0.05
"""Seconds between two looks at a process."""
_REQUEST, _ANSWER, _PEAK = "request.json", "answer.json", "peak"
_REFUSED = 2  # status of collide for an input that cannot be read


class Ended(NamedTuple):
    """How a process has ended: its problem, as a kind and a reason, and what it cost.

    ``kind`` is one of :data:`collide.survey.wheel.KINDS`, empty for a good end; ``seconds`` are
    of CPU time, ``memory`` is the peak in bytes.
    """

    kind: str
    reason: str
    seconds: float
    memory: int


def run(program: str, words: Sequence[str], scratch: Path, bounds: Bounds) -> Ended:
    """Run a program of Python in a directory, where what it says is kept.

    It ends with this process, in whatever way that does.
    """
    watched = f"from {end_with.__module__} import end_with; end_with({os.getpid()})"
    program = f"{watched}; from {__name__} import keep_peak; keep_peak(); {program}"
    said, kept = scratch / "stderr", scratch / _PEAK
    kept.unlink(missing_ok=True)
    with said.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-c", program, *words],
            cwd=scratch,
            stdin=subprocess.DEVNULL,
            stdout=stderr,
            stderr=stderr,
        )
        resource.prlimit(process.pid, resource.RLIMIT_DATA, (bounds.memory, bounds.memory))
        peak, is_late = _watch(process, bounds.seconds)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    error = said.read_text(errors="replace").strip()
    kind, reason = _problem(bounds, process.returncode, error, scratch, is_late=is_late)
    if kept.exists():
        peak = int(kept.read_text())
    # A process has the peak of the one that has started it as its own (getrusage(2), execve(2)).
    elif used.ru_maxrss > resource.getrusage(resource.RUSAGE_SELF).ru_maxrss:
        peak = used.ru_maxrss << 10
    return Ended(kind, reason, used.ru_utime + used.ru_stime, peak)


def _watch(process: subprocess.Popen[bytes], seconds: int) -> tuple[int, bool]:
    """Wait for the end, killing what takes too long: the peak in bytes, and whether it did."""
    until, peak = time.monotonic() + seconds, _peak(process.pid)
    descriptor = os.pidfd_open(process.pid)
    try:
        while not select.select([descriptor], [], [], _INTERVAL)[0]:
            peak = max(peak, _peak(process.pid))
            if time.monotonic() > until:
                process.kill()
                return peak, True
    finally:
        os.close(descriptor)
    return peak, False


def keep_peak() -> None:
    """Leave the peak of this process in its working directory when it ends by itself."""
    place = Path(_PEAK).absolute()
    atexit.register(lambda: place.write_text(str(_peak(os.getpid()))))


def _peak(process: int) -> int:
    """The peak so far (proc_pid_status(5)), 0 of a process that has ended."""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) << 10 if found else 0


def _problem(
    bounds: Bounds, status: int, error: str, scratch: Path, *, is_late: bool
) -> tuple[str, str]:
    """Why a process has no answer, or one that is not whole."""
    reason = (error.splitlines() or [""])[-1].removeprefix("collide: ")
    # Where a worker has put a file is nothing to a dataset.
    reason = reason.replace(f"{scratch}{os.sep}", "")[:_ERROR_LENGTH]
    if is_late:
        return "time", f"took longer than {bounds.seconds} seconds"
    if status == -signal.SIGKILL or "MemoryError" in error or "out of memory" in error:
        return "memory", reason or f"needs more than {bounds.memory >> 20} MiB"
    if status == _REFUSED:
        return "limit" if limit_in(reason) else "unreadable", reason
    if status:
        ended = f"ended by {signal_name(-status)}" if status < 0 else f"status {status}"
        return "fault", reason or ended
    return "", ""


def ask(
    module: str, request: Mapping[str, object], scratch: Path, bounds: Bounds
) -> tuple[Any, Ended]:
    """What :func:`answered` in ``answer()`` of a module has answered, and how it ended.

    The answer is None where there is none. Strings are as in the JSON report.
    """
    answer = scratch / _ANSWER
    answer.unlink(missing_ok=True)
    document = json_value({**request, "limits": bounds.limits})
    (scratch / _REQUEST).write_bytes(document.encode())
    ended = run(f"from {module} import answer; answer()", (), scratch, bounds)
    if not answer.exists():
        return None, ended
    found = json.loads(answer.read_bytes())
    if reason := found.get("reason"):
        ended = ended._replace(kind="limit" if limit_in(reason) else "unreadable", reason=reason)
    return found.get("answer"), ended


def answered(work: Callable[[Mapping[str, Any]], object]) -> None:
    """Do ``work``, of what was asked for in the working directory, and leave its result there."""
    asked = from_json(Path(_REQUEST).read_bytes())
    found: dict[str, object]
    try:
        override(dict(limit.split("=", 1) for limit in asked["limits"]))
        found = {"answer": work(asked)}
    except CollideError as e:
        found = {"reason": str(e)}
    with new_file(_ANSWER) as file:
        file.write(json_value(found, compact=True).encode())
