"""A recorded host: a profile file back to a host that wheels can be opened in."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from collide.dialect import new_process
from collide.elf import ElfObject, VersionNeed
from collide.errors import InputError
from collide.host import Host, Python
from collide.linkmap import LinkMap, LoadFailure, Process
from collide.machine import CLASS_NAMES, machine_named
from collide.search import File, Found, Loader
from collide.symbols import (
    BINDING_NAMES,
    TYPE_NAMES,
    VISIBILITY_NAMES,
    Exports,
    Reference,
)
from collide.tables import (
    SCHEMA,
    Attributes,
    Kind,
    Names,
    RecordedExports,
    RecordedReferences,
    Sizes,
    invalid,
)

TABLES, END = b',\n"tables":[\n', b"\n]}\n"
"""What stands before and behind the lines of tables, as collide writes them."""


class _Numbers(dict[str, int]):
    """Names of ELF constants to numbers; one without a name was recorded as its number."""

    def __missing__(self, name: str) -> int:
        return int(name)


_TYPES = _Numbers({name: number for number, name in TYPE_NAMES.items()})
_BINDINGS = _Numbers({name: number for number, name in BINDING_NAMES.items()})
_VISIBILITIES = _Numbers({name: number for number, name in VISIBILITY_NAMES.items()})


class JsonTables:
    """The tables of one object in a profile file, parsed when they are first asked for."""

    def __init__(self, path: str, table: bytes | Mapping[str, Any]) -> None:
        self.path = path
        self._text = table if isinstance(table, bytes) else b""
        self._parsed = None if isinstance(table, bytes) else table
        self._converted: tuple[Names, Sizes] | None = None

    def names(self) -> Names:
        """See :class:`collide.tables.Tables`."""
        return self._exports()[0]

    def sizes(self) -> Sizes:
        """See :class:`collide.tables.Tables`."""
        return self._exports()[1]

    def references(self) -> list[tuple[Any, ...]]:
        """See :class:`collide.tables.Tables`."""
        recorded = self._part("references")
        rows = [
            (version, exact, CLASS_NAMES.index(kind), weak, _VISIBILITIES[visibility], defined)
            for version, exact, kind, weak, visibility, defined in recorded["attributes"]
        ]
        columns = zip(recorded["names"], recorded["attribute"], strict=True)
        return [(name, *rows[number]) for name, number in columns]

    def _part(self, key: str) -> Any:
        if self._parsed is None:
            self._parsed = json.loads(self._text)
            self._text = b""
        return self._parsed[key]

    def _exports(self) -> tuple[Names, Sizes]:
        if self._converted is None:
            self._converted = _columns(self._part("exports"))
        return self._converted


def _columns(recorded: Mapping[str, Any]) -> tuple[Names, Sizes]:
    """A profile's columns, which have a line for each definition, with one for each name."""
    rows = [
        Attributes(_TYPES[kind], _BINDINGS[binding], _VISIBILITIES[visibility], *rest)
        for kind, binding, visibility, *rest in recorded["attributes"]
    ]
    names, column, sizes = recorded["names"], recorded["attribute"], recorded["sizes"]
    if not len(names) == len(column) == len(sizes):
        raise ValueError("columns of different lengths")
    if not set(column) <= set(range(len(rows))):
        raise ValueError("an attribute row that is not there")
    kinds: list[Kind] = [(row,) for row in rows]
    if len(set(names)) == len(names):
        return Names(names, kinds, column), Sizes(sizes, {})
    numbers = {kind: number for number, kind in enumerate(kinds)}
    first: dict[str, int] = {}
    several: dict[int, list[int]] = {}
    kind_of: list[Kind] = []
    for name, row, size in zip(names, column, sizes, strict=True):
        at = first.setdefault(name, len(first))
        if at == len(kind_of):
            kind_of.append(kinds[row])
            several[at] = [size]
        else:
            kind_of[at] += kinds[row]
            several[at].append(size)
    for kind in kind_of:
        numbers.setdefault(kind, len(numbers))
    grouped = Names(list(first), list(numbers), [numbers[kind] for kind in kind_of])
    return grouped, Sizes([sizes[0] for sizes in several.values()], several)


class RecordedFiles(NamedTuple):
    """The files of a recorded host: only what was recorded can be opened."""

    by_path: Mapping[str, File]
    cache: Mapping[str, str]

    def open(self, path: str) -> File | None:
        """See :class:`collide.search.Files`."""
        return self.by_path.get(path)

    def cached(self, name: str) -> str | None:
        """See :class:`collide.search.Files`."""
        return self.cache.get(name)


def load(path: Path) -> Host:
    """The host in a profile file (``.json`` or ``.json.xz``, told by its contents).

    Raises InputError when it cannot be read or has another schema.
    """
    from lzma import LZMAError, decompress

    try:
        data = path.read_bytes()
        if data.startswith(b"\xfd7zXZ\0"):
            data = decompress(data)
        profile, tables = _split(data)
    except FileNotFoundError:
        raise InputError(str(path), "no such file") from None
    except (OSError, LZMAError, ValueError, RecursionError) as e:
        raise InputError(str(path), f"not a readable profile ({e})") from e
    schema = profile.get("schema") if isinstance(profile, dict) else None
    if schema != SCHEMA:
        raise InputError(str(path), f"not a profile of schema {SCHEMA} (its schema is {schema!r})")
    try:
        described = zip(profile["objects"], tables or profile["tables"], strict=True)
        objects = [_described(profile, o, JsonTables(str(path), t)) for o, t in described]
        return host_of(profile, objects)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as e:
        raise invalid(str(path), e) from e


def _described(
    profile: Mapping[str, Any], recorded: Mapping[str, Any], tables: JsonTables
) -> ElfObject:
    exports = RecordedExports(tables, recorded["versioned"])
    return elf_object(recorded, profile["architecture"], exports, RecordedReferences(tables))


def _split(data: bytes) -> tuple[Any, list[bytes]]:
    """The profile without its tables, and these as text; or all of it, and no text.

    Any layout of the JSON is a profile. In the one that collide writes the
    tables can be left unparsed until they are needed.
    """
    at = data.find(TABLES)
    if at < 0 or not data.endswith(END):
        return json.loads(data), []
    return json.loads(data[:at] + b"}"), data[at + len(TABLES) : -len(END)].split(b",\n")


def host_of(profile: Mapping[str, Any], described: Sequence[ElfObject]) -> Host:
    """The host that a profile describes, whose objects are these.

    Raises KeyError, TypeError, ValueError, IndexError or AttributeError when it is none.
    """
    python = profile["python"]
    libc = profile["libc"]
    recorded_loader: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in profile["loader"].items()
    }
    loader = Loader(libc=libc["name"], version=tuple(map(int, libc["version"])), **recorded_loader)
    texts = [profile["name"], loader.path, loader.cwd, loader.platform or "", loader.lib or ""]
    texts += (*loader.hwcaps, *loader.system_dirs, *loader.library_path)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a name or path that is no string")
    return Host(
        name=profile["name"],
        path=profile["binary"],
        architecture=profile["architecture"],
        python=Python(python["implementation"], tuple(python["version"]), python["abi_flags"])
        if python
        else None,
        process=_process(profile, described, loader),
        failures=tuple(LoadFailure(**f) for f in profile["missing"]),
        preload=tuple(profile["preload"]),
        rtld_global=tuple(profile["global"]),
    )


def _process(profile: Mapping[str, Any], described: Sequence[ElfObject], loader: Loader) -> Process:
    objects = profile["objects"]
    files = [
        File(
            o["path"],
            o["path"],
            d,
            version_strings=tuple(o.get("version_strings", ())),
            build_id=o.get("build_id"),
        )
        for o, d in zip(objects, described, strict=True)
    ]
    by_path: dict[str, File] = {}
    for recorded, file in zip(objects, files, strict=True):
        for path in (recorded["path"], *recorded["paths"]):
            by_path.setdefault(path, file)
    process = new_process(
        files[0], objects[0]["name"], loader, RecordedFiles(by_path, profile["cache"])
    )
    maps = [process.executable]
    for recorded, file in zip(objects[1:], files[1:], strict=True):
        found = Found(**recorded["found"])
        by = recorded["needed_by"]
        origin = posixpath.dirname(recorded["name"])
        loaded_by = None if by is None else maps[by]
        maps.append(LinkMap(recorded["name"], file, found, loaded_by, origin))
    for m, recorded in zip(maps, objects, strict=True):
        m.needed = tuple(maps[need["object"]] for need in recorded["needs"])
    for m, recorded in list(zip(maps, objects, strict=True))[1 : profile["loaded"]]:
        process.adopt(m, recorded["aliases"])
    process.global_scope = tuple(maps[i] for i in profile["scope"])
    if process.executable not in process.global_scope:
        raise ValueError("a scope without the executable")
    return process


def elf_object(
    recorded: Mapping[str, Any],
    architecture: str,
    exports: Exports,
    references: Sequence[Reference],
) -> ElfObject:
    """One object: what it says about itself, and its tables."""
    definitions = recorded["version_definitions"]
    return ElfObject(
        machine=machine_named("armv7l" if architecture == "armv6l" else architecture),
        type=recorded["type"],
        flags=recorded["flags"],
        interpreter=recorded["interpreter"],
        soname=recorded["soname"],
        needed=tuple(recorded["needed"]),
        auxiliary=tuple(recorded["auxiliary"]),
        filter=tuple(recorded["filter"]),
        rpath=recorded["rpath"],
        runpath=recorded["runpath"],
        symbolic=recorded["symbolic"],
        nodeflib=recorded["nodeflib"],
        pie=recorded["pie"],
        version_needs=tuple(VersionNeed(*need) for need in recorded["version_needs"]),
        version_definitions=None if definitions is None else tuple(definitions),
        exports=exports,
        references=references,
        unknown_relocations=(),
        resolution_cache=(),
    )
