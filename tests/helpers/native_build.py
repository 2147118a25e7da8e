"""Compiles the optional part of collide for the tests, with the flags that they ask for."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from checkout import PACKAGE

SOURCE = PACKAGE / "elf/_native.c"


def build_native(directory: Path, *flags: str) -> Path:
    """The compiled part in ``directory``; skips where it cannot be compiled."""
    if sys.version_info < (3, 11) or sys.implementation.name != "cpython":
        pytest.skip("the compiled part needs CPython 3.11 or later; run the tests there")
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        pytest.skip("Python.h is not installed (python3-dev)")
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler is installed")
    path = directory / "_native.abi3.so"
    warnings = ("-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror")
    headers = (f"-I{sysconfig.get_path('include')}", "-DPy_LIMITED_API=0x030B0000")
    command = (compiler, "-O2", "-fPIC", "-shared", *warnings, *headers, *flags)
    subprocess.run([*command, str(SOURCE), "-o", str(path)], check=True)
    return path


def load_native(path: Path) -> Any:
    """The module at ``path``."""
    spec = importlib.util.spec_from_file_location("collide.elf._native", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
