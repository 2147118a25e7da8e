"""Progress: on a terminal, past a second, and gone before anything else is written."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from checkout import ROOT

DIST = ROOT / "wheels/dist"
SLOW = """
import sys, time
import collide.check.parallel, collide.wheels.target
read = collide.wheels.target.read_target
def slow(path, **options):
    time.sleep(float(sys.argv[1]))
    return read(path, **options)
collide.check.parallel.read_target = collide.wheels.target.read_target = slow
from collide.cli.main import main
sys.exit(main(["check", *sys.argv[2:]]))
"""


def _command(seconds: float, *more: str) -> list[str]:
    profile = "debian-12-python3"
    return [sys.executable, "-c", SLOW, str(seconds), *more, "--profile", profile]


def _on_terminal(seconds: float, *more: str) -> str:
    """What a terminal gets; stdout and stderr are the same one."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(_command(seconds, *more), stdout=theirs, stderr=theirs, stdin=theirs):
        os.close(theirs)
        data = b""
        with suppress(OSError):  # EIO: the other end is closed
            while piece := os.read(ours, 65536):
                data += piece
    os.close(ours)
    return data.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_bar_is_drawn_past_a_second_and_erased(tmp_path: Path, jobs: str) -> None:
    for wheel in sorted(DIST.glob("*x86_64.whl"))[:3]:
        (tmp_path / wheel.name).symlink_to(wheel)
    said = _on_terminal(0.8, str(tmp_path), str(tmp_path / "none"), "--jobs", jobs)
    bars, _, rest = said.rpartition("\r")
    assert "collide: [" in bars
    assert "input " in bars
    assert "\n" not in bars
    # The last thing drawn is blank: nothing of the bar is left to mix with a line.
    assert bars.rsplit("\r", 1)[-1].strip() == ""
    assert rest.startswith(f"collide: {tmp_path}/none: no such file\n")
    assert "[#" not in rest


def test_short_work_draws_nothing() -> None:
    assert "\r" not in _on_terminal(0, str(next(DIST.glob("*x86_64.whl"))))


def test_nothing_is_drawn_on_what_is_no_terminal() -> None:
    command = _command(1.3, str(next(DIST.glob("*x86_64.whl"))))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert "\r" not in done.stdout
