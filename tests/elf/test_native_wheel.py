"""The wheel of collide itself: with its compiled part, without one, and as collide judges it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from checkout import ROOT
from collide.cli.main import main

pytest.importorskip("hatchling", reason="needs hatchling, which builds collide (tox has it)")
pytest.importorskip("setuptools", reason="needs setuptools, which compiles a part (tox has it)")

pytestmark = pytest.mark.corpus

COMPILES = pytest.mark.skipif(
    sys.version_info < (3, 11) or sys.implementation.name != "cpython",
    reason="the compiled part needs CPython 3.11 or later; run the tests there",
)


def build(directory: Path, **variables: str) -> Path:
    """A wheel of this checkout."""
    environment = {k: v for k, v in os.environ.items() if k != "COLLIDE_NATIVE"}
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [*command, "--wheel-dir", str(directory), str(ROOT)],
        env=environment | variables,
        check=True,
    )
    (wheel,) = directory.glob("*.whl")
    return wheel


@COMPILES
def test_wheel_has_the_compiled_part_once_and_is_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = build(tmp_path / "one", COLLIDE_NATIVE="1")
    assert wheel.name.split("-")[2:4] == ["cp311", "abi3"]
    names = zipfile.ZipFile(wheel).namelist()
    assert [n for n in names if "_native" in n] == ["collide/elf/_native.abi3.so"]
    assert main(["check", str(wheel), "--fail-on", "note"]) == 0
    assert "clean" in capsys.readouterr().out
    again = build(tmp_path / "again", COLLIDE_NATIVE="1")
    assert again.read_bytes() == wheel.read_bytes()


@pytest.mark.parametrize("variables", [{"CC": "/bin/false"}, {"COLLIDE_NATIVE": "0"}])
def test_without_a_compiler_the_wheel_is_one_of_python(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    wheel = build(tmp_path, **variables)
    assert wheel.name.endswith("-py3-none-any.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert not [n for n in names if "_native" in n]
    assert {"collide/elf/native.py", "collide/hosts/database/hosts.db"} <= set(names)
    shared = f"{wheel.name.rpartition('-py3')[0]}.data/data/share"
    assert f"{shared}/man/man1/collide.1" in names
    assert f"{shared}/bash-completion/completions/collide" in names


@COMPILES
def test_demanded_part_that_cannot_be_compiled_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        build(tmp_path, CC="/bin/false", COLLIDE_NATIVE="1")
