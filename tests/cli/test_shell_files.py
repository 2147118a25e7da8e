"""Completion and the manual page, shipped as files: they know every command and option."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

import pytest

from collide.cli.main import COMMANDS, COMPLETIONS, main, parser_of
from shell_files import MANUAL, SHARE, completion, manual


def options() -> Iterator[str]:
    for name in COMMANDS:
        yield from parser_of(name)._option_string_actions


def test_manual_page_is_that_of_the_parsers() -> None:
    """Write it again with ``python tests/tools/shell_files.py``."""
    assert MANUAL.read_text() == manual()


def test_manual_page_is_one_for_man() -> None:
    if shutil.which("man") is None:
        pytest.skip("no man: apt install man-db")
    done = subprocess.run(
        ["man", "--warnings", "-l", str(MANUAL)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert "--fail-on error|warning|note|never" in done.stdout


@pytest.mark.parametrize("shell", COMPLETIONS)
def test_completion_has_every_command_and_option(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--print-completion", shell]) == 0
    told = capsys.readouterr().out
    assert told == (SHARE / COMPLETIONS[shell]).read_text()
    assert [word for word in {*COMMANDS, *options()} if word not in told] == []


@pytest.mark.parametrize("shell", COMPLETIONS)
def test_completion_is_what_shtab_makes(shell: str) -> None:
    pytest.importorskip("shtab", reason="shtab is not installed: tox has it")
    assert len(completion(shell)) > 5000


@pytest.mark.parametrize(
    ("typed", "offered"), [("che", "check"), ("check --fail-o", "--fail-on"), ("wha", "whatif")]
)
def test_bash_completes(typed: str, offered: str) -> None:
    words = ["collide", *typed.split()]
    script = (
        f"source {SHARE / COMPLETIONS['bash']}\n"
        f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}\n"
        f"_shtab_collide collide {words[-1]} {words[-2]}; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert offered in done.stdout.split()


def test_unknown_shell_is_a_wrong_choice(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--print-completion", "fish"])
    assert "choose from" in capsys.readouterr().err
