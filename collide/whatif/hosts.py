"""Starts a host again in memory with some of its libraries linked in another way or left out."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from collide.analysis.install import binder_for
from collide.analysis.start_up import start_up
from collide.binding.session import Session
from collide.elf.symbols import Reference
from collide.hosts.extract import find_python
from collide.loader.host import Host
from collide.loader.link_map import LinkMap, LoadFailure
from collide.loader.lookup import Match
from collide.loader.model import Dso, FileSystem
from collide.loader.opening import GLOBAL, NOW, Mode, Opening
from collide.loader.process import Process
from collide.loader.startup import start
from collide.support.errors import InputError, UsageError
from collide.support.patterns import there_are
from collide.support.records import NamedTuple
from collide.whatif.edits import HOST_ONLY, LOCAL, SONAME, Edit, apply_edits
from collide.whatif.relink import ask_at_run_time, drop_needed


class RelinkedHost(NamedTuple):
    """A changed host, and what became of the references of its objects, by path."""

    host: Host
    fates: Mapping[str, Mapping[Reference, Reference | None]]


def relink_host(host: Host, edits: Sequence[Edit]) -> RelinkedHost:
    """Change libraries of the global scope and start the host again in memory.

    ``local`` stands for a library that is opened RTLD_LOCAL and not linked: it and
    what only it needs leave the global scope, and the host's own code
    (:func:`own_objects`) asks dlsym for what it used. ``without`` stands for one that
    is not there at all. Raises UsageError for an edit that matches nothing, InputError
    when the host cannot be started from what is known of it.
    """
    again = _restart(host, {}, frozenset(), ())
    if _paths(again.process.global_scope) != _paths(host.process.global_scope):
        raise InputError(host.name, "cannot be started again from what its profile holds")
    files = {m.dso.path: m.dso for m in host.process.global_scope}
    relinked = apply_edits(
        {path: dso.elf for path, dso in files.items()},
        {path: path for path in files},
        [e for e in edits if e.change.option not in HOST_ONLY],
        "host",
    )
    if relinked.basenames:
        raise UsageError(f"{SONAME} is for the members of a wheel")
    objects, fates = dict(relinked.objects), dict(relinked.fates)
    local, gone = _unlinked(host, edits, LOCAL), _unlinked(host, edits, *HOST_ONLY)
    for path, obj in objects.items():
        linked = (*obj.needed, *obj.auxiliary, *obj.filter)
        names = frozenset(name for name in linked if host.process.loaded(name) in gone)
        if names:
            objects[path] = drop_needed(obj, names).object

    def started() -> Host:
        changed = {
            dso.identity: Dso(path, dso.identity, objects[path])
            for path, dso in files.items()
            if objects[path] is not dso.elf
        }
        return _restart(host, changed, frozenset(map(id, gone)), [m.name for m in local])

    result = started()
    if local:
        for path, asked in _asked(host, result).items():
            objects[path] = ask_at_run_time(objects[path], asked).object
            fates[path] = {**fates.get(path, {}), **dict.fromkeys(asked)}
        result = started()
    return RelinkedHost(result, fates)


def own_objects(host: Host) -> list[LinkMap]:
    """The host's own code: the executable, the Python interpreter, and the plugins it opens."""
    plugins = [host.process.loaded(name) for name in host.rtld_global]
    return [
        m
        for m in host.process.global_scope
        if m is host.process.executable or m in plugins or find_python((m.dso,)) is not None
    ]


def _asked(before: Host, after: Host) -> dict[str, frozenset[Reference]]:
    """What the host's own code got from objects that have left the global scope."""
    stays = set(_paths(after.process.global_scope))
    own = {m.dso.path for m in own_objects(before)} & stays
    found = {}
    for bound in start_up(before).objects:
        if bound.map.dso.path in own:
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
    host: Host, changed: Mapping[Hashable, Dso], gone: frozenset[int], local: Sequence[str]
) -> Host:
    """Repeat start-up, the RTLD_GLOBAL openings and those of the history.

    ``changed`` are files by identity that take the place of the host's.
    ``gone`` are ids of link maps to leave out, ``local`` names to open RTLD_LOCAL at the end.
    """
    process = host.process
    stays = [name for name in host.preload if id(process.loaded(name)) not in gone]
    interpreter = next((m.dso for m in process.maps if m.found.how == "loader"), None)
    executable = process.executable.dso
    executable = changed.get(executable.identity, executable)
    files = _ChangedFiles(host.files, changed)
    again, failures = start(executable, interpreter, host.loader, files, stays)
    opened = [name for name in host.rtld_global if id(process.loaded(name)) not in gone]
    _open(again, opened, GLOBAL, host.failures)
    history = [o for o in host.openings if id(process.loaded(o.name)) not in gone]
    again, unique = _repeat(host, again, history) if history else (again, {})
    _open(again, local, NOW, host.failures)
    return host._replace(
        process=again,
        failures=failures,
        preload=tuple(stays),
        rtld_global=tuple(opened),
        openings=tuple(history),
        unique=unique if host.openings else host.unique,
    )


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


def _open(process: Process, names: Iterable[str], mode: Mode, known: Sequence[LoadFailure]) -> None:
    """Open each of ``names``; raises InputError for a failure that start-up had not as well."""
    for name in names:
        opened = process.dlopen(name, mode)
        failures = (opened,) if isinstance(opened, LoadFailure) else opened.failures
        for failure in failures:
            if failure in known:
                continue
            raise InputError(name, f"could not be opened then: {failure.kind} {failure.name}")


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
