"""Reading what commands have in common: inputs, hosts, and their analyses."""

from __future__ import annotations

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
    from collide.hosts.select import Candidate
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


def extract_from_root(
    args: argparse.Namespace,
    binary: str,
    *,
    library_path: Sequence[str] = (),
    name: str | None = None,
) -> tuple[Host, Root]:
    """The host that ``binary`` of ``--root`` makes; what it lacks is told on stderr."""
    from collide.filesystems.container_image import open_root
    from collide.hosts.extract import extract
    from collide.hosts.ldconfig import left_out as not_searched
    from collide.loader.libc import libc_of

    root = open_root(args.root, args.image)
    host = extract(
        _inside(args.root, binary),
        root,
        name=name,
        preload=args.preload,
        rtld_global=args.rtld_global,
        library_path=library_path,
        ldconfig=args.ldconfig,
    )
    if host.failures and root.cache is None and libc_of(host.loader).has_ld_cache:
        for directory in not_searched(root, host.loader.system_dirs):
            complain(
                f"{args.root} has no ld.so.cache, so {directory} is not searched; "
                "--ldconfig takes it as ldconfig would"
            )
    for failure in host.failures:
        complain(f"{failure.object}: needs {failure.name}: {failure.kind}; recorded as missing")
    return host, root


def _inside(root: str, name: str) -> str:
    """``name`` as an absolute path; a bare one is looked up in PATH, in this root only."""
    import os
    import shutil

    if root == "/" and "/" not in name and not os.path.exists(name):  # noqa: PTH110
        return shutil.which(name) or name
    return os.path.abspath(name) if root == "/" else os.path.join("/", name)  # noqa: PTH100, PTH118


def candidates_of(args: argparse.Namespace) -> list[Candidate]:
    """The hosts to check on; those that are shipped are loaded when something fits them."""
    from collide.hosts.select import select

    chosen = list(select(args.profile, preload=args.preload, rtld_global=args.rtld_global))
    if args.profile:
        _tell_what_is_missing(candidate.host for candidate in chosen)
    return chosen


def _tell_what_is_missing(hosts: Iterable[Host]) -> None:
    for host in hosts:
        for f in host.failures:
            complain(f"{host.name}: {f.object}: {f.kind}: {f.name} {f.detail}")


def hosts_of(args: argparse.Namespace) -> list[Host]:
    """The hosts to check on; what one of them lacks itself is told on stderr."""
    from collide.hosts.select import select_hosts

    chosen = list(select_hosts(args.profile, preload=args.preload, rtld_global=args.rtld_global))
    # What a shipped host lacks is told by ``collide profiles``, not by every check.
    if args.profile:
        _tell_what_is_missing(chosen)
    return chosen


def targets(inputs: Iterable[str], unreadable: list[InputError]) -> Iterator[Target]:
    """Read the inputs one after the other; what cannot be read is collected, not fatal."""
    from collide.wheels.target import find_inputs, read_target

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


def analyses(args: argparse.Namespace, inputs: Sequence[str]) -> Iterator[Analysis | None]:
    """The analyses that can be had; None for each that cannot, which is told on stderr.

    A target without anything to analyse is told of, too, but is no failure.
    """
    from collide.analysis.analysis import analyse
    from collide.analysis.install import matches

    chosen = hosts_of(args)
    unreadable: list[InputError] = []
    for target in targets(inputs, unreadable):
        unreadable += target.problems
        for host in chosen:
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

    chosen = hosts_of(args)
    unreadable: list[InputError] = []
    read = list(targets(inputs, unreadable))
    insist = bool(args.profile)
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
