"""The plan of opening of a target: what its packages open when they are imported, and how."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Iterable, Mapping

from collide.loader.opening import NOW, Mode, Opening
from collide.support.records import NamedTuple
from collide.support.system import rooted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from collide.loader.model import Dso

OPENS = rb"(?:dlopen|CDLL|PyDLL|LoadLibrary|setdlopenflags)\((?!None\))|RTLD_"
"""A pattern of what a Python file has that opens a library, or sets the flags for it."""


class Event(NamedTuple):
    """One opening: of a library, or of an extension module that is imported (``imported``).

    ``name`` is an installed path or a name that the loader searches, ``source`` the line.
    It is ``certain`` if an import surely reaches the line and its flags are known.
    """

    name: str
    mode: Mode
    source: str
    certain: bool
    imported: bool


class Plan(NamedTuple):
    """What packages open when they are imported.

    ``packages`` has the openings that are certain, in order, by the directory of the package
    whose import makes them; ``possible`` are those that depend on more than the import.
    ``unread`` are Python files that could not be followed, each with the reason.
    """

    packages: tuple[tuple[str, tuple[Event, ...]], ...] = ()
    possible: tuple[Event, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()

    def _events(self, path: str) -> tuple[Event, ...]:
        """The openings of the package that a module is in, and of the packages above it."""
        found: tuple[Event, ...] = ()
        longest = 0
        for directory, events in self.packages:
            if len(directory) > longest and path.startswith(f"{directory}/"):
                found, longest = events, len(directory)
        return found

    def before(self, path: str) -> tuple[Opening, ...]:
        """What has been opened when the module at ``path`` is.

        Of extension modules only those that have other flags than RTLD_NOW.
        """
        found: dict[tuple[str, Mode], Opening] = {}
        for event in self._events(path):
            if event.name == path:
                break
            if not event.imported or event.mode != NOW:
                opening = Opening(event.name, event.mode, event.source)
                found.setdefault((event.name, event.mode), opening)
        return tuple(found.values())

    def opening(self, path: str) -> Opening:
        """How the module at ``path`` is opened first."""
        for event in self._events(path):
            if event.name == path:
                return Opening(path, event.mode, event.source)
        return Opening(path)

    @property
    def libraries(self) -> tuple[str, ...]:
        """The names of what is certainly opened as a library, in order."""
        return tuple(
            dict.fromkeys(e.name for _, events in self.packages for e in events if not e.imported)
        )

    def moved(self, places: Mapping[str, str]) -> Plan:
        """The same where files have moved; ``places`` are their new installed paths by old ones."""

        def of(events: Iterable[Event]) -> tuple[Event, ...]:
            return tuple(e._replace(name=places.get(e.name, e.name)) for e in events)

        packages = tuple((directory, of(events)) for directory, events in self.packages)
        return self._replace(packages=packages, possible=of(self.possible))


NO_PLAN = Plan()
"""Nothing but what is asked for is opened."""


def joined(plans: Iterable[Plan]) -> Plan:
    """The plan of several targets that are installed together."""
    listed = [plan for plan in plans if plan != NO_PLAN]
    return Plan(
        *(tuple(one for part in parts for one in part) for parts in zip(*listed, strict=True))
    )


def find_unopened(
    members: Mapping[str, Dso], opened: Container[str], python: Iterable[bytes | bytearray]
) -> frozenset[str]:
    """The paths of libraries that programs among ``members`` link, and nothing else asks for.

    Not those that are ``opened`` by Python code, nor those whose names, with or without ``lib``,
    are words of the texts ``python``.
    """
    programs = [dso for dso in members.values() if dso.elf.is_executable]
    if not programs:
        return frozenset()
    linked = {name for program in programs for name in program.elf.needed}
    libraries = {path: dso for path, dso in members.items() if not dso.elf.is_executable}
    needed = {name for dso in libraries.values() for name in dso.elf.needed}
    found: dict[str, set[bytes]] = {}
    for path, dso in libraries.items():
        base = posixpath.basename(path)
        names = {dso.elf.soname, base}
        if path not in opened and names & linked and not names & needed:
            stem = re.split(r"[.-]", base)[0]
            found[path] = {stem.encode(), stem.removeprefix("lib").encode()}
    if found:
        words = set[bytes]().union(*(re.findall(rb"\w+", text) for text in python))
        found = {path: names for path, names in found.items() if not names & words}
    return frozenset(found)


def data_directories(files: Iterable[str]) -> dict[str, str]:
    """The directories ``share/NAME`` that files are in, by NAME.

    That is where the files of a package lie that it reads when it runs (GNU Coding Standards,
    "Directory Variables": datadir).
    """
    found = {}
    for file in files:
        before, share, below = file.rpartition("share/")
        name, slash, _ = below.partition("/")
        if share and slash and (not before or before.endswith("/")):
            found[name] = before + share + name
    return found


def sites(base: Path) -> list[str]:
    """The directories of sys.path that a tree has, or lies in."""
    found = [path for path in base.glob("lib*/*/site-packages") if path.is_dir()]
    if (base / "pyvenv.cfg").exists() and found:
        return sorted({rooted(str(path.resolve())) for path in found})
    while (base / "__init__.py").is_file():
        base = base.parent
    return [rooted(str(base))]
