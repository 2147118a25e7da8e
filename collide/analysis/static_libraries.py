"""Where static libraries lie in the objects that they are linked into."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import groupby

from collide.binding.binding import Binding
from collide.elf.names import first_word
from collide.elf.symbol_table import values_of_types
from collide.elf.symbols import CODE, is_code
from collide.loader.model import Dso, once_of


def place(b: Binding) -> tuple[int, ...]:
    """Address of the intended function, if it is one; data of a library lies elsewhere."""
    if b.intended is None or not is_code(b.intended.definition.type):
        return ()
    value = b.intended.definition.value
    return () if value is None else (value,)


SHORTEST_PREFIX = 3
"""Characters from which on a common prefix of names is taken to be that of a library."""
Interior = tuple[range, ...]
"""Where the functions of one static library lie, in ascending order."""


def find_interiors(
    libraries: Iterable[tuple[Dso, Sequence[Binding], AbstractSet[str]]],
) -> dict[Dso, tuple[Interior, ...]]:
    """Where the libraries lie that are linked into victims: what is taken of each, and its names.

    The linker lays out an archive in one piece, but for what runs at load or hardly ever. So it is
    the stretch of the object in which its names exceed all others by the most. Around a function
    that Python asks for lie others of a module's own source file, which need no names.
    """
    found: dict[Dso, list[Interior]] = {}
    for victim, taken, names in libraries:
        if any(b.intended and b.intended.dso is victim and place(b) for b in taken):
            found.setdefault(victim, []).append(_interior(victim, frozenset(names)))
    return {victim: tuple(interiors) for victim, interiors in found.items()}


@once_of
def _interior(dso: Dso, names: frozenset[str]) -> Interior:
    from collide.analysis.reachability import initialisations  # late: start-up

    places = function_places(dso)
    chosen = {places[name] for name in names & places.keys()}
    entries = {places[name] for name in initialisations(dso) if name in places}
    stretch = densest(chosen, places.values())
    bounds = sorted(at for at in chosen | entries if at in stretch)
    return tuple(runs(chosen - entries, bounds))


def runs(chosen: AbstractSet[int], places: Iterable[int]) -> Iterator[range]:
    """The pieces in which all of the sorted ``places`` are ``chosen``, from first to last."""
    for is_chosen, run in groupby(places, chosen.__contains__):
        if is_chosen:
            first, *others = run
            yield range(first, (others[-1] if others else first) + 1)


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
def names_between(dso: Dso, interiors: tuple[Interior, ...]) -> AbstractSet[str]:
    """The functions of an object, by their names, from the first of a library to its last."""
    ranges = [range(one[0].start, one[-1].stop) for one in interiors if one]
    places = function_places(dso).items() if ranges else ()
    return frozenset(n for n, at in places if any(at in one for one in ranges))


@once_of
def function_places(dso: Dso) -> Mapping[str, int]:
    """The addresses of an object's functions by their names."""
    return dict(values_of_types(dso.elf.exports, CODE))


@once_of
def names_of_library(victim: Dso, provider: Dso, taken: frozenset[str]) -> AbstractSet[str]:
    """Names that a victim offers of a library linked into it.

    The provider offers them, too, or they begin with a word that several of the ``taken`` ones
    share: one name alone may have any.
    """
    words = Counter(first_word(name).lower() for name in taken)
    shared = [w for w, n in words.items() if n > 1 and len(w) >= SHORTEST_PREFIX]
    found = set(provider.elf.exports.defined(victim.elf.exports.names))
    lowered, names = _in_lower_case(victim)
    for word in shared:
        at = bisect_left(lowered, word)
        found.update(names[at : bisect_right(lowered, word, at, key=lambda n: n[: len(word)])])
    return frozenset(found)


@once_of
def _in_lower_case(dso: Dso) -> tuple[Sequence[str], Sequence[str]]:
    """The names that an object offers, sorted without regard to case: in lower case, and as is."""
    names = sorted(dso.elf.exports.names, key=str.lower)
    return [name.lower() for name in names], names
