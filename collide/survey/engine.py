"""Shares the tasks of a survey out among Dask workers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from importlib.util import find_spec

import dask
from distributed import Client, KilledWorker, LocalCluster, as_completed
from distributed.comm import CommClosedError

from collide.support.errors import InputError
from collide.survey.wheel import Problem, Task
from collide.survey.work import keep_problem, perform

LOCAL = "local"
_AHEAD = 4
"""Tasks for each worker that are handed out at a time."""


def dashboard(client: Client) -> str:
    """The address of Dask's page about the running work; empty without bokeh, which makes it."""
    return client.dashboard_link if find_spec("bokeh") else ""


@contextmanager
def engine(address: str, workers: int) -> Iterator[Client]:
    """A cluster of this machine, or the one at ``address``. Raises InputError without one."""
    # What it says of a lost connection is said in a line.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    # A worker that dies takes its task with it; that is tried once more, alone.
    dask.config.set({"distributed.scheduler.allowed-failures": 0})
    if address != LOCAL:
        try:
            client = Client(address, timeout="30s")
        except (OSError, ValueError) as e:
            raise InputError(address, f"no scheduler answers: {e}") from e
        with client:
            yield client
        return
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            # What a check takes is limited in its own process; nothing is held here.
            memory_limit=None,
            dashboard_address=":0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def run(client: Client, tasks: Sequence[Task], report: Callable[[str], None]) -> None:
    """Do all tasks, the largest wheels first; ``report`` gets the name of each that is finished.

    Raises InputError when the scheduler has gone.
    """
    waiting = sorted(tasks, key=lambda task: (-task.wheel.size, task.wheel.filename))
    address, lost, twice = client.scheduler.address, list[Task](), list[Task]()
    try:
        _share_out(client, waiting, lost, report, _AHEAD * max(1, len(client.nthreads())))
        _share_out(client, lost, twice, report, 1)
    except (CancelledError, CommClosedError) as e:
        raise InputError(address, "the scheduler has gone; run again to go on") from e
    for task in twice:
        keep_problem(task, Problem(task.wheel.filename, "lost", "its worker died, twice"))
        report(task.wheel.filename)


def _share_out(
    client: Client,
    tasks: Sequence[Task],
    lost: list[Task],
    report: Callable[[str], None],
    ahead: int,
) -> None:
    waiting = iter(tasks)
    running = {}

    def begin() -> list[object]:
        task = next(waiting, None)
        if task is None:
            return []
        future = client.submit(perform, task, pure=False)
        running[future.key] = task
        return [future]

    futures = as_completed([future for _ in range(ahead) for future in begin()])
    for future in futures:
        task = running.pop(future.key)
        try:
            future.result()
        except KilledWorker:
            lost.append(task)
        else:
            report(task.wheel.filename)
        for another in begin():
            futures.add(another)
