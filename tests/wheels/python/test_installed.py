"""What is installed, by RECORD and METADATA."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from collide.wheels.python.installed import Installed


def install(site: Path, name: str, *files: str, requires: str = "") -> Path:
    """Make the records of a distribution; returns their directory."""
    records = site / f"{name}-1.0.dist-info"
    records.mkdir(parents=True)
    (records / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    (records / "METADATA").write_text(f"Name: {name}\n{requires}\n")
    return records


def test_files_lead_to_what_their_distribution_requires(tmp_path: Path) -> None:
    install(tmp_path, "needs", "needs/fast.so", requires="Requires-Dist: The.Core>1")
    install(tmp_path, "the_core", "core/__init__.py", "_core.abi3.so")
    installed = Installed([str(tmp_path)])
    assert installed.required_by(f"{tmp_path}/needs/fast.so") == {"core", "_core"}
    assert installed.required_by(f"{tmp_path}/core/__init__.py") == set()
    assert installed.required_by(f"{tmp_path}/elsewhere.py") == set()


@pytest.mark.parametrize("file", ["RECORD", "METADATA"])
def test_no_pipe_is_waited_for(tmp_path: Path, file: str) -> None:
    records = install(tmp_path, "needs", "needs/fast.so", requires="Requires-Dist: the-core")
    install(tmp_path, "the_core", "core/__init__.py")
    (records / file).unlink()
    os.mkfifo(records / file)
    installed = Installed([str(tmp_path)])
    assert installed.required_by(f"{tmp_path}/needs/fast.so") == set()
