"""Makes ``summary.html`` of a dataset."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from packaging.version import Version

from collide.findings.code import Severity
from collide.report.survey import (
    CauseOfWheel,
    HostOfWheels,
    Library,
    Surveyed,
    WheelOnHosts,
    render,
)
from collide.support.files import new_file
from collide.support.text import plural
from collide.survey import dataset
from collide.survey.changes import Change, describe, differences, worst

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from collide.survey.changes import Causes

_LIBRARIES, _CHANGES = 50, 200


def write_summary(directory: Path) -> str:
    """Write the page, of the rules of the last run; the result is its path.

    Raises InputError for what is no dataset.
    """
    path = directory / "summary.html"
    with new_file(path) as file:
        file.write(render(surveyed(directory)).encode())
    return str(path)


def surveyed(directory: Path) -> Surveyed:
    """What the page tells. Raises InputError."""
    runs = dataset.runs(directory)
    rules = runs[-1]["rules"] if runs else ""
    # A wheel that more hosts have come to has a row, and causes, of each run.
    runs_of = dataset.by_rules(directory, "wheels", rules).to_pylist()
    wheels = list({wheel["sha256"]: wheel for wheel in runs_of}.values())
    analyses = dataset.by_rules(directory, "analyses", rules)
    hosts = sorted(set(analyses["host"].to_pylist()))
    causes = _causes(dataset.by_rules(directory, "causes", rules), hosts)
    problems = dataset.by_rules(directory, "problems", rules).to_pylist()
    return Surveyed(
        began=runs[-1]["began"] if runs else "",
        rules=rules,
        wheels=tuple(
            WheelOnHosts(wheel["wheel"], tuple(causes[wheel["sha256"]]))
            for wheel in sorted(wheels, key=lambda wheel: str(wheel["wheel"]))
        ),
        hosts=tuple(_hosts(analyses, hosts)),
        libraries=tuple(_libraries(causes)),
        problems=tuple(sorted((p["wheel"], p["kind"], p["reason"]) for p in problems)),
        changes=tuple(map(describe, _since_the_release_before(wheels, causes)))[:_CHANGES],
        pairs=tuple(_pairs(directory, rules, wheels))[:_CHANGES],
        seconds=sum(wheel["seconds"] for wheel in runs_of),
        memory=max((wheel["memory"] for wheel in runs_of), default=0),
    )


def _causes(table: pa.Table, hosts: Sequence[str]) -> Mapping[str, list[CauseOfWheel]]:
    """The causes above note by wheel, worst first."""
    number = {host: index for index, host in enumerate(hosts)}
    places: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for row in table.filter(pc.field("severity") != "note").to_pylist():
        names = ("sha256", "severity", "subject", "code", "slug", "fix")
        places[tuple(row[name] for name in names)] |= {number[host] for host in row["hosts"]}
    found: dict[str, list[CauseOfWheel]] = defaultdict(list)
    for (sha256, severity, subject, code, slug, fix), taken in places.items():
        words = (Severity[severity.upper()], subject, code, slug, fix)
        found[sha256].append(CauseOfWheel(*words, tuple(sorted(taken))))
    for causes in found.values():
        causes.sort(key=lambda cause: (-cause.severity, cause.subject, cause.code))
    return found


def _hosts(analyses: pa.Table, hosts: Sequence[str]) -> Iterator[HostOfWheels]:
    columns = (analyses[name].to_pylist() for name in ("host", "checked", "worst"))
    counts = Counter(
        (host, worst if checked else "left out")
        for host, checked, worst in zip(*columns, strict=True)
    )
    for host in hosts:
        clean = counts[host, ""] + counts[host, "note"]
        left_out = counts[host, "left out"]
        yield HostOfWheels(host, counts[host, "error"], counts[host, "warning"], clean, left_out)


def _libraries(causes: Mapping[str, Sequence[CauseOfWheel]]) -> Iterator[Library]:
    counts: Counter[tuple[str, Severity]] = Counter()
    for found in causes.values():
        worst: dict[str, Severity] = {}
        for cause in found:
            worst[cause.subject] = max(cause.severity, worst.get(cause.subject, cause.severity))
        counts.update(worst.items())
    subjects = {subject for subject, _ in counts}
    libraries = [
        Library(s, counts[s, Severity.ERROR], counts[s, Severity.WARNING]) for s in subjects
    ]
    libraries.sort(key=lambda one: (-one.errors, -one.warnings, one.subject))
    yield from libraries[:_LIBRARIES]


def _since_the_release_before(
    wheels: Sequence[Mapping[str, Any]], causes: Mapping[str, Sequence[CauseOfWheel]]
) -> Iterator[Change]:
    """What differs between the two newest releases of each project that are in the dataset."""
    releases: dict[str, dict[Version, list[str]]] = defaultdict(lambda: defaultdict(list))
    for wheel in wheels:
        releases[wheel["project"]][Version(wheel["version"])].append(wheel["sha256"])
    for project, versions in sorted(releases.items()):
        if len(versions) > 1:
            old, new = sorted(versions)[-2:]
            yield from differences(
                _of(project, versions[old], causes), _of(project, versions[new], causes)
            )


def _pairs(directory: Path, rules: str, wheels: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each error on pairs."""
    names = {wheel["sha256"]: wheel["wheel"] for wheel in wheels}
    table = dataset.by_rules(directory, "pair_findings", rules)
    lines: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in table.filter(pc.field("severity") == "error").to_pylist():
        key = names.get(row["after"], ""), row["code"], row["victim"]
        lines[key] |= {names[wheel] for wheel in row["wheels"]}
    for (after, code, victim), found in sorted(lines.items()):
        first, *others = sorted(found)
        more = f" and {plural(len(others), 'other wheel')}" if others else ""
        yield f"{first}{more}{' after ' if after else ''}{after}: {code} {victim}"


def _of(
    project: str, wheels: Sequence[str], causes: Mapping[str, Sequence[CauseOfWheel]]
) -> Causes:
    found = (cause for wheel in wheels for cause in causes.get(wheel, ()))
    return worst(((project, c.subject, c.code, c.slug), c.severity) for c in found)
