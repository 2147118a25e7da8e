"""Inputs and hosts as the options of a command name them, and their analyses.

What cannot be read or does not fit goes to stderr, a line each.
"""

from __future__ import annotations

import os

from collide import api
from collide.cli.streams import complain, complain_of
from collide.loader.opening import ALL_NOW
from collide.support.errors import InputError, UsageError
from collide.support.faults import problem_of, problems_named
from collide.support.patterns import require_matches
from collide.support.system import require_linux
from collide.support.time_limit import timed

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from collide.analysis.analysis import Analysis
    from collide.filesystems.root import Root
    from collide.hosts.select import Candidate
    from collide.loader.host import Host
    from collide.loader.opening import ModePatterns
    from collide.processes.image import ProcessImage
    from collide.processes.traced_run import At
    from collide.wheels.target import Target


def host_in_root(
    args: argparse.Namespace,
    binary: str,
    *,
    name: str | None = None,
) -> tuple[Host, Root]:
    """The host that ``binary`` of ``--root`` makes; what it lacks is reported on stderr."""
    from collide.filesystems.root import Root  # late: start-up
    from collide.hosts.ldconfig import unsearched_directories  # late: start-up
    from collide.hosts.select import require_library_path  # late: start-up
    from collide.loader.libc import libc_of  # late: start-up

    if args.root == "/":
        require_linux(f"{binary}: a host of this machine (--root names another one)")
    with problems_named(binary if args.root == "/" else args.root), timed(binary):
        host = api.extract_host(
            binary,
            root=args.root,
            image=args.image,
            name=name,
            preload=args.preload,
            rtld_global=args.rtld_global,
            library_path=_given(args.library_path),
            ldconfig=args.ldconfig,
        )
    root = host.files
    assert isinstance(root, Root)
    require_library_path(host, root)
    if host.failures and root.cache is None and libc_of(host.loader).has_ld_cache:
        for directory in unsearched_directories(root, host.loader.system_dirs):
            complain(
                f"{args.root} has no ld.so.cache, so {directory} is not searched; "
                "--ldconfig takes it as ldconfig would"
            )
    for failure in host.failures:
        complain(f"{failure.object}: needs {failure.name}: {failure.kind}; recorded as missing")
    return host, root


def _given(library_path: Iterable[str]) -> list[str]:
    """The lists of ``--library-path``: loaders take no notice of one that is empty."""
    return [given for given in library_path if given]


def image_of_run(command: Sequence[str], at: At | None, purpose: str) -> ProcessImage:
    """Execute a command, and say so: its process as it was at a fatal signal, ``at`` or its end.

    Raises InputError where there is nothing to ``purpose``.
    """
    import shlex  # late: start-up

    from collide.processes.traced_run import run_traced  # late: start-up

    complain(f"executes {shlex.join(command)}")
    ran = run_traced(command, os.environ, at)
    if ran.image is None:
        raise InputError(command[0], f"{ran.why}: there is nothing to {purpose}")
    complain(f"{ran.image.source} of {command[0]} {ran.why}")
    return ran.image


def named_hosts(args: argparse.Namespace, unreadable: list[InputError]) -> tuple[Host, ...] | None:
    """The hosts of ``--profile``, or None; libraries that they miss are reported on stderr.

    Those of a shipped host that was not named are left to ``collide profiles``. ``unreadable``
    gets the errors of hosts that cannot be read beside others that can; raises the last of them
    where there is no other.
    """
    library_path = _given(args.library_path)
    if not (args.profile or args.preload or args.rtld_global or library_path):
        return None
    from collide.hosts.select import select_hosts  # late: start-up

    hosts = tuple(
        select_hosts(
            args.profile,
            preload=args.preload,
            rtld_global=args.rtld_global,
            library_path=library_path,
            unreadable=unreadable,
        )
    )
    if not hosts and unreadable:
        *others, last = unreadable
        for problem in others:
            complain_of(problem)
        raise last
    for host in hosts:
        for f in host.failures:
            complain(f"{host.name}: {f.object}: {f.kind}: {f.name} {f.detail}")
    return hosts


def all_hosts(args: argparse.Namespace, unreadable: list[InputError]) -> tuple[Host, ...]:
    """As :func:`named_hosts`, and all shipped hosts without ``--profile``."""
    hosts = named_hosts(args, unreadable)
    return api.load_hosts() if hosts is None else hosts


def require_binary(args: argparse.Namespace, host: Host) -> None:
    """Raise UsageError for a host of ``--profile`` that is a recording: nothing of it can run."""
    from collide.filesystems.root import Root  # late: start-up

    if not isinstance(host.files, Root):
        raise UsageError(f"--profile {args.profile[0]}: is a recording; it takes a binary to run")


def _hosts_after(args: argparse.Namespace, unreadable: list[InputError]) -> tuple[Host, ...]:
    """All hosts, each after the imports of ``--after``; of the shipped ones those that have them.

    Raises UsageError for a module that a host of ``--profile``, or every shipped one, has not.
    """
    from collide.analysis.history import after_import  # late: start-up

    hosts = all_hosts(args, unreadable)
    if args.profile or not args.after:
        return tuple(after_import(host, args.after) for host in hosts)
    found: list[Host] = []
    for host in hosts:
        try:
            found.append(after_import(host, args.after))
        except UsageError as e:
            reason = e
    if not found:
        raise reason
    return tuple(found)


def hosts_for(targets: Iterable[Target], candidates: Sequence[Candidate]) -> Iterator[Host]:
    """The hosts as they take all the targets, exact ones first; at last those that do not.

    Of a shipped host that has another Python than the wheels want, see :mod:`collide.hosts.as_if`;
    one without libraries of its own is left out then.
    """
    from collide.hosts.as_if import fitting  # late: start-up

    wheels = [target.tags for target in targets if target.tags is not None]
    found = fitting(wheels, candidates)
    yield from (candidate.host for candidate in found.hosts)
    yield from (c.host for c, misfit in found.others if misfit.kind != "same libraries")


def targets(inputs: Iterable[str], unreadable: list[InputError]) -> Iterator[Target]:
    """Read the inputs one after the other; ``unreadable`` gets the errors of the others."""
    from collide.wheels.target import find_each, try_read  # late: start-up

    for found in map(try_read, find_each(inputs)):
        if isinstance(found, InputError):
            unreadable.append(found)
        else:
            yield found


def left_out(analysis: Analysis) -> list[str]:
    """Why nothing of a target was opened; no line where its problems are the reason."""
    target = analysis.target
    if target.members:
        return [f"{target.name}: {analysis.host.name}: {analysis.left_out}"]
    return (
        [] if target.problems else [f"{target.name}: it has no shared object that could be opened"]
    )


def analyses(
    args: argparse.Namespace,
    inputs: Sequence[str],
    modes: ModePatterns = ALL_NOW,
) -> Iterator[Analysis | None]:
    """One target after the other on all hosts; None for each failure, reported on stderr.

    A target without anything to analyse is reported, too, but is no failure. Raises UsageError
    behind the last for a pattern of ``modes`` that matches no module of any.
    """
    from collide.analysis.analysis import analyse  # late: start-up
    from collide.hosts.select import as_candidates  # late: start-up
    from collide.support.patterns import matches  # late: start-up

    unreadable: list[InputError] = []
    hosts = as_candidates(_hosts_after(args, unreadable))
    names: dict[str, None] = {}
    for target in targets(inputs, unreadable):
        unreadable += target.problems
        for host in hosts_for([target], hosts):
            try:
                analysis = analyse(target, host, insist=bool(args.profile), modes=modes)
            except UsageError:
                raise
            except Exception as e:
                unreadable.append(problem_of(f"{target.name} on {host.name}", e))
                continue
            if analysis.left_out:
                yield from _misfit(args, analysis)
                continue
            modules = analysis.modules
            names.update((m.name, None) for m in modules)
            if args.module:
                modules = tuple(m for m in modules if matches(m.name, args.module))
            yield analysis._replace(modules=modules)
    yield from _failures(unreadable)
    _refuse_unmatched(args, modes, names)


def session_analyses(
    args: argparse.Namespace, inputs: Sequence[str], modes: ModePatterns = ALL_NOW
) -> Iterator[Analysis | None]:
    """All inputs in one process of each host; None as in :func:`analyses`."""
    from collide.analysis.analysis import unfit  # late: start-up
    from collide.analysis.install import analyse_session, conflicts, module_names  # late: start-up
    from collide.hosts.select import as_candidates  # late: start-up

    unreadable: list[InputError] = []
    hosts = as_candidates(_hosts_after(args, unreadable))
    read = list(targets(inputs, unreadable))
    insist = bool(args.profile)
    names: dict[str, None] = {}
    for host in hosts_for(read, hosts):
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
        with problems_named(f"{' and '.join(t.name for t in fitting)} on {host.name}"):
            session = analyse_session(fitting, host, args.module, modes, insist=insist)
        names.update((m.name, None) for m in session.modules)
        if session.left_out:
            yield from _misfit(args, session)
            continue
        if args.module or any(modes):
            names.update(dict.fromkeys(module_names(fitting, host, insist=insist)))
        yield session
    yield from _failures([*unreadable, *(p for target in read for p in target.problems)])
    _refuse_unmatched(args, modes, names)


def _refuse_unmatched(
    args: argparse.Namespace, modes: ModePatterns, names: Collection[str]
) -> None:
    """Raise UsageError for a pattern that matches none of the modules; without any, for none."""
    if names:
        require_matches("--module", args.module, names)
    modes.refuse_unmatched(names)


def names_of(given: Iterable[str]) -> list[str]:
    """The names of modules in values of ``--import``; raises UsageError without any."""
    names = [name for text in given for name in text.replace(";", " ").replace(",", " ").split()]
    if not names:
        raise UsageError("--import needs names of modules")
    return names


def import_analyses(
    args: argparse.Namespace, inputs: Sequence[str], modes: ModePatterns = ALL_NOW
) -> Iterator[Analysis | None]:
    """What ``--import`` opens of installed trees, in one process of each host; else None.

    What was not followed is reported on stderr.
    """
    from collide.analysis.imports import InstalledTrees  # late: start-up

    names = names_of(args.imports)
    trees = InstalledTrees(inputs)
    unreadable: list[InputError] = []
    opened: dict[str, None] = {}
    for host in _hosts_after(args, unreadable):
        for note in trees.plan(names, host).notes:
            complain(note)
        with problems_named(f"{' and '.join(t.name for t in trees.targets)} on {host.name}"):
            analysis = trees.analyse(names, host, modes)
        opened.update((m.name, None) for m in analysis.modules)
        if analysis.left_out:
            yield from _misfit(args, analysis)
            continue
        yield analysis
    yield from _failures([*unreadable, *trees.problems])
    modes.refuse_unmatched(opened)


def _misfit(args: argparse.Namespace, analysis: Analysis) -> Iterator[None]:
    for line in left_out(analysis):
        complain(line)
    if args.profile and analysis.target.members:
        yield None


def _failures(problems: Iterable[InputError]) -> Iterator[None]:
    for problem in problems:
        complain_of(problem)
        yield None
