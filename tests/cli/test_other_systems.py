"""Commands on macOS, Windows and PyPy: simulated by a process without what these lack.

Real systems differ in more, so what is compared is the output on Linux: whatever runs no host
gives the same one.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from checkout import ROOT, WHEELS

HOST = "debian-12-uwsgi-python3"
_SCRIPT = """
import argparse, contextlib, ctypes, difflib, fnmatch, gc, glob, hashlib, io, json, mmap, os
import pathlib
import pickle, platform, signal, socket, subprocess, sys, tempfile, zipfile, _signal

system, commands = sys.argv[1], json.loads(sys.argv[2])
POSIX = ["sched_getaffinity", "O_TMPFILE", "memfd_create"]
SIGNALS = []
if system == "pypy":
    # What the collector of CPython alone has.
    del gc.set_threshold, gc.freeze
elif system != "linux":
    from importlib import import_module
    if system == "win32":
        POSIX += ["fork", "pread", "geteuid", "getuid", "killpg", "uname", "mkfifo"]
        POSIX += ["O_NONBLOCK", "O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW"]
        SIGNALS += ["pthread_sigmask", "setitimer", "getitimer", "SIGALRM", "SIGPROF", "SIGKILL"]
        SIGNALS += ["ITIMER_PROF", "ITIMER_REAL"]
        os.supports_dir_fd = frozenset()
        for name in ("fcntl", "grp", "pwd", "resource", "termios"):
            sys.modules[name] = None
    for name in POSIX:
        delattr(os, name)
    for module in (signal, _signal):
        for name in SIGNALS:
            if hasattr(module, name):
                delattr(module, name)
    import shutil
    sys.platform = system
    here = import_module("collide.support.system")
    here.IS_WINDOWS = system == "win32"
    assert not here.IS_LINUX

from collide.cli.main import main

results = []
for command in commands:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(command)
        except SystemExit as e:
            status = e.code
    results.append([status, out.getvalue(), err.getvalue()])
print(json.dumps(results))
"""


def run(system: str, commands: list[list[str]], cwd: Path) -> list[tuple[int, str, str]]:
    """Status, output and errors of each command in one process of that system."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, system, json.dumps(commands)],
        cwd=cwd,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "COLLIDE_TRACEBACK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr, done.stderr
    found: list[Any] = json.loads(done.stdout)
    return [(status, out, err) for status, out, err in found]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with two specimens, and both unpacked."""
    tmp_path = tmp_path_factory.mktemp("desk")
    dist = tmp_path / "dist"
    dist.mkdir()
    for name in ("static_exported", "bundled_unmangled"):
        (wheel,) = (WHEELS / "dist").glob(f"specimen_{name}-1.0-*.whl")
        (dist / wheel.name).write_bytes(wheel.read_bytes())
        zipfile.ZipFile(wheel).extractall(tmp_path / "tree" / name)
    return tmp_path


def commands(desk: Path) -> list[list[str]]:
    """What a maintainer runs."""
    static = next(desk.glob("dist/specimen_static*")).name
    member = next(p.relative_to(desk / "tree/static_exported") for p in desk.rglob("*static*.so"))
    return [
        ["check", "dist/*.whl", "--profile", HOST, "--format", "json"],
        ["check", "dist", "--jobs", "2", "--profile", HOST, "-o", "report.txt"],
        ["check", "tree/static_exported", "--profile", HOST],
        ["check", str(Path("tree/static_exported") / member), "--profile", HOST],
        ["explain", "COL101"],
        ["explain", f"dist/{static}", "vault_new", "--profile", HOST],
        ["bindings", f"dist/{static}", "--profile", HOST],
        ["profiles"],
        ["profiles", "show", HOST],
        ["diff", "debian-12-python3", "debian-13-python3"],
        ["whatif", f"dist/{static}", "--profile", HOST, "--apply", f"{member}=hide"],
        ["repair", f"dist/{static}", "-w", "out", "--all", "--no-verify"],
    ]


Results = tuple[list[tuple[int, str, str]], dict[str, bytes]]


def results(system: str, desk: Path) -> Results:
    """What all commands print, and the files that they write, which are removed."""
    printed = run(system, commands(desk), desk)
    written = [desk / "report.txt", *(desk / "out").iterdir()]
    found = {path.name: path.read_bytes() for path in written}
    for path in written:
        path.unlink()
    return printed, found


@pytest.fixture(scope="module")
def wanted(desk: Path) -> Results:
    """The results on Linux."""
    found = results("linux", desk)
    assert [status for status, _, _ in found[0] if status not in (0, 1)] == []
    assert len(found[1]) == 2
    return found


@pytest.mark.parametrize("system", ["darwin", "win32", "pypy"])
def test_whatever_runs_no_host_is_as_on_linux(system: str, desk: Path, wanted: Results) -> None:
    assert results(system, desk) == wanted
    assert [path.name for path in desk.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_what_needs_linux_says_so_in_one_line(system: str, desk: Path) -> None:
    wheel = next(desk.glob("dist/*static*")).name
    binary = sys.executable
    found = run(
        system,
        [
            ["verify", f"dist/{wheel}", "--profile", binary],
            ["profile", binary],
            ["profile", "--", binary],
            ["check", f"dist/{wheel}", "--profile", binary],
            ["footprint", binary, "--baseline", "none.json"],
        ],
        desk,
    )
    for status, out, err in found:
        assert (status, out) == (2, "")
        assert len(err.splitlines()) == 1, err
        assert "needs Linux" in err


def test_backslashes_of_windows_are_slashes(desk: Path) -> None:
    ((status, out, err),) = run(
        "win32", [["check", "dist\\specimen_static*.whl", "--profile", HOST]], desk
    )
    assert (status, err) == (0, "")
    assert "specimen_static_exported-1.0" in out
