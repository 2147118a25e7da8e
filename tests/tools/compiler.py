"""The C compiler of the tests: a few lines of C to a shared object."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest

AARCH64 = "aarch64-linux-gnu-gcc"
"""The compiler for AArch64, of Debian's package gcc-aarch64-linux-gnu."""

KEPT = "TESTS_COMPILED"
"""The variable of the environment that names the directory of what was compiled."""
_ONCE = "once-"
"""How the names begin of what has the path of a directory in it that is another in each run."""
_SECONDS = {True: 3600, False: 7 * 86400}
"""How long it is kept that nothing asks for: that, and all else."""


def kept_directory() -> Path:
    """Where runs keep what they compile, without what none has asked for lately."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    directory = cache / "collide-tests" / "compiled"
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError:  # no home to write to
        return Path(tempfile.mkdtemp(prefix="collide-compiled-"))
    for made in directory.iterdir():
        with suppress(FileNotFoundError):
            if time.time() - made.stat().st_mtime > _SECONDS[made.name.startswith(_ONCE)]:
                made.unlink() if made.is_file() else shutil.rmtree(made)
    return directory


def compile_c(command: Sequence[str], source: str, path: Path) -> None:
    """Run a compiler on ``source``, which writes ``path``; or take what it has made of the same.

    A test compiles a few lines, often those of other tests, and that takes most of its time.
    """
    kept = os.environ.get(KEPT)
    # What a source includes by itself is not looked at.
    if not kept or re.search(r'#include "|incbin', source):
        subprocess.run([*command, "-o", str(path)], input=source, text=True, check=True)
        return
    words = "\0".join((*_system(command[0]), *_inputs(command), source))
    made = Path(kept, _ONCE * (tempfile.gettempdir() in words) + _digest_of(words.encode()))
    if made.exists():
        os.utime(made)
    else:
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


@cache
def _system(compiler: str) -> tuple[str, ...]:
    """What stands for the compiler, the linker, headers and libraries of this system."""
    files = (shutil.which(compiler) or compiler, "/var/lib/dpkg/status")
    stats = [Path(file).stat() for file in files if Path(file).exists()]
    return tuple(f"{one.st_size} {one.st_mtime_ns}" for one in stats)


def _digest(file: Path) -> str:
    return _digest_of(file.read_bytes())


def _digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


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
