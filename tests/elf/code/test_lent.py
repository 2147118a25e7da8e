"""Which memory of its own a caller lends: what is read of a long function ends anywhere."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from collide.elf.code import lent
from collide.elf.code.call_graph import Lending, read_calls
from collide.elf.headers import Image
from compiler import AARCH64, compile_so
from judging import only_x86_64

SOURCE = "void take(int *); void give(int n) { int own[4] = {n}; take(own); take(own + 1); }"


DECLARED = """
struct s { long head; int inner[4]; struct s *next; };
void take(long, int *);
static struct s variable;
"""
WAYS = {
    "int own[4] = {n}; take(n, own);": {1},
    "struct s own = {n}; take(n, own.inner); take(0, s->inner);": {1},
    "take(n, variable.inner); variable.head = n;": {1},
    "take(n, s->inner);": {1},
    "take(n, (int *)s); take(0, (int *)s->next);": set(),
    "int own = n; take((long)&own, (int *)s);": {0},
}


@pytest.mark.parametrize("program", ["gcc", AARCH64])
@pytest.mark.parametrize("flag", ["-O1", "-O2"])
@pytest.mark.parametrize("body", WAYS)
def test_own_memory_is_that_on_the_stack_in_variables_and_inside_of_what_was_given(
    tmp_path: Path, body: str, flag: str, program: str
) -> None:
    source = f"{DECLARED} void give(int n, struct s *s) {{ {body} n++; take(n, (int *)s); }}"
    flags = flag, "-fno-optimize-sibling-calls", "-Wl,-z,separate-code"
    content = compile_so(tmp_path, "m.so", source, *flags, program=program).read_bytes()
    calls = read_calls(content)
    assert calls is not None
    users = frozenset(calls.users("take"))
    found = lent.lent_arguments(partial(Image, memoryview(content)), calls, ["take"], users)
    # What other registers hold there is left over.
    assert found.get("take", set()) & {0, 1} == WAYS[body]


@only_x86_64
def test_code_that_is_cut_inside_a_call_lends_what_is_read_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = compile_so(tmp_path, "m.so", SOURCE, "-O1", "-fno-stack-protector").read_bytes()
    calls = read_calls(content)
    assert calls is not None
    found = []
    for longest in range(100):
        monkeypatch.setattr(lent, "_LONGEST", longest)
        calls.lending = Lending()
        users = frozenset(calls.users("take"))
        image = partial(Image, memoryview(content))
        found.append(lent.lent_arguments(image, calls, ["take"], users))
    assert found[0] == {}
    assert found[-1] == {"take": {0}}


@only_x86_64
def test_function_is_read_once(tmp_path: Path) -> None:
    content = compile_so(tmp_path, "m.so", SOURCE, "-O1", "-fno-stack-protector").read_bytes()
    calls = read_calls(content)
    assert calls is not None
    users = frozenset(calls.users("take"))
    image = partial(Image, memoryview(content))
    found = lent.lent_arguments(image, calls, ["take"], users)
    assert calls.lending.read == users

    def never() -> Image:
        raise AssertionError

    assert lent.lent_arguments(never, calls, ["take"], users) == found
    assert lent.lent_arguments(never, calls, ["absent"], users) == {}


@only_x86_64
def test_part_of_a_structure_that_was_given_is_lent_by_addition(tmp_path: Path) -> None:
    """The compiler adds to the register in which the structure was given."""
    source = (
        "struct s { long a; int b[4]; }; void take(int *); void give(struct s *s) { take(s->b); }"
    )
    flags = "-O2", "-fno-stack-protector", "-fno-optimize-sibling-calls"
    content = compile_so(tmp_path, "m.so", source, *flags).read_bytes()
    calls = read_calls(content)
    assert calls is not None
    users = frozenset(calls.users("take"))
    (start,) = users
    assert b"\x48\x83\xc7\x08" in content[start : start + 16]
    image = partial(Image, memoryview(content))
    assert lent.lent_arguments(image, calls, ["take"], users) == {"take": {0}}
