"""Lists what a host loads, how each object was found, and its package."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from collide.hosts.database.reader import Summary
from collide.hosts.profile_file.symbols import RecordedExports
from collide.loader.host import Host
from collide.loader.model import Dso, FoundVia
from collide.support.records import NamedTuple

Package = tuple[str, str]
"""Name and exact version of a distribution package."""


class LoadedObject(NamedTuple):
    """One object that the host has loaded, in the order of loading.

    ``needed_by`` is the number of the object that first needed it, None for
    the executable and what was opened by path; ``scope`` its index in the
    global scope, None for the loader where no object needs it.
    """

    dso: Dso
    needed_by: int | None
    found: FoundVia
    scope: int | None
    package: Package | None

    @property
    def path(self) -> str:
        """Its canonical path."""
        return self.dso.path

    @property
    def exports(self) -> int:
        """How many names a lookup can find in it, which means to read all of them."""
        exports = self.dso.elf.exports
        if isinstance(exports, RecordedExports):
            return len(exports.names)  # others are not recorded
        return sum(bool(exports.candidates(name)) for name in exports.names)


class Missing(NamedTuple):
    """A library that start-up does not find: its name, and the path of what needs it."""

    name: str
    needed_by: str


class Inventory:
    """One host in full; ``summary`` says what it was made from."""

    def __init__(self, summary: Summary, host: Host) -> None:
        self.summary = summary
        self.host = host

    @cached_property
    def libraries(self) -> tuple[LoadedObject, ...]:
        """What it has loaded."""
        maps = self.host.process.maps
        numbers = {id(m): number for number, m in enumerate(maps)}
        places = {id(m): place for place, m in enumerate(self.host.process.global_scope)}
        return tuple(
            LoadedObject(
                dso=m.dso,
                needed_by=None if m.needed_by is None else numbers[id(m.needed_by)],
                found=m.found,
                scope=places.get(id(m)),
                package=m.dso.package or self._installed.get(m.dso.path),
            )
            for m in maps
        )

    @property
    def missing(self) -> tuple[Missing, ...]:
        """What it lacks, or lacked when it was recorded."""
        absent = (f for f in self.host.failures if f.kind == "missing-library")
        return tuple(dict.fromkeys(Missing(f.name, f.object) for f in absent))

    @property
    def packages(self) -> tuple[Package, ...]:
        """The packages that the loaded objects come from, sorted."""
        return tuple(sorted({lib.package for lib in self.libraries if lib.package}))

    @cached_property
    def _installed(self) -> Mapping[str, Package]:
        """The packages of a host that is not recorded."""
        from collide.filesystems.root import Root  # late: start-up

        files = self.host.files
        if not isinstance(files, Root):
            return {}
        from collide.hosts.packages import packages_of  # late: start-up

        return packages_of(files, [m.dso.path for m in self.host.process.maps])
