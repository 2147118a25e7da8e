"""Finds the modules that import statements name: in the directories of sys.path, on disk.

Source: ``importlib.machinery.FileFinder`` for what a name finds; of extension modules only those
that fit the interpreter.
"""

from __future__ import annotations

import os
import posixpath
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from collide.support.limits import hold
from collide.support.records import NamedTuple
from collide.wheels.python.compiled import Named, ObjectTexts, named_modules
from collide.wheels.python.values import CodeModule
from collide.wheels.tags import module_misfit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.loader.host import Python
    from collide.wheels.python.values import Value


class _Found(NamedTuple):
    """What a dotted name is: a file, and the ``__path__`` of a package."""

    path: str
    directories: tuple[str, ...] = ()


_PREFIX = re.compile(r"(.+)/lib(?:64)?/python[\d.]+/site-packages")
_IMPLEMENTATIONS = {"cp": "CPython", "pp": "PyPy", "gp": "GraalVM"}
"""What ``platform.python_implementation()`` says, by the tag of the interpreter."""
_NEWEST = 99
"""The micro release that code sees which asks for more than two parts of a version."""


def _constants(site: str, python: Python | None) -> Mapping[str, Value]:
    """What the interpreter of a virtual environment says of itself."""
    found: dict[str, Value] = {}
    if prefix := _PREFIX.fullmatch(site):
        found |= {"sys.prefix": prefix[1], "sys.exec_prefix": prefix[1]}
    if python is not None:
        major, minor = python.version
        found["sys.version_info"] = (major, minor, _NEWEST, "final", 0)
        name = _IMPLEMENTATIONS[python.implementation]
        found["sys.implementation.name"] = name.lower()
        found["platform.python_implementation()"] = name
    return found


class TreeFinder:
    """The modules below ``roots``; see :class:`collide.wheels.python.imports.Finder`.

    A module of the standard library that is in none of them is taken for granted; some make others
    when they run, as os.path.
    """

    def __init__(self, roots: Sequence[Path], python: Python | None) -> None:
        self._roots = tuple(map(str, roots))
        self._python = python
        sites = [root for root in self._roots if posixpath.basename(root) == "site-packages"]
        self.site = (sites or [*self._roots, ""])[0]
        self.constants = _constants(self.site, python)
        self._names: dict[str, frozenset[str]] = {}
        self._found: dict[str, _Found | None] = {}
        self._modules: dict[str, CodeModule] = {}
        self._texts: dict[str, ObjectTexts] = {}

    def listed(self) -> list[str]:
        """The names of what lies in the first root: packages and modules."""
        names = self._in(self._roots[0]) if self._roots else frozenset()
        stems = {n.partition(".")[0] for n in names if "-" not in n and n[:1] not in "._"}
        return sorted(stem for stem in stems if stem.isidentifier())

    def is_own(self, name: str) -> bool:
        """See :class:`Finder`: what is not of the standard library is here, or nowhere."""
        return not self.is_standard(name) or self._find(name.partition(".")[0]) is not None

    def is_standard(self, name: str) -> bool:
        """See :class:`Finder`."""
        return name.partition(".")[0] in sys.stdlib_module_names

    def module(self, name: str) -> CodeModule | None:
        """See :class:`Finder`."""
        found = self._find(name)
        if found is None or found.path.endswith(".so"):
            return None
        if name not in self._modules:
            path = found.path or found.directories[0]
            package = name if found.directories else name.rpartition(".")[0]
            self._modules[name] = CodeModule(name, path, path, package)
        return self._modules[name]

    def extensions(self, name: str) -> Sequence[str]:
        """See :class:`Finder`: at most one fits the interpreter."""
        found = self._find(name)
        return [found.path] if found is not None and found.path.endswith(".so") else []

    def named(self, path: str) -> Named | None:
        """See :class:`Finder`."""
        tops = {name.partition(".")[0] for root in self._roots for name in self._in(root)}
        try:
            return named_modules(path, tops, self._texts)
        except (OSError, ValueError):
            return None

    def source_of(self, path: str) -> str:
        """See :class:`Finder`: one beside it, with its name."""
        directory, name = posixpath.split(path)
        stem = name.partition(".")[0]
        there = self._in(directory)
        return next((f"{directory}/{n}" for n in (f"{stem}.pyx", f"{stem}.py") if n in there), "")

    def again(self, name: str) -> list[str]:
        """See :class:`Finder`."""
        found = self._find(name)
        tail = name.rpartition(".")[2]
        below = [d for top in (found.directories if found else ()) for d, _, _ in os.walk(top)]
        files = (self._file(tail, directory) for directory in below)
        return sorted(file for file in files if file and file.endswith(".so"))

    def _find(self, name: str) -> _Found | None:
        if name not in self._found:
            parent, _, tail = name.rpartition(".")
            above = self._find(parent) if parent else _Found("", self._roots)
            self._found[name] = self._below(tail, above.directories) if above else None
        return self._found[name]

    def _below(self, tail: str, directories: Sequence[str]) -> _Found | None:
        """What a finder makes of one name: a package, an extension module, a source file."""
        portions: list[str] = []
        for directory in directories:
            below = f"{directory}/{tail}"
            if tail in self._in(directory):
                if init := self._file("__init__", below):
                    return _Found(init, (below,))
                portions += [below] if Path(below).is_dir() else []
            if module := self._file(tail, directory):
                return _Found(module)
        return _Found("", tuple(portions)) if portions else None

    def _file(self, stem: str, directory: str) -> str | None:
        names = self._in(directory)
        fitting = [
            name
            for name in sorted(names)
            if name.startswith(f"{stem}.")
            and name.endswith(".so")
            and name.count(".") <= 2
            and module_misfit(name, self._python) is None
        ]
        # EXTENSION_SUFFIXES: the interpreter's own, .abi3.so, .so.
        fitting.sort(key=lambda n: (n.endswith(".abi3.so"), n == f"{stem}.so"))
        chosen = [*fitting, *[n for n in (f"{stem}.py",) if n in names]]
        return f"{directory}/{chosen[0]}" if chosen else None

    def _in(self, directory: str) -> frozenset[str]:
        if directory not in self._names:
            try:
                self._names[directory] = frozenset(os.listdir(directory))  # noqa: PTH208
            except OSError:
                self._names[directory] = frozenset()
        return self._names[directory]

    # -- files ----------------------------------------------------------------------------------

    def text(self, path: str) -> bytes | None:
        """See :class:`Finder`."""
        if not path.endswith((".py", ".pyx", ".pxi")):
            return None
        hold("python-size", Path(path).stat().st_size, path)
        return Path(path).read_bytes()

    def is_file(self, path: str) -> bool:
        """See :class:`Finder`."""
        return self._is_inside(path) and Path(path).is_file()

    def is_directory(self, path: str) -> bool:
        """See :class:`Finder`."""
        return self._is_inside(path) and Path(path).is_dir()

    def is_missing(self, path: str) -> bool:
        """See :class:`Finder`."""
        return self._is_inside(path) and not Path(path).exists()

    def children(self, directory: str) -> list[str]:
        """See :class:`Finder`."""
        return sorted(self._in(directory))

    def _is_inside(self, path: str) -> bool:
        return path.startswith(tuple(f"{root}/" for root in self._roots))
