"""``collide repair``: wheels that hosts cannot take symbols from, written and proven."""

from __future__ import annotations

import sys

from collide import api
from collide.cli.inputs import named_hosts
from collide.cli.options import format_argument, host_arguments
from collide.cli.streams import (
    EXIT_CLEAN,
    EXIT_FINDINGS,
    EXIT_NOTHING,
    EXIT_USAGE,
    complain,
    overall,
    write,
)
from collide.cli.trials import Trials, trial_arguments
from collide.support.errors import InputError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from collide.repair.repair import Repair


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``collide repair``."""
    parser.add_argument("inputs", nargs="+", metavar="WHEEL")
    parser.add_argument(
        "-w",
        "--wheel-dir",
        metavar="DIR",
        help="where the repaired wheels go (default: the directory 'repaired' beside each wheel)",
    )
    host_arguments(parser, required=False)
    parser.add_argument(
        "--all",
        dest="everything",
        action="store_true",
        help="every symbol that a host could take, not only those that a profile does",
    )
    parser.add_argument(
        "--together",
        action="store_true",
        help="the wheels are installed together and no others link their libraries: one plan for "
        "all, as a module in one may use a library in another",
    )
    parser.add_argument("--method", choices=("auto", "visibility", "rename"), default="auto")
    parser.add_argument(
        "--glibc",
        metavar="X.Y",
        type=_release,
        help="the oldest glibc to repair for (default: what the wheel's tags allow); from 2.24 on "
        "symbols are hidden, which saves their lookups, before that protected",
    )
    parser.add_argument(
        "--rename-map", metavar="FILE", help="write the renamed symbols to FILE, as patchelf reads"
    )
    parser.add_argument(
        "--check",
        "--dry-run",
        action="store_true",
        help="write nothing: say what would be changed; exit status 1 when anything would",
    )
    format_argument(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="list every symbol left alone")
    trial_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; the result is the exit status. Raises CollideError."""
    from collide.wheels.target import find_inputs  # late: start-up

    paths = list(find_inputs(args.inputs))
    hosts = named_hosts(args)
    trials = Trials(args)
    statuses: set[int] = set()
    names: dict[str, str] = {}
    repairs = []
    for group in [paths] if args.together else [[path] for path in paths]:
        try:
            repair = api.repair(
                group,
                hosts,
                directory=args.wheel_dir,
                method=args.method,
                everything=args.everything,
                glibc=args.glibc,
                write=not args.check,
                accept=trials,
            )
            statuses.add(_status(repair, args))
        except (InputError, UsageError) as e:
            complain(str(e))
            statuses.add(EXIT_USAGE)
            continue
        names |= repair.plan.renamed
        if repair.analyses:
            repairs.append(repair)
    _show(repairs, args)
    if args.rename_map:
        write("".join(f"{old} {new}\n" for old, new in sorted(names.items())), args.rename_map)
    return overall(statuses)


def _release(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _status(repair: Repair, args: argparse.Namespace) -> int:
    """The exit status of one repair, whose problems are reported on stderr."""
    if not repair.analyses:
        for reason in dict.fromkeys(f"{name}: {reason}" for name, reason in repair.left_out):
            complain(f"{repair.name}: {reason}")
        return EXIT_USAGE if args.profile else EXIT_NOTHING
    if args.check and repair.changes:
        return EXIT_FINDINGS
    refused = not args.check and not repair.written
    return EXIT_FINDINGS if repair.incomplete or refused else EXIT_CLEAN


def _show(repairs: Sequence[Repair], args: argparse.Namespace) -> None:
    from collide.report import repair as report  # late: start-up

    if args.format == "json":
        import json  # late: start-up

        documents = [{**report.as_json(r), "written": list(map(str, r.written))} for r in repairs]
        sys.stdout.write(json.dumps(documents, indent=1) + "\n")
        return
    for repair in repairs:
        sys.stdout.write(report.render(repair, verbose=args.verbose))
