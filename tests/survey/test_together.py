"""Pairs of a survey are those of ``collide check --together``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TypeAlias

import pytest

from building import WheelBuilder
from checkout import ROOT
from collide.survey import dataset

pytestmark = pytest.mark.corpus

HOST = "debian-12-python3"
UNIQUE = (
    '__asm__(".data\\n.globl u\\n.type u, @gnu_unique_object\\n.size u, 4\\nu: .long 1\\n.text");'
    "extern int u; int *the_u(void) { return &u; }"
)
Found: TypeAlias = tuple[str | tuple[str, ...], ...]
"""Two wheels, the one that is imported first, code, severity, victim, symbols."""


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """Two that have a unique symbol each, one that has a file of the first, and one apart."""
    build = WheelBuilder(tmp_path)
    for name, file, source in (
        ("one", "one.so", UNIQUE),
        ("two", "two.so", UNIQUE),
        ("three", "one.so", "int f(void) { return 1; }"),
        ("four", "four.so", "int f(void) { return 1; }"),
    ):
        build(name, {file: source})
    return tmp_path


def collide(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "collide", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def checked(wheels: Path) -> list[Found]:
    words = ("--together", "--profile", HOST, "--format", "json")
    report = json.loads(collide("check", *map(str, sorted(wheels.glob("*.whl"))), *words).stdout)
    return sorted(
        (
            *sorted(map(_file, pair["targets"])),
            _file(after),
            *(_file(finding[name]) for name in ("code", "severity", "victim")),
            tuple(finding["symbols"]),
        )
        for pair in report["together"]
        for after, findings in (
            ("", pair["findings"]),
            *((order["order"][0], order["findings"]) for order in pair["orders"]),
        )
        for finding in findings
    )


def _file(name: str) -> str:
    return name.rpartition("/")[2] if name.endswith(".whl") else name


def surveyed(directory: Path) -> list[Found]:
    names = {w["sha256"]: w["wheel"] for w in dataset.table(directory, "wheels").to_pylist()}
    return sorted(
        (
            *sorted(names[wheel] for wheel in pair),
            names.get(row["after"], ""),
            *(row[name] for name in ("code", "severity", "victim")),
            tuple(row["symbols"]),
        )
        for row in dataset.table(directory, "pair_findings").to_pylist()
        for pair in _pairs(row["after"], row["wheels"])
    )


def _pairs(after: str, wheels: list[str]) -> list[tuple[str, str]]:
    if after:
        return [(after, wheel) for wheel in wheels]
    return list(zip(wheels[::2], wheels[1::2], strict=True))


def test_pairs_are_what_check_says_and_a_second_run_does_nothing(
    wheels: Path, tmp_path: Path
) -> None:
    words = ("survey", str(wheels), "-o", str(tmp_path / "ds"), "--profile", HOST, "--pairs")
    done = collide(*words, "--workers", "1")
    assert done.returncode == 0, done.stderr
    expected = checked(wheels)
    assert {found[3] for found in expected} >= {"COL303", "COL307"}
    assert surveyed(tmp_path / "ds") == expected
    rows = dataset.table(tmp_path / "ds", "pairs")
    assert rows.num_rows == 2
    assert "0 pairs left to do" in collide(*words, "--workers", "1").stderr
    assert dataset.table(tmp_path / "ds", "pairs") == rows
