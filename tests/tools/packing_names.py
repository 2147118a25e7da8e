"""Exports of all objects to the blobs of :mod:`collide.hosts.database.names`."""

from __future__ import annotations

import json
import re
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from collide.elf.constants import BINDING_NAMES, TYPE_NAMES, VISIBILITY_NAMES
from collide.hosts.database.names import STAND_IN
from collide.hosts.profile_file.symbols import Attributes

_BLOCK, _NAMES = 24_000, 600
"""Characters in a block, of each name those that the one before does not begin with; names."""
OF_A_RELEASE = 0.98
"""Such a part of the names of a library has its release in them where it is taken out."""
_TYPES = {name: number for number, name in TYPE_NAMES.items()}
_BINDINGS = {name: number for number, name in BINDING_NAMES.items()}
_VISIBILITIES = {name: number for number, name in VISIBILITY_NAMES.items()}

_Kind = tuple[Attributes, ...]
_Sizes = tuple[int, ...]
_Class = tuple[tuple[int, int], ...]


class _Member(NamedTuple):
    """What one table says of a name."""

    table: int
    kind: _Kind
    sizes: _Sizes


class PackedNames(NamedTuple):
    """The texts of the blobs, as ``Place`` of the reader has them, and the releases."""

    directory: bytes
    blocks: Sequence[bytes]
    classes: bytes
    tables: bytes
    kinds: bytes
    sizes: bytes
    releases: Mapping[str, str]


def pack_names(tables: Sequence[Mapping[str, Any]]) -> PackedNames:
    """The ``exports`` of profiles, by the number of the table that each becomes."""
    holders: dict[str, list[_Member]] = {}
    releases = {}
    for number, exports in enumerate(tables):
        release = release_of(exports["names"], OF_A_RELEASE)
        if release:
            releases[str(number)] = release
        for name, kind, sizes in _defined(exports):
            kept = name.replace(release, STAND_IN) if release else name
            holders.setdefault(kept, []).append(_Member(number, kind, sizes))
    kinds = _Numbers({m.kind for members in holders.values() for m in members})
    classes = _Numbers({_class(members, kinds) for members in holders.values()} or {()})
    sizes_of = _Numbers({"0", *map(_size_line, holders.values())})
    blocks, runs, firsts = [], [], []
    for names in list(_cut(sorted(holders))) or [[]]:
        class_of = {name: classes[_class(holders[name], kinds)] for name in names}
        ordered = sorted(names, key=lambda name: (class_of[name], name))
        blocks.append(_block(ordered, [sizes_of[_size_line(holders[name])] for name in ordered]))
        # Counter keeps the order in which it meets them.
        runs.append(list(Counter(class_of[name] for name in ordered).items()))
        firsts.append(names[0] if names else "")
    return PackedNames(
        _directory(runs, firsts),
        blocks,
        b"\n".join(_line(c) for c in classes),
        b"\n".join(_line(_of_table(number, classes)) for number in range(len(tables))),
        b"\n".join(json.dumps(kind, separators=(",", ":")).encode() for kind in kinds),
        "\n".join(sizes_of).encode(),
        releases,
    )


def release_of(names: Sequence[str], part: float) -> str:
    """What more than this ``part`` of the names has in it, as ICU's ``_72``; or nothing."""
    if any("\n" in name or STAND_IN in name for name in names):
        raise ValueError("a control character in a name")
    for release, _ in Counter(re.findall(r"_\d\d", "\n".join(names))).most_common(1):
        if sum(release in name for name in names) > part * len(names):
            return str(release)
    return ""


class _Numbers(dict[Any, int]):
    """Distinct values, numbered in a stable order; ``"0"`` is the first of the sizes."""

    def __init__(self, values: Iterable[Any]) -> None:
        ordered = sorted(values, key=lambda value: (value != "0", repr(value)))
        super().__init__(zip(ordered, range(len(ordered)), strict=True))


def _defined(exports: Mapping[str, Any]) -> Iterator[tuple[str, _Kind, _Sizes]]:
    """Each name with its definitions, and with those of their sizes that are kept."""
    rows = [
        Attributes(
            _number(_TYPES, kind), _number(_BINDINGS, binding), _VISIBILITIES[visibility], *rest
        )
        for kind, binding, visibility, *rest in exports["attributes"]
    ]
    defined: dict[str, tuple[_Kind, _Sizes]] = {}
    for name, number, size in zip(
        exports["names"], exports["attribute"], exports["sizes"], strict=True
    ):
        kind, sizes = defined.get(name, ((), ()))
        row = rows[number]
        defined[name] = (*kind, row), (*sizes, size if row.has_size(name) else 0)
    return ((name, kind, sizes) for name, (kind, sizes) in defined.items())


def _number(numbers: Mapping[str, int], name: str) -> int:
    return numbers[name] if name in numbers else int(name)


def _class(members: Sequence[_Member], kinds: Mapping[_Kind, int]) -> tuple[tuple[int, int], ...]:
    return tuple((m.table, kinds[m.kind]) for m in members)


def _of_table(table: int, classes: Mapping[_Class, int]) -> Iterator[tuple[int, int]]:
    """The classes that have a table, and its kind in each."""
    for members, number in classes.items():
        yield from ((number, kind) for member, kind in members if member == table)


def _line(pairs: Iterable[tuple[int, int]]) -> bytes:
    return "".join(f" {one}:{other}" for one, other in pairs).encode()


def _size_line(members: Sequence[_Member]) -> str:
    distinct = {size for m in members for size in m.sizes}
    if len(distinct) == 1:
        return str(*distinct)
    return " ".join(",".join(map(str, m.sizes)) for m in members)


def _cut(names: Sequence[str]) -> Iterator[list[str]]:
    """The names, sorted, in blocks."""
    block: list[str] = []
    size, last = 0, ""
    for name in names:
        block.append(name)
        size += len(name) - _common(last, name) + 2
        last = name
        if size >= _BLOCK or len(block) == _NAMES:
            yield block
            block, size = [], 0
    if block:
        yield block


def _common(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _block(names: Sequence[str], sizes: Sequence[int]) -> bytes:
    column = struct.pack(f"<{len(sizes)}H", *sizes)
    return column + "\n".join(names).encode("utf-8", "surrogateescape")


def _directory(runs: Sequence[Sequence[tuple[int, int]]], firsts: Sequence[str]) -> bytes:
    classes = [class_ for block in runs for class_, _ in block]
    counts = [count for block in runs for _, count in block]
    numbers = [len(runs), *map(len, runs), *classes, *counts]
    text = "\n".join(firsts).encode("utf-8", "surrogateescape")
    return struct.pack(f"<{len(numbers)}I", *numbers) + text
