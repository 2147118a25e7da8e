"""A cause as a message of several lines, for the formats that tell one result a cause."""

from __future__ import annotations

from collections.abc import Iterator

from collide.check.causes import Cause
from collide.check.rows import ReportRow
from collide.report.check.parts import headline
from collide.report.check.rows import lines, where, with_all_providers
from collide.report.check.words import Hosts, what, who

_SHOWN_EVIDENCE = 3


def first_line(cause: Cause) -> str:
    """What a cause is about, on which hosts, and what happens there."""
    return f"{what(cause)}: {who(cause, Hosts({}))}"


def message(cause: Cause, *, verbose: bool = False) -> Iterator[str]:
    """The first line, hosts, evidence, what to change, and each finding; ``verbose``: all of it."""
    yield first_line(cause)
    if cause.hosts:
        yield f"hosts: {', '.join(cause.hosts)}"
    evidence = dict.fromkeys(line for row in cause.worst_rows for line in row.finding.evidence)
    if evidence:
        yield f"because: {' '.join(list(evidence)[:_SHOWN_EVIDENCE])}"
    yield f"fix: {cause.fix}"
    if cause.repair:
        yield f"repair: {cause.repair}"
    for row in cause.rows:
        yield _finding(row)
        if verbose or row.tried:
            yield from lines(row, verbose=verbose)


def _finding(row: ReportRow) -> str:
    finding = with_all_providers(row)
    said = f"{headline(finding)}, {where(row)}"
    gives = f"; from {finding.provider}" if finding.provider else ""
    code = finding.code
    return f"{finding.severity} {code.id} [{code.slug}] {finding.victim}: {said}{gives}"
