"""``collide check``: what breaks, every input on every host."""

from __future__ import annotations

import os
import sys
from argparse import BooleanOptionalAction

from collide import api
from collide.check.causes import group
from collide.cli.configuration import configure
from collide.cli.decisions import Decisions
from collide.cli.inputs import named_hosts, names_of, targets
from collide.cli.options import (
    auditwheel_argument,
    color_argument,
    counting_arguments,
    fail_on_argument,
    host_arguments,
    import_argument,
    jobs_argument,
    mode_arguments,
    modes_of,
    paranoid_argument,
    verbose_argument,
)
from collide.cli.progress import TerminalProgress
from collide.cli.streams import (
    EXIT_CLEAN,
    EXIT_NOTHING,
    EXIT_USAGE,
    append,
    complain,
    complain_of,
    threshold_status,
    write,
)
from collide.cli.style import style_of
from collide.report.check.formats import FORMATS, Shown
from collide.support.errors import InputError, UsageError
from collide.support.faults import problem_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from collide.check.causes import Grouped
    from collide.check.check import Report
    from collide.loader.host import Host
    from collide.report.probes import Counted
    from collide.wheels.target import Target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``collide check``."""
    parser.add_argument(
        "inputs",
        nargs="*",
        metavar="WHEEL|DIR|SO",
        help="without any: what is installed in the active virtual environment, on its interpreter",
    )
    host_arguments(parser, required=False)
    parser.add_argument("--format", choices=tuple(FORMATS), default="text")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the report to FILE")
    fail_on_argument(parser, "error", configured=True)
    counting_arguments(parser)
    parser.add_argument(
        "--exposure",
        action=BooleanOptionalAction,
        help="note what any host could take; changes no exit status (default: on)",
    )
    parser.add_argument(
        "--remedies",
        action="store_true",
        help="try changes of the wheel and of the host against each finding, in memory",
    )
    parser.add_argument(
        "--together",
        action=BooleanOptionalAction,
        help="look at what two inputs change for each other, too (default: on)",
    )
    parser.add_argument(
        "--allow-unchecked",
        action=BooleanOptionalAction,
        help="end with status 0 where there is nothing to check: no extension module, or no host",
    )
    import_argument(parser)
    mode_arguments(parser)
    parser.add_argument(
        "--probes",
        action="store_true",
        help="also count the files that the loader tries for each module, on hosts given as binary",
    )
    auditwheel_argument(parser)
    paranoid_argument(parser)
    jobs_argument(parser)
    verbose_argument(parser)
    color_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; the result is the exit status. Raises CollideError."""
    decisions = Decisions(args, configure(args, os.environ))
    several = not args.inputs or len(args.inputs) > 1 or os.path.isdir(args.inputs[0])
    if args.mode_global and not ((args.together and several) or args.imports):
        raise UsageError("--rtld-global needs several inputs, looked at together")
    if args.probes and not FORMATS[args.format].probes:
        raise UsageError(f"--format {args.format} has no place for --probes")
    if args.imports and (args.probes or args.remedies):
        raise UsageError("--import looks at one process: no --probes, no --remedies")
    imports = names_of(args.imports) if args.imports else ()
    inputs = args.inputs or _environment(args)
    unreadable: list[InputError] = []
    hosts = named_hosts(args, unreadable)
    with TerminalProgress() as progress:
        report = api.check(
            inputs,
            hosts,
            together=args.together,
            modes=modes_of(args),
            remedies=args.remedies,
            exposure=args.exposure,
            imports=imports,
            jobs=args.jobs,
            progress=progress,
        )
    if args.auditwheel:
        report = _with_own_tags(args, report)
    again = _read_again(args, report) if args.paranoid else ()
    report = report._replace(problems=(*unreadable, *report.problems, *again))
    report = decisions.counted(report)
    for problem in report.problems:
        complain_of(problem)
    if not report.judged:
        _complain_of_nothing(report, args)
    uncounted = _show(args, decisions.shown(report), hosts)
    for problem in uncounted:
        complain_of(problem)
    failed = report.problems or uncounted or decisions.over
    return EXIT_USAGE if failed else _status(report, args)


def _with_own_tags(args: argparse.Namespace, report: Report) -> Report:
    from collide.check.own_tags import with_own_tags  # late: start-up

    # What cannot be read is reported already.
    tagged = [target for target in targets(args.inputs, []) if target.tags is not None]
    if not tagged:
        complain("--auditwheel: no input is a wheel, which has tags")
    return with_own_tags(report, tagged)


def _read_again(args: argparse.Namespace, report: Report) -> Iterator[InputError]:
    from collide.check.second_reading import read_again  # late: start-up

    # What cannot be read is reported already.
    return read_again(report, targets(args.inputs, []))


def _status(report: Report, args: argparse.Namespace) -> int:
    """The exit status of a report without problems."""
    status = threshold_status(report.worst(), args.fail_on)
    if report.judged or args.allow_unchecked:
        return status
    named = any(not spec.startswith("!") for spec in args.profile)
    if named and any(not one.empty for one in report.left_out):
        return EXIT_USAGE
    return EXIT_NOTHING if status == EXIT_CLEAN else status


def _complain_of_nothing(report: Report, args: argparse.Namespace) -> None:
    from collide.report.check.rows import why_nothing  # late: start-up

    if not args.inputs and not report.left_out and not report.problems:
        complain("nothing that is installed here has a shared object")
    for line in why_nothing(report.left_out):
        complain(line)


def _show(
    args: argparse.Namespace, report: Report, hosts: Sequence[Host] | None
) -> list[InputError]:
    """Write the report; the problems of inputs whose probes cannot be counted."""
    uncounted: list[InputError] = []
    chosen_format = FORMATS[args.format]
    if not (report.judged or report.archives or chosen_format.document or args.output):
        return uncounted
    probes = None
    if args.probes:
        probes = tuple(_probes(args, api.load_hosts() if hosts is None else hosts, uncounted))
    grouped = group(report)
    # What was asked for is shown.
    verbose = max(args.verbose, 1 if args.remedies else 0)
    if args.format == "github":
        _write_step_summary(grouped)
    write(chosen_format.render(Shown(grouped, probes, verbose, style_of(args))), args.output)
    return uncounted


def _write_step_summary(report: Grouped) -> None:
    """Append the table of causes to the file that GitHub shows below a job."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    from collide.report.check.markdown import render  # late: start-up

    try:
        append(render(report), path)
    except InputError as e:
        complain(f"GITHUB_STEP_SUMMARY: {e}")


def _environment(args: argparse.Namespace) -> Iterator[Target]:
    """What is installed in the active virtual environment; its interpreter becomes the host."""
    from pathlib import Path  # late: start-up

    from collide.wheels.environment import installed, interpreter  # late: start-up

    active = os.environ.get("VIRTUAL_ENV")
    if not active and sys.prefix == sys.base_prefix:
        raise UsageError("name a wheel, a directory or an object: no virtual environment is active")
    prefix = Path(active or sys.prefix)
    args.profile = args.profile or [str(interpreter(prefix))]
    # Distributions without objects are not worth a line.
    return (target for target in installed(prefix) if target.members or target.problems)


def _probes(
    args: argparse.Namespace, hosts: Iterable[Host], uncounted: list[InputError]
) -> Iterator[Counted]:
    """The probes of every target on every host that it fits."""
    from collide.analysis.probes import countable, of_modules  # late: start-up
    from collide.report.probes import Counted  # late: start-up

    for host in hosts:
        root = countable(host)
        if root is None:
            complain(f"{host.name}: probes are counted on hosts given as a glibc binary only")
            continue
        # What cannot be read is reported already.
        for target in targets(args.inputs, []):
            try:
                modules = of_modules(target, host, root)
            except Exception as e:
                uncounted.append(problem_of(f"{target.name} on {host.name}", e))
                continue
            if modules:
                yield Counted(target.name, host, modules)
