"""What systems differ in: paths, processes and files where Linux's own ways are missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from collide.filesystems.tree import Disk
from collide.support import processes, system
from collide.support.errors import UsageError
from collide.support.file_bytes import read_at
from collide.support.files import new_file, working_directory
from collide.support.processes import Lost, Raised, share_out


def test_paths_of_windows_are_rooted_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "IS_WINDOWS", True)
    assert system.with_slashes("dist\\a.whl") == "dist/a.whl"
    assert system.rooted("C:\\dist\\a.so") == "/C:/dist/a.so"
    assert system.disk_path("/C:/dist/a.so") == "C:/dist/a.so"
    assert system.rooted("//server/share") == "//server/share"


def test_paths_of_linux_stay_as_they_are() -> None:
    for path in ("/C:/a", "C:\\a", "a\\b", "/lib/libz.so.1"):
        assert system.with_slashes(path) == system.rooted(path) == system.disk_path(path) == path


def test_disk_has_the_drives_of_windows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # A drive is here a directory of that name in the working directory.
    (tmp_path / "C:").mkdir()
    (tmp_path / "C:" / "a").write_bytes(b"it")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(system, "IS_WINDOWS", True)
    disk = Disk()
    status = disk.status("/C:/a")
    assert status is not None
    assert status.kind == "file"
    assert disk.contents("/C:/a") == disk.stream("/C:/a").read() == b"it"
    assert disk.names("/C:") == ["a"]


def test_what_needs_linux_is_told_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    system.require_linux("this")
    monkeypatch.setattr(system, "IS_LINUX", False)
    with pytest.raises(UsageError, match=r"^verify needs Linux, and this is "):
        system.require_linux("verify")


def test_without_fork_work_is_done_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(task: int) -> bytes:
        if task == 1:
            raise ValueError("odd")
        if task == 2:
            raise MemoryError
        return b"%d of %d" % (task, os.getpid())

    monkeypatch.setattr(processes, "can_fork", lambda: False)
    found = dict(share_out(work, range(4), 2))
    own = os.getpid()
    assert found[0] == b"0 of %d" % own
    assert found[3] == b"3 of %d" % own
    assert isinstance(found[1], Raised)
    assert str(found[1].error) == "odd"
    assert found[2] == Lost("ran out of memory")


def test_cpus_are_counted_without_an_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    assert system.usable_cpus() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity")
    assert system.usable_cpus() == os.cpu_count()


def test_file_is_read_at_a_position_without_pread(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    monkeypatch.delattr(os, "pread")
    with (tmp_path / "a").open("rb") as stream:
        assert read_at(stream.fileno(), 3, 4) == b"456"
        assert read_at(stream.fileno(), 9, 8) == b"89"


def test_new_file_by_names_alone_appears_whole_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "supports_dir_fd", frozenset())
    target = tmp_path / "report.txt"
    target.write_bytes(b"old")
    with pytest.raises(KeyError), new_file(target) as stream:
        stream.write(b"half")
        raise KeyError
    assert target.read_bytes() == b"old"
    with new_file(target) as stream:
        stream.write(b"new")
    assert target.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["report.txt"]


def test_working_directory_by_names_alone_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "supports_dir_fd", frozenset())
    with working_directory() as path:
        Path(path, "a").write_bytes(b"")
    assert not Path(path).exists()
