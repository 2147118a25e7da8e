"""The pairs of a survey: candidates by a join, and a task that binds some of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from collide.support.errors import InputError
from collide.support.files import working_directory
from collide.support.text import plural
from collide.survey import bounded, dataset
from collide.survey.candidates import candidates, slices
from collide.survey.fetch import bring
from collide.survey.wheel import Bounds, Manners, PairTask, Problem, SurveyedHost, Wheel

_WHEELS = 150
"""Of a task, beside the few that are in most pairs: some minutes of work."""


def pair_tasks(
    directory: Path,
    rules: str,
    hosts: Iterable[SurveyedHost],
    wheels: Iterable[Wheel],
    bounds: Bounds,
    manners: Manners,
) -> Iterator[PairTask]:
    """What is left to do: the candidates among the wheels, whose traces are in the dataset."""
    known = {wheel.sha256: wheel for wheel in _digested(directory, rules, wheels)}
    for host in hosts:
        traces = dataset.traced(directory, rules, host.digest)
        found = candidates(row for row in traces if row[0] in known)
        left = found.keys() - dataset.done_pairs(directory, rules, host.digest)
        for part in slices(left, _WHEELS):
            named = sorted({wheel for pair in part for wheel in pair})
            of = tuple(known[wheel] for wheel in named)
            yield PairTask(host, of, tuple(part), directory.absolute(), rules, bounds, manners)


def _digested(directory: Path, rules: str, wheels: Iterable[Wheel]) -> Iterator[Wheel]:
    """The wheels with the digests that they have in the dataset."""
    columns = ("address", "sha256")
    rows = dataset.by_rules(directory, "wheels", rules).select(columns).to_pylist()
    digests = {row["address"]: row["sha256"] for row in rows}
    for wheel in wheels:
        if sha256 := wheel.sha256 or digests.get(wheel.address):
            yield wheel._replace(sha256=sha256)


def perform_pairs(task: PairTask) -> None:
    """Do a task, and keep its rows."""
    with working_directory() as name:
        scratch = Path(name)
        paths: dict[str, str] = {}
        for wheel in task.wheels:
            below = scratch / wheel.sha256
            below.mkdir()
            try:
                _, path = bring(wheel, task.manners, below)
            except InputError as e:
                problem = Problem(wheel.filename, "download", e.reason, wheel.sha256)
                dataset.write_problems(task.directory, task.rules, [problem])
                continue
            paths[wheel.sha256] = os.fspath(path or "")
        # What could not be fetched is missing, and so left to the next run.
        pairs = [pair for pair in task.pairs if paths.keys() >= set(pair)]
        request = {
            "directory": os.fspath(task.directory),
            "rules": task.rules,
            "pairs": pairs,
            "host": task.host._asdict(),
            "wheels": paths,
            "memory": task.bounds.memory,
        }
        rows, ended = bounded.ask("collide.survey.bound", request, scratch, task.bounds)
    if rows is None:
        lose_pairs(task, ended.reason, ended.kind)
        return
    for table in rows.values():
        for row in table:
            row["rules"] = task.rules
    words = (task.rules, task.host.digest, *(word for pair in pairs for word in pair))
    name = hashlib.sha256("\n".join(words).encode()).hexdigest()
    dataset.write_task(task.directory, name, rows)


def lose_pairs(task: PairTask, reason: str, kind: str = "lost") -> None:
    """Keep the row of a task that has no other."""
    count = f"{len(task.pairs)} pairs on {task.host.name}: {reason}"
    problem = Problem(task.wheels[0].filename, kind, count, task.wheels[0].sha256)
    dataset.write_problems(task.directory, task.rules, [problem])


def pairs_line(directory: Path, rules: str) -> str:
    """How many pairs were bound by these rules, and how they are, as a line."""
    rows = dataset.by_rules(directory, "pairs", rules)
    errors, warnings = (sum(map(bool, rows[n].to_pylist())) for n in ("error", "warning"))
    found = plural(rows.num_rows, "pair")
    return f"{found} that share something: {errors} with an error, {warnings} with a warning"
