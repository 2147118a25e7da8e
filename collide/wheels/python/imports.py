"""Finds the modules of a package that its import statements name.

Source: the Python reference, "The import system". A name that no file of the package has is
one of the standard library or of another package.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from collide.support.records import NamedTuple
from collide.wheels.python.values import CodeModule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Sources(NamedTuple):
    """The files of a package, by installed path.

    ``texts`` are those Python files whose code is read, ``files`` all, ``names`` the names of
    files that output uses, ``site`` the directory that modules are imported from.
    """

    site: str
    files: frozenset[str]
    texts: Mapping[str, bytes]
    names: Mapping[str, str]


class ModuleFinder:
    """The modules of a package by name."""

    def __init__(self, sources: Sources) -> None:
        self._site = sources.site
        self._files = sources.files
        self._names = sources.names
        self._directories = _directories(sources.files)
        self._extensions: dict[str, list[str]] = {}
        for path in sorted(sources.files):
            if ".so" in path and path.endswith(".so"):
                directory, name = posixpath.split(path)
                stem = f"{directory}/{name.partition('.')[0]}"
                self._extensions.setdefault(stem, []).append(path)
        self._modules: dict[str, CodeModule] = {}

    def is_own(self, name: str) -> bool:
        """Whether the first part of a dotted name is of the package."""
        top = f"{self._site}/{name.partition('.')[0]}"
        return top in self._directories or f"{top}.py" in self._files or top in self._extensions

    def module(self, name: str) -> CodeModule | None:
        """The Python module of a dotted name, or its package; None without one."""
        if name not in self._modules:
            below = f"{self._site}/{name.replace('.', '/')}"
            for path, package in ((f"{below}/__init__.py", name), (f"{below}.py", "")):
                if path in self._files:
                    package = package or name.rpartition(".")[0]
                    break
            else:
                if below not in self._directories:
                    return None
                path, package = below, name
            member = self._names.get(path, path)
            self._modules[name] = CodeModule(name, path, member, package)
        return self._modules[name]

    def extensions(self, name: str) -> list[str]:
        """The paths of the extension modules of a dotted name, for whatever interpreter."""
        return self._extensions.get(f"{self._site}/{name.replace('.', '/')}", [])

    def is_directory(self, path: str) -> bool:
        """Whether any file of the package is below ``path``."""
        return path in self._directories

    def name_of(self, path: str) -> str:
        """The dotted name of a Python file."""
        below = path[len(self._site) + 1 :].removesuffix(".py").removesuffix("/__init__")
        return below.replace("/", ".")

    def children(self, directory: str) -> list[str]:
        """The names of files in a directory, sorted."""
        return sorted(
            posixpath.basename(path) for path in self._files if posixpath.dirname(path) == directory
        )

    def forget(self) -> None:
        """Begin again with modules none of which was imported."""
        self._modules.clear()


def _directories(files: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    for path in files:
        directory = posixpath.dirname(path)
        while len(directory) > 1 and directory not in found:
            found.add(directory)
            directory = posixpath.dirname(directory)
    return frozenset(found)


def absolute_name(name: str | None, level: int, package: str) -> str:
    """The dotted name that ``from ..name import`` means in a module of ``package``."""
    if level == 0:
        return name or ""
    parts = package.split(".")
    parts = parts[: len(parts) - level + 1]
    return ".".join([*parts, *([name] if name else [])])
