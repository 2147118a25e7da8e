"""Binds all references of the objects that a dlopen brings, many at once.

:mod:`collide.binding.shadowing` says what a binding is and binds one reference;
:mod:`collide.binding.definers` explains the groups and lists the fast paths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from collide.binding.binding import Binding, BindingGroup, BoundModule, BoundObject, is_unique
from collide.binding.definers import (
    Definers,
    ReferenceGroup,
    ReferencesByDefiner,
    Versions,
    defined_by,
)
from collide.binding.shadowing import ReferenceBinder, Shadowed
from collide.binding.static_tls import take_room
from collide.binding.undefined import binds_late, deferred, undefined_symbols
from collide.elf.symbols import Exports, Reference
from collide.loader.link_map import LinkMap, LoadFailure, Opened, closure
from collide.loader.lookup import LookupRules, Match
from collide.loader.model import Dso
from collide.loader.opening import NOW, Mode
from collide.loader.process import Process


class Binder:
    """Binds what is opened in one host; shares work between modules, and between hosts.

    A group of references is bound once for each order in which the objects that define their
    names stand in a scope. ``rules`` are those of the host's loader.
    """

    def __init__(
        self,
        host: Process,
        dsos: Iterable[Dso] = (),
        by_definer: ReferencesByDefiner | None = None,
        *,
        shadowed: Shadowed | None = None,
    ) -> None:
        """``dsos`` are all that will be bound; those met later cost a new index.

        With a ``by_definer`` what holds for its objects on any host is shared.
        ``shadowed`` decides which bindings are, in place of
        :func:`collide.binding.shadowing.is_shadowed`.
        """
        self._one = ReferenceBinder(host, shadowed)
        self.rules = self._one.rules
        self._assumed = host.assumed
        self._relocation_order = host.relocation_order
        self._executable = host.executable.dso
        self._host = tuple(m.dso for m in host.global_scope)
        self._host_relocated = tuple(m.dso for m in host.relocation_order(host.global_scope))
        self._host_files = self._one.host_files
        self._is_shared = by_definer is not None
        self._by_definer = by_definer or ReferencesByDefiner()
        self._shared: dict[tuple[object, ...], BindingGroup] | None = None
        signature = self.rules.signature
        if by_definer is not None and signature is not None:
            self._shared = by_definer.bound.setdefault(signature, {})
        self._extras: tuple[Dso, ...] = ()
        self._others = Definers({}, {})
        self._groups: dict[Dso, tuple[Sequence[ReferenceGroup], frozenset[Dso]]] = {}
        self._objects: dict[tuple[object, ...], tuple[BindingGroup, ...]] = {}
        self._rankings = _Rankings()
        self._bound: dict[tuple[object, ...], BindingGroup] = {}
        self._registered: dict[str, Match | None] = {}
        self._index(self._unknown(dsos))

    def prepare(self, dsos: Iterable[Dso]) -> None:
        """Index who defines what ``dsos`` refer to, among them and the host's objects."""
        if new := self._unknown(dsos):
            self._index(new)

    def _unknown(self, dsos: Iterable[Dso]) -> list[Dso]:
        known = self._by_definer, self._extras
        return [f for f in dict.fromkeys(dsos) if not any(f in some for some in known)]

    def _index(self, new: Sequence[Dso]) -> None:
        if self._is_shared:
            self._extras += tuple(new)
        else:
            self._by_definer = ReferencesByDefiner((*self._by_definer.files, *new))
        by_definer = self._by_definer
        others = [f for f in dict.fromkeys((*self._host, *self._extras)) if f not in by_definer]
        wanted = by_definer.wanted_with(self._extras)
        self._others = Definers.among(defined_by(others, wanted))
        self._groups.clear()
        self._objects.clear()
        self._bound.clear()

    def bind(self, opened: Opened, unique: dict[str, Match] | None = None) -> BoundModule:
        """Bind every new object of one dlopen.

        ``unique`` is the process-wide table of STB_GNU_UNIQUE symbols that
        earlier opens of the same process have registered; it grows.
        """
        if opened.failures:
            # The loader gives up before it relocates anything.
            return BoundModule(opened, (), opened.failures, (), opened.static_tls)
        table = {} if unique is None else unique
        # What was opened RTLD_LOCAL before is in the scope of all that need it.
        older = (m.dso for m in opened.searchlist if m.dso not in self._host_files)
        self.prepare((*(m.dso for m in opened.new), *older))
        scope = self._rankings.of(m.dso for m in opened.scope)
        bound: dict[LinkMap, BoundObject] = {}
        new = set(opened.new)
        # It decides who registers a unique symbol first, and at which failure the loader stops.
        order = [m for m in self._relocation_order(opened.searchlist) if m in new]
        closure_of = self._rankings.closures(opened.searchlist)
        for m in order:
            groups = self._bind_object(m.dso, scope, closure_of(m), opened.mode)
            if self.rules.shares_unique and any(g.unique for g in groups):
                groups = tuple(self._apply_unique(g, table) if g.unique else g for g in groups)
            by_call = self.rules.calls_late and binds_late(m.elf, opened.mode)
            bound[m] = BoundObject(m, groups, by_call)
        objects = tuple(bound[m] for m in opened.new)
        undefined = [
            undefined_symbols(bound[m], opened.mode, self.rules, self._assumed) for m in order
        ]
        late = tuple(f for of in undefined for f in of.deferred)
        failing: list[LoadFailure] = []
        room = opened.static_tls
        for m, of in zip(order, undefined, strict=True):
            failing += of.failing
            if room is not None:
                after = take_room(bound[m], room)
                if isinstance(after, LoadFailure):
                    failing.append(after)
                else:
                    room = after
        failures = (*_assertions(objects, self.rules), *failing)
        return BoundModule(opened, objects, failures, late, room)

    def _groups_of(self, dso: Dso) -> tuple[Sequence[ReferenceGroup], frozenset[Dso]]:
        """The references of an object, and all that define one of them."""
        known = self._groups.get(dso)
        if known is None:
            found = self._by_definer.groups(dso)
            groups = [part for wanted in found for part in wanted.split(self._others)]
            definers = frozenset(one for group in groups for one in group.definers)
            known = self._groups[dso] = groups, definers
        return known

    def _bind_object(
        self, dso: Dso, scope: _Ranking, closure: _Ranking, mode: Mode
    ) -> tuple[BindingGroup, ...]:
        # All that decides: modules whose scopes agree in it share the whole object.
        leads = self.rules.leads(dso.elf, mode)
        groups, among = self._groups_of(dso)
        key = dso, leads, scope.only(among), closure.only(among)
        found = self._objects.get(key)
        if found is None:
            bound = (self._bind_wanted(dso, one, scope, closure, leads) for one in groups)
            found = self._objects[key] = tuple(bound)
        return found

    def _bind_wanted(
        self, dso: Dso, wanted: ReferenceGroup, scope: _Ranking, closure: _Ranking, leads: bool
    ) -> BindingGroup:
        definers = wanted.definers
        if len(definers) <= _FEW:
            order, own = scope[definers], closure[definers]
        else:
            among = self._rankings.among(definers)
            order, own = scope.only(among), closure.only(among)
        known = self._bound if self._shared is None else self._shared
        if leads and dso in definers:
            order = (dso, *order)
        if dso.elf.direct:
            order = (*own, *order)
        key = wanted, order, own, () if wanted.is_static else self._roles(order, own)
        group = known.get(key)
        if group is None:
            group = known[key] = self._bind_group(dso, wanted, order, own)
        return group

    def _roles(self, order: tuple[Dso, ...], own: tuple[Dso, ...]) -> tuple[Dso, ...]:
        """What else of a host decides a binding: its executable, and what is in its own scope."""
        host = [one for one in own if one in self._host_files]
        return (self._executable, *host) if self._executable in order else tuple(host)

    def _bind_group(
        self, dso: Dso, wanted: ReferenceGroup, order: tuple[Dso, ...], own: tuple[Dso, ...]
    ) -> BindingGroup:
        table = self._by_definer.table(dso)
        asked, provider = _asked(dso, wanted, order, own)
        simple: AbstractSet[str] = frozenset()
        if asked:
            simple = self.rules.simple(provider.elf.exports, asked)
        if simple and provider is not order[0]:
            others = [o.elf.exports for o in order if o is not provider]
            at_first = self.rules.simple(order[0].elf.exports, asked)
            simple = {n for n in simple if n in at_first or not _may_be_entry(n, others)}
        by_itself = [r for r in wanted.special if self.rules.is_looked_up(r)]
        taken = _simply_taken(self.rules, wanted, order, own)
        if len(simple) + len(taken) < len(wanted.simple) + len(wanted.protected):
            known = {*simple, *taken}
            names = [*wanted.simple, *wanted.protected]
            by_itself[:0] = table.of(name for name in names if name not in known)
        individual = tuple(self._one.bind(dso, r, order, own) for r in by_itself)
        if taken:
            shadowed = self._one.is_shadowed
            individual += tuple(_taken(table.of(taken), order[0], own[0], shadowed))
        if not simple:
            return BindingGroup(individual, own, demands=self.rules.demands)

        def make(names: AbstractSet[str]) -> Iterator[Binding]:
            few = len(names) < len(asked) // 8
            ordered = sorted(names) if few else [name for name in asked if name in names]
            return _simply_bound(table.of(ordered), provider, meant=bool(own))

        return BindingGroup(
            individual, own, make, simple=(simple, provider), demands=self.rules.demands
        )

    # -- STB_GNU_UNIQUE ------------------------------------------------------------------------

    def _apply_unique(self, group: BindingGroup, table: dict[str, Match]) -> BindingGroup:
        """Replace hits on unique symbols by what the process has registered first (Rule 3.6).

        The table is keyed by name alone (glibc ``do_lookup_unique``).
        """
        changed: dict[Binding, Binding] = {}
        for b in group.unique:
            assert b.actual is not None
            name = b.reference.name
            actual = table.setdefault(name, self._host_registration(name) or b.actual)
            if actual.dso is not b.actual.dso:
                shadowed = self._one.is_shadowed(actual, b.intended)
                changed[b] = b._replace(actual=actual, shadowed=shadowed)
        if not changed:
            return group
        return group.changed(changed, self.rules.demands)

    def _host_registration(self, name: str) -> Match | None:
        """The unique symbol that start-up registered under ``name``: the first that was hit."""
        if name not in self._registered:
            definers = (*self._by_definer.definers(name), *self._others.of(name))
            in_host = not self._host_files.isdisjoint(definers)
            self._registered[name] = next(self._host_hits(name), None) if in_host else None
        return self._registered[name]

    def _host_hits(self, name: str) -> Iterator[Match]:
        for dso in self._host_relocated:
            for reference in dso.elf.references:
                if reference.name == name and self.rules.is_looked_up(reference):
                    own = (dso,) if self.rules.leads(dso.elf, NOW) else ()
                    hit = self._one.first(reference, (*own, *self._host))
                    if hit is not None and is_unique(hit):
                        yield hit


def _assertions(objects: Iterable[BoundObject], rules: LookupRules) -> Iterator[LoadFailure]:
    """Where ``check_match`` asserts, up to glibc 2.40 (Rule 4.2 "assertion").

    A versioned reference that is satisfied by the very file it was linked
    with, when that file has no version tables any more.
    """
    if not rules.asserts_version_tables:
        return
    for bound in objects:
        for target in bound.map.needed or ():
            if target.elf.exports.versioned:
                continue
            needs = {
                need.version
                for need in bound.map.elf.version_needs
                if need.file in (target.elf.soname, target.name.rsplit("/", 1)[-1])
            }
            lost = {
                b.reference
                for b in (bound.bindings if needs else ())
                if b.provider is target.dso and b.reference.version in needs
            }
            if lost and bound.lazy:
                lost -= deferred(bound.map.elf, lost, rules)
            if not lost:
                continue
            # The loader gives up at the first one.
            for reference in [r for r in bound.map.elf.references if r in lost][:1]:
                yield LoadFailure(
                    "version-tables-missing",
                    bound.map.dso.path,
                    str(reference.version),
                    target.dso.path,
                )


def _asked(
    dso: Dso, wanted: ReferenceGroup, order: tuple[Dso, ...], own: tuple[Dso, ...]
) -> tuple[Versions, Dso]:
    """The names of ``wanted`` that may be bound all at once, and the object that they get.

    That is the first of ``order``, if it is the intended one as well. A protected reference
    goes back to its own object: where the search ends there, it is like any other, and where
    it ends at a definition that is no canonical PLT entry, that is what it gets.
    """
    if not order:
        return {}, dso
    if wanted.protected and own and own[0] is dso is not order[0]:
        return wanted.protected, dso
    if own and own[0] is not order[0]:
        return {}, dso
    if wanted.protected and order[0] is dso:
        return {**wanted.simple, **wanted.protected}, dso
    return wanted.simple, order[0]


def _simply_taken(
    rules: LookupRules, wanted: ReferenceGroup, order: tuple[Dso, ...], own: tuple[Dso, ...]
) -> Sequence[str]:
    """The names of ``wanted`` of which one definition each is the actual and the intended one.

    None where that is one object.
    """
    if not order or not own or own[0] is order[0] or not wanted.simple:
        return ()
    actual, meant = (rules.simple(some[0].elf.exports, wanted.simple) for some in (order, own))
    return [name for name in wanted.simple if name in actual and name in meant]


def _may_be_entry(name: str, exports: Iterable[Exports]) -> bool:
    """Whether a definition among ``exports`` is an executable's canonical PLT entry."""
    return any(d.undefined for each in exports for d in each.candidates(name))


def _simply_bound(
    references: Iterable[Reference], provider: Dso, *, meant: bool
) -> Iterator[Binding]:
    """Bindings to the one definition that ``provider`` has of each name, perhaps as intended."""
    candidates = provider.elf.exports.candidates
    for r in references:
        actual = Match(provider, candidates(r.name)[0])
        yield Binding(r, actual, actual if meant else None, False)


def _taken(
    references: Iterable[Reference], provider: Dso, intended: Dso, is_shadowed: Shadowed
) -> Iterator[Binding]:
    """Bindings to the one definition that ``provider`` has of each name, not the intended one."""
    theirs, ours = provider.elf.exports.candidates, intended.elf.exports.candidates
    for r in references:
        actual, meant = Match(provider, theirs(r.name)[0]), Match(intended, ours(r.name)[0])
        yield Binding(r, actual, meant, is_shadowed(actual, meant))


_FEW = 64


class _Ranking(dict[tuple[Dso, ...], tuple[Dso, ...]]):
    """A cache: any objects to those of them that are in one scope, in its order."""

    def __init__(self, dsos: Sequence[Dso]) -> None:
        super().__init__()
        self._ranks: dict[Dso, int] = {}
        for rank, dso in enumerate(dsos):
            self._ranks.setdefault(dso, rank)

    def __missing__(self, dsos: tuple[Dso, ...]) -> tuple[Dso, ...]:
        ranks = self._ranks
        present = [dso for dso in dsos if dso in ranks]
        ordered = self[dsos] = tuple(sorted(present, key=ranks.__getitem__))
        return ordered

    def only(self, dsos: frozenset[Dso]) -> tuple[Dso, ...]:
        """The same of many objects: those of the list that are among them, in its order."""
        return tuple(dso for dso in self._ranks if dso in dsos)


class _Rankings:
    """The rankings of scopes and closures, each made once."""

    def __init__(self) -> None:
        self._rankings: dict[tuple[Dso, ...], _Ranking] = {}
        self._links: dict[Dso, tuple[tuple[Dso, ...], tuple[Dso, ...]]] = {}
        self._known: dict[Dso, _Ranking] = {}
        self._sets: dict[int, tuple[tuple[Dso, ...], frozenset[Dso]]] = {}

    def of(self, dsos: Iterable[Dso]) -> _Ranking:
        """The ranking of these objects, the same one each time."""
        listed = tuple(dsos)
        ranking = self._rankings.get(listed)
        if ranking is None:
            ranking = self._rankings[listed] = _Ranking(listed)
        return ranking

    def closures(self, searchlist: Iterable[LinkMap]) -> Callable[[LinkMap], _Ranking]:
        """What gives the closure of a map of one dlopen.

        Modules share most libraries. As long as these need the same objects as in modules before,
        each closure is found once.
        """
        same = True
        for m in searchlist:
            links = tuple(n.dso for n in m.needed or ()), tuple(f.dso for f in m.filtees)
            same &= self._links.setdefault(m.dso, links) == links
        if not same:
            return lambda m: self.of(_closure(m))

        def known(m: LinkMap) -> _Ranking:
            found = self._known.get(m.dso)
            if found is None:
                found = self._known[m.dso] = self.of(_closure(m))
            return found

        return known

    def among(self, definers: tuple[Dso, ...]) -> frozenset[Dso]:
        """Many definers as a set; as a key a tuple of them would be hashed for each object."""
        found = self._sets.get(id(definers))
        if found is None:
            # Kept beside it, so that the identity stays its own.
            found = self._sets[id(definers)] = definers, frozenset(definers)
        return found[1]


def _closure(root: LinkMap) -> Iterable[Dso]:
    """The dependency closure of one map: itself, behind its filtees, is first."""
    return (m.dso for current in closure(root) for m in (*current.filtees, current))
