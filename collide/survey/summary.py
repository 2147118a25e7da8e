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
from collide.survey import dataset
from collide.survey.changes import Change, describe, differences

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

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
    wheels = dataset.by_rules(directory, "wheels", rules).to_pylist()
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
        seconds=sum(wheel["seconds"] for wheel in wheels),
        memory=max((wheel["memory"] for wheel in wheels), default=0),
    )


def _causes(table: pa.Table, hosts: Sequence[str]) -> Mapping[str, list[CauseOfWheel]]:
    """The causes above note by wheel, worst first."""
    number = {host: index for index, host in enumerate(hosts)}
    found: dict[str, list[CauseOfWheel]] = defaultdict(list)
    for row in table.filter(pc.field("severity") != "note").to_pylist():
        places = tuple(sorted(number[host] for host in row["hosts"]))
        words = (row["subject"], row["code"], row["slug"], row["fix"])
        found[row["sha256"]].append(CauseOfWheel(Severity[row["severity"].upper()], *words, places))
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


def _of(
    project: str, wheels: Sequence[str], causes: Mapping[str, Sequence[CauseOfWheel]]
) -> dict[tuple[str, str, str, str], Severity]:
    found: dict[tuple[str, str, str, str], Severity] = {}
    for cause in (cause for wheel in wheels for cause in causes.get(wheel, ())):
        key = (project, cause.subject, cause.code, cause.slug)
        found[key] = max(cause.severity, found.get(key, cause.severity))
    return found
