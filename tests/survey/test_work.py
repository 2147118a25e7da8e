"""One task, in this process; the check that it runs is a process of its own."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from checkout import WHEELS
from collide.survey import dataset
from collide.survey.choose import named
from collide.survey.wheel import Bounds, Manners, SurveyedHost, Task, Wheel
from collide.survey.work import perform

HOST = SurveyedHost("debian-12-python3", "debian-12-python3", "digest")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    dataset.create(tmp_path / "ds")
    return tmp_path / "ds"


def performed(directory: Path, wheel: Wheel, *limits: str) -> dict[str, list[dict[str, object]]]:
    """Do the task of a wheel; the rows of the tables that have some."""
    task = Task(
        wheel, (HOST,), (), directory, "r", Bounds(1 << 32, 600, limits), Manners(retries=0)
    )
    assert perform(task) == wheel.filename
    dataset.collect(directory)
    names = ("wheels", "analyses", "problems")
    return {name: dataset.table(directory, name).to_pylist() for name in names}


def test_wheel_is_checked_and_its_cost_is_known(directory: Path) -> None:
    (path,) = (WHEELS / "dist").glob("specimen_versioned-*.whl")
    rows = performed(directory, named(str(path)))
    ((wheel,), (analysis,), problems) = rows.values()
    assert problems == []
    assert wheel["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (wheel["project"], wheel["version"], wheel["wheel"]) == (
        *("specimen-versioned", "1.0"),
        path.name,
    )
    assert wheel["size"] == path.stat().st_size
    assert float(str(wheel["seconds"])) > 0
    # Less than the process has that started it.
    assert 0 < int(str(wheel["memory"])) < 100 << 20
    assert (analysis["checked"], analysis["host"]) == (True, "debian-12-python3")
    assert set(dataset.done(directory, "r")) == {(wheel["sha256"], "digest")}


def test_configuration_of_a_worker_s_directory_does_not_count(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "collide.toml").write_text('select = ["COL9"]\n')
    (tmp_path / "packaging.py").write_text("raise SystemExit(9)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLLIDE_SELECT", "nonsense")
    (path,) = (WHEELS / "dist").glob("specimen_versioned-*.whl")
    rows = performed(directory, named(str(path)))
    assert rows["problems"] == []
    assert rows["analyses"]


def test_wheel_that_is_gone_is_tried_again(directory: Path, tmp_path: Path) -> None:
    path = tmp_path / "p-1-cp311-cp311-linux_x86_64.whl"
    path.touch()
    wheel = named(str(path))
    path.unlink()
    rows = performed(directory, wheel)
    (problem,) = rows["problems"]
    assert (problem["kind"], problem["wheel"]) == ("download", path.name)
    assert rows["analyses"] == []
    dataset.forget_problems(directory)
    assert dataset.table(directory, "problems").num_rows == 0


def test_wheel_that_is_another_than_the_index_says_is_not_checked(directory: Path) -> None:
    (path,) = (WHEELS / "dist").glob("specimen_versioned-*.whl")
    rows = performed(directory, named(str(path))._replace(sha256="0" * 64))
    (problem,) = rows["problems"]
    assert problem["kind"] == "download"
    assert "SHA-256" in str(problem["reason"])


def test_wheel_that_cannot_be_read_is_a_row(directory: Path, tmp_path: Path) -> None:
    path = tmp_path / "p-1-cp311-cp311-linux_x86_64.whl"
    path.write_bytes(b"no archive")
    rows = performed(directory, named(str(path)))
    (problem,) = rows["problems"]
    assert problem["kind"] == "unreadable"
    assert problem["sha256"] == hashlib.sha256(b"no archive").hexdigest()


def test_wheel_beyond_a_limit_is_a_row(directory: Path, tmp_path: Path) -> None:
    path = tmp_path / "p-1-cp311-cp311-linux_x86_64.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(4):
            archive.writestr(f"p/{number}.py", "")
    (problem,) = performed(directory, named(str(path)), "entries=3")["problems"]
    assert problem["kind"] == "limit"
