"""A recorded host: a profile file back to a host that wheels can be opened in."""

from __future__ import annotations

import json
import lzma
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, NamedTuple, overload

from collide.dialect import new_process
from collide.elf import ElfObject, VersionNeed
from collide.errors import InputError
from collide.host import Host, Python
from collide.linkmap import LinkMap, LoadFailure, Process
from collide.machine import CLASS_NAMES, machine_named
from collide.search import File, Found, Loader
from collide.symbols import (
    ANY_VERSION,
    BINDING_NAMES,
    MATCHING_TYPES,
    STB_GLOBAL,
    STB_WEAK,
    STV_DEFAULT,
    STV_PROTECTED,
    TYPE_NAMES,
    VISIBILITY_NAMES,
    Definition,
    Reference,
    plain_names,
)

SCHEMA = "collide-profile/1"
"""The schema of the profiles that this release writes and reads."""
TABLES, END = b',\n"tables":[\n', b"\n]}\n"
"""What stands before and behind the lines of tables, as collide writes them."""


class _Tables:
    """The tables of one object, parsed when they are first asked for."""

    __slots__ = ("_parsed", "_text", "path")

    def __init__(self, path: str, table: bytes | Mapping[str, Any]) -> None:
        self.path = path
        self._text = table if isinstance(table, bytes) else b""
        self._parsed = None if isinstance(table, bytes) else table

    def __getitem__(self, key: str) -> Any:
        """``exports`` or ``references``; raises InputError when the table is no such thing."""
        try:
            if self._parsed is None:
                self._parsed = json.loads(self._text)
                self._text = b""
            return self._parsed[key]
        except (ValueError, KeyError, TypeError) as e:
            raise _invalid(self.path, e) from e


def _invalid(path: str, e: Exception) -> InputError:
    return InputError(path, f"not a valid profile of schema {SCHEMA} ({type(e).__name__}: {e})")


class _Columns(NamedTuple):
    """The exports of one object, ready for lookups."""

    attributes: list[tuple[Any, ...]]
    offers: list[str | None]
    attribute: list[int]
    sizes: list[int]
    names: list[str]
    first: dict[str, int]


class RecordedExports:
    """The exports of a recorded object; tables are parsed and indexed on first use."""

    __slots__ = ("_columns", "_tables", "versioned")

    def __init__(self, tables: _Tables, versioned: bool) -> None:
        self.versioned = versioned
        self._tables = tables
        self._columns: _Columns | None = None

    def _read(self) -> _Columns:
        if self._columns is None:
            recorded = self._tables["exports"]
            try:
                self._columns = self._indexed(recorded)
            except (ValueError, KeyError, TypeError, IndexError) as e:
                raise _invalid(self._tables.path, e) from e
        return self._columns

    def _indexed(self, recorded: Mapping[str, Any]) -> _Columns:
        attributes = [
            (_TYPES[kind], _BINDINGS[binding], _VISIBILITIES[visibility], *rest)
            for kind, binding, visibility, *rest in recorded["attributes"]
        ]
        names: list[str] = recorded["names"]
        backwards = range(len(names) - 1, -1, -1)
        if not len(names) == len(recorded["attribute"]) == len(recorded["sizes"]):
            raise ValueError("columns of different lengths")
        if not set(recorded["attribute"]) <= set(range(len(attributes))):
            raise ValueError("an attribute row that is not there")
        return _Columns(
            attributes,
            [self._row_offer(*row) for row in attributes],
            recorded["attribute"],
            recorded["sizes"],
            names,
            dict(zip(reversed(names), backwards, strict=True)),
        )

    @property
    def names(self) -> AbstractSet[str]:
        """See :class:`collide.symbols.Exports`."""
        return self._read().first.keys()

    def candidates(self, name: str) -> tuple[Definition, ...]:
        """See :class:`collide.symbols.Exports`."""
        columns = self._read()
        at = columns.first.get(name)
        found = []
        while at is not None and at < len(columns.names) and columns.names[at] == name:
            found.append(self._definition(columns, at))
            at += 1
        return tuple(found)

    def plain(self, wanted: Mapping[str, str | None]) -> AbstractSet[str]:
        """See :class:`collide.symbols.Exports`."""
        columns = self._read()
        return plain_names(wanted, {name: self._offer(columns, name) for name in wanted})

    def weak(self, names: Iterable[str]) -> Mapping[str, tuple[int, int]]:
        """See :class:`collide.symbols.Exports`."""
        found = (self.candidates(name)[0] for name in names)
        return {d.name: (d.type, d.size) for d in found if d.binding == STB_WEAK}

    @staticmethod
    def _offer(columns: _Columns, name: str) -> str | None:
        names, at = columns.names, columns.first[name]
        single = at + 1 == len(names) or names[at + 1] != name
        return columns.offers[columns.attribute[at]] if single else None

    def _row_offer(
        self,
        kind: int,
        binding: int,
        visibility: int,
        version: str | None,
        index: int,
        default: bool,
        undefined: bool,
        zero: bool,
    ) -> str | None:
        """What :func:`collide.symbols.plain_names` calls an offer, for one attribute row."""
        if (
            kind not in MATCHING_TYPES
            or binding not in (STB_GLOBAL, STB_WEAK)
            or visibility not in (STV_DEFAULT, STV_PROTECTED)
            or undefined
            or zero
        ):
            return None
        if not self.versioned or (index <= 1 and default):
            return ANY_VERSION
        return version

    @staticmethod
    def _definition(columns: _Columns, at: int) -> Definition:
        row = columns.attributes[columns.attribute[at]]
        kind, binding, visibility, version, index, default, undefined, zero = row
        return Definition(
            name=columns.names[at],
            version=version,
            version_index=index,
            hidden_version=not default,
            type=kind,
            binding=binding,
            visibility=visibility,
            size=columns.sizes[at],
            undefined=undefined,
            zero=zero,
        )


class RecordedReferences(Sequence[Reference]):
    """The references of a recorded object, made on first use."""

    __slots__ = ("_references", "_tables")

    def __init__(self, tables: _Tables) -> None:
        self._tables = tables
        self._references: tuple[Reference, ...] | None = None

    def _read(self) -> tuple[Reference, ...]:
        if self._references is None:
            recorded = self._tables["references"]
            try:
                self._references = _references(recorded)
            except (ValueError, KeyError, TypeError, IndexError) as e:
                raise _invalid(self._tables.path, e) from e
        return self._references

    def __len__(self) -> int:
        return len(self._read())

    @overload
    def __getitem__(self, at: int) -> Reference: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Reference, ...]: ...
    def __getitem__(self, at: int | slice) -> Reference | tuple[Reference, ...]:
        return self._read()[at]

    def __iter__(self) -> Iterator[Reference]:
        return iter(self._read())


def _references(recorded: Mapping[str, Any]) -> tuple[Reference, ...]:
    rows = [
        (version, exact, CLASS_NAMES.index(kind), weak, _VISIBILITIES[visibility], defined)
        for version, exact, kind, weak, visibility, defined in recorded["attributes"]
    ]
    return tuple(
        Reference(name, *rows[number])
        for name, number in zip(recorded["names"], recorded["attribute"], strict=True)
    )


class _Numbers(dict[str, int]):
    """Names of ELF constants to numbers; one without a name was recorded as its number."""

    def __missing__(self, name: str) -> int:
        return int(name)


_TYPES = _Numbers({name: number for number, name in TYPE_NAMES.items()})
_BINDINGS = _Numbers({name: number for number, name in BINDING_NAMES.items()})
_VISIBILITIES = _Numbers({name: number for number, name in VISIBILITY_NAMES.items()})


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
    try:
        data = path.read_bytes()
        if data.startswith(b"\xfd7zXZ\0"):
            data = lzma.decompress(data)
        profile, tables = _split(data)
    except FileNotFoundError:
        raise InputError(str(path), "no such file") from None
    except (OSError, lzma.LZMAError, ValueError, RecursionError) as e:
        raise InputError(str(path), f"not a readable profile ({e})") from e
    schema = profile.get("schema") if isinstance(profile, dict) else None
    if schema != SCHEMA:
        raise InputError(str(path), f"not a profile of schema {SCHEMA} (its schema is {schema!r})")
    try:
        return _host(profile, [_Tables(str(path), t) for t in tables or profile["tables"]])
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as e:
        raise _invalid(str(path), e) from e


def _split(data: bytes) -> tuple[Any, list[bytes]]:
    """The profile without its tables, and these as text; or all of it, and no text.

    Any layout of the JSON is a profile. In the one that collide writes the
    tables can be left unparsed until they are needed.
    """
    at = data.find(TABLES)
    if at < 0 or not data.endswith(END):
        return json.loads(data), []
    return json.loads(data[:at] + b"}"), data[at + len(TABLES) : -len(END)].split(b",\n")


def _host(profile: Mapping[str, Any], tables: Sequence[_Tables]) -> Host:
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
        process=_process(profile, tables, loader),
        failures=tuple(LoadFailure(**f) for f in profile["missing"]),
        preload=tuple(profile["preload"]),
        rtld_global=tuple(profile["global"]),
    )


def _process(profile: Mapping[str, Any], tables: Sequence[_Tables], loader: Loader) -> Process:
    objects = profile["objects"]
    machine = profile["architecture"]
    files = [
        File(
            o["path"],
            o["path"],
            _elf_object(o, t, machine),
            version_strings=tuple(o.get("version_strings", ())),
        )
        for o, t in zip(objects, tables, strict=True)
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


def _elf_object(recorded: Mapping[str, Any], tables: _Tables, machine: str) -> ElfObject:
    definitions = recorded["version_definitions"]
    return ElfObject(
        machine=machine_named("armv7l" if machine == "armv6l" else machine),
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
        exports=RecordedExports(tables, recorded["versioned"]),
        references=RecordedReferences(tables),
        unknown_relocations=(),
        resolution_cache=(),
    )
