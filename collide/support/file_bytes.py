"""The bytes of a file, read where they are asked for.

What the user names is a regular file, since a pipe waits and a device has no end.
Nothing is mapped: a page of a mapped file that was cut short meanwhile ends the process when
it is touched (SIGBUS, mmap(2)). Here the bytes that are gone are missing from what is read.
"""

from __future__ import annotations

import errno
import os
import stat
from types import TracebackType

from collide.support import limits
from collide.support.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO, TypeAlias

    Sliced: TypeAlias = "FileBytes | memoryview"
    """Bytes of which parts are taken."""


READING = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""How a file is opened for its bytes: Windows has other modes than POSIX."""


def read_at(descriptor: int, size: int, position: int) -> bytes:
    """Bytes of an open file from a position on, as pread(2) gives them, which Windows has not."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, size, position)
    os.lseek(descriptor, position, os.SEEK_SET)
    return os.read(descriptor, size)


class FileBytes:
    """A regular file as a sequence of bytes; use it as a context manager.

    A slice is a memoryview of what the file holds there, which is less where it has become
    shorter. Raises OSError.
    """

    _opened = -1

    def __init__(self, path: str | os.PathLike[str]) -> None:
        # Without O_NONBLOCK a pipe would wait for a writer.
        self._opened = os.open(path, READING | getattr(os, "O_NONBLOCK", 0))
        status = os.fstat(self._opened)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))
        self._size = status.st_size

    def __enter__(self) -> FileBytes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; nothing can be read any more."""
        opened, self._opened = self._opened, -1
        if opened >= 0:
            os.close(opened)

    def __del__(self) -> None:
        self.close()

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> memoryview:
        start, stop, _ = part.indices(self._size)
        return memoryview(read_at(self._opened, max(0, stop - start), start))


def require_regular(path: str | os.PathLike[str]) -> None:
    """Raise LimitError for what is there and neither a regular file nor a directory."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return  # Who opens it says what is wrong.
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode) and not limits.value("special-files"):
        raise limits.LimitError(os.fspath(path), "not a regular file (limit special-files: 0)")


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """A file for reading; raises LimitError for a pipe or a device, OSError as open() does."""
    require_regular(path)
    # It may have been replaced meanwhile: a pipe is not waited for.
    waits = 0 if limits.value("special-files") else getattr(os, "O_NONBLOCK", 0)
    return open(path, "rb", opener=lambda name, flags: os.open(name, flags | waits))


def read_bytes(path: str | os.PathLike[str], limit: str) -> bytes:
    """All of a file that may be as large as ``limit`` says.

    Raises LimitError, and InputError for what cannot be read.
    """
    try:
        with open_regular(path) as stream:
            data = stream.read(limits.value(limit) + 1)
    except OSError as e:
        raise InputError(os.fspath(path), e.strerror or str(e)) from e
    limits.hold(limit, len(data), os.fspath(path))
    return data
