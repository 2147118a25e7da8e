"""Functions that a module made by cffi offers by name, and the calls that they lead to."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from collide.elf.code.call_graph import Calls, read_calls
from compiler import compile_so

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="calls are read on x86-64 only; run the tests there"
)
SOURCE = """
extern int alpha(void), beta(void), gamma(void);
extern void *PyImport_ImportModule(const char *);
static int shared(void) { return gamma() + 1; }
static int direct_a(void) { return alpha() + shared(); }
static int call_a(void) { return alpha() + 2; }
static int direct_b(void) { return beta() + shared(); }
static int call_b(void) { return beta() + 3; }
struct row { const char *name; void *address; void *op; void *second; };
struct row rows[] = {{"alpha", call_a, (void *)5, direct_a}, {"beta", call_b, (void *)5, direct_b}};
struct row method = {"method", call_a, (void *)1, 0};
void *init(void) { return PyImport_ImportModule("MARK"); }
"""


def calls_of(tmp_path: Path, mark: str = "_cffi_backend") -> Calls:
    source = SOURCE.replace("MARK", mark)
    calls = read_calls(compile_so(tmp_path, "m.so", source, "-O1", "-fno-inline").read_bytes())
    assert calls is not None
    return calls


def live(calls: Calls) -> frozenset[str]:
    return calls.running().enter() & {"alpha", "beta", "gamma"}


def test_rows_of_functions_are_those_with_two_addresses(tmp_path: Path) -> None:
    calls = calls_of(tmp_path)
    assert calls.by_name.keys() == {"alpha", "beta"}
    # One of the row of alpha stands in another row as well.
    assert [len(calls.by_name[name]) for name in ("alpha", "beta")] == [1, 2]
    assert live(calls) == {"alpha", "beta", "gamma"}


def test_what_no_name_leads_to_is_left_out(tmp_path: Path) -> None:
    calls = calls_of(tmp_path)
    calls.leave_out({"beta"})
    assert live(calls) == {"alpha", "gamma"}
    calls.leave_out({"alpha", "beta"})
    assert live(calls) == {"alpha"}


def test_table_of_another_kind_of_module_has_no_names(tmp_path: Path) -> None:
    assert not calls_of(tmp_path, "_another_backend").by_name
