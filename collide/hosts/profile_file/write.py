"""Records a host as a profile, so that wheels can be checked without it.

``collide/hosts/profile.schema.json`` describes the JSON form. Tables of
symbols are columns (``names``, ``sizes`` and the number of an attribute row),
because a host has up to some 240,000 of them. They come last, one line for
each object, so that a reader can leave out those it does not need.
"""

from __future__ import annotations

import lzma
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from collide.binding.binding import BoundModule
from collide.elf.constants import BINDING_NAMES, TYPE_NAMES, VISIBILITY_NAMES
from collide.elf.machines import CLASS_NAMES
from collide.elf.notes import Notes
from collide.elf.symbols import Definition, Exports, Reference, Uses
from collide.filesystems.root import Root
from collide.hosts.libraries import findable as findable_libraries
from collide.hosts.libraries import wanted_libraries
from collide.hosts.own_modules import bound
from collide.hosts.packages import Package, notes_of, packages_of
from collide.hosts.profile_file.read import END, TABLES
from collide.hosts.profile_file.symbols import SCHEMA
from collide.loader.glibc.search import rpath_of
from collide.loader.host import Host, OwnModule
from collide.loader.link_map import LinkMap
from collide.loader.model import Dso
from collide.loader.process import Process
from collide.support.foreign import json_value
from collide.support.patterns import matches, require_matches


def record(host: Host, root: Root, libraries: Sequence[str] = ()) -> dict[str, Any]:
    """The JSON form of ``host``, extracted from ``root``.

    Besides what the host has loaded it holds what a wheel may need
    (:func:`collide.hosts.libraries.wanted_libraries`), what matches one of ``libraries``, and what
    is in the directories of LD_LIBRARY_PATH, found as an object of a wheel would find it here,
    with closures; and behind these the interpreter's modules that bring libraries. Of what else
    the loader finds it holds the names. Raises UsageError for a pattern that matches nothing.
    """
    process = host.process.copy(host.files)
    findable = findable_libraries(host, root)
    own = list(_own_modules(host, root))
    listed = _library_path(host, root)
    more = _more(findable, libraries, own, root)
    system = _request_system(process, host, (*more, *(p.rpartition("/")[2] for p in listed)))
    objects = _Objects(process.maps)
    objects.add_paths(listed, root)
    unrecorded = objects.add_paths(findable.values(), root)
    for _, opened in own:
        objects.add(opened.opened.searchlist)
    maps, numbers = objects.maps, objects.numbers
    aliases = process.aliases()
    notes = {m.dso.path: notes_of(root, m.dso.path) for m in maps}
    packages = packages_of(root, notes, notes.__getitem__)
    known = [name for name, path in findable.items() if path not in unrecorded]
    cached = {name: host.files.cached(name) for name in (*_requested(maps), *known)}
    return {
        "schema": SCHEMA,
        "name": host.name,
        "binary": host.path,
        "architecture": host.architecture,
        "libc": {"name": host.loader.libc, "version": list(host.loader.version)},
        "python": host.python._asdict() if host.python else None,
        "loader": _without(host.loader._asdict(), "libc", "version"),
        **_history(host),
        "preload": list(host.preload),
        "global": list(host.rtld_global),
        "scope": [numbers[id(m)] for m in process.global_scope],
        "loaded": len(host.process.maps),
        "missing": [f._asdict() for f in host.failures],
        "system": {n: m if m is None else numbers[id(m)] for n, m in system.items()},
        "unrecorded": [name for name, path in findable.items() if path in unrecorded],
        "visible": len(process.maps),
        "modules": [_without(module._asdict(), "opens") for module, _ in own],
        "cache": {name: path for name, path in sorted(cached.items()) if path is not None},
        "objects": [
            _object(m, objects, aliases.get(m, ()), root, notes[m.dso.path], packages) for m in maps
        ],
        "tables": list(_tables(maps, len(host.process.maps))),
    }


def _more(
    findable: Mapping[str, str],
    libraries: Sequence[str],
    own: Iterable[tuple[OwnModule, BoundModule]],
    root: Root,
) -> Iterator[str]:
    """Names to record in full beside the wanted ones.

    Those that were asked for, and what the interpreter's modules bring in any case.
    """
    require_matches("--library", libraries, findable, things="libraries")
    brought = {m.dso.path for _, opened in own for m in opened.opened.searchlist}
    for name, path in findable.items():
        if matches(name, libraries) or root.realpath(path) in brought:
            yield name


def _history(host: Host) -> dict[str, Any]:
    """The openings since start-up, and the unique symbols that they have registered."""
    if not host.openings:
        return {}
    return {
        "openings": [
            {"name": name, **mode._asdict(), "source": source}
            for name, mode, source in host.openings
        ],
        "unique": {name: match.dso.path for name, match in sorted(host.unique.items())},
    }


def _library_path(host: Host, root: Root) -> list[str]:
    """The paths of the libraries in the directories of LD_LIBRARY_PATH, in the order of search."""
    return [
        posixpath.join(directory, name)
        for directory in host.loader.library_path
        for name in root.names(directory)
        if ".so" in name and not root.is_directory(posixpath.join(directory, name))
    ]


def _request_system(process: Process, host: Host, more: Iterable[str]) -> dict[str, LinkMap | None]:
    """Load what a wheel may need, and ``more``, with all closures."""
    names = wanted_libraries(host)
    asked = {name: process.request(name) for name in (*names, *sorted({*more} - {*names}))}
    system = {name: m if isinstance(m, LinkMap) else None for name, m in asked.items()}
    process.closure([m for m in system.values() if m is not None])
    return system


def _tables(maps: Iterable[LinkMap], loaded: int) -> Iterator[dict[str, Any]]:
    """The tables of all objects: of those that the host has ``loaded``, also what functions use."""
    for number, m in enumerate(maps):
        uses = uses_table(m.dso) if number < loaded else {}
        yield {
            "exports": exports_table(m.elf.exports),
            "references": references_table(m.elf.references),
            **({"pointer_uses": uses} if uses else {}),
        }


def _requested(maps: Iterable[LinkMap]) -> list[str]:
    names = {name for m in maps for name in m.elf.needed}
    return sorted(names | {m.elf.soname for m in maps if m.elf.soname})


def _without(fields: dict[str, Any], *left_out: str) -> dict[str, Any]:
    return {k: v for k, v in fields.items() if k not in left_out}


class _Objects:
    """The maps to record, each file once, and the number of every map by its identity."""

    def __init__(self, maps: Iterable[LinkMap]) -> None:
        self.maps: list[LinkMap] = []
        self.numbers: dict[int, int] = {}
        self._of_file: dict[Dso, int] = {}
        self._names: list[set[str]] = []
        self.add(maps)

    def add(self, maps: Iterable[LinkMap]) -> None:
        """Number further maps; those of one process may be of files that another has."""
        for m in maps:
            if id(m) in self.numbers:
                continue
            number = self._of_file.setdefault(m.dso, len(self.maps))
            if number == len(self.maps):
                self.maps.append(m)
                self._names.append(set())
            self.numbers[id(m)] = number
            self._names[number].add(m.name)

    def add_paths(self, paths: Iterable[str], root: Root) -> AbstractSet[str]:
        """Keep further paths of files that are recorded: links to them. The result are others."""
        numbers = {m.dso.path: number for number, m in enumerate(self.maps)}
        others = set()
        for path in paths:
            number = numbers.get(root.realpath(path) or "")
            if number is not None:
                self._names[number].add(path)
            else:
                others.add(path)
        return others

    def names(self, m: LinkMap) -> AbstractSet[str]:
        """All paths by which its file was opened."""
        return self._names[self.numbers[id(m)]]


def _own_modules(host: Host, root: Root) -> Iterator[tuple[OwnModule, BoundModule]]:
    """The interpreter's modules that can be opened, each in a process by itself."""
    found = (bound(host.process, root, module) for module in host.own.modules)
    return (one for one in found if one is not None)


def _object(
    m: LinkMap,
    objects: _Objects,
    aliases: Sequence[str],
    root: Root,
    notes: Notes,
    packages: Mapping[str, Package],
) -> dict[str, Any]:
    obj, numbers, package = m.elf, objects.numbers, packages.get(m.dso.path)
    names = objects.names(m)
    return {
        "path": m.dso.path,
        "name": m.name,
        "aliases": list(aliases),
        "paths": sorted({*names, *(_canonical_directory(root, name) for name in names)}),
        "found": m.found._asdict(),
        "needed_by": None if m.needed_by is None else numbers[id(m.needed_by)],
        "needs": [
            {"name": name, "object": numbers[id(needed)], "found": found._asdict()}
            for needed, (name, found) in zip(m.needed or (), m.resolutions, strict=True)
        ],
        "build_id": notes.build_id,
        "version_strings": list(m.dso.version_strings),
        "package": {"name": package[0], "version": package[1]} if package else None,
        "type": obj.type,
        "flags": obj.flags,
        "interpreter": obj.interpreter,
        "soname": obj.soname,
        "needed": list(obj.needed),
        "auxiliary": list(obj.auxiliary),
        "filter": list(obj.filter),
        # As the loader judges it: a change of that rule needs profiles recorded anew.
        "rpath": rpath_of(obj),
        "runpath": obj.runpath,
        "symbolic": obj.symbolic,
        "nodeflib": obj.nodeflib,
        "pie": obj.pie,
        "executable_stack": obj.executable_stack,
        **({"tls": list(obj.tls)} if obj.tls else {}),
        **({"static_tls": list(obj.static_tls)} if obj.static_tls else {}),
        **({"tls_descriptors": list(obj.tls_descriptors)} if obj.tls_descriptors else {}),
        "versioned": obj.exports.versioned,
        "version_needs": [[n.file, n.version, n.weak] for n in obj.version_needs],
        "version_definitions": obj.version_definitions,
    }


def _canonical_directory(root: Root, path: str) -> str:
    """``path`` in the canonical form of its directory: the last link is a name of its own."""
    directory, name = posixpath.split(path)
    return posixpath.join(root.realpath(directory) or directory, name)


def exports_table(exports: Exports) -> dict[str, Any]:
    """The columns of one object's exports.

    Sorted by name; definitions of one name stay in hash-walk order.
    """
    definitions = _definitions(exports)
    rows = [
        (
            TYPE_NAMES.get(d.type, str(d.type)),
            BINDING_NAMES.get(d.binding, str(d.binding)),
            VISIBILITY_NAMES[d.visibility],
            d.version,
            d.version_index,
            not d.hidden_version,
            d.undefined,
            d.zero,
        )
        for d in definitions
    ]
    attributes, column = _numbered(rows)
    return {
        "attributes": attributes,
        "attribute": column,
        "sizes": [d.size for d in definitions],
        "names": [d.name for d in definitions],
    }


def _definitions(exports: Exports) -> list[Definition]:
    """All definitions in the order of the columns."""
    return [d for name in sorted(exports.names) for d in exports.candidates(name)]


def uses_table(dso: Dso) -> dict[str, Any]:
    """What functions of one object use (:mod:`collide.elf.code.pointer_uses`); empty if not known.

    By the rows of the exports: many functions have one pattern.
    """
    definitions = _definitions(dso.elf.exports)
    known = dso.uses(definitions)
    if not any(one in known for one in definitions):
        return {}
    found = {row: known.get(one) for row, one in enumerate(definitions)}
    texts = {row: _pattern(uses) for row, uses in found.items() if uses}
    patterns = sorted(set(texts.values()))
    numbers = {pattern: number for number, pattern in enumerate(patterns)}
    return {
        "rows": list(texts),
        "pattern": [numbers[pattern] for pattern in texts.values()],
        "patterns": [[[argument, list(at)] for argument, at in pattern] for pattern in patterns],
    }


def _pattern(uses: Uses) -> tuple[tuple[int, tuple[int, ...]], ...]:
    return tuple((argument, tuple(sorted(at))) for argument, at in sorted(uses.items()))


def references_table(references: Iterable[Reference]) -> dict[str, Any]:
    """The columns of one object's references, sorted."""
    ordered = sorted(references, key=lambda r: (r.name, r.version or "", r[2:]))
    rows = [
        (
            r.version,
            r.exact,
            CLASS_NAMES[r.lookup_class],
            r.weak,
            VISIBILITY_NAMES[r.visibility],
            r.defined,
        )
        for r in ordered
    ]
    attributes, column = _numbered(rows)
    return {"attributes": attributes, "attribute": column, "names": [r.name for r in ordered]}


def _numbered(rows: Sequence[tuple[Any, ...]]) -> tuple[list[list[Any]], list[int]]:
    """Distinct rows in a stable order, and the number of each row among them."""
    distinct = sorted(set(rows), key=lambda row: tuple((v is None, str(v)) for v in row))
    numbers = {row: i for i, row in enumerate(distinct)}
    return [list(row) for row in distinct], [numbers[row] for row in rows]


def to_bytes(profile: Mapping[str, Any], *, compressed: bool) -> bytes:
    """The file: one line of JSON for each part, compressed by xz on request.

    Equal profiles give equal bytes.
    """
    parts = [f"{_dump(key)}:{_dump(value)}" for key, value in profile.items() if key != "tables"]
    tables = ",\n".join(map(_dump, profile["tables"]))
    text = "{" + ",\n".join(parts) + f"{TABLES.decode()}{tables}{END.decode()}"
    data = text.encode("ascii")
    return lzma.compress(data, preset=9) if compressed else data


def _dump(value: object) -> str:
    return json_value(value, compact=True)
