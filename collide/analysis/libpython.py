"""CPython as a shared library: known by its name, as no symbol tells it from the interpreter.

An extension module needs none: the interpreter that imports it has the symbols (PEP 513,
"libpythonX.Y.so.1"). One that is needed all the same is a second Python in the process.
"""

from __future__ import annotations

import re

from collide.loader.model import Dso

_PYTHON = re.compile(r"(?:lib)?python(\d+\.\d+t?)")


def python_release(dso: Dso) -> str | None:
    """The release that a libpython or an interpreter has, by its name: ``3.11``."""
    for name in (dso.elf.soname, dso.path.rpartition("/")[2]):
        if found := _PYTHON.match(name or ""):
            return found[1]
    return None


def is_libpython(name: str) -> bool:
    """Whether a library of this name is CPython's."""
    return name.startswith("libpython") and _PYTHON.match(name) is not None
