"""How a program runs a Python script."""

from __future__ import annotations

import pytest

from collide.hosts.commands import PLAIN, command_line
from collide.support.errors import UsageError


@pytest.mark.parametrize(
    ("binary", "last"),
    [
        ("/usr/bin/gdb", "source {script}"),
        ("/opt/blender-4.2/blender", "{script}"),
        ("/usr/bin/fontforge", "{script}"),
        ("/usr/lib/llvm-14/bin/lldb", "command script import {script}"),
        ("/usr/bin/vim.nox", "qa!"),
        ("/usr/bin/python3", "{script}"),
    ],
)
def test_known_program_needs_no_template(binary: str, last: str) -> None:
    words = command_line(binary)
    assert (words[0], words[-1]) == (binary, last)
    assert sum("{script}" in word for word in words) == 1


def test_any_other_program_is_a_python() -> None:
    assert command_line("/opt/tool") == ("/opt/tool", *PLAIN)


def test_template_is_read_as_a_shell_would() -> None:
    assert command_line("/opt/tool", "run 'the {script}' -q") == ("run", "the {script}", "-q")


@pytest.mark.parametrize("template", ["run", "run '{script}"])
def test_template_that_cannot_be_run(template: str) -> None:
    with pytest.raises(UsageError, match="--run run"):
        command_line("/opt/tool", template)
