"""What runs keep of what they compile is taken only where a compiler would make the same."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

import compiler
from compiler import compile_so


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The runs of compilers, which keep what they make for this test alone."""
    kept = tmp_path / "kept"
    kept.mkdir()
    monkeypatch.setenv(compiler.KEPT, str(kept))
    runs: list[object] = []
    run = subprocess.run

    def counted(command: list[str], **options: Any) -> object:
        runs.append(command)
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", counted)
    return runs


def test_same_source_with_the_same_libraries_is_compiled_once(
    tmp_path: Path, made: list[object]
) -> None:
    built = []
    for place, value in (("one", 1), ("two", 1), ("three", 2)):
        directory = tmp_path / place
        directory.mkdir()
        library = f"int f{value}(void) {{ return {value}; }}"
        compile_so(directory, "libf.so", library, "-Wl,-soname,libf.so")
        flags = f"-L{directory}", "-l:libf.so", "-Wl,--no-as-needed"
        built.append(compile_so(directory, "m.so", "int g(void) { return 0; }", *flags))
    assert len(made) == 4
    assert [path.read_bytes() == built[0].read_bytes() for path in built[:2]] == [True, True]
    built[0].write_bytes(b"changed in its place")
    again = compile_so(tmp_path / "two", "again.so", "int g(void) { return 0; }", *flags[2:])
    assert again.read_bytes().startswith(b"\x7fELF")
    assert built[1].read_bytes().startswith(b"\x7fELF")


def test_library_by_its_path_is_needed_by_that_path(tmp_path: Path, made: list[object]) -> None:
    needing = []
    for place in ("one", "two"):
        directory = tmp_path / place
        directory.mkdir()
        library = compile_so(directory, "libf.so", "int f(void) { return 1; }")
        source = "int f(void); int g(void) { return f(); }"
        needing.append(compile_so(directory, "m.so", source, str(library)).read_bytes())
    assert len(made) == 3
    assert [str(tmp_path / "two").encode() in data for data in needing] == [False, True]


def test_another_system_compiles_anew(
    tmp_path: Path, made: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    for system in ("one", "two", "two"):
        monkeypatch.setattr(compiler, "_system", lambda _, system=system: (system,))
        compile_so(tmp_path, "m.so", "int g(void) { return 0; }")
    assert len(made) == 2


def test_what_nothing_asks_for_goes_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    directory = compiler.kept_directory()
    for name, hours in (("a", 100), ("b", 200), ("once-a", 0.5), ("once-b", 2)):
        (directory / name).touch()
        then = time.time() - 3600 * hours
        os.utime(directory / name, (then, then))
    assert sorted(path.name for path in compiler.kept_directory().iterdir()) == ["a", "once-a"]
