"""The judge of probes: the calls that the loader makes, read from strace(1)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

_CALL = re.compile(
    r'(?P<call>openat|newfstatat)\(AT_FDCWD, "(?P<path>[^"]+)",.*\)\s+= (?P<result>-?\d+)'
)
_WRITE = re.compile(r"write\(1, ")


class Calls(NamedTuple):
    """What one phase opens, fails to open, and asks for, in the loader's order."""

    opened: tuple[str, ...]
    missed: tuple[str, ...]
    directories: tuple[str, ...]


def trace(
    command: Sequence[str | Path], *, cwd: str | Path = "/", env: Mapping[str, str] | None = None
) -> list[Calls]:
    """The calls of ``command``, cut where it writes a line to stdout.

    Skips the calling test where strace is missing or may not trace.
    """
    strace = shutil.which("strace")
    if strace is None:
        reason = "strace is not installed: apt install strace"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    # For the command alone: strace has a loader too.
    given = [word for k, v in (env or {}).items() for word in ("-E", f"{k}={v}")]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("LD_", "GLIBC_"))}
    with TemporaryDirectory() as directory:
        log = Path(directory, "log")
        done = subprocess.run(
            (
                strace,
                "-qq",
                "-s",
                "4096",
                "-e",
                "trace=openat,newfstatat,write",
                "-o",
                log,
                *given,
                *command,
            ),
            cwd=cwd,
            env={**clean, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
        )
        if "ptrace" in done.stderr:
            pytest.skip(f"strace may not trace here: {done.stderr.strip()}")
        return [_calls(part) for part in _phases(log.read_text("utf-8", "surrogateescape"))]


def _phases(log: str) -> list[list[str]]:
    phases: list[list[str]] = [[]]
    for line in log.splitlines():
        if _WRITE.match(line):
            phases.append([])
        else:
            phases[-1].append(line)
    return phases


def _calls(lines: Sequence[str]) -> Calls:
    calls = [found for line in lines if (found := _CALL.match(line))]
    tried = [c for c in calls if c["call"] == "openat"]
    return Calls(
        tuple(c["path"] for c in tried if int(c["result"]) >= 0),
        tuple(c["path"] for c in tried if int(c["result"]) < 0),
        tuple(c["path"] for c in calls if c["call"] == "newfstatat"),
    )
