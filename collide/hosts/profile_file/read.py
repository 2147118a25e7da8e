"""Reads profile files, JSON or JSON in xz."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from collide.elf.constants import BINDING_NAMES, TYPE_NAMES, VISIBILITY_NAMES
from collide.elf.machines import CLASS_NAMES
from collide.elf.symbols import NO_USES
from collide.hosts.profile_file.described import Described, described_object, host_of
from collide.hosts.profile_file.symbols import (
    SCHEMA,
    Attributes,
    Kind,
    RecordedExports,
    RecordedReferences,
    invalid,
    uses_of,
)
from collide.support import limits
from collide.support.errors import InputError
from collide.support.file_bytes import open_regular
from collide.support.foreign import from_json
from collide.support.records import NamedTuple
from collide.support.schema import Schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from collide.elf.symbols import Uses
    from collide.loader.host import Host
    from collide.loader.model import Dso

SCHEMA_FILE = f"{posixpath.dirname(posixpath.dirname(__file__))}/profile.schema.json"
"""The JSON Schema of a profile file."""
_PROFILE = Schema(SCHEMA_FILE)
_NO_TABLE: dict[str, dict[str, list[object]]] = {
    "exports": {"attributes": [], "attribute": [], "sizes": [], "names": []},
    "references": {"attributes": [], "attribute": [], "names": []},
}
TABLES, END = b',\n"tables":[\n', b"\n]}\n"
"""The bytes before and behind the lines of tables, as collide writes them."""


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
        self._table = table
        self._checked: Any = None
        self._converted: _Columns | None = None
        self._uses: tuple[dict[tuple[str, str | None], Uses] | None] | None = None

    def found(self, _wanted: AbstractSet[str]) -> Mapping[str, int]:
        """See :class:`collide.hosts.profile_file.symbols.RecordedTables`; these are all names."""
        return self.names()

    def names(self) -> Mapping[str, int]:
        """See :class:`collide.hosts.profile_file.symbols.RecordedTables`."""
        return self._exports().names

    def count(self) -> int:
        """See :class:`collide.hosts.profile_file.symbols.RecordedTables`."""
        return len(self._exports().names)

    def beginning(self, _prefixes: tuple[str, ...]) -> Iterable[str]:
        """See :class:`collide.hosts.profile_file.symbols.RecordedTables`."""
        return self._exports().names

    def kind(self, number: int) -> Kind:
        """See :class:`collide.hosts.profile_file.symbols.RecordedTables`."""
        return self._exports().kinds[number]

    def sizes(self, name: str) -> Sequence[int]:
        """See :class:`collide.hosts.profile_file.symbols.RecordedTables`."""
        return self._exports().sizes[name]

    def uses(self, name: str, version: str | None) -> Uses | None:
        """See :class:`collide.hosts.profile_file.symbols.RecordedTables`."""
        if self._uses is None:
            self._uses = (self._read_uses(),)
        (known,) = self._uses
        return None if known is None else known.get((name, version), NO_USES)

    def _read_uses(self) -> dict[tuple[str, str | None], Uses] | None:
        """By name and version; a profile of an older release of collide has none."""
        exports, recorded = self._part("exports"), self._checked.get("pointer_uses")
        if recorded is None:
            return None
        versions = [row[3] for row in exports["attributes"]]
        names, column = exports["names"], exports["attribute"]
        patterns = list(map(uses_of, recorded["patterns"]))
        return {
            (names[row], versions[column[row]]): patterns[pattern]
            for row, pattern in zip(recorded["rows"], recorded["pattern"], strict=True)
        }

    def references(self) -> list[tuple[Any, ...]]:
        """See :class:`collide.hosts.profile_file.symbols.RecordedTables`."""
        recorded = self._part("references")
        rows = [
            (version, exact, CLASS_NAMES.index(kind), weak, _VISIBILITIES[visibility], defined)
            for version, exact, kind, weak, visibility, defined in recorded["attributes"]
        ]
        columns = zip(recorded["names"], recorded["attribute"], strict=True)
        return [(name, *rows[number]) for name, number in columns]

    def _part(self, key: str) -> Any:
        if self._checked is None:
            table = self._table
            read = from_json(table) if isinstance(table, bytes) else table
            _PROFILE.check(read, "table")
            self._checked, self._table = read, b""
        return self._checked[key]

    def _exports(self) -> _Columns:
        if self._converted is None:
            self._converted = _columns(self._part("exports"))
        return self._converted


class _Columns(NamedTuple):
    """The exports of an object by name: the number of the kind, and the sizes."""

    names: Mapping[str, int]
    kinds: Sequence[Kind]
    sizes: Mapping[str, Sequence[int]]


def _columns(recorded: Mapping[str, Any]) -> _Columns:
    """A profile's columns, which have a line for each definition, by name."""
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
    first = dict(zip(names, column, strict=True))
    sizes_of = dict(zip(names, zip(sizes), strict=True))
    if len(first) < len(names):
        _add_several(kinds, first, sizes_of, zip(names, column, sizes, strict=True))
    return _Columns(first, kinds, sizes_of)


def _add_several(
    kinds: list[Kind],
    numbers: dict[str, int],
    sizes_of: dict[str, tuple[int, ...]],
    columns: Iterable[tuple[str, int, int]],
) -> None:
    """Give each name that has several definitions their kind and sizes."""
    defined: dict[str, list[tuple[int, int]]] = {}
    for name, row, size in columns:
        defined.setdefault(name, []).append((row, size))
    known = {kind: number for number, kind in enumerate(kinds)}
    for name, several in defined.items():
        if len(several) > 1:
            kind = tuple(kinds[row][0] for row, _ in several)
            if kind not in known:
                known[kind] = len(kinds)
                kinds.append(kind)
            numbers[name] = known[kind]
            sizes_of[name] = tuple(size for _, size in several)


def load(path: str | os.PathLike[str]) -> Host:
    """The host in a profile file, JSON or JSON in xz (the contents show which).

    Raises InputError when it cannot be read or has another schema.
    """
    from lzma import LZMAError  # late: start-up

    try:
        with open_regular(path) as stream:
            data = _inflated(stream)
        limits.hold("json-values", sum(map(data.count, (b",", b"[", b"{"))))
        profile, tables = _split(data)
    except FileNotFoundError:
        raise InputError(str(path), "no such file") from None
    except limits.LimitError as e:
        raise e if e.path else e.inside(str(path)) from None
    except (OSError, EOFError, LZMAError, ValueError) as e:
        raise InputError(str(path), f"not a readable profile ({e})") from e
    schema = profile.get("schema") if isinstance(profile, dict) else None
    if schema != SCHEMA:
        raise InputError(str(path), f"not a profile of schema {SCHEMA} (its schema is {schema!r})")
    try:
        # Tables in text are looked at when they are needed.
        _PROFILE.check({**profile, "tables": [_NO_TABLE]} if tables else profile)
        described = [
            _described(profile, o, JsonTables(str(path), t))
            for o, t in zip(profile["objects"], tables or profile["tables"], strict=True)
        ]
        links = [
            (o["needed_by"], [need["object"] for need in o["needs"]]) for o in profile["objects"]
        ]
        loaded = slice(0, profile["loaded"])
        visible = _by_path(described[: profile.get("visible")])
        return host_of(profile, described[loaded], links[loaded], visible, _by_path(described))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as e:
        raise invalid(str(path), e) from e


def _by_path(described: Iterable[Described]) -> dict[str, Dso]:
    by_path: dict[str, Dso] = {}
    for recorded in described:
        for known in (recorded.dso.path, *recorded.paths):
            by_path.setdefault(known, recorded.dso)
    return by_path


def _inflated(stream: BinaryIO) -> bytes:
    """The text of a profile, of no more than ``profile-size`` bytes; raises LimitError."""
    from lzma import LZMAFile  # late: start-up

    most = limits.value("profile-size")
    packed = stream.read(6) == b"\xfd7zXZ\0"
    stream.seek(0)
    with LZMAFile(stream) if packed else stream as text:
        data: bytes = text.read(most + 1)
    limits.hold("profile-size", len(data))
    return data


def _described(
    profile: Mapping[str, Any], recorded: Mapping[str, Any], tables: JsonTables
) -> Described:
    exports = RecordedExports(tables, recorded["versioned"])
    architecture = profile["architecture"]
    return described_object(recorded, architecture, exports, RecordedReferences(tables))


def _split(data: bytes) -> tuple[Any, list[bytes]]:
    """The profile without its tables, and these as text; or the whole profile, and no text.

    Any layout of the JSON is a profile. In the one that collide writes the
    tables can be left unparsed until they are needed.
    """
    at = data.find(TABLES)
    if at < 0 or not data.endswith(END):
        return from_json(data), []
    return from_json(data[:at] + b"}"), data[at + len(TABLES) : -len(END)].split(b",\n")
