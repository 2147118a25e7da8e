"""What is found out before anything is checked."""

from __future__ import annotations

from pathlib import Path

from collide.survey import dataset
from collide.survey.index import DEFAULT
from collide.survey.survey import Options, prepare
from collide.survey.wheel import Bounds, Manners


def test_problem_is_told_although_nothing_is_left_to_do(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels/nonsense.whl").touch()
    options = Options(
        inputs=(str(tmp_path / "wheels"),),
        stdin="",
        profiles=("debian-12-python3",),
        directory=tmp_path / "ds",
        index_url=DEFAULT,
        manners=Manners(),
        tags="newest",
        since="",
        limit=None,
        bounds=Bounds(1, 1),
    )
    for _ in range(2):
        prepared = prepare(options)
        assert (prepared.wheels, len(prepared.hosts), prepared.tasks) == ((), 1, ())
        (problem,) = dataset.table(tmp_path / "ds", "problems").to_pylist()
        assert problem["wheel"].endswith("nonsense.whl")
    assert len(dataset.runs(tmp_path / "ds")) == 2
