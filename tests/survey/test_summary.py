from __future__ import annotations

from pathlib import Path

from collide.findings.code import Severity
from collide.report.survey import CauseOfWheel, HostOfWheels, Library
from collide.survey import dataset
from collide.survey.summary import surveyed, write_summary


def test_page_of_a_dataset(tmp_path: Path) -> None:
    directory = tmp_path / "ds"
    dataset.create(directory)
    for version, worst, rules in (("1", "error", "r"), ("2", "warning", "r"), ("2", "error", "q")):
        key = {"sha256": f"{version}{rules}", "rules": rules}
        wheel = {**key, "project": "p", "version": version, "wheel": f"p-{version}.whl"}
        cause = {**key, "hosts": ["g"], "subject": "libz", "code": "COL109", "slug": "s"}
        hosts = [
            {**key, "host": "g", "checked": True, "worst": worst},
            {**key, "host": "h", "checked": version == "1", "worst": ""},
        ]
        rows: dict[str, list[dict[str, object]]] = {
            "wheels": [{**wheel, "seconds": 1.5, "memory": int(version)}],
            "causes": [{**cause, "severity": severity, "fix": "f"} for severity in (worst, "note")],
            "analyses": hosts,
        }
        dataset.write_task(directory, f"{version}{rules}", rows)
    dataset.add_run(directory, {"rules": "r", "began": "2026-11-29"})
    dataset.collect(directory)

    found = surveyed(directory)
    assert [wheel.filename for wheel in found.wheels] == ["p-1.whl", "p-2.whl"]
    assert found.wheels[0].causes == (
        CauseOfWheel(Severity.ERROR, "libz", "COL109", "s", "f", (0,)),
    )
    assert found.hosts == (HostOfWheels("g", 1, 1, 0, 0), HostOfWheels("h", 0, 0, 1, 1))
    assert found.libraries == (Library("libz", 1, 1),)
    assert found.changes == ("error -> warning  p: libz (COL109 s)",)
    assert (found.seconds, found.memory) == (3.0, 2)
    assert Path(write_summary(directory)).read_text().startswith("<!DOCTYPE html>")
