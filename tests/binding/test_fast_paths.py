"""Each fast path of binding gives what the slow one does: random objects, scopes and hosts.

:mod:`collide.binding.definers` lists them. The slow path is :class:`ReferenceBinder` and, below it,
:meth:`LookupRules.match`, which the real loader judges in ``tests/loader``.
"""

from __future__ import annotations

import json
import posixpath
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from collide.binding.binder import Binder
from collide.binding.binding import Binding, BindingGroup, BoundObject, is_vague, names_apart
from collide.binding.definers import ReferencesByDefiner
from collide.binding.shadowing import ReferenceBinder
from collide.elf.constants import (
    STB_GNU_UNIQUE,
    STB_WEAK,
    STT_FUNC,
    STT_GNU_IFUNC,
    STT_OBJECT,
    STT_TLS,
    STV_DEFAULT,
    STV_PROTECTED,
)
from collide.elf.machines import CLASS_COPY, CLASS_DATA, CLASS_PLT
from collide.elf.names import first_word
from collide.elf.object import ElfObject
from collide.elf.references import (
    ListedReferences,
    SymbolReferences,
    references_to,
    referred_names,
    table_of,
)
from collide.elf.symbol_table import vague_names, values_of_types
from collide.elf.symbols import Exports, Reference
from collide.hosts.profile_file.described import RecordedFiles
from collide.hosts.profile_file.read import JsonTables
from collide.hosts.profile_file.symbols import RecordedExports
from collide.hosts.profile_file.write import exports_table, references_table
from collide.loader.glibc.lookup import GlibcLookup
from collide.loader.libc import libc_of
from collide.loader.link_map import LinkMap, Opened
from collide.loader.model import Dso, FoundVia, Loader
from collide.loader.process import Process
from collide.whatif.relink import NamePatterns, add_version, hide, rename
from random_objects import NAMES, some_object

RELEASES = ((2, 17), (2, 36), (2, 42))
VERSIONS = (None, "V1", "V2", "V3")


def seeded(count: int) -> Callable[[Any], Any]:
    return pytest.mark.parametrize("seed", range(count))


# -- exports ---------------------------------------------------------------------------------------


def recorded(exports: Exports) -> Exports:
    """The same exports as a profile keeps them."""
    table = {"exports": exports_table(exports), "references": references_table(())}
    tables = JsonTables("made", json.dumps(table).encode())
    return RecordedExports(tables, exports.versioned)


def views(rand: random.Random) -> list[ElfObject]:
    """An object, and what else can stand for its exports."""
    obj = some_object(rand)
    profile = obj._replace(exports=recorded(obj.exports))
    some = rand.sample(NAMES, 3)
    return [
        obj,
        profile,
        hide(obj, NamePatterns(some)).object,
        rename(obj, {name: f"{name}_new" for name in some}).object,
        add_version(obj, "N").object,
    ]


@seeded(200)
def test_simple_definition_is_the_one_that_a_lookup_gives(seed: int) -> None:
    rand = random.Random(seed)
    for obj in views(rand):
        exports = obj.exports
        for _ in range(4):
            asked = rand.sample(NAMES, rand.randrange(1, len(NAMES)))
            wanted = {name: rand.choice(VERSIONS) for name in asked if name in exports.names}
            for name in exports.simple(wanted):
                (only,) = exports.candidates(name)
                for release in RELEASES:
                    for kind in (CLASS_DATA, CLASS_PLT):
                        reference = Reference(
                            name, wanted[name], False, kind, False, STV_DEFAULT, False
                        )
                        assert GlibcLookup(release).match(reference, obj) == only


def test_random_objects_have_simple_and_special_definitions() -> None:
    found = Counter[bool]()
    for seed in range(50):
        exports = some_object(random.Random(seed)).exports
        names = [name for name in exports.names if exports.candidates(name)]
        simple = exports.simple(dict.fromkeys(names, "V1"))
        found.update(name in simple for name in names)
    assert min(found[True], found[False]) > 50


@seeded(100)
def test_defined_names_are_those_wanted_among_all(seed: int) -> None:
    rand = random.Random(seed)
    for obj in views(rand):
        wanted = set(rand.sample(NAMES, rand.randrange(len(NAMES))))
        findable = {name for name in wanted if obj.exports.candidates(name)}
        assert findable <= obj.exports.defined(wanted) == obj.exports.names & wanted
        begin = tuple(name[:2] for name in rand.sample(NAMES, 2))
        found = {name for name in obj.exports.names if name.startswith(begin)}
        assert set(obj.exports.beginning(begin)) == found
        assert obj.exports.count == len(obj.exports.names)


@seeded(100)
def test_vague_names_have_weak_or_unique_definitions_only(seed: int) -> None:
    rand = random.Random(seed)
    for obj in views(rand):
        candidates = obj.exports.candidates
        kinds = {name: {d.binding for d in candidates(name)} for name in NAMES}
        vague = {n for n, found in kinds.items() if found and found <= {STB_WEAK, STB_GNU_UNIQUE}}
        defined = {name for name in vague_names(obj.exports, NAMES) if candidates(name)}
        assert defined == vague


@seeded(100)
def test_values_of_types_are_those_of_all_candidates(seed: int) -> None:
    rand = random.Random(seed)
    types = rand.sample((STT_FUNC, STT_OBJECT, STT_TLS, STT_GNU_IFUNC), 2)
    for obj in views(rand):
        found = list(values_of_types(obj.exports, types))
        candidates = [(n, d) for n in obj.exports.names for d in obj.exports.candidates(n)]
        assert found == [
            (n, d.value) for n, d in candidates if d.type in types and d.value is not None
        ]


# -- references ------------------------------------------------------------------------------------


@seeded(200)
def test_table_of_references_has_each_once_and_knows_the_simple_ones(seed: int) -> None:
    rand = random.Random(seed)
    references = some_object(rand).references
    every = list(references)
    assert isinstance(references, SymbolReferences) or not every
    for table in (table_of(references), ListedReferences(every)):
        simple, protected = list(table.of(table.simple)), list(table.of(table.protected))
        assert Counter([*simple, *protected, *table.special]) == Counter(every)
        assert {r.visibility for r in simple} <= {STV_DEFAULT}
        assert {r.visibility for r in protected} <= {STV_PROTECTED}
        assert {r.name for r in table.special}.isdisjoint({*table.simple, *table.protected})
        for r in (*simple, *protected):
            assert r.version == {**table.simple, **table.protected}[r.name]
            assert (r.exact, r.lookup_class == CLASS_COPY) == (False, False)
    assert referred_names(references) == {r.name for r in every}
    some = set(rand.sample(NAMES, 5))
    assert set(references_to(references, some)) == {r for r in every if r.name in some}


# -- bindings --------------------------------------------------------------------------------------


class World:
    """Hosts with some libraries, and objects of a wheel to open in them."""

    def __init__(self, seed: int) -> None:
        self.rand = random.Random(seed)
        self.system = [self.dso(f"/lib/s{n}.so") for n in range(4)]
        self.wheel = [self.dso(f"/wheel/w{n}.so") for n in range(4)]
        self.hosts = [self.host(f"/bin/host{n}") for n in range(3)]

    def dso(self, path: str) -> Dso:
        # STB_GNU_UNIQUE symbols depend on what was opened before: see test_session.
        return Dso(path, path, some_object(self.rand, unique=False))

    def host(self, path: str) -> Process:
        loader = Loader("glibc", self.rand.choice(RELEASES), "/lib/ld.so", ())
        process = libc_of(loader).new_process(self.dso(path), path, loader, RecordedFiles({}, {}))
        chosen = self.rand.sample(self.system, self.rand.randrange(4))
        for dso in chosen:
            process.adopt(self.map(dso), ())
        self.link(process.maps, process.maps)
        process.global_scope = tuple(process.maps)
        return process

    def map(self, dso: Dso) -> LinkMap:
        return LinkMap(dso.path, dso, FoundVia("opened"), None, posixpath.dirname(dso.path))

    def link(self, maps: Iterable[LinkMap], others: Sequence[LinkMap]) -> None:
        for m in maps:
            m.needed = tuple(self.rand.sample(others, self.rand.randrange(min(3, len(others)))))

    def open(self, host: Process) -> Opened:
        """A dlopen of one object of the wheel, which needs some others and some of the host's."""
        new = [self.map(dso) for dso in self.rand.sample(self.wheel, len(self.wheel))]
        self.link(new, [*new, *host.maps])
        order = [new[0]]
        for current in order:
            order += [m for m in current.needed or () if m not in order]
        searchlist = tuple(order)
        opened = tuple(m for m in searchlist if m in new)
        return Opened(new[0], searchlist, opened, host.global_scope + searchlist, ())


def one_by_one(host: Process, opened: Opened, m: LinkMap) -> set[Binding]:
    """The bindings of one map, each reference searched for by itself."""
    one = ReferenceBinder(host)
    scope = [other.dso for other in opened.scope]
    if one.rules.leads(m.elf, opened.mode):
        scope.insert(0, m.dso)
    closure = [m]
    for current in closure:
        closure += [other for other in current.needed or () if other not in closure]

    def bound(reference: Reference) -> Binding:
        def defining(dsos: Iterable[Dso]) -> list[Dso]:
            return [dso for dso in dsos if reference.name in dso.elf.exports.names]

        return one.bind(m.dso, reference, defining(scope), defining(c.dso for c in closure))

    return {bound(r) for r in m.elf.references if one.rules.is_looked_up(r)}


@seeded(60)
def test_groups_bind_as_each_reference_by_itself(seed: int) -> None:
    """Many modules in one binder, and hosts that share what holds on all of them."""
    world = World(seed)
    by_definer = ReferencesByDefiner(world.wheel)
    expected = world.rand.sample(world.hosts, world.rand.randrange(3))
    by_definer.expect(m.dso for host in expected for m in host.global_scope)
    for host in world.hosts:
        binder = Binder(host, (), by_definer if world.rand.random() < 0.8 else None)
        for _ in range(4):
            opened = world.open(host)
            bound = binder.bind(opened)
            for o in bound.objects:
                assert set(o.bindings) == one_by_one(host, opened, o.map)
                for group in o.groups:
                    answers_of_its_bindings(group)


def test_names_apart_are_of_all_that_gets_another_definition_and_few_others() -> None:
    different = apart = every = 0
    for seed in range(30):
        world = World(seed)
        before: dict[Dso, BoundObject] = {}
        for host in world.hosts:
            binder = Binder(host)
            for now in (o for _ in range(4) for o in binder.bind(world.open(host)).objects):
                old = before.setdefault(now.dso, now)
                names = names_apart(now.groups, old.groups)
                providers = {b.reference: b.provider for b in old.bindings}
                other = {
                    b.reference.name
                    for b in now.bindings
                    if b.reference not in providers or providers[b.reference] is not b.provider
                }
                assert other <= names
                different, apart = different + len(other), apart + len(names)
                every += len({b.reference.name for b in now.bindings})
    assert 100 < different < apart < every - 100


def test_some_references_are_bound_all_at_once_and_some_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Reference] = []
    bind = ReferenceBinder.bind

    def counting(self: ReferenceBinder, dso: Dso, r: Reference, *scopes: Sequence[Dso]) -> Binding:
        asked.append(r)
        return bind(self, dso, r, *scopes)

    monkeypatch.setattr(ReferenceBinder, "bind", counting)
    bindings: list[Binding] = []
    for seed in range(20):
        world = World(seed)
        for host in world.hosts:
            bound = Binder(host).bind(world.open(host))
            bindings += [b for o in bound.objects for b in o.bindings]
    assert 100 < len(asked) < len(bindings) - 100
    assert sum(b.shadowed for b in bindings) > 100


def test_what_hosts_have_in_common_is_bound_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second host with the same objects asks for nothing."""
    asked: list[Reference] = []
    bind = ReferenceBinder.bind

    def counting(
        self: ReferenceBinder, dso: Dso, r: Reference, scope: Sequence[Dso], own: Sequence[Dso]
    ) -> Binding:
        asked.append(r)
        return bind(self, dso, r, scope, own)

    monkeypatch.setattr(ReferenceBinder, "bind", counting)
    first = second = 0
    for seed in range(20):
        world = World(seed)
        by_definer = ReferencesByDefiner(world.wheel)
        host = world.hosts[0]
        opened = world.open(host)
        bound = Binder(host, (), by_definer).bind(opened)
        first += len(asked)
        asked.clear()
        again = Binder(host, (), by_definer).bind(opened)
        second += len(asked)
        asked.clear()
        assert [set(o.bindings) for o in again.objects] == [set(o.bindings) for o in bound.objects]
    assert first > 100
    assert second == 0


def answers_of_its_bindings(group: BindingGroup) -> None:
    """What a group says without making its bindings is what these say."""
    every = group.bindings
    names = {b.reference.name for b in every}
    providers = {b.provider for b in every if b.provider is not None}
    assert group.providers == providers
    assert set(group.names()) == names
    for word in {first_word(b.reference.name) for b in every}:
        beginning = {b for b in every if first_word(b.reference.name) == word}
        assert set(group.staying(word)) == {b for b in beginning if b.stays and not is_vague(b)}
    by_word = {name for listed in group.names_by_word().values() for name in listed}
    assert by_word == names
    assert all(first_word(n) == word for word, ns in group.names_by_word().items() for n in ns)
    assert set(group.shadowed) == {b for b in every if b.shadowed}
    to_another = [
        b for b in every if b.actual and b.intended and b.actual.dso is not b.intended.dso
    ]
    assert Counter(group.diverted()) == Counter(to_another)
    expected: dict[tuple[Dso, Dso], set[str]] = {}
    for b in to_another:
        if b.actual and b.intended:
            expected.setdefault((b.actual.dso, b.intended.dso), set()).add(b.reference.name)
    assert group.diverted_names() == expected
    some = set(sorted(names)[::2])
    assert Counter(group.of(some)) == Counter(b for b in every if b.reference.name in some)
    for dso in {*providers, *(b.intended.dso for b in every if b.intended)}:
        bound = [b for b in every if b.provider is dso]
        assert set(group.bound_to(dso)) == {b.reference.name for b in bound}
        assert Counter(group.bindings_to({dso}.__contains__)) == Counter(bound)
        for name in names:
            hits = {b.actual.definition for b in bound if b.actual and b.reference.name == name}
            places = {hit.value for hit in hits} - {None}
            assert set(group.addresses(dso).get(name, ())) == places
        assert group.addresses(dso).keys() == {b.reference.name for b in bound}
