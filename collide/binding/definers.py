"""What some objects refer to, grouped by which of them define it.

Nothing here depends on a host or on a scope. The groups of a target serve every
host on which it is opened: a host only takes those names out of them that its
own objects define, too.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from collide.binding.binding import BindingGroup
from collide.elf.references import ReferenceTable, table_of
from collide.elf.symbols import Reference
from collide.loader.model import Dso
from collide.support.records import NamedTuple

Versions = Mapping[str, str | None]
"""The version that each name is referred to with."""


class ReferenceGroup:
    """References of one object to names that the same objects define; compared by identity.

    ``plain`` and ``protected`` are names with the version wanted, ``peculiar``
    the references that are more than that (:class:`ReferenceTable`).
    """

    __slots__ = (
        *("_core", "_edges", "_outside"),
        *("definers", "is_static", "peculiar", "plain", "protected"),
    )

    def __init__(
        self,
        definers: tuple[Dso, ...],
        plain: Versions,
        protected: Versions,
        peculiar: Sequence[Reference],
        *,
        is_static: bool = True,
    ) -> None:
        self.definers = definers
        self.plain = plain
        self.protected = protected
        self.peculiar = peculiar
        self.is_static = is_static
        # The names that others were met with, the references to no such, and to some of them.
        self._outside: frozenset[str] = frozenset()
        self._core: ReferenceGroup | None = None
        self._edges: dict[frozenset[str], ReferenceGroup] = {}

    def split(self, further: Definers) -> list[ReferenceGroup]:
        """The same references, where ``further`` objects define some of the names as well.

        The parts that these leave alone come first; the others are not static.
        What nobody has defined so far is one part, the same object each time
        until somebody does: nearly all, and small is what hosts differ in.
        """
        found = self.set_apart(further.numbers.keys())
        if not self._outside:
            return [self]
        left = self._outside - found
        edge = self._edges.get(left)
        if edge is None:
            edge = self._edges[left] = self._only(left)
        static = [part for part in (self._core, edge) if part]
        if not found:
            return static
        of_host = self._only(found)
        parts = _grouped(of_host.plain, of_host.protected, of_host.peculiar, further)
        taken = [
            ReferenceGroup(
                self.definers + part.definers,
                part.plain,
                part.protected,
                part.peculiar,
                is_static=False,
            )
            for part in parts
        ]
        return static + taken

    def set_apart(self, names: AbstractSet[str]) -> frozenset[str]:
        """Keep the references to ``names`` apart, which hosts define; those that there are."""
        found = frozenset(self.plain.keys() & names)
        if self.protected:
            found |= self.protected.keys() & names
        if self.peculiar:
            found |= {r.name for r in self.peculiar} & names
        if new := found - self._outside:
            self._core = (self._core or self)._without(new)
            self._outside |= new
            self._edges.clear()
        return found

    def __bool__(self) -> bool:
        return bool(self.plain or self.protected or self.peculiar)

    def _only(self, names: frozenset[str]) -> ReferenceGroup:
        return ReferenceGroup(
            self.definers,
            {name: self.plain[name] for name in _in_order(self.plain, names)},
            {name: self.protected[name] for name in _in_order(self.protected, names)},
            [r for r in self.peculiar if r.name in names],
        )

    def _without(self, names: frozenset[str]) -> ReferenceGroup:
        return ReferenceGroup(
            self.definers,
            _left(self.plain, names),
            _left(self.protected, names),
            [r for r in self.peculiar if r.name not in names],
        )


def _in_order(versions: Versions, found: frozenset[str]) -> Iterable[str]:
    """What of ``found`` is in ``versions``, in an order that no hash decides."""
    if len(found) < len(versions) // 2:
        return sorted(found & versions.keys())
    return [name for name in versions if name in found]


def _left(versions: Versions, found: frozenset[str]) -> Versions:
    if found.isdisjoint(versions):
        return versions
    left = dict(versions)
    for name in found & versions.keys():
        del left[name]
    return left


class Definers(NamedTuple):
    """Who defines some names: a number by name, and the set of objects that it stands for."""

    numbers: Mapping[str, int]
    sets: Mapping[int, tuple[Dso, ...]]

    @classmethod
    def among(cls, defined: Mapping[Dso, AbstractSet[str]]) -> Definers:
        """By the names that each object defines."""
        # A bit for each object. Most names have one definer: those need no loop of their own.
        numbers: dict[str, int] = {}
        for at, names in enumerate(defined.values()):
            before = {name: numbers[name] for name in names & numbers.keys()}
            numbers.update(dict.fromkeys(names, 1 << at))
            numbers.update((name, number | 1 << at) for name, number in before.items())
        dsos = tuple(defined)
        sets = {number: tuple(_chosen(dsos, number)) for number in set(numbers.values())}
        return cls(numbers, sets)

    def of(self, name: str) -> tuple[Dso, ...]:
        """The objects that define ``name``."""
        number = self.numbers.get(name)
        return () if number is None else self.sets[number]


def _chosen(dsos: Sequence[Dso], bits: int) -> Iterator[Dso]:
    while bits:
        lowest = bits & -bits
        yield dsos[lowest.bit_length() - 1]
        bits ^= lowest


def defined_by(dsos: Iterable[Dso], wanted: AbstractSet[str]) -> dict[Dso, AbstractSet[str]]:
    """Those of the names ``wanted`` that each object defines."""
    return {dso: dso.elf.exports.defined(wanted) for dso in dsos}


class ReferencesByDefiner:
    """The references of some objects, by those among the objects that define them.

    ``wanted`` are all names that any of them refers to. ``bound`` is for what
    binding finds out that holds on any host, by what hosts must agree in.
    """

    def __init__(self, dsos: Iterable[Dso] = ()) -> None:
        self.files = tuple(dict.fromkeys(dsos))
        self._tables = {dso: table_of(dso.elf.references) for dso in self.files}
        # No frozenset: the view of a dictionary's keys meets a set from its shorter side only.
        self.wanted: set[str] = set().union(*map(names_of, self._tables.values()))
        defined = defined_by(self.files, self.wanted)
        self._definers = Definers.among(defined)
        for dso, names in defined.items():
            # What is defined will be looked up, and many hashes at once are quicker.
            dso.elf.exports.plain(dict.fromkeys(names))
        self._expected: set[str] = set()
        self._groups: dict[Dso, tuple[ReferenceGroup, ...]] = {}
        self._foreign: dict[int, tuple[object, ReferenceTable, tuple[ReferenceGroup, ...]]] = {}
        self._wanted_with: dict[tuple[int, ...], set[str]] = {}
        self.bound: dict[Hashable, dict[tuple[object, ...], BindingGroup]] = {}

    def expect(self, others: Iterable[Dso]) -> None:
        """Say beforehand which objects hosts bring: each group is then divided once for all."""
        for dso in dict.fromkeys(others):
            if dso not in self:
                self._expected.update(dso.elf.exports.defined(self.wanted))

    def wanted_with(self, others: Sequence[Dso]) -> set[str]:
        """The names that these objects or ``others`` refer to: one set for equal ``others``."""
        if not others:
            return self.wanted
        key = tuple(sorted(id(dso.elf.references) for dso in others))
        wanted = self._wanted_with.get(key)
        if wanted is None:
            names = (names_of(self.table(dso)) for dso in others)
            wanted = self._wanted_with[key] = self.wanted.union(*names)
        return wanted

    def __contains__(self, file: object) -> bool:
        return file in self._tables

    def table(self, dso: Dso) -> ReferenceTable:
        """The references of ``dso``, which may be none of these objects."""
        known = self._tables.get(dso)
        return self._of_foreign(dso)[0] if known is None else known

    def groups(self, dso: Dso) -> tuple[ReferenceGroup, ...]:
        """The references of ``dso`` by those of these objects that define them."""
        if dso not in self._tables:
            return self._of_foreign(dso)[1]
        groups = self._groups.get(dso)
        if groups is None:
            groups = self._groups[dso] = _all_grouped(self._tables[dso], self._definers)
            for group in groups if self._expected else ():
                group.set_apart(self._expected)
        return groups

    def definers(self, name: str) -> tuple[Dso, ...]:
        """Those of these objects that define ``name``, which some of them refers to."""
        return self._definers.of(name)

    def _of_foreign(self, dso: Dso) -> tuple[ReferenceTable, tuple[ReferenceGroup, ...]]:
        references = dso.elf.references
        known = self._foreign.get(id(references))
        if known is None:
            table = table_of(references)
            definers = Definers.among(defined_by(self.files, names_of(table)))
            groups = _all_grouped(table, definers)
            # Kept with them, or the id would be that of others some day.
            known = self._foreign[id(references)] = references, table, groups
        return known[1:]


def names_of(table: ReferenceTable) -> AbstractSet[str]:
    """All names that an object refers to."""
    names = table.plain.keys()
    if table.peculiar or table.protected:
        return {*names, *table.protected, *(r.name for r in table.peculiar)}
    return names


def _all_grouped(table: ReferenceTable, definers: Definers) -> tuple[ReferenceGroup, ...]:
    return _grouped(table.plain, table.protected, table.peculiar, definers)


def _grouped(
    plain: Versions, protected: Versions, peculiar: Iterable[Reference], definers: Definers
) -> tuple[ReferenceGroup, ...]:
    plain_of, protected_of = (_by_number(v, definers.numbers) for v in (plain, protected))
    peculiar_of: dict[int | None, list[Reference]] = {}
    for reference in peculiar:
        peculiar_of.setdefault(definers.numbers.get(reference.name), []).append(reference)
    return tuple(
        ReferenceGroup(
            () if number is None else definers.sets[number],
            plain_of.get(number, {}),
            protected_of.get(number, {}),
            peculiar_of.get(number, ()),
        )
        for number in dict.fromkeys((*plain_of, *protected_of, *peculiar_of))
    )


def _by_number(versions: Versions, numbers: Mapping[str, int]) -> Mapping[int | None, Versions]:
    found = list(map(numbers.get, versions))
    distinct = dict.fromkeys(found)
    if len(distinct) < 2:
        return dict.fromkeys(distinct, versions)
    groups: dict[int | None, dict[str, str | None]] = {number: {} for number in distinct}
    for number, (name, version) in zip(found, versions.items(), strict=True):
        groups[number][name] = version
    return groups
