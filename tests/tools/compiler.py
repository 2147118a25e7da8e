"""The C compiler of the tests: a few lines of C to a shared object."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

AARCH64 = "aarch64-linux-gnu-gcc"
"""The compiler for AArch64, of Debian's package gcc-aarch64-linux-gnu."""

KEPT = "TESTS_COMPILED"
"""The variable of the environment that names the directory of what one run has compiled."""


def compile_c(command: Sequence[str], source: str, path: Path) -> None:
    """Run a compiler on ``source``, which writes ``path``; or take what it has made of the same.

    A test compiles a few lines, often those of other tests, and that takes most of its time.
    """
    kept = os.environ.get(KEPT)
    # What a source includes by itself is not looked at.
    if not kept or re.search(r'#include "|incbin', source):
        subprocess.run([*command, "-o", str(path)], input=source, text=True, check=True)
        return
    key = hashlib.sha256("\0".join((*_inputs(command), source)).encode()).hexdigest()
    made = Path(kept, key)
    if not made.exists():
        with tempfile.TemporaryDirectory(dir=kept) as scratch:
            # Another worker may make the same: a rename is all or nothing.
            new = Path(scratch, "made")
            subprocess.run([*command, "-o", str(new)], input=source, text=True, check=True)
            new.replace(made)
    shutil.copy(made, path)


def _inputs(command: Sequence[str]) -> Iterator[str]:
    """All that a compiler's output depends on: words, files, and libraries of directories."""
    links = any(word.startswith("-l") for word in command)
    for word in command:
        searched = re.fullmatch(r"(?:-L|-Wl,-rpath-link,)(/.*)", word)
        script = re.fullmatch(r"(-Wl,--version-script=)(/.*)", word)
        if searched is None:
            # A library may be needed by the very path that it is linked by.
            yield script[1] if script else word
            file = Path(script[2] if script else word)
            yield _digest(file) if file.is_file() else ""
        elif links:
            yield "searched"
            files = (file for file in Path(searched[1]).iterdir() if file.is_file())
            yield from (f"{file.name} {_digest(file)}" for file in sorted(files))


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


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
    words = [*("-x", "c", "-", "-x", "none", "-O1", "-fPIC", "-nostdlib"), *kind, *flags]
    compile_c([compiler, *words], source, path)
    return path
