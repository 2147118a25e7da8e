"""Measures what each stage of one `collide check` takes.

    python tests/tools/benchmark_stages.py INPUT [OPTION...]

The check runs here, in one process; INPUT and OPTIONs are those of the command. For each stage it
prints CPU seconds and their share, each second counted for the innermost stage that it is spent in:
to read the code of an object while it is judged is counted as scanning. "start and imports" is
what the interpreter and the first modules take, "rest" what is in no stage.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import json
import sys
from collections.abc import Callable, Sequence
from time import process_time
from typing import Any

import programs

STAGES = {
    "inflate": ("collide.support.inflate:inflate", "collide.support.inflate:inflate_head"),
    "SHA-256": ("collide.wheels.archive:record_digest",),
    "hash": (
        "collide.elf.hash_tables:gnu_hash",
        "collide.elf.hash_tables:GnuHash.reached",
        "collide.elf.hash_tables:GnuHash.walk",
    ),
    "tables": ("collide.elf.object:scan_object", "collide.wheels.target:read_target"),
    "hosts": ("collide.hosts.as_if:fitting", "collide.hosts.database.reader:Database.load"),
    "bind": ("collide.analysis.analysis:analyse", "collide.analysis.history:open_own"),
    "scan": ("collide.elf.code.call_graph:read_calls",),
    "judge": ("collide.findings.judge:judge", "collide.findings.history:judge_behind"),
    "advice": (
        "collide.repair.preview:RepairPreview.removed",
        "collide.repair.preview:RepairPreview.removed_behind",
    ),
    "pairs": ("collide.check.pairs:_Known.pair", "collide.analysis.pair_traces:traces"),
    "report": ("collide.check.causes:causes", "collide.report.check.text:render"),
}
"""The functions that begin a stage."""


class Clock:
    """Counts CPU time for the innermost stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stages = ["rest"]
        self._since = 0.0

    def begin(self) -> None:
        """Count what was until now as start-up."""
        self._since = self.seconds["start and imports"] = process_time()

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
        """Put the timed functions in place of all stages' wherever they are imported."""
        for stage, places in STAGES.items():
            for place in places:
                module, _, path = place.partition(":")
                owner: Any = importlib.import_module(module)
                *classes, name = path.split(".")
                for part in classes:
                    owner = getattr(owner, part)
                old = getattr(owner, name)
                new = self.timed(stage, old)
                setattr(owner, name, new)
                for other in list(sys.modules.values()):
                    if not classes and getattr(other, name, None) is old:
                        setattr(other, name, new)


def measure(arguments: Sequence[str]) -> dict[str, float]:
    """CPU seconds by stage of one check, serial; its output is thrown away."""
    main = importlib.import_module("collide.cli.main").main
    clock = Clock()
    clock.watch()
    clock.begin()
    with contextlib.redirect_stdout(io.StringIO()):
        main(["check", "--jobs", "1", *arguments])
    clock.stop()
    return clock.seconds


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
    for stage in ("start and imports", *STAGES, "rest"):
        seconds = found.get(stage, 0.0)
        print(f"| {stage} | {seconds:.2f} | {seconds / total:.0%} |")


if __name__ == "__main__":
    main()
