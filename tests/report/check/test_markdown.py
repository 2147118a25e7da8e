"""The summary of a step: a table of causes, in which names are text and nothing else."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from collide.check.causes import causes, summarised
from collide.check.check import Report
from collide.cli.main import main
from collide.findings.code import Severity
from collide.report.check.markdown import render
from collide.report.check.rows import summary_of
from hostile import ALL, NAMES, odd_characters
from reports import HOST, everything, finding, of, specimen, troubled


def cells(output: str) -> list[list[str]]:
    """The rows of the table, unescaped, without its head."""
    table = [line for line in output.split("\n") if line.startswith("| ")]
    found = [[html.unescape(cell.strip()) for cell in row.split("|")[1:-1]] for row in table]
    assert {len(row) for row in found} <= {6}
    return found[1:]


def test_table_has_the_causes_that_are_no_notes() -> None:
    report = everything()
    found = [c for c in causes(report) if c.severity > Severity.NOTE]
    told = cells(render(report))
    assert [(row[0], row[5]) for row in told] == [(str(c.severity), c.code.id) for c in found]
    assert [row[4] for row in told] == [c.fix for c in found]


@pytest.mark.parametrize("make", [everything, troubled, of, lambda: Report((), (), ())])
def test_heading_has_the_counts_of_every_format(make: Callable[[], Report]) -> None:
    report = make()
    (first, *_) = render(report).split("\n")
    counted = summary_of(report, summarised(report, causes(report)))
    assert html.unescape(first) == f"### collide check, a prediction: {counted}"


@pytest.mark.parametrize("name", [*NAMES, "all"])
def test_name_is_neither_markup_nor_a_cell(name: str) -> None:
    text = {**NAMES, "all": ALL}[name].decode("utf-8", "surrogateescape")
    output = render(of(finding(victim=f"{text}|<b>[x](y)`z`", provider=f"/lib/{text}|")))
    assert not odd_characters(output)
    (row,) = cells(output)
    rows = [line for line in output.split("\n") if line.startswith("| ") and "COL101" in line]
    assert not re.search(r"[<>`*\[\]\\]", rows[0].removeprefix("| "))
    assert row[5] == "COL101"


def test_github_format_appends_it_where_the_runner_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["check", str(specimen("static_exported")), "--profile", str(HOST)]
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    assert main([*arguments, "--format", "github"]) == 1
    assert path.read_text().startswith("before\n### collide check, a prediction: 1 error")
    known = path.read_text()
    assert main([*arguments, "--format", "text"]) == 1
    assert path.read_text() == known
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    assert main([*arguments, "--format", "github"]) == 1
    assert "Is a directory" in capsys.readouterr().err
