"""``collide repair``: write a wheel that no host can take symbols from, and prove it."""

from __future__ import annotations

import sys
from pathlib import Path

from collide.cli.inputs import candidates_of
from collide.cli.options import host_arguments
from collide.cli.streams import (
    EXIT_CLEAN,
    EXIT_FINDINGS,
    EXIT_NOTHING,
    EXIT_USAGE,
    complain,
    write,
)
from collide.support.errors import InputError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from collide.hosts.select import Candidate
    from collide.repair.repair import Prepared
    from collide.repair.request import RepairOptions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``collide repair --help``."""
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
    parser.add_argument("--format", choices=("text", "json"), default="text")
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
    """The exit status."""
    from collide.repair.request import RepairOptions

    options = RepairOptions(args.method, args.everything, args.glibc)
    paths = _wheels(args.inputs)
    hosts = candidates_of(args)
    statuses: set[int] = set()
    names: dict[str, str] = {}
    reports = []
    for group in [paths] if args.together else [[path] for path in paths]:
        try:
            prepared, outputs, status = _repair(group, hosts, options, args)
        except (InputError, UsageError) as e:
            complain(str(e))
            statuses.add(EXIT_USAGE)
            continue
        statuses.add(status)
        names |= prepared.plan.renamed
        if prepared.analyses:
            reports.append((prepared, outputs))
    _show(reports, args)
    if args.rename_map:
        write("".join(f"{old} {new}\n" for old, new in sorted(names.items())), args.rename_map)
    order = (EXIT_USAGE, EXIT_FINDINGS, EXIT_CLEAN, EXIT_NOTHING)
    return next(s for s in order if s in statuses)


def _release(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _wheels(inputs: Sequence[str]) -> list[Path]:
    from collide.wheels.target import find_inputs

    return [Path(path) for path in find_inputs(inputs)]


def _repair(
    paths: Sequence[Path],
    hosts: Sequence[Candidate],
    options: RepairOptions,
    args: argparse.Namespace,
) -> tuple[Prepared, tuple[Path, ...], int]:
    from collide.repair.repair import prepare, write_repaired
    from collide.report.repair import document

    prepared = prepare(paths, hosts, options)
    if not prepared.analyses:
        for reason in dict.fromkeys(f"{name}: {reason}" for name, reason in prepared.left_out):
            complain(f"{prepared.name}: {reason}")
        return prepared, (), EXIT_USAGE if args.profile else EXIT_NOTHING
    left = any(p.left or p.captured for p in prepared.proofs)
    if args.check:
        return prepared, (), EXIT_FINDINGS if prepared.changes or left else EXIT_CLEAN
    directories = [
        Path(args.wheel_dir) if args.wheel_dir else path.parent / "repaired" for path in paths
    ]
    outputs = write_repaired(prepared, directories, document)
    if args.verify and not _verified(paths, outputs, args):
        return prepared, outputs, EXIT_FINDINGS
    return prepared, outputs, EXIT_FINDINGS if left else EXIT_CLEAN


def _verified(paths: Sequence[Path], outputs: Sequence[Path], args: argparse.Namespace) -> bool:
    """Whether no import is worse than before; the outcomes go to stderr."""
    import shlex

    from collide.repair.import_trial import compare_imports
    from collide.report.repair import render_trials

    command = shlex.split(args.run) if args.run else [args.verify, "{script}"]
    complain(f"runs {shlex.join(command)}, and in it code of {', '.join(map(str, paths))}")
    trials = compare_imports(paths, outputs, command)
    for line in render_trials(trials):
        complain(line)
    return not any(t.after and not t.before for t in trials)


def _show(reports: Sequence[tuple[Prepared, tuple[Path, ...]]], args: argparse.Namespace) -> None:
    from collide.report import repair as report

    if args.format == "json":
        import json

        documents = [{**report.as_json(p), "written": list(map(str, o))} for p, o in reports]
        sys.stdout.write(json.dumps(documents, indent=1) + "\n")
        return
    for prepared, outputs in reports:
        sys.stdout.write(report.render(prepared, outputs, verbose=args.verbose))
