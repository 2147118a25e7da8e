"""Where the loader finds a DT_NEEDED name that is not loaded yet.

Source: glibc ``elf/dl-load.c`` (``_dl_map_new_object``, ``open_path``,
``fillin_rpath``), ld.so(8) "DESCRIPTION" and "Dynamic string tokens". Names
that are already loaded never come here: :mod:`collide.loader.glibc.process` captures them
first.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import cache

from collide.elf.object import ElfObject
from collide.support.errors import CollideError
from collide.support.records import NamedTuple, Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from collide.elf.code.call_graph import Calls

    FoundBy = Literal[
        "executable", "loader", "preload", "opened", "already-loaded", "path", "rpath",
        "library-path", "resolution-cache", "runpath", "ld.so.cache", "system-directory",
    ]  # fmt: skip
    """How an object came to its place; the loader's own steps, in their order."""


class Found(NamedTuple):
    """How a library was found: the step, and the object or path that decided it."""

    how: FoundBy
    by: str | None = None

    def __str__(self) -> str:
        match self.how:
            case "rpath" | "runpath":
                return f"{self.how.upper()} of {self.by}"
            case "resolution-cache":
                return f"resolution cache of {self.by}"
            case "already-loaded":
                return f"already loaded as {self.by}"
            case "library-path":
                return "LD_LIBRARY_PATH"
            case "system-directory":
                return f"system directory {self.by}"
            case "path":
                return f"path in {self.by}" if self.by else "path"
        return self.how


class File:
    """One ELF file of a file system, read; compared by identity.

    ``path`` is its canonical path (no symbolic links), ``identity`` what makes
    two paths the same file (device and inode). What only judging asks for is read
    when it is: ``contents`` gives the bytes again. Of a recorded object there are
    none, and its profile gives ``version_strings`` and ``build_id``.
    """

    __slots__ = (
        *("_build_id", "_calls", "_contents", "_refusals", "_version_strings", "identity"),
        *("object", "path"),
    )

    def __init__(
        self,
        path: str,
        identity: Hashable,
        elf: ElfObject,
        contents: Callable[[], bytes | bytearray] | None = None,
        version_strings: tuple[str, ...] | None = None,
        build_id: str | None = None,
    ) -> None:
        self.path = path
        self.identity = identity
        self.object = elf
        self._contents = contents
        self._version_strings = version_strings
        self._refusals: tuple[str, ...] | None = None
        self._build_id = build_id
        self._calls: tuple[Calls | None] | None = None

    def read(self) -> bytes | bytearray:
        """Its bytes, once more; none of a recorded object."""
        return self._contents() if self._contents else b""

    @property
    def build_id(self) -> str | None:
        """NT_GNU_BUILD_ID, hexadecimal: files that have the same are of one build."""
        if self._build_id is None and self._contents:
            from io import BytesIO

            from collide.elf.notes import read_notes

            self._build_id = read_notes(BytesIO(self.read())).build_id
        return self._build_id

    @property
    def version_strings(self) -> tuple[str, ...]:
        """What it says of its version (:mod:`collide.elf.strings`)."""
        if self._version_strings is None:
            from collide.elf.strings import read_version_strings

            self._version_strings = read_version_strings(self.read())
        return self._version_strings

    @property
    def refusals(self) -> tuple[str, ...]:
        """What it says where a library is not the one that it was compiled for."""
        if self._refusals is None:
            from collide.elf.strings import read_refusals

            self._refusals = read_refusals(self.read())
        return self._refusals

    @property
    def calls(self) -> Calls | None:
        """The graph of its calls (:mod:`collide.elf.code.call_graph`); None where not known."""
        if self._calls is None:
            from collide.elf.code.call_graph import LARGEST, read_calls

            again = self._contents if self.object.code_size <= LARGEST else None
            self._calls = (read_calls(again(), again) if again else None,)
        return self._calls[0]


class LoadError(CollideError):
    """The loader stops at this file instead of searching on (section 6.4's hard errors)."""


class Files(Protocol):
    """A file system as the loader sees it: a root, a wheel's members, a recorded host."""

    def open(self, path: str) -> File | None:
        """The object at ``path``; None where a search goes on. Raises LoadError."""

    def cached(self, name: str) -> str | None:
        """The path ld.so.cache gives for ``name``."""


class Watch(Files):
    """Files whose use is watched: a search says what it tries where."""

    def tries(self, directory: str, position: int) -> bool:
        """Whether the next file is tried, in the subdirectory of that position in the list."""
        raise NotImplementedError


class Loader(NamedTuple):
    """The dynamic loader of a host.

    ``libc`` is ``glibc`` or ``musl``; ``version`` its release, (2, 36) or
    (1, 2, 5). ``system_dirs`` are the directories built into it, ``hwcaps`` the active glibc-hwcaps
    subdirectories, best first, ``platform`` and ``lib`` the values of
    ``$PLATFORM`` and ``$LIB``, ``library_path`` the elements of
    LD_LIBRARY_PATH, ``cwd`` the working directory of relative names.
    ``flavour`` tells the two patched loaders apart: ``nixos`` reads the
    resolution note of the requester, ``guix`` asks the cache before RUNPATH.
    """

    libc: str
    version: tuple[int, ...]
    path: str
    system_dirs: tuple[str, ...]
    hwcaps: tuple[str, ...] = ()
    platform: str | None = None
    lib: str | None = None
    library_path: tuple[str, ...] = ()
    cwd: str = "/"
    flavour: Literal["upstream", "nixos", "guix"] = "upstream"

    @property
    def subdirectories(self) -> tuple[str, ...]:
        """What is tried below each directory before the directory itself.

        glibc-hwcaps since 2.33; up to 2.36 also the legacy ``tls`` and
        platform directories in all their combinations (``_dl_important_hwcaps``):
        some twice, where the platform has the name of the architecture.
        """
        words = ("tls", self.platform, "x86_64" if "x86" in self.path else None)
        return _subdirectories(self.version, self.hwcaps, words)


@cache
def _subdirectories(
    version: tuple[int, ...], hwcaps: tuple[str, ...], words: tuple[str | None, ...]
) -> tuple[str, ...]:
    subdirs = []
    if version >= (2, 33):
        subdirs += [f"glibc-hwcaps/{level}" for level in hwcaps]
    if version < (2, 37):
        present = [word for word in words if word]
        for count in range(2 ** len(present) - 1, 0, -1):
            bits = f"{count:0{len(present)}b}"
            chosen = [w for w, bit in zip(present, bits, strict=True) if bit == "1"]
            subdirs.append("/".join(chosen))
    return tuple(subdirs)


class Requester(Protocol):
    """A loaded object that asks for another: the part of a link map a search needs."""

    @property
    def name(self) -> str:
        """Its path as opened."""

    @property
    def origin(self) -> str:
        """The value of ``$ORIGIN`` in its strings."""

    @property
    def object(self) -> ElfObject:
        """Its facts."""

    @property
    def loader(self) -> Requester | None:
        """What pulled it in (``l_loader``); None for what was opened by path."""


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
    files: Files,
    searched: Iterable[Place] | None = None,
) -> tuple[str, File, Found] | None:
    """Search for ``name``, needed by ``requester``: path as opened, file, and how.

    ``searched`` are its :func:`places`, where they are known. None when it is
    nowhere. Raises LoadError where the loader would stop.
    """
    if "/" in name:
        path = expand(name, requester.origin, loader)
        if path is None:
            return None
        file = _open(path := posixpath.join(loader.cwd, path), requester.object, files)
        return (path, file, Found("path", requester.name)) if file else None
    if searched is None:
        searched = places(requester, executable, loader)
    for path, found in candidates(name, requester, loader, files, searched):
        file = _open(path, requester.object, files)
        if file is not None:
            return path, file, found
    return None


def _open(path: str, requester: ElfObject, files: Files) -> File | None:
    """The object at ``path`` if it fits; another class or machine is passed over (open_verify)."""
    file = files.open(path)
    if file is None or file.object.machine.bits != requester.machine.bits:
        return None
    if file.object.machine.big_endian != requester.machine.big_endian:
        raise LoadError(f"{path}: ELF file with another byte order")
    return file if file.object.architecture == requester.architecture else None


class Place(NamedTuple):
    """A step of a search: a directory, or what ``found`` says that a name is asked of."""

    directory: str | None
    found: Found


def places(requester: Requester, executable: Requester, loader: Loader) -> Iterator[Place]:
    """Where an object's names without a slash are searched, in the loader's order."""
    cache = Place(None, Found("ld.so.cache"))
    if requester.object.runpath is None:
        for owner in _rpath_chain(requester, executable):
            yield from _listed(owner.object.rpath, owner, loader, Found("rpath", owner.name))
    for directory in _directories(loader.library_path, executable.origin, loader):
        yield Place(directory, Found("library-path"))
    if loader.flavour == "nixos" and requester.object.resolution_cache:
        yield Place(None, Found("resolution-cache", requester.name))
    if loader.flavour == "guix":
        yield cache
    yield from _listed(
        requester.object.runpath, requester, loader, Found("runpath", requester.name)
    )
    if loader.flavour != "guix":
        yield cache
    if not requester.object.nodeflib:
        for directory in _directories(loader.system_dirs, "/", loader):
            yield Place(directory, Found("system-directory", directory))


def candidates(
    name: str, requester: Requester, loader: Loader, files: Files, searched: Iterable[Place]
) -> Iterator[tuple[str, Found]]:
    """Every path the loader tries for a name without a slash, in its order."""
    for directory, found in searched:
        if directory is not None:
            yield from _in_directory(name, directory, loader, files, found)
        elif found.how == "ld.so.cache":
            yield from _from_cache(name, requester, loader, files)
        else:
            yield from _from_resolution_cache(name, requester, loader, files)


def _from_cache(
    name: str, requester: Requester, loader: Loader, files: Files
) -> Iterator[tuple[str, Found]]:
    path = files.cached(name)
    if path is None:
        return
    if requester.object.nodeflib and path.startswith(loader.system_dirs):
        return
    yield path, Found("ld.so.cache")


def _rpath_chain(requester: Requester, executable: Requester) -> Iterator[Requester]:
    """Objects whose DT_RPATH serves ``requester``: itself, its loaders, the executable."""
    owner: Requester | None = requester
    visited_executable = False
    while owner is not None:
        yield owner
        visited_executable |= owner is executable
        owner = owner.loader
    if not visited_executable:
        yield executable


def _listed(paths: str | None, owner: Requester, loader: Loader, found: Found) -> Iterator[Place]:
    if paths is not None:
        for directory in _directories(paths.split(":"), owner.origin, loader):
            yield Place(directory, found)


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
    name: str, directory: str, loader: Loader, files: Files, found: Found
) -> Iterator[tuple[str, Found]]:
    tries = files.tries if isinstance(files, Watch) else None
    for position, subdirectory in enumerate((*loader.subdirectories, "")):
        if tries is None or tries(directory, position):
            yield posixpath.join(directory, subdirectory, name), found


def _from_resolution_cache(
    name: str, requester: Requester, loader: Loader, files: Files
) -> Iterator[tuple[str, Found]]:
    """The NixOS note of the requester: ``=file`` as it is, ``?directory`` searched."""
    found = Found("resolution-cache", requester.name)
    for needed, tagged in requester.object.resolution_cache:
        if needed != name:
            continue
        for element in tagged:
            tag, path = element[:1], element[1:]
            if tag == "=":
                yield path, found
            elif tag == "?":
                for directory in _directories([path], requester.origin, loader):
                    yield from _in_directory(name, directory, loader, files, found)
