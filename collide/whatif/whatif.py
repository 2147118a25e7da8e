"""Binds a target and a host again after a change of their linking, and compares the bindings.

Nothing is written: members and host libraries are changed in memory
(:mod:`collide.whatif.edits`, :mod:`collide.whatif.hosts`) and are loaded and bound
as any other.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from collide.analysis.analysis import Analysis, Module, analyse
from collide.analysis.start_up import START_UP_MODULE, knows_references, start_up
from collide.binding.binding import Binding, BoundModule
from collide.elf.symbols import Reference
from collide.loader.host import Host
from collide.loader.link_map import LoadFailure, Opened
from collide.loader.model import Dso
from collide.support.errors import UsageError
from collide.support.records import NamedTuple
from collide.whatif.deepbind import deepbind_modes
from collide.whatif.edits import (
    DEEPBIND,
    Edit,
    RelinkedObjects,
    apply_edits,
    distribution_tag,
)
from collide.whatif.hosts import relink_host
from collide.wheels.target import Target

Fates = Mapping[str, Mapping[Reference, Reference | None]]
LINK_TIME, DLSYM = "link-time", "dlsym"
NOT_LOADED, NOT_GLOBAL, UNDEFINED = "not-loaded", "not-global", "undefined"


class Outcome(NamedTuple):
    """The outcome for a reference: a ``provider``, or None and why.

    ``how`` is ``bound``, ``link-time`` (the link editor has bound it to the object's
    own definition), ``dlsym`` (the object asks at run time instead), ``undefined``,
    ``not-loaded`` (the object is not in the process) or ``not-global`` (start-up
    does not load it). ``shadowed`` is that of the binding.
    """

    provider: str | None
    how: str
    shadowed: bool = False


class Move(NamedTuple):
    """References of one object whose outcome changes in the same way.

    ``references`` counts them, ``symbols`` are their names, ``modules`` those that show
    it when they are opened.
    """

    object: str
    before: Outcome
    after: Outcome
    references: int
    symbols: tuple[str, ...]
    modules: tuple[str, ...]


class Balance(NamedTuple):
    """The sum of what a change does.

    ``shadowed_before`` and ``shadowed_after`` count distinct references that
    are shadowed in any module, ``newly_shadowed`` those that were not before.
    ``gone`` are load failures that the change removes, ``new`` those it makes.
    """

    shadowed_before: int
    shadowed_after: int
    newly_shadowed: int
    gone: tuple[LoadFailure, ...]
    new: tuple[LoadFailure, ...]


class WhatIf(NamedTuple):
    """One change of one target on one host, bound before and after.

    ``fates`` gives for the path of each changed object what became of its references,
    ``renamed`` are new symbol names by old ones, ``openings`` the dlopens that the host then makes
    of its own libraries.
    """

    before: Analysis
    after: Analysis
    fates: Fates
    balance: Balance
    moves: tuple[Move, ...] = ()
    renamed: Mapping[str, str] = {}
    openings: tuple[Opened, ...] = ()


def whatif(
    target: Target, host: Host, edits: Sequence[Edit], host_edits: Sequence[Edit] = ()
) -> WhatIf:
    """Bind ``target`` on ``host`` as they are and as the edits make them; compare all bindings.

    With ``host_edits`` the host's own bindings are compared as well. A target
    that cannot be analysed on ``host`` (``before.left_out``) is not changed. Raises
    UsageError for an edit that matches nothing, InputError for a host that cannot be
    started again.
    """
    before = analyse(target, host, insist=True)
    if before.left_out is not None:
        return WhatIf(before, before, {}, Balance(0, 0, 0, (), ()))
    if host_edits:
        before = with_start_up(before)
    tried = attempt(before, edits, host_edits)
    return tried._replace(moves=tuple(_moves(tried)))


def attempt(before: Analysis, edits: Sequence[Edit], host_edits: Sequence[Edit] = ()) -> WhatIf:
    """The same for an analysis that is there already, without the list of moves.

    With ``host_edits`` it must be one that :func:`with_start_up` has given.
    """
    deep = [e for e in edits if e.change.option == DEEPBIND]
    changed_target, changed = relink_target(before.target, [e for e in edits if e not in deep])
    modes = deepbind_modes(before, deep)
    host, fates = before.host, dict(changed.fates)
    openings: tuple[Opened, ...] = ()
    if host_edits:
        host, host_fates, openings = relink_host(before.host, host_edits)
        fates.update(host_fates)
    after = analyse(changed_target, host, insist=True, modes=modes)
    if host_edits:
        after = with_start_up(after, openings)
    balance = _balance(before, after, fates)
    return WhatIf(before, after, fates, balance, renamed=changed.renamed, openings=openings)


def relink_target(target: Target, edits: Sequence[Edit]) -> tuple[Target, RelinkedObjects]:
    """A target with some members linked in another way.

    A changed member keeps its canonical path, by which output names it, even
    where its file gets another name.
    """
    names = {path: target.names[dso.path] for path, dso in target.members.items()}
    objects = {path: dso.elf for path, dso in target.members.items()}
    try:
        changed = apply_edits(objects, names, edits, distribution_tag(target.name))
    except UsageError as e:
        raise UsageError(f"{target.name}: {e}") from e
    members = {}
    for path, dso in target.members.items():
        new = dso
        if changed.objects[path] is not dso.elf:
            new = Dso(dso.path, dso.identity, changed.objects[path])
        basename = changed.basenames.get(path, posixpath.basename(path))
        members[posixpath.join(posixpath.dirname(path), basename)] = new
    ordered = dict(sorted(members.items()))
    fates = {target.members[path].path: fate for path, fate in changed.fates.items()}
    return target._replace(members=ordered), changed._replace(fates=fates)


def with_start_up(analysis: Analysis, openings: Sequence[Opened] = ()) -> Analysis:
    """The analysis with one more module: the host's own objects, as start-up binds them.

    ``openings`` are dlopens that the host then makes. Nothing is added where it is not known what
    its objects refer to.
    """
    if not knows_references(analysis.host):
        return analysis
    bound = start_up(analysis.host, openings=openings)
    module = Module(START_UP_MODULE, bound, (*analysis.host.failures, *bound.failures))
    return analysis._replace(modules=(module, *analysis.modules))


def rename_map(tried: WhatIf) -> tuple[dict[str, str], tuple[str, ...]]:
    """New symbol names by old ones, and the members that one map of them serves.

    Raises UsageError where nothing is renamed, or where a member has a symbol
    of an old name that it gets from somewhere else: one map would rename both.
    """
    target = tried.before.target
    members = []
    for dso in target.members.values():
        fate = tried.fates.get(dso.path, {})
        renamed = {r.name for r, now in fate.items() if now is not None and now.name != r.name}
        after = next(f for f in tried.after.target.members.values() if f.path == dso.path)
        renamed |= dso.elf.exports.names - after.elf.exports.names
        other = {r.name for r in dso.elf.references} | dso.elf.exports.names
        name = target.names[dso.path]
        if renamed and (mixed := sorted((other - renamed) & tried.renamed.keys())):
            raise UsageError(
                f"{name} gets {mixed[0]} from another library than the one that is renamed: "
                "no map serves all, choose names (rename=NAMES)"
            )
        if renamed:
            members.append(name)
    if not tried.renamed:
        raise UsageError(f"{target.name}: nothing is renamed: --apply MEMBER=rename does it")
    return dict(tried.renamed), tuple(members)


def lost_references(tried: WhatIf) -> set[tuple[str, Reference]]:
    """References whose intended definition the change has taken away, by the name of their object.

    The host may have a definition of that name. Such a reference is then neither
    undefined nor shadowed, as nothing in the wheel is intended for it any more.
    """
    after = {f.path: f.elf.exports.names for f in tried.after.target.members.values()}
    gone = {
        dso: names
        for dso in tried.before.target.members.values()
        if (names := dso.elf.exports.names - after[dso.path])
    }
    found = set()
    for module in tried.before.modules if gone else ():
        for bound in module.objects:
            fate = tried.fates.get(bound.map.dso.path, {})
            for group in bound.groups:
                if gone.keys().isdisjoint(group.closure):
                    continue
                for b in group.bindings:
                    if (
                        b.intended is not None
                        and b.reference.name in gone.get(b.intended.dso, ())
                        and b.reference not in fate
                    ):
                        found.add((tried.before.name_of(bound.map.dso), b.reference))
    return found


def newly_split(tried: WhatIf) -> Iterator[tuple[str, str, int]]:
    """Objects that got all of a library from one provider, and would get only a part from it.

    Each with the provider and the number of references that it still takes. Two
    copies that work on the same structures are worse than one of another release.
    """
    old, new = _takes(tried.before), _takes(tried.after)
    for (path, intended, provider), left in new.items():
        if left < old[path, intended, provider] and not _keeps(tried.before, path, intended):
            names = tried.before.target.names
            yield names.get(path, path), names.get(provider, provider), left


def _takes(analysis: Analysis) -> Counter[tuple[str, str, str]]:
    """How many references of one object, meant for another, a third one takes, by their paths."""
    return Counter(
        (path, b.intended.dso.path, b.provider.path)
        for (path, _), b in shadowed_bindings(analysis).items()
        if b.provider is not None and b.intended is not None
    )


def _keeps(analysis: Analysis, path: str, intended: str) -> bool:
    """Whether any reference of an object gets its intended definition from ``intended``."""
    return any(
        b.intended is not None and b.intended.dso.path == intended and b.provider is b.intended.dso
        for module in analysis.modules
        for bound in module.objects
        if bound.map.dso.path == path
        for group in bound.groups
        if any(dso.path == intended for dso in group.closure)
        for b in group.bindings
    )


# -- comparing ------------------------------------------------------------------------------------


def bindings_of(bound: BoundModule | None) -> dict[str, tuple[Binding, ...]]:
    """The bindings of every object of one opened module, by canonical path."""
    return {o.map.dso.path: o.bindings for o in bound.objects} if bound else {}


def shadowed_bindings(analysis: Analysis) -> dict[tuple[str, Reference], Binding]:
    """The shadowed references of all modules, by the path of their object."""
    return {
        (bound.map.dso.path, b.reference): b
        for module in analysis.modules
        for bound in module.objects
        for group in bound.groups
        for b in group.shadowed
    }


def _balance(before: Analysis, after: Analysis, fates: Fates) -> Balance:
    old, new = shadowed_bindings(before), shadowed_bindings(after)
    followed = {(path, fates.get(path, {}).get(r, r)) for path, r in old}
    failed, fails = _failures(before), _failures(after)
    known = {_renamed(f, fates) for f in failed.values()}
    return Balance(
        shadowed_before=len(old),
        shadowed_after=len(new),
        newly_shadowed=sum(key not in followed for key in new),
        gone=tuple(f for f in failed.values() if _renamed(f, fates) not in fails),
        new=tuple(f for key, f in fails.items() if key not in known),
    )


def _failures(analysis: Analysis) -> dict[LoadFailure, LoadFailure]:
    return {f: f for module in analysis.modules for f in module.failures}


def _renamed(failure: LoadFailure, fates: Fates) -> LoadFailure:
    """The same failure under the name its symbol has after the change."""
    for old, new in fates.get(failure.object, {}).items():
        if failure.kind == "undefined-symbol" and new is not None and old.name == failure.name:
            return failure._replace(name=new.name, detail=new.version or "")
    return failure


def _moves(tried: WhatIf) -> Iterator[Move]:
    """Every reference whose outcome differs; those that differ alike are one move."""
    groups: dict[tuple[str, Outcome, Outcome], tuple[dict[Reference, None], dict[str, None]]] = {}
    after = {m.name: m for m in tried.after.modules}
    for module in tried.before.modules:
        then = after.get(module.name)
        now = bindings_of(then.bound if then else None)
        old = bindings_of(module.bound)
        absent = NOT_GLOBAL if module.name == START_UP_MODULE else NOT_LOADED
        for path, reference, was, becomes in _pairs(tried, old, now, Outcome(None, absent)):
            name = tried.before.target.names.get(path, path)
            key = name, was, becomes
            references, modules = groups.setdefault(key, ({}, {}))
            references[reference] = modules[module.name] = None
    for (name, was, becomes), (references, modules) in sorted(groups.items(), key=str):
        symbols = tuple(sorted({r.name for r in references}))
        yield Move(name, was, becomes, len(references), symbols, tuple(modules))


def _pairs(
    tried: WhatIf,
    old: Mapping[str, Sequence[Binding]],
    new: Mapping[str, Sequence[Binding]],
    absent: Outcome,
) -> Iterator[tuple[str, Reference, Outcome, Outcome]]:
    for path, bindings in old.items():
        fate = tried.fates.get(path, {})
        now = {b.reference: b for b in new.get(path, ())}
        name = tried.before.target.names.get(path, path)
        for b in bindings:
            was = outcome(tried.before, b)
            follower = fate.get(b.reference, b.reference)
            if path not in new:
                becomes = absent
            elif follower is None and b.reference.defined:
                becomes = Outcome(name, LINK_TIME)
            elif follower is None:
                becomes = Outcome(None, DLSYM)
            else:
                becomes = outcome(tried.after, now[follower])
            if was != becomes:
                yield path, b.reference, was, becomes
    for path in new.keys() - old.keys():
        for b in new[path]:
            yield path, b.reference, absent, outcome(tried.after, b)


def outcome(analysis: Analysis, b: Binding) -> Outcome:
    """The outcome for the reference of one binding."""
    if b.provider is None:
        return Outcome(None, UNDEFINED)
    return Outcome(analysis.name_of(b.provider), "bound", b.shadowed)
