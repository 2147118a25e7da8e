"""Binds again what a plan touches, in the objects that an analysis has loaded.

A name that no plan touches binds as before, since a lookup depends on nothing
but the candidates of its name and their order. So where the same objects are loaded
after a plan as before, all that it changes is in the bindings of a few names; and of most of
these the bindings from before tell what they will be (:class:`Touched`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from posixpath import basename

from collide.analysis.analysis import Analysis, Module
from collide.binding.binder import Binder
from collide.binding.binding import Binding, BindingGroup
from collide.binding.definers import Definers
from collide.elf.constants import STT_TLS
from collide.loader.link_map import LinkMap, Opened
from collide.loader.model import Dso
from collide.repair.apply import touched_object
from collide.repair.plan import ObjectChange, Plan
from collide.wheels.target import Target


def touched_names(plan: Plan) -> frozenset[str]:
    """The names that ``plan`` renames or closes in some object."""
    return frozenset(
        name for change in plan.objects.values() for name in (*change.renamed, *change.closed)
    )


def go_by_file_name(target: Target, sonames: Plan) -> bool:
    """Whether libraries that ``sonames`` gives other names are called by file name only."""
    new_names = _file_names(sonames)
    new = set(new_names.values())
    members = target.members.items()
    if len(new) < len(new_names) or any(
        not new.isdisjoint((basename(path), *dso.elf.needed)) for path, dso in members
    ):
        return False
    return all(_goes_by_file_name(path, dso, new_names) for path, dso in members)


def are_renamed_alike(analysis: Analysis, sonames: Plan) -> bool:
    """Whether each name that ``sonames`` changes means the same library to all that use it.

    Nothing outside the wheel uses it, in any module. Then, of libraries that
    :func:`go_by_file_name`, nothing else changes in what is loaded.
    """
    new_names = _file_names(sonames)
    return all(_is_renamed_alike(analysis, module, new_names) for module in analysis.modules)


def _file_names(sonames: Plan) -> dict[str, str]:
    return {basename(old): basename(new) for old, new in sonames.moved.items()}


def _goes_by_file_name(path: str, dso: Dso, names: Mapping[str, str]) -> bool:
    """Whether an object is one of ``names``, and refers to them, by file name only."""
    obj, name = dso.elf, basename(path)
    filtees = {*obj.auxiliary, *obj.filter}
    not_needed = {need.file for need in obj.version_needs} - {*obj.needed}
    by_file_name = obj.soname in (None, name) if name in names else obj.soname not in names
    return by_file_name and names.keys().isdisjoint(filtees | not_needed)


def _is_renamed_alike(analysis: Analysis, module: Module, names: Mapping[str, str]) -> bool:
    if any(failure.name in names for failure in module.failures):
        return False
    if module.bound is None:
        return True
    for m in module.bound.opened.searchlist:
        if analysis.is_member(m.dso):
            continue
        if any(need.file in names for need in m.elf.version_needs):
            return False
    for m in module.bound.opened.new:
        for needed, (name, _) in zip(m.needed or (), m.resolutions, strict=True):
            member = analysis.is_member(needed.dso) and basename(needed.dso.path) in names
            if member != (name in names) or (member and not analysis.is_member(m.dso)):
                return False
    return True


class Touched:
    """The names that a plan for a target touches, and which of them can be told without a trial.

    ``names`` are as before the plan. What is found of bindings that hosts share is kept.
    """

    def __init__(self, target: Target, plan: Plan, definers: Definers, users: Definers) -> None:
        """``definers`` are the objects of the target that define these names, ``users`` those
        that have the loader look them up.
        """
        self.names = touched_names(plan)
        numbers = {users.numbers.get(name, 0) for name in self.names}
        self._users = {dso for number in numbers for dso in users.sets.get(number, ())}
        self._target = target
        self._plan = plan
        self._definers = definers
        self._known: dict[BindingGroup, AbstractSet[str]] = {}

    def unsettled(
        self, analysis: Analysis, groups: Iterable[tuple[Dso, BindingGroup]]
    ) -> AbstractSet[str]:
        """Those names of which only a trial shows what they are bound to after the plan.

        ``groups`` are those of the analysis. Of objects outside of the target none is asked.
        Of every other name each reference that the plan changes was meant for a definition which
        so is in its scope and matches, and which it gets: it is the only one that has the new
        name, or the one that the object itself has and closes.
        """
        if any(module.failures for module in analysis.modules):
            return self.names
        found = set[str]()
        for dso, group in groups:
            if dso not in self._users:
                continue
            known = self._known.get(group)
            if known is None:
                known = self._known[group] = self._unsettled_in(dso, group)
            found |= known
        return found

    def _unsettled_in(self, dso: Dso, group: BindingGroup) -> AbstractSet[str]:
        names, definers_of = self.names, self._definers.of
        change = self._plan.objects.get(self._target.names[dso.path], ObjectChange())
        found = {
            name
            for b in group.individual
            if (name := b.reference.name) in names
            and not _is_settled(b, dso, change, definers_of(name))
        }
        at_once, provider = group.simple or (frozenset[str](), dso)
        for name in at_once & names:
            if name in change.closed:
                settled = provider is dso
            else:
                settled = (name in change.renamed) == (definers_of(name) == (provider,))
            if not settled:
                found.add(name)
        return found


def _is_settled(b: Binding, dso: Dso, change: ObjectChange, definers: Sequence[Dso]) -> bool:
    """Whether it is sure what a reference of ``dso`` gets: what was meant, or what it got before.

    ``definers`` are the objects of the wheel that define the name.
    """
    reference, actual, meant, shadowed = b
    name = reference.name
    closed = name in change.closed
    if not closed and name not in change.renamed:
        return not shadowed and not any(hit.dso in definers for hit in (actual, meant) if hit)
    if meant is None or meant.definition.type == STT_TLS:
        return False
    if closed and meant.dso is dso:
        # An executable's canonical PLT entry comes before a protected function (Rule 3.3).
        return actual is None or not actual.definition.undefined
    # glibc may assert that what a version is asked of has versions (Rule 4.2).
    asserted = reference.version is not None and not meant.dso.elf.exports.versioned
    return len(definers) == 1 and definers[0] is meant.dso and not asserted


def rebind(analysis: Analysis, plan: Plan, names: AbstractSet[str]) -> tuple[Module, ...]:
    """The modules of ``analysis`` after ``plan``, with the bindings of ``names`` alone.

    ``names`` are as they were before; objects keep their paths.
    """
    target = analysis.target
    touched: dict[Dso, Dso] = {}

    def touch(dso: Dso) -> Dso:
        known = touched.get(dso)
        if known is None:
            change = plan.objects.get(target.names.get(dso.path, ""), ObjectChange())
            obj = touched_object(dso.elf, change, names)
            known = touched[dso] = Dso(dso.path, dso.identity, obj)
        return known

    opened = []
    for module in analysis.modules:
        if module.bound is not None:
            dsos = [touch(m.dso) for m in module.bound.opened.new]
            if any(dso.elf.references for dso in dsos):
                opened.append((module.name, _opened_with(module.bound.opened, touched)))
    binder = Binder(analysis.host.process, [m.dso for _, found in opened for m in found.new])
    modules = [(name, binder.bind(found)) for name, found in opened]
    return tuple(Module(name, bound, bound.failures) for name, bound in modules)


def _opened_with(opened: Opened, files: Mapping[Dso, Dso]) -> Opened:
    """The same, loaded from other ``files``."""
    maps = {m: LinkMap(m.name, files[m.dso], m.found, m.needed_by, m.origin) for m in opened.new}

    def each(found: Iterable[LinkMap]) -> tuple[LinkMap, ...]:
        return tuple(maps.get(m, m) for m in found)

    for old, new in maps.items():
        new.needed = None if old.needed is None else each(old.needed)
        new.resolutions, new.filtees = old.resolutions, each(old.filtees)
    (root,) = each((opened.root,))
    return opened._replace(
        root=root,
        searchlist=each(opened.searchlist),
        new=each(opened.new),
        scope=each(opened.scope),
    )
