"""The shipped hosts: one file, of which a host takes only the parts that it needs.

The file is a pack of numbered blobs. Each is a text that is deflated, or xz
where that takes much less; where it resembles another one (the libc of the next
release), only what differs from that *base* is. What several hosts have in
common is one blob, and one object in memory. ``tests/packing.py`` writes it,
equal in, equal out:

- magic, the number of blobs, the deflated size of their directory, both
  little-endian 32 bits; the directory: the sizes of all blobs, then their
  bases plus one (0 for none), 32 bits each; the blobs.
- Blob 0 is the index: one :class:`Summary` a host, and the blob of its head.
- A head is a profile (``profiles/profile.schema.json``) without ``tables``,
  its objects split into what this host makes of them (``objects``) and what
  they say themselves (``facts``), with a number of each and those of its
  blobs (``blobs``).
- An exports blob is a line of JSON, the column of kinds, the names. A sizes
  blob is a line of JSON and the sizes. A references blob is like an exports blob.
"""

from __future__ import annotations

import json
import mmap
import sys
import zlib
from array import array
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from collide.elf import ElfObject
from collide.errors import InputError
from collide.host import Host, Python
from collide.recorded import elf_object, host_of
from collide.search import Loader
from collide.tables import Attributes, Names, RecordedExports, RecordedReferences, Sizes, invalid

MAGIC = b"collide-hosts/1\n"
XZ = b"\xfd7zXZ\0"
STAND_IN = "\1"
"""Stands in names for the header's ``release``, as ICU puts ``_72`` into every name."""


class Summary(NamedTuple):
    """What tells whether a wheel can be installed on a host, without loading it.

    ``groups`` are the names that stand for several hosts; ``source`` says what
    it was made from. The other fields are those of :class:`collide.host.Host`.
    """

    name: str
    groups: tuple[str, ...]
    source: str
    architecture: str
    python: Python | None
    loader: Loader


class Database:
    """The hosts in one file; raises InputError when that cannot be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._bases: dict[int, bytes] = {}
        self._objects: dict[int, ElfObject] = {}
        try:
            with path.open("rb") as stream:
                self._data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            if self._data[: len(MAGIC)] != MAGIC:
                raise ValueError("another format")
            at = len(MAGIC) + 8
            count, size = integers(self._data[len(MAGIC) : at])
            directory = integers(zlib.decompress(self._data[at : at + size]))
            self._ends = list(accumulate(directory[:count], initial=at + size))
            self._base = directory[count:]
        except OSError as e:
            raise InputError(str(path), e.strerror or str(e)) from e
        except (ValueError, zlib.error) as e:
            raise InputError(str(path), f"not a database of hosts ({e})") from e

    def blob(self, number: int) -> bytes:
        """The text with that number."""
        data = _decompress(self._data[self._ends[number] : self._ends[number + 1]])
        base = self._base[number] - 1
        if base < 0:
            return data
        if base not in self._bases:
            self._bases[base] = self.blob(base)
        return apply_delta(self._bases[base], data)

    @cached_property
    def _index(self) -> dict[str, tuple[Summary, int]]:
        return {row[0]: (_summary(*row[:-1]), row[-1]) for row in json.loads(self.blob(0))}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all hosts, sorted."""
        return tuple(self._index)

    def summary(self, name: str) -> Summary:
        """What is known of a host without loading it."""
        return self._index[name][0]

    def head(self, name: str) -> dict[str, Any]:
        """The profile of that name without its tables."""
        head: dict[str, Any] = json.loads(self.blob(self._index[name][1]))
        facts = head.pop("facts")
        del head["blobs"]
        head["objects"] = [{**o, **f} for o, f in zip(head["objects"], facts, strict=True)]
        return head

    def load(self, name: str) -> Host:
        """The host of that name; its tables are read when they are asked for."""
        try:
            head = json.loads(self.blob(self._index[name][1]))
            described = zip(head["facts"], head["blobs"], strict=True)
            machine = head["architecture"]
            for recorded, facts in zip(head["objects"], head["facts"], strict=True):
                recorded["build_id"] = facts["build_id"]
            return host_of(head, [self._object(machine, f, *b) for f, b in described])
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, zlib.error) as e:
            raise invalid(str(self.path), e) from e

    def _object(self, machine: str, facts: Mapping[str, Any], key: int, *blobs: int) -> ElfObject:
        if key not in self._objects:
            tables = _PackedTables(self, *blobs)
            exports = RecordedExports(tables, facts["versioned"])
            references = RecordedReferences(tables)
            self._objects[key] = elf_object(facts, machine, exports, references)
        return self._objects[key]


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


def _decompress(data: bytes) -> bytes:
    if not data.startswith(XZ):
        return zlib.decompress(data)
    import lzma

    return lzma.decompress(data)


def integers(data: bytes) -> array[int]:
    """32-bit little-endian integers."""
    values = array("I", data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def apply_delta(base: bytes, delta: bytes) -> bytes:
    """``base`` changed: runs of it, and text in between.

    The delta is the number of runs, for each its start in ``base``, its length
    and the length of the text behind it (32 bits), then all such text.
    """
    count = int.from_bytes(delta[:4], "little")
    at = 4 + 12 * count
    runs = iter(integers(delta[4:at]))
    parts = []
    for start, length, more in zip(runs, runs, runs, strict=True):
        parts += [base[start : start + length], delta[at : at + more]]
        at += more
    return b"".join(parts)


class _PackedTables:
    """The tables of one object in the database."""

    def __init__(self, database: Database, exports: int, sizes: int, references: int) -> None:
        self.path = str(database.path)
        self._database = database
        self._blobs = exports, sizes, references

    def names(self) -> Names:
        """See :class:`collide.tables.Tables`."""
        header, column, names = self._columns(self._blobs[0])
        rows = [Attributes(*row) for row in header["rows"]]
        kinds = [tuple(rows[number] for number in kind) for kind in header["kinds"]]
        return Names(names, kinds, column)

    def sizes(self) -> Sizes:
        """See :class:`collide.tables.Tables`."""
        header, _, data = self._database.blob(self._blobs[1]).partition(b"\n")
        return Sizes(integers(data), {int(at): sizes for at, sizes in json.loads(header).items()})

    def references(self) -> list[tuple[Any, ...]]:
        """See :class:`collide.tables.Tables`."""
        header, column, names = self._columns(self._blobs[2])
        rows = header["rows"]
        return [(name, *rows[number]) for name, number in zip(names, column, strict=True)]

    def _columns(self, number: int) -> tuple[dict[str, Any], Sequence[int], list[str]]:
        """The header, a number for each name, and the names."""
        data = self._database.blob(number)
        start = data.index(b"\n") + 1
        header = json.loads(data[:start])
        count = header["count"]
        column: Sequence[int]
        if header["wide"]:
            end = start + 4 * count
            column = integers(data[start:end])
        else:
            end = start + count
            column = data[start:end]
        text = data[end:].decode("utf-8", "surrogateescape")
        if header["release"]:
            text = text.replace(STAND_IN, header["release"])
        return header, column, text.split("\n") if count else []
