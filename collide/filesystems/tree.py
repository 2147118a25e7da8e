"""The interface of a tree of files that a root file system is read from, and the one on disk.

Paths given to a tree are absolute and canonical but for the last component,
which is never followed: :class:`collide.filesystems.root.Root` resolves the links.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Hashable
from pathlib import Path
from typing import BinaryIO, Literal

from collide.support import system
from collide.support.file_bytes import READING, read_at
from collide.support.records import NamedTuple, Protocol

LARGEST = 2 << 30
"""Bytes of a file that is read whole: no library is larger (small code model of the psABIs)."""


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

    def contents(self, path: str) -> bytes:
        """All of a file of up to :data:`LARGEST` bytes."""

    def stream(self, path: str) -> BinaryIO:
        """A file for reading and seeking."""


class Disk:
    """The files below a directory of this machine."""

    def __init__(self, directory: str = "/") -> None:
        top = os.path.realpath(directory)
        self._prefix = "" if top == "/" or directory == "/" else top

    @property
    def is_whole(self) -> bool:
        """Whether the directory is the top of this machine's file system."""
        return not self._prefix

    def _at(self, path: str) -> str:
        """The path on this system; the tree of all drives of Windows has ``/C:`` in its top."""
        return self._prefix + path if self._prefix else system.disk_path(path)

    def status(self, path: str) -> Status | None:
        """See :class:`Tree`."""
        try:
            found = os.lstat(self._at(path))
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
        return system.with_slashes(os.readlink(self._at(path)))

    def names(self, path: str) -> list[str]:
        """See :class:`Tree`."""
        return sorted(os.listdir(self._at(path)))  # noqa: PTH208

    def contents(self, path: str) -> bytes:
        """See :class:`Tree`.

        Read, not mapped: of a mapped file that is cut short meanwhile a page that is gone
        ends the process (SIGBUS, mmap(2)).
        """
        self._refuse_special(path)
        with Path(self._at(path)).open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > LARGEST:
                raise OSError(errno.EFBIG, f"{size} bytes: larger than any library", path)
            return stream.read()

    def stream(self, path: str) -> BinaryIO:
        """See :class:`Tree`."""
        self._refuse_special(path)
        return io.BufferedReader(_File(os.open(self._at(path), READING)))

    def _refuse_special(self, path: str) -> None:
        status = self.status(path)
        if status is not None and status.kind == "other":
            # Opening a pipe would wait for a writer, opening a device may do anything.
            raise OSError(errno.EINVAL, "not a regular file", path)


def buffered(stream: BinaryIO, offset: int, size: int) -> BinaryIO:
    """A part of ``stream`` as a file of its own; they may be read by turns."""
    return io.BufferedReader(_Section(stream, offset, size))


class Positioned(io.RawIOBase):
    """Bytes to read and seek in, with a position of their own; ``size`` is None if not known."""

    def __init__(self, size: int | None) -> None:
        self._size = size
        self._position = 0

    def _at(self, position: int, size: int) -> bytes:
        """Up to ``size`` bytes from there on, none only at the end."""
        raise NotImplementedError

    def readable(self) -> bool:
        """See :class:`io.RawIOBase`."""
        return True

    def seekable(self) -> bool:
        """See :class:`io.RawIOBase`."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """See :class:`io.RawIOBase`; without a known size nothing counts from the end."""
        if whence == io.SEEK_END and self._size is None:
            raise io.UnsupportedOperation("seek from the end")
        ends = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size or 0}
        start = ends[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        """See :class:`io.RawIOBase`."""
        return self._position

    def readinto(self, buffer: object, /) -> int:
        """See :class:`io.RawIOBase`."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        left = len(view) if self._size is None else max(0, self._size - self._position)
        data = self._at(self._position, min(len(view), left))
        view[: len(data)] = data
        self._position += len(data)
        return len(data)


class _Section(Positioned):
    """A part of another stream."""

    def __init__(self, stream: BinaryIO, offset: int, size: int) -> None:
        super().__init__(size)
        self._stream = stream
        self._offset = offset

    def _at(self, position: int, size: int) -> bytes:
        self._stream.seek(self._offset + position)
        return self._stream.read(size)


class _File(Positioned):
    """A file on disk, closed with its last reader, as trees have no end of their own."""

    def __init__(self, opened: int) -> None:
        super().__init__(os.fstat(opened).st_size)
        self._opened = opened

    def _at(self, position: int, size: int) -> bytes:
        return read_at(self._opened, size, position)

    def close(self) -> None:
        """See :class:`io.IOBase`, which calls it at the end."""
        if not self.closed:
            os.close(self._opened)
        super().close()
