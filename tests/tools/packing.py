"""Profiles to the file of :mod:`collide.hosts.database.reader`: equal in, equal out."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from posixpath import basename
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from collide.elf.constants import VISIBILITY_NAMES
from collide.elf.machines import CLASS_NAMES
from collide.hosts.database import database
from collide.hosts.database.names import STAND_IN
from collide.hosts.database.reader import (
    HEADS,
    MAGIC,
    OBJECT,
    OBJECTS,
    Database,
    Summary,
    use_hash,
    use_key,
)
from collide.hosts.profile_file.write import (
    exports_table,
    references_table,
    to_bytes,
    uses_table,
)
from collide.loader.host import Host
from packing_names import OF_A_RELEASE, pack_names, release_of

Profile = Mapping[str, Any]
_WORTH, _DEPTH = 0.8, 2
"""A delta is kept where it takes less than this part of the text itself."""
_OF_A_RELEASE = 0.5
"""Such a part of an object's references has a release in them where it is taken out."""
_VISIBILITIES = {name: number for number, name in VISIBILITY_NAMES.items()}


class _Member(NamedTuple):
    """A text that others may be deltas to: how many deltas it is away from a whole one."""

    number: int
    depth: int
    text: bytes
    places: Mapping[bytes, int]


class _Blobs:
    """Numbered texts, each once; a text that resembles an earlier one of its family is a delta."""

    def __init__(self, packed: Sequence[tuple[bytes, int, int]] = ((b"", 0, 0),)) -> None:
        self._numbers: dict[bytes, int] = {}
        self._packed = list(packed)
        self._families: dict[str, list[_Member]] = {}

    def add(self, text: bytes, family: str) -> int:
        """The number of ``text``."""
        if text not in self._numbers:
            self._numbers[text] = number = len(self._packed)
            best, base, depth, size = _compress(text), 0, 0, len(text)
            cost = _WORTH * len(best)
            members = self._families.setdefault(family, [])
            for member in members:
                changes = make_delta(member.text, text, member.places)
                delta = _compress(changes)
                # A longer way to the text has to be worth it, too.
                if len(delta) / _WORTH**member.depth < cost:
                    best, base, depth = delta, member.number + 1, member.depth + 1
                    cost, size = len(delta) / _WORTH**member.depth, len(changes)
            if depth < _DEPTH:
                members.append(_Member(number, depth, text, _line_places(text)))
            self._packed.append((best, base, size))
        return self._numbers[text]

    def extend(self, texts: Iterable[bytes]) -> int:
        """The number of the first of ``texts``, which have the following ones, each whole."""
        first = len(self._packed)
        self._packed += [(_compress(text), 0, len(text)) for text in texts]
        return first

    def to_bytes(self, index: bytes) -> bytes:
        """The file, with ``index`` as blob 0."""
        self._packed[0] = zlib.compress(index, 9), 0, len(index)
        count = len(self._packed)
        packed, bases, sizes = zip(*self._packed, strict=True)
        numbers = *map(len, packed), *bases, *sizes
        directory = zlib.compress(struct.pack(f"<{3 * count}I", *numbers), 9)
        head = MAGIC + struct.pack("<2I", count, len(directory)) + directory
        return head + b"".join(packed)


def _compress(text: bytes) -> bytes:
    return zlib.compress(text, 9)


def _line_places(text: bytes) -> dict[bytes, int]:
    places: dict[bytes, int] = {}
    at = 0
    for line in text.splitlines(keepends=True):
        places.setdefault(line, at)
        at += len(line)
    return places


def make_delta(base: bytes, text: bytes, places: Mapping[bytes, int] | None = None) -> bytes:
    """What ``apply_delta`` of the reader makes ``text`` of; ``places`` are base's lines."""
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


def summary_of(host: Host, groups: tuple[str, ...], source: str) -> Summary:
    """What the index of a database says of a host."""
    return Summary(host.name, groups, source, host.architecture, host.python, host.loader)


def pack(hosts: Iterable[tuple[Summary, Profile]]) -> bytes:
    """The file of these hosts, by name.

    Two things that no check asks for are left out: sizes other than those that
    :mod:`collide.binding.shadowing` compares and those of data; and the references of an object
    that every host has loaded itself, but for those to unique symbols, or that only modules of the
    interpreter bring.
    """
    hosts = sorted(hosts, key=lambda host: host[0].name)
    objects: dict[str, int] = {}
    whole: dict[int, Profile] = {}
    wanted: dict[int, set[str] | None] = {}
    # What a check may read stands together, apart from what only own modules bring.
    for is_visible in (True, False):
        for _, profile in hosts:
            unique = frozenset(_unique_names(profile))
            visible = profile.get("visible", len(profile["objects"]))
            for at, parts in enumerate(_objects(profile)):
                if (at < visible) is not is_visible:
                    continue
                number = objects.setdefault(_identity(*parts), len(objects))
                whole[number] = _longer(whole.get(number, parts[2]), parts[2])
                known = wanted.setdefault(number, set())
                if profile["loaded"] <= at < visible:
                    wanted[number] = None
                elif known is not None and is_visible:
                    known |= unique
    blobs = _Blobs()
    lines: dict[int, bytes] = {}
    tables = _Tables()
    index, heads = [], []
    for summary, profile in hosts:
        numbers = [objects[_identity(*parts)] for parts in _objects(profile)]
        for number, (architecture, recorded, _) in zip(numbers, _objects(profile), strict=True):
            if number not in lines:
                packed = whole[number]
                references = _references(packed["references"], wanted[number])
                lines[number] = _dump(
                    _values(
                        recorded,
                        architecture=architecture,
                        exports=tables.number(packed["exports"]),
                        references=blobs.add(references, f"references of {_family(recorded)}"),
                        pointer_uses=blobs.add(_uses(packed), f"uses of {_family(recorded)}")
                        if "pointer_uses" in packed
                        else 0,
                    )
                )
        head, needs = _head(profile, numbers)
        heads.append(head)
        index.append([*_row(summary), blobs.add(needs, "needs")])
    first_head = blobs.extend(_joined(heads, HEADS))
    first = blobs.extend(_joined([lines[number] for number in range(len(lines))], OBJECTS))
    names = tables.add(blobs)
    return blobs.to_bytes(
        _dump({"hosts": index, "names": names, "heads": first_head, "objects": first})
    )


def _joined(lines: Sequence[bytes], each: int) -> Iterator[bytes]:
    """The lines, so many in each text."""
    yield from (b"\n".join(lines[at : at + each]) for at in range(0, len(lines), each))


def with_offers(file: bytes, offers: Mapping[str, str]) -> bytes:
    """A packed file with the libraries that packages of each host's system bring (``offers.py``).

    They are the last blob; that of an earlier call is replaced. Most lines are those of several
    systems, and each is there once.
    """
    old, index = _opened(file)
    blobs = _Blobs(old.packed()[: index["offers"][0] if "offers" in index else None])
    numbers: dict[str, int] = {}
    has: dict[str, list[int]] = {}
    systems = {}
    for name, text in sorted(offers.items()):
        if text and text not in numbers:
            for line in text.splitlines():
                has.setdefault(line, []).append(len(numbers))
            numbers[text] = len(numbers)
        if text:
            systems[name] = numbers[text]
    lists = {some: number for number, some in enumerate(sorted({*map(tuple, has.values())}))}
    column = struct.pack(f"<{len(has)}H", *(lists[tuple(has[line])] for line in sorted(has)))
    head = _dump({"count": len(has), "systems": list(lists)})
    packed = head + b"\n" + column + "\n".join(sorted(has)).encode()
    index["offers"] = [blobs.extend([packed]), systems]
    return blobs.to_bytes(_dump(index))


def squeezed(file: bytes) -> bytes:
    """The same file, each blob as small as DEFLATE can be (Zopfli); it takes minutes."""
    import zopfli.zlib  # late: only who records hosts has it

    old, index = _opened(file)

    def smaller(packed: bytes) -> bytes:
        again: bytes = zopfli.zlib.compress(zlib.decompress(packed), numiterations=5)
        return min(packed, again, key=len)

    blobs = _Blobs([(smaller(packed), base, size) for packed, base, size in old.packed()])
    return blobs.to_bytes(_dump(index))


def _opened(file: bytes) -> tuple[Database, dict[str, Any]]:
    """A packed file, and its index."""
    with TemporaryDirectory() as directory:
        path = Path(directory, "hosts.db")
        path.write_bytes(file)
        opened = Database(path)
        return opened, json.loads(opened.blob(0))


class _Tables:
    """The exports of all objects, each once."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._exports: list[Profile] = []

    def number(self, exports: Profile) -> int:
        """The number that :mod:`collide.hosts.database.names` gives these exports."""
        number = self._numbers.setdefault(_dump(exports), len(self._exports))
        if number == len(self._exports):
            self._exports.append(exports)
        return number

    def add(self, blobs: _Blobs) -> list[Any]:
        """Their :class:`collide.hosts.database.names.Place`."""
        packed = pack_names(self._exports)
        directory = blobs.extend([packed.directory, *packed.blocks])
        others = map(
            blobs.extend, ([packed.classes], [packed.tables], [packed.kinds], [packed.sizes])
        )
        return [directory, *others, packed.releases]


def _values(recorded: Profile, **others: object) -> list[Any]:
    """The values of ``OBJECT``."""
    found = recorded["found"]
    values = {**recorded, **others, "found": [found["how"], found["by"]]}
    return [values[key] for key in OBJECT]


def _family(recorded: Profile) -> str:
    return basename(str(recorded["path"])).partition(".so")[0].rstrip("-.0123456789")


def _head(profile: Profile, numbers: Sequence[int]) -> tuple[bytes, bytes]:
    """The texts of a host's head and of its needs."""
    objects = profile["objects"]
    head = {
        **{key: value for key, value in profile.items() if key not in ("objects", "tables")},
        "numbers": numbers,
        "needed_by": [o["needed_by"] for o in objects],
        "needs": [[need["object"] for need in o["needs"]] for o in objects],
    }
    found = [
        [[need["name"], need["found"]["how"], need["found"]["by"]] for need in o["needs"]]
        for o in objects
    ]
    return _dump(dict(sorted(head.items()))), b"[" + b",\n".join(map(_dump, found)) + b"]"


def unpack(database: Database, name: str) -> Profile:
    """The profile of a shipped host, with what is left of its tables."""
    host = database.load(name)
    by_path = {dso.path: dso for dso in host.own.files.by_path.values()}  # type: ignore[union-attr]
    head = database.head(name)
    described = [by_path[o["path"]] for o in head["objects"]]
    tables = [
        {
            "exports": exports_table(dso.elf.exports),
            "references": references_table(dso.elf.references),
            **({"pointer_uses": uses} if (uses := uses_table(dso)) else {}),
        }
        for dso in described
    ]
    return {**head, "tables": tables}


@cache
def shipped_file(name: str) -> bytes:
    """A shipped host as a profile file."""
    return to_bytes(unpack(database(), name), compressed=False)


def _objects(profile: Profile) -> Iterator[tuple[str, Profile, Profile]]:
    """Architecture, description and tables of each object."""
    for recorded, tables in zip(profile["objects"], profile["tables"], strict=True):
        yield profile["architecture"], recorded, tables


def _identity(architecture: str, recorded: Profile, tables: Profile) -> str:
    described = _values(
        recorded, architecture=architecture, exports=0, references=0, pointer_uses=0
    )
    # One build has one table, of which a host that is kept has a part (:func:`unpack`).
    parts = [described] if recorded["build_id"] else [described, tables]
    return hashlib.sha256(_dump(parts)).hexdigest()


def _longer(one: Profile, other: Profile) -> Profile:
    """The tables with more references; what functions use is of either."""
    most = max(one, other, key=lambda tables: len(tables["references"]["names"]))
    uses = one.get("pointer_uses") or other.get("pointer_uses")
    return {**most, "pointer_uses": uses} if uses else most


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


# -- references -----------------------------------------------------------------------------------


def _columns(header: Profile, columns: Sequence[tuple[str, int]]) -> bytes:
    numbers = [number for _, number in columns]
    wide = max(numbers, default=0) > 255
    data = struct.pack(f"<{len(numbers)}I", *numbers) if wide else bytes(numbers)
    text = "\n".join(name for name, _ in columns)
    release = release_of([name for name, _ in columns], _OF_A_RELEASE)
    if release:
        text = text.replace(release, STAND_IN)
    header = {**header, "count": len(numbers), "release": release, "wide": wide}
    return _dump(header) + b"\n" + data + text.encode("utf-8", "surrogateescape")


def _uses(tables: Profile) -> bytes:
    """What functions of an object use.

    Of functions whose hash others of the object have, too, the names are kept.
    """
    uses, exports = tables["pointer_uses"], tables["exports"]
    names = exports["names"]
    release = release_of(names, OF_A_RELEASE)
    versions = [exports["attributes"][row][3] for row in exports["attribute"]]
    keys = [
        use_key(name.replace(release, STAND_IN) if release else name, version)
        for name, version in zip(names, versions, strict=True)
    ]
    hashes = [use_hash(key) for key in keys]
    shared = {found for found, count in Counter(hashes).items() if count > 1}
    by_pattern: dict[str, list[str]] = {}
    lines = []
    for row, number in zip(uses["rows"], uses["pattern"], strict=True):
        parts = uses["patterns"][number]
        pattern = ";".join(f"{one}:{','.join(map(str, at))}" for one, at in parts)
        if hashes[row] in shared:
            lines.append(f"{pattern}  {keys[row]}")
        else:
            by_pattern.setdefault(pattern, []).append(hashes[row])
    # A hash that is shared must not answer for the functions that use nothing.
    lines += [f"{pattern} {''.join(sorted(found))}" for pattern, found in by_pattern.items()]
    return "\n".join(sorted(lines)).encode("utf-8", "surrogateescape")


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
