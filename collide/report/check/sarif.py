"""The result of ``collide check`` as SARIF 2.1.0, an OASIS standard for results of analyses.

Source: Static Analysis Results Interchange Format 2.1.0 plus errata 01. GitHub
wants more than the standard of each result: a place in a file with a line,
and ``primaryLocationLineHash``, by which it knows a result again.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import collide
from collide.check.causes import causes, summarised
from collide.check.check import Report
from collide.check.merge import library_stem
from collide.check.rows import ReportRow, rows
from collide.findings.code import Code, Shape
from collide.findings.table import CODES
from collide.report.check.json import finding_as_json, host_as_json
from collide.report.check.rows import (
    lines,
    not_analysed,
    not_checked,
    not_together,
    owner,
    sentence,
    summary_of,
    targets_of,
)
from collide.support.errors import UnverifiedError
from collide.support.foreign import Text, json_of, own_text, text_of
from collide.wheels.grafted import HASH

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_Numbers = Mapping[str, int]
"""The artifacts of a run, by target."""
_RULES = {code: number for number, code in enumerate(CODES)}


def render(report: Report, probes: Sequence[object] | None = None) -> Text:
    """The whole report as one SARIF log of one run, with the ``probes`` that were counted."""
    found = rows(report)
    targets = {target: number for number, target in enumerate(targets_of(report))}
    hosts = {j.analysis.host.name: j.analysis.host for j in report.judged}
    properties: dict[str, Any] = {
        "summary": summary_of(report, summarised(report, causes(report))),
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
        "rules": [_rule(code) for code in CODES.values()],
    }


def _rule(code: Code) -> dict[str, Any]:
    parts = {"How it is decided": code.decided, "What to do": code.remedy}
    return {
        "id": code.id,
        "name": "".join(word.capitalize() for word in code.slug.split("-")),
        "shortDescription": {"text": f"It {code.title}."},
        "fullDescription": {"text": code.meaning},
        "help": {
            "text": "\n\n".join(f"{label}: {text}" for label, text in parts.items()),
            "markdown": own_text(
                "\n\n".join(f"**{label}:** {_markdown(text)}" for label, text in parts.items())
            ),
        },
        "defaultConfiguration": {"level": str(code.severity)},
    }


def _markdown(text: str) -> str:
    return re.sub(r"([\\`*_<\[])", r"\\\1", text)


def _results(found: Sequence[ReportRow], targets: _Numbers) -> Iterator[dict[str, Any]]:
    seen: Counter[str] = Counter()
    for row in found:
        finding = row.finding
        fingerprint = _fingerprint(row)
        seen[fingerprint] += 1
        numbered = f"{fingerprint}:{seen[fingerprint]}"
        yield {
            "ruleId": finding.code.id,
            "ruleIndex": _RULES[finding.code.id],
            "level": str(finding.severity),
            "message": {"text": text_of([f"{sentence(row)}.", *lines(row)])},
            "locations": [
                {**_place(target, targets), "logicalLocations": _logical(row)}
                for target in row.targets
            ],
            "partialFingerprints": {
                "collideFinding/v1": numbered,
                "primaryLocationLineHash": numbered,
            },
            "properties": _properties(row),
        }


def _place(target: str, targets: _Numbers) -> dict[str, Any]:
    location: dict[str, Any] = {"uri": _uri(target)}
    if target in targets:
        location["index"] = targets[target]
    # A wheel has no lines; GitHub refuses a result without one.
    return {"physicalLocation": {"artifactLocation": location, "region": {"startLine": 1}}}


def _uri(path: str) -> str:
    """A relative path as a relative reference, an absolute one with its scheme."""
    quoted = quote(os.fsencode(posixpath.normpath(path)))
    return f"file://{quoted}" if path.startswith("/") else quoted


def _logical(row: ReportRow) -> list[dict[str, Any]]:
    """The object, then the symbols in it that are taken."""
    victim = row.finding.victim
    kind = "resource" if row.finding.code.shape in (Shape.FILES, Shape.ARCHIVE) else "symbol"
    return [
        {"name": posixpath.basename(victim), "fullyQualifiedName": victim, "kind": "module"},
        *(
            {"fullyQualifiedName": f"{victim}::{name}", "kind": kind}
            for name in row.finding.symbols
        ),
    ]


def _fingerprint(row: ReportRow) -> str:
    """What stays the same when the wheel, its libraries or the host have another release."""
    finding = row.finding
    parts = [
        finding.code.id,
        *map(_distribution, row.targets),
        "" if row.after is None else _distribution(row.after),
        _unversioned(finding.victim),
        _unversioned(library_stem(finding.provider) or ""),
        *finding.after_import,
        *finding.before_import,
    ]
    data = "\0".join(parts).encode(errors="backslashreplace")
    return hashlib.sha256(data).hexdigest()[:32]


def _distribution(target: str) -> str:
    """The name of a wheel's distribution, normalised; of anything else the base name."""
    name = posixpath.basename(posixpath.normpath(target))
    if not name.endswith(".whl"):
        return name
    return re.sub(r"[-_.]+", "-", name.partition("-")[0]).lower()


def _unversioned(name: str) -> str:
    """A name without the distribution's version, a library's hash and its release."""
    if name.endswith(".whl"):
        return _distribution(name)
    name = re.sub(r"^([^/]+)-[^/-]+(\.data/)", r"\1\2", name)
    return re.sub(rf"(?:{HASH})?(\.so(?:\.\d+)?)(?:\.\d+)*$", r"\1", name)


def _properties(row: ReportRow) -> dict[str, Any]:
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
