"""Compares the causes of two datasets, or of two runs: what is new, gone, worse or better.

A cause is the same where a project has the same code for the same subject, whatever the release
of the wheel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow.compute as pc

from collide.findings.code import Severity
from collide.support.records import NamedTuple
from collide.survey import dataset


class Change(NamedTuple):
    """A cause of one project; a severity is None where the survey has no such cause."""

    project: str
    subject: str
    code: str
    slug: str
    old: Severity | None
    new: Severity | None

    @property
    def is_worse(self) -> bool:
        """Whether it is new, or of a higher severity than before."""
        return self.new is not None and (self.old is None or self.new > self.old)


def changes(old: Path, new: Path) -> tuple[Change, ...]:
    """What differs of the projects that both have, worst first. Raises InputError."""
    before, after = _latest(old), _latest(new)
    return tuple(sorted(_differences(before, after), key=_rank))


def _rank(change: Change) -> tuple[bool, int, str, str, str]:
    worst = max(s for s in (change.old, change.new) if s is not None)
    return not change.is_worse, -worst, change.project, change.subject, change.code


class _Surveyed(NamedTuple):
    projects: frozenset[str]
    causes: Mapping[tuple[str, str, str, str], Severity]


def _latest(directory: Path) -> _Surveyed:
    """The causes by project, subject and code, by the rules of the last run."""
    found = dataset.runs(directory)
    rules = found[-1]["rules"] if found else ""
    wheels = dataset.table(directory, "wheels")
    wheels = wheels.filter(pc.field("rules") == rules)
    projects = dict(zip(wheels["sha256"].to_pylist(), wheels["project"].to_pylist(), strict=True))
    causes: dict[tuple[str, str, str, str], Severity] = {}
    table = dataset.table(directory, "causes").filter(pc.field("rules") == rules)
    columns = ("sha256", "subject", "code", "slug", "severity")
    for row in table.select(columns).to_pylist():
        severity = Severity[row["severity"].upper()]
        key = (projects[row["sha256"]], row["subject"], row["code"], row["slug"])
        causes[key] = max(severity, causes.get(key, severity))
    return _Surveyed(frozenset(projects.values()), causes)


def _differences(before: _Surveyed, after: _Surveyed) -> Iterator[Change]:
    both = before.projects & after.projects
    for key in before.causes.keys() | after.causes.keys():
        old, new = before.causes.get(key), after.causes.get(key)
        if key[0] in both and old != new:
            yield Change(*key, old, new)
