"""The interface of a tree of files that a root file system is read from, and the one on disk.

Paths given to a tree are absolute and canonical but for the last component,
which is never followed: :class:`collide.filesystems.root.Root` resolves the links.
"""

from __future__ import annotations

import errno
import io
import mmap
import os
import stat
from collections.abc import Hashable
from pathlib import Path
from typing import BinaryIO, Literal

from collide.support.records import NamedTuple, Protocol

Contents = bytes | mmap.mmap
"""The bytes of a file, read or mapped."""


class Status(NamedTuple):
    """The kind of what lies at a path; ``identity`` is equal for two names of one file."""

    kind: Literal["file", "directory", "link", "other"]
    identity: Hashable


class Tree(Protocol):
    """Files by path, no link followed. All methods but ``status`` raise OSError."""

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
        status = self.status(path)
        if status is not None and status.kind == "other":
            # Opening a pipe would wait for a writer, opening a device may do anything.
            raise OSError(errno.EINVAL, "not a regular file", path)
        with Path(self._prefix + path).open("rb") as stream:
            if os.fstat(stream.fileno()).st_size == 0:
                # Nothing that can be mapped; what /proc holds has no size either.
                return stream.read()
            # Not closed by hand: a traceback may still hold views of it.
            return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)

    def stream(self, path: str) -> BinaryIO:
        """See :class:`Tree`."""
        data = self.contents(path)
        return buffered(io.BytesIO(data) if isinstance(data, bytes) else data, 0, len(data))


class _Seekable(Protocol):
    """A file object, or a mapped file."""

    def seek(self, position: int, /) -> object:
        """Go to a byte."""

    def read(self, size: int, /) -> bytes:
        """Read from there."""


def buffered(stream: _Seekable, offset: int, size: int) -> BinaryIO:
    """A part of ``stream`` as a file of its own; they may be read by turns."""
    return io.BufferedReader(_Part(stream, offset, size))


class _Part(io.RawIOBase):
    """Some bytes of another stream, at a position of its own."""

    def __init__(self, stream: _Seekable, offset: int, size: int) -> None:
        self._stream = stream
        self._offset = offset
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        """See :class:`io.RawIOBase`."""
        return True

    def seekable(self) -> bool:
        """See :class:`io.RawIOBase`."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """See :class:`io.RawIOBase`."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        """See :class:`io.RawIOBase`."""
        return self._position

    def readinto(self, buffer: object, /) -> int:
        """See :class:`io.RawIOBase`."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        wanted = min(len(view), max(0, self._size - self._position))
        self._stream.seek(self._offset + self._position)
        data = self._stream.read(wanted)
        view[: len(data)] = data
        self._position += len(data)
        return len(data)
