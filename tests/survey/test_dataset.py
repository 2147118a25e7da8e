from __future__ import annotations

import os
import shutil
from pathlib import Path
from unittest import mock

import pyarrow.parquet as pq
import pytest

from collide.support.errors import InputError
from collide.survey import dataset
from collide.survey.tables import TABLES
from collide.survey.wheel import Problem, SurveyedHost


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    dataset.create(tmp_path / "ds")
    return tmp_path / "ds"


def rows(sha256: str, host: str = "h") -> dict[str, list[dict[str, object]]]:
    analysis: dict[str, object] = {
        "sha256": sha256,
        "rules": "r",
        "host": host,
        "digest": f"digest of {host}",
    }
    return {"analyses": [analysis], "problems": []}


def test_rows_of_tasks_become_tables(directory: Path) -> None:
    dataset.write_task(directory, "one", rows("a"))
    dataset.write_task(directory, "two", rows("b"))
    dataset.collect(directory)
    assert dataset.table(directory, "analyses")["sha256"].to_pylist() == ["a", "b"]
    assert dataset.table(directory, "causes").num_rows == 0
    assert set(dataset.done(directory, "r")) == {("a", "digest of h"), ("b", "digest of h")}
    assert set(dataset.done(directory, "other rules")) == set()
    assert list((directory / "finished").iterdir()) == []


def test_names_that_are_no_text_are_kept(directory: Path) -> None:
    dataset.write_task(directory, "one", rows("a", "\\udcff\\n"))
    dataset.collect(directory)
    assert dataset.table(directory, "analyses")["host"].to_pylist() == ["\\udcff\\n"]


def test_killed_collection_loses_and_doubles_nothing(directory: Path) -> None:
    """Wherever it ends, the next one has all rows once."""
    steps = 0
    while True:
        target = directory.with_name(f"ds{steps}")
        dataset.create(target)
        for name in "abc":
            dataset.write_task(target, name, rows(name))
        left = steps

        def killed(real: object) -> object:
            def call(*arguments: object, **options: object) -> object:
                nonlocal left
                if not left:
                    raise KeyboardInterrupt
                left -= 1
                return real(*arguments, **options)  # type: ignore[operator]

            return call

        with (
            mock.patch.object(pq, "write_table", killed(pq.write_table)),
            mock.patch.object(Path, "replace", killed(Path.replace)),
            mock.patch.object(shutil, "rmtree", killed(shutil.rmtree)),
            mock.patch.object(dataset, "_TOGETHER", 2),
        ):
            try:
                dataset.collect(target)
                ended = True
            except KeyboardInterrupt:
                ended = False
        with mock.patch.object(dataset, "_TOGETHER", 2):
            dataset.create(target)
            dataset.collect(target)
        assert sorted(dataset.table(target, "analyses")["sha256"].to_pylist()) == ["a", "b", "c"]
        if ended:
            break
        steps += 1
    assert steps > 3


def test_problems_of_the_last_run_that_come_again_are_dropped(directory: Path) -> None:
    lasting = {"sha256": "s", "rules": "r", "wheel": "b.whl", "kind": "limit", "reason": "x"}
    dataset.write_task(directory, "one", {"problems": [lasting]})
    dataset.write_problems(directory, "r", [Problem("a.whl", "download", "gone")])
    dataset.collect(directory)
    assert dataset.table(directory, "problems").num_rows == 2
    dataset.forget_problems(directory)
    assert dataset.table(directory, "problems").to_pylist() == [lasting]


def test_task_is_named_after_wheel_hosts_and_rules() -> None:
    hosts = [SurveyedHost("a", "a", "1"), SurveyedHost("b", "b", "2")]
    name = dataset.task_name("s", (hosts, ()), "r")
    assert name == dataset.task_name("s", (hosts[::-1], ()), "r")
    others = {
        dataset.task_name("t", (hosts, ()), "r"),
        dataset.task_name("s", (hosts[:1], ()), "r"),
        dataset.task_name("s", (hosts[:1], hosts[1:]), "r"),
        dataset.task_name("s", (hosts, ()), "q"),
    }
    assert name not in others
    assert len(others) == 4


def test_other_directories_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match="not empty"):
        dataset.create(tmp_path)
    assert os.listdir(tmp_path) == ["notes.txt"]  # noqa: PTH208
    with pytest.raises(InputError, match="no dataset"):
        dataset.require(tmp_path)


def test_dataset_of_another_schema_is_refused(directory: Path) -> None:
    (directory / "survey.json").write_text('{"schema": "collide-survey/0", "runs": []}')
    with pytest.raises(InputError, match="collide-survey/0"):
        dataset.create(directory)


def test_every_column_has_a_meaning() -> None:
    for schema in TABLES.values():
        assert all(field.metadata[b"meaning"] for field in schema)
