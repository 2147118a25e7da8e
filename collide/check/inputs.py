"""A check of inputs given by path: read one at a time, or shared out among processes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from collide.check.check import Report, check
from collide.hosts.select import Candidate, candidates_of
from collide.loader.host import Host
from collide.loader.opening import ALL_NOW, ModePatterns
from collide.support.errors import InputError, UsageError
from collide.support.progress import Progress, no_progress
from collide.support.system import can_fork, usable_cpus
from collide.wheels.target import Target, find_each, try_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from collide.check.parallel import CheckOptions

    StrPath: TypeAlias = str | os.PathLike[str]

_SMALL = 8_000_000
"""Bytes of wheels, those of a single one once for each host, that one process checks as soon as
two do."""


def check_inputs(
    inputs: StrPath | Target | Iterable[StrPath | Target],
    hosts: Host | Iterable[Host | Candidate] | None = None,
    *,
    together: bool = True,
    modes: ModePatterns | None = None,
    remedies: bool = False,
    exposure: bool = True,
    imports: Sequence[str] = (),
    jobs: int | None = 1,
    progress: Progress = no_progress,
) -> Report:
    """What :func:`collide.api.check` documents."""
    modes = modes or ALL_NOW
    if imports:
        return _imported(inputs, hosts, imports, modes, remedies=remedies)
    if modes.rtld_global and not together:
        raise UsageError("modules are opened RTLD_GLOBAL for inputs that are looked at together")
    insist = hosts is not None
    candidates = candidates_of(hosts)
    found: Iterable[str | Target | InputError] = find_each(_given(inputs))
    total = None
    # Of an iterator one target is in memory at a time.
    if not isinstance(inputs, Iterator):
        found = list(found)
        total = len(found)
        together = together and total > 1
        if (processes := _processes(found, candidates, jobs)) > 1:
            from collide.check.parallel import CheckOptions  # late: start-up

            options = CheckOptions(insist, together, modes, remedies, exposure)
            report = _shared_out(found, candidates, processes, options, progress)
            modes.refuse_unmatched(_modules(report))
            return _installed(report, found, options.together, insist)
    errors: list[InputError] = []
    report = check(
        _read(found, total, errors, progress),
        candidates,
        insist=insist,
        together=together,
        modes=modes,
        remedies=remedies,
        exposure=exposure,
        progress=progress,
    )
    modes.refuse_unmatched(_modules(report))
    read = [] if isinstance(found, Iterator) else found
    return _installed(_with_problems(report, errors), read, together, insist)


def _imported(
    inputs: StrPath | Target | Iterable[StrPath | Target],
    hosts: Host | Iterable[Host | Candidate] | None,
    imports: Sequence[str],
    modes: ModePatterns,
    *,
    remedies: bool,
) -> Report:
    from collide.check.imports import check_imports  # late: start-up

    given = list(_given(inputs))
    if remedies or any(isinstance(one, Target) for one in given):
        raise UsageError("imports are followed in installed trees, and no remedies are tried there")
    paths = [one for one in given if isinstance(one, str)]
    report = check_imports(paths, hosts, imports, modes)
    modes.refuse_unmatched(_modules(report))
    return report


def _installed(
    report: Report, found: Iterable[str | Target | InputError], together: bool, insist: bool
) -> Report:
    """The report with what is missing when all inputs that could be read are installed."""
    inputs = [one for one in found if not isinstance(one, InputError)]
    if not together or not any(one.findings for one in report.judged) or len(inputs) < 2:
        return report
    from collide.check.installed import judged_together  # late: start-up

    return judged_together(report, inputs, insist)


def _modules(report: Report) -> list[str]:
    return [m.name for judged in report.judged for m in judged.analysis.modules]


def _given(inputs: StrPath | Target | Iterable[StrPath | Target]) -> Iterator[str | Target]:
    if isinstance(inputs, str | os.PathLike | Target):
        inputs = (inputs,)
    return (one if isinstance(one, Target) else os.fspath(one) for one in inputs)


def _shared_out(
    found: Sequence[str | Target | InputError],
    candidates: Sequence[Candidate],
    processes: int,
    options: CheckOptions,
    progress: Progress,
) -> Report:
    from collide.check.parallel import (  # late: start-up
        check_hosts_in_parallel,
        check_in_parallel,
    )

    paths = [one for one in found if isinstance(one, str)]
    if len(found) == 1:
        one = check_hosts_in_parallel(paths[0], candidates, processes, options, progress)
        return Report((), (), (one,)) if isinstance(one, InputError) else one
    report, failed = check_in_parallel(paths, candidates, processes, options, progress)
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


def _processes(
    found: Sequence[str | Target | InputError], candidates: Sequence[Candidate], jobs: int | None
) -> int:
    """How many processes to use where ``jobs`` are asked for; 1 where there is little to do.

    The hosts of a single file are shared out, otherwise the inputs are.
    """
    paths = [one for one in found if isinstance(one, str)]
    if not paths or any(isinstance(one, Target) for one in found) or not can_fork():
        return 1
    alone = len(found) == 1 and os.path.isfile(paths[0])
    tasks = len(candidates) if alone else len(paths)
    if tasks < 2:
        return 1
    if jobs is None:
        size = sum(os.path.getsize(path) if os.path.isfile(path) else _SMALL for path in paths)
        much = size * (len(candidates) if alone else 1) >= _SMALL
        jobs = usable_cpus() if much else 1
    return min(jobs, tasks)
