"""What does not count: accepted findings, codes not chosen, and causes that were known."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from checkout import PACKAGE
from collide.check import known
from collide.check.accepted import Acceptance, accept
from collide.check.aside import Found, without
from collide.check.causes import causes
from collide.check.check import Report
from collide.findings.chosen import is_chosen, prefixes
from collide.findings.code import Severity
from collide.support.errors import InputError, UsageError
from reports import everything, finding, of

TODAY = date(2027, 1, 31)


def accepts(**parts: Any) -> bool:
    """Whether an entry takes the finding out of a report of one."""
    one = finding(
        symbols=2, victim="pkg/etree.cpython-311-x86_64-linux-gnu.so", provider="/lib/libz.so.1.3"
    )
    report, unused = accept(of(one), [Acceptance(reason="x", **parts)], TODAY)
    assert bool(report.aside) == (not report.findings)
    assert bool(unused) == bool(report.findings)
    return bool(report.aside)


@pytest.mark.parametrize(
    ("parts", "accepted"),
    [
        ({"codes": ("COL101",)}, True),
        ({"codes": ("COL2", "COL1")}, True),
        ({"codes": ("COL102",)}, False),
        ({"libraries": ("libz",)}, True),
        ({"libraries": ("libx*",)}, False),
        ({"objects": ("etree",)}, True),
        ({"objects": ("pkg/*",)}, True),
        ({"objects": ("lxml",)}, False),
        ({"symbols": ("symbol*",)}, True),
        ({"symbols": ("symbol00", "symbol01")}, True),
        ({"symbols": ("symbol00",)}, False),
        ({"hosts": ("debian-12-*",)}, True),
        ({"hosts": ("cpython",)}, False),
        ({"hosts": ("*gdb",)}, False),
        ({"codes": ("COL101",), "libraries": ("libz",), "objects": ("objectify",)}, False),
        ({"until": TODAY}, True),
    ],
)
def test_entry_accepts_what_fits_all_its_parts(parts: dict[str, Any], accepted: bool) -> None:
    assert accepts(**parts) == accepted


def test_entry_past_its_last_day_accepts_nothing_and_is_not_unused() -> None:
    entry = Acceptance(codes=("COL1",), reason="x", until=TODAY - timedelta(days=1))
    report = of(finding())
    assert accept(report, [entry], TODAY) == (report, ())


def test_what_is_taken_out_is_kept_with_its_hosts_and_counted_nowhere_else() -> None:
    report = everything()
    entry = Acceptance(codes=("COL1",), reason="by design")
    rest, unused = accept(report, [entry], TODAY)
    assert unused == ()
    assert {f.code.family.value for f in report.findings} - {
        f.code.family.value for f in rest.findings
    } == {"1"}
    assert {one.reason for one in rest.aside} == {"by design"}
    assert all(one.hosts for one in rest.aside)
    rows = [row for cause in causes(report) for row in cause.rows]
    assert len(rest.aside) == sum(row.finding.code.id.startswith("COL1") for row in rows)


def test_remedies_and_repairs_stay_with_their_findings() -> None:
    first, second = finding(victim="a.so"), finding(victim="b.so")
    (judged,) = of(first, second).judged
    judged = judged._replace(remedies=((), ("tried",)), repairable=frozenset({1}))  # type: ignore[arg-type]
    report = without(
        Report((judged,), (), ()), "accepted", lambda f: "" if f.finding is first else None
    )
    (rest,) = report.judged
    assert rest.findings == (second,)
    assert list(map(len, rest.remedies)) == [1]
    assert rest.repairable == {0}


def test_nothing_taken_out_is_the_same_report() -> None:
    report = everything()
    seen: list[Found] = []
    assert without(report, "accepted", seen.append) is report
    assert {one.finding for one in seen} >= set(report.findings)


# -- codes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("select", "ignore", "chosen"),
    [
        ([], [], True),
        (["ALL"], [], True),
        (["COL1"], [], True),
        (["col2"], [], False),
        (["split-library"], [], True),
        ([], ["COL1"], False),
        ([], ["Split-Library"], False),
        (["COL101"], ["COL1"], True),
        (["COL1"], ["COL101"], False),
        (["COL101"], ["COL101"], False),
        (["ALL"], ["COL10"], False),
    ],
)
def test_longer_beginning_of_a_code_decides(
    select: list[str], ignore: list[str], chosen: bool
) -> None:
    assert is_chosen("COL101", prefixes(select), prefixes(ignore)) == chosen


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("COL999", ""),
        ("COL9", ""),
        ("COL1x", ""),
        ("COL1O9", "COL109"),
        ("split-libary", "split-library"),
        ("COL", ""),
        ("", ""),
    ],
)
def test_word_that_is_no_code_names_its_neighbour(word: str, near: str) -> None:
    hint = f"did you mean {near}?" if near else "collide explain codes lists them"
    with pytest.raises(UsageError, match=f"is no code; {re.escape(hint)}$"):
        prefixes([word])


# -- known causes ---------------------------------------------------------------------------------


def wheel(name: str, *findings: Any) -> Report:
    """A report of a wheel with this file name."""
    (judged,) = of(*findings).judged
    target = judged.analysis.target._replace(name=f"dist/{name}-cp311-cp311-linux_x86_64.whl")
    return Report((judged._replace(analysis=judged.analysis._replace(target=target)),), (), ())


def test_known_cause_does_not_count_in_another_release() -> None:
    old = wheel("demo-1.0", finding(victim="a.so", intended=("demo.libs/libz-11111111.so.1.3",)))
    new = wheel(
        "Demo-2.0",
        finding(victim="b.so", intended=("demo.libs/libz-22222222.so.1.4",), symbols=3),
        finding(victim="b.so", intended=("demo.libs/libssl-22222222.so.3",)),
    )
    rest = known.only_new(new, known.known_now(old))
    assert [c.subject for c in causes(rest)] == ["libssl"]
    assert [one.why for one in rest.aside] == ["in the baseline"]
    assert known.only_new(new, known.known_now(new)).findings == ()


def test_cause_that_is_worse_counts() -> None:
    error = finding()
    warning = error._replace(severity=Severity.WARNING)
    known_warning = known.known_now(of(warning))
    assert known.only_new(of(error), known_warning).findings == (error,)
    assert known.only_new(of(warning), known.known_now(of(error))).findings == ()


def test_what_is_known_of_other_wheels_stays() -> None:
    one, two = wheel("one-1.0", finding()), wheel("two-1.0", finding())
    both = known.updated(known.known_now(one), known.known_now(two), ["two-1.0-x-y-z.whl"])
    assert [k.inputs for k in both] == [("one",), ("two",)]
    gone = known.updated(both, (), ["dist/two-2.0-cp311-cp311-linux_x86_64.whl"])
    assert [k.inputs for k in gone] == [("one",)]


def test_file_is_read_back_and_as_its_schema_says(tmp_path: Path) -> None:
    found = known.known_now(everything())
    assert len(found) > 5
    text = known.write(found)
    Draft202012Validator(json.loads((PACKAGE / "check/known.schema.json").read_text())).validate(
        json.loads(text)
    )
    (tmp_path / "known.json").write_text(text)
    assert known.read(str(tmp_path / "known.json")) == found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[1", "not a readable baseline"),
        ("{}", "not a baseline of schema collide-baseline/1"),
        ('{"schema": "collide-baseline/1", "causes": [1]}', "causes[0] is no object"),
        ('{"schema": "collide-baseline/1", "causes": [{"code": 1}]}', "has no fingerprint"),
    ],
)
def test_file_that_is_none_is_one_line(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "known.json"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        known.read(str(path))
    assert str(raised.value).startswith(f"{path}: ")
    assert why in str(raised.value)
