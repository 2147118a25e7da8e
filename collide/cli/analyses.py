"""The analyses of the inputs on the hosts that the options of a command name.

What cannot be read or does not fit goes to stderr, a line each.
"""

from __future__ import annotations

from collide.cli.inputs import all_hosts, names_of, targets
from collide.cli.streams import complain, complain_of
from collide.loader.opening import ALL_NOW
from collide.support.errors import InputError, UsageError
from collide.support.faults import problem_of, problems_named
from collide.support.patterns import require_matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from collide.analysis.analysis import Analysis
    from collide.hosts.select import Candidate
    from collide.loader.host import Host
    from collide.loader.opening import ModePatterns
    from collide.wheels.target import Target


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
    yield from (c.host for c, misfit in found.others if misfit.kind != "like another")


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
