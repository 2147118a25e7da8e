"""Which wheels are counted as popular: by the list of downloads, and by what is at hand."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from carried_libraries import ranked, ranks_of

NATIVE = "{}-cp311-cp311-manylinux_2_17_x86_64.whl"


def test_ranks_are_those_of_the_public_list_and_of_a_table(tmp_path: Path) -> None:
    public, table = tmp_path / "top-pypi-packages.csv", tmp_path / "ranks.tsv"
    public.write_text('"download_count","project"\n"9","Py_One"\n"5","two"\n')
    table.write_text("name\tversion\trank_now\ntwo\t1\t2\nnone\t1\t0\npy-one\t1\t1\n")
    assert ranks_of(public) == ranks_of(table) == {"py-one": 1, "two": 2}


def test_newest_wheels_at_hand_come_by_rank(tmp_path: Path) -> None:
    for name in ("two-1.0", "one-1.9", "one-1.10"):
        (tmp_path / NATIVE.format(name)).touch()
    (tmp_path / "three-1.0-py3-none-any.whl").touch()
    table = tmp_path / "ranks.tsv"
    table.write_text("name\trank\nthree\t1\none\t2\ntwo\t3\n")
    names = [path.name for path in ranked(ranks_of(table), [tmp_path])]
    assert names == [NATIVE.format("one-1.10"), NATIVE.format("two-1.0")]


def test_what_lacks_is_downloaded_in_its_turn_and_asked_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def pip(command: list[str], *, check: bool) -> subprocess.CompletedProcess[str]:
        *_, into, name = command
        asked.append(name)
        made = "pure-1.0-py3-none-any.whl" if name == "pure" else NATIVE.format(f"{name}-1.0")
        Path(into, made).touch()
        return subprocess.CompletedProcess(command, int(check))

    monkeypatch.setattr(subprocess, "run", pip)
    (tmp_path / NATIVE.format("two-1.0")).touch()
    table = tmp_path / "ranks.csv"
    table.write_text("download_count,project\n9,pure\n8,one\n7,two\n6,three\n")
    ranks = ranks_of(table)
    found = ranked(ranks, [tmp_path], fetch=True)
    assert [next(found).name, next(found).name] == [
        NATIVE.format("one-1.0"),
        NATIVE.format("two-1.0"),
    ]
    # Nothing is asked for before its turn.
    assert asked == ["pure", "one"]
    assert len(list(ranked(ranks, [tmp_path], fetch=True))) == 3
    assert asked == ["pure", "one", "three"]
