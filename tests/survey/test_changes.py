from __future__ import annotations

from pathlib import Path

from collide.findings.code import Severity
from collide.survey import dataset
from collide.survey.changes import Change, changes


def surveyed(directory: Path, causes: dict[str, list[tuple[str, str]]]) -> Path:
    """A dataset: projects with causes (subject, severity)."""
    dataset.create(directory)
    for project, found in causes.items():
        key = {"sha256": f"{directory.name} {project}", "rules": "r"}
        rows = [
            {**key, "subject": subject, "code": "COL109", "slug": "s", "severity": severity}
            for subject, severity in found
        ]
        dataset.write_task(
            directory, project, {"wheels": [{**key, "project": project}], "causes": rows}
        )
    dataset.add_run(directory, {"rules": "r"})
    dataset.collect(directory)
    return directory


def test_new_gone_worse_and_better(tmp_path: Path) -> None:
    old = surveyed(
        tmp_path / "old",
        {
            "p": [("libz", "warning"), ("libxml2", "error"), ("libpng", "error"), ("same", "note")],
            "gone": [("libz", "error")],
        },
    )
    new = surveyed(
        tmp_path / "new",
        {
            "p": [("libz", "error"), ("libpng", "warning"), ("libssl", "note"), ("same", "note")],
            "come": [("libz", "error")],
        },
    )
    error, warning, note = Severity.ERROR, Severity.WARNING, Severity.NOTE
    found = changes(old, new)
    assert found == (
        Change("p", "libz", "COL109", "s", warning, error),
        Change("p", "libssl", "COL109", "s", None, note),
        Change("p", "libpng", "COL109", "s", error, warning),
        Change("p", "libxml2", "COL109", "s", error, None),
    )
    assert [change.is_worse for change in found] == [True, True, False, False]
    assert changes(old, old) == ()
