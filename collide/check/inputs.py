"""A check of inputs given by path: read one at a time, or shared out among processes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from collide.check.check import Report, check
from collide.hosts.select import Candidate
from collide.loader.host import Host
from collide.support.errors import InputError
from collide.support.progress import Progress, no_progress
from collide.wheels.target import Target, find_each, try_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.check.parallel import Options

_SMALL = 8_000_000
"""Bytes of wheels that are checked sooner than a second process helps with them."""


def check_inputs(
    inputs: Iterable[str | Target],
    hosts: Sequence[Candidate | Host],
    *,
    insist: bool = False,
    together: bool = True,
    rtld_global: Sequence[str] = (),
    remedies: bool = False,
    exposure: bool = True,
    jobs: int | None = 1,
    progress: Progress = no_progress,
) -> Report:
    """As :func:`collide.check.check.check`, for inputs that may be paths and directories of wheels.

    An input that cannot be read is among the problems of the report, before
    those of members. With ``together`` two inputs or more are opened in one
    process, too. ``jobs`` is the number of processes, None for as many CPUs as
    this process may use where there is work for them; targets that are read
    already are checked in this process. An iterator is read only as the check
    proceeds.
    """
    found: Iterable[str | Target | InputError] = find_each(inputs)
    total = None
    if isinstance(inputs, Sequence):
        found = list(found)
        total = len(found)
        together = together and total > 1
        if (processes := _processes(found, jobs)) > 1:
            from collide.check.parallel import Options  # late: start-up

            options = Options(insist, together, rtld_global, remedies, exposure)
            return _shared_out(found, hosts, processes, options, progress)
    errors: list[InputError] = []
    report = check(
        _read(found, total, errors, progress),
        hosts,
        insist=insist,
        together=together,
        rtld_global=rtld_global,
        remedies=remedies,
        exposure=exposure,
        progress=progress,
    )
    return _with_problems(report, errors)


def _shared_out(
    found: Sequence[str | Target | InputError],
    hosts: Sequence[Candidate | Host],
    processes: int,
    options: Options,
    progress: Progress,
) -> Report:
    from collide.check.parallel import check_in_parallel  # late: start-up

    paths = [one for one in found if isinstance(one, str)]
    report, failed = check_in_parallel(paths, hosts, processes, options, progress)
    numbers = iter(range(len(paths)))
    errors = (one if isinstance(one, InputError) else failed.get(next(numbers)) for one in found)
    return _with_problems(report, [e for e in errors if e is not None])


def _with_problems(report: Report, unreadable: Iterable[InputError]) -> Report:
    return report._replace(problems=(*unreadable, *report.problems))


def _read(
    found: Iterable[str | Target | InputError],
    total: int | None,
    errors: list[InputError],
    progress: Progress,
) -> Iterator[Target]:
    """The targets one after the other; ``errors`` gets those of the others."""
    for done, one in enumerate(found):
        if total is not None:
            progress("input", done, total)
        target = try_read(one)
        if isinstance(target, InputError):
            errors.append(target)
        else:
            yield target


def _processes(found: Sequence[str | Target | InputError], jobs: int | None) -> int:
    """How many processes to use where ``jobs`` are asked for; 1 where there is little to do."""
    paths = [one for one in found if isinstance(one, str)]
    if len(paths) < 2 or any(isinstance(one, Target) for one in found):
        return 1
    if jobs is None:
        size = sum(os.path.getsize(path) if os.path.isfile(path) else _SMALL for path in paths)
        jobs = len(os.sched_getaffinity(0)) if size >= _SMALL else 1
    return min(jobs, len(paths))
