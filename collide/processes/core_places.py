"""Where a system keeps the core files of processes that have died.

Sources: core(5) on ``/proc/sys/kernel/core_pattern``, systemd-coredump(8), and
``/usr/share/apport/apport``, which names its core files the same way.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from pathlib import Path

_KEPT = ("/var/lib/systemd/coredump", "/var/lib/apport/coredump")
_PATTERN = Path("/proc/sys/kernel/core_pattern")
_USES_PID = Path("/proc/sys/kernel/core_uses_pid")


def core_of(pid: int) -> str | None:
    """The path of the newest core file that a process of this number has left; None for none.

    It may be compressed (``.zst``, ``.xz``). A pattern that names files without the number of the
    process finds nothing.
    """
    found = [path for pattern in patterns(pid) for path in glob.glob(pattern)]  # noqa: PTH207  patterns are absolute or not
    return max(found, key=os.path.getmtime, default=None)


def patterns(pid: int) -> Iterator[str]:
    """Where core files of a process may be, as patterns of glob."""
    for directory in _KEPT:
        # core.PROGRAM.UID.BOOT.PID.TIME, with the suffix of a compression.
        yield f"{directory}/core.*.*.*.{pid}.*"
    try:
        pattern = _PATTERN.read_text().strip()
        uses_pid = _USES_PID.read_text().strip() == "1"
    except OSError:
        return
    if pattern.startswith("|"):
        return
    if "%p" not in pattern and "%P" not in pattern:
        if not uses_pid:
            return
        pattern += ".%p"
    words = re.split(r"(%.)", pattern)
    # Others than the number of the process are not known: they stand for anything.
    yield "".join(
        str(pid)
        if w in ("%p", "%P")
        else "%"
        if w == "%%"
        else "*"
        if w[:1] == "%"
        else glob.escape(w)
        for w in words
    )
