"""Measures what each stage of one `collide check` takes.

    python tests/tools/benchmark_stages.py INPUT [OPTION...]

The check runs here, in one process on one core; INPUT and OPTIONs are those of the command. For
each stage it prints CPU seconds and their share, each second counted for the innermost stage that
it is spent in: to read the code of an object while it is judged is counted as scanning. "start" is
what the interpreter takes without collide, "imports" all modules of collide and what they import,
whenever that is; "rest" is what is in no stage.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from time import process_time
from typing import Any

import programs

STAGES = {
    "inflate": ("collide.support.inflate:inflate", "collide.support.inflate:inflate_head"),
    "SHA-256": ("collide.wheels.archive:record_digest",),
    "hash": (
        "collide.elf.hash_tables:GnuHash.found",
        "collide.elf.hash_tables:GnuHash.walk",
        "collide.elf.symbol_table:DynamicSymbols.simple",
    ),
    "tables": ("collide.elf.object:scan_object", "collide.wheels.target:read_target"),
    "relocations": (
        "collide.elf.object:_Reader._relocations",
        "collide.elf.references:SymbolReferences._sort_out",
        "collide.elf.relocation_counts:read_runs",
    ),
    "hosts": (
        "collide.hosts.as_if:fitting",
        "collide.hosts.database.names:NameTable.look_up",
        "collide.hosts.database.reader:Database.blob",
        "collide.hosts.database.reader:Database.load",
        "collide.hosts.database.reader:Database.object",
    ),
    "bind": ("collide.analysis.analysis:analyse", "collide.analysis.history:open_own"),
    "scan": ("collide.elf.code.call_graph:read_calls",),
    "judge": ("collide.findings.judge:judge", "collide.findings.history:judge_behind"),
    "advice": (
        "collide.repair.preview:RepairPreview.removed",
        "collide.repair.preview:RepairPreview.removed_behind",
    ),
    "pairs": ("collide.check.pairs:_Known.pair", "collide.analysis.pair_traces:traces"),
    "report": ("collide.check.causes:group", "collide.report.check.text:render"),
}
"""The functions that begin a stage."""
ORDER = ("start", "imports", *STAGES, "rest")


class Clock:
    """Counts CPU time for the innermost stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stages = ["rest"]
        self._since = 0.0

    def begin(self) -> None:
        """Count from now on."""
        self._since = process_time()

    def _count(self) -> None:
        now, stage = process_time(), self._stages[-1]
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._since
        self._since = now

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """``function``, what it takes counted for ``stage``."""

        @functools.wraps(function)
        def wrapped(*args: Any, **options: Any) -> Any:
            self._count()
            self._stages.append(stage)
            try:
                return function(*args, **options)
            finally:
                self._count()
                self._stages.pop()

        return wrapped

    def stop(self) -> None:
        """Count what is left."""
        self._count()

    def watch(self) -> None:
        """Put timed functions in place of all stages' when their modules have been imported."""
        places: dict[str, list[tuple[str, str]]] = {}
        for stage, names in STAGES.items():
            for place in names:
                module, _, path = place.partition(":")
                places.setdefault(module, []).append((stage, path))
        machinery: Any = importlib.import_module("importlib._bootstrap")
        load = self.timed("imports", machinery._find_and_load)

        def loaded(name: str, import_: object) -> Any:
            module = load(name, import_)
            # Before whoever imports it takes the functions from it.
            for stage, path in places.pop(name, ()):
                owner = sys.modules[name]
                *classes, last = path.split(".")
                for part in classes:
                    owner = getattr(owner, part)
                setattr(owner, last, self.timed(stage, getattr(owner, last)))
            return module

        machinery._find_and_load = loaded


def measure(arguments: Sequence[str]) -> dict[str, float]:
    """CPU seconds by stage of one check, serial; its output is thrown away."""
    if hasattr(os, "sched_setaffinity"):
        # On one core nothing is shared out among threads, whose stages would mix.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    clock = Clock()
    clock.seconds["start"] = _start()
    clock.watch()
    clock.begin()
    with contextlib.redirect_stdout(io.StringIO()):
        importlib.import_module("collide.cli.main").main(["check", "--jobs", "1", *arguments])
    clock.stop()
    return clock.seconds


def _start() -> float:
    """CPU seconds of the interpreter alone."""
    code = "import time; print(time.process_time())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what the command line names."""
    parser = programs.parser(__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object of seconds")
    parser.add_argument("input", metavar="INPUT")
    parser.add_argument("--profile", action="append", default=[], metavar="P")
    parser.add_argument("--no-together", action="store_true", help="without pairs")
    args = parser.parse_args(argv)
    options = [f"--profile={name}" for name in args.profile]
    found = measure([args.input, *options, *(["--no-together"] * args.no_together)])
    if args.json:
        print(json.dumps(found))
        return
    total = sum(found.values())
    print("| stage | CPU s | share |", "|---|---:|---:|", sep="\n")
    for stage in ORDER:
        seconds = found.get(stage, 0.0)
        print(f"| {stage} | {seconds:.3f} | {seconds / total:.0%} |")


if __name__ == "__main__":
    main()
