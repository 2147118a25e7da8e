"""Running processes: read without being stopped, and errors that say what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from collide.processes.image import AT_PHDR, MemoryGapError
from collide.processes.live import open_process, root_of
from collide.support.errors import InputError


def test_process_is_read_while_it_runs() -> None:
    command = [sys.executable, "-c", "print(flush=True); input()"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        # In the midst of execve(2) a process has no auxiliary vector yet.
        process.stdout.readline()
        image = open_process(process.pid)
        assert image.executable == str(Path(f"/proc/{process.pid}/exe").readlink())
        assert image.source == f"process {process.pid}"
        assert image.integer(image.auxv[AT_PHDR], 4) in range(1, 8)
        assert image.threads == ()
        with pytest.raises(MemoryGapError):
            image.read(0, 8)
        state = Path(f"/proc/{process.pid}/status").read_text()
        assert "TracerPid:\t0" in state
        image.close()
        process.communicate(b"\n")
    assert process.returncode == 0


def test_process_that_is_not_there() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    with pytest.raises(InputError, match=f"process {process.pid}: there is no such process"):
        open_process(process.pid)


def test_process_of_another_user_names_the_permission() -> None:
    code = "import os; from collide.processes.live import open_process\n"
    if os.geteuid() == 0:
        code += f"os.setuid(65534); open_process({os.getpid()})"
    else:
        code += "open_process(1)"
    path = os.pathsep.join(p for p in sys.path if p)
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert "it belongs to user 0" in ran.stderr
    assert "CAP_SYS_PTRACE" in ran.stderr


def test_root_of_a_process_is_that_of_this_one() -> None:
    assert root_of(os.getpid()) == "/"
