"""Cost of collide against the floor, as ratios measured in one run.

    python tests/benchmark.py [--runs N] [WHEEL...]

Whole processes, CPU time (user and system) and peak memory, the two commands
of a row in turn; medians are printed. The floor of a check is to inflate the
wheel's ELF members with zipfile, that of ``--version`` is ``python -c pass``.
Run it on an installed collide, whose modules are compiled.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from corpus import download

WHEELS = (
    "cryptography==42.0.8",
    "lxml==6.1.3",
    "psycopg2-binary==2.9.13",
    "numpy==1.26.4",
    "pyarrow==17.0.0",
)
PROFILE = "debian-12-python3"
INFLATE = """
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for info in wheel.infolist():
        with wheel.open(info) as stream:
            if stream.read(4) != b"\\x7fELF":
                continue
        wheel.read(info)
"""


class Cost(NamedTuple):
    """What one process took: CPU seconds and peak memory in KiB."""

    cpu: float
    memory: int


def measure(command: list[str]) -> Cost:
    """Run a command to its end, its output thrown away."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


def compare(name: str, command: list[str], floor: list[str], runs: int) -> None:
    """Print the median ratios of ``command`` to ``floor``."""
    measure(command)
    measure(floor)
    pairs = [(measure(command), measure(floor)) for _ in range(runs)]
    cpu = statistics.median(a.cpu / b.cpu for a, b in pairs)
    memory = statistics.median(a.memory / b.memory for a, b in pairs)
    print(f"{name:32} cpu {cpu:5.2f}   memory {memory:5.2f}", flush=True)


def main() -> None:
    """Measure what the command line names, or the list above."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("wheels", nargs="*", type=Path)
    args = parser.parse_args()
    collide = [sys.executable, "-m", "collide"]
    compare("--version / python -c pass", [*collide, "--version"],
            [sys.executable, "-c", "pass"], args.runs)  # fmt: skip
    for wheel in args.wheels or [download(spec) for spec in WHEELS]:
        compare(
            f"check / inflate {wheel.name.split('-')[0]}",
            [*collide, "check", str(wheel), "--profile", PROFILE],
            [sys.executable, "-c", INFLATE, str(wheel)],
            args.runs,
        )


if __name__ == "__main__":
    main()
