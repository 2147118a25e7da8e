"""Findings as JSON, schema ``collide-report/1``."""

from __future__ import annotations

import json
from typing import Any

import collide
from collide.analysis import Analysis
from collide.check import Judged, Report
from collide.host import Host

SCHEMA = "collide-report/1"


def render(report: Report, probes: list[object] | None = None) -> str:
    """The whole report as one JSON document, with the ``probes`` that were counted."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "version": collide.__version__,
        "analyses": [
            {
                "target": j.analysis.target.name,
                "profile": _profile(j.analysis.host),
                "modules": [m.name for m in j.analysis.modules],
                "findings": [_finding(j, number) for number in range(len(j.findings))],
                "skipped": [{"name": s.name, "reason": s.reason} for s in j.analysis.skipped],
            }
            for j in report.judged
        ],
        "left_out": [_left_out(a) for a in report.left_out],
        "problems": [{"path": p.path, "reason": p.reason} for p in report.problems],
    }
    if probes is not None:
        document["probes"] = probes
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


def _finding(judged: Judged, number: int) -> dict[str, Any]:
    finding = judged.findings[number]
    repairable = number in judged.repairable
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
        "repair": judged.analysis.repair_command if repairable else None,
    }
