"""A root file system on disk as the loader sees it.

Symbolic links are resolved inside the root and never outside it, so the root
may be that of another system (``--root``).
"""

from __future__ import annotations

import errno
import mmap
import os
import posixpath
import stat
from pathlib import Path

from collide.elf import read_object
from collide.errors import ForeignMachineError, FormatError
from collide.ldcache import LdCache, read_cache
from collide.search import File, LoadError

_MAX_LINKS = 40  # MAXSYMLINKS, path_resolution(7)


class Root:
    """The files below ``root``; paths given to it are absolute inside the root."""

    def __init__(self, root: str = "/") -> None:
        self._root = os.path.realpath(root)
        self._files: dict[tuple[int, int], File] = {}
        self._resolved: dict[str, str | None] = {}
        self._directories: dict[str, str | None] = {}
        self.cache: LdCache | None = None
        self.cache_flags = 0
        self.hwcaps: tuple[str, ...] = ()

    def on_disk(self, path: str) -> Path:
        """Where ``path`` of this root lies on this machine; its last link is not followed."""
        if self._root == "/":
            return Path(path)
        return Path(self._root + path)

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
            try:
                mode = os.lstat(self.on_disk(here)).st_mode
            except OSError:
                return None
            if not stat.S_ISLNK(mode):
                if pending and not stat.S_ISDIR(mode):
                    return None
                done = here
                continue
            links += 1
            if links > _MAX_LINKS:
                return None
            target = os.readlink(self.on_disk(here))
            if target.startswith("/"):
                done = "/"
            pending += [p for p in reversed(target.split("/")) if p and p != "."]
        return done

    def read_bytes(self, path: str) -> bytes | None:
        """Contents of a file of the root; None when it is not there."""
        real = self.realpath(path)
        try:
            return None if real is None else self.on_disk(real).read_bytes()
        except OSError:
            return None

    def read_head(self, path: str) -> bytes | None:
        """The first bytes of a file of the root; None when it cannot be read."""
        real = self.realpath(path)
        try:
            if real is None:
                return None
            with self.on_disk(real).open("rb") as stream:
                return stream.read(256)
        except OSError:
            return None

    def open(self, path: str) -> File | None:
        """See :class:`collide.search.Files`."""
        directory, name = posixpath.split(path)
        # A search tries hundreds of names in few directories.
        if directory not in self._directories:
            self._directories[directory] = self.realpath(directory)
        parent = self._directories[directory]
        real = self.realpath(posixpath.join(parent, name)) if parent is not None else None
        if real is None:
            return None
        try:
            status = os.stat(self.on_disk(real))
        except OSError:
            return None
        identity = (status.st_dev, status.st_ino)
        if identity not in self._files:
            if stat.S_ISDIR(status.st_mode):
                raise LoadError(f"{path}: is a directory")
            try:
                self._files[identity] = self._read(real, identity)
            except ForeignMachineError:
                return None
            except FormatError as e:
                raise LoadError(f"{path}: {e}") from e
            except OSError as e:
                if e.errno in (errno.EACCES, errno.ENOENT):
                    return None
                raise LoadError(f"{path}: {e.strerror}") from e
        return self._files[identity]

    def read(self, path: str) -> File:
        """The object at ``path``, which is asked for by name rather than searched.

        Raises FormatError, or OSError when it cannot be read.
        """
        real = self.realpath(path)
        if real is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        status = os.stat(self.on_disk(real))
        identity = (status.st_dev, status.st_ino)
        if identity not in self._files:
            self._files[identity] = self._read(real, identity)
        return self._files[identity]

    def _read(self, path: str, identity: tuple[int, int]) -> File:
        with self.on_disk(path).open("rb") as stream:
            if os.fstat(stream.fileno()).st_size == 0:
                raise FormatError("empty file")
            # Not closed by hand: a traceback may still hold views of it.
            data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        return File(path, identity, read_object(data), self.on_disk(path).read_bytes)

    def cached(self, name: str) -> str | None:
        """See :class:`collide.search.Files`."""
        if self.cache is None:
            return None
        return self.cache.find(name, self.cache_flags, self.hwcaps)

    def load_cache(self, path: str, flags: int, hwcaps: tuple[str, ...]) -> None:
        """Use the ld.so.cache at ``path``, where there is one, for one architecture and CPU."""
        data = self.read_bytes(path)
        if data is not None:
            self.cache, self.cache_flags, self.hwcaps = read_cache(data), flags, hwcaps
