"""The commands of ``docs/hosts.md`` print what the page shows of them."""

from __future__ import annotations

import json
import platform
import re
import shlex
from pathlib import Path

import pytest

import hosts_page
from collide.cli.main import main
from collide.elf.machines import Machine
from collide.hosts import identify_glibc
from collide.hosts.identify_glibc import cpu_features
from hosts_page import changes, commands, make_modules, missing, refilled, table_command
from systems import require_host

PAGE = hosts_page.PAGE.read_text()
PRINTED = [c for c in commands(PAGE) if c.line.startswith("collide ")]
CHANGES = changes(PAGE).items()
Out = pytest.CaptureFixture[str]


def require_debian_12() -> None:
    require_host("/usr/bin/gdb")
    release = platform.freedesktop_os_release()
    if (release.get("ID"), release.get("VERSION_ID")) != ("debian", "12"):
        pytest.skip("the page shows the hosts of Debian 12")


@pytest.fixture(autouse=True)
def cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The CPU of the page: each level of another one is one more directory to ask."""
    levels = "x86-64-v3", "x86-64-v2"

    def of_the_page(cpuinfo: bytes, machine: Machine) -> tuple[tuple[str, ...], str | None]:
        found, platform = cpu_features(cpuinfo, machine)
        if found[-2:] != levels:
            pytest.skip("needs a CPU of the level x86-64-v3 or higher")
        return levels, platform

    monkeypatch.setattr(identify_glibc, "cpu_features", of_the_page)


@pytest.fixture(autouse=True)
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory of the page, with its modules."""
    require_debian_12()
    monkeypatch.chdir(tmp_path)
    make_modules(PAGE, tmp_path)


@pytest.mark.parametrize(("command", "shown"), PRINTED, ids=[c.line for c in PRINTED])
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


@pytest.mark.corpus
@pytest.mark.parametrize(("change", "figures"), CHANGES, ids=[change for change, _ in CHANGES])
def test_figures_of_each_change_are_those_of_the_command(
    change: str, figures: str, capsys: Out
) -> None:
    main(table_command(change))
    told = hosts_page.figures(json.loads(capsys.readouterr().out))
    assert [cell.strip() for cell in figures.strip("|").split("|")] == told


def test_page_is_filled_again_with_what_is_printed_now() -> None:
    printed = ["gdb: 3 files", "  error COL501 links libbz2.so.1.0 too (needed by libpypy)", "end"]
    shown = ["gdb: 3 files", "  error COL501 links libbz2.so.9.0 too ...", "end"]
    lines, lost = refilled(shown, printed)
    assert lines == [printed[0], "  error COL501 links libbz2.so.1.0 too ...", "end"]
    assert lost == []
    assert missing(shown, iter(printed)) == ["  error COL501 links libbz2.so.9.0 too ...", "end"]
    assert refilled(["what nobody has printed"], printed) == ([], ["what nobody has printed"])


def test_page_has_a_command_for_each_question_and_a_row_for_each_change() -> None:
    _, answered = PAGE.split("## Four questions, answered\n")
    parts = re.split(r"(?m)^## ", answered)[1:]
    assert len(parts) == 4
    assert all("$ collide " in part for part in parts)
    assert {change for change, _ in CHANGES} == {
        *("-Bsymbolic", "-Bsymbolic-functions", "-Bsymbolic-non-weak-functions", "protect"),
        *("hide", "version=NODE", "local", "deepbind", "direct"),
    }
