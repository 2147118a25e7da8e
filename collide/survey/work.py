"""One task of a survey: fetch a wheel, check it in a process of its own, keep the rows.

What ends that process, a signal, no memory, no time, is a row. The wheel is removed afterwards.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from collide.support.errors import InputError
from collide.support.files import working_directory
from collide.support.records import NamedTuple
from collide.survey import bounded, dataset
from collide.survey.fetch import bring
from collide.survey.rows import no_traces, rows_of
from collide.survey.wheel import Problem, Task, Wheel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from collide.survey.rows import Row


_COLLIDE = "from collide.__main__ import run; run()"


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
    with working_directory() as name:
        scratch = Path(name)
        try:
            wheel, path = bring(task.wheel, task.manners, scratch)
        except InputError as e:
            keep_problem(task, Problem(task.wheel.filename, "download", e.reason))
            return task.wheel.filename
        checked = _Checked(_NOTHING, None)
        traced, problem = no_traces(task.traced), None
        if path is None:
            reason = "none of its files is named as a shared object"
            checked = _Checked(_NOTHING, Problem(wheel.filename, "nothing", reason))
        else:
            if task.hosts:
                checked = _check(task, path, scratch)
            if task.traced:
                traced, problem = _trace(task, path, scratch)
        _keep(task, wheel, checked, traced, problem)
    return wheel.filename


def keep_problem(task: Task, problem: Problem) -> None:
    """Keep the row of a task that has no other."""
    dataset.write_problems(task.directory, task.rules, [problem])


def _check(task: Task, path: Path, scratch: Path) -> _Checked:
    """Run ``collide check`` on a wheel."""
    report = scratch / "report.json"
    command = ["check", os.fspath(path), "--format", "json"]
    command += ["-o", os.fspath(report), "--jobs", "1", "--fail-on", "never", "--allow-unchecked"]
    # What is configured where a worker happens to run is nothing to the dataset.
    command += ["--isolated"]
    for limit in task.bounds.limits:
        command += ["--limit", limit]
    for host in task.hosts:
        command += ["--profile", host.spec]
    ended = bounded.run(_COLLIDE, command, scratch, task.bounds)
    found = json.loads(report.read_bytes()) if report.exists() else _NOTHING
    return _Checked(found, *_cost(task, ended))


def _trace(task: Task, path: Path, scratch: Path) -> tuple[list[Row], Problem | None]:
    """The traces of a wheel, or a row for each host that says that there are none."""
    hosts = [host._asdict() for host in task.traced]
    request = {"wheel": os.fspath(path), "hosts": hosts}
    rows, ended = bounded.ask("collide.survey.traced", request, scratch, task.bounds)
    problem, _, _ = _cost(task, ended)
    return (no_traces(task.traced) if problem or rows is None else rows), problem


def _cost(task: Task, ended: bounded.Ended) -> tuple[Problem | None, float, int]:
    kind, reason, seconds, memory = ended
    problem = Problem(task.wheel.filename, kind, reason) if kind else None
    return problem, seconds, memory


def _keep(
    task: Task, wheel: Wheel, checked: _Checked, traced: list[Row], problem: Problem | None
) -> None:
    rows = rows_of(checked.report, task.hosts)
    columns = {name: getattr(wheel, name) for name in _WHEEL_COLUMNS}
    cost = {"seconds": checked.seconds, "memory": checked.memory}
    rows["wheels"] = [{"wheel": wheel.filename, **columns, **cost}]
    problems = dict.fromkeys(one for one in (checked.problem, problem) if one)
    rows["problems"] = [one._asdict() for one in problems]
    rows["traces"] = traced
    for table in rows.values():
        for row in table:
            row["sha256"], row["rules"] = wheel.sha256, task.rules
    name = dataset.task_name(wheel.sha256, (task.hosts, task.traced), task.rules)
    dataset.write_task(task.directory, name, rows)


_WHEEL_COLUMNS = ("project", "version", "address", "uploaded", "size", "requires")
_NOTHING = dict.fromkeys(("analyses", "causes", "findings", "exposed", "left_out"), ())
"""The report of a check that has none."""
