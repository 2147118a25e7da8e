"""Real wheels that die in real hosts, and deaths in the same processes that are not theirs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import corpus
import measure_crashes
from checkout import PACKAGE
from collide.inspect.crash import Likelihood
from collide.inspect.inspect import Inspection, inspect_named
from cores import crash

pytestmark = pytest.mark.corpus

EXERCISE = f"exec(open({str(PACKAGE / 'exercises/exercise_psycopg2.py')!r}).read())"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("site")
    wheel = corpus.download("psycopg2-binary==2.9.13")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    command += ["--disable-pip-version-check", "--root-user-action=ignore", "--no-compile"]
    command += ["--python-version", "311", "--only-binary=:all:", "--target", str(directory)]
    subprocess.run([*command, wheel], check=True)
    return directory


def died_in_gdb(site: Path, directory: Path, code: str) -> Inspection:
    """gdb with the wheel after ``code``; its handler gets the first signal, and sends it again."""
    gdb = shutil.which("gdb")
    if gdb is None:
        pytest.skip("gdb is not installed: apt install gdb")
    script = directory / "script.py"
    path = [str(site), str(PACKAGE / "exercises")]
    lines = ["import sys, os", f"sys.path[:0] = {path}", f"os.chdir({str(directory)!r})"]
    script.write_text("\n".join([*lines, "import psycopg2", code, ""]))
    command: list[str | Path] = [gdb, "-nx", "-batch", "-x", script]
    core = crash(command, directory / "core", {**os.environ, "PYTHONPATH": ""}, passed=1)
    return inspect_named(str(core))


def test_split_openssl_is_the_cause(site: Path, tmp_path: Path) -> None:
    found = died_in_gdb(site, tmp_path, EXERCISE)
    assert found.crash is not None
    # Which call dies first is chance: one of a function that was taken, or the wheel's own code by
    # a pointer that the other copy has written, to data or to no address at all.
    assert found.crash.start > 0
    blame = found.crash.blame
    assert blame is not None
    assert blame.likelihood >= Likelihood.LIKELY
    assert blame.finding.code.id == "COL101"
    assert (blame.target, Path(blame.finding.provider or "").name) == (
        "psycopg2_binary 2.9.13", "libcrypto.so.3"
    )  # fmt: skip


@pytest.mark.parametrize(
    "code", ["import ctypes; ctypes.string_at(0)", "import faulthandler; faulthandler._sigsegv()"]
)
def test_fault_of_another_is_not_blamed_on_it(site: Path, tmp_path: Path, code: str) -> None:
    found = died_in_gdb(site, tmp_path, code)
    assert found.crash is not None
    assert found.crash.ended == ""
    assert found.crash.blame is None
    assert "COL101" in [f.code.id for f in found.report.findings]


@pytest.mark.parametrize(
    "row",
    ["yara-host", "wcs-host", "mbedtls-host", "psycopg3-gdb", "h5py310-hosthdf5",
     "null-gdb", "recursion-gdb", "overflow-uwsgi", "twice-uwsgi", "illegal-svm"],
)  # fmt: skip
def test_measured_crash(row: str, tmp_path: Path) -> None:
    """Rows of ``tests/data/crashes.md``, made once more."""
    line = measure_crashes.measured(row, tmp_path, None)
    if "not tried" in line:
        pytest.skip(line)
    assert line.endswith("| right |")
