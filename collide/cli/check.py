"""``collide check``: find what breaks, wheels on hosts."""

from __future__ import annotations

import os

from collide.cli.inputs import candidates_of, targets
from collide.cli.options import host_arguments, jobs_argument, rtld_global_argument
from collide.cli.progress import Progress
from collide.cli.streams import (
    EXIT_CLEAN,
    EXIT_FINDINGS,
    EXIT_NOTHING,
    EXIT_USAGE,
    complain,
    write,
)
from collide.report.check.formats import FORMATS, Shown
from collide.support.errors import InputError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from collide.check.check import Report
    from collide.hosts.select import Candidate
    from collide.report.probes import Counted
    from collide.wheels.target import Target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``collide check --help``."""
    from argparse import BooleanOptionalAction

    parser.add_argument(
        "inputs",
        nargs="*",
        metavar="WHEEL|DIR|SO",
        help="without any: what is installed in the active virtual environment, on its interpreter",
    )
    host_arguments(parser, required=False)
    parser.add_argument("--format", choices=tuple(FORMATS), default="text")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the report to FILE")
    parser.add_argument(
        "--fail-on",
        choices=("error", "warning", "note", "never"),
        default="error",
        help="lowest severity that makes the exit status 1 (default: error)",
    )
    parser.add_argument(
        "--exposure",
        action=BooleanOptionalAction,
        default=True,
        help="note what any host could take; changes no exit status (default: on)",
    )
    parser.add_argument(
        "--remedies",
        action="store_true",
        help="try changes of the wheel and of the host against each finding, in memory",
    )
    parser.add_argument(
        "--no-together",
        dest="together",
        action="store_false",
        help="look at each input alone, not at what two of them change for each other",
    )
    rtld_global_argument(parser)
    parser.add_argument(
        "--probes",
        action="store_true",
        help="also count the files that the loader tries for each module, on hosts given as binary",
    )
    jobs_argument(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="list every symbol")


def run(args: argparse.Namespace) -> int:
    """The exit status."""
    several = not args.inputs or len(args.inputs) > 1 or os.path.isdir(args.inputs[0])
    together = args.together and several
    if args.session_global and not together:
        raise UsageError("--rtld-global needs several inputs, looked at together")
    if args.probes and not FORMATS[args.format].probes:
        raise UsageError(f"--format {args.format} has no place for --probes")
    unreadable: list[InputError] = []
    if args.inputs:
        chosen = candidates_of(args)
        report, unreadable = _checked(args, chosen, together)
    else:
        installed = _environment(args)
        chosen = candidates_of(args)
        with Progress() as progress:
            report = _check_here(args, installed, chosen, together, progress)
    problems = [*unreadable, *report.problems]
    for problem in problems:
        complain(str(problem))
    if not report.judged:
        for line in dict.fromkeys(_why_nothing(report, args)):
            complain(line)
    _show(args, report, unreadable, chosen)
    misfits = args.profile and any(not one.empty for one in report.left_out)
    if problems or (misfits and not report.judged):
        return EXIT_USAGE
    if not report.judged:
        return EXIT_NOTHING
    return _status(args, report)


def _show(
    args: argparse.Namespace,
    report: Report,
    unreadable: list[InputError],
    chosen: list[Candidate],
) -> None:
    chosen_format = FORMATS[args.format]
    if not (report.judged or chosen_format.document or args.output):
        return
    probes = tuple(_probes(args, chosen)) if args.probes else None
    shown = Shown(report, tuple(unreadable), probes, args.verbose)
    write(chosen_format.render(shown), args.output)


def _status(args: argparse.Namespace, report: Report) -> int:
    from collide.findings.code import Severity

    worst = report.worst()
    if worst is None or args.fail_on == "never":
        return EXIT_CLEAN
    return EXIT_FINDINGS if worst >= Severity[args.fail_on.upper()] else EXIT_CLEAN


def _environment(args: argparse.Namespace) -> Iterator[Target]:
    """What is installed in the active virtual environment, for its own interpreter."""
    import sys
    from pathlib import Path

    from collide.support.errors import UsageError
    from collide.wheels.environment import installed, interpreter

    active = os.environ.get("VIRTUAL_ENV")
    if not active and sys.prefix == sys.base_prefix:
        raise UsageError("name a wheel, a directory or an object: no virtual environment is active")
    prefix = Path(active or sys.prefix)
    args.profile = args.profile or [str(interpreter(prefix))]
    # Distributions without objects are no news.
    return (target for target in installed(prefix) if target.members or target.problems)


def _probes(args: argparse.Namespace, hosts: list[Candidate]) -> Iterator[Counted]:
    """The probes of every target on every host that it fits."""
    from collide.analysis.probes import countable, of_modules
    from collide.report.probes import Counted

    for host in (candidate.host for candidate in hosts):
        root = countable(host)
        if root is None:
            complain(f"{host.name}: probes are counted on hosts given as a glibc binary only")
            continue
        # What cannot be read has been told.
        for target in targets(args.inputs, []):
            modules = of_modules(target, host, root)
            if modules:
                yield Counted(target.name, host, modules)


def _why_nothing(report: Report, args: argparse.Namespace) -> Iterator[str]:
    """Why nothing at all was opened; no line where problems tell already."""
    from collide.check.merge import count_left_out, summed_up

    counts = count_left_out(report.left_out)
    if not args.inputs and not report.left_out and not report.problems:
        yield "nothing that is installed here has a shared object"
    for one in report.left_out:
        if one.empty:
            if not one.broken:
                yield f"{one.target}: {one.misfit.reason}"
        elif counts[one.target].total() > 3:
            yield f"{one.target}: fits none of {summed_up(counts[one.target])}"
        else:
            yield f"{one.target}: {one.host}: {one.misfit.reason}"


_SMALL = 8_000_000
"""Bytes of wheels that are checked sooner than a second process helps with them."""


def _checked(
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
            return _check_here(args, targets, hosts, together, progress), unreadable
        from collide.check.parallel import CheckOptions, check_in_parallel

        options = CheckOptions(
            bool(args.profile), together, args.session_global, args.remedies, args.exposure
        )
        report, failed = check_in_parallel(paths, hosts, jobs, options, progress)
    numbers = iter(range(len(paths)))
    told = [one if isinstance(one, InputError) else failed.get(next(numbers)) for one in inputs]
    return report, [one for one in told if one is not None]


def _check_here(
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
    size = sum(os.path.getsize(path) if os.path.isfile(path) else _SMALL for path in paths)
    return len(os.sched_getaffinity(0)) if size >= _SMALL else 1
