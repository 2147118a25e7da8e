"""COL601 to COL608: each attack has its code, in every format and with its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from collide.check.check import check
from collide.cli.main import main
from collide.hosts.database import load_shipped
from collide.report.check import text
from collide.wheels.archive import Member, write_wheel
from collide.wheels.target import read_target
from hostile_zips import ATTACKS, INFO, Stored, make, written
from reading import FINDINGS
from reports import rendered

HOST = "debian-12-python3"


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_has_its_code_and_status(
    attack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = ATTACKS[attack][1]
    wheel = make(attack, tmp_path)
    status = main(["check", wheel, "--profile", HOST, "--format", "json"])
    out, err = capsys.readouterr()
    told = [f for a in json.loads(out).get("archives", []) for f in a["findings"]]
    assert (code in {f["code"] for f in told}) == (code is not None)
    errors = [f for f in told if f["severity"] == "error"]
    assert status == (2 if err else 1 if errors else 0)
    assert bool(errors) == (code not in (None, "COL608"))


@pytest.mark.parametrize("form", sorted(FINDINGS))
def test_finding_is_in_every_format(form: str, tmp_path: Path) -> None:
    wheel = make("out of .data", tmp_path)
    report = check([read_target(wheel)], [load_shipped(HOST)])
    output = rendered(form, report)
    assert "COL601" in output
    assert "Unknown scheme key" in output
    assert "libz.so.1" in output
    if form != "json":
        assert "COL601" in {said.code for said in FINDINGS[form](output)}


def test_text_tells_the_archive_its_members_and_who_refuses(tmp_path: Path) -> None:
    wheel = make("upwards", tmp_path)
    report = check([read_target(wheel)], [load_shipped(HOST)])
    assert "  error   the archive itself  has members that would be installed" in rendered(
        "text", report
    )
    lines = text.render(report, verbose=1).splitlines()
    at = lines.index(f"  error COL601 [outside-path] {wheel}")
    assert lines[at + 1 : at + 5] == [
        "    wherever it is installed",
        "    has members that would be installed outside of the environment",
        '    pip: "trying to install outside the target directory"',
        "    members:  ../../../../../../tmp/escaped.so",
    ]
    assert lines[-1] == "predicted: 1 error in 1 input on 1 host"


def test_pure_wheel_is_refused_though_there_is_nothing_to_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = tmp_path / "demo-1.0-py3-none-any.whl"
    record = f"../x.py,,\n{INFO}/RECORD,,\n".encode()
    wheel.write_bytes(written([Stored(b"../x.py", b""), Stored(f"{INFO}/RECORD".encode(), record)]))
    assert main(["check", str(wheel)]) == 1
    assert "COL601" in capsys.readouterr().out
    assert main(["check", str(wheel), "--fail-on", "never"]) == 3
    write_wheel(wheel, [Member("x.py", b"")])
    assert main(["check", str(wheel)]) == 3


@pytest.mark.parametrize(
    "attack", [a for a, (_, code) in ATTACKS.items() if code not in (None, "COL607", "COL608")]
)
def test_repair_refuses_what_is_ambiguous_and_writes_nothing(
    attack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = make(attack, tmp_path)
    assert main(["repair", wheel, "-w", str(tmp_path / "out"), "--profile", HOST, "--all"]) == 2
    assert not list(tmp_path.glob("out/*"))
    assert capsys.readouterr().err.startswith("collide: ")
