"""What a target changes in system libraries, found once for all its pairs.

Nearly all pairs of wheels share nothing but system libraries, libstdc++ most of all, that the
modules of one of them change. Such a library is relocated where it is opened first. So what is
different for the second target is how the library is bound with the first alone, in place of how
it is bound with the second alone: both are known when each target has been opened once. Most
targets change nothing; then the difference is that to the library opened by itself.

:func:`collide.analysis.pair_orders.both_orders` opens the two, and says the same. It is asked
wherever one of the two could see a file of the other, or something fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from collide.analysis.install import binder_for, install_together, open_modules, with_planned
from collide.analysis.pair_orders import ChangedBindings, PairOrder, brought, changed_bindings
from collide.analysis.pair_traces import Shared
from collide.binding.binding import Binding, BindingGroup, BoundObject, names_apart
from collide.binding.definers import ReferencesByDefiner
from collide.binding.session import Session
from collide.elf.symbols import Reference
from collide.loader.host import Host
from collide.loader.model import Dso, FileSystem
from collide.loader.opening import ALL_NOW, ModePatterns
from collide.loader.static_tls import StaticTls
from collide.support.records import NamedTuple
from collide.wheels.target import Target

_Groups = tuple[BindingGroup, ...]


class _Held(NamedTuple):
    """A system library as the modules of one target bind it.

    ``users`` are the modules that have it in scope, ``bindings`` those that are other than with
    the library by itself. ``groups`` are all of it, where there are any such.
    """

    users: tuple[str, ...]
    bindings: Mapping[Reference, Binding]
    groups: _Groups


class _Side(NamedTuple):
    """Modules of one target that were opened one after the other, without the other target.

    ``target`` has no members, but their names. ``asked`` are the file names that were looked for,
    ``files`` those of the members, ``packages`` the directories whose Python opens something and
    ``paths`` what was opened. ``tls`` is the state of static TLS after it. ``own`` are the changes
    of each library for a target that changes nothing of it.
    """

    target: Target
    held: Mapping[Dso, _Held]
    asked: frozenset[str]
    files: frozenset[str]
    packages: tuple[str, ...]
    paths: tuple[str, ...]
    tls: StaticTls | None
    own: dict[Dso, tuple[ChangedBindings, ...]]


class _Watched(FileSystem):
    """Files of which it is noted by which names they were asked for."""

    def __init__(self, files: FileSystem) -> None:
        self._files = files
        self.asked: set[str] = set()

    def open(self, path: str) -> Dso | None:
        """See :class:`collide.loader.model.FileSystem`."""
        self.asked.add(path.rpartition("/")[2])
        return self._files.open(path)

    def cached(self, name: str) -> str | None:
        """See :class:`collide.loader.model.FileSystem`."""
        return self._files.cached(name)


class KnownDefiners:
    """The references of targets by definer, for all hosts; ``keeps`` says of which targets."""

    def __init__(self, keeps: Callable[[str], bool]) -> None:
        self.keeps = keeps
        self._known: dict[str, ReferencesByDefiner] = {}

    def of(self, target: Target) -> ReferencesByDefiner:
        """Those of one target: the same each time, if it is kept."""
        known = self._known.get(target.name)
        if known is None or any(dso not in known for dso in target.members.values()):
            known = ReferencesByDefiner(target.members.values())
            if self.keeps(target.name):
                self._known[target.name] = known
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
        self._sides: dict[tuple[str, tuple[str, ...]], _Side | None] = {}
        self._neutral: dict[Dso, tuple[_Groups, Mapping[Reference, Binding]]] = {}

    def both_orders(
        self, read: Callable[[str], Target], names: tuple[str, str], shares: Shared
    ) -> tuple[PairOrder, PairOrder] | None:
        """Both orders of a pair that shares nothing but system libraries; None of any other.

        ``read`` gives a target that was not looked at yet. Raises what it raises.
        """
        if any(shares[:2]) or any(shares[3:6]) or not shares.system:
            return None
        one, other = (
            self._side(read, name, modules)
            for name, modules in zip(names, shares.modules, strict=True)
        )
        if one is None or other is None or not self._apart(one, other):
            return None
        installed = install_together((one.target, other.target))

        def pair_order(first: _Side, second: _Side) -> PairOrder:
            changes = tuple(self._changes(first, second))
            return PairOrder(first.target, second.target, installed, changes, (), ())

        return pair_order(one, other), pair_order(other, one)

    def _side(
        self, read: Callable[[str], Target], name: str, modules: tuple[str, ...]
    ) -> _Side | None:
        key = name, modules
        if key in self._sides:
            return self._sides[key]
        side = self._opened(read(name), modules)
        # What it changes refers to its objects.
        if (
            side is None
            or self._by_definer.keeps(name)
            or not any(h.groups for h in side.held.values())
        ):
            self._sides[key] = side
        return side

    def _opened(self, target: Target, names: Sequence[str]) -> _Side | None:
        """None for a target on disk, where there are more files, and where something fails."""
        if target.on_disk is not None:
            return None
        host = self._host
        by_name = {target.names[f.path]: path for path, f in target.members.items()}
        paths = tuple(by_name[name] for name in names)
        files = _Watched(target.files(host))
        by_definer = self._by_definer.of(target)
        binder = binder_for(host, files, with_planned(target, paths), by_definer)
        session = Session(host.process, files, binder)
        modules = list(open_modules(session, target, paths, self._modes))
        if any(m.failures for m in modules):
            return None
        loaded = {m.dso for m in session.process.maps}
        held = {
            dso: self._held(bound, users)
            for dso, (bound, users) in brought(modules).items()
            if dso.path not in target.names and dso in loaded
        }
        return _Side(
            target._replace(members={}, cache=None),
            held,
            frozenset(files.asked),
            frozenset(path.rpartition("/")[2] for path in target.members),
            tuple(directory for directory, _ in target.plan.packages),
            paths,
            session.process.static_tls,
            {},
        )

    def _held(self, bound: BoundObject, users: tuple[str, ...]) -> _Held:
        groups, usual = self._by_itself(bound.dso)
        names = names_apart(bound.groups, groups)
        bindings = {
            b.reference: b
            for group in bound.groups
            for b in group.of(names)
            if (was := usual.get(b.reference)) is None or was.provider is not b.provider
        }
        return _Held(users, bindings, bound.groups if bindings else ())

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
        )

    def _has_room(self, one: _Side, other: _Side) -> bool:
        """Whether the static TLS of both is sure to fit."""
        start = self._host.process.static_tls
        if start is None or one.tls is None or other.tls is None:
            return start is one.tls is other.tls
        blocks = [dso.elf.tls for dso in (one.tls.placed | other.tls.placed) - start.placed]
        return sum(b.size + b.first + b.align for b in blocks if b) <= start.room

    def _changes(self, first: _Side, second: _Side) -> Iterator[ChangedBindings]:
        for dso, alone in second.held.items():
            held = first.held.get(dso)
            if held is None or not (held.bindings or alone.bindings):
                continue
            if alone.bindings:
                changes = self._different(dso, held, alone.bindings)
            elif dso in first.own:
                changes = first.own[dso]
            else:
                changes = first.own[dso] = self._different(dso, held, {})
            yield from (change._replace(modules=alone.users) for change in changes)

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
