"""Compares the causes of two datasets, or of two runs: what is new, gone, worse or better.

A cause is the same where a project has the same code for the same subject, whatever the release
of the wheel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from collide.findings.code import Severity
from collide.support.records import NamedTuple
from collide.survey import dataset

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Key: TypeAlias = tuple[str, str, str, str]
    Causes: TypeAlias = Mapping[Key, Severity]


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
    both = before.projects & after.projects
    return differences(_only(before.causes, both), _only(after.causes, both))


def differences(before: Causes, after: Causes) -> tuple[Change, ...]:
    """What differs between causes by project, subject, code and slug, worst first."""
    found = (Change(*key, before.get(key), after.get(key)) for key in before.keys() | after.keys())
    return tuple(sorted((one for one in found if one.old != one.new), key=_rank))


def worst(found: Iterable[tuple[Key, Severity]]) -> Causes:
    """The worst severity of each cause: several wheels of a project may have it."""
    causes: dict[Key, Severity] = {}
    for key, severity in found:
        causes[key] = max(severity, causes.get(key, severity))
    return causes


def describe(change: Change) -> str:
    """A change as a line."""
    severities = f"{change.old or 'nothing'} -> {change.new or 'nothing'}"
    return f"{severities}  {change.project}: {change.subject} ({change.code} {change.slug})"


def _only(causes: Causes, projects: AbstractSet[str]) -> Causes:
    return {key: severity for key, severity in causes.items() if key[0] in projects}


def _rank(change: Change) -> tuple[bool, int, str, str, str]:
    worst = max(s for s in (change.old, change.new) if s is not None)
    return not change.is_worse, -worst, change.project, change.subject, change.code


class _Surveyed(NamedTuple):
    projects: frozenset[str]
    causes: Causes


def _latest(directory: Path) -> _Surveyed:
    """The causes by project, subject and code, by the rules of the last run."""
    found = dataset.runs(directory)
    rules = found[-1]["rules"] if found else ""
    wheels = dataset.by_rules(directory, "wheels", rules)
    projects = dict(zip(wheels["sha256"].to_pylist(), wheels["project"].to_pylist(), strict=True))
    table = dataset.by_rules(directory, "causes", rules).select(
        ("sha256", "subject", "code", "slug", "severity")
    )
    causes = worst(
        (
            (projects[row["sha256"]], row["subject"], row["code"], row["slug"]),
            Severity[row["severity"].upper()],
        )
        for row in table.to_pylist()
    )
    return _Surveyed(frozenset(projects.values()), causes)
