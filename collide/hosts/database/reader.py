"""Reads hosts from the shipped database, and of each only the parts that are needed.

The file is a pack of numbered blobs. Each is a text that is deflated; where it
resembles another one (the references of the next release), only the difference to
that *base* is kept. What several hosts have in common is there once, and is one object
in memory. ``tests/tools/packing.py`` writes it; equal input gives equal bytes:

- magic, the number of blobs, the deflated size of their directory, both
  little-endian 32 bits; the directory: the sizes of all blobs, then their
  bases plus one (0 for none), then the inflated sizes, 32 bits each; the blobs.
- Blob 0 is the index, JSON: for each host in ``hosts`` its :class:`Summary` and the
  blob of its needs, in ``names`` the :class:`collide.hosts.database.names.Place` of all exports,
  in ``heads`` the first blob of heads, in ``objects`` that of objects.
- A blob of heads has those of the next ``HEADS`` hosts, a line of JSON each. A head is a profile
  (``collide/hosts/profile.schema.json``) without ``objects`` and ``tables``. For each object it
  has the number in ``numbers``, and those of other objects of this host in ``needed_by`` and
  ``needs``. Blob of the needs: for each object the name of each one and how it was found; a check
  does not read it.
- In ``offers`` the index has the blob of the libraries that packages of the hosts' systems bring,
  and for each host the number of its system. In the blob: a line of JSON, ``count`` and the lists
  ``systems``; the number of the list for each package (16 bits); a line for each package, its
  name and those of its libraries, separated by blanks.
- A blob of objects has the next ``OBJECTS`` of all objects, a line of JSON each:
  the values of ``OBJECT`` in this order. ``exports`` is a number for the
  :mod:`collide.hosts.database.names`, ``references`` that of a blob: a line of JSON, the column
  of kinds, the names. ``pointer_uses`` is that of a blob, too, or 0 where nothing is
  known: for each way in which functions of the object use what their arguments point to a line,
  as ``0:8,16;2:0,4``, and behind a blank the hashes of the functions, six digits each; of those
  whose hash others of the object have, too, there are lines of their own, with names in place of
  hashes.
"""

from __future__ import annotations

import json
import mmap
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from itertools import accumulate, compress, pairwise

from collide.elf.hash_tables import integers
from collide.elf.symbols import NO_USES
from collide.hosts.database.names import STAND_IN, NameTable, Place
from collide.hosts.profile_file.described import Described, described_object, host_of
from collide.hosts.profile_file.symbols import (
    ERRORS,
    Kind,
    RecordedExports,
    RecordedReferences,
    invalid,
    uses_of,
)
from collide.loader.host import Host, Python
from collide.loader.model import Dso, Loader
from collide.support.errors import InputError
from collide.support.inflate import InflateErrors, inflate_zlib
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from collide.elf.symbols import Uses

MAGIC = b"collide-hosts/3\n"
FACTS = (
    *("type", "flags", "interpreter", "soname", "needed", "auxiliary", "filter", "rpath"),
    *("runpath", "symbolic", "nodeflib", "pie", "versioned", "version_needs"),
    *("version_definitions", "build_id", "package"),
)
"""Facts that an object states itself, wherever it is loaded."""
PLACING = ("path", "name", "aliases", "paths", "found", "version_strings")
"""Other facts that are the same in every host that has the object."""
OBJECT = ("architecture", "exports", "references", *PLACING, *FACTS, "pointer_uses")
"""The fields that are kept of an object; files of older releases have no ``pointer_uses``."""
OBJECTS = 32
HEADS = 16
"""The number of objects, and of heads, in a blob of them."""


class Summary(NamedTuple):
    """The facts that decide whether a wheel can be installed on a host, known without loading it.

    ``groups`` are the names that stand for several hosts; ``source`` says what
    it was made from. The other fields are those of :class:`collide.loader.host.Host`.
    """

    name: str
    groups: tuple[str, ...]
    source: str
    architecture: str
    python: Python | None
    loader: Loader


class Database:
    """The hosts in one file; raises InputError when that cannot be read."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self._summaries: dict[str, Summary] = {}
        self._bases: dict[int, bytes] = {}
        self._lines: dict[int, list[bytes]] = {}
        self._heads: dict[int, list[bytes]] = {}
        self._objects: dict[int, Described] = {}
        self._exports: dict[int, int] = {}
        try:
            with open(path, "rb") as stream:
                self._data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            if self._data[: len(MAGIC)] != MAGIC:
                raise ValueError("another format")
            at = len(MAGIC) + 8
            count, size = integers(self._data[len(MAGIC) : at], "I", big_endian=False)
            directory = integers(zlib.decompress(self._data[at : at + size]), "I", big_endian=False)
            self._ends = list(accumulate(directory[:count], initial=at + size))
            self._base, self._sizes = directory[count : 2 * count], directory[2 * count :]
            if len(self._sizes) != count:
                raise ValueError("a directory that is cut off")
        except OSError as e:
            raise InputError(self.path, e.strerror or str(e)) from e
        except (ValueError, zlib.error) as e:
            raise InputError(self.path, f"not a database of hosts ({e})") from e

    def blob(self, number: int) -> bytes:
        """The text with that number; raises ValueError when it is damaged."""
        try:
            packed = self._data[self._ends[number] : self._ends[number + 1]]
            data = inflate_zlib(packed, self._sizes[number])
        except InflateErrors as e:
            raise ValueError(str(e)) from e
        base = self._base[number] - 1
        if base < 0:
            return data
        if base not in self._bases:
            self._bases[base] = self.blob(base)
        return apply_delta(self._bases[base], data)

    @cached_property
    def _index(self) -> dict[str, Any]:
        try:
            index: dict[str, Any] = json.loads(self.blob(0))
            rows = index["hosts"]
            index["hosts"] = {
                row[0]: (row[:-1], number, row[-1]) for number, row in enumerate(rows)
            }
        except ERRORS as e:
            raise invalid(self.path, e) from e
        return index

    @cached_property
    def name_table(self) -> NameTable:
        """The exports of all objects."""
        return NameTable(self.blob, Place(*self._index["names"]))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all hosts, sorted."""
        return tuple(self._index["hosts"])

    def summary(self, name: str) -> Summary:
        """The summary of a host, which is not loaded for it."""
        if name not in self._summaries:
            values = self._index["hosts"][name][0]
            try:
                self._summaries[name] = _summary(*values)
            except ERRORS as e:
                raise invalid(self.path, e) from e
        return self._summaries[name]

    def head(self, name: str) -> dict[str, Any]:
        """The profile of that name without its tables."""
        try:
            needs = self._index["hosts"][name][2]
            head = self._head(name)
            links = zip(head.pop("needed_by"), head.pop("needs"), strict=True)
            known = zip(head.pop("numbers"), links, json.loads(self.blob(needs)), strict=True)
            head["objects"] = [
                _recorded(self._row(number), *link, names) for number, link, names in known
            ]
        except ERRORS as e:
            raise invalid(self.path, e) from e
        return dict(sorted(head.items()))

    def load(self, name: str) -> Host:
        """The host of that name; its tables are read when they are asked for."""
        try:
            head = self._head(name)
            if self._objects:
                self.name_table.widen()
            numbers = head["numbers"]
            loaded = slice(0, head["loaded"])
            links = zip(head["needed_by"][loaded], head["needs"][loaded], strict=True)
            objects = [self.object(number) for number in numbers[loaded]]
            for number in numbers[loaded]:
                self.include(number)
            visible = _Paths(self, numbers[: head.get("visible")])
            host = host_of(head, objects, list(links), visible, _Paths(self, numbers))
            return host._replace(offered=_Offers(self, name))
        except ERRORS as e:
            raise invalid(self.path, e) from e

    def _head(self, name: str) -> dict[str, Any]:
        chunk, line = divmod(self._index["hosts"][name][1], HEADS)
        if chunk not in self._heads:
            self._heads[chunk] = self.blob(self._index["heads"] + chunk).split(b"\n")
        head: dict[str, Any] = json.loads(self._heads[chunk][line])
        return head

    def packed(self) -> list[tuple[bytes, int, int]]:
        """All blobs as they are in the file, each with its base plus one and its inflated size."""
        texts = (self._data[start:end] for start, end in pairwise(self._ends))
        return list(zip(texts, self._base, self._sizes, strict=True))

    def offers(self, name: str) -> str:
        """What packages of a host's system bring, as it was packed; empty where nothing was."""
        try:
            number, systems = self._index.get("offers", (0, {}))
            if name not in systems:
                return ""
            data = self.blob(number)
            start = data.index(b"\n") + 1
            header = json.loads(data[:start])
            end = start + 2 * header["count"]
            column = integers(data[start:end], "H", big_endian=False)
            has = [systems[name] in some for some in header["systems"]]
            lines = data[end:].decode().split("\n")
            return "\n".join([*compress(lines, map(has.__getitem__, column)), ""])
        except ERRORS as e:
            raise invalid(self.path, e) from e

    def include(self, number: int) -> None:
        """Look for names in the object of that number, too: a process has loaded it."""
        self.name_table.include(self._exports[number])

    def object(self, number: int) -> Described:
        """The object of that number, which all hosts share that have it."""
        if number not in self._objects:
            row = self._row(number)
            self._exports[number] = row["exports"]
            tables = _PackedTables(self, row["exports"], row["references"], row["pointer_uses"])
            exports = RecordedExports(tables, row["versioned"])
            row["found"] = dict(zip(("how", "by"), row["found"], strict=True))
            self._objects[number] = described_object(
                row, row["architecture"], exports, RecordedReferences(tables)
            )
        return self._objects[number]

    def paths(self, number: int) -> tuple[str, ...]:
        """All paths of the object of that number, which is not made for it."""
        row = self._row(number)
        return row["path"], *row["paths"]

    def _row(self, number: int) -> dict[str, Any]:
        chunk, line = divmod(number, OBJECTS)
        if chunk not in self._lines:
            self._lines[chunk] = self.blob(self._index["objects"] + chunk).split(b"\n")
        values = json.loads(self._lines[chunk][line])
        if len(values) == len(OBJECT) - 1:
            values.append(0)
        return dict(zip(OBJECT, values, strict=True))


class _Paths(Mapping[str, Dso]):
    """The files of one host by all their paths; most wheels never ask for one."""

    def __init__(self, database: Database, numbers: Sequence[int]) -> None:
        self._database = database
        self._numbers = numbers

    @cached_property
    def _files(self) -> dict[str, int]:
        files: dict[str, int] = {}
        for number in self._numbers:
            for path in self._database.paths(number):
                files.setdefault(path, number)
        return files

    def __getitem__(self, path: str) -> Dso:
        number = self._files[path]
        dso = self._database.object(number).dso
        self._database.include(number)
        return dso

    def get(self, path: str, default: Any = None) -> Any:
        """The same as of any mapping; most paths that a search asks for are not there."""
        return self[path] if path in self._files else default

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


class _Offers(Mapping[str, str]):
    """The packages that bring libraries by the names of these; most wheels never ask for one."""

    def __init__(self, database: Database, host: str) -> None:
        self._database = database
        self._host = host

    @cached_property
    def _packages(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for line in self._database.offers(self._host).splitlines():
            package, *libraries = line.split(" ")
            for library in libraries:
                found.setdefault(library, package)
        return found

    def __getitem__(self, name: str) -> str:
        return self._packages[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._packages)

    def __len__(self) -> int:
        return len(self._packages)


def _recorded(
    row: Mapping[str, Any],
    needed_by: int | None,
    needs: Sequence[int],
    names: Sequence[tuple[str, str, str | None]],
) -> dict[str, Any]:
    """One of the ``objects`` of a profile."""
    how, by = row["found"]
    return {
        **{key: row[key] for key in ("path", "name", "aliases", "paths")},
        "found": {"how": how, "by": by},
        "needed_by": needed_by,
        "needs": [
            {"name": name, "object": number, "found": {"how": how, "by": by}}
            for number, (name, how, by) in zip(needs, names, strict=True)
        ],
        "version_strings": row["version_strings"],
        **{key: row[key] for key in FACTS},
    }


def _summary(
    name: str,
    groups: list[str],
    source: str,
    architecture: str,
    libc: str,
    version: list[int],
    python: list[Any] | None,
) -> Summary:
    return Summary(
        name,
        tuple(groups),
        source,
        architecture,
        Python(python[0], (python[1], python[2]), python[3]) if python else None,
        Loader(libc=libc, version=tuple(version), path="", system_dirs=()),
    )


def apply_delta(base: bytes, delta: bytes) -> bytes:
    """``base`` changed: runs of it, and text in between.

    The delta is the number of runs, for each its start in ``base``, its length
    and the length of the text behind it (32 bits), then all such text.
    """
    count = int.from_bytes(delta[:4], "little")
    at = 4 + 12 * count
    runs = iter(integers(delta[4:at], "I", big_endian=False))
    parts = []
    for start, length, more in zip(runs, runs, runs, strict=True):
        parts += [base[start : start + length], delta[at : at + more]]
        at += more
    return b"".join(parts)


HASH = 6
"""Digits of the hash of a function."""


def use_key(name: str, version: str | None) -> str:
    """What a function of one object is hashed by."""
    return f"{name}@{version}" if version else name


def use_hash(key: str) -> str:
    """The hash of a function: 24 bits of CRC-32."""
    return f"{zlib.crc32(key.encode('utf-8', 'surrogateescape')) & 0xFFFFFF:0{HASH}x}"


class _PackedTables:
    """The tables of one object in the database."""

    def __init__(self, database: Database, table: int, references: int, uses: int) -> None:
        self.path = database.path
        self._database = database
        self._table = table
        self._references = references
        self._uses = uses
        self._found: dict[str, int] = {}
        self._taken = 0
        self._all: dict[str, int] | None = None

    @property
    def _release(self) -> str | None:
        return self._database.name_table.releases.get(self._table)

    def _real(self, names: Iterable[str]) -> Iterable[str]:
        release = self._release
        return [name.replace(STAND_IN, release) for name in names] if release else names

    def found(self, wanted: AbstractSet[str]) -> Mapping[str, int]:
        """See :class:`collide.hosts.profile_file.symbols.RecordedTables`."""
        if self._all is not None:
            return self._all
        table = self._database.name_table
        table.look_up(wanted)
        for kind, names in table.found(self._table, self._taken):
            self._found.update(dict.fromkeys(self._real(names), kind))
            self._taken += 1
        return self._found

    def names(self) -> Mapping[str, int]:
        """See :class:`collide.hosts.profile_file.symbols.RecordedTables`."""
        if self._all is None:
            known = self._database.name_table.names(self._table)
            self._all = dict(sorted(zip(self._real(known), known.values(), strict=True)))
        return self._all

    def count(self) -> int:
        """See :class:`collide.hosts.profile_file.symbols.RecordedTables`."""
        return self._database.name_table.count(self._table)

    def beginning(self, prefixes: tuple[str, ...]) -> Iterable[str]:
        """See :class:`collide.hosts.profile_file.symbols.RecordedTables`."""
        release = self._release
        if self._all is not None or (release and any(release in one for one in prefixes)):
            return self.names()
        return self._real(self._database.name_table.names(self._table, prefixes))

    def kind(self, number: int) -> Kind:
        """See :class:`collide.hosts.profile_file.symbols.RecordedTables`."""
        return self._database.name_table.kind(number)

    def sizes(self, name: str) -> Sequence[int]:
        """See :class:`collide.hosts.profile_file.symbols.RecordedTables`."""
        known = self._found if self._all is None else self._all
        kind = self.kind(known[name])
        if not any(row.has_size(name) for row in kind):
            return (0,) * len(kind)
        release = self._release
        kept = name.replace(release, STAND_IN) if release else name
        return self._database.name_table.sizes(self._table, kept, len(kind))

    def uses(self, name: str, version: str | None) -> Uses | None:
        """See :class:`collide.hosts.profile_file.symbols.RecordedTables`."""
        if not self._uses:
            return None
        release = self._release
        key = use_key(name.replace(release, STAND_IN) if release else name, version)
        pattern = self._patterns.get(key, self._patterns.get(use_hash(key)))
        if not pattern:
            return NO_USES
        arguments = (part.split(":") for part in pattern.split(";"))
        return uses_of((argument, at.split(",")) for argument, at in arguments)

    @cached_property
    def _patterns(self) -> dict[str, str]:
        """The pattern of each hash, and of each name whose hash is not its own."""
        found: dict[str, str] = {}
        for line in self._database.blob(self._uses).decode("utf-8", "surrogateescape").split("\n"):
            pattern, _, hashes = line.partition(" ")
            if hashes.startswith(" "):
                found[hashes[1:]] = pattern
            else:
                found.update(
                    (hashes[at : at + HASH], pattern) for at in range(0, len(hashes), HASH)
                )
        return found

    def references(self) -> list[tuple[Any, ...]]:
        """See :class:`collide.hosts.profile_file.symbols.RecordedTables`."""
        data = self._database.blob(self._references)
        start = data.index(b"\n") + 1
        header = json.loads(data[:start])
        count, rows = header["count"], header["rows"]
        end = start + count * (4 if header["wide"] else 1)
        column: Sequence[int] = data[start:end]
        if header["wide"]:
            column = integers(data[start:end], "I", big_endian=False)
        text = data[end:].decode("utf-8", "surrogateescape")
        if header["release"]:
            text = text.replace(STAND_IN, header["release"])
        names = text.split("\n") if count else []
        return [(name, *rows[number]) for name, number in zip(names, column, strict=True)]
