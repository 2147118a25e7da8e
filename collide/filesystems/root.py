"""A root file system as the loader sees it: paths resolved, objects read.

Symbolic links are resolved inside the root and never outside it, so the root
may be that of another system (``--root``), on disk or in an archive.
"""

from __future__ import annotations

import errno
import os
import posixpath
from copy import copy
from functools import partial
from typing import BinaryIO

from collide.elf.object import read_facts, read_object
from collide.filesystems.tree import Disk, Status, Tree
from collide.loader.glibc.ld_cache import LdCache, read_cache
from collide.loader.model import Dso, LoadError
from collide.support import limits
from collide.support.errors import ForeignMachineError, FormatError

_MAX_LINKS = 40  # MAXSYMLINKS, path_resolution(7)
_HEAD = 256


class Root:
    """The files below a directory, or of another tree; paths are absolute inside the root."""

    def __init__(self, root: str | Tree = "/") -> None:
        self._tree = Disk(root) if isinstance(root, str) else root
        self._files: dict[object, Dso] = {}
        self._read_object = read_object
        self._resolved: dict[str, str | None] = {}
        self._directories: dict[str, str | None] = {}
        self._tries: int | None = None
        self.cache: LdCache | None = None
        self.cache_flags = 0
        self.hwcaps: tuple[str, ...] = ()

    @property
    def is_disk(self) -> bool:
        """Whether these are the files of this system, by the same paths."""
        return isinstance(self._tree, Disk) and self._tree.is_whole

    def count_tries(self) -> None:
        """From now on hold what is opened against the limit ``tries``."""
        self._tries = 0

    def without_symbols(self) -> Root:
        """The same files, as objects whose symbols are not read: enough to see what is loaded."""
        root = copy(self)
        root._files = {}
        root._read_object = read_facts
        return root

    def realpath(self, path: str) -> str | None:
        """Canonical path inside the root; None when it does not exist."""
        if path not in self._resolved:
            self._resolved[path] = self._resolve(path)
        return self._resolved[path]

    def _resolve(self, path: str) -> str | None:
        pending = [part for part in reversed(path.split("/")) if part and part != "."]
        done, links = "/", 0
        while pending:
            part = pending.pop()
            if part == "..":
                done = posixpath.dirname(done)
                continue
            here = posixpath.join(done, part)
            status = self._tree.status(here)
            if status is None:
                return None
            if status.kind != "link":
                if pending and status.kind != "directory":
                    return None
                done = here
                continue
            links += 1
            if links > _MAX_LINKS:
                return None
            target = self._tree.target(here)
            if target.startswith("/"):
                done = "/"
            pending += [p for p in reversed(target.split("/")) if p and p != "."]
        return done

    def is_directory(self, path: str) -> bool:
        """Whether there is a directory at ``path``, or a link to one."""
        status = self._status(path)
        return status is not None and status.kind == "directory"

    def _status(self, path: str) -> Status | None:
        real = self.realpath(path)
        return None if real is None else self._tree.status(real)

    def names(self, path: str) -> list[str]:
        """The entries of a directory of the root, sorted; none when it cannot be read."""
        real = self.realpath(path)
        try:
            return [] if real is None else self._tree.names(real)
        except OSError:
            return []

    def read_bytes(self, path: str) -> bytes | None:
        """Contents of a file of the root; None when it is not there."""
        real = self.realpath(path)
        try:
            return None if real is None else self._tree.contents(real)
        except OSError:
            return None

    def read_head(self, path: str) -> bytes | None:
        """The first bytes of a file of the root; None when it cannot be read."""
        try:
            with self.stream(path) as stream:
                return stream.read(_HEAD)
        except OSError:
            return None

    def stream(self, path: str) -> BinaryIO:
        """A file of the root for reading and seeking; raises OSError."""
        return self._tree.stream(self._existing(path))

    def _existing(self, path: str) -> str:
        real = self.realpath(path)
        if real is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return real

    def open(self, path: str) -> Dso | None:
        """See :class:`collide.loader.model.FileSystem`."""
        if self._tries is not None:
            self._tries += 1
            limits.hold("tries", self._tries, path)
        directory, name = posixpath.split(path)
        # A search tries hundreds of names in few directories.
        if directory not in self._directories:
            self._directories[directory] = self.realpath(directory)
        parent = self._directories[directory]
        real = self.realpath(posixpath.join(parent, name)) if parent is not None else None
        status = self._tree.status(real) if real is not None else None
        if real is None or status is None:
            return None
        if status.identity not in self._files:
            if status.kind == "directory":
                raise LoadError(f"{path}: is a directory")
            try:
                self._files[status.identity] = self._read(real, status)
            except ForeignMachineError:
                return None
            except FormatError as e:
                raise LoadError(f"{path}: {e}") from e
            except OSError as e:
                if e.errno in (errno.EACCES, errno.ENOENT):
                    return None
                raise LoadError(f"{path}: {e.strerror}") from e
        return self._files[status.identity]

    def read(self, path: str) -> Dso:
        """The object at ``path``, which is asked for by name rather than searched.

        Raises FormatError, or OSError when it cannot be read.
        """
        real = self._existing(path)
        status = self._tree.status(real)
        if status is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        if status.identity not in self._files:
            self._files[status.identity] = self._read(real, status)
        return self._files[status.identity]

    def _read(self, path: str, status: Status) -> Dso:
        data = self._tree.contents(path)
        if not data:
            raise FormatError("empty file")
        try:
            limits.hold("object-size", len(data))
            obj = self._read_object(data)
        except limits.LimitError as e:
            raise e.inside(path) from None
        return Dso(path, status.identity, obj, partial(self._again, path))

    def _again(self, path: str) -> bytes:
        return self._tree.contents(path)

    def cached(self, name: str) -> str | None:
        """See :class:`collide.loader.model.FileSystem`."""
        if self.cache is None:
            return None
        return self.cache.find(name, self.cache_flags, self.hwcaps)

    def load_cache(self, path: str, flags: int, hwcaps: tuple[str, ...]) -> None:
        """Use the ld.so.cache at ``path``, where there is one, for one architecture and CPU."""
        data = self.read_bytes(path)
        if data is not None:
            limits.hold("cache-size", len(data), path)
            try:
                self.cache, self.cache_flags, self.hwcaps = read_cache(data), flags, hwcaps
            except limits.LimitError as e:
                raise e.inside(path) from None
