"""``collide repair``: wheels that hosts cannot take symbols from, written and proven."""

from __future__ import annotations

from collide import api
from collide.cli.inputs import named_hosts
from collide.cli.options import format_argument, host_arguments
from collide.cli.streams import (
    EXIT_CLEAN,
    EXIT_FINDINGS,
    EXIT_NOTHING,
    EXIT_USAGE,
    complain,
    complain_of,
    overall,
    write,
)
from collide.support.errors import InputError, UsageError
from collide.support.faults import problem_of
from collide.support.foreign import json_of

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
    _trial_arguments(parser)


def _trial_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--verify",
        metavar="BINARY",
        help="import every module, before and after, in this host; executes the wheel's code",
    )
    parser.add_argument(
        "--run",
        metavar="TEMPLATE",
        help="the command that runs a Python {script} in the host; default: BINARY is a Python",
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; the result is the exit status. Raises CollideError."""
    from collide.wheels.target import find_inputs  # late: start-up

    paths = list(find_inputs(args.inputs))
    unfit: list[InputError] = []
    hosts = named_hosts(args, unfit)
    if unfit:
        # What is written is proven on all hosts that were named, or not at all.
        raise unfit[0]
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
            )
            statuses.add(_status(repair, args))
        except UsageError as e:
            complain_of(e)
            statuses.add(EXIT_USAGE)
            continue
        except Exception as e:
            complain_of(problem_of(" and ".join(group), e))
            statuses.add(EXIT_USAGE)
            continue
        names |= repair.plan.renamed
        if repair.analyses:
            repairs.append(repair)
    _show(repairs, args)
    if args.rename_map:
        from collide.report.whatif import render_map  # late: start-up

        write(render_map(names.items()), args.rename_map)
    return overall(statuses)


def _release(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _status(repair: Repair, args: argparse.Namespace) -> int:
    """The exit status of one repair, whose problems and imports are reported on stderr."""
    if not repair.analyses:
        for reason in dict.fromkeys(f"{name}: {reason}" for name, reason in repair.left_out):
            complain(f"{repair.name}: {reason}")
        return EXIT_USAGE if args.profile else EXIT_NOTHING
    if args.check and repair.changes:
        return EXIT_FINDINGS
    if args.verify and repair.written and _is_worse(repair, args):
        return EXIT_FINDINGS
    return EXIT_FINDINGS if repair.incomplete else EXIT_CLEAN


def _is_worse(repair: Repair, args: argparse.Namespace) -> bool:
    """Whether any import fails after the repair only; the outcomes go to stderr."""
    import shlex  # late: start-up

    from collide.repair.import_trial import compare_imports  # late: start-up
    from collide.report.repair import render_trials  # late: start-up

    command = shlex.split(args.run) if args.run else [args.verify, "{script}"]
    complain(f"runs {shlex.join(command)}, and in it code of {repair.name}")
    trials = compare_imports(repair.paths, repair.written, command)
    for line in render_trials(trials):
        complain(line)
    return any(trial.is_worse for trial in trials)


def _show(repairs: Sequence[Repair], args: argparse.Namespace) -> None:
    from collide.report import repair as report  # late: start-up

    if args.format == "json":
        documents = [{**report.as_json(r), "written": list(map(str, r.written))} for r in repairs]
        write(json_of(documents), None)
        return
    for repair in repairs:
        write(report.render(repair, verbose=args.verbose), None)
