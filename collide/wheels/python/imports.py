"""Finds the modules that import statements name: among the files of one package.

Source: the Python reference, "The import system". A name that no file of the package has is
one of the standard library or of another package. :mod:`collide.wheels.python.tree` finds them
in the directories of sys.path.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Mapping

from collide.support.records import NamedTuple, Protocol
from collide.wheels.python.values import UNKNOWN, CodeModule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from collide.wheels.python.compiled import Named
    from collide.wheels.python.values import Value


class Sources(NamedTuple):
    """The files of a package, by installed path.

    ``texts`` are those Python files whose code is read, ``files`` all, ``names`` the names of
    files that output uses, ``site`` the directory that modules are imported from.
    """

    site: str
    files: frozenset[str]
    texts: Mapping[str, bytes]
    names: Mapping[str, str]


class Distribution(NamedTuple):
    """The files that a distribution has installed, relative to ``site``."""

    site: str
    files: tuple[str, ...]


class Finder(Protocol):
    """The modules that can be imported, by name, and the files beside them.

    ``site`` is the directory that packages are installed in, ``constants`` are attributes of
    the standard library's modules that depend on the interpreter, and answers of its functions
    (``platform.python_implementation()``). ``path`` is ``sys.path``, which code may change.
    """

    site: str
    constants: Mapping[str, Value]
    path: list[Value]

    def is_own(self, name: str) -> bool:
        """Whether the first part of a dotted name is to be found here, or is nowhere."""

    def is_standard(self, name: str) -> bool:
        """Whether a dotted name is of the standard library: what it means is known."""

    def module(self, name: str) -> CodeModule | None:
        """The Python module of a dotted name, or its package; None without one."""

    def extensions(self, name: str) -> Sequence[str]:
        """The paths of the extension modules that a dotted name may mean."""

    def named(self, path: str) -> Named | None:
        """The names of modules that an extension module may import itself, in C.

        A Cython module whose source is not there also imports what its distribution requires and
        it has the name of. None for one that cannot be read, or is not.
        """

    def modules_in(self, text: str) -> Mapping[str, bool]:
        """The extension modules whose full names a text has, in its order.

        A name is certain if no longer or shorter one is that of another module.
        """

    def source_of(self, path: str) -> str:
        """The Python or Cython file that an extension module was made of; "" without one."""

    def again(self, name: str) -> Sequence[str]:
        """The extension modules with the name of a package below its own directory."""

    def text(self, path: str) -> bytes | None:
        """The code of a Python file; None where it is not read. Raises InputError or OSError."""

    def defines(self, path: str, name: str) -> bool:
        """Whether a library surely has a symbol: itself, or one that it links."""

    def is_file(self, path: str) -> bool:
        """Whether a file is surely there."""

    def is_directory(self, path: str) -> bool:
        """Whether a directory is surely there."""

    def is_missing(self, path: str) -> bool:
        """Whether a file or directory is surely not there."""

    def is_refused(self, path: str) -> bool:
        """Whether dlopen surely refuses a file: it is not there, or is no ELF file."""

    def children(self, directory: str) -> list[str]:
        """The names of the files and directories in a directory, sorted."""

    def distribution(self, name: str) -> Distribution | None:
        """The installed distribution of a name; None where that cannot be told."""

    def library(self, name: str) -> Value:
        """The name that ctypes.util.find_library has for a library, or None; UNKNOWN."""


class PackageFinder:
    """The modules of a package by name, for whatever interpreter; see :class:`Finder`."""

    def __init__(self, sources: Sources) -> None:
        self.site = sources.site
        self.constants: Mapping[str, Value] = {}
        self.path: list[Value] = []
        self._files = sources.files
        self._texts = sources.texts
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
        """See :class:`Finder`: what is not of the package may be of another."""
        top = f"{self.site}/{name.partition('.')[0]}"
        return top in self._directories or f"{top}.py" in self._files or top in self._extensions

    def is_standard(self, _name: str) -> bool:
        """See :class:`Finder`."""
        return False

    def module(self, name: str) -> CodeModule | None:
        """See :class:`Finder`."""
        if name not in self._modules:
            below = f"{self.site}/{name.replace('.', '/')}"
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
        """See :class:`Finder`."""
        return self._extensions.get(f"{self.site}/{name.replace('.', '/')}", [])

    def named(self, _path: str) -> Named | None:
        """See :class:`Finder`: extension modules are not read for their imports."""

    def modules_in(self, _text: str) -> Mapping[str, bool]:
        """See :class:`Finder`."""
        return {}

    def source_of(self, _path: str) -> str:
        """See :class:`Finder`: what was made of it is not looked for."""
        return ""

    def again(self, name: str) -> list[str]:
        """See :class:`Finder`."""
        below = f"{self.site}/{name.replace('.', '/')}/"
        tail = f"/{name.rpartition('.')[2]}"
        stems = (s for s in self._extensions if s.startswith(below) and s.endswith(tail))
        return [path for stem in sorted(stems) for path in self._extensions[stem]]

    def text(self, path: str) -> bytes | None:
        """See :class:`Finder`."""
        return self._texts.get(path)

    def defines(self, _path: str, _name: str) -> bool:
        """See :class:`Finder`: libraries are not read."""
        return False

    def is_file(self, path: str) -> bool:
        """See :class:`Finder`."""
        return path in self._files

    def is_directory(self, path: str) -> bool:
        """See :class:`Finder`."""
        return path in self._directories

    def is_missing(self, path: str) -> bool:
        """Whether a path lies in the package's own directories, and it has no such file."""
        site = f"{self.site}/"
        return (
            path not in self._files
            and path.startswith(site)
            and self.is_own(path[len(site) :].partition("/")[0])
        )

    def is_refused(self, path: str) -> bool:
        """See :class:`Finder`: what it is made of is not read."""
        return self.is_missing(path)

    def name_of(self, path: str) -> str:
        """The dotted name of a Python file."""
        below = path[len(self.site) + 1 :].removesuffix(".py").removesuffix("/__init__")
        return below.replace("/", ".")

    def children(self, directory: str) -> list[str]:
        """See :class:`Finder`."""
        inside = (
            p for p in (*self._files, *self._directories) if posixpath.dirname(p) == directory
        )
        return sorted(map(posixpath.basename, inside))

    def distribution(self, name: str) -> Distribution | None:
        """See :class:`Finder`: the files of a wheel are all of one distribution."""
        records = [p for p in self._files if p.endswith(".dist-info/RECORD")]
        if [is_record_of(posixpath.dirname(path), name) for path in records] != [True]:
            return None
        below = len(self.site) + 1
        files = (path[below:] for path in self._files if path.startswith(f"{self.site}/"))
        return Distribution(self.site, tuple(sorted(files)))

    def forget(self) -> None:
        """Begin again with modules none of which was imported."""
        self._modules.clear()

    def library(self, _name: str) -> Value:
        """See :class:`Finder`: that is a matter of the system."""
        return UNKNOWN


def _directories(files: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    for path in files:
        directory = posixpath.dirname(path)
        while len(directory) > 1 and directory not in found:
            found.add(directory)
            directory = posixpath.dirname(directory)
    return frozenset(found)


def is_record_of(directory: str, name: str) -> bool:
    """Whether a ``.dist-info`` directory is that of a distribution, by its name.

    Source: the packaging specifications, "Recording installed projects", "Name normalization".
    """
    stem, _, _ = posixpath.basename(directory).removesuffix(".dist-info").rpartition("-")
    one, other = (_SEPARATORS.sub("-", text).lower() for text in (stem, name))
    return one == other


_SEPARATORS = re.compile(r"[-_.]+")


def absolute_name(name: str | None, level: int, package: str) -> str:
    """The dotted name that ``from ..name import`` means in a module of ``package``."""
    if level == 0:
        return name or ""
    parts = package.split(".")
    parts = parts[: len(parts) - level + 1]
    return ".".join([*parts, *([name] if name else [])])


def imported_in(function: ast.stmt, package: str) -> Iterator[tuple[str, int, bool]]:
    """The full names in the import statements of a function or a statement, each with its line.

    Those of a ``from`` statement may be no modules: the last part is True for them.
    """
    for node in ast.walk(function):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno, False) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute_name(node.module, node.level, package)
            yield base, node.lineno, False
            yield from ((f"{base}.{alias.name}", node.lineno, True) for alias in node.names)
