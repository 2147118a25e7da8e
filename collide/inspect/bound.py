"""What the slots of a process hold: for each reference the definition that is really bound.

A slot holds an address; the object there and its symbol of that name and value are the actual
definition. Limits are those of :mod:`collide.verify.got_slots`, and two more states are told:
a jump slot that leads into its own object, and not to a definition of it, was not called yet
(lazy binding), and a word of 0 is a weak reference that nothing has satisfied.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from collide.binding.binding import Binding, BindingGroup, BoundObject
from collide.binding.shadowing import ReferenceBinder, is_shadowed
from collide.elf.constants import STT_GNU_IFUNC
from collide.elf.machines import CLASS_PLT
from collide.elf.symbols import Definition, Reference
from collide.inspect.snapshot import Loaded, Places, Snapshot
from collide.loader.link_map import LinkMap, closure
from collide.loader.lookup import Match
from collide.loader.model import Dso
from collide.processes.image import MemoryGapError
from collide.support.records import NamedTuple
from collide.verify.got_slots import Slot


class Counts(NamedTuple):
    """The slots of a process: bound, not called yet, empty, with an unknown or missing value.

    ``unknown`` lead to what is no definition of their name: chosen by the program, or an
    indirect function's other object. ``missing`` are in memory that could not be read.
    """

    bound: int = 0
    not_called: int = 0
    empty: int = 0
    unknown: int = 0
    missing: int = 0


class RealBindings(NamedTuple):
    """All objects of a process, bound as their slots say, and how many slots there are."""

    objects: dict[LinkMap, BoundObject]
    counts: Counts


def read_bindings(snapshot: Snapshot, own: AbstractSet[Dso]) -> RealBindings:
    """Read the slots of all objects; ``own`` are those whose order the host has chosen."""
    reader = _Reader(snapshot, own)
    objects = {one.map: reader.bound(one) for one in snapshot.loaded}
    return RealBindings(objects, reader.counts())


class _Reader:
    def __init__(self, snapshot: Snapshot, own: AbstractSet[Dso]) -> None:
        self._image = snapshot.image
        self._places = Places(snapshot.loaded)
        self._own = own
        self._one = ReferenceBinder(snapshot.host.process)
        self._counts = dict.fromkeys(Counts._fields, 0)

    def counts(self) -> Counts:
        return Counts(**self._counts)

    def bound(self, one: Loaded) -> BoundObject:
        """One object with the bindings of its slots."""
        closed = tuple(m.dso for m in closure(one.map))
        found: dict[Reference, Binding] = {}
        for reference, actual in self._actual(one):
            own = (dso for dso in closed if reference.name in dso.elf.exports.names)
            if actual.dso is closed[0]:
                intended: Match | None = actual
            else:
                intended = self._one.first(reference, own)
            shadowed = is_shadowed(actual, intended, self._own)
            found.setdefault(reference, Binding(reference, actual, intended, shadowed))
        definers = {b.intended.dso for b in found.values() if b.intended}
        group = BindingGroup(
            tuple(found.values()),
            tuple(dso for dso in closed if dso in definers),
            demands=self._one.rules.demands,
        )
        return BoundObject(one.map, (group,))

    def _actual(self, one: Loaded) -> Iterator[tuple[Reference, Match]]:
        references = {(r.name, r.version, r.lookup_class): r for r in one.map.elf.references}
        for slot in one.table.slots:
            reference = references.get((slot.symbol, slot.version, slot.lookup_class))
            if reference is None:
                continue
            state = self._state(one, slot)
            if isinstance(state, Match):
                self._counts["bound"] += 1
                yield reference, state
            else:
                self._counts[state] += 1

    def _state(self, one: Loaded, slot: Slot) -> Match | str:
        try:
            address = one.table.target(slot, one.base, self._image.read)
        except MemoryGapError:
            return "missing"
        if address is None:
            return "empty"
        provider = self._places.at(address)
        if provider is None:
            return "unknown"
        definition = definition_at(provider.map.dso, slot, address - provider.base)
        if definition is not None:
            return Match(provider.map.dso, definition)
        if provider is one and slot.lookup_class == CLASS_PLT:
            return "not_called"
        return "unknown"


def definition_at(dso: Dso, slot: Slot, value: int) -> Definition | None:
    """The symbol of a slot's name that an object has at an address; None without one.

    Of several versions at one address that of the reference counts. An indirect function is at
    any address: its resolver has chosen it.
    """
    named = dso.elf.exports.candidates(slot.symbol)
    at = [d for d in named if d.value == value]
    at = at or [d for d in named if d.type == STT_GNU_IFUNC]
    return next((d for d in at if d.version == slot.version), at[0] if at else None)
