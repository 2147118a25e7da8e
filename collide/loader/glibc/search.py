"""Where the loader finds a DT_NEEDED name that is not loaded yet.

Source: glibc ``elf/dl-load.c`` (``_dl_map_new_object``, ``open_path``,
``fillin_rpath``), ld.so(8) "DESCRIPTION" and "Dynamic string tokens". Names
that are already loaded never come here: :mod:`collide.loader.glibc.process` captures them
first.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

from collide.elf.object import ElfObject
from collide.loader.model import (
    Dso,
    FileSystem,
    FoundVia,
    KnownFileSystem,
    Loader,
    LoadError,
    Requester,
    WatchedFileSystem,
)
from collide.support.records import NamedTuple

_DST = r"\$(?:\{(ORIGIN|LIB|PLATFORM)\}|(ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_]))"


def expand(text: str, origin: str, loader: Loader) -> str | None:
    """``text`` with its dynamic string tokens replaced (Rule 6.6); None when one has no value.

    An unknown token stays as it is (glibc ``_dl_dst_substitute``).
    """
    if "$" not in text:
        return text
    values = {"ORIGIN": origin, "LIB": loader.lib, "PLATFORM": loader.platform}
    if any(values[m[1] or m[2]] is None for m in re.finditer(_DST, text)):
        return None
    return re.sub(_DST, lambda m: values[m[1] or m[2]] or "", text)


def find(
    name: str, requester: Requester, executable: Requester, loader: Loader, files: FileSystem
) -> tuple[str, Dso, FoundVia] | None:
    """Search for ``name``, needed by ``requester``: path as opened, file, and how.

    None when it is nowhere. Raises LoadError where the loader would stop.
    """
    if "/" in name:
        path = expand(name, requester.origin, loader)
        if path is None:
            return None
        dso = _open(path := posixpath.join(loader.cwd, path), requester.elf, files)
        return (path, dso, FoundVia("path", requester.name)) if dso else None
    steps = search_steps(places(requester, executable, loader), loader)
    return _first(name, steps, requester.elf, loader, files)


def _first(
    name: str, steps: Iterable[SearchStep], requester: ElfObject, loader: Loader, files: FileSystem
) -> tuple[str, Dso, FoundVia] | None:
    for path, found in candidates(name, steps, loader, files):
        dso = _open(path, requester, files)
        if dso is not None:
            return path, dso, found
    return None


def _open(path: str, requester: ElfObject, files: FileSystem) -> Dso | None:
    """The object at ``path`` if it fits (``open_verify``; Rule 6.4).

    One of another class or machine is passed over.
    """
    dso = files.open(path)
    if dso is None or dso.elf.machine.bits != requester.machine.bits:
        return None
    if dso.elf.machine.big_endian != requester.machine.big_endian:
        raise LoadError(f"{path}: ELF file with another byte order")
    return dso if dso.elf.architecture == requester.architecture else None


class Place(NamedTuple):
    """One place where names without a slash are searched, as the files and the host say it.

    ``paths`` are directories with their tokens, in which ``$ORIGIN`` is ``origin``; None for a
    cache: ld.so.cache, which does without the system's directories where ``nodeflib`` is set,
    or the ``notes`` of the requester.
    """

    found: FoundVia
    paths: tuple[str, ...] | None = None
    origin: str = "/"
    nodeflib: bool = False
    notes: tuple[tuple[str, tuple[str, ...]], ...] = ()


def places(requester: Requester, executable: Requester, loader: Loader) -> tuple[Place, ...]:
    """Where an object's names without a slash are searched, in the loader's order (Rule 6.2).

    1. DT_RPATH: its own, then that of the object that first needed it, and so on up, then
       that of the executable. A DT_RUNPATH of the object voids this whole step, one of
       another object voids the DT_RPATH beside it.
    2. LD_LIBRARY_PATH.
    3. DT_RUNPATH: its own alone. It is not inherited: it serves nothing that the object's
       libraries need in turn.
    4. ld.so.cache.
    5. The system's directories. DF_1_NODEFLIB leaves them out, in the cache as well.

    The patched loaders ask before step 3: NixOS's the note of the object, Guix's the cache.

    Of the objects nothing else decides, so :class:`Searches` knows a search by its places.
    """
    obj = requester.elf
    listed = []
    if obj.runpath is None:
        for owner in _needing(requester, executable):
            rpath = rpath_of(owner.elf)
            if rpath is not None:
                found = FoundVia("rpath", owner.name)
                listed.append(Place(found, tuple(rpath.split(":")), owner.origin))
    if loader.library_path:
        found = FoundVia("library-path")
        listed.append(Place(found, loader.library_path, executable.origin))
    if loader.flavour == "nixos" and obj.resolution_cache:
        found = FoundVia("resolution-cache", requester.name)
        listed.append(Place(found, origin=requester.origin, notes=obj.resolution_cache))
    cache = Place(FoundVia("ld.so.cache"), nodeflib=obj.nodeflib)
    if loader.flavour == "guix":
        listed.append(cache)
    if obj.runpath is not None:
        found = FoundVia("runpath", requester.name)
        listed.append(Place(found, tuple(obj.runpath.split(":")), requester.origin))
    if loader.flavour != "guix":
        listed.append(cache)
    if not obj.nodeflib:
        listed.append(Place(FoundVia("system-directory"), loader.system_dirs))
    return tuple(listed)


def rpath_of(obj: ElfObject) -> str | None:
    """The DT_RPATH that counts: none where there is a DT_RUNPATH (``elf/get-dynamic-info.h``)."""
    return obj.rpath if obj.runpath is None else None


def _needing(requester: Requester, executable: Requester) -> Iterator[Requester]:
    """The object that asks, what needed it and so on up, and the executable."""
    owner: Requester | None = requester
    visited_executable = False
    while owner is not None:
        yield owner
        visited_executable |= owner is executable
        owner = owner.needed_by
    if not visited_executable:
        yield executable


class SearchStep(NamedTuple):
    """A place with its tokens expanded: one directory of it, or None for a cache."""

    directory: str | None
    found: FoundVia
    place: Place


def search_steps(listed: Iterable[Place], loader: Loader) -> Iterator[SearchStep]:
    """The directories and caches of some places, in their order."""
    for place in listed:
        found = place.found
        if place.paths is None:
            yield SearchStep(None, found, place)
        for directory in _directories(place.paths or (), place.origin, loader):
            if found.how == "system-directory":
                found = FoundVia("system-directory", directory)
            yield SearchStep(directory, found, place)


def candidates(
    name: str, steps: Iterable[SearchStep], loader: Loader, files: FileSystem
) -> Iterator[tuple[str, FoundVia]]:
    """Every path the loader tries for a name without a slash, in its order."""
    for directory, found, place in steps:
        if directory is not None:
            yield from _in_directory(name, directory, loader, files, found)
        elif found.how == "ld.so.cache":
            yield from _from_cache(name, place, loader, files)
        else:
            yield from _from_resolution_cache(name, place, loader, files)


def _from_cache(
    name: str, place: Place, loader: Loader, files: FileSystem
) -> Iterator[tuple[str, FoundVia]]:
    path = files.cached(name)
    if path is None:
        return
    if place.nodeflib and path.startswith(loader.system_dirs):
        return
    yield path, place.found


def _directories(elements: Sequence[str], origin: str, loader: Loader) -> Iterator[str]:
    """Expanded directories without duplicates; an empty element is the working directory."""
    seen = set()
    for element in elements:
        directory = expand(element, origin, loader)
        if directory is None:
            continue
        directory = posixpath.join(loader.cwd, directory).rstrip("/") or "/"
        if directory not in seen:
            seen.add(directory)
            yield directory


def _in_directory(
    name: str, directory: str, loader: Loader, files: FileSystem, found: FoundVia
) -> Iterator[tuple[str, FoundVia]]:
    tries = files.tries if isinstance(files, WatchedFileSystem) else None
    for position, subdirectory in enumerate((*loader.subdirectories, "")):
        if tries is None or tries(directory, position):
            yield posixpath.join(directory, subdirectory, name), found


def _from_resolution_cache(
    name: str, place: Place, loader: Loader, files: FileSystem
) -> Iterator[tuple[str, FoundVia]]:
    """The NixOS note of the requester: ``=file`` as it is, ``?directory`` searched."""
    for needed, tagged in place.notes:
        if needed != name:
            continue
        for element in tagged:
            tag, path = element[:1], element[1:]
            if tag == "=":
                yield path, place.found
            elif tag == "?":
                for directory in _directories([path], place.origin, loader):
                    yield from _in_directory(name, directory, loader, files, place.found)


class Searches:
    """The searches of one process, each made once."""

    def __init__(self, executable: Requester, loader: Loader, files: FileSystem) -> None:
        self._executable = executable
        self._loader = loader
        self._files = files
        self._known: dict[object, tuple[str, Dso, FoundVia] | LoadError | None] = {}
        self._steps: dict[tuple[Place, ...], _Promising] = {}

    def find(self, name: str, requester: Requester) -> tuple[str, Dso, FoundVia] | None:
        """See :func:`find`."""
        loader, files = self._loader, self._files
        if "/" in name:
            return find(name, requester, self._executable, loader, files)
        searched = places(requester, self._executable, loader)
        # A file that does not fit the requester's architecture is passed over.
        key = name, requester.elf.architecture, searched
        if key not in self._known:
            steps = self._steps.get(searched)
            if steps is None:
                steps = self._steps[searched] = _Promising(search_steps(searched, loader), files)
            try:
                self._known[key] = _first(name, steps, requester.elf, loader, files)
            except LoadError as e:
                self._known[key] = e
        found = self._known[key]
        if isinstance(found, LoadError):
            raise found
        return found


class _Promising:
    """Steps of a search but for the directories in which there certainly is nothing.

    They are made one by one, and once: what comes behind the first hit may never be asked for.
    """

    def __init__(self, steps: Iterator[SearchStep], files: FileSystem) -> None:
        self._made: list[SearchStep] = []
        self._rest = steps
        self._files = files if isinstance(files, KnownFileSystem) else None

    def __iter__(self) -> Iterator[SearchStep]:
        yield from self._made
        for step in self._rest:
            directory = step.directory
            if directory is None or self._files is None or self._files.holds(directory):
                self._made.append(step)
                yield step
