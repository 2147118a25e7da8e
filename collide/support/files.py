"""Files that appear whole or not at all, and directories to work in.

A new file has no name while it is written (O_TMPFILE, open(2)) and gets it by
linkat(2), so a process that is killed leaves nothing of it. Where a name cannot be
avoided it is random and made with O_EXCL, which follows no link. Its owner holds a lock
on it (flock(2)), which ends with the process: the next one removes what is not locked.

Windows opens nothing below a directory that is open and has no such locks: a file is written
under a random name beside its own there, and a process that is killed leaves it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

_PARTIAL = ".collide-{}.partial"
_WORKING = "collide-tmp-{}"
_DIGITS = 16


@contextmanager
def new_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A stream to a new file that replaces ``path`` when the context ends without an error.

    Otherwise ``path`` is as before. A link at ``path`` is replaced, not followed. Raises
    OSError where the file cannot be written.
    """
    if not _opens_below():
        with _beside(os.fspath(path)) as stream:
            yield stream
        return
    parent, name = os.path.split(os.fspath(path))
    directory = os.open(parent or ".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        _remove_stale(directory, _PARTIAL)
        partial, descriptor = _create(directory)
        try:
            with open(descriptor, "wb") as stream:
                yield stream
                stream.flush()
                if partial is None:
                    partial = _link(descriptor, directory, name)
                if partial is not None:
                    os.replace(partial, name, src_dir_fd=directory, dst_dir_fd=directory)
                    partial = None
        finally:
            if partial is not None:
                with suppress(OSError):
                    os.unlink(partial, dir_fd=directory)
    finally:
        os.close(directory)


def _opens_below() -> bool:
    return os.open in os.supports_dir_fd


@contextmanager
def _beside(path: str) -> Iterator[BinaryIO]:
    """As :func:`new_file` by names alone."""
    partial = os.path.join(os.path.dirname(path), _random(_PARTIAL))
    try:
        with open(partial, "xb") as stream:
            yield stream
        os.replace(partial, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(partial)
        raise


def _create(directory: int) -> tuple[str | None, int]:
    """The name and descriptor of a new, locked file; no name where the file system needs none."""
    # Whatever is wrong here is wrong for a file with a name as well.
    with suppress(OSError, AttributeError):
        descriptor = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o666, dir_fd=directory)
        if os.path.exists(f"/proc/self/fd/{descriptor}"):
            _lock(descriptor)
            return None, descriptor
        os.close(descriptor)
    exclusive = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_RDWR
    while True:
        name = _random(_PARTIAL)
        descriptor = os.open(name, exclusive, 0o666, dir_fd=directory)
        _lock(descriptor)
        if os.fstat(descriptor).st_nlink:
            return name, descriptor
        os.close(descriptor)  # Removed before it was locked.


def _link(descriptor: int, directory: int, name: str) -> str | None:
    """Give an unnamed file its name; where there is such a file a random one, which is returned."""
    for each in (name, random := _random(_PARTIAL)):
        with suppress(FileExistsError):
            # With a directory, as link(2) does not follow the link in /proc and linkat(2) does.
            source = f"/proc/self/fd/{descriptor}"
            os.link(source, each, src_dir_fd=directory, dst_dir_fd=directory)
            return None if each == name else random
    raise FileExistsError(17, "File exists", random)


@contextmanager
def working_directory() -> Iterator[str]:
    """The path of a new directory below the system's one for temporary files.

    It is removed when the context ends. Raises OSError where it cannot be made.
    """
    from shutil import rmtree  # late: start-up
    from tempfile import TemporaryDirectory, gettempdir  # late: start-up

    if not _opens_below():
        with TemporaryDirectory(prefix=_WORKING[:-2], ignore_cleanup_errors=True) as path:
            yield path
        return
    base = os.path.realpath(gettempdir())
    directory = os.open(base, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _remove_stale(directory, _WORKING)
    finally:
        os.close(directory)
    path, descriptor = _make_directory(base)
    try:
        yield path
    finally:
        rmtree(path, ignore_errors=True)
        os.close(descriptor)


def _make_directory(base: str) -> tuple[str, int]:
    while True:
        path = os.path.join(base, _random(_WORKING))
        os.mkdir(path, 0o700)
        with suppress(FileNotFoundError):  # Removed before it was locked.
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            _lock(descriptor)
            if os.path.isdir(path):
                return path, descriptor
            os.close(descriptor)


def _lock(descriptor: int) -> None:
    from fcntl import LOCK_EX, flock  # late: start-up

    # A file system without locks: nobody gets one, so nothing is taken for stale.
    with suppress(OSError):
        flock(descriptor, LOCK_EX)


def _random(name: str) -> str:
    return name.format(os.urandom(_DIGITS // 2).hex())


def _remove_stale(directory: int, pattern: str) -> None:
    """Remove what this user's dead processes have left in ``directory`` under such names."""
    start, end = pattern.split("{}")
    length = len(pattern) - 2 + _DIGITS
    with suppress(OSError):
        for name in os.listdir(directory):
            if name.startswith(start) and name.endswith(end) and len(name) == length:
                with suppress(OSError):
                    _remove_unlocked(directory, name)


def _remove_unlocked(directory: int, name: str) -> None:
    from fcntl import LOCK_EX, LOCK_NB, flock  # late: start-up
    from shutil import rmtree  # late: start-up
    from stat import S_ISDIR, S_ISREG  # late: start-up

    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(name, flags, dir_fd=directory)
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid():
            return
        flock(descriptor, LOCK_EX | LOCK_NB)
        if S_ISREG(status.st_mode):
            os.unlink(name, dir_fd=directory)
        elif S_ISDIR(status.st_mode):
            if sys.version_info >= (3, 11):
                rmtree(name, ignore_errors=True, dir_fd=directory)
            else:
                rmtree(f"/proc/self/fd/{directory}/{name}", ignore_errors=True)
    finally:
        os.close(descriptor)
