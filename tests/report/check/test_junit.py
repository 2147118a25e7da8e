"""JUnit: a suite for each input, a case for each cause, and what was not read or checked."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from checkout import TESTS
from collide.check.causes import causes
from collide.check.check import Report
from collide.findings.code import Severity
from collide.report.check.formats import FORMATS, Shown
from reports import everything, finding, of, rendered, troubled


def suites(report: Report) -> ElementTree.Element:
    return ElementTree.fromstring(rendered("junit", report))


def test_case_is_a_cause_and_fails_if_it_is_no_note() -> None:
    report = everything()
    cases = [c for c in suites(report).iter("testcase") if c.attrib["classname"][:3] == "COL"]
    found = causes(report)
    assert sorted(c.attrib["classname"] for c in cases) == sorted(
        f"{c.code.id} {c.code.slug}" for c in found
    )
    failed = [c.find("failure") for c in cases]
    assert sum(f is not None for f in failed) == sum(c.severity > Severity.NOTE for c in found)
    assert {f.attrib["type"] for f in failed if f is not None} == {"error", "warning"}


@pytest.mark.parametrize("make", [everything, troubled, of], ids=lambda make: make.__name__)
def test_counts_are_those_of_the_cases(make: object) -> None:
    root = suites(make())  # type: ignore[operator]
    assert list(root), "no suite"
    endings = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    for suite in (root, *root):
        cases = list(suite.iter("testcase"))
        assert int(suite.attrib["tests"]) == len(cases) > 0
        counted = {name: suite.attrib[name] for name in endings if name in suite.attrib}
        assert len(counted) == (2 if suite is root else 3)
        for name, count in counted.items():
            assert int(count) == sum(c.find(endings[name]) is not None for c in cases)


@pytest.mark.parametrize("make", [everything, troubled, of, lambda: Report((), (), ())])
def test_report_is_as_the_schema_of_jenkins_says(make: Callable[[], Report]) -> None:
    """The file is ``junit-10.xsd`` of the xunit plugin for Jenkins, 8c515de (MIT licence)."""
    xmlschema = pytest.importorskip("xmlschema", reason="pip install xmlschema")
    schema = xmlschema.XMLSchema(str(TESTS / "data/junit-10.xsd"))
    schema.validate(rendered("junit", make()))
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        schema.validate('<testsuites tests="1" skipped="1"/>')


def test_input_without_a_cause_passes() -> None:
    (suite,) = suites(of())
    (case,) = suite
    assert (suite.attrib["name"], case.attrib["name"], len(case)) == ("demo.whl", "no findings", 0)


@pytest.mark.parametrize("name", ["junit", "codequality"])
def test_every_symbol_is_named_only_if_asked_for(name: str) -> None:
    report = of(finding(symbols=30))
    quiet, whole = (FORMATS[name].render(Shown(report, verbose=level)) for level in (0, 1))
    assert "symbol29" in whole
    assert "symbol29" not in quiet
    assert len(quiet) < len(whole)


def test_names_that_look_like_markup_stay_names() -> None:
    root = suites(of(finding(victim="a]]><b>&\N{SNOWMAN}\udcff\x01.so")))
    (failure,) = root.iter("failure")
    assert "a]]><b>&\N{SNOWMAN}\\udcff\\x01.so" in str(failure.text)
    assert "\n" in str(failure.text)
