"""A recorded host: a profile file back to a host that wheels can be opened in."""

from __future__ import annotations

import json
import lzma
import posixpath
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, NamedTuple

from collide.elf import ElfObject, VersionNeed
from collide.errors import InputError
from collide.host import Host, Python
from collide.linkmap import LinkMap, LoadFailure, Process
from collide.machine import CLASS_NAMES, machine_named
from collide.search import File, Found, Loader
from collide.symbols import (
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
)

SCHEMA = "collide-profile/1"
"""The schema of the profiles that this release writes and reads."""


class RecordedExports:
    """The exports of a recorded object; tables are indexed on first use."""

    __slots__ = (
        "_attribute",
        "_attributes",
        "_first",
        "_list",
        "_plain_rows",
        "_sizes",
        "versioned",
    )

    def __init__(self, recorded: Mapping[str, Any]) -> None:
        self.versioned: bool = recorded["versioned"]
        self._attributes = [
            (
                _TYPES[row[0]],
                _BINDINGS[row[1]],
                _VISIBILITIES[row[2]],
                *row[3:],
            )
            for row in recorded["attributes"]
        ]
        self._plain_rows = frozenset(
            i for i, row in enumerate(self._attributes) if self._is_plain_row(*row)
        )
        self._attribute: list[int] = recorded["attribute"]
        self._sizes: list[int] = recorded["sizes"]
        self._list: list[str] = recorded["names"]
        if not len(self._attribute) == len(self._sizes) == len(self._list):
            raise ValueError("columns of different lengths")
        self._first: dict[str, int] | None = None

    @property
    def names(self) -> AbstractSet[str]:
        """See :class:`collide.symbols.Exports`."""
        return self._index().keys()

    def _index(self) -> dict[str, int]:
        """Position of the first definition of each name."""
        if self._first is None:
            backwards = range(len(self._list) - 1, -1, -1)
            self._first = dict(zip(reversed(self._list), backwards, strict=True))
        return self._first

    def candidates(self, name: str) -> tuple[Definition, ...]:
        """See :class:`collide.symbols.Exports`."""
        at = self._index().get(name)
        found = []
        while at is not None and at < len(self._list) and self._list[at] == name:
            found.append(self._definition(at))
            at += 1
        return tuple(found)

    def plain(self, names: AbstractSet[str]) -> AbstractSet[str]:
        """See :class:`collide.symbols.Exports`."""
        return {name for name in names if self._is_plain(self._index()[name])}

    def _is_plain(self, at: int) -> bool:
        single = at + 1 == len(self._list) or self._list[at + 1] != self._list[at]
        return single and self._attribute[at] in self._plain_rows

    def _is_plain_row(
        self,
        kind: int,
        binding: int,
        visibility: int,
        version: str | None,
        index: int,
        default: bool,
        undefined: bool,
        zero: bool,
    ) -> bool:
        return (
            kind in MATCHING_TYPES
            and binding in (STB_GLOBAL, STB_WEAK)
            and visibility in (STV_DEFAULT, STV_PROTECTED)
            and (not self.versioned or (version is None and index <= 1 and default))
            and not undefined
            and not zero
        )

    def _definition(self, at: int) -> Definition:
        kind, binding, visibility, version, index, default, undefined, zero = self._attributes[
            self._attribute[at]
        ]
        return Definition(
            name=self._list[at],
            version=version,
            version_index=index,
            hidden_version=not default,
            type=kind,
            binding=binding,
            visibility=visibility,
            size=self._sizes[at],
            undefined=undefined,
            zero=zero,
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
        profile = json.loads(data)
    except FileNotFoundError:
        raise InputError(str(path), "no such file") from None
    except (OSError, lzma.LZMAError, ValueError) as e:
        raise InputError(str(path), f"not a readable profile ({e})") from e
    schema = profile.get("schema") if isinstance(profile, dict) else None
    if schema != SCHEMA:
        raise InputError(str(path), f"not a profile of schema {SCHEMA} (its schema is {schema!r})")
    try:
        return _host(profile)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as e:
        raise InputError(
            str(path), f"not a valid profile of schema {SCHEMA} ({type(e).__name__}: {e})"
        ) from e


def _host(profile: Mapping[str, Any]) -> Host:
    python = profile["python"]
    libc = profile["libc"]
    recorded_loader: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in profile["loader"].items()
    }
    loader = Loader(libc=libc["name"], version=tuple(libc["version"]), **recorded_loader)
    return Host(
        name=profile["name"],
        path=profile["binary"],
        architecture=profile["architecture"],
        python=Python(python["implementation"], tuple(python["version"]), python["abi_flags"])
        if python
        else None,
        process=_process(profile, loader),
        failures=tuple(LoadFailure(**f) for f in profile["missing"]),
        preload=tuple(profile["preload"]),
        rtld_global=tuple(profile["global"]),
    )


def _process(profile: Mapping[str, Any], loader: Loader) -> Process:
    objects = profile["objects"]
    machine = profile["architecture"]
    files = [File(o["path"], o["path"], _elf_object(o, machine)) for o in objects]
    by_path: dict[str, File] = {}
    for recorded, file in zip(objects, files, strict=True):
        for path in (recorded["path"], *recorded["paths"]):
            by_path.setdefault(path, file)
    process = Process(
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
        m.needed = tuple(maps[i] for i in recorded["needs"])
    for m, recorded in list(zip(maps, objects, strict=True))[1 : profile["loaded"]]:
        process.adopt(m, recorded["aliases"])
    process.global_scope = tuple(maps[i] for i in profile["scope"])
    return process


def _elf_object(recorded: Mapping[str, Any], machine: str) -> ElfObject:
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
        exports=RecordedExports(recorded["exports"]),
        references=_recorded_references(recorded["references"]),
        copies=tuple(recorded["copies"]),
        unknown_relocations=(),
        resolution_cache=(),
    )


def _recorded_references(recorded: Mapping[str, Any]) -> tuple[Reference, ...]:
    rows = [
        (version, exact, CLASS_NAMES.index(kind), weak, _VISIBILITIES[visibility], defined)
        for version, exact, kind, weak, visibility, defined in recorded["attributes"]
    ]
    return tuple(
        Reference(name, *rows[number])
        for name, number in zip(recorded["names"], recorded["attribute"], strict=True)
    )
