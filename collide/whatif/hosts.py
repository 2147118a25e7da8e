"""Starts a host again in memory with some of its libraries linked in another way or left out."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from collide.analysis.install import binder_for
from collide.analysis.start_up import start_up
from collide.binding.session import Session
from collide.elf.object import ElfObject
from collide.elf.symbols import Reference
from collide.hosts.extract import find_python
from collide.loader.host import Host
from collide.loader.link_map import LinkMap, LoadFailure, Opened
from collide.loader.lookup import Match
from collide.loader.model import Dso, FileSystem
from collide.loader.opening import GLOBAL, Mode, Opening
from collide.loader.process import Process
from collide.loader.startup import start
from collide.support.errors import InputError, UsageError
from collide.support.patterns import there_are
from collide.support.records import NamedTuple
from collide.whatif.edits import (
    DEEPBIND,
    LOCAL,
    OF_PLACE,
    SONAME,
    WITHOUT,
    Edit,
    apply_edits,
)
from collide.whatif.relink import ask_at_run_time, drop_needed


class RelinkedHost(NamedTuple):
    """A changed host, and what became of the references of its objects, by path.

    ``opened`` are its own openings behind start-up that the change makes.
    """

    host: Host
    fates: Mapping[str, Mapping[Reference, Reference | None]]
    opened: tuple[Opened, ...] = ()


def relink_host(host: Host, edits: Sequence[Edit]) -> RelinkedHost:
    """Change libraries of the global scope and start the host again in memory.

    ``local`` stands for a library that is opened RTLD_LOCAL and not linked: it and
    what only it needs leave the global scope, and the host's own code
    (:func:`own_objects`) asks dlsym for what it used, as does whatever linked it.
    ``deepbind`` is the same with RTLD_DEEPBIND; a library that the host opens RTLD_GLOBAL stays
    in the global scope. ``without`` stands for one that is not there at all. Raises UsageError
    for an edit that matches nothing, InputError when the host cannot be started again.
    """
    again, _ = _restart(host, {}, frozenset(), {})
    if _paths(again.process.global_scope) != _paths(host.process.global_scope):
        raise InputError(host.name, "cannot be started again from what its profile holds")
    files = {m.dso.path: m.dso for m in host.process.global_scope}
    relinked = apply_edits(
        {path: dso.elf for path, dso in files.items()},
        {path: path for path in files},
        [e for e in edits if e.change.option not in OF_PLACE],
        "host",
    )
    if relinked.basenames:
        raise UsageError(f"{SONAME} is for the members of a wheel")
    objects, fates = dict(relinked.objects), dict(relinked.fates)
    places = _places(host, edits)
    unlinked = _unlink(host, objects, places, _linked(again, _paths(places.gone)))
    asking = unlinked.union(m.dso.path for m in own_objects(host))

    def started() -> tuple[Host, tuple[Opened, ...]]:
        changed = {
            dso.identity: Dso(path, dso.identity, objects[path])
            for path, dso in files.items()
            if objects[path] is not dso.elf
        }
        return _restart(host, changed, frozenset(map(id, places.gone)), places.modes)

    result, opened = started()
    if places.gone != places.absent:
        for path, asked in _asked(host, result, asking).items():
            objects[path] = ask_at_run_time(objects[path], asked).object
            fates[path] = {**fates.get(path, {}), **dict.fromkeys(asked)}
        result, opened = started()
    return RelinkedHost(result, fates, opened)


def _unlink(
    host: Host, objects: dict[str, ElfObject], places: _Places, stays: AbstractSet[str]
) -> set[str]:
    """Drop the DT_NEEDED entries of what is linked no more; who had one of what is still there."""
    asking = set()
    for path, obj in objects.items():
        linked = (*obj.needed, *obj.auxiliary, *obj.filter)
        # What is opened itself may link what is opened.
        unlinked = places.gone if path in stays else places.absent
        found = {name: m for name in linked if (m := host.process.loaded(name)) in unlinked}
        if found:
            objects[path] = drop_needed(obj, found.keys()).object
        if any(m not in places.absent for m in found.values()):
            asking.add(path)
    return asking


class _Places(NamedTuple):
    """Where libraries of a host are after the edits of their place.

    ``gone`` are those that are not linked any more, ``absent`` those of them that are not there at
    all. ``modes`` are the flags, by id of the map, of what the host opens then.
    """

    gone: list[LinkMap]
    absent: list[LinkMap]
    modes: Mapping[int, Mode]


def _places(host: Host, edits: Sequence[Edit]) -> _Places:
    deep, absent = _unlinked(host, edits, DEEPBIND), _unlinked(host, edits, WITHOUT)
    plugins = [m for name in host.rtld_global if (m := host.process.loaded(name)) in deep]
    local = [*_unlinked(host, edits, LOCAL), *(m for m in deep if m not in plugins)]
    modes = {id(m): Mode(deepbind=m in deep) for m in local}
    modes |= {id(m): Mode(rtld_global=True, deepbind=True) for m in plugins}
    return _Places([*absent, *local], absent, modes)


def _linked(host: Host, gone: Sequence[str]) -> set[str]:
    """The paths of what the executable, preloads and plugins link without the paths ``gone``."""
    named = (host.process.loaded(name) for name in (*host.preload, *host.rtld_global))
    order = [host.process.executable, *(m for m in named if m is not None)]
    order = [m for m in order if m.dso.path not in gone]
    for m in order:
        needed = (*(m.needed or ()), *m.filtees)
        order += [n for n in needed if n.dso.path not in gone and n not in order]
    return {m.dso.path for m in order}


def own_objects(host: Host) -> list[LinkMap]:
    """The host's own code: the executable, the Python interpreter, and the plugins it opens."""
    plugins = [host.process.loaded(name) for name in host.rtld_global]
    return [
        m
        for m in host.process.global_scope
        if m is host.process.executable or m in plugins or find_python((m.dso,)) is not None
    ]


def _asked(before: Host, after: Host, asking: AbstractSet[str]) -> dict[str, frozenset[Reference]]:
    """What the objects ``asking`` got from others that have left the global scope."""
    stays = set(_paths(after.process.global_scope))
    found = {}
    for bound in start_up(before).objects:
        if bound.map.dso.path in asking & stays:
            wanted = (b for b in bound.bindings if b.provider and b.provider.path not in stays)
            found[bound.map.dso.path] = frozenset(b.reference for b in wanted)
    return {path: asked for path, asked in found.items() if asked}


def _unlinked(host: Host, edits: Iterable[Edit], *options: str) -> list[LinkMap]:
    found: list[LinkMap] = []
    for edit in edits:
        if edit.change.option not in options:
            continue
        maps = [m for m in host.process.global_scope if edit.matches(m.dso.path)]
        if not maps:
            there = there_are("libraries", edit.pattern, _paths(host.process.global_scope))
            raise UsageError(f"{edit}: no library of {host.name} matches {edit.pattern}; {there}")
        if host.process.executable in maps:
            raise UsageError(f"{edit}: {host.path} is the host itself")
        found += maps
    return found


def _restart(
    host: Host, changed: Mapping[Hashable, Dso], gone: frozenset[int], modes: Mapping[int, Mode]
) -> tuple[Host, tuple[Opened, ...]]:
    """Repeat start-up, the RTLD_GLOBAL openings and those of the history.

    ``changed`` are files by identity that take the place of the host's.
    ``gone`` are ids of link maps to leave out. ``modes`` are flags by ids of link maps: those
    that are not RTLD_GLOBAL are opened at the end. The openings with flags of ``modes`` are the
    second result.
    """
    process = host.process
    stays = [name for name in host.preload if id(process.loaded(name)) not in gone]
    interpreter = next((m.dso for m in process.maps if m.found.how == "loader"), None)
    executable = process.executable.dso
    executable = changed.get(executable.identity, executable)
    # Those of a host in thought are not the recorded ones (collide.hosts.as_if).
    loaded = {m.dso.identity: m.dso for m in process.maps}
    files = _ChangedFiles(host.files, {**loaded, **changed})
    again, failures = start(executable, interpreter, host.loader, files, stays)
    again.assumed = process.assumed
    opened = [name for name in host.rtld_global if id(process.loaded(name)) not in gone]
    known = {name: id(process.loaded(name)) for name in opened}
    plugins = [(name, modes.get(known[name], GLOBAL)) for name in opened]
    made = [*_open(again, plugins, host.failures)]
    history = [o for o in host.openings if id(process.loaded(o.name)) not in gone]
    again, unique = _repeat(host, again, history) if history else (again, {})
    names = {id(m): m.name for m in process.maps}
    local = [(names[at], mode) for at, mode in modes.items() if not mode.rtld_global]
    made += _open(again, local, host.failures)
    result = host._replace(
        process=again,
        failures=failures,
        preload=tuple(stays),
        rtld_global=tuple(opened),
        openings=tuple(history),
        unique=unique if host.openings else host.unique,
    )
    return result, tuple(o for o in made if o.mode != GLOBAL)


def _repeat(
    host: Host, process: Process, history: Sequence[Opening]
) -> tuple[Process, Mapping[str, Match]]:
    """``process`` after the openings of ``history``, and the unique symbols of these."""
    started = host._replace(process=process, openings=())
    binder = binder_for(started, process.files, [opening.name for opening in history])
    session = Session(process, process.files, binder)
    for opening in history:
        for failure in session.open(opening.name, opening.mode).failures[:1]:
            why = f"could not be opened then: {failure.kind} {failure.name}"
            raise InputError(opening.name, why)
    return session.process, session.unique


def _open(
    process: Process, asked: Iterable[tuple[str, Mode]], known: Sequence[LoadFailure]
) -> Iterator[Opened]:
    """Open each name with its flags; raises InputError for a failure that start-up had not."""
    for name, mode in asked:
        opened = process.dlopen(name, mode)
        failures = (opened,) if isinstance(opened, LoadFailure) else opened.failures
        for failure in failures:
            if failure in known:
                continue
            raise InputError(name, f"could not be opened then: {failure.kind} {failure.name}")
        if isinstance(opened, Opened):
            yield opened


class _ChangedFiles:
    """The files of a host, some of them replaced by changed ones."""

    def __init__(self, files: FileSystem, changed: Mapping[Hashable, Dso]) -> None:
        self._files = files
        self._changed = changed

    def open(self, path: str) -> Dso | None:
        """See :class:`collide.loader.model.FileSystem`."""
        dso = self._files.open(path)
        return dso if dso is None else self._changed.get(dso.identity, dso)

    def cached(self, name: str) -> str | None:
        """See :class:`collide.loader.model.FileSystem`."""
        return self._files.cached(name)


def _paths(maps: Iterable[LinkMap]) -> list[str]:
    return [m.dso.path for m in maps]
