"""The result of ``collide check`` as JSON (schema ``collide-report/1``)."""

from __future__ import annotations

import collide
from collide.check.causes import Cause, Grouped, Summary, group
from collide.check.check import Judged, LeftOut, Report, SetAside
from collide.check.rows import Checked, Merged, merge_key
from collide.findings.code import Severity
from collide.findings.finding import Finding
from collide.findings.likelihood import likelihood
from collide.loader.host import Host
from collide.report.check.cpp_names import with_source_forms
from collide.support.foreign import Text, json_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping
    from typing import Any

    from collide.check.pairs import Pair
    from collide.loader.opening import Opening

SCHEMA = "collide-report/1"


def render(given: Report | Grouped, probes: list[object] | None = None) -> Text:
    """The whole report as one JSON document; ``probes`` are JSON objects, if they were counted."""
    return json_of(document_of(given, probes))


def document_of(given: Report | Grouped, probes: list[object] | None = None) -> dict[str, Any]:
    """The same as a value."""
    grouped = group(given)
    report = grouped.report
    merged = [(checked, one) for checked in grouped.checked for one in checked.findings]
    places = {(c.target, merge_key(one.finding)): at for at, (c, one) in enumerate(merged)}
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "version": collide.__version__,
        "summary": summary_as_json(grouped.summary),
        "causes": [cause_as_json(cause) for cause in grouped.causes],
        "analyses": [
            {
                "target": j.analysis.target.name,
                "profile": host_as_json(j.analysis.host),
                "modules": [m.name for m in j.analysis.modules],
                "findings": list(_on_one_host(j, places)),
                "skipped": [{"name": s.name, "reason": s.reason} for s in j.analysis.skipped],
                "opens": [_opening(o) for o in j.analysis.planned],
            }
            for j in report.judged
        ],
        "findings": [_on_all_hosts(checked, one) for checked, one in merged],
        "together": [_pair(p) for p in report.pairs],
        "exposed": [
            {"target": e.target, "findings": [finding_as_json(f) for f in e.findings]}
            for e in report.exposed
        ],
        "left_out": [_left_out(one) for one in report.left_out],
        "problems": [{"path": p.path, "reason": p.reason} for p in report.problems],
    }
    if report.aside:
        document["aside"] = list(map(_aside, report.aside))
    if report.archives:
        document["archives"] = [
            {"target": a.target, "findings": [finding_as_json(f) for f in a.findings]}
            for a in report.archives
        ]
    if probes is not None:
        document["probes"] = probes
    return with_source_forms(document)


def host_as_json(host: Host) -> dict[str, Any]:
    """A host as a JSON object, with the libraries and symbols that it misses itself."""
    return {
        "name": host.name,
        "binary": host.path,
        "architecture": host.architecture,
        "libc": f"{host.loader.libc} {'.'.join(map(str, host.loader.version))}",
        "python": str(host.python) if host.python else None,
        "as_if": host.as_if,
        "embeds_python": host.embeds_python,
        "failures": [f._asdict() for f in host.failures],
    }


def _pair(pair: Pair) -> dict[str, Any]:
    shares = pair.shares._asdict()
    del shares["modules"]
    return {
        "targets": list(pair.targets),
        "profile": pair.host.name,
        "left_out": pair.left_out,
        "shares": {kind: list(names) for kind, names in shares.items() if names},
        "findings": [finding_as_json(f) for f in pair.common],
        "orders": [
            {
                "order": [order.first, order.second],
                "findings": [finding_as_json(f) for f in order.findings],
            }
            for order in pair.orders
        ],
    }


def _left_out(left_out: LeftOut) -> dict[str, Any]:
    return {
        "target": left_out.target,
        "profile": left_out.host,
        "kind": left_out.misfit.kind,
        "reason": left_out.misfit.reason,
    }


def _aside(one: SetAside) -> dict[str, Any]:
    return {
        "why": one.why,
        "reason": one.reason,
        "targets": list(one.targets),
        "after": one.after,
        "profiles": list(one.hosts),
        "finding": finding_as_json(one.finding),
    }


def _on_all_hosts(checked: Checked, merged: Merged) -> dict[str, Any]:
    return {
        "target": checked.target,
        "profiles": list(merged.hosts),
        "checked": len(checked.judged),
        **finding_as_json(merged.finding),
        "providers": list(merged.providers),
        "repair": merged.repair,
    }


def _on_one_host(
    judged: Judged, places: Mapping[tuple[str, Finding], int]
) -> Iterator[dict[str, Any]]:
    """The findings of one host: their places among all, and what a host may have of its own."""
    for number, finding in enumerate(judged.findings):
        told: dict[str, Any] = {
            "finding": places[judged.analysis.target.name, merge_key(finding)],
            "code": finding.code.id,
            "severity": str(finding.severity),
            "victim": finding.victim,
            "provider": finding.provider,
            "provider_release": finding.provider_release,
            "evidence": list(finding.evidence),
            "repair": judged.analysis.repair_command if number in judged.repairable else None,
        }
        if judged.remedies:
            from collide.report.check.remedies import as_json  # late: start-up

            told["remedies"] = [as_json(remedy) for remedy in judged.remedies[number]]
        yield told


def summary_as_json(summary: Summary) -> dict[str, Any]:
    """The counts as a JSON object."""
    return {
        "inputs": [
            {name: _plain(value) for name, value in i._asdict().items()} for i in summary.inputs
        ],
        "hosts": list(summary.hosts),
        "causes": _counts(summary.causes),
        "findings": _counts(summary.findings),
        "pairs": summary.pairs,
        "problems": summary.problems,
        "aside": dict(summary.aside),
    }


def _counts(counted: Counter[Severity]) -> dict[str, int]:
    return {str(severity): counted[severity] for severity in sorted(Severity, reverse=True)}


def cause_as_json(cause: Cause) -> dict[str, Any]:
    """One cause as a JSON object; of its findings what tells them apart from others."""
    return {
        "targets": list(cause.targets),
        "subject": cause.subject,
        "kind": cause.kind.name.lower(),
        "release": cause.release,
        "code": cause.code.id,
        "slug": cause.code.slug,
        "severity": str(cause.severity),
        "title": cause.code.title,
        "objects": list(cause.objects),
        "linked_into": list(cause.linked_into),
        "providers": list(cause.providers),
        "provider_releases": list(cause.provider_releases),
        "hosts": list(cause.hosts),
        "checked": cause.checked,
        "symbols": len(cause.symbols),
        "fix": cause.fix,
        "repair": cause.repair,
        "findings": [
            {
                "code": row.finding.code.id,
                "severity": str(row.finding.severity),
                "victim": row.finding.victim,
                "providers": list(row.providers),
                "hosts": list(row.hosts),
            }
            for row in cause.rows
        ],
    }


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _opening(opening: Opening) -> dict[str, str]:
    return {"name": opening.name, "mode": str(opening.mode), "source": opening.source}


def _probability(finding: Finding) -> float | None:
    told = likelihood(finding)
    return round(told.probability, 2) if told else None


def finding_as_json(finding: Finding) -> dict[str, Any]:
    """Every field of one finding, as a JSON object."""
    return {
        "code": finding.code.id,
        "slug": finding.code.slug,
        "severity": str(finding.severity),
        "title": finding.code.title,
        "victim": finding.victim,
        "provider": finding.provider,
        "intended": list(finding.intended),
        "references": finding.references,
        "symbols": list(finding.symbols),
        "split": bool(finding.kept),
        "kept": list(finding.kept),
        "modules": list(finding.modules),
        "detail": finding.detail,
        "remedy": finding.remedy,
        "evidence": list(finding.evidence),
        "likelihood": _probability(finding),
        "after_import": list(finding.after_import),
        "before_import": list(finding.before_import),
        "openings": [_opening(o) for o in finding.openings],
        "release": finding.release,
        "provider_release": finding.provider_release,
    }
