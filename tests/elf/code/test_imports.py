"""The modules that the machine code of an extension module imports when it is initialised."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from collide.elf.code.imports import imported_at_start
from compiler import compile_so

pytestmark = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "aarch64"),
    reason="calls are read on x86-64 and aarch64 only; run the tests there",
)
SOURCE = """
extern void *PyImport_ImportModule(const char *);
extern int use(const char *);
__attribute__((noinline)) static int inner(void) { return PyImport_ImportModule("inner") != 0; }
int called_later(void) { return PyImport_ImportModule("later") != 0; }
__attribute__((noinline)) static int word(void) { return use("word"); }
void *PyInit_m(void) { inner(); word(); return PyImport_ImportModule("first"); }
"""


def test_names_in_calls_that_the_initialisation_reaches(tmp_path: Path) -> None:
    data = compile_so(tmp_path, "m.so", SOURCE).read_bytes()
    names = ("first", "inner", "later", "word", "absent")
    assert imported_at_start(data, names) == ("first", "inner")
    assert imported_at_start(data, ("later",)) == ()


def test_a_file_that_ends_early_is_no_error(tmp_path: Path) -> None:
    data = compile_so(tmp_path, "m.so", SOURCE).read_bytes()
    for size in range(0, len(data), 97):
        assert set(imported_at_start(data[:size], ("first", "inner"))) <= {"first", "inner"}
