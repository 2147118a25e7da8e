"""Runs the command line in a process of its own, and measures what it takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from checkout import PACKAGE
from collide.support.records import NamedTuple

# Peak memory counts from the process that forks: the tests themselves may have hundreds of MB.
_MEASURE = """
import json, os, resource, subprocess, sys
memory, seconds = int(sys.argv[1]), int(sys.argv[2])
def limit():
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
child = subprocess.Popen(sys.argv[4:], preexec_fn=limit, stdin=subprocess.DEVNULL)
try:
    status = child.wait(float(sys.argv[3]))
except subprocess.TimeoutExpired:
    child.kill()
    status = child.wait()
used = resource.getrusage(resource.RUSAGE_CHILDREN)
sys.stderr.flush()
print("\\n" + json.dumps([status, used.ru_utime + used.ru_stime, used.ru_maxrss]), file=sys.stderr)
"""
MIB = 1 << 20


class Cost(NamedTuple):
    """How a command ended, what it wrote, its CPU seconds, and its peak memory in MiB."""

    status: int
    stdout: str
    stderr: str
    seconds: float
    peak: float


def measured(
    *arguments: str | os.PathLike[str], gib: float = 2, seconds: int = 20, cwd: Path | None = None
) -> Cost:
    """``collide`` with these arguments, ended at so much memory or CPU, or when nothing happens."""
    bounds = (str(int(gib * 1024) * MIB), str(seconds), str(6 * seconds))
    command = [sys.executable, "-m", "collide", *(os.fspath(a) for a in arguments)]
    found = subprocess.run(
        [sys.executable, "-I", "-c", _MEASURE, *bounds, *command],
        capture_output=True,
        check=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
    )
    text, _, usage = found.stderr.decode(errors="replace").rstrip().rpartition("\n")
    status, cpu, kib = json.loads(usage)
    return Cost(status, found.stdout.decode(errors="replace"), text.rstrip(), cpu, kib / 1024)
