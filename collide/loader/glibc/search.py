"""glibc's search for a library that is needed and not loaded yet.

Source: glibc ``elf/dl-load.c`` (``_dl_map_new_object``, ``open_path``,
``fillin_rpath``), ld.so(8) "DESCRIPTION" and "Dynamic string tokens". A name that a loaded
object answers to is not searched for: see :meth:`collide.loader.glibc.process.GlibcProcess.loaded`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from collide.elf.object import ElfObject
from collide.loader.model import (
    Dso,
    FileSystem,
    FoundVia,
    Loader,
    LoadError,
    Requester,
    WatchedFileSystem,
)
from collide.support import limits
from collide.support.records import NamedTuple

_DST = r"\$(?:\{(ORIGIN|LIB|PLATFORM)\}|(ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_]))"


def expand(text: str, origin: str, loader: Loader) -> str | None:
    """``text`` with its dynamic string tokens replaced (Rule 6.6); None when one has no value.

    An unknown token stays as it is (glibc ``_dl_dst_substitute``). Raises LimitError for a text
    that tokens make longer than any path.
    """
    if "$" not in text:
        return text
    limits.hold("path-length", len(text) + text.count("$") * len(origin), origin[:80])
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
    for path, found in candidates(name, requester, executable, loader, files):
        dso = _open(path, requester.elf, files)
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
    """A place where a name is searched: a directory, or None for a cache that ``found`` names."""

    directory: str | None
    found: FoundVia


def places(requester: Requester, executable: Requester, loader: Loader) -> Iterator[Place]:
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
    """
    obj = requester.elf
    cache = Place(None, FoundVia("ld.so.cache"))
    if obj.runpath is None:
        for owner in _needing(requester, executable):
            yield from _listed(rpath_of(owner.elf), owner, loader, FoundVia("rpath", owner.name))
    for directory in _directories(loader.library_path, executable.origin, loader):
        yield Place(directory, FoundVia("library-path"))
    if loader.flavour == "nixos" and obj.resolution_cache:
        yield Place(None, FoundVia("resolution-cache", requester.name))
    if loader.flavour == "guix":
        yield cache
    yield from _listed(obj.runpath, requester, loader, FoundVia("runpath", requester.name))
    if loader.flavour != "guix":
        yield cache
    if not obj.nodeflib:
        for directory in _directories(loader.system_dirs, "/", loader):
            yield Place(directory, FoundVia("system-directory", directory))


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


def _listed(
    paths: str | None, owner: Requester, loader: Loader, found: FoundVia
) -> Iterator[Place]:
    if paths is not None:
        for directory in _directories(paths.split(":"), owner.origin, loader):
            yield Place(directory, found)


def candidates(
    name: str, requester: Requester, executable: Requester, loader: Loader, files: FileSystem
) -> Iterator[tuple[str, FoundVia]]:
    """Every path the loader tries for a name without a slash, in its order."""
    for directory, found in places(requester, executable, loader):
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
