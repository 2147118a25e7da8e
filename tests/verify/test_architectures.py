"""Wheels and hosts of other architectures, read; and judged by the real loader under qemu-user.

The hosts are Debian's interpreters, unpacked (:mod:`roots`).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

import pytest

from collide.analysis.analysis import Analysis, analyse
from collide.filesystems.root import Root
from collide.hosts.commands import PLAIN
from collide.hosts.extract import extract
from collide.hosts.profile_file.read import load
from collide.hosts.profile_file.write import record, to_bytes
from collide.report.bindings import render
from collide.verify.compare import verify
from collide.verify.runner import Runner
from collide.wheels.target import read_target
from corpus import download, unavailable, unpacked

pytestmark = pytest.mark.corpus


class Architecture(NamedTuple):
    """A machine: its name in wheel tags, Debian's and qemu's, and a suite that has it."""

    name: str
    debian: str
    qemu: str
    suite: str = "bookworm"
    python: str = "311"


ARCHITECTURES = {
    a.name: a
    for a in (
        Architecture("aarch64", "arm64", "aarch64"),
        Architecture("armv7l", "armhf", "arm"),
        Architecture("i686", "i386", "i386"),
        Architecture("ppc64le", "ppc64el", "ppc64le"),
        Architecture("riscv64", "riscv64", "riscv64", "trixie", "313"),
        Architecture("s390x", "s390x", "s390x"),
    )
}


class Counts(NamedTuple):
    """What one wheel came to: modules, bindings that the loader printed, shadowed ones."""

    modules: int
    bindings: int
    shadowed: int


# numpy and lxml where the index has them; else another wheel with bundled libraries.
WHEELS = {
    ("aarch64", "numpy==2.4.6"): Counts(19, 19498, 2),
    ("aarch64", "lxml==6.1.3"): Counts(7, 3612, 64),
    ("armv7l", "cryptography==50.0.2"): Counts(1, 337, 0),
    ("armv7l", "lxml==6.1.3"): Counts(7, 3630, 64),
    ("i686", "psycopg2-binary==2.9.10"): Counts(1, 3720, 0),
    ("i686", "lxml==6.1.3"): Counts(7, 3607, 64),
    ("ppc64le", "psycopg2-binary==2.9.13"): Counts(1, 3926, 0),
    ("ppc64le", "lxml==5.4.0"): Counts(6, 3848, 62),
    ("riscv64", "lxml==6.1.3"): Counts(7, 3635, 64),
    ("s390x", "cffi==2.1.1"): Counts(1, 230, 0),
    ("s390x", "lxml==5.4.0"): Counts(6, 3865, 62),
}
each_wheel = pytest.mark.parametrize(("name", "spec"), WHEELS)


class Foreign(Runner):
    """Runs an interpreter of an unpacked root under qemu-user."""

    def __init__(self, architecture: Architecture, analysis: Analysis, root: Path, scratch: Path):
        qemu = f"qemu-{architecture.qemu}"
        if shutil.which(qemu) is None:
            unavailable(f"{qemu} is not installed: apt install qemu-user")
        host = analysis.host
        command = (qemu, "-L", str(root), f"{root}{host.path}", *PLAIN)
        super().__init__(host, command, scratch, os.environ, timeout=300)
        self._root = Root(str(root))
        self._prefix = str(root)

    def _without_root(self, path: str) -> str:
        """Paths of the guest are those of the root, where it has them; others of this machine."""
        inside = path.removeprefix(self._prefix)
        return self._root.realpath(inside) or path


def unpacked_root(architecture: Architecture) -> Path:
    """The root with the interpreter and what manylinux wheels may need."""
    packages = ("python3", "base-files", "libstdc++6", "zlib1g")
    return unpacked(architecture.suite, architecture.debian, *packages)


def analysed(architecture: Architecture, spec: str, where: Path) -> tuple[Analysis, Path]:
    """A wheel, unpacked, in the interpreter of its architecture; and the root of that."""
    root = unpacked_root(architecture)
    with ZipFile(download(spec, architecture.python, architecture.name)) as wheel:
        wheel.extractall(where)
    host = extract("/usr/bin/python3", Root(str(root)))
    return analyse(read_target(where.resolve()), host), root


@each_wheel
def test_every_reference_of_a_foreign_wheel_is_bound(name: str, spec: str, tmp_path: Path) -> None:
    analysis, _ = analysed(ARCHITECTURES[name], spec, tmp_path)
    assert analysis.host.architecture == name
    assert analysis.left_out is None
    assert analysis.skipped == ()
    assert analysis.modules
    assert [m.failures for m in analysis.modules if m.failures] == []
    host = analysis.host.process.global_scope
    assert all(m.elf.unknown_relocations == () for m in host)
    assert all(m.elf.architecture == name for m in host)


@each_wheel
def test_recorded_interpreter_binds_as_itself(name: str, spec: str, tmp_path: Path) -> None:
    architecture = ARCHITECTURES[name]
    root = Root(str(unpacked_root(architecture)))
    live = extract("/usr/bin/python3", root)
    profile = tmp_path / "profile.json.xz"
    profile.write_bytes(to_bytes(record(live, root), compressed=True))
    target = read_target(download(spec, architecture.python, architecture.name))
    told = list(render(analyse(target, load(profile))))
    assert told
    assert told == list(render(analyse(target, live)))


@each_wheel
def test_the_real_loader_agrees(name: str, spec: str, tmp_path: Path) -> None:
    analysis, root = analysed(ARCHITECTURES[name], spec, tmp_path / "wheel")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    modules = list(verify(analysis, Foreign(ARCHITECTURES[name], analysis, root, scratch)))
    assert [(m.name, m.problem) for m in modules if m.problem] == []
    assert [str(d) for m in modules for d in m.differences][:20] == []
    assert all(m.seen == m.agreed for m in modules)
    bound = [module.bound for module in analysis.modules if module.bound]
    shadowed = sum(len(g.shadowed) for b in bound for o in b.objects for g in o.groups)
    assert Counts(len(modules), sum(m.seen for m in modules), shadowed) == WHEELS[name, spec]
