"""The report of ``collide inspect``: its formats, its exit statuses, and what is not in it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from checkout import PACKAGE
from collide.cli.main import main
from colliding import Colliding
from cores import crash

SECRET = "hunter2-correct-horse-battery-staple"


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    colliding = Colliding(tmp_path_factory.mktemp("colliding"))
    return crash(
        [*colliding.command("first")],
        colliding.directory / "core",
        {**os.environ, "SECRET": SECRET},
    )


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["inspect", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def test_text_has_the_crossing_and_the_cause(
    core: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    status, out, err = printed(capsys, str(core))
    assert (status, err) == (1, "")
    lines = out.splitlines()
    assert re.fullmatch(
        r"host \(core\): .*/host, glibc [\d.]+, \d+ objects, \d+ in the global scope", lines[0]
    )
    assert re.fullmatch(r"SIGSEGV at the address 0x0, thread \d+", lines[3])
    at = 4
    assert re.fullmatch(r"    0  vault_first\+0x[0-9a-f]+ in libvault.so.1", lines[at])
    assert re.fullmatch(r" +\^ not meant: core.so has it from .*/libvault.so.1", lines[at + 1])
    words = " ".join(line.strip() for line in lines)
    assert "vault 2.0: split-library (COL101) is very likely the cause: vault/core.so has" in words
    assert "vault 2.0 on host (core): would break" in lines
    assert re.search(
        r"error +libvault-2 2\.0\.0, used by core .*mixed with the host's 1\.2\.3 +COL101",
        out,
    )


def test_json_is_as_its_schema_says(core: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = printed(capsys, str(core), "--format", "json")
    document = json.loads(out)
    schema = json.loads((PACKAGE / "report/inspect.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(document)
    report = json.loads((PACKAGE / "report/check/report.schema.json").read_text())
    Draft202012Validator(report).validate(document["report"])
    assert status == 1
    assert document["crash"]["blame"]["code"] == "COL101"
    assert document["crash"]["blame"]["likelihood"] == "very likely"
    assert document["crash"]["stack"][0]["taken"] is True
    assert document["slots"]["bound"] > 5


def test_page_marks_the_crossing(core: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = printed(capsys, str(core), "--format", "html")
    assert status == 1
    assert out.isascii()
    rows = re.findall(r"<tr>.*?</tr>", out, re.DOTALL)
    (crossing,) = (row for row in rows if "crossing:" in row)
    assert "vault_first+" in crossing
    assert 'class="error"' in crossing
    assert "the signal has met it here" in crossing
    assert re.search(r'<p class="error"><b>vault 2.0: split-library .* very likely the cause', out)
    assert "<h1>collide inspect</h1>" in out


def test_nothing_of_the_memory_is_in_a_report(
    core: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    memory = core.read_bytes()
    assert SECRET.encode() in memory
    path = os.environ["PATH"]
    assert path.encode() in memory
    for arguments in (["-vv"], ["--format", "json"], ["--format", "html"], []):
        output = tmp_path / "report"
        status, out, err = printed(capsys, str(core), *arguments, "-o", str(output))
        assert (status, out, err) == (1, "", "")
        told = output.read_text()
        assert "vault_first" in told
        # Not in pieces either: nothing of what a process was given is told.
        assert not [SECRET[n : n + 8] for n in range(len(SECRET) - 8) if SECRET[n : n + 8] in told]
        assert path not in told


def test_problems_are_one_line_each_and_status_2(
    core: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(capsys, str(tmp_path / "gone")) == (
        2, "", f"collide: {tmp_path}/gone: No such file or directory\n"
    )  # fmt: skip
    status, out, err = printed(capsys, str(core), "--root", str(tmp_path))
    assert (status, out) == (2, "")
    assert err.startswith(f"collide: {core}: its program ")
    assert err.endswith(" is not there: name its root, --root DIR\n")
    status, out, err = printed(capsys, str(2**22 + 1))
    assert (status, out) == (2, "")
    assert "there is no such process" in err


def test_file_that_is_gone_is_told_beside_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    colliding = Colliding(tmp_path)
    core = crash(colliding.command("null"), tmp_path / "core")
    colliding.module.unlink()
    status, out, err = printed(capsys, str(core))
    assert status == 2
    assert err.startswith(f"collide: {colliding.module}: not analysed: is loaded, and its file")
    assert "verdict  no interposition on this stack" in out
    assert "other 1.0 on host (core): clean" in out
