"""One task of a survey: fetch a wheel, check it in a process of its own, keep the rows.

What ends that process, a signal, no memory, no time, is a row. The wheel is removed afterwards.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
from functools import lru_cache
from pathlib import Path

from collide.support.errors import InputError
from collide.support.files import working_directory
from collide.support.limits import limit_in
from collide.support.records import NamedTuple
from collide.survey import dataset
from collide.survey.index import DEFAULT, Index
from collide.survey.rows import rows_of
from collide.survey.wheel import Manners, Problem, Task, Wheel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_OBJECT_SUFFIXES = (".so", ".pyd")
_ERROR_LENGTH = 500
_REFUSED = 2  # status of collide check


class _Checked(NamedTuple):
    """What the process of a check has left: its report, why there is none, and what it cost.

    ``seconds`` are of CPU time, ``memory`` is the peak in bytes.
    """

    report: Mapping[str, Any]
    problem: Problem | None
    seconds: float = 0.0
    memory: int = 0


def perform(task: Task) -> str:
    """Do a task, and keep its rows; the result is its wheel's file name."""
    with working_directory() as scratch:
        try:
            wheel, path = _bring(task.wheel, task.manners, Path(scratch))
        except InputError as e:
            keep_problem(task, Problem(task.wheel.filename, "download", e.reason))
            return task.wheel.filename
        if path is None:
            reason = "none of its files is named as a shared object"
            checked = _Checked(_NOTHING, Problem(wheel.filename, "nothing", reason))
        else:
            checked = _check(task, path, Path(scratch))
        _keep(task, wheel, checked)
    return wheel.filename


def keep_problem(task: Task, problem: Problem) -> None:
    """Keep the row of a task that has no other."""
    dataset.write_problems(task.directory, task.rules, [problem])


def _bring(wheel: Wheel, manners: Manners, scratch: Path) -> tuple[Wheel, Path | None]:
    """The wheel with its size and digest, and its file; None where it has no shared object.

    Raises InputError.
    """
    path = scratch / wheel.filename
    if "://" not in wheel.address:
        path = Path(wheel.address)
    elif wheel.address.startswith(("https://", "http://")):
        index = _index(manners)
        names = index.names_in(wheel.address) if wheel.sha256 else None
        if names is not None and not any(map(_is_object, names)):
            return wheel, None
        index.fetch(wheel.address, path)
    else:
        _copy(wheel.address, path)
    try:
        brought = wheel.digested(path)
    except OSError as e:
        raise InputError(str(path), e.strerror or str(e)) from e
    if wheel.sha256 not in ("", brought.sha256):
        raise InputError(wheel.address, f"has the SHA-256 {brought.sha256}, not {wheel.sha256}")
    return brought, path


@lru_cache(maxsize=8)
def _index(manners: Manners) -> Index:
    return Index(DEFAULT, manners)


def _is_object(name: str) -> bool:
    return name.endswith(_OBJECT_SUFFIXES) or ".so." in name


def _copy(address: str, path: Path) -> None:
    import fsspec  # late: for buckets only

    try:
        with fsspec.open(address) as source, path.open("wb") as file:
            shutil.copyfileobj(source, file)
    except (ImportError, OSError, ValueError) as e:
        raise InputError(address, str(e)) from e


def _check(task: Task, path: Path, scratch: Path) -> _Checked:
    """Run ``collide check`` on a wheel."""
    report, said = scratch / "report.json", scratch / "stderr"
    command = [sys.executable, "-m", "collide", "check", os.fspath(path), "--format", "json"]
    command += ["-o", os.fspath(report), "--jobs", "1", "--fail-on", "never", "--allow-unchecked"]
    # What is configured where a worker happens to run is nothing to the dataset.
    command += ["--isolated"]
    for limit in task.limits:
        command += ["--limit", limit]
    for host in task.hosts:
        command += ["--profile", host.spec]

    with said.open("wb") as stderr:
        process = subprocess.Popen(
            command, cwd=scratch, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr
        )
        resource.prlimit(process.pid, resource.RLIMIT_DATA, (task.memory, task.memory))
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(task.seconds, end)
        timer.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
        finally:
            timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    error = said.read_text(errors="replace").strip()
    return _Checked(
        json.loads(report.read_bytes()) if report.exists() else _NOTHING,
        _problem(task, process.returncode, error, is_late=late.is_set()),
        used.ru_utime + used.ru_stime,
        used.ru_maxrss << 10,
    )


def _problem(task: Task, status: int, error: str, *, is_late: bool) -> Problem | None:
    """Why a check has no report, or one that is not whole."""
    reason = (error.splitlines() or [""])[-1].removeprefix("collide: ")[:_ERROR_LENGTH]
    if is_late:
        kind, reason = "time", f"took longer than {task.seconds} seconds"
    elif status == -signal.SIGKILL or "MemoryError" in error or "out of memory" in error:
        kind, reason = "memory", reason or f"needs more than {task.memory >> 20} MiB"
    elif status == _REFUSED:
        kind = "limit" if limit_in(reason) else "unreadable"
    elif status:
        ended = f"ended by {signal.Signals(-status).name}" if status < 0 else f"status {status}"
        kind, reason = "fault", reason or ended
    else:
        return None
    return Problem(task.wheel.filename, kind, reason)


def _keep(task: Task, wheel: Wheel, checked: _Checked) -> None:
    rows = rows_of(checked.report, task.hosts)
    columns = {name: getattr(wheel, name) for name in _WHEEL_COLUMNS}
    cost = {"seconds": checked.seconds, "memory": checked.memory}
    rows["wheels"] = [{"wheel": wheel.filename, **columns, **cost}]
    rows["problems"] = [checked.problem._asdict()] if checked.problem else []
    for table in rows.values():
        for row in table:
            row["sha256"], row["rules"] = wheel.sha256, task.rules
    name = dataset.task_name(wheel.sha256, task.hosts, task.rules)
    dataset.write_task(task.directory, name, rows)


_WHEEL_COLUMNS = ("project", "version", "address", "uploaded", "size")
_NOTHING = dict.fromkeys(("analyses", "causes", "findings", "exposed", "left_out"), ())
"""The report of a check that has none."""
