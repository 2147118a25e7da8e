"""Runs a survey: chooses wheels, hands out what is left to do, and collects the rows."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from collide.support.errors import InputError
from collide.support.records import NamedTuple
from collide.survey import dataset, plan
from collide.survey.choose import limited, wheels_of
from collide.survey.engine import run
from collide.survey.index import Index
from collide.survey.sources import asked_for
from collide.survey.wheel import Manners, Problem, Task, Wheel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from distributed import Client

    from collide.support.progress import Progress
    from collide.survey.choose import Tags


class Options(NamedTuple):
    """What a survey is made of; see ``collide survey --help``.

    ``stdin`` are the lines that the input ``-`` stands for, ``memory`` is in bytes, ``seconds`` are
    of wall time for one wheel.
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
    memory: int
    seconds: int
    limits: tuple[str, ...] = ()


class Prepared(NamedTuple):
    """A survey before its tasks are done: how many wheels and hosts it has, what is left to do."""

    wheels: int
    hosts: int
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
    wheels = [_hashed(wheel) for wheel in limited(_chosen(options, problems), options.limit)]
    done = frozenset(dataset.done(directory, rules))
    tasks = tuple(
        Task(
            wheel,
            missing,
            directory.absolute(),
            rules,
            options.memory,
            options.seconds,
            options.manners,
            options.limits,
        )
        for wheel, missing in plan.left_to_do(wheels, hosts, done)
    )
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    about = {"began": now, "rules": rules, "inputs": options.inputs, "wheels": len(wheels)}
    dataset.add_run(directory, {**about, "hosts": {h.name: h.digest for h in hosts}})
    dataset.write_problems(directory, rules, problems)
    dataset.collect(directory)
    return Prepared(len(wheels), len(hosts), tasks)


def perform_all(client: Client, directory: Path, tasks: Sequence[Task], progress: Progress) -> None:
    """Do the tasks. Raises InputError when the scheduler has gone.

    However it ends, the rows that are there are collected, and a later run goes on.
    """
    finished = itertools.count(1)

    def report(_filename: str) -> None:
        progress("wheel", next(finished), len(tasks))

    try:
        run(client, tasks, report)
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
