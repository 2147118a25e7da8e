"""Crashes that are reported: nothing is imported for it, handlers stay, and nothing hangs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from checkout import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

INSTALL = "import collide.crash; collide.crash.install({report!r})\n"
SECRET = "hunter2-correct-horse-battery-staple"
HELD = """
import os, signal
from pathlib import Path
for directory in Path("/proc").iterdir():
    try:
        words = (directory / "cmdline").read_bytes().split(b"\\0")
    except OSError:
        continue
    if str(os.getpid()).encode() in words and any(b"crash_watcher" in word for word in words):
        os.kill(int(directory.name), signal.SIGKILL)
"""


def run(code: str, *command: str | Path, env: dict[str, str] | None = None) -> tuple[int, str]:
    """The status of a Python program and what it prints."""
    ran = subprocess.run(
        [*(command or (sys.executable, "-c")), code],
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        timeout=120,
    )
    if "cannot be traced" in ran.stdout or "could not be found in /proc" in ran.stdout:
        pytest.skip("this system does not let processes trace each other (ptrace)")
    return ran.returncode, ran.stdout


def test_import_costs_nothing() -> None:
    code = "import sys; before = set(sys.modules); import collide.crash\n"
    code += "print(*sorted(set(sys.modules) - before))"
    _, said = run(code)
    assert set(said.split()) <= {"__future__", "collide", "collide.crash"}


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("import os; os.abort()", "SIGABRT"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGBUS)", "SIGBUS"),
    ],
)
def test_report_of_a_crash(tmp_path: Path, fault: str, name: str) -> None:
    report = tmp_path / "crash.json"
    code = f"def deep(known):\n    {fault}\n{INSTALL.format(report=str(report))}"
    code += "import os; deep(os.environ['SECRET'])"
    status, said = run(code, env={"SECRET": SECRET})
    assert status == -signal.Signals[name]
    found = json.loads(report.read_text())
    assert found["crash"]["signal"] == name
    assert found["crash"]["blame"] is None
    assert "deep" in [frame["function"] for frame in found["python"]]
    # What faulthandler prints is printed, and the report is there before the process has ended.
    assert "Fatal Python error" in said
    # Of its memory there are names and addresses.
    parts = [SECRET[n : n + 8] for n in range(len(SECRET) - 8)]
    assert not [part for part in parts if part in said or part in report.read_text()]
    assert f"got {name}: no interposition on this stack; see {report}" in said


def test_process_that_is_forked_is_watched(tmp_path: Path) -> None:
    report = str(tmp_path / "crash-{pid}.txt")
    code = INSTALL.format(report=report) + "import os, ctypes\nchild = os.fork()\n"
    code += "if not child: ctypes.string_at(0)\n"
    code += "print('child', child, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    status, said = run(code)
    assert status == 0
    child, ended = next(x for x in said.splitlines() if x.startswith("child")).split()[1:]
    assert int(ended) == -signal.SIGSEGV
    assert [p.name for p in tmp_path.iterdir()] == [f"crash-{child}.txt"]


def test_process_ends_as_ever_when_its_helper_is_killed(tmp_path: Path) -> None:
    report = tmp_path / "crash.txt"
    code = INSTALL.format(report=str(report)) + HELD + "import ctypes; ctypes.string_at(0)"
    began = time.monotonic()
    status, _ = run(code)
    assert status == -signal.SIGSEGV
    assert time.monotonic() - began < 30
    assert not report.exists()


def test_helper_ends_with_the_process(tmp_path: Path) -> None:
    code = INSTALL.format(report=str(tmp_path / "crash.txt")) + "import os; print(os.getpid())"
    status, said = run(code)
    assert status == 0
    for _ in range(100):
        lines = [Path(d, "cmdline") for d in Path("/proc").iterdir() if d.name.isdigit()]
        alive = [p for p in lines if _is_helper_of(p, said.strip())]
        if not alive:
            break
        time.sleep(0.1)
    assert not alive


def _is_helper_of(cmdline: Path, pid: str) -> bool:
    try:
        words = cmdline.read_bytes().split(b"\0")
    except OSError:
        return False
    return pid.encode() in words and any(b"crash_watcher" in word for word in words)


def test_handler_of_the_program_runs_too(tmp_path: Path) -> None:
    """gdb has one of its own, and says so."""
    gdb = shutil.which("gdb")
    if gdb is None:
        pytest.skip("gdb is not installed: apt install gdb")
    report = tmp_path / "crash.txt"
    code = f"python import sys; sys.path.insert(0, {str(ROOT)!r}); "
    code += INSTALL.format(report=str(report)).strip() + "; import ctypes; ctypes.string_at(0)"
    _, said = run(code, gdb, "-nx", "-batch", "-ex")
    assert "Fatal signal: Segmentation fault" in said
    assert "Fatal Python error: Segmentation fault" in said
    assert "SIGSEGV, thread" in report.read_text()


def test_python_that_does_not_run_the_helper() -> None:
    code = "import collide.crash\ntry: collide.crash.install('r', python='/bin/true')\n"
    code += "except RuntimeError as e: print(e)"
    assert "its helper does not start with /bin/true" in run(code)[1]


def test_option_of_pytest(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it():\n    import ctypes; ctypes.string_at(0)\n")
    report = tmp_path / "crash.json"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += [f"--rootdir={tmp_path}", f"--collide-crash-report={report}"]
    if "collide.pytest_plugin" not in subprocess.run(
        [*command, "--trace-config", "--collect-only", str(tmp_path)],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    ).stdout:  # fmt: skip
        command += ["-p", "collide.pytest_plugin"]
    status, said = run(str(tmp_path / "test_it.py"), *command)
    assert status == -signal.SIGSEGV
    functions = [frame["function"] for frame in json.loads(report.read_text())["python"]]
    assert "test_it" in functions
    assert "Fatal Python error" in said
