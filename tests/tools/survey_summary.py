"""Writes what a survey has found as text, so that the next one can be compared by eye.

    python tests/tools/survey_summary.py DATASET

``tests/data/survey_projects.txt`` gets its wheels as requirements, which ``collide survey`` takes
again; ``tests/data/survey.md`` the counts of hosts and libraries, all errors, what could not be
analysed, and the cost. Wheels are not kept.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import programs
from checkout import DATA
from collide.report.survey import Surveyed
from collide.survey import dataset
from collide.survey.summary import surveyed
from collide.survey.tables import TABLES

_LIBRARIES = 40


def main(argv: Sequence[str] | None = None) -> None:
    """Write both files."""
    parser = programs.parser(__doc__)
    parser.add_argument("dataset", type=Path, metavar="DATASET")
    directory = parser.parse_args(argv).dataset
    found = surveyed(directory)
    rules = dataset.runs(directory)[-1]["rules"]
    wheels = dataset.by_rules(directory, "wheels", rules).to_pylist()
    names = sorted({f"{wheel['project']}=={wheel['version']}" for wheel in wheels})
    (DATA / "survey_projects.txt").write_text("\n".join(names) + "\n")
    (DATA / "survey.md").write_text("\n".join(_page(directory, found, rules)) + "\n")


def _page(directory: Path, found: Surveyed, rules: str) -> Iterator[str]:
    checked = [h for h in found.hosts if h.breaks + h.warns + h.clean]
    errors = sorted(set(_errors(directory, rules)))
    yield "# A survey\n"
    yield (
        f"Made by `tests/tools/survey_summary.py` of a survey of {found.began[:10]}: "
        f"{len(found.wheels)} wheels, each the newest of its project in an index "
        f"(`survey_projects.txt`), on {len(found.hosts)} hosts, of which {len(checked)} take "
        "some.\n"
    )
    yield f"The rules are {found.rules}.\n"
    yield "## Cost\n"
    yield (
        f"{found.seconds / 3600:.2f} core hours in checks; {found.memory >> 20} MiB at most for "
        "one wheel.\n"
    )
    yield from _table(("table", "rows", "bytes", "bytes a row"), _sizes(directory))
    yield "## Errors\n"
    breaking = sum(w.causes[0].severity.name == "ERROR" for w in found.wheels if w.causes)
    yield f"{breaking} wheels have an error on some host. Those of loading are counted below.\n"
    shadowing = [line for line in errors if not line[1].startswith("COL2")]
    yield from _table(("wheel", "code", "what", "hosts"), shadowing)
    loading = Counter(wheel for wheel, code, _, _ in errors if code.startswith("COL2"))
    yield "## Wheels that do not load on some host\n"
    yield from _table(("wheel", "causes"), sorted((w, str(n)) for w, n in loading.items()))
    yield "## Libraries\n"
    libraries = [(one.subject, str(one.errors), str(one.warnings)) for one in found.libraries]
    yield from _table(("what", "error in wheels", "warning in wheels"), libraries[:_LIBRARIES])
    yield "## Hosts\n"
    columns = ("host", "wheels that break", "warned of", "clean", "not checked")
    yield from _table(
        columns, ((h.name, *map(str, (h.breaks, h.warns, h.clean, h.left_out))) for h in checked)
    )
    yield "## Not analysed\n"
    yield from _table(("what", "kind", "why"), found.problems)


def _errors(directory: Path, rules: str) -> Iterator[tuple[str, str, str, str]]:
    """Wheel, code, subject with its release, and hosts by their number or name, of each error."""
    wheels = dataset.by_rules(directory, "wheels", rules).to_pylist()
    names = {wheel["sha256"]: f"{wheel['project']} {wheel['version']}" for wheel in wheels}
    breaking: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for one in dataset.by_rules(directory, "findings", rules).to_pylist():
        if one["severity"] == "error":
            breaking[one["sha256"], one["code"], one["victim"]].add(one["host"])
    hosts: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for cause in dataset.by_rules(directory, "causes", rules).to_pylist():
        if cause["severity"] == "error":
            subject = f"{cause['subject']} {cause['release']}".strip()
            # Where a cause is one, it may be a warning.
            for victim in cause["objects"]:
                found = breaking[cause["sha256"], cause["code"], victim] & {*cause["hosts"]}
                hosts[names[cause["sha256"]], cause["code"], subject] |= found
    for key, where in hosts.items():
        first, *others = sorted(where) or ["-"]
        yield *key, f"{first} and {len(others)} more" if others else first


def _sizes(directory: Path) -> Iterator[Sequence[str]]:
    for name in TABLES:
        rows = dataset.table(directory, name).num_rows
        size = sum(path.stat().st_size for path in (directory / name).glob("*.parquet"))
        if rows:
            yield name, f"{rows:,}", f"{size:,}", f"{size / rows:.1f}"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"
    yield ""


if __name__ == "__main__":
    main()
