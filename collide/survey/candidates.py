"""Finds by a join which two wheels of a dataset can change something for each other on one host.

To compare each wheel with each is the square of their number. The join gives every pair that
:func:`collide.analysis.pair_traces.shared_by` finds something in, and few more: wheels meet in a
name, and those that have a name from the same files are one class, which is met at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Pair: TypeAlias = tuple[str, str]


def candidates(traces: Iterable[tuple[str, str, str, str]]) -> dict[Pair, set[str]]:
    """Pairs of wheels, each sorted, with their causes; ``traces`` are wheel, kind, name, path.

    Two wheels of one project are none, as they are never installed together.
    """
    files: dict[str, dict[str, dict[str, set[str]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(set))
    )
    for wheel, kind, name, path in traces:
        files[kind][name][wheel].add(path)
    projects = {wheel: name for name, wheels in files["target"].items() for wheel in wheels if name}
    found: dict[Pair, set[str]] = defaultdict(set)
    for cause, join in _JOINS.items():
        for one, other in join(files):
            if projects.get(one, one) != projects.get(other, other):
                found[min(one, other), max(one, other)].add(cause)
    return dict(found)


def slices(pairs: Iterable[Pair], wheels: int) -> Iterator[list[Pair]]:
    """The pairs in parts, each of about so many wheels.

    A few wheels are in most pairs, so a pair goes where that one of the two is which has fewer:
    each part has those few, and any other wheel is in one part.
    """
    left = sorted(pairs)
    degree: dict[str, int] = defaultdict(int)
    for wheel in (wheel for pair in left for wheel in pair):
        degree[wheel] += 1
    of: dict[str, list[Pair]] = defaultdict(list)
    for pair in left:
        of[min(pair, key=lambda wheel: (degree[wheel], wheel))].append(pair)
    part: list[Pair] = []
    for index, wheel in enumerate(sorted(of), 1):
        part += of[wheel]
        if index % wheels == 0:
            yield part
            part = []
    if part:
        yield part


_Files = Mapping[str, Mapping[str, Mapping[str, set[str]]]]
"""By kind, name and wheel the paths that the wheel has the name from."""


def _classes(wheels: Mapping[str, set[str]]) -> dict[frozenset[str], list[str]]:
    found: dict[frozenset[str], list[str]] = defaultdict(list)
    for wheel, paths in wheels.items():
        found[frozenset(paths)].append(wheel)
    return found


def _soname(files: _Files) -> Iterator[Pair]:
    """One brings a library of the name that the other needs from another file."""
    brings, needs = files.get("brings", {}), files.get("needs", {})
    for name in brings.keys() & needs.keys():
        for (brought, ones), (needed, others) in product(
            _classes(brings[name]).items(), _classes(needs[name]).items()
        ):
            if brought != needed:
                yield from product(ones, others)


def _unique(files: _Files) -> Iterator[Pair]:
    """Both find a unique symbol, each its own."""
    met: set[frozenset[tuple[str, ...]]] = set()
    for wheels in files.get("unique", {}).values():
        classes = sorted(tuple(sorted(one)) for one in _classes(wheels).values())
        # A header has many such symbols, and the same wheels have all of them.
        if len(classes) > 1 and (key := frozenset(classes)) not in met:
            met.add(key)
            yield from _across(classes)


def _across(classes: Sequence[Sequence[str]]) -> Iterator[Pair]:
    for ones, others in combinations(classes, 2):
        yield from product(ones, others)


def _system(files: _Files) -> Iterator[Pair]:
    """One changes a system library that both load."""
    users = files.get("system", {})
    for name, takers in files.get("taken", {}).items():
        yield from product(takers, users.get(name, ()))


def _promoted(files: _Files) -> Iterator[Pair]:
    """One is opened RTLD_GLOBAL."""
    everyone = {wheel for wheels in files.get("target", {}).values() for wheel in wheels}
    for promoting in files.get("promotes", {}).values():
        yield from product(promoting, everyone)


def _file(files: _Files) -> Iterator[Pair]:
    """Both install a file at the same path."""
    shared = {frozenset(wheels) for wheels in files.get("file", {}).values()}
    for wheels in shared:
        yield from combinations(wheels, 2)


def _static_tls(files: _Files) -> Iterator[Pair]:
    """Their initial-exec TLS has no room together."""
    taking = sorted(
        (int(size), min(map(int, rooms)), wheel)
        for size, wheels in files.get("static-tls", {}).items()
        for wheel, rooms in wheels.items()
    )
    for (one, left, wheel), (other, room, second) in combinations(taking, 2):
        if one + other > min(left, room):
            yield wheel, second


_JOINS = {
    "soname": _soname,
    "unique": _unique,
    "system": _system,
    "promoted": _promoted,
    "file": _file,
    "static-tls": _static_tls,
}
"""Why two wheels are a candidate."""
