"""What a target changes in system libraries, and its unique symbols, found once for all its pairs.

Nearly all pairs of wheels share nothing but system libraries, libstdc++ most of all, that the
modules of one of them change, and unique symbols of libraries that each has for itself. A system
library is relocated where it is opened first. So what is different for the second target is how
the library is bound with the first alone, in place of how it is bound with the second alone; and
every hit on a unique symbol that the first has registered becomes that one. All this is known when
each target has been opened once. Most targets change nothing of a library; then the difference is
that to the library opened by itself.

:func:`collide.analysis.pair_orders.both_orders` opens the two, and says the same. It is asked
wherever one of the two could see a file of the other, or something fails.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter

from collide.analysis.install import binder_for, install_together, open_modules, with_planned
from collide.analysis.pair_orders import (
    ChangedBindings,
    PairOrder,
    brought,
    by_lines,
    changed_bindings,
)
from collide.analysis.pair_traces import Shared
from collide.binding.binding import Binding, BindingGroup, BoundObject, names_apart
from collide.binding.definers import ReferencesByDefiner
from collide.binding.session import Session
from collide.binding.shadowing import ReferenceBinder
from collide.elf.constants import STT_TLS
from collide.elf.symbols import Reference
from collide.loader.host import Host
from collide.loader.lookup import Match
from collide.loader.model import Dso, FileSystem
from collide.loader.opening import ALL_NOW, ModePatterns, Opening
from collide.loader.static_tls import StaticTls
from collide.support.records import NamedTuple
from collide.wheels.target import Target

_Groups = tuple[BindingGroup, ...]


class _Held(NamedTuple):
    """A system library, or another object that hits unique symbols, as one target binds it.

    ``users`` are the modules that have it in scope, ``bindings`` those that are other than with
    a system library by itself. ``groups`` are all of it, where there are any such or unique ones.
    """

    users: tuple[str, ...]
    bindings: Mapping[Reference, Binding]
    groups: _Groups


class _Side(NamedTuple):
    """Modules of one target that were opened one after the other, without the other target.

    ``target`` has no members, but their names. ``unique`` are the symbols that were registered.
    ``asked`` are the paths that were tried, ``files`` those of the members, ``packages`` the
    directories whose Python opens something and ``paths`` what was opened. ``tls`` is the state of
    static TLS after it. ``brought`` and ``opened`` are those of
    :class:`collide.analysis.pair_orders.PairOrder`. ``own`` are the changes of each library for a
    target that changes nothing of it.
    """

    target: Target
    held: Mapping[Dso, _Held]
    unique: Mapping[str, Match]
    asked: frozenset[str]
    files: frozenset[str]
    packages: tuple[str, ...]
    paths: tuple[str, ...]
    tls: StaticTls | None
    brought: tuple[tuple[str, Opening], ...]
    opened: tuple[tuple[str, Opening], ...]
    own: dict[Dso, tuple[ChangedBindings, ...]]


class _Watched(FileSystem):
    """Files of which it is noted by which paths they were asked for."""

    def __init__(self, files: FileSystem) -> None:
        self._files = files
        self.asked: set[str] = set()

    def open(self, path: str) -> Dso | None:
        """See :class:`collide.loader.model.FileSystem`."""
        self.asked.add(path)
        return self._files.open(path)

    def cached(self, name: str) -> str | None:
        """See :class:`collide.loader.model.FileSystem`."""
        return self._files.cached(name)


class KnownDefiners:
    """The references of objects of targets by definer, for all hosts.

    ``keeps`` says which targets stay in memory; of these so many are known that they have not more
    than ``_NAMES`` in all.
    """

    _NAMES = 1_000_000

    def __init__(self, keeps: Callable[[str], bool]) -> None:
        self.keeps = keeps
        self._known: dict[tuple[Dso, ...], ReferencesByDefiner] = {}
        self._room = self._NAMES

    def of(self, targets: Sequence[Target], among: Iterable[Dso]) -> ReferencesByDefiner:
        """Those of all members of ``targets`` that are ``among`` some objects."""
        members = {dso for target in targets for dso in target.members.values()}
        dsos = tuple(sorted(members.intersection(among), key=attrgetter("path")))
        known = self._known.get(dsos)
        if known is None:
            known = ReferencesByDefiner(dsos)
            if all(self.keeps(target.name) for target in targets):
                self._room -= len(known.wanted)
                if self._room >= 0:
                    self._known[dsos] = known
        return known


class SystemSides:
    """The sides of all pairs on one host."""

    def __init__(
        self,
        host: Host,
        modes: ModePatterns = ALL_NOW,
        by_definer: KnownDefiners | None = None,
    ) -> None:
        self._host = host
        self._modes = modes
        self._by_definer = by_definer or KnownDefiners(bool)
        self._one = ReferenceBinder(host.process)
        self._sides: dict[tuple[str, tuple[str, ...], bool], _Side | None] = {}
        self._neutral: dict[Dso, tuple[_Groups, Mapping[Reference, Binding]]] = {}

    def both_orders(
        self, read: Callable[[str], Target], names: tuple[str, str], shares: Shared
    ) -> tuple[PairOrder, PairOrder] | None:
        """Both orders of a pair that shares system libraries and unique symbols; None of others.

        ``read`` gives a target that was not looked at yet. Raises what it raises.
        """
        if shares.sonames or any(shares[3:6]) or not (shares.unique or shares.system):
            return None
        one, other = (
            self._side(read, name, modules, bool(shares.unique))
            for name, modules in zip(names, shares.modules, strict=True)
        )
        if one is None or other is None or not self._apart(one, other):
            return None
        installed = install_together((one.target, other.target))

        def pair_order(first: _Side, second: _Side) -> PairOrder:
            changes = tuple(self._changes(first, second))
            return PairOrder(
                first.target,
                second.target,
                installed,
                changes,
                (),
                (),
                first.brought,
                second.opened,
            )

        return pair_order(one, other), pair_order(other, one)

    def _side(
        self, read: Callable[[str], Target], name: str, modules: tuple[str, ...], unique: bool
    ) -> _Side | None:
        key = name, modules, unique
        if key in self._sides:
            return self._sides[key]
        side = self._opened(read(name), modules, unique)
        # What it changes refers to its objects.
        if (
            side is None
            or self._by_definer.keeps(name)
            or not any(h.groups for h in side.held.values())
        ):
            self._sides[key] = side
        return side

    def _opened(self, target: Target, names: Sequence[str], unique: bool) -> _Side | None:
        """None for a target on disk, where there are more files, and where something fails.

        Without ``unique`` nothing is kept of unique symbols.
        """
        if target.on_disk is not None:
            return None
        host = self._host
        by_name = {target.names[f.path]: path for path, f in target.members.items()}
        paths = tuple(by_name[name] for name in names)
        files = _Watched(target.files(host))
        by_definer = self._by_definer.of([target], target.members.values())
        binder = binder_for(host, files, with_planned(target, paths), lambda _: by_definer)
        session = Session(host.process, files, binder)
        modules = list(open_modules(session, target, paths, self._modes))
        if any(m.failures for m in modules):
            return None
        loaded = {m.dso for m in session.process.maps}
        held = {}
        for dso, (bound, users) in brought(modules).items():
            is_system = dso.path not in target.names and dso in loaded
            hits = unique and any(group.unique for group in bound.groups)
            if is_system or hits:
                bindings = self._unusual(bound) if is_system else {}
                held[dso] = _Held(users, bindings, bound.groups if bindings or hits else ())

        def shown(openings: Iterable[tuple[str, Opening]]) -> tuple[tuple[str, Opening], ...]:
            return tuple((of, o._replace(name=target.shown(o.name))) for of, o in openings)

        return _Side(
            target._replace(members={}, cache=None),
            held,
            session.unique if unique else {},
            frozenset(map(posixpath.normpath, files.asked)),
            frozenset(target.members),
            tuple(directory for directory, _ in target.plan.packages),
            paths,
            session.process.static_tls,
            shown(by_lines(modules, session)),
            shown((m.name, m.opening) for m in modules if m.opening.source),
            {},
        )

    def _unusual(self, bound: BoundObject) -> Mapping[Reference, Binding]:
        """The bindings that are other than with the library by itself."""
        groups, usual = self._by_itself(bound.dso)
        names = names_apart(bound.groups, groups)
        return {
            b.reference: b
            for group in bound.groups
            for b in group.of(names)
            if (was := usual.get(b.reference)) is None or was.provider is not b.provider
        }

    def _by_itself(self, dso: Dso) -> tuple[_Groups, Mapping[Reference, Binding]]:
        """The bindings of a library of the host that is opened first of all."""
        found = self._neutral.get(dso)
        if found is None:
            host = self._host
            session = Session(host.process, host.files, binder_for(host, host.files, [dso.path]))
            bound = session.open(dso.path).bound
            objects = bound.relocated if bound else ()
            groups = tuple(group for o in objects if o.dso is dso for group in o.groups)
            bindings = {b.reference: b for group in groups for b in group.bindings}
            found = self._neutral[dso] = groups, bindings
        return found

    def _apart(self, one: _Side, other: _Side) -> bool:
        """Whether each of the two finds what it finds alone when both are installed."""
        return (
            one.asked.isdisjoint(other.files)
            and other.asked.isdisjoint(one.files)
            and not _encloses(one.packages, other.paths)
            and not _encloses(other.packages, one.paths)
            and self._has_room(one, other)
            and self._is_plain(one, other)
            and self._is_plain(other, one)
        )

    def _has_room(self, one: _Side, other: _Side) -> bool:
        """Whether the static TLS of both is sure to fit."""
        start = self._host.process.static_tls
        if start is None or one.tls is None or other.tls is None:
            return start is one.tls is other.tls
        blocks = [dso.elf.tls for dso in (one.tls.placed | other.tls.placed) - start.placed]
        return sum(b.size + b.first + b.align for b in blocks if b) <= start.room

    def _is_plain(self, first: _Side, second: _Side) -> bool:
        """Whether nothing follows from unique symbols of ``first`` but other bindings of its names.

        Thread-local ones need room, and a definition may decide whether a table of versions is
        missed. What a library that both hold has registered for ``second`` alone, others do now.
        """
        rules = self._one.rules
        by_shared, by_others = set[str](), set[str]()
        for dso, alone in second.held.items():
            names = by_shared if dso in first.held else by_others
            for b in (b for group in alone.groups for b in group.unique):
                before, now = b.actual, first.unique.get(b.reference.name)
                if now is None or before is None:
                    names.add(b.reference.name)
                elif dso not in first.held and now.dso is not before.dso:
                    if STT_TLS in (before.definition.type, now.definition.type):
                        return False
                    asserts = rules.asserts_version_tables and b.reference.version is not None
                    if asserts and now.dso in second.held and not now.dso.elf.exports.versioned:
                        return False
        return by_shared.isdisjoint(by_others)

    def _changes(self, first: _Side, second: _Side) -> Iterator[ChangedBindings]:
        for dso, alone in second.held.items():
            held = first.held.get(dso)
            if held is None:
                yield from self._registered_before(first.unique, dso, alone)
                continue
            if not (held.bindings or alone.bindings):
                continue
            if alone.bindings:
                changes = self._different(dso, held, alone.bindings)
            elif dso in first.own:
                changes = first.own[dso]
            else:
                changes = first.own[dso] = self._different(dso, held, {})
            yield from (change._replace(modules=alone.users) for change in changes)

    def _registered_before(
        self, unique: Mapping[str, Match], dso: Dso, alone: _Held
    ) -> Iterator[ChangedBindings]:
        """What of ``dso`` gets a unique symbol of the first target."""
        groups, pairs = list[BindingGroup](), list[tuple[Binding, Match | None]]()
        for group in alone.groups if unique else ():
            changed = dict[Binding, Binding]()
            for b in group.unique:
                actual = unique.get(b.reference.name)
                if actual is not None and actual.dso is not b.provider:
                    shadowed = self._one.is_shadowed(actual, b.intended)
                    changed[b] = b._replace(actual=actual, shadowed=shadowed)
            groups.append(group.changed(changed, self._one.rules.demands) if changed else group)
            pairs += ((now, b.actual) for b, now in changed.items())
        yield from changed_bindings(dso, alone.users, tuple(groups), pairs, lambda _: "unique")

    def _different(
        self, dso: Dso, held: _Held, before: Mapping[Reference, Binding]
    ) -> tuple[ChangedBindings, ...]:
        _, usual = self._by_itself(dso)
        pairs = (
            (held.bindings.get(r) or usual[r], before.get(r) or usual.get(r))
            for r in dict.fromkeys((*held.bindings, *before))
        )
        matched = ((b, was.actual if was else None) for b, was in pairs)
        return tuple(changed_bindings(dso, (), held.groups, matched, lambda _: "system"))


def _encloses(directories: Sequence[str], paths: Sequence[str]) -> bool:
    return any(path.startswith(f"{directory}/") for directory in directories for path in paths)
