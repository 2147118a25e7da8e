"""Makes the rows of a wheel from the JSON report that ``collide check`` prints of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from collide.findings.code import Family
from collide.findings.table import CODES
from collide.survey.wheel import SurveyedHost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Row: TypeAlias = dict[str, Any]
    Rows: TypeAlias = dict[str, list[Row]]

SEVERITIES = ("error", "warning", "note")


def rows_of(report: Mapping[str, Any], hosts: Sequence[SurveyedHost]) -> Rows:
    """The rows of all tables but ``wheels`` and ``problems``, without the key columns."""
    analyses = report["analyses"]
    findings = [
        (analysis["profile"]["name"], {**report["findings"][one["finding"]], **one})
        for analysis in analyses
        for one in analysis["findings"]
    ]
    return {
        "analyses": list(_analyses(report, hosts)),
        "causes": [_cause(cause, analyses) for cause in report["causes"]],
        "findings": [_finding(host, finding) for host, finding in findings],
        "loads": [
            _load(host, finding)
            for host, finding in findings
            if CODES[finding["code"]].family == Family.LOADING
        ],
        "exposure": [
            {
                "object": finding["victim"],
                "code": finding["code"],
                "intended": finding["intended"],
                "symbols": finding["symbols"],
            }
            for exposed in report["exposed"]
            for finding in exposed["findings"]
        ],
    }


def trace_row(kind: str, name: str = "", path: str = "", modules: Iterable[str] = ()) -> Row:
    """A row of ``traces``, without the key columns and those of the host."""
    return {"kind": kind, "name": name, "path": path, "modules": list(modules)}


def no_traces(hosts: Sequence[SurveyedHost]) -> list[Row]:
    """The rows of a wheel that has no traces on hosts, and so no pairs there."""
    return [{"host": h.name, "digest": h.digest, **trace_row("none")} for h in hosts]


def _analyses(report: Mapping[str, Any], hosts: Sequence[SurveyedHost]) -> Iterator[Row]:
    checked = {one["profile"]["name"]: one for one in report["analyses"]}
    reasons = {one["profile"]: one for one in report["left_out"]}
    for host in hosts:
        found = checked.get(host.name)
        left_out = reasons.get(host.name)
        counts = Counter(f["severity"] for f in found["findings"]) if found else Counter()
        yield {
            "host": host.name,
            "digest": host.digest,
            "checked": found is not None,
            "left_out": f"{left_out['kind']}: {left_out['reason']}" if left_out else "",
            "as_if": bool(found and found["profile"]["as_if"]),
            **{severity: counts[severity] for severity in SEVERITIES},
            "worst": next((s for s in SEVERITIES if counts[s]), ""),
        }


def _cause(cause: Mapping[str, Any], analyses: Sequence[Mapping[str, Any]]) -> Row:
    everywhere = sorted(one["profile"]["name"] for one in analyses)
    return {
        **{name: cause[name] for name in ("subject", "kind", "release", "code", "slug")},
        **{name: cause[name] for name in ("severity", "objects", "providers", "fix")},
        "hosts": cause["hosts"] or everywhere,
        "symbols": cause["symbols"],
    }


def _finding(host: str, finding: Mapping[str, Any]) -> Row:
    names = ("code", "severity", "victim", "references", "symbols", "detail")
    return {
        "host": host,
        "provider": finding["provider"] or "",
        **{name: finding[name] for name in names},
    }


def _load(host: str, finding: Mapping[str, Any]) -> Row:
    return {
        "host": host,
        "code": finding["code"],
        "severity": finding["severity"],
        "object": finding["victim"],
        "library": finding["provider"] or ", ".join(finding["symbols"]),
        "detail": finding["detail"],
    }
