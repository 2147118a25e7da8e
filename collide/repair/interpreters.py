"""Finds an interpreter of this machine that wheels can be installed for."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.support.errors import CollideError
from collide.support.system import IS_LINUX
from collide.wheels.tags import unsuitable

_LATER = 12
"""How many releases after that of a stable ABI are looked for."""


def fitting_interpreter(tags: Sequence[AbstractSet[str]]) -> tuple[str | None, str]:
    """The path of a Python for wheels with these tags, and why others are none, in a clause.

    The running one is preferred, then come those in PATH that the tags name. The path
    is None without one. Interpreters are recorded as hosts; none is run.
    """
    if not IS_LINUX:
        return None, "the wheel is for Linux"
    reasons: dict[str, None] = {}
    for name in dict.fromkeys(_names(tags)):
        path = shutil.which(name)
        if path is None:
            continue
        try:
            host = extract(path, Root())
        except CollideError:
            continue  # A script, as pyenv has them in PATH, stands for no one interpreter.
        found = [f"{path}: {r}" for each in tags if (r := unsuitable(each, host)) is not None]
        if host.python is None:
            found.append(f"{path}: is no Python")
        if not found:
            return path, "; ".join(reasons)
        reasons |= dict.fromkeys(found)
    return None, next(iter(reasons), "there is no Python")


def _names(tags: Iterable[AbstractSet[str]]) -> Iterator[str]:
    if sys.executable:
        yield sys.executable
    parts = sorted({tuple(tag.split("-")[:2]) for each in tags for tag in each})
    for interpreter, abi in parts:
        implementation, release = interpreter[:2], interpreter[2:]
        if not release.isdecimal() or len(release) < 2:
            continue
        major, minor = release[0], int(release[1:])
        if implementation == "pp":
            yield f"pypy{major}.{minor}"
        elif implementation == "cp":
            yield f"python{major}.{minor}{'t' if abi.endswith('t') else ''}"
            if abi == "abi3":
                yield from (f"python{major}.{minor + more}" for more in range(1, _LATER))
    yield from ("python3", "pypy3")
