"""Lists all that is known of a shipped host: its source, what it loads, and how that was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collide.hosts.database import load_shipped, shipped_head, shipped_summary
from collide.hosts.database.reader import Summary
from collide.loader.host import Host
from collide.loader.model import FoundVia
from collide.support.records import NamedTuple


class LoadedObject(NamedTuple):
    """One object that the host has loaded, in the order of loading.

    ``needed_by`` is the number of the object that first needed it, None for
    the executable and what was opened by path; ``scope`` its index in the
    global scope, None for the loader where no object needs it. ``package`` are
    name and exact version. ``exports`` counts exported names.
    """

    path: str
    soname: str | None
    needed_by: int | None
    found: FoundVia
    scope: int | None
    package: tuple[str, str] | None
    exports: int


class Missing(NamedTuple):
    """A library that start-up does not find: its name, and the path of what needs it."""

    name: str
    needed_by: str


class Inventory(NamedTuple):
    """One shipped host in full; ``missing`` was missing when it was recorded."""

    summary: Summary
    binary: str
    rtld_global: tuple[str, ...]
    libraries: tuple[LoadedObject, ...]
    missing: tuple[Missing, ...]

    @property
    def packages(self) -> tuple[tuple[str, str], ...]:
        """The packages that the loaded objects come from, sorted."""
        return tuple(sorted({lib.package for lib in self.libraries if lib.package}))


def inventory(name: str) -> Inventory:
    """All that is known of the shipped host ``name``."""
    head, host = shipped_head(name), load_shipped(name)
    places = {id(m): place for place, m in enumerate(host.process.global_scope)}
    maps = host.process.maps
    recorded = head["objects"][: len(maps)]
    return Inventory(
        shipped_summary(name),
        host.path,
        host.rtld_global,
        tuple(
            _library(o, places.get(id(m)), len(m.elf.exports.names))
            for o, m in zip(recorded, maps, strict=True)
        ),
        _missing(host),
    )


def _missing(host: Host) -> tuple[Missing, ...]:
    absent = (f for f in host.failures if f.kind == "missing-library")
    return tuple(dict.fromkeys(Missing(f.name, f.object) for f in absent))


def _library(recorded: Mapping[str, Any], scope: int | None, exports: int) -> LoadedObject:
    package = recorded["package"]
    return LoadedObject(
        path=recorded["path"],
        soname=recorded["soname"],
        needed_by=recorded["needed_by"],
        found=FoundVia(**recorded["found"]),
        scope=scope,
        package=(package["name"], package["version"]) if package else None,
        exports=exports,
    )
