"""What differs between the systems that collide runs on.

Hosts and wheels are those of Linux. Who uploads a wheel may have macOS or Windows, where whatever
runs no host works, too: other processes, timers and locks are used where the system has them.
"""

from __future__ import annotations

import os
import sys

from collide.support.errors import UsageError

IS_LINUX = sys.platform == "linux"
IS_WINDOWS = os.name == "nt"


def require_linux(what: str) -> None:
    """Raise UsageError on another system; ``what`` is what needs Linux."""
    if not IS_LINUX:
        raise UsageError(f"{what} needs Linux, and this is {sys.platform}")


def with_slashes(path: str) -> str:
    """A path of this system as everything here reads it; Windows takes both kinds of slashes."""
    return path.replace("\\", "/") if IS_WINDOWS else path


def rooted(path: str) -> str:
    r"""An absolute path as loaders have them, from ``/`` on: ``/C:/x`` for ``C:\x`` of Windows."""
    slashed = with_slashes(path)
    return f"/{slashed}" if IS_WINDOWS and slashed[1:2] == ":" else slashed


def disk_path(path: str) -> str:
    """The path of this system for one that :func:`rooted` gave."""
    return path[1:] if IS_WINDOWS and path[2:3] == ":" else path


def can_fork() -> bool:
    """Whether work can be shared out among copies of this process.

    On macOS a copy may only start another program: frameworks are not made for it (fork(2)).
    Results are pickled with parts that PyPy cannot pickle (struct.Struct).
    """
    return IS_LINUX and sys.implementation.name == "cpython"


def usable_cpus() -> int:
    """How many processes can run at once."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
