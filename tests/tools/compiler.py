"""The C compiler of the tests: a few lines of C to a shared object."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

AARCH64 = "aarch64-linux-gnu-gcc"
"""The compiler for AArch64, of Debian's package gcc-aarch64-linux-gnu."""


def compile_so(tmp_path: Path, name: str, source: str, *flags: str, program: str = "gcc") -> Path:
    """Compile ``source`` to ``tmp_path / name``; linked with nothing unless ``flags`` say so.

    ``-shared`` is left out when ``flags`` ask for an executable (``-pie`` or
    ``-no-pie``).
    """
    compiler = shutil.which(program)
    if compiler is None:
        pytest.skip(f"{program} is not installed")
    path = tmp_path / name
    kind = [] if {"-pie", "-no-pie"} & set(flags) else ["-shared"]
    subprocess.run(
        [
            compiler,
            "-x",
            "c",
            "-",
            "-x",
            "none",
            "-O1",
            "-fPIC",
            "-nostdlib",
            *kind,
            *flags,
            "-o",
            str(path),
        ],
        input=source,
        text=True,
        check=True,
    )
    return path
