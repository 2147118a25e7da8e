"""The specimen wheels: what the loader does with them, as committed and as rebuilt."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from checkout import ROOT

WHEELS = ROOT / "wheels"
COMMITTED: dict[str, Any] = json.loads((WHEELS / "bindings.json").read_text())


def _has_loader() -> bool:
    libc, version = platform.libc_ver()
    return (
        sys.platform == "linux"
        and platform.machine() == "x86_64"
        and libc == "glibc"
        and tuple(int(part) for part in version.split(".")) >= (2, 34)
    )


def _has_gcc() -> bool:
    if not (shutil.which("gcc") and shutil.which("ar")):
        return False
    command = ["gcc", "-E", "-include", "stdlib.h", "-x", "c", os.devnull]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


needs_loader = pytest.mark.skipif(
    not _has_loader(), reason="run on x86-64 Linux with glibc 2.34 or newer, as the host needs"
)
needs_gcc = pytest.mark.skipif(
    not _has_gcc(), reason="install gcc, binutils and the C library's headers"
)


def _run(*arguments: str | Path) -> str:
    run = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def observed() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_run(WHEELS / "observe.py"))
    return found


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("rebuilt")
    _run(WHEELS / "build.py", "-o", directory)
    return directory


def _files(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


@needs_loader
@pytest.mark.parametrize("name", sorted(COMMITTED))
def test_committed_specimen_is_bound_as_recorded(name: str, observed: dict[str, Any]) -> None:
    assert observed[name] == COMMITTED[name]


@needs_loader
@needs_gcc
@pytest.mark.parametrize("name", sorted(COMMITTED))
def test_rebuilt_specimen_is_bound_as_recorded(name: str, rebuilt: Path) -> None:
    assert json.loads((rebuilt / "bindings.json").read_text())[name] == COMMITTED[name]


@needs_loader
@needs_gcc
def test_sources_make_the_committed_set_of_files(rebuilt: Path) -> None:
    for name in ("dist", "host"):
        assert _files(rebuilt / name).keys() == _files(WHEELS / name).keys()


@needs_loader
@needs_gcc
def test_building_twice_gives_equal_bytes(rebuilt: Path, tmp_path: Path) -> None:
    _run(WHEELS / "build.py", "-o", tmp_path)
    first, second = _files(rebuilt), _files(tmp_path)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_specimens_stay_small() -> None:
    for path in (*(WHEELS / "dist").iterdir(), *(WHEELS / "host").iterdir()):
        assert path.stat().st_size < 10_000, path
