"""What commands have in common: the inputs, the hosts, and their analyses."""

from __future__ import annotations

from collide.commands.streams import complain
from collide.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from collide.analysis import Analysis
    from collide.host import Host
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


def hosts_of(args: argparse.Namespace) -> list[Host]:
    """The hosts to check on; what one of them lacks itself is told on stderr."""
    from collide.selection import select_hosts

    chosen = list(select_hosts(args.profile, preload=args.preload, rtld_global=args.rtld_global))
    # What a shipped host lacks is told by ``collide profiles``, not by every check.
    for host in chosen if args.profile else ():
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
    return (
        [] if target.problems else [f"{target.name}: it has no shared object that could be opened"]
    )


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
