"""The programs for developers: each says what it does, and refuses what it does not know."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from checkout import ROOT, TOOLS

PROGRAMS = [p for p in sorted(TOOLS.glob("*.py")) if "\nif __name__ ==" in p.read_text()]
each_program = pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)


@each_program
def test_help_is_the_docstring_which_names_the_command(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = importlib.import_module(path.stem)
    with pytest.raises(SystemExit) as ended:
        program.main(["--help"])
    assert ended.value.code == 0
    about = program.__doc__ or ""
    assert about.strip() in capsys.readouterr().out
    title, empty, command = about.splitlines()[:3]
    assert title.endswith(".")
    assert empty == ""
    assert command.split()[:2] == ["python", str(path.relative_to(ROOT))]


@each_program
def test_unknown_option_is_refused(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(path.stem).main(["a", "b", "c", "--nonsense"])
    assert ended.value.code == 2
    assert "--nonsense" in capsys.readouterr().err


def test_there_are_programs() -> None:
    assert {"score", "benchmark", "record_shipped_hosts"} <= {path.stem for path in PROGRAMS}
