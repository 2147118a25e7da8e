"""``collide check``: find what breaks, wheels on hosts."""

from __future__ import annotations

from collide.commands.inputs import host_arguments, hosts_of, left_out, targets
from collide.commands.streams import (
    EXIT_CLEAN,
    EXIT_FINDINGS,
    EXIT_NOTHING,
    EXIT_USAGE,
    complain,
    write,
)
from collide.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``collide check --help``."""
    from argparse import BooleanOptionalAction

    parser.add_argument("inputs", nargs="+", metavar="WHEEL|DIR|SO")
    host_arguments(parser, required=False)
    parser.add_argument("--format", choices=("text", "json"), default="text")
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
    parser.add_argument("-v", "--verbose", action="store_true", help="list every symbol")


def run(args: argparse.Namespace) -> int:
    """The exit status."""
    from collide.check import check
    from collide.codes import Severity
    from collide.report import json as json_report
    from collide.report import text

    chosen = hosts_of(args)
    unreadable: list[InputError] = []
    report = check(targets(args.inputs, unreadable), chosen, exposure=args.exposure)
    problems = [*unreadable, *report.problems]
    for problem in problems:
        complain(str(problem))
    if not report.judged:
        for line in dict.fromkeys(line for a in report.left_out for line in left_out(a)):
            complain(line)
    if args.format == "json":
        write(json_report.render(report), args.output)
    elif report.judged or args.output:
        write(text.render(report, verbose=args.verbose), args.output)
    misfits = args.profile and any(a.target.members for a in report.left_out)
    if problems or (misfits and not report.judged):
        return EXIT_USAGE
    if not report.judged:
        return EXIT_NOTHING
    worst = report.worst()
    if worst is None or args.fail_on == "never":
        return EXIT_CLEAN
    return EXIT_FINDINGS if worst >= Severity[args.fail_on.upper()] else EXIT_CLEAN
