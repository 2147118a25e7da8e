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
        if worst == "warning":
            after = {"after": "1r", "wheels": ["2r"], "code": "COL306", "victim": "m"}
            rows["pair_findings"] = [
                {**key, **after, "severity": severity} for severity in ("error", "note")
            ]
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
    assert found.pairs == ("p-2.whl after p-1.whl: COL306 m",)
    assert (found.seconds, found.memory) == (3.0, 2)
    assert surveyed(_with_another_host(directory)) == found._replace(
        wheels=(
            found.wheels[0]._replace(causes=(found.wheels[0].causes[0]._replace(hosts=(0, 2)),)),
            found.wheels[1],
        ),
        hosts=(*found.hosts, HostOfWheels("i", 1, 0, 0, 0)),
        seconds=4.5,
    )
    assert Path(write_summary(directory)).read_text().startswith("<!DOCTYPE html>")


def _with_another_host(directory: Path) -> Path:
    """The first wheel was checked on one more host later."""
    key = {"sha256": "1r", "rules": "r"}
    wheel = {**key, "project": "p", "version": "1", "wheel": "p-1.whl", "seconds": 1.5, "memory": 1}
    cause = {"subject": "libz", "code": "COL109", "slug": "s", "severity": "error", "fix": "f"}
    analysis = {**key, "host": "i", "checked": True, "worst": "error"}
    rows: dict[str, list[dict[str, object]]] = {
        "wheels": [wheel],
        "causes": [{**key, **cause, "hosts": ["i"]}],
        "analyses": [analysis],
    }
    dataset.write_task(directory, "later", rows)
    dataset.collect(directory)
    return directory
