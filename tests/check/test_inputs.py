"""Inputs by path: what they stand for, what cannot be read, and how many are in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collide.check.check import Report
from collide.check.inputs import check_inputs
from collide.hosts.database import load_shipped
from collide.loader.host import Host
from collide.wheels.archive import Member, write_wheel
from collide.wheels.target import Target, read_target
from reports import specimen

STATIC, UNIQUE = str(specimen("static_exported")), str(specimen("unique"))


@pytest.fixture(scope="module")
def host() -> Host:
    return load_shipped("debian-12-python3")


def targets(report: Report) -> list[str]:
    return [judged.analysis.target.name for judged in report.judged]


@pytest.mark.parametrize("jobs", [1, 2])
def test_unreadable_inputs_come_before_unreadable_members(
    host: Host, tmp_path: Path, jobs: int
) -> None:
    partly = tmp_path / "partly-1.0-py3-none-linux_x86_64.whl"
    write_wheel(partly, [Member("m.so", b"\x7fELF and no more")])
    (tmp_path / "zipless-1.0-py3-none-any.whl").write_bytes(b"PK")
    report = check_inputs([str(tmp_path), "no.whl", STATIC], [host], jobs=jobs)
    paths = [problem.path for problem in report.problems]
    assert paths == [str(tmp_path / "zipless-1.0-py3-none-any.whl"), "no.whl", f"{partly}: m.so"]
    assert targets(report) == [STATIC]


def test_single_input_has_no_pairs_and_two_have_one(host: Host) -> None:
    assert check_inputs([STATIC], [host]).pairs == ()
    (pair,) = check_inputs([STATIC, read_target(UNIQUE)], [host]).pairs
    assert pair.targets == (STATIC, UNIQUE)
    assert check_inputs([STATIC, UNIQUE], [host], together=False).pairs == ()


def test_targets_that_are_read_already_stay_in_this_process(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collide.check.parallel.check_in_parallel", None)
    found = check_inputs([STATIC, read_target(UNIQUE), STATIC], [host], jobs=2)
    assert targets(found) == [STATIC, UNIQUE, STATIC]


def test_iterator_is_read_as_the_check_proceeds(host: Host) -> None:
    events: list[str] = []

    def each() -> Iterator[Target]:
        for path in (STATIC, UNIQUE):
            events.append("read")
            yield read_target(path)

    def progress(what: str, done: int, total: int, /) -> None:
        events.append(f"{what} {done}/{total}")

    report = check_inputs(each(), [host], together=False, progress=progress)
    assert targets(report) == [STATIC, UNIQUE]
    assert events == ["read", "host 0/1", "read", "host 0/1"]
