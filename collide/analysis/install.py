"""Installs several targets together in memory, and opens their modules in one process.

Installers unpack every wheel into the same site-packages (binary distribution
format, "Installing a wheel"): a run path of one wheel may find libraries of another,
and of two files with one path the last that is installed stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from collide.analysis.analysis import Analysis, Module, Openable, find_modules, opening_of
from collide.binding.binder import Binder
from collide.binding.definers import ReferencesByDefiner
from collide.binding.session import Session
from collide.loader.host import Host
from collide.loader.model import Dso, FileSystem
from collide.loader.opening import ALL_NOW, Mode, ModePatterns, Opening
from collide.support.patterns import matches
from collide.support.records import NamedTuple
from collide.support.text import first_names
from collide.wheels.plan import joined
from collide.wheels.target import Target

_SHOWN_NAMES = 3


def install_together(targets: Sequence[Target]) -> Target:
    """The targets as one, installed in their order."""
    members = {path: dso for t in targets for path, dso in t.members.items()}
    return Target(
        name=" + ".join(t.name for t in targets),
        tags=None,
        members={path: members[path] for path in sorted(members)},
        names={path: name for t in targets for path, name in t.names.items()},
        skipped=tuple(s for t in targets for s in t.skipped),
        problems=tuple(p for t in targets for p in t.problems),
        on_disk=next((t.on_disk for t in targets if t.on_disk is not None), None),
        plan=joined(t.plan for t in targets),
    )


class Conflict(NamedTuple):
    """Files of one target that another, installed after it, replaces: their names, sorted."""

    replaced: str
    by: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        shown = first_names(self.names, _SHOWN_NAMES)
        return f"{self.replaced}: {shown} replaced by the files of {self.by}"


def conflicts(targets: Sequence[Target]) -> tuple[Conflict, ...]:
    """The members that are replaced when all targets are installed in their order."""
    owners: dict[str, Target] = {}
    replaced: dict[tuple[str, str], list[str]] = {}
    for target in targets:
        for path, dso in target.members.items():
            owner = owners.get(path, target)
            # Targets on disk are installed already: a path is one file for all of them.
            if owner.name != target.name and target.on_disk is None:
                replaced.setdefault((owner.name, target.name), []).append(target.names[dso.path])
            owners[path] = target
    return tuple(Conflict(*pair, tuple(sorted(names))) for pair, names in replaced.items())


def analyse_session(
    targets: Sequence[Target],
    host: Host,
    patterns: Sequence[str] = (),
    modes: ModePatterns = ALL_NOW,
    *,
    insist: bool = False,
) -> Analysis:
    """Open the modules of all targets one after the other in one process of ``host``.

    They come target by target, sorted; with ``patterns`` only those that match
    one, in the order of the patterns, each with its flags of ``modes``. A target has the modules
    that it has alone: a library that is one is opened even if another target needs it, which then
    gets it by name. See :func:`collide.analysis.analysis.analyse` for ``insist``.
    """
    installed = install_together(targets)
    found = [find_modules(target, host, insist=insist) for target in targets]
    paths = list(_in_order(targets, installed, found))
    if patterns:
        paths = _matching(installed, paths, patterns)
    files = installed.files(host)
    binder = binder_for(host, files, with_planned(installed, paths))
    session = Session(host.process, files, binder, host.unique)
    modules = tuple(open_modules(session, installed, paths, modes))
    skipped = tuple(sorted({s for openable in found for s in openable.skipped}))
    nothing = None
    if all(openable.nothing for openable in found):
        nothing = find_modules(installed, host).nothing
    return Analysis(installed, host, modules, skipped, nothing, host.known_files, modes)


def module_names(targets: Sequence[Target], host: Host, *, insist: bool = False) -> list[str]:
    """The names of all modules that :func:`analyse_session` opens without patterns."""
    installed = install_together(targets)
    found = [find_modules(target, host, insist=insist) for target in targets]
    paths = _in_order(targets, installed, found)
    return [installed.names[installed.members[path].path] for path in paths]


def with_planned(target: Target, paths: Iterable[str]) -> Iterator[str]:
    """Installed paths of ``target``, each behind the names that the plan opens before it."""
    for path in paths:
        yield from (opening.name for opening in target.plan.before(path))
        yield path


def binder_for(
    host: Host,
    files: FileSystem,
    names: Iterable[str],
    by_definer: Callable[[Sequence[Dso]], ReferencesByDefiner] | None = None,
) -> Binder:
    """A binder that has indexed all objects that opening ``names`` out of ``files`` can bring.

    ``by_definer`` gives the references of those that are of targets opened on several hosts.
    """
    process = host.process.copy(files)
    loaded = len(process.maps)
    for name in names:
        process.dlopen(name)
    brought = [m.dso for m in process.maps[loaded:]]
    shared = by_definer(brought) if by_definer else None
    return Binder(host.process, (*host.imported_files, *brought), shared)


def open_modules(
    session: Session, target: Target, paths: Iterable[str], modes: ModePatterns = ALL_NOW
) -> Iterator[Module]:
    """Open ``paths`` of ``target`` in their order in ``session``, each with its flags.

    What the plan opens before a module comes before it, among ``paths`` or not.
    """
    left = dict.fromkeys(paths)
    done: set[tuple[str, Mode]] = set()
    for path in list(left):
        for planned in (*target.plan.before(path), Opening(path)):
            opening = planned
            if opening.name in left:
                del left[opening.name]
                name = target.names[target.members[opening.name].path]
                opening = opening_of(target, opening.name, modes)
                bound, failures = session.open(opening.name, opening.mode)
                yield Module(name, bound, failures, opening, target.plan.before(opening.name))
            elif opening.name != path and (opening.name, opening.mode) not in done:
                session.open(opening.name, opening.mode)
            done.add((opening.name, opening.mode))


def _in_order(
    targets: Sequence[Target], installed: Target, found: Sequence[Openable]
) -> Iterator[str]:
    """The modules of each target that are still its own when all are installed, each file once."""
    seen: set[object] = set()
    for target, openable in zip(targets, found, strict=True):
        for path in openable.paths:
            dso = target.members[path]
            # Two targets on disk may have one file.
            is_own = dso is installed.members[path] or target.on_disk is not None
            if is_own and dso.identity not in seen:
                seen.add(dso.identity)
                yield path


def _matching(target: Target, paths: Sequence[str], patterns: Iterable[str]) -> list[str]:
    names = {path: target.names[target.members[path].path] for path in paths}
    return list(dict.fromkeys(p for glob in patterns for p in paths if matches(names[p], [glob])))
