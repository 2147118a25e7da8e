"""Shares the tasks of a survey out among Dask workers."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TypeVar

import dask
from distributed import Client, KilledWorker, LocalCluster, as_completed
from distributed.comm import CommClosedError

from collide.support.errors import InputError

T = TypeVar("T")
LOCAL = "local"
_SETTINGS = {
    # A worker that dies takes its task with it; that is tried once more, alone.
    "distributed.scheduler.allowed-failures": 0,
    # Workers wait for processes of their own, so there is nothing in them to look at so often: by
    # default this takes 6 % of a core with two workers, and 1 % so.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.worker.memory.monitor-interval": "10s",
}
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
    dask.config.set(_SETTINGS)
    if address != LOCAL:
        try:
            client = Client(address, timeout="30s")
        except (OSError, ValueError) as e:
            raise InputError(address, f"no scheduler answers: {e}") from e
        with client:
            yield client
        return
    with _uninterrupted():
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            # What a check takes is limited in its own process; nothing is held here.
            memory_limit=None,
            dashboard_address=":0",
            silence_logs=logging.CRITICAL,
        )
    with cluster, Client(cluster) as client:
        yield client


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """What is started here does not get Ctrl-C of a terminal, which is for the client alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def run(
    client: Client,
    tasks: Sequence[T],
    work: Callable[[T], object],
    report: Callable[[], object],
    lose: Callable[[T, str], None],
) -> None:
    """Do all tasks, in their order; ``report`` is called when one is finished.

    One whose worker dies is tried once more, alone, and given to ``lose`` if that dies too, with
    the reason. Raises InputError when the scheduler has gone.
    """
    address, lost, twice = client.scheduler.address, list[T](), list[T]()
    try:
        _share_out(client, tasks, work, lost, report, _AHEAD * max(1, len(client.nthreads())))
        _share_out(client, lost, work, twice, report, 1)
    except (CancelledError, CommClosedError) as e:
        raise InputError(address, "the scheduler has gone; run again to go on") from e
    for task in twice:
        lose(task, "its worker died, twice")
        report()


def _share_out(
    client: Client,
    tasks: Sequence[T],
    work: Callable[[T], object],
    lost: list[T],
    report: Callable[[], object],
    ahead: int,
) -> None:
    waiting = iter(tasks)
    running = {}

    def begin() -> list[object]:
        task = next(waiting, None)
        if task is None:
            return []
        future = client.submit(work, task, pure=False)
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
            report()
        for another in begin():
            futures.add(another)
