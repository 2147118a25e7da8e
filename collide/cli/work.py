"""A check as the command runs it: in how many processes, and with its progress shown."""

from __future__ import annotations

import os

from collide.cli.progress import Progress
from collide.support.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from collide.check.check import Report
    from collide.hosts.select import Candidate
    from collide.wheels.target import Target

SMALL = 8_000_000
"""Bytes of wheels that are checked sooner than a second process helps with them."""


def jobs_argument(parser: argparse.ArgumentParser) -> None:
    """``--jobs``."""
    parser.add_argument(
        "--jobs",
        type=_positive,
        metavar="N",
        help="processes to share the inputs out among (default: the CPUs that collide may use, "
        "and 1 for a single input or little work)",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def checked(
    args: argparse.Namespace, hosts: list[Candidate], together: bool
) -> tuple[Report, list[InputError]]:
    """The report on the inputs of ``args``, and what of them cannot be read."""
    inputs = list(_inputs(args.inputs))
    paths = [one for one in inputs if not isinstance(one, InputError)]
    jobs = min(args.jobs or _cpus(paths), len(paths))
    with Progress() as progress:
        if jobs < 2:
            unreadable: list[InputError] = []
            targets = _read(inputs, unreadable, progress)
            return check_here(args, targets, hosts, together, progress), unreadable
        from collide.check.parallel import Options, check_in_parallel

        options = Options(
            bool(args.profile), together, args.session_global, args.remedies, args.exposure
        )
        report, failed = check_in_parallel(paths, hosts, jobs, options, progress)
    numbers = iter(range(len(paths)))
    told = [one if isinstance(one, InputError) else failed.get(next(numbers)) for one in inputs]
    return report, [one for one in told if one is not None]


def check_here(
    args: argparse.Namespace,
    targets: Iterable[Target],
    hosts: list[Candidate],
    together: bool,
    progress: Progress,
) -> Report:
    """The report on ``targets``, made in this process."""
    from collide.check.check import check

    return check(
        targets,
        hosts,
        insist=bool(args.profile),
        together=together,
        rtld_global=args.session_global,
        remedies=args.remedies,
        exposure=args.exposure,
        progress=progress,
    )


def _read(
    inputs: list[str | InputError], unreadable: list[InputError], progress: Progress
) -> Iterator[Target]:
    """The targets one after the other; what cannot be read is collected, not fatal."""
    from collide.wheels.target import read_target

    for done, one in enumerate(inputs):
        progress("input", done, len(inputs))
        try:
            if isinstance(one, InputError):
                raise one
            yield read_target(one)
        except InputError as e:
            unreadable.append(e)


def _inputs(names: Iterable[str]) -> Iterator[str | InputError]:
    """What these arguments stand for, in order, or why one stands for nothing."""
    from collide.wheels.target import find_inputs

    for name in names:
        try:
            yield from find_inputs([name])
        except InputError as e:
            yield e


def _cpus(paths: list[str]) -> int:
    """The CPUs that this process may use; 1 where there is little to do."""
    if len(paths) < 2:
        return 1
    size = sum(os.path.getsize(path) if os.path.isfile(path) else SMALL for path in paths)
    return len(os.sched_getaffinity(0)) if size >= SMALL else 1
