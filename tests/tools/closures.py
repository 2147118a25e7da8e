"""Compares start-up closures of other systems with what the system's own loader lists.

    python tests/tools/closures.py [PATTERN...]

prints a table. The loader runs in a chroot where this machine's kernel can run
it, else under qemu-user; nothing else of a root is run.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import programs
import roots
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.loader.host import Host

_QEMU = {
    "arm64": "aarch64",
    "armel": "arm",
    "armhf": "arm",
    "ppc64el": "ppc64le",
    "riscv64": "riscv64",
    "s390x": "s390x",
}
_LISTED = re.compile(r"(?:=> |^\t)(/\S+) \(0x", re.MULTILINE)
_MISSING = re.compile(r"^\t(\S+) => not found", re.MULTILINE)


class Case(NamedTuple):
    """One binary of one root."""

    suite: str
    architecture: str
    binary: str
    packages: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.suite}-{self.architecture}-{Path(self.binary).name}"


class Row(NamedTuple):
    """What both say: canonical paths in scope order without the binary, and names not found."""

    host: Host
    predicted: list[str]
    listed: list[str]
    missing: list[str]
    not_found: list[str]

    @property
    def agrees(self) -> bool:
        """Whether set, order and missing libraries are equal."""
        return (self.predicted, self.missing) == (self.listed, self.not_found)


class UnavailableError(Exception):
    """The root cannot be had or its loader not run; str() says why."""


def _python(suite: str, architecture: str = "amd64") -> Case:
    return Case(suite, architecture, "/usr/bin/python3", ("base-files", "python3"))


def _pypy(suite: str, architecture: str = "amd64") -> Case:
    return Case(suite, architecture, "/usr/bin/pypy3", ("base-files", "pypy3"))


_SUITES = ("bullseye", "bookworm", "trixie", "forky", "sid")
CASES = (
    *map(_python, _SUITES),
    *map(_pypy, _SUITES),
    *(_python("bookworm", a) for a in ("i386", "arm64", "armel", "armhf", "ppc64el", "s390x")),
    *(_python("trixie", a) for a in ("arm64", "riscv64")),
    *(_python("forky", a) for a in ("ppc64el", "s390x")),
    *(_pypy("bookworm", a) for a in ("arm64", "i386")),
    Case("bookworm", "amd64", "/usr/bin/gdb", ("base-files", "gdb")),
    # Its libblas.so.3 is a link into /etc/alternatives, which only a maintainer script makes.
    Case("bookworm", "amd64", "/usr/bin/plink1.9", ("base-files", "plink1.9")),
    Case(
        "trixie",
        "amd64",
        "/usr/bin/uwsgi-core",
        ("base-files", "uwsgi-core", "uwsgi-plugin-python3"),
    ),
)


def compare(case: Case) -> Row:
    """Ask both; raises UnavailableError."""
    try:
        directory = roots.root(case.suite, case.architecture, case.packages)
    except roots.RootError as e:
        raise UnavailableError(str(e)) from e
    root = Root(str(directory))
    host = extract(case.binary, root)
    printed = _list(case, directory, host, root)
    return Row(
        host,
        [m.dso.path for m in host.process.global_scope[1:]],
        # Qemu is given the loader by its path on this machine.
        [
            root.realpath(path.removeprefix(str(directory))) or path
            for path in _LISTED.findall(printed)
        ],
        sorted({f.name for f in host.failures if f.kind == "missing-library"}),
        sorted(set(_MISSING.findall(printed))),
    )


def _list(case: Case, directory: Path, host: Host, root: Root) -> str:
    """What the root's own ``ld.so --list`` prints."""
    loader = root.realpath(host.loader.path)
    assert loader is not None
    done = _run(case, directory, [loader, "--list", host.path])
    if done.returncode:
        # --list ends at a library that is missing, ldd's way goes on.
        done = _run(case, directory, [loader, host.path], LD_TRACE_LOADED_OBJECTS="1")
    if not done.stdout:
        raise UnavailableError(f"{loader} of {directory}: {done.stderr.strip()}")
    return done.stdout


def _run(
    case: Case, directory: Path, command: list[str], **more: str
) -> subprocess.CompletedProcess[str]:
    """Run the loader inside its root."""
    environment = {"LC_ALL": "C", **more}
    if case.architecture in ("amd64", "i386"):
        if os.geteuid() != 0:
            raise UnavailableError("chroot needs root")

        def enter() -> None:
            os.chroot(directory)
            os.chdir("/")

        # Chroot(8) would be traced itself.
        return subprocess.run(
            command,
            env=environment,
            preexec_fn=enter,
            capture_output=True,
            text=True,
            check=False,
        )
    name = f"qemu-{_QEMU[case.architecture]}"
    qemu = shutil.which(name)
    if qemu is None:
        raise UnavailableError(f"no {name}: apt install qemu-user")
    given = [word for key, value in environment.items() for word in ("-E", f"{key}={value}")]
    # Paths that the root does not have are looked up on this machine, so not its cache.
    loader, *arguments = command
    inside = [f"{directory}{loader}", "--inhibit-cache", *arguments]
    return subprocess.run(
        [qemu, "-L", str(directory), *given, *inside], capture_output=True, text=True, check=False
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Print a row for each case that a pattern fits; 1 when one differs."""
    parser = programs.parser(__doc__)
    parser.add_argument("patterns", nargs="*", metavar="PATTERN", help="of cases; default: all")
    patterns = parser.parse_args(argv).patterns
    print(f"{'root and binary':32} machine   libc   python objects missing  agrees")
    wrong = 0
    for case in CASES:
        if patterns and not any(fnmatch.fnmatch(str(case), p) for p in patterns):
            continue
        try:
            row = compare(case)
        except UnavailableError as e:
            print(f"{case!s:32} {e}")
            continue
        wrong += not row.agrees
        libc = ".".join(map(str, row.host.loader.version))
        told = "yes" if row.agrees else "NO"
        print(
            f"{case!s:32} {row.host.architecture:9} {libc:6} {row.host.python!s:6} "
            f"{len(row.listed):7} {len(row.not_found):7}  {told}"
        )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
