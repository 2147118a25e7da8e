"""The result of ``collide check`` as a JUnit report: a suite for each input, a case for each cause.

Source: the schema of Apache Ant's JUnit reports as Jenkins' xunit plugin keeps it (junit-10.xsd),
which GitLab ("Unit test reports") and others read. An input without a cause has one case, which
passes; what cannot be read is an error, what was not checked at all a skipped case.
"""

from __future__ import annotations

from collections.abc import Iterable

from collide.check.causes import Cause, Grouped, group
from collide.check.check import LeftOut, Report
from collide.findings.code import Severity
from collide.report.check.messages import first_line, message
from collide.report.check.rows import summary_of
from collide.report.markup import document, tag
from collide.support.errors import InputError
from collide.support.foreign import Html, Text, html_of
from collide.support.records import NamedTuple


class _Case(NamedTuple):
    """One case: what it is called, how it ended (an element, or nothing), and its text."""

    name: str
    group: str
    ending: str = ""
    kind: str = ""
    text: tuple[str, ...] = ()

    def as_xml(self) -> Html:
        """The element."""
        inside = Html()
        if self.ending == "system-out":
            inside = tag(self.ending, _lines(self.text))
        elif self.ending:
            inside = tag(self.ending, _lines(self.text), message=self.name, type=self.kind)
        return tag("testcase", inside, name_=self.name, classname=self.group)


def render(given: Report | Grouped, *, verbose: bool = False) -> Text:
    """The whole report. A cause that is an error or a warning fails; ``type`` tells which.

    ``verbose`` names every symbol.
    """
    grouped = group(given)
    report, causes = grouped.report, grouped.causes
    suites = {one.target: list[_Case]() for one in grouped.summary.inputs}
    for cause in causes:
        suites.setdefault(" and ".join(cause.targets), []).append(_of_cause(cause, verbose))
    for one in grouped.summary.inputs:
        if not suites[one.target]:
            suites[one.target].append(_Case("no findings", one.target))
    not_read = [_of_problem(problem) for problem in report.problems]
    skipped = [] if report.judged else [_of_left_out(one) for one in report.left_out]
    others = {"not read or not verified": not_read, "not checked": skipped}
    suites |= {name: cases for name, cases in others.items() if cases}
    name = f"collide check: {summary_of(report, grouped.summary)}"
    body = (_suite(suite, cases) for suite, cases in suites.items())
    every = [case for cases in suites.values() for case in cases]
    declared = Html('<?xml version="1.0" encoding="UTF-8"?>\n')
    totals = _counts(every)
    # The schema has this count of a suite, and not of all of them.
    del totals["skipped"]
    return document(declared, tag("testsuites", *body, name_=name, **totals))


def _of_cause(cause: Cause, verbose: bool) -> _Case:
    fails = cause.severity > Severity.NOTE
    return _Case(
        first_line(cause),
        f"{cause.code.id} {cause.code.slug}",
        "failure" if fails else "system-out",
        str(cause.severity),
        tuple(message(cause, verbose=verbose)),
    )


def _of_problem(problem: InputError) -> _Case:
    return _Case(str(problem), problem.path, "error", "not read", (str(problem),))


def _of_left_out(one: LeftOut) -> _Case:
    said = f"{one.target} on {one.host}: nothing was checked: {one.misfit.reason}"
    return _Case(said, one.target, "skipped", one.misfit.kind)


def _suite(name: str, cases: Iterable[_Case]) -> Html:
    cases = list(cases)
    inside = (case.as_xml() for case in cases)
    return tag("testsuite", *inside, name_=name, **_counts(cases))


def _counts(cases: Iterable[_Case]) -> dict[str, str]:
    endings = [case.ending for case in cases]
    counted = {"tests": len(endings)}
    for name, ending in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        counted[name] = endings.count(ending)
    return {name: str(number) for name, number in counted.items()}


def _lines(text: Iterable[str]) -> Html:
    return html_of(text, "\n")
