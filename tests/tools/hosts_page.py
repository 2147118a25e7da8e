"""Writes the outputs that ``collide/docs/hosts.md`` shows anew, from its own commands.

    python tests/tools/hosts_page.py

Run it on Debian 12 with the hosts that the page names, and a CPU of the level x86-64-v3. The page
shows some lines of an output, and of a long line the beginning: each is replaced by the line of
the output that resembles it most, in their order, and so are the figures of the table of changes.
A line that nothing of an output resembles is named, the page is left as it is, and the exit
status is 1.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import programs
from checkout import PACKAGE, ROOT

PAGE = PACKAGE / "docs/hosts.md"
CUT = " ..."
"""What stands at the end of a line that is not shown whole."""
_ALIKE = 0.6
"""The part of two lines that is the same where one is taken for the other."""
_LIBRARY = "libreadline"
"""The library of gdb whose changes the table compares."""


class Command(NamedTuple):
    """A command of the page, and the lines below it."""

    line: str
    shown: list[str]


def commands(page: str) -> list[Command]:
    """All commands of the page, in their order."""
    return [
        Command(line, shown)
        for block in re.findall(r"(?ms)^```console\n(.*?)^```", page)
        for line, *shown in map(str.splitlines, re.split(r"(?m)^\$ ", block)[1:])
    ]


def changes(page: str) -> dict[str, str]:
    """The rows of the table of changes: what ``--apply-host`` is told, and the cells of figures."""
    return dict(re.findall(r"(?m)^\| `([^.`]+?)`.*?\|((?: \d[^|]*\|){4})", page))


def make_modules(page: str, directory: Path) -> None:
    """Make the modules that the commands of the page name, as the page makes them."""
    for command, shown in commands(page):
        if command.startswith("cat "):
            (directory / command.removeprefix("cat ")).write_text("\n".join(shown))
        elif command.startswith("gcc "):
            subprocess.run(shlex.split(command), cwd=directory, check=True)


def shows(line: str, found: str) -> bool:
    """Whether a line of the page is what was printed."""
    return found.startswith(line.removesuffix(CUT)) if line.endswith(CUT) else found == line


def missing(shown: Sequence[str], printed: Iterator[str]) -> list[str]:
    """The lines of the page that do not follow each other in what was printed."""
    return [line for line in shown if not any(shows(line, found) for found in printed)]


def table_command(change: str) -> list[str]:
    """The arguments that tell the figures of a row of the table."""
    edit = f"{_LIBRARY}*={change}"
    arguments = ["whatif", "mod.so", "--profile", "/usr/bin/gdb", "--apply-host", edit]
    return [*arguments, "--format", "json"]


def figures(report: Mapping[str, Any]) -> list[str]:
    """The cells of a row: bound anew, replaced no more, relocations and lookups saved."""
    (analysis,) = report["analyses"]
    moved = sum(m["references"] for m in analysis["moves"] if _LIBRARY in m["object"])
    lost = {p["kind"]: len(p["lost"]) for p in analysis["preload"]}
    of_others = f" and {lost['used-names']} of others" if lost["used-names"] else ""
    before, after = analysis["start_up"]["before"], analysis["start_up"]["after"]
    saved = [
        sum(before[when][what] - after[when][what] for when in ("at_once", "late"))
        for what in ("relocations", "lookups")
    ]
    return [str(moved), f"{lost['own-names']}{of_others}", *map(str, saved)]


def refilled(shown: Sequence[str], printed: Sequence[str]) -> tuple[list[str], list[str]]:
    """The lines of the page as they are printed now, and those that nothing resembles."""
    lines, lost, at = [], [], 0
    for line in shown:
        kept = len(line.removesuffix(CUT)) if line.endswith(CUT) else None
        likeness = [_likeness(line, found, kept) for found in printed[at:]]
        best = max(range(len(likeness)), key=likeness.__getitem__, default=None)
        if best is None or likeness[best] < _ALIKE:
            lost.append(line)
            continue
        found = printed[at + best]
        cut = kept is not None and len(found) > kept
        lines.append(found[:kept] + CUT if cut else found)
        at += best + 1
    return lines, lost


def _likeness(line: str, found: str, kept: int | None) -> float:
    if shows(line, found):
        return 1.0
    # Of equal texts with other figures the likeness is that of the words.
    one, other = (re.sub(r"\d+", "0", text) for text in (line.removesuffix(CUT), found[:kept]))
    return 0.99 * SequenceMatcher(None, one, other, autojunk=False).ratio()


def _collide(arguments: Sequence[str], directory: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    done = subprocess.run(
        (sys.executable, "-m", "collide", *arguments),
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return str(done.stdout).replace(f"{directory}/", "")


def refill(page: str, directory: Path) -> tuple[str, list[str]]:
    """The page with what its commands print now, and the lines that nothing resembles."""
    make_modules(page, directory)
    lost: list[str] = []
    for command, shown in commands(page):
        if not command.startswith("collide "):
            continue
        printed = _collide(shlex.split(command)[1:], directory).splitlines()
        lines, unlike = refilled(shown, printed)
        old, new = ("\n".join([f"$ {command}", *text, ""]) for text in (shown, lines))
        page = page.replace(old, new)
        lost += [f"{command}: {line}" for line in unlike]
    for change, cells in changes(page).items():
        told = figures(json.loads(_collide(table_command(change), directory)))
        row = rf"(?m)^(\| `{re.escape(change)}`.*?\|){re.escape(cells)}"
        page = re.sub(row, rf"\g<1> {' | '.join(told)} |", page)
    return page, lost


def main(argv: Sequence[str] | None = None) -> int:
    """Write the page; the exit status is 1 where a line of it has gone, and nothing is written."""
    programs.parser(__doc__).parse_args(argv)
    with TemporaryDirectory() as directory:
        page, lost = refill(PAGE.read_text(), Path(directory).resolve())
    for line in lost:
        print(f"hosts_page: nothing is printed like {line}", file=sys.stderr)
    if lost:
        return 1
    PAGE.write_text(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
