"""Counts the files that the loader tries to open, at start-up and for each module.

Source: glibc ``elf/dl-load.c`` (``open_path``): where a file is not found in a
directory that was not tried before, the loader asks for the directory itself, and
one that does not exist is never tried again. ``elf/dl-cache.c``: ld.so.cache is
opened once for start-up and once for each dlopen that comes to ask it, and never
again where it does not exist.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Hashable, Iterator, Mapping

from collide.filesystems.root import Root
from collide.loader.host import Host
from collide.loader.libc import libc_of
from collide.loader.link_map import LinkMap
from collide.loader.model import Dso, FileSystem, Loader, LoadError, WatchedFileSystem
from collide.loader.opening import GLOBAL
from collide.loader.process import Process
from collide.loader.startup import start
from collide.support.records import NamedTuple
from collide.wheels.tags import module_misfit, unsuitable
from collide.wheels.target import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from collide.elf.object import ElfObject

    Flavour = Literal["upstream", "nixos", "guix"]

_CACHE = "ld.so.cache"


class Probes(NamedTuple):
    """The files that one start-up or one dlopen tries, in its order.

    ``opened`` are files that open, whatever is in them; ``missed`` those that
    do not, and ``directories`` what the loader asked for after such a miss.
    """

    opened: tuple[str, ...]
    missed: tuple[str, ...]
    directories: tuple[str, ...]

    @property
    def tried(self) -> int:
        """How many files the loader tries to open."""
        return len(self.opened) + len(self.missed)


class NoteEntry(NamedTuple):
    """What a resolution note says of one name that its object needs.

    ``fault`` says why it is stale or useless; it is empty for one that saves a search.
    """

    name: str
    places: tuple[str, ...]
    fault: str


class StartUp(NamedTuple):
    """The probes of a start-up.

    ``noted`` are those of a loader that reads resolution notes
    (``patchelf --build-resolution-cache``), None where no object has one;
    ``notes`` are the paths of the objects that do, ``entries`` what each note says.
    ``changed`` has the probes after changes that nobody has made yet, by what they are:
    ``note`` (each object has a note of all it needs), ``absolute`` (the executable needs
    all libraries by their absolute paths, as shrinkwrap makes it), ``cache`` (a loader that asks
    a cache of the package first, as Guix's does).
    """

    probes: Probes
    noted: Probes | None
    notes: tuple[str, ...]
    entries: Mapping[str, tuple[NoteEntry, ...]]
    changed: Mapping[str, Probes]


class ModuleProbes(NamedTuple):
    """The probes of opening one module alone; ``noted`` as for a start-up."""

    name: str
    probes: Probes
    noted: Probes | None


class _Watched(WatchedFileSystem):
    """A file system that records what is tried in it."""

    def __init__(
        self, files: FileSystem, root: Root, architecture: str, known: _Watched | None = None
    ) -> None:
        self._files = files
        self._root = root
        self._architecture = architecture
        self._exists: dict[tuple[str, int], bool] = dict(known._exists) if known else {}
        self._no_cache: bool = known._no_cache if known else False
        self._has_cache = root.cache is not None
        self._asked_cache = False
        self._place: tuple[str, int] | None = None
        self.opened: list[str] = []
        self.missed: list[str] = []
        self.directories: list[str] = []

    def tries(self, directory: str, position: int) -> bool:
        """See :class:`collide.loader.model.WatchedFileSystem`."""
        self._place = directory, position
        return self._exists.get(self._place, True)

    def open(self, path: str) -> Dso | None:
        """See :class:`collide.loader.model.FileSystem`."""
        place, self._place = self._place, None
        try:
            dso = self._files.open(path)
        except LoadError:
            self.opened.append(path)
            raise
        there = dso is not None or self._root.realpath(path) is not None
        (self.opened if there else self.missed).append(path)
        if place is not None and place not in self._exists:
            # A file for another machine does not show that the directory is of use.
            fits = dso is not None and dso.elf.architecture == self._architecture
            self._exists[place] = fits or self._has(posixpath.dirname(path))
        return dso

    def _has(self, directory: str) -> bool:
        self.directories.append(directory)
        return self._root.is_directory(directory)

    def cached(self, name: str) -> str | None:
        """See :class:`collide.loader.model.FileSystem`."""
        if not self._asked_cache and not self._no_cache:
            self._asked_cache = True
            self._no_cache = not self._has_cache
            (self.missed if self._no_cache else self.opened).append(_CACHE)
        return self._files.cached(name)

    def result(self) -> Probes:
        """What was recorded."""
        return Probes(tuple(self.opened), tuple(self.missed), tuple(self.directories))


class _WatchedTarget(_Watched):
    """The same with a target installed, whose directories are on no disk."""

    def __init__(self, target: Target, host: Host, root: Root, known: _Watched) -> None:
        super().__init__(target.files(host), root, host.architecture, known)
        self._members = {
            posixpath.normpath(above) for path in target.members for above in _above(path)
        }

    def _has(self, directory: str) -> bool:
        return super()._has(directory) or posixpath.normpath(directory) in self._members


def _above(path: str) -> Iterator[str]:
    while (path := posixpath.dirname(path)) not in ("/", ""):
        yield path


def countable(host: Host) -> Root | None:
    """The root of a host whose probes can be counted; None for a recorded one, or one of musl."""
    files = host.files
    return files if isinstance(files, Root) and libc_of(host.loader).reports_tries else None


def at_start(host: Host, root: Root) -> StartUp:
    """The probes of the start-up of ``host`` and of its RTLD_GLOBAL openings."""
    notes = tuple(m.dso.path for m in host.process.maps if m.elf.resolution_cache)
    with_notes = _start(host, root, "nixos")[1].result() if notes else None
    entries = {m.dso.path: tuple(_entries(m, root)) for m in host.process.maps}
    return StartUp(
        _start(host, root, "upstream")[1].result(),
        with_notes,
        notes,
        {path: found for path, found in entries.items() if found},
        _changed(host, root),
    )


def _resolved(m: LinkMap) -> Iterator[tuple[str, LinkMap]]:
    """The names that a map needs with what it gets; those that are missing are left out."""
    for needed, (name, _) in zip(m.needed or (), m.resolutions, strict=False):
        yield name, needed


def _entries(m: LinkMap, root: Root) -> Iterator[NoteEntry]:
    resolved = {name: needed.dso for name, needed in _resolved(m)}
    for name, places in m.elf.resolution_cache:
        yield NoteEntry(name, places, _fault(m, name, places, resolved.get(name), root))


def _fault(m: LinkMap, name: str, places: tuple[str, ...], resolved: Dso | None, root: Root) -> str:
    if name not in m.elf.needed:
        return "useless: the object does not need it"
    files = [place[1:] for place in places if place.startswith("=")]
    gone = next((path for path in files if root.realpath(path) is None), None)
    if gone is not None:
        return f"stale: {gone} is not there"
    if not files:
        return "useless: it names no file, and the directories are searched again"
    if resolved is not None and root.realpath(files[0]) != resolved.path:
        return f"stale: the loader gives {resolved.path}"
    return ""


class _Relinked(FileSystem):
    """The files of a root, some of them changed, with what a cache of the package says."""

    def __init__(self, root: Root, dsos: Mapping[Hashable, Dso], cache: Mapping[str, str]) -> None:
        self._root = root
        self._dsos = dsos
        self._cache = cache

    def open(self, path: str) -> Dso | None:
        """See :class:`collide.loader.model.FileSystem`."""
        dso = self._root.open(path)
        return dso if dso is None else self.changed(dso)

    def changed(self, dso: Dso) -> Dso:
        """``dso``, or what it is changed to."""
        return self._dsos.get(dso.identity, dso)

    def cached(self, name: str) -> str | None:
        """See :class:`collide.loader.model.FileSystem`."""
        return self._cache.get(name) or self._root.cached(name)


def _changed(host: Host, root: Root) -> dict[str, Probes]:
    """The probes of a start-up after changes of linking that would save searches."""
    maps = host.process.global_scope
    paths = {name: needed.name for m in maps for name, needed in _resolved(m)}
    executable = host.process.executable
    noted = {m.dso.identity: _with(m.dso, _note(m)) for m in maps}
    libraries = tuple(m.name for m in maps if m is not executable and m.found.how != "preload")
    direct = _with(executable.dso, lambda elf: elf._replace(needed=libraries))
    absolute = {executable.dso.identity: direct}
    return {
        "note": _start(host, root, "nixos", _Relinked(root, noted, {}))[1].result(),
        "absolute": _start(host, root, "upstream", _Relinked(root, absolute, {}))[1].result(),
        "cache": _start(host, root, "guix", _Relinked(root, {}, paths))[1].result(),
    }


def _note(m: LinkMap) -> Callable[[ElfObject], ElfObject]:
    places = {name: (f"={needed.name}",) for name, needed in _resolved(m)}
    return lambda elf: elf._replace(resolution_cache=tuple(places.items()))


def _with(dso: Dso, change: Callable[[ElfObject], ElfObject]) -> Dso:
    return Dso(dso.path, dso.identity, change(dso.elf))


def _start(
    host: Host, root: Root, flavour: Flavour, relinked: _Relinked | None = None
) -> tuple[Process, _Watched]:
    watched = _Watched(relinked or root, root, host.architecture)
    loader = _as(host.loader, flavour)
    interpreter = root.open(loader.path)
    executable = host.process.executable.dso
    if relinked is not None:
        executable = relinked.changed(executable)
        watched._has_cache = watched._has_cache or flavour == "guix"
    process, _ = start(executable, interpreter, loader, watched, host.preload)
    for library in host.rtld_global:
        watched._asked_cache = False
        process.dlopen(library, GLOBAL)
    return process, watched


def _as(loader: Loader, flavour: Flavour) -> Loader:
    """``loader`` with or without the patch for notes; Guix's stays what it is."""
    if flavour != "upstream":
        return loader._replace(flavour=flavour)
    return loader._replace(flavour="upstream") if loader.flavour == "nixos" else loader


def of_modules(target: Target, host: Host, root: Root) -> list[ModuleProbes]:
    """The probes of each module of ``target``, opened alone after the start-up of ``host``.

    Empty where the target cannot be installed on this host; modules for another
    interpreter are left out.
    """
    if target.tags is not None and unsuitable(target.tags, host) is not None:
        return []
    plain, noted = (_start(host, root, flavour) for flavour in ("upstream", "nixos"))
    found = []
    for path in target.modules(host.architecture):
        if module_misfit(path, host.python) is not None:
            continue
        probes, _ = _of_module(path, target, host, root, plain)
        name = target.names[target.members[path].path]
        with_notes, any_note = _of_module(path, target, host, root, noted)
        found.append(ModuleProbes(name, probes, with_notes if any_note else None))
    return found


def _of_module(
    path: str, target: Target, host: Host, root: Root, started: tuple[Process, _Watched]
) -> tuple[Probes, bool]:
    process, known = started
    watched = _WatchedTarget(target, host, root, known)
    opened = process.copy(watched)
    before = len(opened.maps)
    opened.dlopen(path)
    noted = any(m.elf.resolution_cache for m in opened.maps[before:])
    return watched.result(), noted
