"""Runs a survey: chooses wheels, hands out what is left to do, and collects the rows."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from collide.support.errors import InputError
from collide.support.records import NamedTuple
from collide.survey import dataset, plan
from collide.survey.choose import limited, wheels_of
from collide.survey.engine import run
from collide.survey.index import Index
from collide.survey.sources import asked_for
from collide.survey.together import lose_pairs, pair_tasks, perform_pairs
from collide.survey.wheel import (
    Bounds,
    Manners,
    PairTask,
    Problem,
    SurveyedHost,
    Task,
    Wheel,
)
from collide.survey.work import keep_problem, perform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from distributed import Client

    from collide.support.progress import Progress
    from collide.survey.choose import Tags


class Options(NamedTuple):
    """What a survey is made of; see ``collide survey --help``.

    ``stdin`` are the lines that the input ``-`` stands for.
    """

    inputs: tuple[str, ...]
    stdin: str
    profiles: tuple[str, ...]
    directory: Path
    index_url: str
    manners: Manners
    tags: Tags
    since: str
    limit: int | None
    bounds: Bounds
    pairs: bool = False


class Prepared(NamedTuple):
    """A survey before its tasks are done: its wheels and hosts, and what is left to do."""

    wheels: tuple[Wheel, ...]
    hosts: tuple[SurveyedHost, ...]
    tasks: tuple[Task, ...]


def prepare(options: Options) -> Prepared:
    """Make the dataset or go on with one, and find out what is left to do. Raises CollideError."""
    directory = options.directory
    dataset.create(directory)
    dataset.collect(directory)
    dataset.forget_problems(directory)
    rules = plan.rules()
    hosts = plan.hosts_of(options.profiles, directory)
    problems: list[Problem] = []
    chosen = limited(_chosen(options, problems), options.limit)
    wheels = tuple(_hashed(wheel) for wheel in chosen)
    done = frozenset(dataset.done(directory, rules))
    traced = frozenset(dataset.done(directory, rules, "traces")) if options.pairs else None
    tasks = (
        Task(*left, directory.absolute(), rules, options.bounds, options.manners)
        for left in plan.left_to_do(wheels, hosts, done, traced)
    )
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    about = {"began": now, "rules": rules, "inputs": options.inputs, "wheels": len(wheels)}
    dataset.add_run(directory, {**about, "hosts": {h.name: h.digest for h in hosts}})
    dataset.write_problems(directory, rules, problems)
    dataset.collect(directory)
    largest = sorted(tasks, key=lambda task: (-task.wheel.size, task.wheel.filename))
    return Prepared(wheels, hosts, tuple(largest))


def prepare_pairs(options: Options, prepared: Prepared) -> tuple[PairTask, ...]:
    """The pairs that are left to do when all wheels are done."""
    rules, bounds, manners = plan.rules(), options.bounds, options.manners
    found = pair_tasks(options.directory, rules, prepared.hosts, prepared.wheels, bounds, manners)
    return tuple(found)


def perform_all(client: Client, directory: Path, tasks: Sequence[Task], progress: Progress) -> None:
    """Do the tasks. Raises InputError when the scheduler has gone.

    However it ends, the rows that are there are collected, and a later run goes on.
    """

    def lose(task: Task, reason: str) -> None:
        keep_problem(task, Problem(task.wheel.filename, "lost", reason))

    with _collecting(directory):
        run(client, tasks, perform, _counted("wheel", len(tasks), progress), lose)


def perform_all_pairs(
    client: Client, directory: Path, tasks: Sequence[PairTask], progress: Progress
) -> None:
    """The same of pairs."""
    report = _counted("pairs", len(tasks), progress)
    with _collecting(directory):
        run(client, tasks, perform_pairs, report, lose_pairs)


def _counted(what: str, total: int, progress: Progress) -> Callable[[], object]:
    finished = itertools.count(1)
    return lambda: progress(what, next(finished), total)


@contextmanager
def _collecting(directory: Path) -> Iterator[None]:
    try:
        yield
    finally:
        dataset.collect(directory)


def _chosen(options: Options, problems: list[Problem]) -> Iterator[Wheel]:
    index = Index(options.index_url, options.manners)
    for asked in asked_for(options.inputs, index, options.stdin):
        name = asked.project or asked.address
        try:
            found = wheels_of(asked, index, options.tags, options.since)
        except InputError as e:
            problems.append(Problem(name, "download", e.reason))
            continue
        if not found:
            reason = "the index has no compiled wheel for Linux, of these versions and dates"
            problems.append(Problem(name, "nothing", reason))
        yield from found


def _hashed(wheel: Wheel) -> Wheel:
    """A wheel of a directory with its digest, so that it is known whether it is done."""
    if wheel.sha256 or "://" in wheel.address:
        return wheel
    path = Path(wheel.address).absolute()
    return wheel._replace(address=str(path)).digested(path)
