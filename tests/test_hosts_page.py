"""The commands of ``docs/hosts.md`` print what the page shows of them."""

from __future__ import annotations

import json
import platform
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkout import PACKAGE
from collide.cli.main import main
from systems import require_host

PAGE = (PACKAGE / "docs/hosts.md").read_text()
CUT = " ..."
BLOCKS = re.findall(r"(?ms)^```console\n(.*?)^```", PAGE)
COMMANDS = [
    (command, shown)
    for block in BLOCKS
    for command, *shown in map(str.splitlines, re.split(r"(?m)^\$ ", block)[1:])
]
PRINTED = [(command, shown) for command, shown in COMMANDS if command.startswith("collide ")]
CHANGES = re.findall(r"(?m)^\| `([^.`]+?)`.*?\|((?: \d[^|]*\|){4})", PAGE)
Out = pytest.CaptureFixture[str]


def require_debian_12() -> None:
    require_host("/usr/bin/gdb")
    release = platform.freedesktop_os_release()
    if (release.get("ID"), release.get("VERSION_ID")) != ("debian", "12"):
        pytest.skip("the page shows the hosts of Debian 12")


@pytest.fixture(autouse=True)
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory of the page, with its modules."""
    require_debian_12()
    monkeypatch.chdir(tmp_path)
    for command, shown in COMMANDS:
        if command.startswith("cat "):
            Path(command.removeprefix("cat ")).write_text("\n".join(shown))
        elif command.startswith("gcc "):
            subprocess.run(shlex.split(command), check=True)


def missing(shown: list[str], lines: Iterator[str]) -> list[str]:
    """The lines of the page that do not follow each other in the output."""
    return [
        line
        for line in shown
        if not any(
            found.startswith(line.removesuffix(CUT)) if line.endswith(CUT) else found == line
            for found in lines
        )
    ]


@pytest.mark.parametrize(("command", "shown"), PRINTED, ids=[command for command, _ in PRINTED])
def test_command_prints_what_the_page_shows(
    command: str, shown: list[str], capsys: Out, tmp_path: Path
) -> None:
    for host in re.findall(r"/usr/bin/\S+", command):
        if host != "/usr/bin/python3.11":
            require_host(host)
    main(shlex.split(command)[1:])
    said = "".join(capsys.readouterr()).replace(f"{tmp_path}/", "")
    assert shown
    assert missing(shown, iter(said.splitlines())) == []


@pytest.mark.parametrize(("change", "figures"), CHANGES, ids=[change for change, _ in CHANGES])
def test_figures_of_each_change_are_those_of_the_command(
    change: str, figures: str, capsys: Out
) -> None:
    edit = ["--apply-host", f"libreadline*={change}"]
    main(["whatif", "mod.so", "--profile", "/usr/bin/gdb", *edit, "--format", "json"])
    (analysis,) = json.loads(capsys.readouterr().out)["analyses"]
    moved = [m for m in analysis["moves"] if "libreadline" in m["object"]]
    lost = {p["kind"]: len(p["lost"]) for p in analysis["preload"]}
    of_others = f" and {lost['used-names']} of others" if lost["used-names"] else ""
    before, after = analysis["start_up"]["before"], analysis["start_up"]["after"]
    saved = [
        sum(before[when][what] - after[when][what] for when in ("at_once", "late"))
        for what in ("relocations", "lookups")
    ]
    told = [sum(m["references"] for m in moved), f"{lost['own-names']}{of_others}", *saved]
    assert [cell.strip() for cell in figures.strip("|").split("|")] == list(map(str, told))


def test_page_has_a_command_for_each_question_and_a_row_for_each_change() -> None:
    parts = re.split(r"(?m)^## ", PAGE)[1:]
    assert len(parts) == 4
    assert all("$ collide " in part for part in parts)
    assert {change for change, _ in CHANGES} == {
        *("-Bsymbolic", "-Bsymbolic-functions", "-Bsymbolic-non-weak-functions", "protect"),
        *("hide", "version=NODE", "local", "deepbind", "direct"),
    }
