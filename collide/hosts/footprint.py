"""Lists the link footprint of a host: what it puts into the scope of every module.

A baseline is its small form, a file to commit and to read: libraries in scope
order, whether they export names without a version, search paths. It has the number of
such names for the host's own objects only, as every security update of another
library could change it. All names are in a profile.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from collide.elf.constants import (
    STB_GLOBAL,
    STB_GNU_UNIQUE,
    STB_WEAK,
    STV_DEFAULT,
    STV_PROTECTED,
)
from collide.elf.symbols import MATCHING_TYPES, Definition
from collide.loader.glibc.search import rpath_of
from collide.loader.host import Host
from collide.loader.libc import Libc, libc_of
from collide.loader.link_map import LinkMap
from collide.support.errors import InputError
from collide.support.foreign import Text, json_value, own_text
from collide.support.records import NamedTuple
from collide.support.schema import Schema

SCHEMA = "collide-footprint/1"
_BASELINE = Schema(str(Path(__file__).with_name("baseline.schema.json")))
_INTERPRETER = re.compile(r"lib(python|pypy)\d")


class ExportedNames(NamedTuple):
    """The names that references can bind to.

    ``unversioned`` ones serve any reference, ``versioned`` ones (as
    ``name@version``) those of their version and, mostly, unversioned ones.
    ``versions`` are all version names.
    """

    unversioned: frozenset[str]
    versioned: frozenset[str]
    versions: frozenset[str]


class FootprintLibrary(NamedTuple):
    """One object of the global scope, by DT_SONAME or else by its file's name.

    ``needed_by`` are the objects that link it, ``unversioned`` counts the
    exports without a version. ``own`` marks the binary and the library with its
    Python interpreter. In a baseline ``exports`` is None, and ``unversioned`` of
    what is not ``own`` is 1 for any number.
    """

    name: str
    needed_by: tuple[str, ...]
    unversioned: int
    own: bool
    exports: ExportedNames | None = None


class Footprint(NamedTuple):
    """The libraries and names that a host puts into the scope of every module.

    ``libraries`` are in scope order, the binary first. ``openings`` are what
    it preloads or opens RTLD_GLOBAL, ``history`` what a recorded run has opened since, in its
    order, ``missing`` the libraries it did not get,
    ``search_paths`` where it and its libraries search.
    """

    name: str
    libraries: tuple[FootprintLibrary, ...]
    openings: tuple[str, ...]
    search_paths: tuple[str, ...]
    missing: tuple[str, ...]
    history: tuple[str, ...] = ()


def of_host(host: Host) -> Footprint:
    """The footprint of ``host``, with the names of all exports."""
    scope = host.process.global_scope
    names = _names(scope)
    users: dict[int, list[str]] = {id(m): [] for m in scope}
    for m in scope:
        for needed in m.needed or ():
            if id(needed) in users:
                users[id(needed)].append(names[id(m)])
    libc = libc_of(host.loader)
    libraries = []
    for m in scope:
        exports = _exports(m, libc)
        used = tuple(sorted(users[id(m)]))
        own = m is host.process.executable or _INTERPRETER.match(names[id(m)]) is not None
        count = len(exports.unversioned)
        libraries.append(FootprintLibrary(names[id(m)], used, count, own, exports))
    openings = [f"preloads {posixpath.basename(p)}" for p in host.preload]
    openings += [f"opens {posixpath.basename(p)} RTLD_GLOBAL" for p in host.rtld_global]
    return Footprint(
        host.name,
        tuple(libraries),
        tuple(openings),
        tuple(_search_paths(host, names)),
        tuple(f.name for f in host.failures if f.kind == "missing-library"),
        tuple(f"{posixpath.basename(o.name)} {o.mode}" for o in host.openings),
    )


def of_hosts(name: str, hosts: Sequence[Host]) -> Footprint:
    """The footprint of all ``hosts`` together: what any of them brings."""
    footprints = [of_host(host) for host in hosts]
    if len(footprints) == 1:
        return footprints[0]
    libraries: dict[str, FootprintLibrary] = {}
    for library in (library for found in footprints for library in found.libraries):
        known = libraries.get(library.name)
        libraries[library.name] = library if known is None else _union(known, library)
    return Footprint(
        f"{name} ({len(footprints)} hosts)",
        tuple(libraries.values()),
        *(
            tuple(dict.fromkeys(entry for found in footprints for entry in getattr(found, field)))
            for field in ("openings", "search_paths", "missing")
        ),
    )


def _union(one: FootprintLibrary, other: FootprintLibrary) -> FootprintLibrary:
    assert one.exports is not None
    assert other.exports is not None
    exports = ExportedNames(*(a | b for a, b in zip(one.exports, other.exports, strict=True)))
    return FootprintLibrary(
        one.name,
        tuple(sorted({*one.needed_by, *other.needed_by})),
        len(exports.unversioned),
        one.own or other.own,
        exports,
    )


def _names(scope: tuple[LinkMap, ...]) -> dict[int, str]:
    """A name for each map; where two have the same, the second has its path with it."""
    names: dict[int, str] = {}
    for m in scope:
        name = m.elf.soname or posixpath.basename(m.dso.path)
        names[id(m)] = f"{name} ({m.dso.path})" if name in names.values() else name
    return names


def _exports(m: LinkMap, libc: Libc) -> ExportedNames:
    unversioned, versioned, versions = set(), set(), set()
    exports = m.elf.exports
    for name in exports.names:
        for d in exports.candidates(name):
            if not _serves(d):
                continue
            if d.version is None or not (exports.versioned and libc.checks_versions):
                unversioned.add(name)
            else:
                versioned.add(f"{name}@{d.version}")
                versions.add(d.version)
    return ExportedNames(frozenset(unversioned), frozenset(versioned), frozenset(versions))


def _serves(d: Definition) -> bool:
    """Whether a reference of another object can bind to it at all (``check_match``)."""
    return (
        d.type in MATCHING_TYPES
        and d.binding in (STB_GLOBAL, STB_WEAK, STB_GNU_UNIQUE)
        and d.visibility in (STV_DEFAULT, STV_PROTECTED)
        and not d.undefined
        and not d.zero
    )


def _search_paths(host: Host, names: dict[int, str]) -> Iterator[str]:
    for m in host.process.global_scope:
        if (rpath := rpath_of(m.elf)) is not None:
            yield f"RPATH {rpath} of {names[id(m)]}"
        if m.elf.runpath is not None:
            yield f"RUNPATH {m.elf.runpath} of {names[id(m)]}"
    for directory in host.loader.library_path:
        yield f"LD_LIBRARY_PATH {directory}"
    for directory in host.loader.system_dirs:
        yield f"system directory {directory}"


# -- baselines ------------------------------------------------------------------------------------


def to_baseline(footprint: Footprint) -> Text:
    """The text of the baseline file: deterministic, one line for each library."""
    libraries = ",\n".join(
        f"  {json_value(entry.name)}: "
        + json_value(
            {
                "unversioned": entry.unversioned if entry.own else bool(entry.unversioned),
                "needed_by": list(entry.needed_by),
            }
        )
        for entry in footprint.libraries
    )
    rest = {
        "openings": footprint.openings,
        "search_paths": footprint.search_paths,
        "missing": footprint.missing,
        **({"history": footprint.history} if footprint.history else {}),
    }
    lines = [f' "schema": {json_value(SCHEMA)}', f' "name": {json_value(footprint.name)}']
    lines += [f' "libraries": {{\n{libraries}\n }}']
    lines += [f" {json_value(key)}: {json_value(list(value))}" for key, value in rest.items()]
    return own_text("{\n" + ",\n".join(lines) + "\n}\n")


def read_baseline(path: Path) -> Footprint:
    """The footprint in a baseline file; raises InputError."""
    document = _BASELINE.baseline(str(path), SCHEMA)
    try:
        return _footprint(document)
    except ValueError as e:
        raise InputError(str(path), f"not a valid baseline of schema {SCHEMA} ({e})") from e


def _footprint(document: dict[str, Any]) -> Footprint:
    libraries = tuple(
        FootprintLibrary(
            name,
            tuple(entry["needed_by"]),
            int(entry["unversioned"]),
            own=not isinstance(entry["unversioned"], bool),
        )
        for name, entry in document["libraries"].items()
    )
    if not libraries:
        raise ValueError("no libraries")
    return Footprint(
        document["name"],
        libraries,
        tuple(document["openings"]),
        tuple(document["search_paths"]),
        tuple(document["missing"]),
        tuple(document.get("history", ())),
    )
