"""The result of ``collide check`` as SARIF 2.1.0, an OASIS standard for results of analyses.

Source: Static Analysis Results Interchange Format 2.1.0 plus errata 01. GitHub
wants more than the standard of each result: a place in a file with a line,
and ``primaryLocationLineHash``, by which it knows a result again.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import collide
from collide.check.causes import Cause, Grouped, group
from collide.check.check import Report
from collide.check.fingerprints import fingerprints
from collide.check.rows import ReportRow
from collide.findings.code import Code, Family, Severity
from collide.findings.table import CODES
from collide.report.check.cpp_names import with_source_forms
from collide.report.check.json import cause_as_json, finding_as_json, host_as_json
from collide.report.check.messages import message
from collide.report.check.parts import opened
from collide.report.check.rows import (
    not_analysed,
    not_checked,
    not_together,
    owner,
    summary_of,
    targets_of,
)
from collide.support.errors import UnverifiedError
from collide.support.foreign import Text, json_of, own_text, text_of
from collide.support.pages import DOCUMENTATION, page_of

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_Numbers = Mapping[str, int]
"""The artifacts of a run, by target."""
_TAGS = {
    Family.SHADOWING: ("symbols", "reliability"),
    Family.LOADING: ("loading", "reliability"),
    Family.AMONG_WHEELS: ("symbols", "wheels", "reliability"),
    Family.EXPOSURE: ("symbols", "exposure"),
    Family.FOOTPRINT: ("footprint",),
    Family.ARCHIVE: ("packaging", "security"),
}
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "recommendation"}
"""The words that GitHub reads; source: its reference of SARIF support, ``reportingDescriptor``."""
_RULES = {code: number for number, code in enumerate(CODES)}


def render(
    given: Report | Grouped, probes: Sequence[object] | None = None, *, notes: bool = False
) -> Text:
    """The whole report as one SARIF log of one run, with the ``probes`` that were counted.

    Causes that are notes are results only with ``notes``; the summary counts them in any case.
    """
    grouped = group(given)
    report, every = grouped.report, grouped.causes
    numbered = zip(every, fingerprints(every), strict=True)
    found = [(c, known) for c, known in numbered if notes or c.severity > Severity.NOTE]
    targets = {target: number for number, target in enumerate(targets_of(report))}
    hosts = {j.analysis.host.name: j.analysis.host for j in report.judged}
    properties: dict[str, Any] = {
        "summary": summary_of(report, grouped.summary),
        "hosts": [host_as_json(host) for host in hosts.values()],
    }
    if probes is not None:
        properties["probes"] = list(probes)
    run = {
        "tool": {"driver": _driver()},
        "invocations": [
            {
                # Nothing judged is no clean result.
                "executionSuccessful": bool(report.judged) and not report.problems,
                "toolExecutionNotifications": list(_notifications(report, targets)),
            }
        ],
        "artifacts": [
            {"location": {"uri": _uri(target)}, "roles": ["analysisTarget"]} for target in targets
        ],
        "results": list(_results(found, targets)),
        "properties": properties,
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_of(log)


def _driver() -> dict[str, Any]:
    return {
        "name": "collide",
        "version": collide.__version__,
        "semanticVersion": collide.__version__,
        "informationUri": DOCUMENTATION,
        "rules": [_rule(code) for code in CODES.values()],
    }


def _rule(code: Code) -> dict[str, Any]:
    parts = {"How it is decided": code.decided, "What to do": code.remedy}
    return {
        "id": code.id,
        "name": "".join(word.capitalize() for word in code.slug.split("-")),
        "shortDescription": {"text": code.sentence},
        "fullDescription": {"text": code.meaning},
        "help": {
            "text": "\n\n".join(f"{label}: {text}" for label, text in parts.items()),
            "markdown": own_text(
                "\n\n".join(f"**{label}:** {_markdown(text)}" for label, text in parts.items())
            ),
        },
        "defaultConfiguration": {"level": str(code.severity)},
        "helpUri": page_of(code.id),
        "properties": {
            "tags": ["elf", *_TAGS[code.family]],
            "problem.severity": _LEVELS[code.severity],
        },
    }


def _markdown(text: str) -> str:
    return re.sub(r"([\\`*_<\[])", r"\\\1", text)


def _results(found: Sequence[tuple[Cause, str]], targets: _Numbers) -> Iterator[dict[str, Any]]:
    for cause, fingerprint in found:
        yield {
            "ruleId": cause.code.id,
            "ruleIndex": _RULES[cause.code.id],
            "level": str(cause.severity),
            "message": {"text": text_of(message(cause))},
            "locations": [
                {**_place(target, targets), "logicalLocations": _logical(cause)}
                for target in cause.targets
            ],
            **_related(cause),
            "partialFingerprints": {
                "collideCause/v1": fingerprint,
                "primaryLocationLineHash": fingerprint,
            },
            "properties": with_source_forms(_properties(cause)),
        }


def _place(target: str, targets: _Numbers) -> dict[str, Any]:
    location: dict[str, Any] = {"uri": _uri(target)}
    if target in targets:
        location["index"] = targets[target]
    # A wheel has no lines; GitHub refuses a result without one.
    return {"physicalLocation": {"artifactLocation": location, "region": {"startLine": 1}}}


def _related(cause: Cause) -> dict[str, Any]:
    """The lines of Python code whose openings decided findings of a cause."""
    openings = dict.fromkeys(o for row in cause.rows for o in row.finding.openings)
    locations = []
    for opening in openings:
        file, _, line = opening.source.rpartition(":")
        if file and line.isdecimal():
            region = {"artifactLocation": {"uri": _uri(file)}, "region": {"startLine": int(line)}}
            message = {"text": text_of([opened(opening)])}
            locations.append({"physicalLocation": region, "message": message})
    return {"relatedLocations": locations} if locations else {}


def _uri(path: str) -> str:
    """A relative path as a relative reference, an absolute one with its scheme."""
    quoted = quote(os.fsencode(posixpath.normpath(path)))
    return f"file://{quoted}" if path.startswith("/") else quoted


def _logical(cause: Cause) -> list[dict[str, Any]]:
    """The objects that carry or use what can be changed; the symbols are in the properties."""
    return [
        {"name": posixpath.basename(one), "fullyQualifiedName": one, "kind": "module"}
        for one in cause.objects
    ]


def _properties(cause: Cause) -> dict[str, Any]:
    properties = cause_as_json(cause)
    properties["findings"] = [_row(row) for row in cause.rows]
    return properties


def _row(row: ReportRow) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "targets": list(row.targets),
        "after": row.after,
        "hosts": list(row.hosts),
        "checked": row.checked,
        **finding_as_json(row.finding),
        "providers": list(row.providers),
        "repair": row.repair,
    }
    if row.tried:
        from collide.report.check.remedies import as_json  # late: start-up

        properties["remedies"] = {
            host: [as_json(remedy) for remedy in tried] for host, tried in row.tried
        }
    return properties


def _notifications(report: Report, targets: _Numbers) -> Iterator[dict[str, Any]]:
    """What was not read and not looked at; ``kind`` of its properties says which."""
    for problem in report.problems:
        target = owner(problem.path, targets) or problem.path
        why = "not verified" if isinstance(problem, UnverifiedError) else "unreadable"
        yield _notification("error", str(problem), [_place(target, targets)], kind=why)
    for one in not_checked(report):
        hosts = ", ".join(one.hosts)
        message = f"{one.target} was not checked on {hosts}: {one.misfit.reason}"
        place = _place(one.target, targets)
        kind = {"kind": "not checked", "misfit": one.misfit.kind, "hosts": list(one.hosts)}
        yield _notification("note", message, [place], **kind)
    for target, skipped in not_analysed(report).items():
        place = _place(target, targets)
        for member in skipped:
            message = f"{target}: {member.name} was not analysed: {member.reason}"
            yield _notification("note", message, [place], kind="not analysed")
    for pair, reason in not_together(report):
        message = f"{pair[0]} and {pair[1]} were not looked at together: {reason}"
        places = [_place(target, targets) for target in pair]
        yield _notification("note", message, places, kind="not together")


def _notification(
    level: str, message: str, places: list[dict[str, Any]], **properties: object
) -> dict[str, Any]:
    return {
        "level": level,
        "message": {"text": text_of([message])},
        "locations": places,
        "properties": properties,
    }
