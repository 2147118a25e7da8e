"""Profiles to the file of :mod:`collide.database`: equal in, equal out."""

from __future__ import annotations

import hashlib
import json
import lzma
import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from posixpath import basename
from typing import Any, NamedTuple

from collide.database import MAGIC, STAND_IN, Database, Summary
from collide.machine import CLASS_NAMES
from collide.profile import exports_table, references_table, to_bytes
from collide.profiles import database
from collide.symbols import BINDING_NAMES, TYPE_NAMES, VISIBILITY_NAMES

Profile = Mapping[str, Any]
FACTS = (
    *("type", "flags", "interpreter", "soname", "needed", "auxiliary", "filter", "rpath"),
    *("runpath", "symbolic", "nodeflib", "pie", "versioned", "version_needs"),
    *("version_definitions", "build_id", "package"),
)
"""What an object says itself, wherever it is loaded."""
_WORTH, _LARGE, _DEPTH = 0.8, 50_000, 2
"""A delta, or a large blob's xz, is kept where it takes less than this part of the other."""
_TYPES = {name: number for number, name in TYPE_NAMES.items()}
_BINDINGS = {name: number for number, name in BINDING_NAMES.items()}
_VISIBILITIES = {name: number for number, name in VISIBILITY_NAMES.items()}


class _Member(NamedTuple):
    """A text that others may be deltas to: how many deltas it is away from a whole one."""

    number: int
    depth: int
    text: bytes
    places: Mapping[bytes, int]


class _Blobs:
    """Numbered texts, each once; a text that resembles an earlier one of its family is a delta."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._packed: list[tuple[bytes, int]] = [(b"", 0)]
        self._families: dict[str, list[_Member]] = {}

    def add(self, text: bytes, family: str) -> int:
        """The number of ``text``."""
        if text not in self._numbers:
            self._numbers[text] = number = len(self._packed)
            best, base, depth = _compress(text), 0, 0
            cost = _WORTH * len(best)
            members = self._families.setdefault(family, [])
            for member in members:
                delta = _compress(make_delta(member.text, text, member.places))
                # A longer way to the text has to be worth it, too.
                if len(delta) / _WORTH**member.depth < cost:
                    best, base, depth = delta, member.number + 1, member.depth + 1
                    cost = len(delta) / _WORTH**member.depth
            if depth < _DEPTH:
                members.append(_Member(number, depth, text, _line_places(text)))
            self._packed.append((best, base))
        return self._numbers[text]

    def to_bytes(self, index: bytes) -> bytes:
        """The file, with ``index`` as blob 0."""
        self._packed[0] = zlib.compress(index, 9), 0
        count = len(self._packed)
        sizes = [len(data) for data, _ in self._packed]
        bases = [base for _, base in self._packed]
        directory = zlib.compress(struct.pack(f"<{2 * count}I", *sizes, *bases), 9)
        head = MAGIC + struct.pack("<2I", count, len(directory)) + directory
        return head + b"".join(data for data, _ in self._packed)


def _compress(text: bytes) -> bytes:
    deflated = zlib.compress(text, 9)
    if len(deflated) < _LARGE:
        return deflated
    packed = lzma.compress(text, preset=9)
    return packed if len(packed) < _WORTH * len(deflated) else deflated


def _line_places(text: bytes) -> dict[bytes, int]:
    places: dict[bytes, int] = {}
    at = 0
    for line in text.splitlines(keepends=True):
        places.setdefault(line, at)
        at += len(line)
    return places


def make_delta(base: bytes, text: bytes, places: Mapping[bytes, int] | None = None) -> bytes:
    """What :func:`collide.database.apply_delta` makes ``text`` of; ``places`` are base's lines."""
    places = _line_places(base) if places is None else places
    runs: list[list[int]] = [[0, 0, 0]]
    texts: list[bytes] = []
    for line in text.splitlines(keepends=True):
        start, length, more = runs[-1]
        here = start + length
        if not more and base.startswith(line, here):
            runs[-1][1] += len(line)
        elif (at := places.get(line)) is not None:
            runs.append([at, len(line), 0])
        else:
            runs[-1][2] += len(line)
            texts.append(line)
    numbers = [number for run in runs for number in run]
    return struct.pack(f"<{1 + len(numbers)}I", len(runs), *numbers) + b"".join(texts)


def pack(hosts: Iterable[tuple[Summary, Profile]]) -> bytes:
    """The file of these hosts, by name.

    Two things that no check asks for are left out: sizes other than those that
    :mod:`collide.shadowing` compares and those of data; and, of an object that
    every host has loaded itself, the references other than to unique symbols.
    """
    hosts = sorted(hosts, key=lambda host: host[0].name)
    keys: dict[str, int] = {}
    wanted: dict[int, set[str] | None] = {}
    for _, profile in hosts:
        unique = frozenset(_unique_names(profile))
        for number, (o, t) in enumerate(_objects(profile)):
            key = keys.setdefault(_identity(o, t), len(keys))
            known = wanted.setdefault(key, set())
            if number >= profile["loaded"]:
                wanted[key] = None
            elif known is not None:
                known |= unique
    blobs = _Blobs()
    index = []
    for summary, profile in hosts:
        head = {name: value for name, value in profile.items() if name != "tables"}
        numbers = [keys[_identity(o, t)] for o, t in _objects(profile)]
        head["blobs"] = [
            [number, *_tables(blobs, o, t, wanted[number])]
            for number, (o, t) in zip(numbers, _objects(profile), strict=True)
        ]
        head["facts"] = [{name: o[name] for name in FACTS} for o in profile["objects"]]
        head["objects"] = [
            {name: value for name, value in o.items() if name not in FACTS}
            for o in profile["objects"]
        ]
        index.append([*_row(summary), blobs.add(_lines(head), "heads")])
    return blobs.to_bytes(_dump(index))


def unpack(database: Database, name: str) -> Profile:
    """The profile of a shipped host, with what is left of its tables."""
    host = database.load(name)
    by_path = {file.path: file.object for file in host.files.by_path.values()}  # type: ignore[attr-defined]
    head = database.head(name)
    described = [by_path[o["path"]] for o in head["objects"]]
    tables = [
        {
            "exports": exports_table(obj.exports),
            "references": references_table(obj.references),
        }
        for obj in described
    ]
    return {**head, "tables": tables}


@cache
def shipped_file(name: str) -> bytes:
    """A shipped host as a profile file."""
    return to_bytes(unpack(database(), name), compressed=False)


def _objects(profile: Profile) -> Iterator[tuple[Profile, Profile]]:
    return zip(profile["objects"], profile["tables"], strict=True)


def _identity(recorded: Profile, tables: Profile) -> str:
    digest = hashlib.sha256(_dump([{name: recorded[name] for name in FACTS}, tables]))
    return digest.hexdigest()


def _unique_names(profile: Profile) -> Iterator[str]:
    for table in profile["tables"][: profile["loaded"]]:
        exports = table["exports"]
        unique = {i for i, row in enumerate(exports["attributes"]) if row[1] == "UNIQUE"}
        if unique:
            columns = zip(exports["names"], exports["attribute"], strict=True)
            yield from (name for name, row in columns if row in unique)


def _row(summary: Summary) -> list[Any]:
    loader, python = summary.loader, summary.python
    return [
        *(summary.name, summary.groups, summary.source, summary.architecture),
        *(loader.libc, loader.version),
        [python.implementation, *python.version, python.abi_flags] if python else None,
    ]


def _dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _lines(head: Profile) -> bytes:
    """JSON with a line for each object, so that heads of one system are alike."""
    parts = []
    for name, value in sorted(head.items()):
        if name in ("facts", "objects", "blobs"):
            rows = b",\n".join(map(_dump, value))
            parts.append(_dump(name) + b":[\n" + rows + b"\n]")
        else:
            parts.append(_dump(name) + b":" + _dump(value))
    return b"{" + b",\n".join(parts) + b"}"


# -- tables ---------------------------------------------------------------------------------------


def _tables(
    blobs: _Blobs, recorded: Profile, tables: Profile, wanted: set[str] | None
) -> tuple[int, int, int]:
    family = basename(recorded["path"]).partition(".so")[0].rstrip("-.0123456789")
    return (
        blobs.add(_exports(tables["exports"]), f"exports of {family}"),
        blobs.add(_sizes(tables["exports"]), f"sizes of {family}"),
        blobs.add(_references(tables["references"], wanted), f"references of {family}"),
    )


def _number(numbers: Mapping[str, int], name: str) -> int:
    return numbers[name] if name in numbers else int(name)


def _exports(exports: Profile) -> bytes:
    rows = [
        [
            _number(_TYPES, kind),
            _number(_BINDINGS, binding),
            _VISIBILITIES[visibility],
            *rest,
        ]
        for kind, binding, visibility, *rest in exports["attributes"]
    ]
    kind_of: dict[str, tuple[int, ...]] = {}
    for name, row in zip(exports["names"], exports["attribute"], strict=True):
        kind_of[name] = (*kind_of.get(name, ()), row)
    kinds = {kind: number for number, kind in enumerate(sorted(set(kind_of.values())))}
    header = {"rows": rows, "kinds": list(kinds)}
    return _columns(header, [(name, kinds[kind]) for name, kind in kind_of.items()])


def _columns(header: Profile, columns: Sequence[tuple[str, int]]) -> bytes:
    numbers = [number for _, number in columns]
    wide = max(numbers, default=0) > 255
    data = struct.pack(f"<{len(numbers)}I", *numbers) if wide else bytes(numbers)
    text = "\n".join(name for name, _ in columns)
    if text.count("\n") != max(len(numbers) - 1, 0) or STAND_IN in text:
        raise ValueError("a control character in a name")
    releases = Counter(re.findall(r"_\d\d", text)).most_common(1)
    release = releases[0][0] if releases and releases[0][1] > len(numbers) // 2 else ""
    if release:
        text = text.replace(release, STAND_IN)
    header = {**header, "count": len(numbers), "release": release, "wide": wide}
    return _dump(header) + b"\n" + data + text.encode("utf-8", "surrogateescape")


def _sizes(exports: Profile) -> bytes:
    attributes = exports["attributes"]
    data = [kind not in ("FUNC", "IFUNC", "NOTYPE") for kind, *_ in attributes]
    weak = [binding != "GLOBAL" for _, binding, *_ in attributes]
    first: dict[str, int] = {}
    several: dict[str, list[int]] = {}
    for name, row, size in zip(
        exports["names"], exports["attribute"], exports["sizes"], strict=True
    ):
        size = size if data[row] or (weak[row] and name.startswith("_Z")) else 0
        if name in first:
            several.setdefault(name, [first[name]]).append(size)
        else:
            first[name] = size
    places = {name: at for at, name in enumerate(first)}
    header = {str(places[name]): sizes for name, sizes in several.items()}
    return _dump(header) + b"\n" + struct.pack(f"<{len(first)}I", *first.values())


def _references(references: Profile, wanted: set[str] | None) -> bytes:
    rows = [
        [version, exact, CLASS_NAMES.index(kind), weak, _VISIBILITIES[visibility], defined]
        for version, exact, kind, weak, visibility, defined in references["attributes"]
    ]
    columns = [
        (name, row)
        for name, row in zip(references["names"], references["attribute"], strict=True)
        if wanted is None or name in wanted
    ]
    used = sorted({row for _, row in columns})
    numbers = {row: number for number, row in enumerate(used)}
    header = {"rows": [rows[row] for row in used]}
    return _columns(header, [(name, numbers[row]) for name, row in columns])
