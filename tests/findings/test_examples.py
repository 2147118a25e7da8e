"""The commands of the examples of codes: each tells the code that it is an example of."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from collide.cli.main import main
from collide.findings.table import CODES
from corpus import download

COMMANDS = [
    (code.id, command)
    for code in CODES.values()
    for command in re.findall(r"`(collide [^`]*)`", code.example)
    if ".whl" in command  # else it says WHEEL, for one of the reader's
]


@pytest.mark.corpus
@pytest.mark.parametrize(("code", "command"), COMMANDS, ids=[code for code, _ in COMMANDS])
def test_command_tells_the_code(
    code: str, command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    _, *words = shlex.split(command)
    (wheel,) = (word for word in words if word.endswith(".whl"))
    name, version = re.match(r"(\w+)-([\d.]+)-", wheel).groups()  # type: ignore[union-attr]
    words[words.index(wheel)] = str(download(f"{name}=={version}"))
    main([*words, "--format", "json", "-o", str(tmp_path / "out.json")])
    report = json.loads((tmp_path / "out.json").read_text())
    capsys.readouterr()
    assert code in re.findall(r"COL\d{3}", json.dumps(report["causes"]))


def test_some_examples_have_commands() -> None:
    assert len(COMMANDS) >= 6
