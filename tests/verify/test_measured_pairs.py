"""The measured pairs: the data is whole, and parted by library; the table is made of it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

import measure
import measured_report
import score
from checkout import DATA, PACKAGE
from collide.verify.exercises import bundled
from corpus import unavailable
from linked_hosts import LINKED
from measured_hosts import ARM64_PREFIX, LINKED_PREFIX
from measured_table import IN_HOSTS, ON_ARM64, PACKAGES, PAIRS, TOGETHER, Pair
from repair_exercises import LIBRARY_EXERCISES

RECORDS: dict[str, dict[str, Any]] = measure.records()
MEASURED = [r for r in RECORDS.values() if r["outcome"] is not None]
OUTCOMES = ("breaks", "misbinds", "safe", "unmeasurable")


def test_records_are_of_the_table() -> None:
    assert len(MEASURED) >= 249
    by_id = {pair.id: pair for pair in PAIRS}
    assert len(by_id) == len(PAIRS)
    for record in RECORDS.values():
        assert record["host"] == by_id[record["id"]].host
        assert record["kind"] == by_id[record["id"]].kind


@pytest.mark.parametrize("record", MEASURED, ids=lambda r: r["id"])
def test_prediction_and_outcome_are_there(record: dict[str, Any]) -> None:
    told = record["prediction"]
    assert told["rules"]
    assert told["worst"] in ("error", "warning", "note", "nothing")
    assert bool(told["codes"]) == (told["worst"] != "nothing")
    assert record["outcome"] in OUTCOMES
    breaks = [e for e in record["exercises"] if e["verdict"].startswith("breaks")]
    assert bool(breaks) == (record["outcome"] == "breaks")
    for exercise in breaks:
        assert not exercise["wrong"].startswith("0 of")
    assert (record["outcome"] == "safe") <= (record["libraries"] == [])


def test_no_library_is_in_both_parts() -> None:
    parts = defaultdict(set)
    older = [r for r in RECORDS.values() if r["origin"] not in measured_report.FRESH]
    assert {r["part"] for r in RECORDS.values() if r not in older} == {"judge"}
    for record in older:
        parts[measured_report.libraries(record)[0]].add(record["part"])
    assert {library for library, found in parts.items() if len(found) > 1} == set()
    assert sum(record["part"] == "judge" for record in older) > len(older) / 5


def test_second_fresh_pairs_have_other_wheels_and_libraries_than_all_before() -> None:
    def known(pair: Pair) -> set[str]:
        host = pair.host.removeprefix(ARM64_PREFIX).removeprefix(LINKED_PREFIX)
        linked = {LINKED[host].library} if host in LINKED else set()
        return linked | {package.name.lower().replace("_", "-") for package in pair.packages}

    second, before = set[str](), set[str]()
    for pair in PAIRS:
        (second if pair.origin == "fresh2" else before).update(known(pair))
    older = (case for of in score.SETS if of != "fresh2" for case in score.cases(of))
    before |= {score.family(case).replace("_", "-") for case in older}
    assert second.isdisjoint(before)
    assert len(second) > 90


def test_groups_are_those_that_share_a_library() -> None:
    def record(name: str, *libraries: str, most: str = "") -> dict[str, Any]:
        finding = {"severity": "error", "provider": f"{most}.so.1", "references": 9}
        told = {"worst": "error", "findings": [finding] if most else []}
        made = {"id": name, "libraries": list(libraries), "about": name, "exercises": []}
        made["origin"] = "new"
        return {**made, "prediction": told}

    found = [
        record("1", "libfrob_a", "libz"),
        record("2", "libz"),
        record("3", "libfrob_b", "libfrob_a", "libz"),
        record("4"),
        record("5", "libfrob_a", "libz", most="libz"),
        record("6", "libcrypto", "libssl"),
    ]
    groups = {r["id"]: r["group"] for r in measured_report.with_parts(found)}
    frob = "libfrob_a"
    expected = {"1": frob, "2": "libz", "3": frob, "4": "4", "5": "libz", "6": "libcrypto"}
    assert groups == expected


def test_table_is_that_of_the_records() -> None:
    assert (DATA / "measured_pairs.md").read_text() == measured_report.table(RECORDS)


def test_exercises_are_there_and_used() -> None:
    used = {name for p in PAIRS for q in p.packages for name in (q.first, q.second) if name}
    own = {name for name in used if name != "bundled" and not name.startswith("library:")}
    files = {path.stem for path in (DATA / "exercises").glob("*.py")}
    assert files - own == {"dns", "sshd"}  # servers, which they import
    assert own <= files
    libraries = {name.removeprefix("library:") for name in used if name.startswith("library:")}
    assert libraries <= set(LIBRARY_EXERCISES)
    for package in (p for p in PACKAGES.values() if p.first == "bundled"):
        assert bundled(PACKAGE / f"{package.name.replace('-', '_')}-1-py3-none-any.whl").exists()


def test_rows_name_packages() -> None:
    named = {*IN_HOSTS, *ON_ARM64, *(name for pair in TOGETHER for name in pair)}
    assert named == set(PACKAGES)


def test_unknown_case_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        measure.main(["--case", "no-such-pair"])
    assert ended.value.code == 2
    assert "no such case: no-such-pair" in capsys.readouterr().err


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["cmarkgfm-in-cmark-gfm", "jq-with-onigurumacffi"])
def test_measured_again_it_does_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {}
    monkeypatch.setattr(measure, "_keep", lambda record: kept.update({record["id"]: record}))
    (pair,) = (pair for pair in PAIRS if pair.id == name)
    said = measure.one(pair, 1)
    if "not made here" in said:
        unavailable(said)
    assert kept[name]["outcome"] == RECORDS[name]["outcome"]
