"""Stacks, judged by the calls that the programs make."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.elf.constants import PT_GNU_EH_FRAME
from collide.elf.headers import Image
from collide.inspect.crash import Crash
from collide.inspect.inspect import inspect_named
from collide.processes.eh_frame import CallFrames, evaluate
from collide.support import limits
from collide.support.errors import CollideError, FormatError
from cores import crash
from scenario import Scenario

CALLS = """
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
volatile int zero;
#define CALLER(name, callee) __attribute__((noinline)) int name(int n) { return callee(n) + zero; }
__attribute__((noinline)) int innermost(int n) {
  char *room = __builtin_alloca(n + 64); memset(room, 1, n); return END + room[n - 1];
}
CALLER(third, innermost) CALLER(second, third) CALLER(first, second)
void again(int number) { if (HANDLED) raise(number); }
int main(int argc, char **argv) {
  struct sigaction action = { .sa_handler = again, .sa_flags = SA_NODEFER | SA_RESETHAND };
  if (argc > 1) { sigaction(SIGSEGV, &action, 0); sigaction(SIGALRM, &action, 0); }
  return first(argc + 30);
}
"""
NAMES = ["innermost", "third", "second", "first", "main"]


def stack(
    tmp_path: Path,
    end: str,
    *flags: str,
    handle: bool = False,
    handled: str = "1",
    passed: int | None = None,
) -> Crash:
    defined = [f"-DEND={end}", f"-DHANDLED={handled}"]
    program = Scenario(tmp_path).exe(CALLS, *defined, "-rdynamic", *flags)
    command: list[str | Path] = [program, *(["handle"] if handle else [])]
    core = crash(command, tmp_path / "core", passed=int(handle) if passed is None else passed)
    found = inspect_named(str(core)).crash
    assert found is not None
    return found


def own(found: Crash) -> list[str]:
    return [f.function for f in found.frames if Path(f.object).name == "host"]


@pytest.mark.parametrize("flags", [["-O2"], ["-O0"], ["-O2", "-no-pie"]])
def test_stack_has_every_call(tmp_path: Path, flags: list[str]) -> None:
    found = stack(tmp_path, "*(volatile int *)0", *flags, "-fno-optimize-sibling-calls")
    assert own(found)[: len(NAMES)] == NAMES
    assert (found.ended, found.start) == ("", 0)
    assert not any(f.guessed for f in found.frames)
    assert Path(found.frames[len(NAMES)].object).name == "libc.so.6"


def test_code_without_call_frame_information(tmp_path: Path) -> None:
    flags = ["-fno-asynchronous-unwind-tables", "-fno-unwind-tables", "-fomit-frame-pointer"]
    flags += ["-O1", "-fno-optimize-sibling-calls"]
    found = stack(tmp_path, "((int (*)(void))(long)zero)()", *flags)
    assert own(found)[: len(NAMES)] == NAMES
    # The call of no code is found where it was made, the others by searching.
    assert all(f.guessed for f in found.frames[1 : len(NAMES) + 1])
    assert "__libc_start_main" in [f.function for f in found.frames]


def test_call_of_data(tmp_path: Path) -> None:
    """A damaged pointer to a function: the object that holds the data does not run."""
    found = stack(tmp_path, "((int (*)(void))&zero)()", "-O0")
    assert Path(found.frames[0].object).name == "host"
    assert own(found)[1 : len(NAMES) + 1] == NAMES


def test_call_of_no_code(tmp_path: Path) -> None:
    found = stack(tmp_path, "((int (*)(void))zero)()", "-O0", "-Wno-int-to-pointer-cast")
    assert (found.frames[0].object, found.frames[0].address) == ("", 0)
    assert own(found)[: len(NAMES)] == NAMES


def test_handler_of_the_signal_is_not_what_it_has_met(tmp_path: Path) -> None:
    found = stack(tmp_path, "*(volatile int *)0", "-O1", handle=True)
    assert own(found)[: len(NAMES) + 1] == ["again", *NAMES]
    assert found.frames[found.start].function == "innermost"
    assert found.start > 1


def test_what_fails_in_the_handler_of_a_fault_comes_of_it(tmp_path: Path) -> None:
    fails = "*(volatile int *)256"
    found = stack(tmp_path, "*(volatile int *)0", "-O1", handle=True, handled=fails)
    assert found.address == 256
    assert own(found)[: len(NAMES) + 1] == ["again", *NAMES]
    assert found.frames[found.start].function == "innermost"


def test_what_fails_in_the_handler_of_another_signal_is_its_own(tmp_path: Path) -> None:
    fails = "*(volatile int *)256"
    found = stack(tmp_path, "raise(SIGALRM)", "-O1", handle=True, handled=fails, passed=0)
    assert own(found)[: len(NAMES) + 1] == ["again", *NAMES]
    assert (found.address, found.start) == (256, 0)


def test_handler_of_a_call_of_no_code(tmp_path: Path) -> None:
    end = "((int (*)(void))(long)zero)()"
    found = stack(tmp_path, end, "-O0", handle=True)
    assert found.frames[found.start].address == 0
    assert own(found)[: len(NAMES) + 1] == ["again", *NAMES]


def test_abort(tmp_path: Path) -> None:
    found = stack(tmp_path, "(abort(), 1)", "-O1")
    assert found.signal == "SIGABRT"
    assert Path(found.frames[0].object).name == "libc.so.6"
    assert own(found)[: len(NAMES)] == NAMES


def test_stack_is_walked_as_far_as_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(limits._values, "frames", 3)
    found = stack(tmp_path, "*(volatile int *)0", "-O1")
    assert own(found) == NAMES[:3]
    assert found.ended == "it is deeper than 3 frames"


def test_program_without_call_frame_information(tmp_path: Path) -> None:
    flags = ["-O1", "-fno-omit-frame-pointer", "-fno-asynchronous-unwind-tables"]
    found = stack(tmp_path, "*(volatile int *)0", *flags, "-fno-unwind-tables")
    assert own(found)[: len(NAMES)] == NAMES
    assert [f.guessed for f in found.frames[1 : len(NAMES)]] == [True] * (len(NAMES) - 1)


def test_damaged_information_is_an_error_of_one_line(tmp_path: Path) -> None:
    data = Scenario(tmp_path).lib("m.so", "int f(int n) { return n; } int g(void) { return f(1); }")
    content = data.read_bytes()
    header = next(s for s in Image(memoryview(content)).segments if s.kind == PT_GNU_EH_FRAME)
    seen = set()
    for at in range(header.offset, header.offset + header.size + 120):
        for byte in (0x00, 0x7F, 0xFF):
            changed = bytearray(content)
            changed[at] = byte
            try:
                frames = CallFrames(memoryview(changed))
                for address in range(0x1000, 0x1040, 4):
                    frames.row(address)
                seen.add("read")
            except CollideError as e:
                assert "\n" not in str(e)
                seen.add("refused")
    assert seen == {"read", "refused"}


def test_expressions() -> None:
    def value(*code: int) -> int:
        return evaluate(bytes(code), "<", {7: 100, 16: 0}.__getitem__, lambda a, size: a + size)

    assert value(0x77, 8) == 108  # breg7 8
    assert value(0x77, 0x78) == 92  # breg7 -8
    assert value(0x77, 8, 0x06) == 116  # and what is there
    # That of the PLT: rsp + 8 + ((rip & 15 >= 11) << 3).
    assert value(0x77, 8, 0x80, 0, 0x3F, 0x1A, 0x3B, 0x2A, 0x33, 0x24, 0x22) == 108
    with pytest.raises(FormatError, match="operation 0xf0"):
        value(0xF0)
    with pytest.raises(FormatError, match="corrupt"):
        value(0x22)
