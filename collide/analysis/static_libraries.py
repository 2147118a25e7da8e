"""Where static libraries lie in the objects that they are linked into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from collide.binding.binding import Binding
from collide.elf.symbol_table import values_of_types
from collide.elf.symbols import CODE, is_code
from collide.loader.model import Dso, once_of


def place(b: Binding) -> tuple[int, ...]:
    """Address of the intended function, if it is one; data of a library lies elsewhere."""
    if b.intended is None or not is_code(b.intended.definition.type):
        return ()
    value = b.intended.definition.value
    return () if value is None else (value,)


def find_interiors(
    libraries: Iterable[tuple[Dso, Sequence[Binding], AbstractSet[str]]],
) -> dict[Dso, tuple[range, ...]]:
    """Where the libraries lie that are linked into victims: what is taken of each, and kept.

    The linker lays out an archive in one piece, but for what runs at load or hardly ever. So it is
    the stretch of the object in which its names exceed all others by the most.
    """
    found: dict[Dso, list[range]] = {}
    for victim, taken, kept in libraries:
        inside = [b for b in taken if b.intended and b.intended.dso is victim]
        if any(map(place, inside)):
            names = frozenset(b.reference.name for b in inside).union(kept)
            found.setdefault(victim, []).append(_interior(victim, names))
    return {victim: tuple(ranges) for victim, ranges in found.items()}


@once_of
def _interior(dso: Dso, names: frozenset[str]) -> range:
    places = function_places(dso)
    return densest({places[name] for name in names & places.keys()}, places.values())


def densest(chosen: AbstractSet[int], places: Iterable[int]) -> range:
    """The stretch in which the ``chosen`` of all ``places`` exceed the others by the most."""
    best = start = excess = 0
    found = range(0)
    for at in sorted({*places}):
        if excess <= 0:
            start, excess = at, 0
        excess += 1 if at in chosen else -1
        if excess > best:
            best, found = excess, range(start, at + 1)
    return found


@once_of
def names_in(dso: Dso, interiors: tuple[range, ...]) -> AbstractSet[str]:
    """The functions of an object, by their names, that lie in one of ``interiors``."""
    places = function_places(dso).items()
    return frozenset(n for n, at in places if any(at in one for one in interiors))


@once_of
def function_places(dso: Dso) -> Mapping[str, int]:
    """The addresses of an object's functions by their names."""
    return dict(values_of_types(dso.elf.exports, CODE))
