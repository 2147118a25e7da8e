"""Logs of the loader: whose lines they are, and what they say."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from collide.verify.ld_debug import (
    BindingLine,
    Run,
    RunError,
    read_log,
    read_openings,
    read_start_up,
    run,
    unsteered,
)
from scenario import Scenario, observe, require_loader

A, B = "/no such directory/a b.so", "/no such directory/c.so"


def log_of(*lines: str, pid: int = 7, **others: list[str]) -> Run:
    logs = {int(name[1:]): said for name, said in others.items()}
    said = [f"{pid:10}:\t{line}" for line in lines]
    return Run(("program",), "/", pid, 0, "", "", {pid: said, **logs})


def binding(symbol: str, *, of: str = A) -> str:
    return f"binding file {of} [0] to {B} [0]: normal symbol `{symbol}' [V]"


def names(ran: Run, pid: int | None = None) -> list[str]:
    return [line.symbol for line in read_log(ran, pid).bindings]


def test_line_is_read_and_written_alike() -> None:
    line = binding("f").replace("normal", "protected")
    (read,) = read_log(log_of(f"relocation processing: {A} (lazy)", line)).bindings
    assert read == BindingLine(A, B, "f", "V", protected=True, relocation=True)
    assert str(read) == line


def test_line_that_cannot_be_read_is_not_passed_over() -> None:
    with pytest.raises(RunError, match="nobody can read"):
        read_log(log_of("binding file of another age"))


def test_relocations_end_with_the_first_initialiser() -> None:
    ran = log_of(
        binding("early"),
        f"relocation processing: {A}",
        binding("mine"),
        binding("of another", of=B),
        f"calling init: {A}",
        binding("late"),
    )
    relocations = [b.symbol for b in read_log(ran).bindings if b.relocation]
    assert relocations == ["mine"]


def test_allocator_that_the_loader_takes_over_is_no_relocation() -> None:
    allocator = [binding(name) for name in ("calloc", "free", "malloc", "realloc")]
    ran = log_of(f"relocation processing: {A}", binding("f"), *allocator,
                 f"relocation processing: {B}")  # fmt: skip
    assert [b.symbol for b in read_log(ran).bindings if b.relocation] == ["f"]


def test_what_an_opening_prints_begins_with_its_scope() -> None:
    ran = log_of(
        f"object={B} [0]",
        binding("before"),
        "initialize program: x",
        f"object={A} [0]",
        f" scope 0: {A} {B}",
        f"relocation processing: {A}",
        binding("during"),
        f"calling init: {A}",
        binding("after"),
    )
    (opening,) = read_openings(ran, [A])
    assert [b.symbol for b in opening.bindings] == ["during"]
    assert list(opening.scopes) == [A]
    assert [b.symbol for b in read_start_up(ran).bindings] == ["before"]
    assert [log.bindings for log in read_openings(ran, ["/not opened.so"])] == [()]


def test_forked_process_has_the_lines_of_its_parent_and_its_own() -> None:
    mixed = [f"        {pid}:\t{binding(name)}" for pid, name in ((7, "a"), (8, "b"), (9, "c"))]
    ran = log_of()._replace(logs={7: mixed})
    assert names(ran) == ["a"]
    assert names(ran, 8) == ["a", "b"]


def test_process_with_a_log_of_its_own() -> None:
    ran = log_of(binding("a"), _9=[f"         9:\t{binding('b')}"])
    assert names(ran) == ["a"]
    assert names(ran, 9) == ["b"]
    assert names(ran, 10) == []


def test_program_that_is_executed_in_place_begins_anew() -> None:
    ran = log_of("Initial object scopes", binding("first"), "Initial object scopes", binding("x"))
    assert names(ran) == ["x"]


@pytest.mark.parametrize(
    ("status", "stderr", "ending"),
    [
        (0, "", "ended with status 0"),
        (3, "one\ntwo\n", "ended with status 3: two"),
        (-signal.SIGSEGV, "", "was killed by SIGSEGV"),
    ],
)
def test_ending_is_one_clause(status: int, stderr: str, ending: str) -> None:
    assert log_of()._replace(status=status, stderr=stderr).ending == ending


def test_only_what_steers_a_loader_is_taken_away() -> None:
    given = {"LD_PRELOAD": "x", "GLIBC_TUNABLES": "y", "LDFLAGS": "z", "HOME": "/"}
    assert unsteered(given) == {"LDFLAGS": "z", "HOME": "/"}


def test_program_that_does_not_end_is_ended_with_its_children(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"/bin/sh did not end within 0.3 seconds"):
        run(
            ["/bin/sh", "-c", "sleep 100 & echo $! > child; wait"],
            environment=os.environ,
            cwd=tmp_path,
            timeout=0.3,
        )
    child = int((tmp_path / "child").read_text())
    # A killed process ends when it is next scheduled, on a busy machine not at once.
    deadline = time.monotonic() + 20
    while (state := _state(child)) not in (None, "Z"):
        assert time.monotonic() < deadline, state
        time.sleep(0.01)


def _state(process: int) -> str | None:
    """The letter of proc_pid_stat(5); None for a process that is gone."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[0]


def test_dlsym_is_printed_but_no_relocation(tmp_path: Path) -> None:
    require_loader()
    s = Scenario(tmp_path)
    s.lib("libf.so", "int f(void) { return 1; }")
    host = s.exe(
        "#include <dlfcn.h>\n#include <stdlib.h>\n"
        'int main(void) { return !dlsym(dlopen("libf.so", RTLD_NOW), "f"); }'
    )
    ran, log = observe([host])
    assert ran.status == 0
    assert [b.relocation for b in log.bindings if b.symbol == "f"] == [False]
