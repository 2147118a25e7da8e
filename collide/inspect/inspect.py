"""Judges the real bindings of a process as a check judges predicted ones.

Each distribution with objects in the process is a target, and everything else in it the host:
what one wheel takes from another counts as well as what it takes from the program.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from collide.analysis.analysis import Analysis, Module
from collide.analysis.libpython import is_libpython
from collide.binding.binding import BoundModule
from collide.check.check import Judged, Report, joined
from collide.filesystems.root import Root
from collide.findings.judge import judge
from collide.inspect.bound import Counts, RealBindings, read_bindings
from collide.inspect.crash import Crash, Placed, read_crash
from collide.inspect.owners import Owner, owners
from collide.inspect.python_stack import PythonFrame, of_core, of_process
from collide.inspect.snapshot import Snapshot, take
from collide.loader.host import Host
from collide.loader.link_map import LinkMap, Opened, closure
from collide.loader.model import Dso
from collide.processes.core import open_core
from collide.processes.core_places import core_of
from collide.processes.image import ProcessImage
from collide.processes.live import is_there, open_process, root_of
from collide.support.faults import problem_of
from collide.support.records import NamedTuple
from collide.support.time_limit import timed
from collide.wheels.target import Target, is_extension_module

OTHERS = "other objects that it has opened"
"""The name of the target that holds what is neither the host's own nor of a distribution."""


class Inspection(NamedTuple):
    """What is known of a process: its objects, what its slots hold, its findings, and its end.

    ``host`` is the process as a host, ``objects`` counts the objects of its link map,
    ``global_scope`` are the paths of those in its global scope, which was read from its memory
    where ``scope_read`` says so. ``promoted`` are those of them that start-up did not load.
    ``notes`` are sentences, ``elsewhere`` names of objects in other namespaces. ``crash`` is None
    for a process that no signal has ended. ``python`` are the Python frames of the thread that a
    signal has ended, else of the first one, the innermost first.
    """

    source: str
    host: Host
    objects: int
    global_scope: tuple[str, ...]
    scope_read: bool
    promoted: tuple[str, ...]
    counts: Counts
    report: Report
    crash: Crash | None
    notes: tuple[str, ...]
    elsewhere: tuple[str, ...]
    python: tuple[PythonFrame, ...] = ()


def inspect_named(process: str, root: str | None = None) -> Inspection:
    """The process of that number, or the one in the core file of that path.

    ``root`` is the directory that its files are in, by default that of a running process, and
    ``/`` for a core file. The core file that the system keeps of a process that has died is found
    by its number. Raises InputError for what cannot be read.
    """
    if process.isascii() and process.isdigit() and not is_there(int(process)):
        process = core_of(int(process)) or process
    if process.isascii() and process.isdigit():
        image = open_process(int(process))
        root = root or root_of(int(process))
    else:
        image = open_core(process)
    try:
        found = inspect(image, Root(root or "/"))
    finally:
        image.close()
    return _with_python(found, process, root)


def _with_python(found: Inspection, process: str, root: str | None) -> Inspection:
    """What was found with the Python frames, where the process runs Python."""
    maps = found.host.process.maps
    if found.host.python is None and not any(map(_is_python, maps)):
        return found
    if process.isascii() and process.isdigit():
        python = of_process(int(process))
    elif found.crash is not None:
        program = posixpath.join(root or "/", found.host.path.lstrip("/"))
        python = of_core(process, program, found.crash.thread)
    else:
        return found
    notes = (*found.notes, python.note) if python.note else found.notes
    return found._replace(python=python.frames, notes=notes)


def inspect(image: ProcessImage, root: Root, name: str | None = None) -> Inspection:
    """Read and judge a process whose files are in ``root``.

    Raises InputError where its program or link map cannot be read, and for a limit.
    """
    with timed(image.source):
        snapshot = take(image, root, name)
        owned = owners((one.map.dso for one in snapshot.loaded), root)
        started = frozenset(m.dso for m in closure(snapshot.host.process.executable))
        scope = snapshot.host.process.global_scope
        own = started | {m.dso for m in scope if m.dso not in owned}
        real = read_bindings(snapshot, own)
        targets = _targets(snapshot, own, owned, root)
        report = joined(_judged(snapshot.host, target, real) for target in targets)
        report = report._replace(problems=(*snapshot.problems, *report.problems))
        crash = read_crash(snapshot, real, _placed(report, targets, snapshot))
    return Inspection(
        source=image.source,
        host=snapshot.host,
        objects=snapshot.objects,
        global_scope=tuple(m.dso.path for m in scope),
        scope_read=snapshot.scope_read,
        promoted=tuple(m.dso.path for m in scope if m.dso not in started),
        counts=real.counts,
        report=report,
        crash=crash,
        notes=snapshot.notes,
        elsewhere=snapshot.elsewhere,
    )


def _is_python(m: LinkMap) -> bool:
    return is_libpython(posixpath.basename(m.dso.path))


class _Part(NamedTuple):
    """The objects of one owner as a target, with all others of the process."""

    target: Target
    maps: tuple[LinkMap, ...]
    others: frozenset[Dso]


def _targets(
    snapshot: Snapshot, own: AbstractSet[Dso], owned: Mapping[Dso, Owner], root: Root
) -> tuple[_Part, ...]:
    """What is not the host's own, by its owners."""
    groups: dict[Owner, list[LinkMap]] = {}
    for one in snapshot.loaded:
        if one.map.dso not in own:
            owner = owned.get(one.map.dso, Owner(OTHERS, ""))
            groups.setdefault(owner, []).append(one.map)
    every = frozenset(one.map.dso for one in snapshot.loaded)
    return tuple(
        _Part(_target(owner, maps, root), tuple(maps), every - {m.dso for m in maps})
        for owner, maps in sorted(groups.items(), key=lambda item: item[0])
    )


def _target(owner: Owner, maps: Iterable[LinkMap], root: Root) -> Target:
    paths = {m.dso.path: m.dso for m in maps}
    names = {p: posixpath.relpath(p, owner.directory) if owner.directory else p for p in paths}
    return Target(owner.name, None, paths, names, on_disk=root)


def _judged(host: Host, part: _Part, real: RealBindings) -> Report:
    try:
        analysis = _analysis(host, part, real)
        judged = Judged(analysis.without_bindings(), judge(analysis))
    except Exception as e:
        return Report((), (), (problem_of(part.target.name, e),))
    return Report((judged,), (), ())


def _analysis(host: Host, part: _Part, real: RealBindings) -> Analysis:
    modules = []
    for root in _roots(part.maps):
        searchlist = tuple(closure(root))
        new = tuple(m for m in searchlist if m in part.maps)
        opened = Opened(root, searchlist, new, host.process.global_scope + searchlist, ())
        bound = BoundModule(opened, tuple(real.objects[m] for m in new), ())
        modules.append(Module(part.target.names[root.dso.path], bound, ()))
    return Analysis(part.target, host, tuple(modules), (), None, part.others)


def _placed(report: Report, parts: Iterable[_Part], snapshot: Snapshot) -> Iterable[Placed]:
    """The findings with their objects, whose names were those of their targets."""
    paths = {one.map.dso.path: one.map.dso for one in snapshot.loaded}
    names = {p.target.name: {n: path for path, n in p.target.names.items()} for p in parts}
    for judged in report.judged:
        own = names[judged.analysis.target.name]
        for f in judged.findings:
            victim = paths.get(own.get(f.victim, f.victim))
            provider = paths.get(own.get(f.provider or "", f.provider or ""))
            if victim is not None:
                intended = frozenset(own.get(name, name) for name in f.intended)
                yield Placed(f, judged.analysis.target.name, victim, provider, intended)


def _roots(maps: Iterable[LinkMap]) -> list[LinkMap]:
    """The objects that were opened by themselves: extension modules, and what no other needs."""
    members = list(maps)
    needed = {id(n) for m in members for n in m.needed or () if n is not m}
    return [m for m in members if is_extension_module(m.dso) or id(m) not in needed]
