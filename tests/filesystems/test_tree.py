"""What lies where on a disk, before any link is followed."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from collide.filesystems.tree import LARGEST, Disk, buffered


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    (tmp_path / "d").mkdir()
    (tmp_path / "f").write_bytes(b"0123456789")
    (tmp_path / "empty").touch()
    os.link(tmp_path / "f", tmp_path / "same")
    (tmp_path / "link").symlink_to("f")
    os.mkfifo(tmp_path / "pipe")
    return Disk(str(tmp_path))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/d", "directory"),
        ("/f", "file"),
        ("/link", "link"),
        ("/pipe", "other"),
        ("/", "directory"),
    ],
)
def test_kind(disk: Disk, path: str, kind: str) -> None:
    status = disk.status(path)
    assert status is not None
    assert status.kind == kind


@pytest.mark.parametrize("path", ["/none", "/f/x", "/nul\0byte"])
def test_nothing_there(disk: Disk, path: str) -> None:
    assert disk.status(path) is None


def test_hard_links_are_one_file(disk: Disk) -> None:
    assert disk.status("/f") == disk.status("/same") != disk.status("/empty")


def test_contents_target_and_names(disk: Disk) -> None:
    assert bytes(disk.contents("/f")) == b"0123456789"
    assert disk.contents("/empty") == b""
    assert disk.target("/link") == "f"
    assert disk.names("/") == ["d", "empty", "f", "link", "pipe", "same"]


def test_file_of_proc_has_contents_in_spite_of_its_size() -> None:
    assert bytes(Disk().contents("/proc/self/cmdline"))


def test_pipe_is_not_waited_for(disk: Disk) -> None:
    for read in (disk.contents, disk.stream):
        with pytest.raises(OSError, match="not a regular file"):
            read("/pipe")


def test_parts_of_one_stream_are_read_by_turns() -> None:
    whole = io.BytesIO(b"0123456789")
    with buffered(whole, 2, 3) as first, buffered(whole, 5, 4) as second:
        assert first.read(1) == b"2"
        assert second.read(2) == b"56"
        assert first.read() == b"34"
        assert second.read() == b"78"
        assert (first.tell(), first.seek(-1, io.SEEK_END), first.seek(1)) == (3, 2, 1)


def test_file_that_shrinks_while_it_is_read_ends_early(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(bytes(1 << 20))
    with Disk(str(tmp_path)).stream("/f") as stream:
        assert stream.read(10) == bytes(10)
        os.truncate(tmp_path / "f", 100_000)
        stream.seek(0)
        assert len(stream.read()) == 100_000


def test_file_that_is_larger_than_any_library_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "f").open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(OSError, match="larger than any library"):
        Disk(str(tmp_path)).contents("/f")
