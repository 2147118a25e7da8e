"""A tree of files, wherever it is kept: what a root file system is read from.

Paths given to a tree are absolute and canonical but for the last component,
which is never followed: :class:`collide.rootfs.Root` resolves the links.
"""

from __future__ import annotations

import errno
import mmap
import os
import stat
from collections.abc import Hashable
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, Protocol

Contents = bytes | mmap.mmap
"""What a file holds."""


class Status(NamedTuple):
    """What lies at a path; ``identity`` is equal for two names of one file (a hard link)."""

    kind: Literal["file", "directory", "link", "other"]
    identity: Hashable


class Tree(Protocol):
    """What is there, without following any link. All but ``status`` raise OSError."""

    def status(self, path: str) -> Status | None:
        """What lies at ``path``; None when nothing does, or it cannot be asked."""

    def target(self, path: str) -> str:
        """What the symbolic link at ``path`` holds."""

    def names(self, path: str) -> list[str]:
        """The entries of a directory, sorted."""

    def contents(self, path: str) -> Contents:
        """All of a file."""

    def stream(self, path: str) -> BinaryIO:
        """A file for reading and seeking."""


class Disk:
    """The files below a directory of this machine."""

    def __init__(self, directory: str = "/") -> None:
        top = os.path.realpath(directory)
        self._prefix = "" if top == "/" else top

    def status(self, path: str) -> Status | None:
        """See :class:`Tree`."""
        try:
            found = os.lstat(self._prefix + path)
        except (OSError, ValueError):
            return None
        identity = (found.st_dev, found.st_ino)
        if stat.S_ISREG(found.st_mode):
            return Status("file", identity)
        if stat.S_ISDIR(found.st_mode):
            return Status("directory", identity)
        return Status("link" if stat.S_ISLNK(found.st_mode) else "other", identity)

    def target(self, path: str) -> str:
        """See :class:`Tree`."""
        return os.readlink(self._prefix + path)

    def names(self, path: str) -> list[str]:
        """See :class:`Tree`."""
        return sorted(os.listdir(self._prefix + path))  # noqa: PTH208

    def contents(self, path: str) -> Contents:
        """See :class:`Tree`."""
        with self.stream(path) as stream:
            if os.fstat(stream.fileno()).st_size == 0:
                # Nothing that can be mapped; what /proc holds has no size either.
                return stream.read()
            # Not closed by hand: a traceback may still hold views of it.
            return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)

    def stream(self, path: str) -> BinaryIO:
        """See :class:`Tree`."""
        status = self.status(path)
        if status is not None and status.kind == "other":
            # Opening a pipe would wait for a writer, opening a device may do anything.
            raise OSError(errno.EINVAL, "not a regular file", path)
        return Path(self._prefix + path).open("rb")
