"""Opens what the user names: regular files only, since a pipe waits and a device has no end."""

from __future__ import annotations

import os
import stat

from collide.support import limits
from collide.support.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO


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
