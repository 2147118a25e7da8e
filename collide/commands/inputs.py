"""What commands have in common: the inputs, the hosts, and their analyses."""

from __future__ import annotations

from collide.commands.streams import EXIT_CLEAN, EXIT_FINDINGS, complain, write
from collide.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from collide.analysis import Analysis
    from collide.footprint import Footprint
    from collide.host import Host
    from collide.impact import Impact
    from collide.wheel import Target


def host_arguments(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """``--profile`` and what it takes to make one on the fly."""
    parser.add_argument(
        "--profile",
        action="append",
        default=[],
        required=required,
        metavar="P",
        help="a shipped name or pattern, a profile file, or a path to a binary; repeatable",
    )
    opening_arguments(parser)


def opening_arguments(parser: argparse.ArgumentParser) -> None:
    """``--preload`` and ``--global``: what a binary opens besides what it links."""
    parser.add_argument(
        "--preload", action="append", default=[], metavar="LIB", help="a library in LD_PRELOAD"
    )
    parser.add_argument(
        "--global",
        dest="rtld_global",
        action="append",
        default=[],
        metavar="LIB",
        help="a library that the binary opens RTLD_GLOBAL (a plugin with its closure)",
    )


def comparison_arguments(parser: argparse.ArgumentParser) -> None:
    """What a comparison of footprints takes, whatever is compared."""
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="PATTERN",
        help="growth that is accepted, by library or search path (libbz2.so.*); repeatable",
    )
    parser.add_argument(
        "--allow-list", metavar="FILE", help="the same from a file of lines `PATTERN  # reason`"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the comparison to FILE")
    parser.add_argument(
        "--fail-on",
        choices=("error", "warning", "note", "never"),
        default="warning",
        help="lowest severity that makes the exit status 1 (default: warning)",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="list every symbol")


def report_growth(
    args: argparse.Namespace,
    old: Footprint,
    new: Footprint,
    impacts: Sequence[Impact] | None = None,
) -> int:
    """Write what ``new`` gained and lost; the exit status."""
    from pathlib import Path

    from collide.codes import Severity
    from collide.growth import Allowed, compare, read_allowed
    from collide.report import growth

    allowed = [Allowed(pattern, "") for pattern in args.allow]
    if args.allow_list:
        allowed += read_allowed(Path(args.allow_list))
    comparison = compare(old, new, allowed)
    for pattern in comparison.unused:
        complain(f"{pattern} allows nothing that came")
    if args.format == "json":
        write(growth.render_json(comparison, impacts), args.output)
    else:
        write(growth.render(comparison, impacts, verbose=args.verbose), args.output)
    grown = [c for c in comparison.changes if c.gained and c.allowed is None]
    if args.fail_on == "never":
        return EXIT_CLEAN
    least = Severity[args.fail_on.upper()]
    return EXIT_FINDINGS if any(c.severity >= least for c in grown) else EXIT_CLEAN


def hosts_of(args: argparse.Namespace) -> list[Host]:
    """The hosts to check on; what one of them lacks itself is told on stderr."""
    from collide.selection import select_hosts

    chosen = list(select_hosts(args.profile, preload=args.preload, rtld_global=args.rtld_global))
    for host in chosen:
        for f in host.failures:
            complain(f"{host.name}: {f.object}: {f.kind}: {f.name} {f.detail}")
    return chosen


def targets(inputs: Iterable[str], unreadable: list[InputError]) -> Iterator[Target]:
    """Read the inputs one after the other; what cannot be read is collected, not fatal."""
    from collide.wheel import find_inputs, read_target

    for name in inputs:
        try:
            paths = list(find_inputs([name]))
        except InputError as e:
            unreadable.append(e)
            continue
        for path in paths:
            try:
                yield read_target(path)
            except InputError as e:
                unreadable.append(e)


def left_out(analysis: Analysis) -> list[str]:
    """Why nothing of a target was opened; no line where its problems tell already."""
    target = analysis.target
    if target.members:
        return [f"{target.name}: {analysis.host.name}: {analysis.left_out}"]
    return [] if target.problems else [f"{target.name}: {analysis.left_out}"]


def module_argument(parser: argparse.ArgumentParser) -> None:
    """``--module``."""
    parser.add_argument(
        "--module",
        action="append",
        default=[],
        metavar="GLOB",
        help="only modules that match; repeatable",
    )


def analyses(args: argparse.Namespace, inputs: Sequence[str]) -> Iterator[Analysis | None]:
    """The analyses that can be had; None for each that cannot, which is told on stderr.

    A target without anything to analyse is told of, too, but is no failure.
    """
    from collide.analysis import analyse
    from collide.installation import matches

    chosen = hosts_of(args)
    unreadable: list[InputError] = []
    for target in targets(inputs, unreadable):
        unreadable += target.problems
        for host in chosen:
            analysis = analyse(target, host)
            if analysis.left_out:
                yield from _misfit(args, analysis)
                continue
            modules = analysis.modules
            if args.module:
                modules = tuple(m for m in modules if matches(m.name, args.module))
                if not modules:
                    _complain_of_modules(args, target)
            yield analysis._replace(modules=modules)
    yield from _told(unreadable)


def session_analyses(args: argparse.Namespace, inputs: Sequence[str]) -> Iterator[Analysis | None]:
    """All inputs in one process of each host; None as in :func:`analyses`."""
    from collide.analysis import unfit
    from collide.installation import analyse_session, conflicts

    chosen = hosts_of(args)
    unreadable: list[InputError] = []
    read = list(targets(inputs, unreadable))
    for host in chosen:
        fitting = []
        for target in read:
            analysis = unfit(target, host)
            if analysis is None:
                fitting.append(target)
            else:
                yield from _misfit(args, analysis)
        if not fitting:
            continue
        for conflict in conflicts(fitting):
            complain(str(conflict))
        session = analyse_session(fitting, host, args.module, args.session_global)
        if session.left_out:
            yield from _misfit(args, session)
            continue
        if not session.modules:
            _complain_of_modules(args, session.target)
        yield session
    yield from _told([*unreadable, *(p for target in read for p in target.problems)])


def _misfit(args: argparse.Namespace, analysis: Analysis) -> Iterator[None]:
    for line in left_out(analysis):
        complain(line)
    if args.profile and analysis.target.members:
        yield None


def _complain_of_modules(args: argparse.Namespace, target: Target) -> None:
    complain(f"{target.name}: no module matches {' or '.join(args.module)}")


def _told(problems: Iterable[InputError]) -> Iterator[None]:
    for problem in problems:
        complain(str(problem))
        yield None
