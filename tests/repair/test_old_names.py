"""Definitions under two names, read by collide and asked for of the real loader."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from collide.elf.object import read_object
from collide.repair.integrity import difference
from collide.repair.old_names import keep_old_names
from collide.repair.patch import find_patchelf, rename_libraries, rename_symbols
from collide.repair.plan import ObjectChange
from collide.support.errors import FormatError
from compiler import compile_so
from corpus import unpacked

SOURCE = """
#include <stdlib.h>
int f(void) { return 1; }
int data = 3;
int *pointer = &data;
__thread int local = 4;
static int one(void) { return 5; }
static int (*pick(void))(void) { return one; }
int chosen(void) __attribute__((ifunc("pick")));
__attribute__((weak)) int weak(void) { return 6; }
__asm__(".type unique, @gnu_unique_object");
int unique = 7;
int g(void) { return f() + *pointer + local + chosen() + weak() + unique + atoi("0"); }
"""
VERSIONS = "V1 { f; g; chosen; weak; unique; local; }; V2 { data; pointer; } V1;"
NAMES = ("f", "data", "local", "chosen", "weak", "unique", "atoi")
RENAMED = {name: f"{name}.c0ffee00" for name in NAMES if name != "atoi"}
STYLES = ["gnu", "sysv", "both"]


def build(tmp_path: Path, style: str, *, versions: bool, many: int = 0) -> bytes:
    flags = [f"-Wl,--hash-style={style}"]
    if versions:
        script = tmp_path / "versions"
        script.write_text(VERSIONS)
        flags.append(f"-Wl,--version-script={script}")
    more = "\n".join(f"int name_{n}(void) {{ return {n}; }}" for n in range(many))
    return compile_so(tmp_path, "x.so", SOURCE + more, "-O0", *flags).read_bytes()


def doubled(data: bytes, renamed: dict[str, str]) -> bytes:
    return keep_old_names(rename_symbols(data, renamed, find_patchelf()), renamed)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("versions", [False, True], ids=["unversioned", "versioned"])
@pytest.mark.parametrize("many", [0, 300])
def test_both_names_have_one_address(tmp_path: Path, style: str, versions: bool, many: int) -> None:
    data = build(tmp_path, style, versions=versions, many=many)
    renamed = RENAMED | {f"name_{n}": f"name_{n}.c0ffee00" for n in range(0, many, 3)}
    made = doubled(data, renamed)
    before, after = read_object(data), read_object(made)

    assert difference(data, made, ObjectChange(renamed=renamed)) is None
    assert after.exports.names == before.exports.names | set(renamed.values())
    for name in before.exports.names:
        expected = before.exports.candidates(name)
        assert after.exports.candidates(name) == expected
        new = tuple(d._replace(name=renamed.get(name, name)) for d in expected)
        assert after.exports.candidates(renamed.get(name, name)) == new
    assert Counter(r.name for r in after.references) == Counter(
        renamed.get(r.name, r.name) for r in before.references
    )


ASKS = """
import ctypes, sys
lib = ctypes.CDLL(sys.argv[1])
dlvsym = ctypes.CDLL(None).dlvsym
dlvsym.restype = ctypes.c_void_p
for name in sys.argv[4:]:
    for kind in (ctypes.c_int,):
        at = [ctypes.addressof(kind.in_dll(lib, n)) for n in (name, name + sys.argv[3])]
        version = b"V2" if name == "data" else b"V1"
        if sys.argv[2] == "True":
            handle = ctypes.c_void_p(lib._handle)
            at += [dlvsym(handle, (name + end).encode(), version) for end in ("", sys.argv[3])]
        assert len(set(at)) == 1, (name, at)
print(lib.f(), lib.weak(), lib.chosen(), lib.g())
"""


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("versions", [False, True], ids=["unversioned", "versioned"])
def test_the_loader_finds_both_names(tmp_path: Path, style: str, versions: bool) -> None:
    """By dlsym and dlvsym, and the object's own references as before (BIND_NOW)."""
    path = tmp_path / "made.so"
    path.write_bytes(doubled(build(tmp_path, style, versions=versions, many=50), RENAMED))
    done = subprocess.run(
        [sys.executable, "-c", ASKS, path, str(versions), ".c0ffee00", *RENAMED],
        capture_output=True,
        text=True,
        check=False,
        env={"LD_BIND_NOW": "1"},
    )
    assert (done.stdout, done.stderr) == ("1 6 5 26\n", "")


def test_a_name_that_is_only_referred_to_is_not_doubled(tmp_path: Path) -> None:
    renamed = {"atoi": "atoi.c0"}
    data = build(tmp_path, "both", versions=False)
    made = doubled(data, renamed)
    assert made == rename_symbols(data, renamed, find_patchelf())
    assert difference(data, made, ObjectChange(renamed=renamed)) is None


def test_what_is_doubled_can_be_patched_and_stripped(tmp_path: Path) -> None:
    """By patchelf and strip, which work by section headers."""
    data = build(tmp_path, "both", versions=True)
    path = tmp_path / "made.so"
    path.write_bytes(
        rename_libraries(doubled(data, RENAMED), "libm-0a1b2c3d.so.1", {}, find_patchelf())
    )
    subprocess.run(["strip", path], check=True)
    assert read_object(path.read_bytes()).soname == "libm-0a1b2c3d.so.1"
    done = subprocess.run(
        [sys.executable, "-c", ASKS, path, "True", ".c0ffee00", *RENAMED],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("1 6 5 26\n", "")


def test_without_room_it_is_refused(tmp_path: Path) -> None:
    """The last segment of what no patchelf has touched ends with .bss."""
    data = compile_so(tmp_path, "x.so", "int f(void) { return 1; } int zero[9999];").read_bytes()
    with pytest.raises(FormatError, match="no symbol can be added"):
        keep_old_names(data, {"g": "f"})


def test_a_lost_old_name_is_a_difference(tmp_path: Path) -> None:
    data = build(tmp_path, "gnu", versions=False)
    renamed = rename_symbols(data, RENAMED, find_patchelf())
    assert difference(data, renamed, ObjectChange(renamed=RENAMED)) is not None
    less = keep_old_names(renamed, {"f": RENAMED["f"]})
    assert difference(data, less, ObjectChange(renamed=RENAMED)) is not None


@pytest.mark.corpus
@pytest.mark.parametrize("machine", ["amd64", "arm64", "armhf", "i386", "ppc64el", "s390x"])
def test_real_libraries_of_every_kind_of_machine(machine: str) -> None:
    """Byte orders, word sizes, relocations without addends, the wide DT_HASH of s390x."""
    root = unpacked("bookworm", machine, "python3", "base-files", "libstdc++6", "zlib1g")
    draw = random.Random(7)
    tried = 0
    for path in sorted({p.resolve() for p in root.glob("usr/lib/*/lib*.so.*") if p.is_file()}):
        data = path.read_bytes()
        names = sorted(read_object(data).exports.names)
        if len(data) > 3_000_000 or len(names) < 3 or path.name.startswith("libc."):
            continue
        renamed = {n: f"{n}.c0ffee00" for n in draw.sample(names, min(40, len(names) // 2))}
        made = doubled(data, renamed)
        assert difference(data, made, ObjectChange(renamed=renamed)) is None, path
        tried += 1
    assert tried >= 10
