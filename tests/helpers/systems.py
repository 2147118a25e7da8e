"""Hosts to read: real ones, small ones built here, and another system's root."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from collide.filesystems.root import Root
from collide.hosts.extract import extract
from scenario import Scenario, require_loader

LOADER = "/lib64/ld-linux-x86-64.so.2"
F = "int f(void) { return 1; }"
HOSTS = {
    sys.executable: "",
    "/usr/bin/python3": "python3",
    "/usr/bin/pypy3": "pypy3",
    "/usr/bin/gdb": "gdb",
    "/usr/bin/uwsgi-core": "uwsgi-core",
    "/usr/bin/vim.basic": "vim",
    "/usr/bin/openssl": "openssl",
    "/usr/bin/uwsgi": "uwsgi-core",
    "/usr/bin/vim.nox": "vim-nox",
}
PLAIN = "int a1(void) { return 1; } int a2(void) { return 1; } int a3;"


def require_host(binary: str) -> None:
    require_loader()
    if not Path(binary).exists():
        pytest.skip(f"{binary} is not installed: apt install {HOSTS[binary]}")


def admin_tool(name: str, package: str) -> str:
    """The path of a program for administrators, which need not be in a user's PATH."""
    found = shutil.which(name, path="/usr/sbin:/sbin:/usr/bin:/bin")
    if found is None:
        pytest.skip(f"{name} is not installed: apt install {package}")
    return found


def foreign_root(directory: Path) -> tuple[Scenario, Path]:
    """A root with /bin/host, which links /opt/liba.so, and its own libc and loader."""
    s = Scenario(directory)
    s.lib("root/opt/liba.so", F)
    s.host(name="root/usr/bin/host", needed=["root/opt/liba.so"], runpath="/opt")
    root = directory / "root"
    (root / "usr/lib").mkdir()
    (root / "bin").symlink_to("/usr/bin")
    (root / "lib64").symlink_to("/usr/lib")
    libc = next(m for m in extract("/bin/sh", Root()).process.maps if "libc.so" in m.name)
    shutil.copy(LOADER, root / "usr/lib/ld-2.so")
    shutil.copy(libc.dso.path, root / "usr/lib/libc-2.so")
    (root / "usr/lib/ld-linux-x86-64.so.2").symlink_to("/usr/lib/ld-2.so")
    (root / "usr/lib/libc.so.6").symlink_to("/usr/lib/../lib/libc-2.so")
    return s, root


def built(directory: Path) -> Path:
    """A host that links liba.so, which has no versions, and libv.so, which has two."""
    s = Scenario(directory)
    s.lib("liba.so", PLAIN)
    s.lib(
        "libv.so",
        "int v1(void) { return 1; } int v2(void) { return 1; } int hidden(void) { return 1; }",
        needed=["liba.so"],
        versions="V1 { global: v1; local: hidden; }; V2 { v2; };",
    )
    return s.host("int main_export(void) { return 1; }", needed=["liba.so", "libv.so"])
