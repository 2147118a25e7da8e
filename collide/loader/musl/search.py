"""musl's search for a library that is needed and not loaded yet.

Source: musl ``ldso/dynlink.c`` (``load_library``, ``path_open``,
``fixup_rpath``): LD_LIBRARY_PATH, then the run paths of the requester and of
all that pulled it in, then the system's directories. No cache, no
subdirectories; the search ends at the first file that can be opened.

Known gap: a file for a machine that collide has no table of is passed over, as
glibc would; musl would map it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from collide.loader.model import Dso, FileSystem, FoundVia, Loader, LoadError, Requester
from collide.support import limits

_MAX_PATH = 511  # path_open's buffer: 2*NAME_MAX+2 bytes with the terminator
_MAX_NAME = 255  # NAME_MAX
_ORIGIN = r"\$ORIGIN|\$\{ORIGIN\}"


def find(
    name: str, requester: Requester, loader: Loader, files: FileSystem
) -> tuple[str, Dso, FoundVia] | None:
    """Search for ``name``, needed by ``requester``: path as opened, file, and how.

    None when it is nowhere. Raises LoadError where musl would stop.
    """
    if "/" in name:
        dso = _open(posixpath.join(loader.cwd, name), requester, files)
        return (name, dso, FoundVia("path", requester.name)) if dso else None
    for path, found in candidates(name, requester, loader):
        dso = _open(posixpath.join(loader.cwd, path), requester, files)
        if dso is not None:
            return path, dso, found
    return None


def _open(path: str, requester: Requester, files: FileSystem) -> Dso | None:
    """The object at ``path``, whatever machine it is for; of another class it is no object."""
    dso = files.open(path)
    if dso is None:
        return None
    own, other = requester.elf.machine, dso.elf.machine
    if (own.bits, own.big_endian) != (other.bits, other.big_endian):
        raise LoadError(f"{path}: ELF file of another class or byte order")
    return dso


def candidates(name: str, requester: Requester, loader: Loader) -> Iterator[tuple[str, FoundVia]]:
    """Every path musl tries for a name without a slash, in its order (Rule 7 "search").

    1. LD_LIBRARY_PATH.
    2. The run path of the object that asks, then that of the object that first needed it, and so
       on up: a DT_RUNPATH is inherited as a DT_RPATH is, and stands for the one beside it.
    3. The directories of ``/etc/ld-musl-ARCH.path``, or those built in.
    """
    if len(name.encode("utf-8", "surrogateescape")) > _MAX_NAME:
        return
    yield from _in(":".join(loader.library_path), name, FoundVia("library-path"))
    owner: Requester | None = requester
    while owner is not None:
        how, paths = _run_path(owner)
        yield from _in(paths, name, how)
        owner = owner.needed_by
    for directory in loader.system_dirs:
        yield from _in(directory, name, FoundVia("system-directory", directory))


def _run_path(owner: Requester) -> tuple[FoundVia, str]:
    """DT_RUNPATH, or else DT_RPATH: one variable of musl (``rpath_orig``)."""
    obj = owner.elf
    if obj.runpath is not None:
        return FoundVia("runpath", owner.name), _expand(obj.runpath, owner.origin)
    return FoundVia("rpath", owner.name), _expand(obj.rpath or "", owner.origin)


def _expand(paths: str, origin: str) -> str:
    """``paths`` with ``$ORIGIN`` replaced; any other token makes them void."""
    length = len(paths) + paths.count("$") * len(origin)
    limits.hold("path-length", length // (paths.count(":") + 1), origin[:80])
    expanded = re.sub(_ORIGIN, lambda _: origin, paths)
    return "" if "$" in re.sub(_ORIGIN, "", paths) else expanded


def _in(paths: str, name: str, found: FoundVia) -> Iterator[tuple[str, FoundVia]]:
    """``name`` in each directory of ``paths``; empty elements and long paths are passed over."""
    for directory in re.split(r"[:\n]", paths):
        path = f"{directory}/{name}"
        if directory and len(path.encode("utf-8", "surrogateescape")) <= _MAX_PATH:
            yield path, found
