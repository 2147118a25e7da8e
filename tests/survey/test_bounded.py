"""A process that may take so much, and how its end is told."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from checkout import ROOT
from collide.survey.bounded import run
from collide.survey.wheel import Bounds

BOUNDS = Bounds(1 << 32, 60)


def test_good_end_has_its_cost(tmp_path: Path) -> None:
    ended = run("x = bytearray(200 << 20); sum(range(1_000_000))", (), tmp_path, BOUNDS)
    assert (ended.kind, ended.reason) == ("", "")
    assert ended.memory > 200 << 20
    assert ended.seconds > 0


def test_peak_of_a_short_process_is_its_own(tmp_path: Path) -> None:
    """Also below a larger one, whose peak the system takes for its own."""
    larger = bytearray(400 << 20)
    ended = run("x = bytearray(200 << 20)", (), tmp_path, BOUNDS)
    assert 200 << 20 < ended.memory < len(larger)


def test_fault_is_told_without_the_directory_of_the_worker(tmp_path: Path) -> None:
    ended = run(f"raise ValueError({str(tmp_path / 'p.whl')!r})", (), tmp_path, BOUNDS)
    assert (ended.kind, ended.reason) == ("fault", "ValueError: p.whl")


def test_signal_is_a_fault_with_its_name(tmp_path: Path) -> None:
    ended = run("import os; os.abort()", (), tmp_path, BOUNDS)
    assert (ended.kind, ended.reason) == ("fault", "ended by SIGABRT")


def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    ended = run("import time; time.sleep(60)", (), tmp_path, BOUNDS._replace(seconds=1))
    assert (ended.kind, ended.reason) == ("time", "took longer than 1 seconds")


WORKER = """\
import sys
from pathlib import Path
from collide.survey.bounded import run
from collide.survey.wheel import Bounds
run(sys.argv[1], (), Path(sys.argv[2]), Bounds(1 << 32, 60))
"""


def test_process_ends_with_its_worker(tmp_path: Path) -> None:
    program = "import os, time; open('pid', 'w').write(f'{os.getpid()} '); time.sleep(60)"
    worker = subprocess.Popen([sys.executable, "-c", WORKER, program, str(tmp_path)], cwd=ROOT)
    until = time.monotonic() + 60
    pid = tmp_path / "pid"
    while not pid.exists() or not pid.read_text().endswith(" "):
        assert time.monotonic() < until
        time.sleep(0.05)
    process = Path(f"/proc/{pid.read_text().strip()}")
    worker.kill()
    worker.wait()
    while process.exists():
        assert time.monotonic() < until
        time.sleep(0.05)
