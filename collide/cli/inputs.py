"""Reading what commands have in common: inputs, hosts, and their analyses."""

from __future__ import annotations

from collide import api
from collide.cli.streams import EXIT_CLEAN, EXIT_FINDINGS, complain, write
from collide.support.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from collide.analysis.analysis import Analysis
    from collide.filesystems.root import Root
    from collide.findings.impact import Impact
    from collide.hosts.footprint import Footprint
    from collide.loader.host import Host
    from collide.wheels.target import Target


def report_growth(
    args: argparse.Namespace,
    old: Footprint,
    new: Footprint,
    impacts: Sequence[Impact] | None = None,
) -> int:
    """Write what ``new`` gained and lost; the exit status."""
    from pathlib import Path

    from collide.findings.footprint import Allowed, compare, read_allowed
    from collide.findings.table import Severity
    from collide.report import footprint as growth

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


def host_in_root(
    args: argparse.Namespace,
    binary: str,
    *,
    library_path: Sequence[str] = (),
    name: str | None = None,
) -> tuple[Host, Root]:
    """The host that ``binary`` of ``--root`` makes; what it lacks is reported on stderr."""
    from collide.filesystems.root import Root
    from collide.hosts.ldconfig import left_out as not_searched

    host = api.extract_host(
        binary,
        root=args.root,
        image=args.image,
        name=name,
        preload=args.preload,
        rtld_global=args.rtld_global,
        library_path=library_path,
        ldconfig=args.ldconfig,
    )
    root = host.files
    assert isinstance(root, Root)
    if host.failures and root.cache is None and host.loader.libc == "glibc":
        for directory in not_searched(root, host.loader.system_dirs):
            complain(
                f"{args.root} has no ld.so.cache, so {directory} is not searched; "
                "--ldconfig takes it as ldconfig would"
            )
    for failure in host.failures:
        complain(f"{failure.object}: needs {failure.name}: {failure.kind}; recorded as missing")
    return host, root


def named_hosts(args: argparse.Namespace) -> tuple[Host, ...] | None:
    """The hosts of ``--profile``, None without; what one of them lacks is reported on stderr.

    What a shipped host lacks is for ``collide profiles``, where none was named.
    """
    if not (args.profile or args.preload or args.rtld_global):
        return None
    hosts = api.load_hosts(args.profile, preload=args.preload, rtld_global=args.rtld_global)
    for host in hosts:
        for f in host.failures:
            complain(f"{host.name}: {f.object}: {f.kind}: {f.name} {f.detail}")
    return hosts


def all_hosts(args: argparse.Namespace) -> tuple[Host, ...]:
    """As :func:`named_hosts`; all shipped hosts without ``--profile``."""
    hosts = named_hosts(args)
    return api.load_hosts() if hosts is None else hosts


def targets(inputs: Iterable[str], unreadable: list[InputError]) -> Iterator[Target]:
    """Read the inputs one after the other; what cannot be read is collected, not fatal."""
    from collide.wheels.target import find_each, try_read

    for found in map(try_read, find_each(inputs)):
        if isinstance(found, InputError):
            unreadable.append(found)
        else:
            yield found


def left_out(analysis: Analysis) -> list[str]:
    """Why nothing of a target was opened; no line where its problems tell already."""
    target = analysis.target
    if target.members:
        return [f"{target.name}: {analysis.host.name}: {analysis.left_out}"]
    return (
        [] if target.problems else [f"{target.name}: it has no shared object that could be opened"]
    )


def analyses(args: argparse.Namespace, inputs: Sequence[str]) -> Iterator[Analysis | None]:
    """The analyses that can be had; None for each that cannot, which is told on stderr.

    A target without anything to analyse is told of, too, but is no failure.
    """
    from collide.analysis.analysis import analyse
    from collide.analysis.install import matches

    hosts = all_hosts(args)
    unreadable: list[InputError] = []
    for target in targets(inputs, unreadable):
        unreadable += target.problems
        for host in hosts:
            analysis = analyse(target, host, insist=bool(args.profile))
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
    from collide.analysis.analysis import unfit
    from collide.analysis.install import analyse_session, conflicts

    hosts = all_hosts(args)
    unreadable: list[InputError] = []
    read = list(targets(inputs, unreadable))
    insist = bool(args.profile)
    for host in hosts:
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
        session = analyse_session(fitting, host, args.module, args.session_global, insist=insist)
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
