"""Files read in place, also while they change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from collide.support.file_bytes import FileBytes


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_slices_are_those_of_the_contents(tmp_path: Path) -> None:
    data = bytes(range(200))
    (tmp_path / "f").write_bytes(data)
    with FileBytes(tmp_path / "f") as file:
        assert len(file) == 200
        for part in (slice(0, 4), slice(-30, None), slice(190, 999), slice(50, 10), slice(None)):
            assert bytes(file[part]) == data[part]


def test_what_is_cut_off_is_missing_and_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(bytes(100_000))
    with FileBytes(tmp_path / "f") as file:
        os.truncate(tmp_path / "f", 5000)
        assert len(file[4096:8192]) == 904
        assert len(file[50_000:60_000]) == 0


def test_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        FileBytes(tmp_path / "pipe")


def test_file_is_closed_with_its_last_user(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    before = open_files()
    file = FileBytes(tmp_path / "f")
    assert open_files() == before + 1
    del file
    assert open_files() == before
