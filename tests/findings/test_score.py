"""The verdicts against what was measured, as ``score.py`` counts it."""

from __future__ import annotations

import json

import pytest

import score
from collide.analysis.analysis import analyse
from collide.findings.code import Severity
from collide.findings.judge import judge
from linked_hosts import LINKED
from measured_hosts import ARM64_PREFIX, LINKED_PREFIX
from record_case_hosts import TABLE
from repair_hosts import HOSTS


@pytest.mark.parametrize("of", score.SETS)
def test_every_case_has_its_host_recorded(of: str) -> None:
    hosts = {score.host_name(case) for case in score.cases(of)} - set(score.recorded_hosts().names)
    # Of the pairs that measure.py runs, hosts can be made anew.
    made = {prefix + name for prefix in (LINKED_PREFIX, ARM64_PREFIX) for name in LINKED}
    made |= set(HOSTS)
    assert hosts <= (made if of in score.ORIGINS else set())


def test_measured_pairs_are_cases_once_each() -> None:
    ids = [case["id"] for of in ("later", *score.ORIGINS) for case in score.cases(of)]
    assert len(ids) == len(set(ids)) > 80
    assert {case["label"] for case in score.cases("measured")} == {"breaks", "misbinds", "safe"}
    assert not any(
        name.endswith("-any.whl") for c in score.cases("measured") for name in c["other_wheels"]
    )


def test_halves_of_a_set_have_no_library_in_common() -> None:
    every = [case for of in score.SETS for case in score.cases(of)]
    halves = [
        {score.library_of(case) for case in every if score.is_held_out(case) is held_out}
        for held_out in (False, True)
    ]
    assert halves[0].isdisjoint(halves[1])
    assert min(map(len, halves)) > max(map(len, halves)) / 2


def test_library_is_the_one_that_a_host_was_linked_with() -> None:
    case = {"host": "host311-wcs", "wheel_filename": "astropy-8.0.2-cp311-abi3-x.whl"}
    assert score.library_of(case) == "wcs"
    assert score.library_of({**case, "host": "gdb"}) == "astropy"


def test_every_recorded_host_is_in_the_table_that_records_them() -> None:
    assert set(score.recorded_hosts().names) == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_no_recorded_host_tells_where_it_was_recorded(name: str) -> None:
    head = score.recorded_hosts().head(name)
    assert head["name"] == name
    told = json.dumps(head)
    assert '"/home/' not in told
    assert '"/root/' not in told
    assert '"/tmp/' not in told


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


# Of some no rule is known: what an older release cannot do or does otherwise (the signatures of
# libssh2 1.10, errors of libcurl and c-ares), what a build adds or compiles otherwise
# (the extensions of sqlean, the integers of METIS), what holds a second copy inside (C++
# templates, GEOS that ctypes and modules open), what ctypes opens and calls one function by name.
NOT_TOLD = {
    *("ssh2python112-hostssh2", "ssh2python112-gdb", "pygit21151-gdb"),
    *("gevent24111-hostcares", "unicorn211-hostunicorn"),
    *("sqleanpy35045-hostsqlite", "pymetis202522-hostmetis"),
    *("pikepdf8151-hostgdal", "shapely185-hostgeos"),
    *("lxml530-hostxslt", "pycurl7453-hostcurl"),
}
# These are told as errors and work: few functions stay and do not matter (LMDB), what another
# release added is called and structures have moved without harm (OpenSSL in pycurl and rasterio),
# and layouts happen to be equal (FLINT, OpenBLAS, Unicorn, what GDAL has linked in).
TOLD_TOO_MUCH = {
    *("lmdb151-hostlmdb", "pycurl7454-uwsgi", "pycurl7457-uwsgi", "rasterio144-uwsgi"),
    *("pythonflint060-hostflint", "unicorn201post1-hostunicorn"),
    *("pyogrio0110-hostspatialite", "fiona1101-hostgdal"),
}


FIRST = 112
"""Cases that most rules were made on; those behind them were told before they were run."""
SHARDS = 8
"""The cases in so many tests, which run at the same time where there are CPUs for it."""


def test_errors_have_precision_and_recall() -> None:
    """By what is told of each case, which the tests of all shards hold."""

    def counted(cases: list[score.Case]) -> score.Score:
        told = []
        for case in cases:
            error = case["label"] == "breaks"
            if case["id"] in NOT_TOLD | TOLD_TOO_MUCH:
                error = not error
            told.append(score.Outcome(case, Severity.ERROR if error else None))
        return score.score(told)

    every = counted(score.cases())
    assert every.precision >= 0.9
    assert every.recall >= 0.89
    assert {c["id"] for c in score.cases() if c["label"] == "breaks"} >= NOT_TOLD
    # What held before there were more cases holds for the same ones.
    first = counted(score.cases()[:FIRST])
    assert first.precision >= 0.92
    assert first.recall >= 0.92


@pytest.mark.corpus
@pytest.mark.parametrize("shard", range(SHARDS))
def test_what_is_told_of_every_case(shard: int) -> None:
    """Each wheel is read once for all of its hosts; safe cases have nothing above a note."""
    by_wheels: dict[tuple[str, ...], list[score.Case]] = {}
    for case in score.cases():
        wheels = case["wheel_filename"], *case.get("other_wheels", ())
        by_wheels.setdefault(wheels, []).append(case)
    wrong, errors = set(), set()
    for cases in list(by_wheels.values())[shard::SHARDS]:
        target = score.installed_together(score.wheels_of(cases[0]))
        for case in cases:
            worst = score.worst_of(judge(analyse(target, score.host_of(case))))
            wrong |= {case["id"]} - ({case["id"]} if score.agrees(case["label"], worst) else set())
            errors |= {case["id"]} if worst == Severity.ERROR else set()
            assert case["label"] != "safe" or worst in (None, Severity.NOTE)
    told = {case["id"] for cases in list(by_wheels.values())[shard::SHARDS] for case in cases}
    assert wrong == told & (NOT_TOLD | TOLD_TOO_MUCH)
    assert told & TOLD_TOO_MUCH <= errors
    assert errors.isdisjoint(NOT_TOLD)
