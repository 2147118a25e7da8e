"""Files that appear whole or not at all, whatever ends the process that writes them."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from checkout import ROOT
from collide.support import files
from collide.support.files import new_file, working_directory

STALE = ".collide-0123456789abcdef.partial"
WORKING = "collide-tmp-0123456789abcdef"


@pytest.fixture(params=["unnamed", "named"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With and without O_TMPFILE, which not every file system has (NFS, vfat)."""
    if request.param == "named":
        monkeypatch.delattr(os, "O_TMPFILE")


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("older", [None, b"older, and longer than the new one"])
def test_file_appears_when_it_is_finished(tmp_path: Path, older: bytes | None) -> None:
    path = tmp_path / "report"
    if older:
        path.write_bytes(older)
    with new_file(path) as file:
        file.write(b"new")
        assert (path.read_bytes() if path.exists() else None) == older
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["report"]
    plain = tmp_path / "plain"
    plain.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


@pytest.mark.usefixtures("_way")
def test_error_leaves_the_older_file(tmp_path: Path) -> None:
    (tmp_path / "report").write_bytes(b"older")
    with pytest.raises(RuntimeError), new_file(tmp_path / "report") as file:
        file.write(b"new")
        raise RuntimeError
    assert (tmp_path / "report").read_bytes() == b"older"
    assert names(tmp_path) == ["report"]


@pytest.mark.usefixtures("_way")
def test_directory_of_the_name_is_an_error_that_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    with pytest.raises(IsADirectoryError), new_file(tmp_path / "report") as file:
        file.write(b"new")
    assert names(tmp_path) == ["report"]


@pytest.mark.usefixtures("_way")
def test_no_link_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even one that has the random name already."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"kept")
    taken = [STALE, STALE.replace("0", "f"), STALE.replace("0", "e")]
    (tmp_path / taken[0]).symlink_to(victim)
    (tmp_path / "report").symlink_to(victim)
    (tmp_path / ".report.partial").symlink_to(victim)
    drawn = iter(taken)
    monkeypatch.setattr(files, "_random", lambda _: next(drawn))
    try:
        with new_file(tmp_path / "report") as file:
            file.write(b"new")
    except FileExistsError:
        # The name that an attacker guessed: an error, not a file written over.
        with new_file(tmp_path / "report") as file:
            file.write(b"new")
    assert victim.read_bytes() == b"kept"
    assert (tmp_path / "report").read_bytes() == b"new"
    assert not (tmp_path / "report").is_symlink()


PROGRAM = """
import os, sys, time
from collide.support.files import new_file, working_directory
if sys.argv[2] == "named":
    del os.O_TMPFILE
with working_directory() as directory, new_file(sys.argv[1]) as file:
    open(directory + "/work", "w").close()
    file.write(b"half")
    file.flush()
    print(directory, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("way", ["unnamed", "named"])
def test_killed_process_leaves_nothing_that_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "tmp").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / "tmp")}
    command = [sys.executable, "-c", PROGRAM, str(out / "report"), way]
    running = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert running.stdout
    with running:
        working = Path(running.stdout.readline().strip())
        with new_file(out / "other"), working_directory():
            pass  # What a living process holds is not touched.
        assert (working / "work").exists()
        assert len(names(out)) == (1 if way == "unnamed" else 2)
        running.send_signal(signal.SIGKILL)
    assert len(names(out)) == (1 if way == "unnamed" else 2)
    with new_file(out / "other"), working_directory() as directory:
        assert names(tmp_path / "tmp") == [Path(directory).name]
    assert names(out) == ["other"]
    assert names(tmp_path / "tmp") == []


def test_only_names_of_its_own_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    others = ["collide-tmp-notes", ".collide-my.partial", "collide-0123456789abcdef"]
    for name in others:
        (tmp_path / name).mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").touch()
    (tmp_path / WORKING).symlink_to(tmp_path / "elsewhere")
    (tmp_path / STALE).symlink_to(tmp_path / "elsewhere" / "file")
    with new_file(tmp_path / "report"), working_directory():
        pass
    assert (tmp_path / "elsewhere" / "file").exists()
    assert names(tmp_path) == sorted([*others, "elsewhere", "report", WORKING, STALE])
