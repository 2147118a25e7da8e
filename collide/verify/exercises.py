"""The short programs that come with collide, one for each of the most used packages.

Each uses the libraries that wheels of the package carry, in the ways in which they broke in some
host, prints what it got, and needs no network but the loopback. They are never imported: hosts
run them as scripts.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from collide.support.errors import UsageError

_DIRECTORY = Path(__file__).parent.parent / "exercises"
_PACKAGES = "# packages: "


def bundled(wheel: Path) -> Path:
    """The program for the package of a wheel; raises UsageError where there is none."""
    from packaging.utils import canonicalize_name  # late: start-up

    package = canonicalize_name(wheel.name.partition("-")[0])
    programs = dict(_programs())
    if package not in programs:
        known = ", ".join(sorted(programs))
        raise UsageError(f"--exercise bundled: there is none for {package}, only for {known}")
    return programs[package]


def _programs() -> Iterator[tuple[str, Path]]:
    """Each package with its program, whose first line names the packages that it is for."""
    for path in sorted(_DIRECTORY.glob("*.py")):
        with path.open() as file:
            line = file.readline()
        for package in line.removeprefix(_PACKAGES).split(","):
            yield package.strip(), path
