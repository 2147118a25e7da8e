"""Real wheels in hosts that have a library of theirs: none works less after a repair."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import corpus
import measure_repairs
from measure_repairs import EXERCISES, PAIRS, ROWS, Outcome, Pair, PairOutcome, Row
from repair_hosts import UnavailableError

TABLE = Path(__file__).parents[1] / "data/repair_in_hosts.md"
GOOD = {"mended", "unchanged"}


@pytest.mark.corpus
@pytest.mark.long
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_works_in_plain_python_and_in_the_host(row: Row, tmp_path: Path) -> None:
    try:
        outcome = measure_repairs.try_row(row, tmp_path)
    except UnavailableError as e:
        corpus.unavailable(str(e))
    assert outcome.verdict in GOOD, outcome


@pytest.mark.corpus
@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_pair_is_mended_or_said_to_be_beyond_a_repair(pair: Pair, tmp_path: Path) -> None:
    try:
        outcome = measure_repairs.try_pair(pair, tmp_path)
    except UnavailableError as e:
        corpus.unavailable(str(e))
    assert outcome.verdict in {*GOOD, "not mended, as it says"}, outcome


def test_the_table_has_every_row_and_none_is_worse() -> None:
    rows = re.findall(r"^\| ([\w-]+) \|.* \| ([^|]*) \|$", TABLE.read_text(), re.MULTILINE)
    measured = dict(rows)
    assert {row.name for row in ROWS} | {pair.name for pair in PAIRS} <= measured.keys()
    assert {measured[row.name] for row in ROWS} <= GOOD
    assert {row.exercise for row in ROWS} == EXERCISES.keys()


@pytest.mark.parametrize(
    ("left", "verdict"),
    [
        (("a", "a", "a", "a"), "unchanged"),
        (("a", "<status -11: >", "a", "a"), "mended"),
        (("a", "b", "a", "a"), "mended"),
        (("a", "b", "a", "b"), "not mended"),
        (("a", "a", "a", "<status 1: no>"), "WORSE"),
        (("a", "b", "b", "a"), "WORSE"),
        (("<status 1: no>", "a", "a", "a"), "the exercise fails in plain Python"),
    ],
)
def test_verdict_compares_with_plain_python_before(
    left: tuple[str, str, str, str], verdict: str
) -> None:
    assert Outcome("clean", "", *left).verdict == verdict


@pytest.mark.parametrize(
    ("before", "after", "stays", "verdict"),
    [
        (("<>", "a"), ("a", "a"), (), "mended"),
        (("<>", "a"), ("<>", "a"), ("COL303",), "not mended, as it says"),
        (("<>", "a"), ("<>", "a"), (), "NOT SAID"),
        (("<>", "a"), ("a", "<>"), ("COL303",), "WORSE"),
        (("<>", "<>"), ("<>", "<>"), ("COL303",), "the exercise fails in both orders"),
    ],
)
def test_verdict_of_a_pair(
    before: tuple[str, str], after: tuple[str, str], stays: tuple[str, ...], verdict: str
) -> None:
    assert PairOutcome(before, after, stays).verdict == verdict
