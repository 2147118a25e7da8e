"""A core file of another machine: of AArch64, as qemu-user writes it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from collide.inspect.crash import Likelihood
from collide.inspect.inspect import inspect_named
from colliding import MODULE, NEW, OLD
from compiler import AARCH64, compile_so

pytestmark = pytest.mark.corpus

LIBRARIES = Path("/usr/aarch64-linux-gnu/lib")
HOST = """
void *dlopen(const char *, int); void *dlsym(void *, const char *);
void go(void) { ((int (*)(void))dlsym(dlopen(MODULE, 2), "first"))(); }
"""


def test_core_of_aarch64(tmp_path: Path) -> None:
    qemu = shutil.which("qemu-aarch64")
    if qemu is None or not (LIBRARIES / "libc.so.6").exists():
        pytest.skip("needs qemu-user and libc6-arm64-cross")
    # The emulator looks below a root first, where the program has the same path as outside.
    root = tmp_path / "root"
    place = root / tmp_path.relative_to("/")
    shutil.copytree(LIBRARIES, root / "lib")
    place.mkdir(parents=True)

    def build(name: str, source: str, *flags: str) -> Path:
        path = compile_so(tmp_path, name, source, "-O0", *flags, program=AARCH64)
        shutil.copy(path, place / name)
        return path

    library = build("libvault.so.1", OLD, "-Wl,-soname,libvault.so.1")
    own = build("libvault-2.so.2", NEW, "-Wl,-soname,libvault-2.so.2")
    flags = ["-Wl,--no-as-needed", "-Wl,-rpath,$ORIGIN", "-Wl,--allow-shlib-undefined"]
    module = build("core.so", MODULE, *flags, str(own))
    host = build(
        "host", f'#define MODULE "{module}"\n{HOST}', "-pie", "-Wl,-e,go", *flags, str(library),
        str(LIBRARIES / "libc.so.6"), "-Wl,-dynamic-linker,/lib/ld-linux-aarch64.so.1",
    )  # fmt: skip
    command = f"ulimit -c unlimited; exec {qemu} -L {root} {host}"
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=False, capture_output=True)
    (core,) = tmp_path.glob("qemu_*.core")
    found = inspect_named(str(core), str(root))
    assert found.report.problems == ()
    assert found.crash is not None
    assert [f.function for f in found.crash.frames[:2]] == ["vault_first", "first"]
    assert found.crash.blame is not None
    assert found.crash.blame.likelihood == Likelihood.VERY_LIKELY
