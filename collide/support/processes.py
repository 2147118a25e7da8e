"""Work shared out among forked processes: each task is a number, each result bytes.

What the work needs is inherited with the fork, so only results are copied. Where there is no fork
the work is done in this process.
"""

from __future__ import annotations

import gc
import math
import os
import pickle
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, cast

from collide.support.faults import traceback_of
from collide.support.records import NamedTuple
from collide.support.signals import signal_name
from collide.support.system import can_fork

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess


class Lost(NamedTuple):
    """A task without a result, as its process died: ``reason`` is how, in a clause."""

    reason: str


class Raised(NamedTuple):
    """The exception that the work raised in place of a result."""

    error: Exception


class _Worker(NamedTuple):
    process: ForkProcess
    pipe: Connection


class _Running(NamedTuple):
    worker: _Worker
    place: int
    task: int
    until: float


_RESULT, _ERROR, _OUT_OF_MEMORY = b"R", b"E", b"M"
_NO_MEMORY = "ran out of memory"
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def share_out(
    work: Callable[[int], bytes],
    tasks: Iterable[int],
    jobs: int,
    seconds: float = math.inf,
    *,
    alike: bool = False,
) -> Iterator[tuple[int, bytes | Raised | Lost]]:
    """Do ``work`` on each of ``tasks`` in up to ``jobs`` processes; results as they are finished.

    Tasks are begun in their order; where those beside each other are ``alike``, each process goes
    on from its last one, and the first ones are far apart. A process that dies takes only its own
    task with it, as does one that takes longer than ``seconds`` for a task and is killed. All
    processes end with the iterator, however it ends, and with this process.
    """
    if not can_fork():
        yield from _one_by_one(work, tasks)
        return
    waiting = dict(enumerate(tasks))
    running: dict[Connection, _Running] = {}

    def begin(worker: _Worker | None, last: int = -1) -> None:
        """Give ``worker``, whose ``last`` task stood there, or a new one, a task; or end it."""
        if waiting:
            worker = worker or _start(work, list(running))
            place = _beside(waiting, last) if alike else next(iter(waiting))
            until = monotonic() + seconds
            running[worker.pipe] = _Running(worker, place, waiting.pop(place), until)
            # Whether it has died meanwhile shows when its result is read.
            with suppress(OSError):
                worker.pipe.send_bytes(b"%d" % running[worker.pipe].task)
        elif worker:
            worker.pipe.close()
            worker.process.join()

    try:
        for _ in range(min(jobs, len(waiting))):
            begin(None)
        while running:
            for pipe in _ready(running):
                worker, place, task, _ = running.pop(pipe)
                result = _received(worker) if pipe.poll() else _killed(worker, seconds)
                begin(None if isinstance(result, Lost) else worker, place)
                yield task, result
    finally:
        for one in running.values():
            one.worker.process.terminate()
        for one in running.values():
            one.worker.process.join()
            one.worker.pipe.close()


def _beside(waiting: Iterable[int], last: int) -> int:
    """The place behind the ``last`` one, or else the middle of the longest row of places."""
    rows: list[list[int]] = []
    for place in waiting:
        if place == last + 1:
            return place
        if not rows or rows[-1][-1] != place - 1:
            rows.append([])
        rows[-1].append(place)
    longest = max(rows, key=len)
    return longest[len(longest) // 2]


def _one_by_one(
    work: Callable[[int], bytes], tasks: Iterable[int]
) -> Iterator[tuple[int, bytes | Raised | Lost]]:
    for task in tasks:
        try:
            result: bytes | Raised | Lost = work(task)
        except MemoryError:
            result = Lost(_NO_MEMORY)
        except Exception as e:
            result = Raised(e)
        yield task, result


def _ready(running: Mapping[Connection, _Running]) -> list[Connection]:
    """The pipes of the workers that have a result, have died, or have used up their time."""
    from multiprocessing.connection import wait  # late: start-up

    until = min(one.until for one in running.values())
    found = wait(list(running), None if until == math.inf else max(0, until - monotonic()))
    now = monotonic()
    late = (pipe for pipe, one in running.items() if one.until <= now and pipe not in found)
    return [*cast("list[Connection]", found), *late]


def _start(work: Callable[[int], bytes], others: list[Connection]) -> _Worker:
    from multiprocessing import get_context  # late: start-up

    context = get_context("fork")
    ours, theirs = context.Pipe()
    arguments = (work, theirs, [ours, *others], os.getpid())
    process = context.Process(target=_serve, args=arguments, daemon=True)
    # An interrupt is for the parent, which ends the others; none may come before they ignore it.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    theirs.close()
    return _Worker(process, ours)


def _serve(
    work: Callable[[int], bytes], pipe: Connection, inherited: list[Connection], parent: int
) -> None:
    """What a worker does: take a task, send its result, until the pipe is closed."""
    end_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    # What is older than the fork is shared with the parent: a collector would write to it.
    if hasattr(gc, "freeze"):  # PyPy's has none
        gc.freeze()
    for end in inherited:
        # Else this process would keep the parent's ends open when that has died.
        end.close()
    with suppress(EOFError, OSError):
        while True:
            pipe.send_bytes(_answer(work, int(pipe.recv_bytes())))


def end_with(parent: int) -> None:
    """Let the kernel kill this process when ``parent`` ends, however busy it is (prctl(2))."""
    with suppress(ImportError, OSError, AttributeError):
        from ctypes import CDLL  # late: for workers only

        CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # It ended before that was asked for.
        signal.raise_signal(signal.SIGKILL)


def _answer(work: Callable[[int], bytes], task: int) -> bytes:
    try:
        return _RESULT + work(task)
    except MemoryError:
        return _OUT_OF_MEMORY
    except Exception as e:
        try:
            packed = pickle.dumps(e)
            pickle.loads(packed)  # noqa: S301
        except Exception:
            packed = pickle.dumps(RuntimeError(traceback_of(e)))
        return _ERROR + packed


def _received(worker: _Worker) -> bytes | Raised | Lost:
    try:
        message = worker.pipe.recv_bytes()
    except (EOFError, OSError):
        worker.pipe.close()
        worker.process.join()
        return Lost(_ending(worker.process.exitcode or 0))
    if message == _OUT_OF_MEMORY:
        worker.pipe.close()
        worker.process.join()
        return Lost(_NO_MEMORY)
    if message.startswith(_ERROR):
        # A process of our own wrote it.
        return Raised(pickle.loads(message[1:]))  # noqa: S301
    return message[1:]


def _killed(worker: _Worker, seconds: float) -> Lost:
    worker.process.kill()
    worker.pipe.close()
    worker.process.join()
    return Lost(f"took longer than {seconds:g} seconds")


def _ending(exit_code: int) -> str:
    if exit_code >= 0:
        return f"ended with status {exit_code}"
    if exit_code == -signal.SIGKILL:
        return "was killed (SIGKILL), as the kernel does when memory runs out"
    return f"was ended by {signal_name(-exit_code)}"
