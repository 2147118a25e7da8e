"""What a change saves at start-up is the difference that LD_DEBUG=statistics shows."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from collide.elf.constants import STT_GNU_IFUNC
from collide.elf.relocation_counts import Counts, counted, read_runs
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.report.whatif import render, render_json
from collide.support.errors import FormatError
from collide.whatif.edits import parse_edit
from collide.whatif.savings import savings
from linked_host import BINDING, PLACING, build, linker_of, really, tried
from scenario import Scenario

OF_THE_LOADER = 4 + 5
"""Lookups of no relocation on x86-64: ld.so's own allocator, and the vDSO."""


def statistics(host: Path, *arguments: str, bind_now: bool) -> Counts:
    """What the loader counts at the start-up of a program."""
    environment = {**os.environ, "LD_DEBUG": "statistics"}
    if bind_now:
        environment["LD_BIND_NOW"] = "1"
    told = subprocess.run(
        [host, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    lookups, cached = (
        int(re.findall(rf"\t +number of relocations{rest}: (\d+)", told.stderr)[0])
        for rest in ("", " from cache")
    )
    return Counts(lookups + cached, lookups)


@pytest.mark.corpus
@pytest.mark.parametrize("path", ["/usr/bin/gdb", "/usr/bin/vim.nox", "/usr/bin/python3.11"])
def test_all_lookups_of_a_program_are_counted(path: str) -> None:
    if not Path(path).exists():
        pytest.skip(f"{path} is not installed (tests/tools/install-hosts.sh)")
    process = extract(path, Root()).process
    runs = [run for m in process.global_scope for run in read_runs(m.dso.read())]
    (libc,) = (m.elf for m in process.global_scope if m.elf.soname == "libc.so.6")
    asked = {
        name
        for name in ("time", "gettimeofday")
        if any(d.type == STT_GNU_IFUNC for d in libc.exports.candidates(name))
    }
    resolved = sum(run.name in asked for run in runs)
    counted_ones = counted(runs)
    seen = statistics(Path(path), "--version", bind_now=True)
    assert seen.relocations == counted_ones.relocations + resolved + OF_THE_LOADER
    assert seen.lookups == counted_ones.lookups + resolved + OF_THE_LOADER


def less(one: Counts, other: Counts) -> tuple[int, int]:
    return one.relocations - other.relocations, one.lookups - other.lookups


@pytest.mark.parametrize("edit", [*BINDING, *PLACING, "version=NODE"])
def test_savings_are_the_difference_of_the_loader_s_statistics(tmp_path: Path, edit: str) -> None:
    s, host = build(tmp_path / "before", linker_of(edit))
    _, relinked, opens = really(tmp_path / "after", edit)
    others = ["below.so=local"] if opens else []
    found = savings(tried(s, host, f"library.so={edit}", *others))
    assert found is not None
    at_once = less(found.before.at_once, found.after.at_once)
    late = less(found.before.late, found.after.late)
    lazy = less(statistics(host, bind_now=False), statistics(relinked, bind_now=False))
    eager = less(statistics(host, bind_now=True), statistics(relinked, bind_now=True))
    assert at_once == lazy
    assert (at_once[0] + late[0], at_once[1] + late[1]) == eager
    if edit != "version=NODE":
        assert eager[0] > 0


def test_savings_are_a_line_of_the_text_and_counts_in_the_json(tmp_path: Path) -> None:
    s, host = build(tmp_path / "host")
    edits = [parse_edit("library.so=-Bsymbolic")]
    result = tried(s, host, *map(str, edits))
    text = str(render(result, [], edits))
    assert re.search(
        r"\n  saved at start-up: \d+ of \d+ relocations with a symbol, \d+ of \d+ symbol lookups; "
        r"\d+ of \d+ symbol lookups at first calls\n",
        text,
    )
    assert "\n  LD_PRELOAD: what " in text
    assert '"start_up": {' in str(render_json([result], [], edits))
    assert "saved" not in str(render(result, []))


def test_relocations_of_one_symbol_are_one_lookup(tmp_path: Path) -> None:
    source = "int f(void); int (*table[])(void) = { f, f, f }; int g(void) { return f(); }"
    data = Scenario(tmp_path).lib("m.so", source).read_bytes()
    runs = [run for run in read_runs(data) if run.name == "f"]
    assert [(run.times, run.late) for run in runs] == [(3, False), (1, True)]
    assert counted(runs) == Counts(4, 2)
    with pytest.raises(FormatError):
        read_runs(data[: len(data) // 3])
