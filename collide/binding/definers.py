"""The references of objects, grouped by which objects define their names, and how that saves work.

What a reference binds to depends only on those objects of its scope that define its name, and on
their order. So references whose names the same objects define are one group, bound at once; and
the groups of a target serve every host on which it is opened; for a host, only the names that its
objects also define are split off.

Nearly all references are *simple*: name and version are all that a lookup asks of them; and nearly
all names have one *simple* definition: visible, with an address, of the base version or the wanted
one. The others are *special*, and bound one by one. These are the fast paths, and the tests in
``tests/binding/test_fast_paths.py`` that hold each, on random objects, to the slow one, which is
:class:`collide.binding.shadowing.ReferenceBinder` and the ``match`` of
:class:`collide.loader.lookup.LookupRules`:

- :meth:`collide.elf.symbols.Exports.simple`, many lookups at once:
  ``test_simple_definition_is_the_one_that_a_lookup_gives``.
- :meth:`collide.elf.symbols.Exports.defined`, ``beginning`` and ``count``, which spare a
  database of hosts most of its names:
  ``test_defined_names_are_those_wanted_among_all``.
- :func:`collide.elf.symbol_table.vague_names`, by a column of the symbol table:
  ``test_vague_names_have_weak_or_unique_definitions_only``.
- :class:`collide.elf.references.ReferenceTable`, columns in place of a record for each reference:
  ``test_table_of_references_has_each_once_and_knows_the_simple_ones``.
- :class:`ReferenceGroup`, :class:`ReferencesByDefiner` and the groups that hosts share, also those
  that ``expect`` has divided beforehand, and names that a host takes of which both objects have
  one simple definition: ``test_groups_bind_as_each_reference_by_itself``.
- :class:`collide.binding.binding.BindingGroup`, which makes a simple binding when it is asked for
  and answers most questions without: the same test.
- :func:`collide.binding.binding.names_apart`, which spares pairs to compare what is bound alike:
  ``test_names_apart_are_of_all_that_gets_another_definition_and_few_others``.
- :meth:`collide.elf.hash_tables.GnuHash.reached`: ``test_gnu_table_reaches_what_it_walks_to``
  in ``tests/elf/test_symbols.py``.
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

    ``simple`` and ``protected`` are names with the version wanted, ``special`` other references
    (:class:`collide.elf.references.ReferenceTable`). ``is_static`` says that no object of a host
    is among the ``definers``.
    """

    __slots__ = (
        *("_core", "_edges", "_outside", "_taken"),
        *("definers", "is_static", "special", "simple", "protected"),
    )

    def __init__(
        self,
        definers: tuple[Dso, ...],
        simple: Versions,
        protected: Versions,
        special: Sequence[Reference],
        *,
        is_static: bool = True,
    ) -> None:
        self.definers = definers
        self.simple = simple
        self.protected = protected
        self.special = special
        self.is_static = is_static
        # Names that some host defines, the references to no such name, and to some of these.
        self._outside: frozenset[str] = frozenset()
        self._core: ReferenceGroup | None = None
        self._edges: dict[frozenset[str], ReferenceGroup] = {}
        self._taken: dict[tuple[tuple[Dso, ...], frozenset[str]], ReferenceGroup] = {}

    def split(self, further: Definers) -> list[ReferenceGroup]:
        """The same references, where ``further`` objects define some of the names as well.

        The static parts come first: one of all names that no host has defined so far, the same
        object each time until a host does, and one of the other names that this host does not
        define. Those of a host are the same objects for all hosts whose same objects define them.
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
        by_number: dict[int, set[str]] = {}
        for name in found:
            by_number.setdefault(further.numbers[name], set()).add(name)
        taken = [
            self._taken_by(further.sets[number], frozenset(names))
            for number, names in sorted(by_number.items())
        ]
        return static + taken

    def set_apart(self, names: AbstractSet[str]) -> frozenset[str]:
        """Split off the references to ``names``; returns the names that were found."""
        found = frozenset(self.simple.keys() & names)
        if self.protected:
            found |= self.protected.keys() & names
        if self.special:
            found |= {r.name for r in self.special} & names
        if new := found - self._outside:
            self._core = (self._core or self)._without(new)
            self._outside |= new
            self._edges.clear()
        return found

    def __bool__(self) -> bool:
        return bool(self.simple or self.protected or self.special)

    def _taken_by(self, others: tuple[Dso, ...], names: frozenset[str]) -> ReferenceGroup:
        """The references to ``names``, which ``others``, objects of a host, define as well."""
        key = others, names
        found = self._taken.get(key)
        if found is None:
            found = self._taken[key] = self._only(names, others)
        return found

    def _only(self, names: frozenset[str], others: tuple[Dso, ...] = ()) -> ReferenceGroup:
        return ReferenceGroup(
            self.definers + others,
            {name: self.simple[name] for name in _in_order(self.simple, names)},
            {name: self.protected[name] for name in _in_order(self.protected, names)},
            [r for r in self.special if r.name in names],
            is_static=not others,
        )

    def _without(self, names: frozenset[str]) -> ReferenceGroup:
        return ReferenceGroup(
            self.definers,
            _left(self.simple, names),
            _left(self.protected, names),
            [r for r in self.special if r.name not in names],
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

    def joined(self, others: Definers) -> Definers:
        """The same with other names, of which the same objects in their order were asked."""
        return Definers({**self.numbers, **others.numbers}, {**self.sets, **others.sets})

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

    ``wanted`` are all names that any of them refers to. ``bound`` keeps the groups that hosts
    share, by the ``signature`` of :class:`collide.loader.lookup.LookupRules` and what a
    :class:`collide.binding.binder.Binder` knows a group by.
    """

    def __init__(self, dsos: Iterable[Dso] = ()) -> None:
        self.files = tuple(dict.fromkeys(dsos))
        self._tables = {dso: table_of(dso.elf.references) for dso in self.files}
        # No frozenset: the view of a dictionary's keys meets a set from its shorter side only.
        self.wanted: set[str] = set().union(*map(names_of, self._tables.values()))
        defined = defined_by(self.files, self.wanted)
        self._definers = Definers.among(defined)
        self._expected: set[str] = set()
        self._groups: dict[Dso, tuple[ReferenceGroup, ...]] = {}
        self._foreign: dict[int, tuple[object, ReferenceTable, tuple[ReferenceGroup, ...]]] = {}
        self._wanted_with: dict[tuple[int, ...], set[str]] = {}
        self.bound: dict[Hashable, dict[tuple[object, ...], BindingGroup]] = {}

    def expect(self, others: Iterable[Dso]) -> None:
        """Divide each group for ``others``, objects of hosts, before the first host is bound.

        Otherwise each host that defines another name of a group makes a new static part.
        """
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
    names = table.simple.keys()
    if table.special or table.protected:
        return {*names, *table.protected, *(r.name for r in table.special)}
    return names


def _all_grouped(table: ReferenceTable, definers: Definers) -> tuple[ReferenceGroup, ...]:
    return _grouped(table.simple, table.protected, table.special, definers)


def _grouped(
    simple: Versions, protected: Versions, special: Iterable[Reference], definers: Definers
) -> tuple[ReferenceGroup, ...]:
    simple_of, protected_of = (_by_number(v, definers.numbers) for v in (simple, protected))
    special_of: dict[int | None, list[Reference]] = {}
    for reference in special:
        special_of.setdefault(definers.numbers.get(reference.name), []).append(reference)
    return tuple(
        ReferenceGroup(
            () if number is None else definers.sets[number],
            simple_of.get(number, {}),
            protected_of.get(number, {}),
            special_of.get(number, ()),
        )
        for number in dict.fromkeys((*simple_of, *protected_of, *special_of))
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
