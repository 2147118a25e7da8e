"""The record of a host: a top-level binary with all that it has loaded at start-up."""

from __future__ import annotations

from functools import cached_property

from collide.loader.link_map import LoadFailure
from collide.loader.model import Dso, FileSystem, Loader
from collide.loader.process import Process
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from collections.abc import Set as AbstractSet
    from typing import Literal

    from collide.loader.lookup import Match
    from collide.loader.opening import Opening


class Python(NamedTuple):
    """The Python interpreter inside a host, as the tags of a wheel name it.

    ``implementation`` is ``cp``, ``pp`` or ``gp``, ``abi_flags`` the letters behind
    the version in the ABI tag (``t`` for a free-threaded CPython).
    """

    implementation: Literal["cp", "pp", "gp"]
    version: tuple[int, int]
    abi_flags: str = ""

    def __str__(self) -> str:
        return f"{self.implementation}{self.version[0]}{self.version[1]}{self.abi_flags}"

    @property
    def release(self) -> str:
        """As people say it: ``3.12``, ``3.14t``, ``PyPy 3.11``."""
        name = {"cp": "", "pp": "PyPy ", "gp": "GraalPy "}[self.implementation]
        return f"{name}{self.version[0]}.{self.version[1]}{self.abi_flags}"


class OwnModule(NamedTuple):
    """An extension module of the interpreter itself that brings libraries into the process.

    ``name`` is what Python code imports to get it (``ssl`` for ``_ssl``), ``path`` the file.
    ``brings`` are the names by which the libraries that it loads are known, DT_SONAME or name
    in a DT_NEEDED, with their canonical paths. ``unique`` are the STB_GNU_UNIQUE symbols that
    opening it registers, with the path of the provider, None where that is not known. ``opens``
    says that it was bound when it was recorded: no undefined symbol is in its way.
    """

    name: str
    path: str
    brings: Mapping[str, str]
    unique: Mapping[str, str] | None
    opens: bool = False

    @property
    def file_name(self) -> str:
        """Its own name as a module: that of the file without suffixes."""
        return self.path.rpartition("/")[2].partition(".")[0]


class OwnModules:
    """The extension modules of a host's interpreter that bring libraries, by name.

    They are opened RTLD_LOCAL when a program imports them, so none is part of the global scope.
    ``files`` has what they load; a recorded host lets nothing else find it. Most checks never
    ask for the modules, so they are found when first asked for.
    """

    def __init__(self, files: FileSystem | None, find: Callable[[], tuple[OwnModule, ...]]) -> None:
        self.files = files
        self._find = find

    @cached_property
    def modules(self) -> tuple[OwnModule, ...]:
        """All of them, sorted by name."""
        return self._find()

    def may_change(self, needs: Collection[tuple[str, str]], *, unique: bool) -> bool:
        """Whether an import of any can change something for an object that is opened later.

        ``needs`` are the names of libraries that it loads, with their canonical paths, ``unique``
        says whether it has registered a unique symbol.
        """
        if not needs and not unique:
            return False
        captured = (m.brings.get(name, path) != path for m in self.modules for name, path in needs)
        return any(captured) or (unique and any(m.unique != {} for m in self.modules))


NO_MODULES = OwnModules(None, lambda: ())
"""Those of a host without an interpreter, or of a profile that says nothing about them."""


class Host(NamedTuple):
    """A host ready to open modules in.

    ``process`` is the state after start-up and all RTLD_GLOBAL openings. ``failures`` are the
    libraries that start-up did not find, and the symbols that nothing defines for a library
    opened RTLD_GLOBAL. ``path`` is the canonical path of the binary, ``preload`` and
    ``rtld_global`` are the names of libraries that were preloaded and opened so, ``arguments``
    those of a command line that selects this host. ``own`` are the interpreter's extension
    modules. ``imported`` names those that were imported since start-up, ``openings`` are the
    dlopens of a recorded run since then (:mod:`collide.verify.recorded_run`). ``unique`` are the
    STB_GNU_UNIQUE symbols that all these have registered (:mod:`collide.analysis.history`).
    ``groups`` are those of a host of the shipped database, ``as_if`` says that ``python`` is not
    the one it has, but one that it is looked at with (:mod:`collide.hosts.as_if`).
    ``unrecorded`` are names of libraries that its loader finds, of which a profile records no more.
    ``offered`` are those that packages of its system would bring, each with a package: whether one
    is installed where the host runs is not known.
    """

    name: str
    path: str
    architecture: str
    python: Python | None
    process: Process
    failures: tuple[LoadFailure, ...]
    preload: tuple[str, ...] = ()
    rtld_global: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    own: OwnModules = NO_MODULES
    imported: tuple[str, ...] = ()
    unique: Mapping[str, Match] = {}
    openings: tuple[Opening, ...] = ()
    groups: tuple[str, ...] = ()
    as_if: bool = False
    unrecorded: AbstractSet[str] = frozenset()
    offered: Mapping[str, str] = {}

    @property
    def is_shipped(self) -> bool:
        """Whether it comes from the shipped database."""
        return bool(self.groups)

    @property
    def embeds_python(self) -> bool:
        """Whether it is a program that embeds Python, not an interpreter by itself.

        Of a host that is not shipped the file name decides: ``python3.11``, ``pypy3``.
        """
        if self.groups:
            return "embedded" in self.groups
        return not self.path.rpartition("/")[2].startswith(("python", "pypy"))

    @property
    def global_files(self) -> frozenset[Dso]:
        """The objects of the global scope."""
        return frozenset(m.dso for m in self.process.global_scope)

    @property
    def imported_files(self) -> tuple[Dso, ...]:
        """The objects that imports and openings have brought since start-up, in load order.

        Those that are in the global scope are left out.
        """
        if not (self.imported or self.openings):
            return ()
        start_up = self.global_files
        return tuple(m.dso for m in self.process.maps if m.dso not in start_up)

    @property
    def known_files(self) -> frozenset[Dso]:
        """The objects of the global scope, and those that imports have brought."""
        return self.global_files.union(self.imported_files)

    @property
    def history(self) -> str:
        """What came before since start-up, as a clause that begins with a comma; often empty."""
        after = "".join(f", after `import {name}`" for name in self.imported)
        runs = dict.fromkeys(opening.source for opening in self.openings)
        return "".join(f", after the {run}" for run in runs) + after

    @property
    def loader(self) -> Loader:
        """The host's dynamic loader."""
        return self.process.loader

    @property
    def files(self) -> FileSystem:
        """What the host's loader can open."""
        return self.process.files
