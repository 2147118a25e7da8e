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
from collide.cli.trials import Trials, trial_arguments
from collide.support.errors import InputError, UsageError
from collide.support.faults import problem_of
from collide.support.foreign import json_of, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from collide.check.rows import ReportRow
    from collide.loader.host import Host
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
    from collide.report import repair as report  # late: start-up
    from collide.wheels.target import find_inputs  # late: start-up

    paths = list(find_inputs(args.inputs))
    _refuse_paths(paths, args)
    unfit: list[InputError] = []
    hosts = named_hosts(args, unfit)
    if unfit:
        # What is written is proven on all hosts that were named, or not at all.
        raise unfit[0]
    trials = Trials(args)
    statuses: set[int] = set()
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
        except UsageError as e:
            complain_of(e)
            statuses.add(EXIT_USAGE)
            continue
        except Exception as e:
            complain_of(problem_of(" and ".join(group), e))
            statuses.add(EXIT_USAGE)
            continue
        repairs.append(repair)
        statuses |= _status(repair, args)
    if not any(repair.analyses for repair in repairs) and not statuses:
        statuses = {EXIT_USAGE if args.profile else EXIT_NOTHING if args.check else EXIT_CLEAN}
    stays = _stays(repairs, hosts, with_notes=args.together)
    if any(report.is_its_cause(row.finding) for row in stays):
        statuses.add(EXIT_FINDINGS)
    _show(repairs, stays, args)
    if args.rename_map:
        from collide.report.whatif import render_map  # late: start-up

        write(
            render_map({pair for r in repairs for pair in r.plan.renamed.items()}), args.rename_map
        )
    return overall(statuses)


def _refuse_paths(paths: Sequence[str], args: argparse.Namespace) -> None:
    if args.together and len(paths) == 1:
        raise UsageError(f"--together needs several wheels; there is one: {paths[0]}")
    outputs = [path.rpartition("/")[2] if args.wheel_dir else path for path in paths]
    for number, output in enumerate(outputs):
        if output in outputs[:number]:
            raise UsageError(f"{paths[number]}: two wheels would be written to one file")


def _release(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _status(repair: Repair, args: argparse.Namespace) -> set[int]:
    """The exit status of one repair, if it has one; wheels that fit no host are reported."""
    if not repair.analyses:
        copied = "copied as it is, as it " if repair.written else ""
        complain(f"{repair.name}: {copied}{_why_unfit(repair.left_out)}")
        return set()
    if args.check and repair.changes:
        return {EXIT_FINDINGS}
    refused = not args.check and not repair.written
    return {EXIT_FINDINGS if repair.incomplete or refused else EXIT_CLEAN}


def _why_unfit(left_out: Sequence[tuple[str, str]]) -> str:
    """Why wheels do not fit any of some hosts: the first reason of several."""
    reasons = tuple(dict.fromkeys(reason for _, reason in left_out))
    hosts = left_out[0][0] if len(left_out) == 1 else f"any of {len(left_out)} hosts"
    return f"does not fit {hosts}: {reasons[0]}{', ...' if len(reasons) > 1 else ''}"


def _stays(
    repairs: Sequence[Repair], hosts: Sequence[Host] | None, *, with_notes: bool
) -> tuple[ReportRow, ...]:
    """The warnings and errors that ``collide check`` has for what comes out.

    ``with_notes`` about pairs, too: a crash may follow from what is only noted of two wheels.
    """
    from collide.check.rows import rows  # late: start-up
    from collide.findings.code import Severity  # late: start-up

    made: list[Path] = []
    for repair in repairs:
        if repair.analyses:
            made += repair.written or (() if repair.changes else repair.paths)
    report = api.check(made, hosts, exposure=False, jobs=None)
    return tuple(
        row
        for row in rows(report)
        if row.finding.severity > Severity.NOTE or (with_notes and row.is_of_pair)
    )


def _show(repairs: Sequence[Repair], stays: Sequence[ReportRow], args: argparse.Namespace) -> None:
    from collide.report import repair as report  # late: start-up

    if args.format == "json":
        documents = [{**report.as_json(r), "written": list(map(str, r.written))} for r in repairs]
        write(json_of(documents), None)
        for line in report.render_stays(stays, pairs=False):
            complain(line)
        return
    for repair in repairs:
        if repair.analyses:
            write(report.render(repair, stays, verbose=args.verbose), None)
    write(text_of([*report.render_stays(stays), ""]), None)
