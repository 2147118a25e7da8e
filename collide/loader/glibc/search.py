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
    """``text`` with its dynamic string tokens replaced; None when one has no value.

    An unknown token stays as it is (glibc ``_dl_dst_substitute``).
    """
    if "$" not in text:
        return text
    values = {"ORIGIN": origin, "LIB": loader.lib, "PLATFORM": loader.platform}
    if any(values[m[1] or m[2]] is None for m in re.finditer(_DST, text)):
        return None
    return re.sub(_DST, lambda m: values[m[1] or m[2]] or "", text)


def find(
    name: str,
    requester: Requester,
    executable: Requester,
    loader: Loader,
    files: FileSystem,
    searched: Iterable[SearchStep] | None = None,
) -> tuple[str, Dso, FoundVia] | None:
    """Search for ``name``, needed by ``requester``: path as opened, file, and how.

    ``searched`` are its :func:`places`, where they are known. None when it is
    nowhere. Raises LoadError where the loader would stop.
    """
    if "/" in name:
        path = expand(name, requester.origin, loader)
        if path is None:
            return None
        dso = _open(path := posixpath.join(loader.cwd, path), requester.elf, files)
        return (path, dso, FoundVia("path", requester.name)) if dso else None
    if searched is None:
        searched = places(requester, executable, loader)
    for path, found in candidates(name, requester, loader, files, searched):
        dso = _open(path, requester.elf, files)
        if dso is not None:
            return path, dso, found
    return None


def _open(path: str, requester: ElfObject, files: FileSystem) -> Dso | None:
    """The object at ``path`` if it fits; another class or machine is passed over (open_verify)."""
    dso = files.open(path)
    if dso is None or dso.elf.machine.bits != requester.machine.bits:
        return None
    if dso.elf.machine.big_endian != requester.machine.big_endian:
        raise LoadError(f"{path}: ELF file with another byte order")
    return dso if dso.elf.architecture == requester.architecture else None


class SearchStep(NamedTuple):
    """A step of a search: a directory, or what ``found`` says that a name is asked of."""

    directory: str | None
    found: FoundVia


def places(requester: Requester, executable: Requester, loader: Loader) -> Iterator[SearchStep]:
    """Where an object's names without a slash are searched, in the loader's order."""
    cache = SearchStep(None, FoundVia("ld.so.cache"))
    if requester.elf.runpath is None:
        for owner in _rpath_chain(requester, executable):
            yield from _listed(owner.elf.rpath, owner, loader, FoundVia("rpath", owner.name))
    for directory in _directories(loader.library_path, executable.origin, loader):
        yield SearchStep(directory, FoundVia("library-path"))
    if loader.flavour == "nixos" and requester.elf.resolution_cache:
        yield SearchStep(None, FoundVia("resolution-cache", requester.name))
    if loader.flavour == "guix":
        yield cache
    yield from _listed(
        requester.elf.runpath, requester, loader, FoundVia("runpath", requester.name)
    )
    if loader.flavour != "guix":
        yield cache
    if not requester.elf.nodeflib:
        for directory in _directories(loader.system_dirs, "/", loader):
            yield SearchStep(directory, FoundVia("system-directory", directory))


def candidates(
    name: str,
    requester: Requester,
    loader: Loader,
    files: FileSystem,
    searched: Iterable[SearchStep],
) -> Iterator[tuple[str, FoundVia]]:
    """Every path the loader tries for a name without a slash, in its order."""
    for directory, found in searched:
        if directory is not None:
            yield from _in_directory(name, directory, loader, files, found)
        elif found.how == "ld.so.cache":
            yield from _from_cache(name, requester, loader, files)
        else:
            yield from _from_resolution_cache(name, requester, loader, files)


def _from_cache(
    name: str, requester: Requester, loader: Loader, files: FileSystem
) -> Iterator[tuple[str, FoundVia]]:
    path = files.cached(name)
    if path is None:
        return
    if requester.elf.nodeflib and path.startswith(loader.system_dirs):
        return
    yield path, FoundVia("ld.so.cache")


def _rpath_chain(requester: Requester, executable: Requester) -> Iterator[Requester]:
    """Objects whose DT_RPATH serves ``requester``: itself, its loaders, the executable."""
    owner: Requester | None = requester
    visited_executable = False
    while owner is not None:
        yield owner
        visited_executable |= owner is executable
        owner = owner.needed_by
    if not visited_executable:
        yield executable


def _listed(
    paths: str | None, owner: Requester, loader: Loader, found: FoundVia
) -> Iterator[SearchStep]:
    if paths is not None:
        for directory in _directories(paths.split(":"), owner.origin, loader):
            yield SearchStep(directory, found)


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
    name: str, requester: Requester, loader: Loader, files: FileSystem
) -> Iterator[tuple[str, FoundVia]]:
    """The NixOS note of the requester: ``=file`` as it is, ``?directory`` searched."""
    found = FoundVia("resolution-cache", requester.name)
    for needed, tagged in requester.elf.resolution_cache:
        if needed != name:
            continue
        for element in tagged:
            tag, path = element[:1], element[1:]
            if tag == "=":
                yield path, found
            elif tag == "?":
                for directory in _directories([path], requester.origin, loader):
                    yield from _in_directory(name, directory, loader, files, found)


class Searches:
    """What was found for each name, and where each object's names are searched."""

    def __init__(self) -> None:
        self._known: dict[object, tuple[str, Dso, FoundVia] | LoadError | None] = {}
        self._places: dict[object, _Promising] = {}

    def find(
        self,
        name: str,
        requester: Requester,
        executable: Requester,
        loader: Loader,
        files: FileSystem,
    ) -> tuple[str, Dso, FoundVia] | None:
        """See :func:`collide.loader.glibc.search.find`."""
        # What an object asks for depends on its run paths, and on those that it inherits.
        asking: list[object] = [requester.elf.architecture]
        asking.append(requester.elf.resolution_cache)
        owner: Requester | None = requester
        while owner is not None:
            obj = owner.elf
            asking.append((owner.name, owner.origin, obj.rpath, obj.runpath, obj.nodeflib))
            owner = owner.needed_by if requester.elf.runpath is None else None
        places_key = tuple(asking)
        key = name, places_key
        if key not in self._known:
            searched = self._places.get(places_key)
            if searched is None:
                listed = places(requester, executable, loader)
                searched = self._places[places_key] = _Promising(listed, files)
            try:
                self._known[key] = find(name, requester, executable, loader, files, searched)
            except LoadError as e:
                self._known[key] = e
        found = self._known[key]
        if isinstance(found, LoadError):
            raise found
        return found


class _Promising:
    """Places but for the directories in which there certainly is nothing.

    Told one by one, and once: what comes behind the first hit may never be asked for.
    """

    def __init__(self, listed: Iterator[SearchStep], files: FileSystem) -> None:
        self._told: list[SearchStep] = []
        self._rest = listed
        self._files = files if isinstance(files, KnownFileSystem) else None

    def __iter__(self) -> Iterator[SearchStep]:
        yield from self._told
        for place in self._rest:
            directory = place.directory
            if directory is None or self._files is None or self._files.holds(directory):
                self._told.append(place)
                yield place
