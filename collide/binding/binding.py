"""Records of bindings: each reference with the definition it gets and the one it should get."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from collide.elf.constants import STB_GNU_UNIQUE, STB_WEAK
from collide.elf.machines import CLASS_PLT
from collide.elf.references import eager_references
from collide.elf.symbol_table import first_values
from collide.elf.symbols import Reference
from collide.loader.link_map import LinkMap, LoadFailure, Opened
from collide.loader.lookup import Match
from collide.loader.model import Dso
from collide.loader.static_tls import StaticTls
from collide.support.records import NamedTuple


class Binding(NamedTuple):
    """One reference and the definitions it gets and was meant to get.

    ``actual`` is None for a reference nothing satisfies, ``intended`` when the
    object's own closure has no definition.
    """

    reference: Reference
    actual: Match | None
    intended: Match | None
    shadowed: bool

    @property
    def provider(self) -> Dso | None:
        """The object whose definition is used."""
        return self.actual.dso if self.actual else None

    @property
    def stays(self) -> bool:
        """Whether the definition is of the object that was meant."""
        return bool(self.actual and self.intended and self.actual.dso is self.intended.dso)


class BindingGroup:
    """Bindings of one object whose names the same objects define.

    Modules whose scopes agree share a group, so what is derived from one may be kept by
    identity. ``closure`` are the objects of the holder's own closure that define the names:
    the first of them is the intended provider of the simple ones. ``individual`` are the bindings
    that were made one by one; ``simple`` are the names that were bound all at once, none of them
    shadowed, and what defines them, or None. ``shadowed``, ``undefined`` and ``unique`` (a
    STB_GNU_UNIQUE symbol was hit) are those of its bindings.
    """

    __slots__ = (
        *("_addresses", "_bindings", "_by_word", "_diverted", "_make", "_providers", "_staying"),
        *("closure", "individual", "shadowed", "simple", "undefined", "unique"),
    )

    def __init__(
        self,
        individual: tuple[Binding, ...],
        closure: tuple[Dso, ...],
        make: Callable[[AbstractSet[str]], Iterable[Binding]] | None = None,
        *,
        simple: tuple[AbstractSet[str], Dso] | None = None,
        demands: Callable[[Reference], bool],
    ) -> None:
        """``individual`` are the bindings; with ``make``, only those that were bound one by one.

        ``simple`` are then the names that were bound all at once, and what defines them. Such a
        binding is not shadowed, and ``make`` makes it when it is asked for. ``demands`` says
        which references must have a definition.
        """
        self.closure = closure
        self.individual = individual
        self._make = make
        self.simple = simple
        self._bindings = None if make else individual
        self._addresses: dict[Dso, Mapping[str, Sequence[int]]] = {}
        self._by_word: dict[str, list[str]] | None = None
        self._diverted: Mapping[tuple[Dso, Dso], AbstractSet[str]] | None = None
        self._staying: dict[str, tuple[Binding, ...]] = {}
        self._providers: AbstractSet[Dso] | None = None
        self.shadowed = tuple(b for b in individual if b.shadowed)
        self.undefined = tuple(b for b in individual if b.actual is None and demands(b.reference))
        self.unique = tuple(b for b in individual if b.actual and is_unique(b.actual))

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """The bindings: those bound one by one, then those bound all at once."""
        if self._bindings is None:
            assert self._make is not None
            assert self.simple is not None
            self._bindings = (*self.individual, *self._make(self.simple[0]))
        return self._bindings

    @property
    def providers(self) -> AbstractSet[Dso]:
        """All whose definitions are used."""
        if self._providers is None:
            found = {b.actual.dso for b in self.individual if b.actual}
            self._providers = found | {self.simple[1]} if self.simple else found
        return self._providers

    def changed(
        self, bindings: Mapping[Binding, Binding], demands: Callable[[Reference], bool]
    ) -> BindingGroup:
        """The same with others in place of some ``bindings``, which were bound one by one."""
        individual = tuple(bindings.get(b, b) for b in self.individual)
        return BindingGroup(
            individual, self.closure, self._make, simple=self.simple, demands=demands
        )

    def names(self) -> Iterator[str]:
        """The names of all references, some of them several times."""
        yield from (b.reference.name for b in self.individual)
        if self.simple is not None:
            yield from self.simple[0]

    def names_by_word(self) -> Mapping[str, Sequence[str]]:
        """The same, by the first word of each."""
        if self._by_word is None:
            from collide.elf.names import first_word  # late: start-up

            self._by_word = {}
            for name in self.names():
                self._by_word.setdefault(first_word(name), []).append(name)
        return self._by_word

    def of(self, names: AbstractSet[str]) -> Iterator[Binding]:
        """The bindings of references to ``names``, without making any other."""
        yield from (b for b in self.individual if b.reference.name in names)
        if self._make is not None and self.simple is not None:
            yield from self._make(self.simple[0] & names)

    def staying(self, word: str) -> tuple[Binding, ...]:
        """The bindings to what was meant, of names with this first word; no vague linkage."""
        found = self._staying.get(word)
        if found is None:
            bindings = self.of(frozenset(self.names_by_word().get(word, ())))
            found = self._staying[word] = tuple(b for b in bindings if b.stays and not is_vague(b))
        return found

    def diverted(self) -> Iterator[Binding]:
        """The bindings to another object than was meant: none of those bound all at once."""
        for b in self.individual:
            _, actual, intended, _ = b
            if actual is not None and intended is not None and actual.dso is not intended.dso:
                yield b

    def diverted_names(self) -> Mapping[tuple[Dso, Dso], AbstractSet[str]]:
        """The names of these, by the object that they get and the one that was meant."""
        if self._diverted is None:
            found: dict[tuple[Dso, Dso], set[str]] = {}
            for reference, actual, intended, _ in self.individual:
                if actual is not None and intended is not None and actual.dso is not intended.dso:
                    pair = actual.dso, intended.dso
                    if pair not in found:
                        found[pair] = set()
                    found[pair].add(reference.name)
            self._diverted = found
        return self._diverted

    def bindings_to(self, such: Callable[[Dso], bool]) -> Iterator[Binding]:
        """The bindings to ``such`` objects, without making any other."""
        if self.simple is None or such(self.simple[1]):
            every: Iterable[Binding] = self.bindings
        else:
            every = self.individual
        yield from (b for b in every if b.actual is not None and such(b.actual.dso))

    def addresses(self, provider: Dso) -> Mapping[str, Sequence[int]]:
        """By name, where in ``provider`` the definitions are that references to a name get."""
        found = self._addresses.get(provider)
        if found is None:
            hits = [
                (b.reference.name, b.actual.definition.value)
                for b in self.individual
                if b.actual is not None and b.actual.dso is provider
            ]
            if self.simple is not None and self.simple[1] is provider:
                hits += first_values(provider.elf.exports, self.simple[0])
            by_name: dict[str, list[int]] = {name: [] for name, _ in hits}
            for name, value in hits:
                if value is not None:
                    by_name[name].append(value)
            found = self._addresses[provider] = by_name
        return found

    def bound_to(self, provider: Dso) -> Iterator[str]:
        """The names that get a definition of ``provider``."""
        yield from (b.reference.name for b in self.individual if b.provider is provider)
        if self.simple is not None and self.simple[1] is provider:
            yield from self.simple[0]


def names_apart(ones: Iterable[BindingGroup], others: Iterable[BindingGroup]) -> AbstractSet[str]:
    """The names of references in ``ones`` that may get another object's definition in ``others``.

    Both are groups of one object, in two processes. A name that was bound all at once in both, to
    one provider, is left out.
    """
    at_once: dict[Dso, set[str]] = {}
    for names, provider in (other.simple for other in others if other.simple):
        at_once.setdefault(provider, set()).update(names)
    found = set[str]()
    for one in ones:
        found.update(b.reference.name for b in one.individual)
        if one.simple is not None:
            names, provider = one.simple
            found |= names - at_once.get(provider, frozenset())
    return found


class BoundObject(NamedTuple):
    """One object that a dlopen brought into the process, bound.

    With ``lazy`` its calls are bound each at the first one, in the scope of that moment: the
    bindings are those that a call gets right after the dlopen.
    """

    map: LinkMap
    groups: tuple[BindingGroup, ...]
    lazy: bool = False

    def at_first_call(self) -> AbstractSet[Reference]:
        """The references that are searched only at the first call."""
        if not self.lazy:
            return frozenset()
        calls = {r for r in self.map.elf.references if r.lookup_class == CLASS_PLT}
        return calls - eager_references(self.map.elf.references, {r.name for r in calls})

    @property
    def dso(self) -> Dso:
        """The object itself: its path and facts."""
        return self.map.dso

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """All bindings of the object."""
        return tuple(b for group in self.groups for b in group.bindings)


class BoundModule(NamedTuple):
    """One dlopen: every new object bound, in load order, and why it fails if it does.

    ``relocated`` are those for which the loader begins to search references, which a failing
    dlopen may have done for some: none where it has given up before. ``deferred`` are undefined
    symbols for which a lazy dlopen does not fail: a call does.
    ``static_tls`` is the room that is left for initial-exec TLS.
    """

    opened: Opened
    relocated: tuple[BoundObject, ...]
    failures: tuple[LoadFailure, ...]
    deferred: tuple[LoadFailure, ...] = ()
    static_tls: StaticTls | None = None

    @property
    def refused(self) -> tuple[LoadFailure, ...]:
        """The failures for which the loader turns down an object, whatever its references get."""
        return tuple(f for f in self.failures if f.kind != "undefined-symbol")

    @property
    def objects(self) -> tuple[BoundObject, ...]:
        """The bound objects; none where the loader refuses one of them, and unmaps them all.

        Where nothing is wrong but undefined symbols, they are what the dlopen brings
        once something defines these.
        """
        return () if self.refused else self.relocated


def is_unique(hit: Match) -> bool:
    """Whether a symbol that was hit is STB_GNU_UNIQUE."""
    return hit.definition.binding == STB_GNU_UNIQUE


def is_vague(b: Binding) -> bool:
    """Whether a reference is to a C++ inline function or template (Itanium C++ ABI 5.2)."""
    return (
        b.reference.name.startswith("_Z")
        and b.intended is not None
        and b.intended.definition.binding in (STB_WEAK, STB_GNU_UNIQUE)
    )
