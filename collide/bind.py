"""References to bindings: what the loader does, and what the wheel's author meant.

The exact half ends here. *Actual* is the first match in the loader's real
scope; *intended* the first match when only the object and its own dependency
closure are searched, the object first (direct binding). A reference is
*shadowed* when both exist and differ, with the exceptions in
:mod:`collide.shadowing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from collide.bindings import Binding, BindingGroup, BoundModule, BoundObject, Hit, is_unique
from collide.linkmap import LinkMap, LoadFailure, Opened, Process, relocation_order
from collide.lookup import LookupRules, is_looked_up, search_scope
from collide.machine import CLASS_COPY, CLASS_PLT
from collide.search import File
from collide.shadowing import is_shadowed
from collide.symbols import (
    STB_GLOBAL,
    STB_WEAK,
    STT_NOTYPE,
    STV_PROTECTED,
    Definition,
    Reference,
)


class _Wanted(NamedTuple):
    """The references of one object to names that the same objects define."""

    definers: tuple[File, ...]
    references: tuple[Reference, ...]
    versions: Mapping[str, str | None]


class Binder:
    """Binds what is opened in one host; shares work between modules.

    The outcome for a reference depends only on the objects of its scope that
    export the name. So each object's references are grouped by the set of
    objects that define their name anywhere, and a group is bound once for each
    order in which those objects stand in a scope.
    """

    def __init__(self, host: Process, files: Iterable[File] = ()) -> None:
        """``files`` are all that will be bound; those met later cost a new index."""
        self.rules = LookupRules(host.loader.version)
        self._executable = host.executable.file
        self._host = tuple(m.file for m in host.global_scope)
        self._host_relocated = tuple(m.file for m in relocation_order(host.global_scope))
        self._host_files = frozenset(self._host)
        self._universe: dict[File, None] = {}
        self._definers: dict[str, tuple[File, ...]] = {}
        self._groups: dict[File, list[_Wanted]] = {}
        self._bound: dict[tuple[object, ...], BindingGroup] = {}
        self._registered: dict[str, Hit | None] = {}
        self.prepare(files)

    def prepare(self, files: Iterable[File]) -> None:
        """Index who defines what ``files`` refer to, among them and the host's objects."""
        new = [f for f in files if f not in self._universe]
        if not new:
            return
        self._universe.update(dict.fromkeys(new))
        # A set, as the intersection of a dictionary's keys with one takes the shorter way.
        wanted = {r.name for f in self._universe for r in f.object.references}
        # Nearly all names have one definer: those need no loop of their own.
        single: dict[str, tuple[File, ...]] = {}
        several: dict[str, tuple[File, ...]] = {}
        for file in dict.fromkeys((*self._host, *self._universe)):
            defined = file.object.exports.names & wanted
            for name in defined:
                if name in single:
                    several[name] = (*several.get(name, single[name]), file)
            single.update(dict.fromkeys(defined, (file,)))
        self._definers = {**single, **several}
        # Names with several definers are looked at one by one, in many orders: their
        # hashes are quicker to check all at once.
        contested: dict[File, dict[str, None]] = {file: {} for file in self._universe}
        for name, definers in several.items():
            for file in definers:
                if file in contested:
                    contested[file][name] = None
        for file, names in contested.items():
            file.object.exports.plain(names)
        self._groups.clear()
        self._bound.clear()

    def bind(self, opened: Opened, unique: dict[str, Hit] | None = None) -> BoundModule:
        """Bind every new object of one dlopen.

        ``unique`` is the process-wide table of STB_GNU_UNIQUE symbols that
        earlier opens of the same process have registered; it grows.
        """
        table = {} if unique is None else unique
        self.prepare(m.file for m in opened.new)
        scope = _ranks(m.file for m in opened.scope)
        bound: dict[LinkMap, BoundObject] = {}
        new = set(opened.new)
        # It decides who registers a unique symbol first, and which failure the loader meets.
        order = [m for m in relocation_order(opened.searchlist) if m in new]
        for m in order:
            groups = self._bind_object(m.file, scope, _ranks(_closure(m)))
            bound[m] = BoundObject(
                m, tuple(self._apply_unique(g, table) if g.unique else g for g in groups)
            )
        objects = tuple(bound[m] for m in opened.new)
        # The loader gives up before it relocates anything.
        undefined = () if opened.failures else tuple(_undefined(bound[m] for m in order))
        failures = (*opened.failures, *self._assertions(objects), *undefined)
        return BoundModule(opened, objects, failures)

    def _assertions(self, objects: Iterable[BoundObject]) -> Iterator[LoadFailure]:
        """Where ``check_match`` asserts, up to glibc 2.40.

        A versioned reference that is satisfied by the very file it was linked
        with, when that file has no version tables any more.
        """
        if not self.rules.asserts_version_tables:
            return
        for bound in objects:
            for target in bound.map.needed or ():
                if target.object.exports.versioned:
                    continue
                needs = {
                    need.version
                    for need in bound.map.object.version_needs
                    if need.file in (target.object.soname, target.name.rsplit("/", 1)[-1])
                }
                for b in bound.bindings if needs else ():
                    if b.provider is target.file and b.reference.version in needs:
                        yield LoadFailure(
                            "version-tables-missing",
                            bound.map.file.path,
                            str(b.reference.version),
                            target.file.path,
                        )
                        break

    def _groups_of(self, file: File) -> list[_Wanted]:
        if file not in self._groups:
            groups: dict[tuple[File, ...], list[Reference]] = {}
            for reference in file.object.references:
                if is_looked_up(reference):
                    definers = self._definers.get(reference.name, ())
                    groups.setdefault(definers, []).append(reference)
            self._groups[file] = [
                _Wanted(
                    definers,
                    tuple(references),
                    _plainly_wanted(references),
                )
                for definers, references in groups.items()
            ]
        return self._groups[file]

    def _bind_object(
        self, file: File, scope: Mapping[File, int], closure: Mapping[File, int]
    ) -> list[BindingGroup]:
        bound = []
        order: tuple[File, ...]
        own: tuple[File, ...]
        for number, wanted in enumerate(self._groups_of(file)):
            definers = wanted.definers
            if len(definers) == 1:
                order = definers if definers[0] in scope else ()
                own = definers if definers[0] in closure else ()
            else:
                order, own = _ordered(definers, scope), _ordered(definers, closure)
            key = (file, number, order, own)
            group = self._bound.get(key)
            if group is None:
                group = self._bound[key] = self._bind_group(file, wanted, order, own)
            bound.append(group)
        return bound

    def _bind_group(
        self, file: File, wanted: _Wanted, order: tuple[File, ...], own: tuple[File, ...]
    ) -> BindingGroup:
        if file.object.symbolic and file in wanted.definers:
            order = (file, *order)

        def bind(references: Iterable[Reference]) -> tuple[Binding, ...]:
            return tuple(self._bind_reference(file, r, order, own) for r in references)

        if not order or (own and order[0] is not own[0]):
            return BindingGroup(bind(wanted.references), own)
        exports = order[0].object.exports
        plain = exports.plain(wanted.versions)
        told = bind(r for r in wanted.references if r.name not in plain)

        def make() -> tuple[Binding, ...]:
            known = {b.reference: b for b in told}
            hits = {name: (order[0], exports.candidates(name)[0]) for name in plain}
            return tuple(
                known.get(r)
                or Binding(r, hits[r.name], hits[r.name] if own else None, shadowed=False)
                for r in wanted.references
            )

        return BindingGroup(told, own, make)

    def _bind_reference(
        self, file: File, reference: Reference, scope: Sequence[File], closure: Sequence[File]
    ) -> Binding:
        if not scope and not closure:
            return Binding(reference, None, None, False)
        actual = self._first(reference, scope)
        if actual and reference.visibility == STV_PROTECTED and actual[0] is not file:
            actual = self._protected(file, reference, actual, scope)
        if actual and closure and actual[0] is closure[0]:
            intended: Hit | None = actual
        else:
            intended = self._first(reference, closure)
        return Binding(reference, actual, intended, is_shadowed(actual, intended, self._host_files))

    def _first(self, reference: Reference, scope: Iterable[File]) -> Hit | None:
        return search_scope(reference, scope, self._executable, self.rules)

    def _protected(self, file: File, reference: Reference, hit: Hit, scope: Sequence[File]) -> Hit:
        """A protected reference goes back to its own object (``_dl_lookup_symbol_x``).

        One exception: where a canonical PLT entry of the executable stands for
        this very function, an address taken elsewhere must equal it.
        """
        if hit[1].undefined and reference.lookup_class != CLASS_PLT:
            real = self._first(reference._replace(lookup_class=CLASS_PLT), scope)
            if real is None or real[0] is file:
                return hit
        return self._first(reference, (file,)) or (file, _own_symbol(reference))

    # -- STB_GNU_UNIQUE ------------------------------------------------------------------------

    def _apply_unique(self, group: BindingGroup, table: dict[str, Hit]) -> BindingGroup:
        """Replace hits on unique symbols by what the process has registered first.

        The table is keyed by name alone (glibc ``do_lookup_unique``).
        """
        changed: dict[Binding, Binding] = {}
        for b in group.unique:
            assert b.actual is not None
            name = b.reference.name
            actual = table.setdefault(name, self._host_registration(name) or b.actual)
            if actual[0] is not b.actual[0]:
                shadowed = is_shadowed(actual, b.intended, self._host_files)
                changed[b] = b._replace(actual=actual, shadowed=shadowed)
        if not changed:
            return group
        return BindingGroup(tuple(changed.get(b, b) for b in group.bindings), group.closure)

    def _host_registration(self, name: str) -> Hit | None:
        """What start-up registered under a unique ``name``: the first host lookup that hit one."""
        if name not in self._registered:
            in_host = not self._host_files.isdisjoint(self._definers.get(name, ()))
            self._registered[name] = next(self._host_hits(name), None) if in_host else None
        return self._registered[name]

    def _host_hits(self, name: str) -> Iterator[Hit]:
        for file in self._host_relocated:
            for reference in file.object.references:
                if reference.name == name and is_looked_up(reference):
                    own = (file,) if file.object.symbolic else ()
                    hit = self._first(reference, (*own, *self._host))
                    if hit is not None and is_unique(hit):
                        yield hit


def _own_symbol(reference: Reference) -> Definition:
    """The symbol a reference names in its own object, where no lookup finds it."""
    return Definition(
        name=reference.name,
        version=reference.version,
        version_index=0,
        hidden_version=False,
        type=STT_NOTYPE,
        binding=STB_WEAK if reference.weak else STB_GLOBAL,
        visibility=reference.visibility,
        size=0,
        undefined=not reference.defined,
        zero=False,
    )


def _plainly_wanted(references: Sequence[Reference]) -> dict[str, str | None]:
    """The version each name is referred to with, for names without peculiarities.

    These are several versions, a demand for the exact one, a copy relocation,
    and protected visibility.
    """
    versions = {name: version for name, version, *_ in references}
    peculiar = {
        name
        for name, version, exact, lookup_class, _, visibility, _ in references
        if exact
        or lookup_class == CLASS_COPY
        or visibility == STV_PROTECTED
        or versions[name] != version
    }
    for name in peculiar:
        del versions[name]
    return versions


def _ordered(files: tuple[File, ...], ranks: Mapping[File, int]) -> tuple[File, ...]:
    """Those of ``files`` that have a rank, by rank."""
    return tuple(sorted((f for f in files if f in ranks), key=ranks.__getitem__))


def _ranks(files: Iterable[File]) -> dict[File, int]:
    ranks: dict[File, int] = {}
    for rank, file in enumerate(files):
        ranks.setdefault(file, rank)
    return ranks


def _closure(root: LinkMap) -> Iterable[File]:
    """The breadth-first dependency closure of one map, itself first."""
    order, seen = [root], {id(root)}
    for current in order:
        for needed in current.needed or ():
            if id(needed) not in seen:
                seen.add(id(needed))
                order.append(needed)
    return (m.file for m in order)


def _undefined(objects: Iterable[BoundObject]) -> Iterator[LoadFailure]:
    """References that nothing satisfies, as the loader would meet them one by one."""
    for bound in objects:
        missing = {b.reference for group in bound.groups for b in group.undefined}
        for reference in bound.map.object.references if missing else ():
            if reference in missing:
                yield LoadFailure(
                    "undefined-symbol",
                    bound.map.file.path,
                    reference.name,
                    reference.version or "",
                )
