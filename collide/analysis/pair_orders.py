"""Opens two targets in one process, in both orders, and compares with each of them alone.

Only modules that take part in something the two share are opened
(:mod:`collide.analysis.pair_traces` finds them). The second target's modules are opened
in a process of their own and in one where the first's are open already, with
both targets installed. Every reference that gets another definition there, and
every dlopen that ends otherwise, is a change. A file that both install is one
file, whose changes are left out. Nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Literal

from collide.analysis.analysis import Module
from collide.analysis.install import binder_for, install_together, open_modules, with_planned
from collide.analysis.pair_traces import Shared
from collide.binding.binding import Binding, BindingGroup, BoundObject, is_unique, names_apart
from collide.binding.definers import ReferencesByDefiner
from collide.binding.session import Session
from collide.loader.host import Host
from collide.loader.link_map import LinkMap, LoadFailure
from collide.loader.lookup import Match
from collide.loader.model import Dso
from collide.loader.opening import ALL_NOW, ModePatterns, Opening
from collide.support.records import NamedTuple
from collide.wheels.target import Target

ChangeKind = Literal["captured", "unique", "system", "promoted"]
"""Why another definition is found: a SONAME that is loaded already, the table of unique
symbols, a system library relocated by its first opener, or RTLD_GLOBAL.
"""


class ChangedBindings(NamedTuple):
    """References of one object that get another definition than without the first target.

    ``holder`` has the references, ``provider`` gives the definitions,
    ``before`` gave them when the second target was alone. ``bindings`` are
    the new ones, each with what the reference got then; ``groups`` are all that ``holder`` gets.
    """

    kind: ChangeKind
    holder: Dso
    provider: Dso
    before: Dso | None
    bindings: tuple[tuple[Binding, Match | None], ...]
    modules: tuple[str, ...]
    groups: tuple[BindingGroup, ...] = ()


class ChangedOutcome(NamedTuple):
    """A module that does not open after the first target's, or (``fails`` False) only then."""

    module: str
    fails: bool
    failure: LoadFailure


class PairOrder(NamedTuple):
    """The differences for ``second`` when ``first`` has been opened before it.

    ``failing`` are its modules that do not open even without it, when both are installed.
    ``brought`` has the paths of objects that the first loads because of a line of Python, each
    with the opening, and ``opened`` the modules of the second that such a line opens.
    """

    first: Target
    second: Target
    installed: Target
    changes: tuple[ChangedBindings, ...]
    outcomes: tuple[ChangedOutcome, ...]
    failing: tuple[Module, ...]
    brought: tuple[tuple[str, Opening], ...] = ()
    opened: tuple[tuple[str, Opening], ...] = ()

    def name_of(self, dso: Dso) -> str:
        """A member's name, or a host path."""
        return self.installed.names.get(dso.path, dso.path)


def both_orders(
    targets: tuple[Target, Target],
    host: Host,
    shares: Shared,
    modes: ModePatterns = ALL_NOW,
    by_definer: Callable[[Sequence[Dso]], ReferencesByDefiner] | None = None,
) -> tuple[PairOrder, PairOrder]:
    """Open two targets one after the other, and the other way round.

    For ``by_definer`` see :func:`collide.analysis.install.binder_for`.
    """
    installed = install_together(targets)
    by_name = {installed.names[f.path]: path for path, f in installed.members.items()}
    paths = tuple([by_name[name] for name in names if name in by_name] for names in shares.modules)
    files = installed.files(host)
    opened = with_planned(installed, [p for side in paths for p in side])
    binder = binder_for(host, files, opened, by_definer)
    sessions = [Session(host.process, files, binder) for _ in paths]

    def run(session: Session, side: int) -> tuple[Module, ...]:
        return tuple(open_modules(session, installed, paths[side], modes))

    alone = [run(session, side) for side, session in enumerate(sessions)]
    states = [_State(session, host) for session in sessions]
    brought = [tuple(by_lines(*of)) for of in zip(alone, sessions, strict=True)]
    after = [run(sessions[1 - side], side) for side in (0, 1)]

    def pair_order(first: int, second: int) -> PairOrder:
        changes = _changes(alone[first], alone[second], after[second], states[first])
        return PairOrder(
            targets[first],
            targets[second],
            installed,
            tuple(c for c in changes if c.holder.path not in shares.files),
            tuple(_outcomes(alone[second], after[second])),
            tuple(m._replace(bound=None) for m in alone[second] if m.failures),
            brought[first],
            tuple((m.name, m.opening) for m in alone[second] if m.opening.source),
        )

    return pair_order(0, 1), pair_order(1, 0)


def by_lines(modules: Sequence[Module], session: Session) -> Iterator[tuple[str, Opening]]:
    """What lines of Python have loaded, by its path, in a process that has opened ``modules``."""
    lines: dict[LinkMap, Opening] = {}
    for module in modules:
        for opening in (*module.before, module.opening):
            asked = session.process.loaded(opening.name) if opening.source else None
            if asked is not None:
                lines.setdefault(asked, opening)
    for loaded in session.process.maps if lines else ():
        top = loaded
        while top.needed_by is not None:
            top = top.needed_by
        if top in lines:
            yield loaded.dso.path, lines[top]


class _State:
    """What a process of one target holds before the other is opened."""

    def __init__(self, session: Session, host: Host) -> None:
        start_up = host.global_files
        self.files = frozenset(m.dso for m in session.process.maps)
        self.unique: Mapping[str, Match] = session.unique
        scope = (m.dso for m in session.process.global_scope)
        self.promoted = frozenset(f for f in scope if f not in start_up)


Brought = dict[Dso, tuple[BoundObject, tuple[str, ...]]]


def brought(modules: Iterable[Module]) -> Brought:
    """The objects that these modules brought, each with the modules that have it in scope."""
    objects: dict[Dso, BoundObject] = {}
    users: dict[Dso, dict[str, None]] = {}
    for module in modules:
        if module.bound is None:
            continue
        for bound in module.bound.objects:
            objects[bound.map.dso] = bound
        for m in module.bound.opened.searchlist:
            users.setdefault(m.dso, {})[module.name] = None
    return {dso: (bound, tuple(users[dso])) for dso, bound in objects.items()}


def _changes(
    first: Sequence[Module], alone: Sequence[Module], after: Sequence[Module], state: _State
) -> Iterator[ChangedBindings]:
    before, now, others = brought(alone), brought(after), brought(first)
    for dso, (old, users) in before.items():
        if dso in now:
            new, modules = now[dso]
            yield from _changed(old, new, modules, state, None)
        elif dso in state.files and dso in others:
            # Loaded by both: relocated when the first was opened, and not again.
            yield from _changed(old, others[dso][0], users, state, "system")


def _changed(
    old: BoundObject,
    new: BoundObject,
    modules: tuple[str, ...],
    state: _State,
    kind: ChangeKind | None,
) -> Iterator[ChangedBindings]:
    known = {id(group) for group in old.groups}
    # Modules share a group wherever their scopes agree.
    different = [group for group in new.groups if id(group) not in known]
    if different:
        names = names_apart(different, old.groups)
        previous = {b.reference: b.actual for group in old.groups for b in group.of(names)}
        pairs = ((b, previous.get(b.reference)) for group in different for b in group.of(names))
        kind_of = partial(_kind, state) if kind is None else lambda _: kind
        yield from changed_bindings(new.map.dso, modules, new.groups, pairs, kind_of)


def changed_bindings(
    holder: Dso,
    modules: tuple[str, ...],
    groups: tuple[BindingGroup, ...],
    pairs: Iterable[tuple[Binding, Match | None]],
    kind_of: Callable[[Match], ChangeKind],
) -> Iterator[ChangedBindings]:
    """Those of ``pairs``, bindings and what was there before, that are of another object now."""
    found: dict[tuple[ChangeKind, Dso, Dso | None], list[tuple[Binding, Match | None]]] = {}
    for b, was in pairs:
        if b.actual is not None and (was is None or was.dso is not b.actual.dso):
            key = kind_of(b.actual), b.actual.dso, was.dso if was else None
            found.setdefault(key, []).append((b, was))
    for (kind, provider, before), bindings in found.items():
        yield ChangedBindings(kind, holder, provider, before, tuple(bindings), modules, groups)


def _kind(state: _State, actual: Match) -> ChangeKind:
    registered = state.unique.get(actual.definition.name)
    if is_unique(actual) and registered is not None and registered.dso is actual.dso:
        return "unique"
    return "promoted" if actual.dso in state.promoted else "captured"


def _outcomes(alone: Sequence[Module], after: Sequence[Module]) -> Iterator[ChangedOutcome]:
    for before, now in zip(alone, after, strict=True):
        if bool(before.failures) != bool(now.failures):
            fails = bool(now.failures)
            yield ChangedOutcome(now.name, fails, (now.failures or before.failures)[0])
