"""Makes a host of a profile file, for wheels to be opened in."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain

from collide.elf.constants import BINDING_NAMES, TYPE_NAMES, VISIBILITY_NAMES
from collide.elf.headers import TlsSegment
from collide.elf.machines import CLASS_NAMES, machine_named
from collide.elf.object import ElfObject, VersionNeed
from collide.elf.symbols import NO_USES, Exports, Reference
from collide.hosts.profile_file.symbols import (
    SCHEMA,
    Attributes,
    Kind,
    RecordedExports,
    RecordedReferences,
    invalid,
    uses_of,
)
from collide.loader.host import Host, OwnModule, OwnModules, Python
from collide.loader.libc import libc_of
from collide.loader.link_map import LinkMap, LoadFailure
from collide.loader.model import Dso, FileSystem, FoundVia, Loader
from collide.loader.opening import Mode, Opening
from collide.loader.process import Process
from collide.support import limits
from collide.support.errors import InputError
from collide.support.foreign import from_json
from collide.support.records import NamedTuple
from collide.support.regular_files import open_regular
from collide.support.schema import Schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from collide.elf.symbols import Uses
    from collide.loader.lookup import Match

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


class RecordedFiles(FileSystem):
    """The files of a recorded host: only what was recorded can be opened."""

    def __init__(self, by_path: Mapping[str, Dso], cache: Mapping[str, str]) -> None:
        self.by_path = by_path
        self._cache = cache

    def open(self, path: str) -> Dso | None:
        """See :class:`collide.loader.model.FileSystem`."""
        return self.by_path.get(path)

    def cached(self, name: str) -> str | None:
        """See :class:`collide.loader.model.FileSystem`."""
        return self._cache.get(name)


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


class Described(NamedTuple):
    """One recorded object: its file, and how a host has loaded it.

    ``name`` is the path as the loader opened it, ``aliases`` the other names by which
    the loader knows it, ``paths`` all paths of the file.
    """

    dso: Dso
    name: str
    aliases: Sequence[str]
    paths: Sequence[str]
    found: FoundVia


Links = tuple[int | None, Sequence[int]]
"""The number of the object that first needed one, and of those that it needs itself."""


def host_of(
    profile: Mapping[str, Any],
    loaded: Sequence[Described],
    links: Sequence[Links],
    by_path: Mapping[str, Dso],
    everything: Mapping[str, Dso],
) -> Host:
    """The host that a profile describes, which has loaded these objects.

    ``by_path`` are those that a wheel's object can find, ``everything`` also those of the
    interpreter's own modules. Raises KeyError, TypeError, ValueError, IndexError or
    AttributeError when it is none.
    """
    python = profile["python"]
    libc = profile["libc"]
    recorded_loader: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in profile["loader"].items()
    }
    loader = Loader(libc=libc["name"], version=tuple(map(int, libc["version"])), **recorded_loader)
    process = _process(profile, loader, loaded, links, by_path)
    openings = tuple(_opening(recorded) for recorded in profile.get("openings", ()))
    return Host(
        name=profile["name"],
        path=profile["binary"],
        architecture=profile["architecture"],
        python=Python(python["implementation"], tuple(python["version"]), python["abi_flags"])
        if python
        else None,
        process=process,
        failures=tuple(LoadFailure(**f) for f in profile["missing"]),
        preload=tuple(profile["preload"]),
        rtld_global=tuple(profile["global"]),
        own=_own_modules(profile, everything),
        unique=_unique(process, profile["unique"]) if openings else {},
        openings=openings,
        unrecorded=frozenset(profile.get("unrecorded", ())),
    )


def _opening(recorded: Mapping[str, Any]) -> Opening:
    mode = Mode(recorded["rtld_global"], recorded["lazy"], recorded["deepbind"])
    return Opening(recorded["name"], mode, recorded["source"])


def _unique(process: Process, recorded: Mapping[str, str]) -> Mapping[str, Match]:
    from collide.analysis.history import registered  # late: start-up

    return registered(process, recorded)


def _own_modules(profile: Mapping[str, Any], everything: Mapping[str, Dso]) -> OwnModules:
    """Those of a profile; one of an older release of collide has none."""
    modules: list[OwnModule] = []
    texts: list[object] = []
    for recorded in profile.get("modules", ()):
        brings, unique = dict(recorded["brings"]), dict(recorded["unique"])
        modules.append(OwnModule(recorded["name"], recorded["path"], brings, unique, opens=True))
        texts += [recorded["name"], recorded["path"], *chain(*brings.items(), *unique.items())]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a name or path that is no string")
    return OwnModules(RecordedFiles(everything, profile["cache"]), lambda: tuple(modules))


def _process(
    profile: Mapping[str, Any],
    loader: Loader,
    loaded: Sequence[Described],
    links: Sequence[Links],
    by_path: Mapping[str, Dso],
) -> Process:
    files = RecordedFiles(by_path, profile["cache"])
    executable, *others = loaded
    process = libc_of(loader).new_process(executable.dso, executable.name, loader, files)
    maps = [process.executable]
    for described, (by, _) in zip(others, links[1:], strict=True):
        loaded_by = None if by is None else maps[by]
        origin = posixpath.dirname(described.name)
        maps.append(LinkMap(described.name, described.dso, described.found, loaded_by, origin))
    for m, (_, needs) in zip(maps, links, strict=True):
        m.needed = tuple(maps[number] for number in needs)
    for m, described in zip(maps[1:], others, strict=True):
        process.adopt(m, described.aliases)
    process.end_start_up(tuple(maps[number] for number in profile["scope"]))
    if process.executable not in process.global_scope:
        raise ValueError("a scope without the executable")
    return process


def described_object(
    recorded: Mapping[str, Any],
    architecture: str,
    exports: RecordedExports,
    references: Sequence[Reference],
) -> Described:
    """One object of a profile, with its tables."""
    path, package = recorded["path"], recorded.get("package")
    dso = Dso(
        path,
        path,
        _elf_object(recorded, architecture, exports, references),
        version_strings=tuple(recorded.get("version_strings", ())),
        build_id=recorded.get("build_id"),
        package=(package["name"], package["version"]) if package else None,
        recorded_uses=exports.uses,
    )
    return Described(
        dso=dso,
        name=recorded["name"],
        aliases=recorded["aliases"],
        paths=recorded["paths"],
        found=FoundVia(**recorded["found"]),
    )


def _elf_object(
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
        executable_stack=recorded.get("executable_stack", False),
        tls=TlsSegment(*recorded["tls"]) if "tls" in recorded else None,
        static_tls=tuple(recorded.get("static_tls", ())),
        tls_descriptors=tuple(recorded.get("tls_descriptors", ())),
        version_needs=tuple(VersionNeed(*need) for need in recorded["version_needs"]),
        version_definitions=None if definitions is None else tuple(definitions),
        exports=exports,
        references=references,
        unknown_relocations=(),
        resolution_cache=(),
    )
