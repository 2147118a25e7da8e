"""The helper of :mod:`collide.crash`: sleeps until the process that it watches is about to die.

Started as a program of its own; what it imports before that is little.
"""

from __future__ import annotations

import os
import select
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from collide.processes.crashing import Dying


def main(arguments: Sequence[str]) -> None:
    """Watch a process: a descriptor of the pipe, its number, and the path of its report."""
    pipe, pid, report = int(arguments[0]), int(arguments[1]), arguments[2]
    os.write(1, b"ready\n")
    os.dup2(2, 1)
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    while any(event & select.POLLIN for _, event in poll.poll()):
        _crashed(pipe, pid, report)


def _crashed(pipe: int, likely: int, report: str) -> None:
    """One process that has written to the pipe."""
    from collide.cli.streams import complain  # late: for a crash
    from collide.processes.crashing import Dying, find_writer  # late: for a crash
    from collide.support.errors import CollideError  # late: for a crash

    writer = find_writer(pipe, likely)
    if writer is None:
        _relay(os.read(pipe, 1 << 16))
        complain(f"process {likely}: crashed, and could not be found in /proc: no report")
        return
    try:
        dying = Dying(writer)
    except CollideError as e:
        _relay(os.read(pipe, 1 << 16))
        complain(f"{e}: no report of its crash")
        return
    try:
        said = dying.last_words(pipe)
        _relay(said)
        _report(dying, said, report.replace("{pid}", str(writer.pid)))
    finally:
        dying.release()


def _relay(said: bytes) -> None:
    """Print what faulthandler has written where it would have been printed."""
    sys.stderr.buffer.write(said)
    sys.stderr.flush()


def _report(dying: Dying, said: bytes, report: str) -> None:
    from pathlib import Path  # late: for a crash

    from collide.cli.streams import complain, complain_of, write  # late: for a crash
    from collide.filesystems.root import Root  # late: for a crash
    from collide.inspect.inspect import inspect  # late: for a crash
    from collide.inspect.python_stack import of_faulthandler  # late: for a crash
    from collide.processes.crashing import name_of  # late: for a crash
    from collide.report.inspect import verdict  # late: for a crash
    from collide.report.inspect_formats import rendered  # late: for a crash
    from collide.support.errors import CollideError  # late: for a crash
    from collide.support.faults import problem_of  # late: for a crash

    try:
        found = inspect(dying.image, Root())
        found = found._replace(python=of_faulthandler(said.decode(errors="replace")))
        write(rendered(found, Path(report).suffix.removeprefix(".")), report)
    except CollideError as e:
        complain_of(e)
        return
    except Exception as e:
        complain_of(problem_of(dying.image.source, e))
        return
    told = verdict(found) or "no signal has ended it"
    complain(f"{dying.image.source} got {name_of(dying.image.fault)}: {told}; see {report}")
