"""Work in forked processes: every result, whatever happens to a worker, and nobody left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from multiprocessing import active_children
from pathlib import Path
from typing import NoReturn

import pytest

from collide.support.errors import InputError
from collide.support.processes import Lost, Raised, share_out


def test_tasks_beside_each_other_are_done_by_one_process() -> None:
    def work(_number: int) -> bytes:
        time.sleep(0.01)
        return b"%d" % os.getpid()

    answers = share_out(work, range(40), 2, alike=True)
    by = [answer for _, answer in sorted(answers)]
    assert len(set(by)) == 2
    assert by[0] != by[20]
    # Which of the two is slower is left to the machine.
    assert sum(one != other for one, other in pairwise(by)) < 10


def test_every_task_is_done_once_and_in_other_processes() -> None:
    answers = dict(share_out(lambda n: b"%d %d" % (n * n, os.getpid()), range(20), 3))
    said = {n: a.split() for n, a in answers.items() if isinstance(a, bytes)}
    assert {n: int(square) for n, (square, _) in said.items()} == {n: n * n for n in range(20)}
    pids = {pid for _, pid in said.values()}
    assert 1 <= len(pids) <= 3
    assert b"%d" % os.getpid() not in pids
    assert not active_children()


def test_large_result_comes_whole() -> None:
    ((_, answer),) = share_out(lambda _: bytes(5_000_000), [0], 1)
    assert answer == bytes(5_000_000)


@pytest.mark.parametrize("jobs", [1, 2])
def test_worker_that_is_killed_takes_only_its_own_task_with_it(jobs: int) -> None:
    def work(n: int) -> bytes:
        if n == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return b"done"

    answers = dict(share_out(work, range(6), jobs))
    lost = answers.pop(1)
    assert isinstance(lost, Lost)
    assert "SIGKILL" in lost.reason
    assert answers == dict.fromkeys((0, 2, 3, 4, 5), b"done")


def test_worker_without_memory_is_lost() -> None:
    def work(_: int) -> NoReturn:
        raise MemoryError

    assert dict(share_out(work, [7], 1)) == {7: Lost("ran out of memory")}


def test_error_comes_back_as_it_was_raised() -> None:
    def work(_: int) -> NoReturn:
        raise InputError("a.whl", "is no wheel")

    ((_, answer),) = share_out(work, [0], 1)
    assert isinstance(answer, Raised)
    assert isinstance(answer.error, InputError)
    assert (answer.error.path, answer.error.reason) == ("a.whl", "is no wheel")


def test_error_that_cannot_be_sent_comes_as_its_traceback() -> None:
    class OddError(Exception):
        pass

    def work(_: int) -> NoReturn:
        raise OddError("what happened")

    ((_, answer),) = share_out(work, [0], 1)
    assert isinstance(answer, Raised)
    assert "what happened" in str(answer.error)


def test_no_process_outlives_the_iterator() -> None:
    def work(n: int) -> bytes:
        if n:
            time.sleep(60)
        return b""

    answers = share_out(work, range(3), 3)
    assert next(answers) == (0, b"")
    assert active_children()
    began = time.monotonic()
    answers.close()  # type: ignore[attr-defined]
    assert not active_children()
    assert time.monotonic() - began < 30


def test_task_that_takes_too_long_is_lost_alone() -> None:
    def work(n: int) -> bytes:
        if n == 1:
            time.sleep(60)
        return b"done"

    start = time.monotonic()
    answers = dict(share_out(work, range(4), 2, seconds=0.5))
    assert time.monotonic() - start < 20
    assert answers.pop(1) == Lost("took longer than 0.5 seconds")
    assert answers == dict.fromkeys((0, 2, 3), b"done")
    assert not active_children()


_PARENT = """
import os, sys, time
from collide.support.processes import share_out

def work(n):
    os.write(1, b"%d\\n" % os.getpid())  # whole, whatever the other one writes
    while True:  # neither reads nor writes what its parent has
        pass

dict(share_out(work, range(2), 2))
"""


def test_workers_end_with_their_parent_however_busy_they_are() -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        try:
            workers = [int(parent.stdout.readline()) for _ in range(2)]
        finally:
            parent.kill()
    for worker in workers:
        deadline = time.monotonic() + 10
        while _is_alive(worker) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not _is_alive(worker)


def _is_alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
