"""The verdicts against what was measured, as ``score.py`` counts it."""

from __future__ import annotations

import json

import pytest
import score
from record_hosts import TABLE

from collide.codes import Severity
from collide.judge import judge


def test_every_case_has_its_host_recorded() -> None:
    assert {score.host_file(case).is_file() for case in score.cases()} == {True}


def test_every_recorded_host_is_in_the_table_that_records_them() -> None:
    assert {f.name.removesuffix(".json.xz") for f in score.HOSTS.iterdir()} == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_no_recorded_host_tells_where_it_was_recorded(name: str) -> None:
    import lzma

    with lzma.open(score.HOSTS / f"{name}.json.xz") as stream:
        head = stream.read(1_000_000).decode()
    assert json.loads(head.split(',\n"tables"')[0].split(',\n"loader"')[0] + "}")["name"] == name
    assert '"/home/' not in head
    assert '"/root/' not in head
    assert '"/tmp/' not in head


@pytest.mark.parametrize(
    ("label", "agreeing"),
    [
        ("breaks", {Severity.ERROR}),
        ("misbinds", {Severity.WARNING}),
        ("harmless", {Severity.WARNING, Severity.NOTE, None}),
        ("safe", {Severity.NOTE, None}),
    ],
)
def test_a_label_demands_its_severities(label: str, agreeing: set[Severity | None]) -> None:
    severities = (*Severity, None)
    assert {s for s in severities if score.agrees(label, s)} == agreeing


def test_precision_and_recall_are_those_of_errors() -> None:
    def told(label: str, worst: Severity | None) -> score.Outcome:
        return score.Outcome({"label": label}, worst)

    counted = score.score(
        [
            told("breaks", Severity.ERROR),
            told("breaks", Severity.WARNING),
            told("misbinds", Severity.ERROR),
            told("safe", Severity.WARNING),
            told("safe", None),
        ]
    )
    assert counted == score.Score(0.5, 0.5, 1, 2, 5)


@pytest.mark.corpus
def test_errors_are_told_with_precision_and_recall_and_safe_cases_left_alone() -> None:
    outcomes = [
        score.Outcome(case, score.worst_of(judge(score.analysis_of(case))))
        for case in score.cases()
    ]
    counted = score.score(outcomes)
    assert counted.precision >= 0.9
    assert counted.recall >= 0.9
    assert counted.false_alarms == 0
