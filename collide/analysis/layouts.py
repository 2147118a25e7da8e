"""Compares the layouts of structures in two copies of a library, by the code of both.

A function that gets a pointer to a structure reads and writes it at fixed offsets. Two copies of
one function that use as many offsets, all of which have moved in one direction or stayed, were
compiled with another layout: a field before them is new, or gone, or has another size. Where the
numbers of offsets differ the function itself was changed, which tells nothing. By itself it is no
proof: what only the library makes and looks into may lie differently. Where the caller lends the
function memory of its own (:mod:`collide.elf.code.lent`), the caller was compiled with one of the
two layouts, and the function works by the other.
"""

from __future__ import annotations

from collide.elf.code.lent import lent_arguments
from collide.elf.code.pointer_uses import is_comparable
from collide.elf.headers import Image
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from collide.binding.binding import Binding
    from collide.elf.code.call_graph import Calls
    from collide.elf.symbols import Uses
    from collide.loader.lookup import Match
    from collide.loader.model import Dso

_MOST = 300
"""So many functions are compared, of all names in equal steps: each is decoded twice."""


class Moved(NamedTuple):
    """A function that uses a structure at other offsets: the last one in either copy."""

    name: str
    ours: int
    theirs: int


class Layouts(NamedTuple):
    """How many functions were compared, in how many all offsets are equal, and which moved.

    ``lent`` are those of the moved ones whose structure lies in memory of the caller. ``ours`` and
    ``theirs`` are all the offsets that the functions known in both copies use in either one.
    """

    compared: int
    equal: int
    moved: tuple[Moved, ...]
    lent: tuple[Moved, ...] = ()
    ours: AbstractSet[int] = frozenset()
    theirs: AbstractSet[int] = frozenset()

    def know(self, kept: Iterable[Match]) -> bool:
        """Whether ``kept`` functions of our copy use what the host's copy knows, and no more.

        A later release of a structure that only gets fields at its end keeps the places of all
        others: then our copy uses all that the host's does, nothing has moved, and functions
        that the host's lacks use places among those. False where nothing was compared, and where
        one uses no structure that it gets: it may use variables of its own copy instead.
        """
        functions = tuple(kept)
        if not self.theirs or self.moved or not self.ours >= self.theirs:
            return False
        uses = _uses(filter(_has_code, functions))
        used = frozenset[int]().union(*(at for of in uses.values() for at in of.values()))
        return all(map(uses.get, functions)) and self.theirs >= used


def compare_layouts(bindings: Iterable[Binding], caller: Dso) -> Layouts | None:
    """The layouts that the intended and the actual functions of ``bindings`` were compiled with.

    ``caller`` is the object that calls them.

    None where no function is known on both sides: those of a recorded host are where its profile
    tells what they use. Those that use no structure by a pointer that they get are not compared.
    """
    pairs: dict[str, tuple[Match, Match]] = {}
    taken = tuple(bindings)
    for b in taken:
        if b.actual and b.intended and _has_code(b.intended) and is_comparable(b.actual.definition):
            pairs[b.reference.name] = b.intended, b.actual
    chosen = sorted(pairs)[:: -(-len(pairs) // _MOST) or 1]
    uses = _uses(match for name in chosen for match in pairs[name])
    known = [name for name in chosen if uses.keys() >= set(pairs[name])]
    if not known:
        return None
    found: dict[str, Offsets] = {}
    for name in known:
        ours, theirs = map(uses.__getitem__, pairs[name])
        if both := {k: (ours[k], theirs[k]) for k in sorted(ours.keys() & theirs.keys())}:
            found[name] = both
    equal = sum(all(one == other for one, other in both.values()) for both in found.values())
    moved = [m[0] for name, both in found.items() if (m := [*_moved(name, both)])]
    lent = tuple(_lent(caller, found, taken)) if moved else ()
    of_sides = ([at for k in known for at in uses[pairs[k][side]].values()] for side in (0, 1))
    sides = (frozenset[int]().union(*of) for of in of_sides)
    return Layouts(len(found), equal, tuple(moved), lent, *sides)


Offsets = dict[int, tuple["AbstractSet[int]", "AbstractSet[int]"]]
"""By the numbers of arguments the offsets that both copies of a function use."""


def _moved(name: str, both: Offsets) -> Iterator[Moved]:
    for one, other in both.values():
        if _has_moved(one, other):
            yield Moved(name, max(one), max(other))


def _lent(
    caller: Dso, compared: Mapping[str, Offsets], taken: Iterable[Binding]
) -> Iterator[Moved]:
    """Those that get a pointer into the caller's own memory, by an argument that has moved.

    Where the library is linked into the caller, the host's functions run in place of its own, and
    what only these lend does not count. Nor does a function that seems to have moved fields which
    both copies of another one, that is lent memory, too, have in their old places.
    """
    calls = caller.calls
    if calls is None:
        return
    users = frozenset[int]().union(*map(calls.users, compared))
    inside = [(b.intended, b.actual) for b in taken if b.intended and b.actual]
    inside = [(ours, theirs) for ours, theirs in inside if ours.dso is caller]
    if inside:
        replaced = {ours.definition.value or 0 for ours, _ in inside}
        hosts = {theirs.dso for _, theirs in inside}
        names = caller.elf.exports.names
        offered = frozenset[str]().union(*(dso.elf.exports.defined(names) for dso in hosts))
        users &= calls.running().led_to(users, _entered(caller, calls, offered), replaced)

    def image() -> Image:
        return Image(memoryview(caller.read()))

    lent = lent_arguments(image, calls, compared, users)
    own = [
        (name, {k: compared[name][k] for k in compared[name].keys() & of})
        for name, of in sorted(lent.items())
    ]
    stay = {at for _, both in own for one, other in both.values() if one == other for at in one}
    for name, both in own:
        sets = [(sorted(one), sorted(other)) for one, other in both.values()]
        gone = {a for one, other in sets for a, b in zip(one, other, strict=False) if a != b}
        if stay.isdisjoint(gone):
            yield from [*_moved(name, both)][:1]


def _entered(dso: Dso, calls: Calls, offered: AbstractSet[str]) -> AbstractSet[int]:
    """What data, a constructor or a name that the host has not ``offered`` leads to."""
    named = calls.offered(dso.elf.exports).items()
    own = {function for function, names in named if not offered >= frozenset(names)}
    return own | calls.tables | calls.constructors


def _has_code(match: Match) -> bool:
    definition = match.definition
    return is_comparable(definition) and definition.size > 0


def _uses(matches: Iterable[Match]) -> dict[Match, Uses]:
    """What each function uses that is known; each object is read once for all of its own."""
    by_dso: dict[Dso, list[Match]] = {}
    for match in matches:
        by_dso.setdefault(match.dso, []).append(match)
    found = {}
    for dso, some in by_dso.items():
        known = dso.uses(match.definition for match in some)
        found.update({m: known[m.definition] for m in some if m.definition in known})
    return found


def _has_moved(one: AbstractSet[int], other: AbstractSet[int]) -> bool:
    """Whether equally many offsets have moved in one direction, or stayed, but not all of them."""
    if len(one) != len(other):
        return False
    by = [b - a for a, b in zip(sorted(one), sorted(other), strict=True)]
    return any(by) and (min(by) >= 0 or max(by) <= 0)
