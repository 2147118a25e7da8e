"""The report on hosts by themselves, and the baseline of what is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from collide.analysis.start_up import analyse_start_up
from collide.check.check import Judged, Report, joined
from collide.check.rows import library_stem
from collide.findings.finding import Finding
from collide.findings.interposed import judge_start_up
from collide.loader.host import Host
from collide.support.errors import InputError, UsageError
from collide.support.faults import problem_of
from collide.support.file_bytes import read_bytes
from collide.support.foreign import Text, from_json, json_of
from collide.support.schema import Schema

SCHEMA = "collide-interposed/1"
_BASELINE = Schema(str(Path(__file__).with_name("interposed.schema.json")))

Key = tuple[str, str, str]
"""A code, a victim and a provider: files without their directory and release."""
Baseline = Mapping[Key, frozenset[str]]
"""The symbols of each finding that is known."""


def report_of(hosts: Host | Iterable[Host]) -> Report:
    """What the objects of each host take from each other; a host that fails is a problem.

    Raises UsageError for no host.
    """
    given = [hosts] if isinstance(hosts, Host) else list(hosts)
    if not given:
        raise UsageError("no host is given")
    return joined(map(_report_of, given))


def _report_of(host: Host) -> Report:
    try:
        interposed = analyse_start_up(host)
        findings = judge_start_up(interposed)
    except Exception as e:
        return Report((), (), (problem_of(host.name, e),))
    judged = Judged(interposed.analysis.without_bindings(), findings)
    return Report((judged,), (), ())


def baseline_of(report: Report) -> Baseline:
    """Every finding with its symbols."""
    known: dict[Key, frozenset[str]] = {}
    for finding in report.findings:
        key = _key(finding)
        known[key] = known.get(key, frozenset()).union(finding.symbols)
    return known


def to_baseline(report: Report) -> Text:
    """The text of a baseline file."""
    entries = [
        {"code": code, "victim": victim, "provider": provider, "symbols": sorted(symbols)}
        for (code, victim, provider), symbols in sorted(baseline_of(report).items())
    ]
    return json_of({"schema": SCHEMA, "interposed": entries})


def read_baseline(path: Path) -> Baseline:
    """The known findings in a baseline file; raises InputError."""
    try:
        document = from_json(read_bytes(path, "text-size"))
        _BASELINE.check(document)
        return {
            (e["code"], e["victim"], e["provider"]): frozenset(e["symbols"])
            for e in document["interposed"]
        }
    except ValueError as e:
        raise InputError(str(path), f"not a readable baseline ({e})") from e


def beyond(report: Report, baseline: Baseline) -> Report:
    """The report without the findings whose symbols are all in the baseline."""

    def is_known(finding: Finding) -> bool:
        return baseline.get(_key(finding), frozenset()).issuperset(finding.symbols)

    judged = (
        j._replace(findings=tuple(f for f in j.findings if not is_known(f))) for j in report.judged
    )
    return report._replace(judged=tuple(judged))


def _key(finding: Finding) -> Key:
    victim, provider = library_stem(finding.victim), library_stem(finding.provider)
    return finding.code.id, victim or "", provider or ""
