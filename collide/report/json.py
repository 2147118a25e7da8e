"""Findings as JSON, schema ``collide-report/1``."""

from __future__ import annotations

import json
from typing import Any

import collide
from collide.analysis import Analysis
from collide.check import Report
from collide.host import Host
from collide.judge import Finding

SCHEMA = "collide-report/1"


def render(report: Report) -> str:
    """The whole report as one JSON document."""
    document = {
        "schema": SCHEMA,
        "version": collide.__version__,
        "analyses": [
            {
                "target": j.analysis.target.name,
                "profile": _profile(j.analysis.host),
                "modules": [m.name for m in j.analysis.modules],
                "findings": [_finding(f) for f in j.findings],
                "skipped": [{"name": s.name, "reason": s.reason} for s in j.analysis.skipped],
            }
            for j in report.judged
        ],
        "exposed": [
            {"target": e.target, "findings": [_finding(f) for f in e.findings]}
            for e in report.exposed
        ],
        "left_out": [_left_out(a) for a in report.left_out],
        "problems": [{"path": p.path, "reason": p.reason} for p in report.problems],
    }
    return json.dumps(document, indent=1) + "\n"


def _profile(host: Host) -> dict[str, Any]:
    return {
        "name": host.name,
        "binary": host.path,
        "architecture": host.architecture,
        "libc": f"{host.loader.libc} {'.'.join(map(str, host.loader.version))}",
        "python": str(host.python) if host.python else None,
        "failures": [f._asdict() for f in host.failures],
    }


def _left_out(analysis: Analysis) -> dict[str, Any]:
    return {
        "target": analysis.target.name,
        "profile": analysis.host.name,
        "reason": analysis.left_out,
    }


def _finding(finding: Finding) -> dict[str, Any]:
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
    }
