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
from itertools import islice
from pathlib import Path

from collide.elf.headers import is_elf
from collide.support.limits import hold
from collide.support.records import NamedTuple
from collide.wheels.python.compiled import Named, ObjectTexts, defined_by, named_modules
from collide.wheels.python.installed import Installed
from collide.wheels.python.values import UNKNOWN, CodeModule
from collide.wheels.tags import module_misfit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.loader.host import Python
    from collide.wheels.python.imports import Distribution
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


class System(NamedTuple):
    """What Python code can ask of the system that it runs on.

    ``machine`` is the architecture, as in the tag of a wheel, "" where it is not known.
    ``is_this`` says that it is the system that runs collide: what lies on its disk can be asked.
    ``libraries`` are the names in the cache of its loader.
    """

    machine: str = ""
    is_this: bool = False
    libraries: tuple[str, ...] = ()


ANY_SYSTEM = System()
_WIDE = frozenset(("x86_64", "aarch64", "ppc64le", "s390x", "riscv64", "loongarch64"))
"""Machines of 64 bits whose kernel has no other name for them."""


def _constants(site: str, python: Python | None, system: System) -> Mapping[str, Value]:
    """What an interpreter, of a virtual environment or not, says of itself."""
    found: dict[str, Value] = {}
    if prefix := _PREFIX.fullmatch(site):
        settings = _environment_settings(prefix[1])
        home = settings.get("home", "")
        base = posixpath.dirname(home) if home.startswith("/") else ""
        found |= {"sys.prefix": prefix[1], "sys.exec_prefix": prefix[1]}
        found |= {"sys.base_prefix": base, "sys.base_exec_prefix": base} if base else {}
        if base and settings.get("include-system-site-packages", "").lower() != "true":
            found |= {"site.PREFIXES": [prefix[1]], "site.ENABLE_USER_SITE": False}
    if system.machine in _WIDE:
        found["platform.machine()"] = system.machine
        found["platform.architecture()"] = ("64bit", "ELF")
    if python is not None:
        major, minor = python.version
        if python.implementation == "cp" and system.machine in _WIDE:
            machine = system.machine.replace("ppc64", "powerpc64")
            kinds = [f".cpython-{major}{minor}-{machine}-linux-{c}.so" for c in ("gnu", "musl")]
            # Of the two libraries only one has files.
            found["importlib.machinery.EXTENSION_SUFFIXES"] = [*kinds, ".abi3.so", ".so"]
        found["sys.version_info"] = (major, minor, _NEWEST, "final", 0)
        found["sys.version"] = f"{major}.{minor}.{_NEWEST}"
        name = _IMPLEMENTATIONS[python.implementation]
        found["sys.implementation.name"] = name.lower()
        found["platform.python_implementation()"] = name
    return found


def _environment_settings(prefix: str) -> Mapping[str, str]:
    """What ``pyvenv.cfg`` of a virtual environment says; nothing where there is none.

    Source: PEP 405; ``getpath.py`` and ``site.py`` of CPython.
    """
    try:
        with Path(prefix, "pyvenv.cfg").open(encoding="utf-8") as file:
            lines = [line.partition("=") for line in islice(file, _MOST_LINES)]
    except (OSError, ValueError):
        return {}
    return {key.strip().lower(): value.strip() for key, _, value in reversed(lines)}


_MOST_LINES = 100
_LONGEST_PATH = 100
"""The directories of sys.path that are searched."""


class TreeFinder:
    """The modules below ``roots``; see :class:`collide.wheels.python.imports.Finder`.

    A module of the standard library that is in none of them is taken for granted; some make others
    when they run, as os.path.
    """

    def __init__(
        self, roots: Sequence[Path], python: Python | None, system: System = ANY_SYSTEM
    ) -> None:
        self._roots = tuple(map(str, roots))
        self._python = python
        self._system = system
        sites = [root for root in self._roots if posixpath.basename(root) == "site-packages"]
        self.site = (sites or [*self._roots, ""])[0]
        self.path: list[Value] = []
        self._path: list[Value] = []
        self._searched: tuple[str, ...] = ()
        self.constants: Mapping[str, Value] = {
            **_constants(self.site, python, system),
            "sys.path": self.path,
        }
        self._names: dict[str, frozenset[str]] = {}
        self._found: dict[str, _Found | None] = {}
        self._modules: dict[str, CodeModule] = {}
        self._defined: dict[str, frozenset[str]] = {}
        self._texts: dict[str, ObjectTexts] = {}
        self._installed = Installed(self._roots)
        self.forget()

    def forget(self) -> None:
        """Begin again with modules none of which was imported."""
        self.path[:] = ["", *self._roots]
        self._modules.clear()
        self._found.clear()

    def _directories(self) -> tuple[str, ...]:
        """The directories of ``sys.path``; what it adds is searched where it may be read.

        A name that was imported before a change of it keeps its module.
        """
        if self.path != self._path:
            self._path = self.path[:]
            self._searched = tuple(
                one
                for one in self.path[:_LONGEST_PATH]
                if isinstance(one, str) and (one in self._roots or self._is_inside(one))
            )
            executed = {name.partition(".")[0] for name, m in self._modules.items() if m.executed}
            for known in (self._found, self._modules):
                for name in [n for n in known if n.partition(".")[0] not in executed]:
                    del known[name]
        return self._searched

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
        try:
            found = named_modules(path, self._tops(), self._texts)
        except (OSError, ValueError):
            return None
        if found.is_cython and not self.source_of(path):
            needs = self._installed.required_by(path)
            named = (n for n in found.own if n.partition(".")[0] in needs and self._find(n))
            found = found._replace(called=(*found.called, *named))
        return found

    def _tops(self) -> set[str]:
        """The first names of what can be imported."""
        return {n.partition(".")[0] for root in self._directories() for n in self._in(root)}

    def modules_in(self, text: str) -> Mapping[str, bool]:
        """See :class:`Finder`."""
        found: dict[str, bool] = {}
        tops = [re.escape(t) for t in self._tops() if t and f"{t}." in text]
        # The longest first: one name may end as another one does.
        tops.sort(key=lambda top: (-len(top), top))
        for match in re.finditer(f"({'|'.join(tops)})\\.", text) if tops else ():
            if names := self._modules_at(match[1], text, match.end()):
                found.setdefault(max(names, key=len), len(names) == 1)
        return found

    def _modules_at(self, package: str, text: str, at: int) -> list[str]:
        """The extension modules below a package with whose names a text goes on."""
        found = self._find(package)
        names: list[str] = []
        stems = {
            n.partition(".")[0] for d in (found.directories if found else ()) for n in self._in(d)
        }
        for stem in sorted(stem for stem in stems if text.startswith(stem, at)):
            dotted, end = f"{package}.{stem}", at + len(stem)
            if self.extensions(dotted):
                names.append(dotted)
            elif text.startswith(".", end):
                names += self._modules_at(dotted, text, end + 1)
        return names

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
        self._directories()
        if name not in self._found:
            parent, _, tail = name.rpartition(".")
            above = self._find(parent) if parent else _Found("", self._directories())
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

    def defines(self, path: str, name: str) -> bool:
        """See :class:`Finder`."""
        if path not in self._defined:
            self._defined[path] = defined_by(path) if self.is_file(path) else frozenset()
        return name in self._defined[path]

    def is_file(self, path: str) -> bool:
        """See :class:`Finder`."""
        return self._is_inside(path) and Path(path).is_file()

    def is_directory(self, path: str) -> bool:
        """See :class:`Finder`."""
        return self._is_inside(path) and Path(path).is_dir()

    def is_missing(self, path: str) -> bool:
        """See :class:`Finder`."""
        return self._is_inside(path) and not Path(path).exists()

    def is_refused(self, path: str) -> bool:
        """See :class:`Finder`; a file may be a script for the linker."""
        if not self.is_file(path):
            return self.is_missing(path)
        try:
            with Path(path).open("rb") as file:
                return not is_elf(file.read(4))
        except OSError:
            return False

    def children(self, directory: str) -> list[str]:
        """See :class:`Finder`."""
        return sorted(self._in(directory))

    def distribution(self, name: str) -> Distribution | None:
        """See :class:`Finder`."""
        return self._installed.distribution(name)

    def _is_inside(self, path: str) -> bool:
        inside = path.startswith(tuple(f"{root}/" for root in self._roots))
        return inside or (self._system.is_this and path.startswith("/"))

    def library(self, name: str) -> Value:
        """See :class:`Finder`: what the loader's cache has."""
        if not self._system.libraries:
            return UNKNOWN
        begin = f"lib{name}."
        return next((one for one in self._system.libraries if one.startswith(begin)), None)
