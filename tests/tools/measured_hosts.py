"""The hosts of the measured pairs: how each is made here, and how it runs a script.

``host311-NAME`` and ``arm64-NAME`` are programs that link a library of :data:`LINKED`, the
latter for aarch64, under qemu-user; ``python3.11`` is the plain interpreter; others are programs
of Debian. What a host needs is installed with apt.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import repair_hosts
from collide import api
from collide.hosts.commands import PLAIN
from collide.verify.measure import HostRun, host_run, plain_run
from linked_hosts import LINKED
from repair_hosts import HOSTS, UnavailableError
from roots import RootError, root

LINKED_PREFIX = "host311-"
ARM64_PREFIX = "arm64-"
PLAIN_HOST = "python3.11"
_ARM64 = "usr/lib/aarch64-linux-gnu"
# Pillow opens FriBiDi by itself, and lays out text with HarfBuzz only where it is.
_ARM64_PACKAGES = ("python3", "libpython3.11", "base-files", "libstdc++6", "zlib1g", "libfribidi0")
_MAIN = (
    "int Py_BytesMain(int, char **);\nint main(int c, char **v) { return Py_BytesMain(c, v); }\n"
)


_PACKAGES = {
    "fontforge": "fontforge-nox",
    "nbdkit": "nbdkit-plugin-python",
    "perf": "linux-perf",
    "syslog-ng": "syslog-ng-mod-python",
    "lldb": "lldb-14",
    "uwsgi": "uwsgi-core",
    "vim": "vim-nox",
    "weechat": "weechat-headless",
}


_BY_COMMAND = ("nbdkit", "perf", "scribus", "syslog-ng")
"""Hosts that run a script by the command of ``repair_hosts.py``: ``verify`` needs ``--run``."""


class Place(NamedTuple):
    """A host as it is here: its record, and how a plain interpreter and it run a script.

    ``versions`` has the release of the package that brings the library or program.
    """

    host: api.Host
    plain: HostRun
    hosted: HostRun
    versions: dict[str, str]


def package_of(name: str) -> str:
    """Debian's package that makes the difference between a host and a plain interpreter."""
    for prefix in (LINKED_PREFIX, ARM64_PREFIX):
        if name.startswith(prefix):
            return LINKED[name.removeprefix(prefix)].package
    return _PACKAGES.get(name, name)


def place(name: str, wheels: Iterable[Path], arm64: Iterable[str], timeout: float) -> Place:
    """The host ``name``; ``arm64`` are all libraries that hosts for aarch64 link.

    Raises UnavailableError when it cannot be made here.
    """
    if name.startswith(ARM64_PREFIX):
        return _emulated(name.removeprefix(ARM64_PREFIX), tuple(sorted(set(arm64))), timeout)
    if name == PLAIN_HOST:
        made, versions = HOSTS[name](), {}
    else:
        package = package_of(name)
        made, versions = _made(name, package), {package: _version(package)}
    binary, *options = made.profile
    opened = [b for a, b in pairwise(options) if a == "--global"]
    (host,) = api.load_hosts([binary], rtld_global=opened)
    environment = dict(os.environ)
    plain = plain_run(list(wheels), host, environment, timeout)
    words = (word.replace("SCRIPT", "{script}") for word in made.command)
    template = shlex.join(words) if name in _BY_COMMAND else None
    return Place(host, plain, host_run(host, template, environment, timeout), versions)


def _made(name: str, package: str) -> repair_hosts.Host:
    if name in HOSTS:
        return HOSTS[name]()
    if name == "python3":
        binary = repair_hosts.need("/usr/bin/python3", "apt install python3")
        return repair_hosts.Host("3.11", (binary, "-S", "SCRIPT"), (binary,))
    library = LINKED[name.removeprefix(LINKED_PREFIX)].library
    if not (found := _installed(library)):
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
        subprocess.run(install, check=False, capture_output=True)
        found = _installed(library)
    if not found:
        raise UnavailableError(f"no {library}: apt install {package}")
    return repair_hosts.embedding("3.11", str(found))


def _installed(library: str) -> Path | None:
    """Where a library is installed: old packages have none of the directories by machine."""
    places = (Path(directory, library) for directory in ("/usr/lib/x86_64-linux-gnu", "/usr/lib"))
    return next(filter(Path.exists, places), None)


def _version(package: str, status: Path | None = None) -> str:
    """The installed release of a package; empty where dpkg knows none."""
    command = ["dpkg-query", "-W", "-f=${Version}", package]
    if status is not None:
        command.insert(1, f"--admindir={status}")
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@cache
def _arm64_root(libraries: tuple[str, ...]) -> Path:
    packages = [*_ARM64_PACKAGES, *(LINKED[name].package for name in libraries)]
    try:
        return root("bookworm", "arm64", packages)
    except RootError as e:
        raise UnavailableError(str(e)) from None


def _emulated(name: str, libraries: tuple[str, ...], timeout: float) -> Place:
    """A program for aarch64 that links a library, in an unpacked root."""
    where = _arm64_root(libraries)
    qemu = shutil.which("qemu-aarch64")
    if qemu is None:
        raise UnavailableError("no qemu-aarch64: apt install qemu-user")
    commands = []
    for linked in ("plain", name):
        path = where / "opt/hosts" / linked
        if not path.exists():
            needed = ["libpython3.11.so.1.0"]
            needed += [LINKED[linked].library] if linked != "plain" else []
            _compile(path, [where / _ARM64 / library for library in needed])
        # The binary's own name, as qemu tells it to nobody: getpath looks beside argv[0].
        commands.append((qemu, "-L", str(where), str(path), *PLAIN))
    host = api.extract_host(f"/opt/hosts/{name}", root=where, name=ARM64_PREFIX + name)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("LD_", "PYTHON"))}
    plain, hosted = (HostRun(command, environment, timeout) for command in commands)
    return Place(host, plain, hosted, {})


def _compile(path: Path, libraries: Iterable[Path]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [
        *("aarch64-linux-gnu-gcc", "-x", "c", "-", "-x", "none", "-o", str(path)),
        *("-Wl,--no-as-needed", "-Wl,--unresolved-symbols=ignore-in-shared-libs"),
        *map(str, libraries),
    ]
    try:
        done = subprocess.run(command, input=_MAIN, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise UnavailableError("no cross compiler: apt install gcc-aarch64-linux-gnu") from None
    if done.returncode:
        raise UnavailableError(f"gcc: {(done.stderr.splitlines() or ['failed'])[-1]}")
