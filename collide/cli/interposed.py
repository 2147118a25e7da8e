"""``collide interposed``: what the objects of a host take from each other."""

from __future__ import annotations

from collide import api
from collide.cli.inputs import host_in_root, named_hosts
from collide.cli.options import fail_on_argument, opening_arguments, root_arguments
from collide.cli.streams import (
    EXIT_CLEAN,
    EXIT_USAGE,
    complain,
    complain_of,
    threshold_status,
    write,
)
from collide.report.check.formats import FORMATS, Shown
from collide.support.errors import InputError, UsageError
from collide.support.faults import problems_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from collide.loader.host import Host


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``collide interposed``."""
    parser.add_argument(
        "profile", nargs=1, metavar="BINARY", help="or a profile, by name, group or file"
    )
    root_arguments(parser)
    opening_arguments(parser)
    parser.add_argument("--baseline", metavar="FILE", help="what is known; only the rest is told")
    parser.add_argument("--update", action="store_true", help="write the baseline anew")
    parser.add_argument("--format", choices=tuple(FORMATS), default="text")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the report to FILE")
    fail_on_argument(parser, "error")
    parser.add_argument("-v", "--verbose", action="store_true", help="list every symbol")


def run(args: argparse.Namespace) -> int:
    """Run the command; the result is the exit status. Raises CollideError."""
    from pathlib import Path  # late: start-up

    from collide.check.interposed import (  # late: start-up
        baseline_of,
        beyond,
        read_baseline,
        to_baseline,
    )

    if args.update and args.baseline is None:
        raise UsageError("--update needs --baseline FILE")
    report = api.interposed(_hosts(args))
    for problem in report.problems:
        complain_of(problem)
    if args.update and not report.problems:
        write(to_baseline(report), args.baseline)
        return EXIT_CLEAN
    shown, known = report, None
    if args.baseline is not None and not args.update:
        if not Path(args.baseline).exists():
            raise InputError(args.baseline, "no such baseline; write one with --update")
        with problems_named(args.baseline):
            known = read_baseline(Path(args.baseline))
        shown = beyond(report, known)
    if report.judged or FORMATS[args.format].document:
        write(FORMATS[args.format].render(Shown(shown, None, args.verbose + 1)), args.output)
    if report.problems:
        return EXIT_USAGE
    status = threshold_status(shown.worst(), args.fail_on)
    if status == EXIT_CLEAN and known is not None and known != baseline_of(report):
        complain(f"{args.baseline}: is not up to date; --update writes it anew")
    return status


def _hosts(args: argparse.Namespace) -> tuple[Host, ...]:
    if args.root != "/":
        return (host_in_root(args, args.profile[0])[0],)
    found = named_hosts(args, [])
    assert found is not None
    return found
