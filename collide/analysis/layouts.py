"""Compares the layouts of structures in two copies of a library, by the code of both.

A function that gets a pointer to a structure reads and writes it at fixed offsets. Two copies of
one function that use as many offsets, all of which have moved in one direction or stayed, were
compiled with another layout: a field before them is new, or gone, or has another size. Where the
numbers of offsets differ the function itself was changed, which tells nothing. It is evidence
and no proof: what only the library itself makes and looks into may lie differently.
"""

from __future__ import annotations

from collide.elf.code.machine_code import ARGUMENTS
from collide.elf.code.pointers import used_offsets
from collide.elf.constants import STT_FUNC
from collide.elf.headers import Image
from collide.support.errors import FormatError
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from collide.binding.binding import Binding
    from collide.loader.lookup import Match
    from collide.loader.model import Dso

_MOST = 100
"""So many functions are compared, of all names in equal steps: each is decoded twice."""
_LONGEST = 3000
"""Bytes of a function that are looked at."""
_FEWEST = 2
"""Offsets of one pointer from which on it is one to a structure."""


class Moved(NamedTuple):
    """A function that uses a structure at other offsets: the last one in either copy."""

    name: str
    ours: int
    theirs: int


class Layouts(NamedTuple):
    """How many functions were compared, in how many all offsets are equal, and which moved."""

    compared: int
    equal: int
    moved: tuple[Moved, ...]


def compare_layouts(bindings: Iterable[Binding]) -> Layouts | None:
    """The layouts that the intended and the actual functions of ``bindings`` were compiled with.

    None where the code of one side is not at hand, as that of a recorded host, or where
    it is for a machine that is not known.
    """
    pairs: dict[str, tuple[Match, Match]] = {}
    for b in bindings:
        if b.actual and b.intended and _is_comparable(b.actual) and _is_comparable(b.intended):
            pairs[b.reference.name] = b.intended, b.actual
    images: dict[Dso, Image | None] = {}
    equal = compared = 0
    moved = []
    for name in sorted(pairs)[:: -(-len(pairs) // _MOST) or 1]:
        ours, theirs = (_offsets(match, images) for match in pairs[name])
        both = [(ours[k], theirs[k]) for k in sorted(ours.keys() & theirs.keys())]
        both = [(one, other) for one, other in both if min(len(one), len(other)) >= _FEWEST]
        if not both:
            continue
        compared += 1
        equal += all(one == other for one, other in both)
        moved += [
            Moved(name, max(one), max(other)) for one, other in both if _has_moved(one, other)
        ][:1]
    return Layouts(compared, equal, tuple(moved)) if compared else None


def _is_comparable(match: Match) -> bool:
    definition = match.definition
    return definition.type == STT_FUNC and bool(definition.value) and definition.size > 0


def _offsets(match: Match, images: dict[Dso, Image | None]) -> Mapping[int, AbstractSet[int]]:
    dso, definition = match
    if dso not in images:
        try:
            images[dso] = Image(memoryview(dso.read()))
        except FormatError:
            images[dso] = None
    image = images[dso]
    arguments = ARGUMENTS.get(image.machine.name) if image else None
    if image is None or arguments is None or definition.value is None:
        return {}
    try:
        code = bytes(image.at(definition.value)[: min(definition.size, _LONGEST)])
    except FormatError:
        return {}
    return used_offsets(image.machine.name, code, arguments)


def _has_moved(one: AbstractSet[int], other: AbstractSet[int]) -> bool:
    """Whether equally many offsets have moved in one direction, or stayed, but not all of them."""
    if len(one) != len(other):
        return False
    by = [b - a for a, b in zip(sorted(one), sorted(other), strict=True)]
    return any(by) and (min(by) >= 0 or max(by) <= 0)
