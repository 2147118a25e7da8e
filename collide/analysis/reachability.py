"""Decides which references of a wheel's objects can run, from its entry points on.

A bundled library whose users all get the host's copy is loaded and never called, and
then it does no harm what its own references bind to. What is certain to run are the
initialisation functions that Python calls, and constructors. From these a graph of
calls leads across all objects of the wheel along the actual bindings. Functions whose
address is in the data of an object in use count as called; what is looked up with
dlsym does not. All modules are looked at together: where they bind an object
differently, the union of its bindings counts.

The graph is searched backwards from the references that are asked for, and only as
far as needed: mostly a few steps lead to something that runs, or end.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from types import MappingProxyType

from collide.binding.binding import BindingGroup, BoundModule
from collide.elf.code.call_graph import Calls
from collide.elf.references import table_of
from collide.loader.link_map import LinkMap
from collide.loader.model import Dso
from collide.support.records import NamedTuple

ENTRY = re.compile(r"PyInitU?_|_cffi_pypyinit_|init[A-Za-z_]+$")
"""Names that CPython 3, a cffi module in PyPy and CPython 2 look up with dlsym."""


class Use(NamedTuple):
    """A fact that may hold: code of ``dso`` that runs refers to ``name``.

    With None for the name: something calls into the object, so that its data is in use.
    """

    dso: Dso
    name: str | None


class _Door(NamedTuple):
    """A fact that may hold: a function of ``dso`` is called by a name that leads to it."""

    dso: Dso
    address: int


class _Object:
    """One object, as all modules bind it.

    Its *doors* are functions with names, by which others may call them. A name waits for those
    that lead to a use of it: it holds as soon as one of them is open.
    """

    def __init__(
        self, dso: Dso, read: Callable[[Dso], Calls | None], unasked: AbstractSet[str]
    ) -> None:
        self.dso = dso
        self._unasked = unasked
        self.groups: dict[int, BindingGroup] = {}
        self._read = read
        self._by_provider: defaultdict[Dso, list[BindingGroup]] = defaultdict(list)
        self._bound_to: dict[Dso, AbstractSet[str]] = {}
        self._waiting: dict[Use, AbstractSet[int]] = {}
        self._awaited: Counter[int] = Counter()
        self._open: set[int] = set()
        self.is_read = False

    @cached_property
    def calls(self) -> Calls | None:
        """Its calls, which are costly to read."""
        self.is_read = True
        return self._read(self.dso)

    @cached_property
    def _size(self) -> int:
        return len(table_of(self.dso.elf.references).simple)

    @property
    def cost(self) -> tuple[bool, int]:
        """A sort key: objects whose calls are read come first, then small ones."""
        return not self.is_read, self._size

    @cached_property
    def used_at_load(self) -> AbstractSet[str]:
        """The names that its constructors lead to."""
        if self.calls is None:
            return frozenset()
        return self.calls.used_at_load(lambda name: self.targets(name, self.dso))

    @cached_property
    def entries(self) -> AbstractSet[int]:
        """Addresses that the opener calls: a module's initialisation; else what it may ask for."""
        exports = self.dso.elf.exports
        names: Iterable[str] = [name for name in exports.names if ENTRY.match(name)]
        names = names or exports.names - self._unasked
        found = (d.value for name in names for d in exports.candidates(name))
        return {value for value in found if value is not None}

    def offered(self, functions: AbstractSet[int]) -> AbstractSet[int]:
        """Those of ``functions`` that have names, by which others may call them."""
        calls = self.calls
        return calls.offered(self.dso.elf.exports).keys() & functions if calls else frozenset()

    def wait(self, use: Use, doors: AbstractSet[int]) -> Sequence[int]:
        """Let ``use`` hold with one of ``doors``; returns those that nothing else waits for."""
        self.drop(use)
        self._waiting[use] = doors
        awaited = self._awaited.get
        new = sorted(door for door in doors if not awaited(door))
        self._awaited.update(doors)
        return new

    def drop(self, use: Use) -> None:
        """``use`` waits no longer."""
        for door in self._waiting.pop(use, ()):
            self._awaited[door] -= 1

    def is_awaited(self, address: int) -> bool:
        """Whether some use would hold, if the function at ``address`` were open."""
        return self._awaited[address] > 0

    def open(self, address: int) -> None:
        """The function at ``address`` is called by its name."""
        self._open.add(address)

    def opened(self) -> list[Use]:
        """The uses that hold because of functions that are open."""
        return [use for use, doors in self._waiting.items() if not self._open.isdisjoint(doors)]

    def bound_by(self, provider: Dso) -> Sequence[BindingGroup]:
        """The groups with bindings to ``provider``."""
        if not self._by_provider:
            for group in self.groups.values():
                for dso in group.providers:
                    self._by_provider[dso].append(group)
        return self._by_provider.get(provider, ())

    def targets(self, name: str, provider: Dso) -> Iterator[int]:
        """The addresses in ``provider`` that references to ``name`` get, in any module."""
        for group in self.bound_by(provider):
            for definition in group.hits(name, provider):
                if definition.value is not None:
                    yield definition.value

    def bound_to(self, provider: Dso) -> AbstractSet[str]:
        """The names that get a definition of ``provider``, in any module."""
        names = self._bound_to.get(provider)
        if names is None:
            names = set[str]().union(*(g.bound_to(provider) for g in self.bound_by(provider)))
            self._bound_to[provider] = names
        return names


def objects_leading_to(
    victims: AbstractSet[Dso],
    modules: Iterable[BoundModule],
    calls_of: Callable[[Dso], Calls | None],
    unasked: Mapping[Dso, AbstractSet[str]],
) -> dict[Dso, _Object]:
    """The objects whose dependencies lead to one of ``victims``: no other can call into it."""
    objects: dict[Dso, _Object] = {}
    known: dict[int, tuple[LinkMap, bool]] = {}
    for module in modules:
        for bound in module.objects:
            root = bound.map
            if id(root) not in known:
                known[id(root)] = root, any(m.dso in victims for m in _closure(root))
            if known[id(root)][1]:
                found = objects.get(root.dso)
                if found is None:
                    found = objects[root.dso] = _Object(
                        root.dso, calls_of, unasked.get(root.dso, frozenset())
                    )
                found.groups.update((id(group), group) for group in bound.groups)
    return objects


def _closure(root: LinkMap) -> Iterator[LinkMap]:
    closure, seen = [root], {id(root)}
    for current in closure:
        yield current
        for needed in current.needed or ():
            if id(needed) not in seen:
                seen.add(id(needed))
                closure.append(needed)


class Reach:
    """Finds the references that run when ``modules`` are imported and used.

    ``calls_of`` gives the calls of an object, None where they are not known:
    then all that it refers to counts as soon as something calls into it. Only
    ``objects`` whose dependencies lead to one of ``victims`` are looked at; ``roots`` are those of
    them that are opened. Nobody looks up ``unasked`` names; constructors count if ``at_load``.
    """

    def __init__(
        self,
        modules: Sequence[BoundModule],
        victims: AbstractSet[Dso],
        calls_of: Callable[[Dso], Calls | None],
        unasked: Mapping[Dso, AbstractSet[str]] = MappingProxyType({}),
        at_load: bool = True,
    ) -> None:
        self.objects = objects_leading_to(victims, modules, calls_of, unasked)
        for one in () if at_load else self.objects.values():
            one.used_at_load = frozenset()
        self.calls_of = calls_of
        roots = {module.opened.root.dso for module in modules}
        self.roots = frozenset(roots & self.objects.keys())
        self._holds: set[Use | _Door] = set()
        self._follows: defaultdict[Use, list[Use | _Door]] = defaultdict(list)
        self._opening: set[Dso] = set()
        self._steps: dict[Use, int] = {}
        self._waiting: tuple[defaultdict[Dso, dict[Use, None]], ...] = tuple(
            defaultdict(dict) for _ in self._ways
        )
        self._asked: set[Use] = set()
        self._callers: dict[Dso, list[_Object]] = {}
        self._users: dict[Dso, list[_Object]] = {}
        self._named: dict[tuple[Dso, int], list[Use]] = {}

    def uses(self, dso: Dso, names: Iterable[str]) -> AbstractSet[str]:
        """Those of ``names`` that code of ``dso`` refers to which can run."""
        found = self.objects.get(dso)
        if found is None:
            return frozenset()
        wanted = frozenset(names)
        in_use = bool(self._ask([Use(dso, None)]))
        if found.calls is None:
            return wanted if in_use else frozenset()
        if not in_use:
            return wanted & found.used_at_load
        known = wanted & found.calls.table_symbols
        known = known | found.calls.live(wanted - known)
        return known | self._ask([Use(dso, name) for name in wanted - known])

    def runs(self, dso: Dso, functions: Iterable[int]) -> AbstractSet[int]:
        """Those of ``functions``, of ``dso``, that its own code calls in a way that can run.

        Where its calls are not known, all do as soon as something calls into it.
        """
        found = self.objects.get(dso)
        if found is None or not self._ask([Use(dso, None)]):
            return frozenset()
        calls = found.calls
        if calls is None:
            return frozenset(functions)
        direct = {one: calls.callers(one) - {one} for one in functions}
        return {one for one, found in direct.items() if self._is_run(dso, found, calls)}

    def _is_run(self, dso: Dso, callers: AbstractSet[int], calls: Calls) -> bool:
        # Mostly one of them is live, which is known without a list of all that lead to them.
        if calls.any_live(callers):
            return True
        functions = calls.with_callers(callers)
        if dso in self.roots and not functions.isdisjoint(self.objects[dso].entries):
            return True
        called = self.objects[dso].offered(functions)
        return bool(self._ask([use for one in called for use in self._calling(dso, one)]))

    # -- the walk ---------------------------------------------------------------------------------

    def _ask(self, wanted: Sequence[Use]) -> set[str]:
        """Take the cheapest step that is left until it is known which of ``wanted`` hold."""
        self._asked = set(wanted)
        for use in wanted:
            self._enqueue(use)
        for way, waiting in iter(self._next, None):
            dso = min(waiting, key=lambda f: self.objects[f].cost) if way else next(iter(waiting))
            batch = [use for use in waiting.pop(dso) if self._matters(use)]
            for use in batch:
                self._steps[use] = way + 1
                self._enqueue(use)
            if batch:
                self._ways[way](self, self.objects[dso], batch)
            self._settle()
        return {use.name or "" for use in wanted if use in self._holds}

    def _next(self) -> tuple[int, dict[Dso, dict[Use, None]]] | None:
        return next(((way, left) for way, left in enumerate(self._waiting) if left), None)

    def _matters(self, use: Use) -> bool:
        """Whether something that is not known yet follows from ``use``."""
        holds = self._holds
        if use in holds:
            return False
        return use in self._asked or any(
            f not in holds and (isinstance(f, Use) or self.objects[f.dso].is_awaited(f.address))
            for f in self._follows[use]
        )

    def _enqueue(self, use: Use) -> None:
        way = self._steps.setdefault(use, 0)
        if way < len(self._ways) and use not in self._holds:
            self._waiting[way][use.dso][use] = None

    def _implies(self, cause: Use, use: Use | _Door) -> None:
        """``use`` holds if ``cause`` does."""
        if cause in self._holds:
            self._hold(use)
        else:
            self._follows[cause].append(use)
            self._enqueue(cause)

    def _hold(self, use: Use | _Door) -> None:
        pending = [use]
        for one in pending:
            if one in self._holds:
                continue
            self._holds.add(one)
            if isinstance(one, Use):
                self.objects[one.dso].drop(one)
                pending += self._follows.pop(one, ())
            else:
                self.objects[one.dso].open(one.address)
                self._opening.add(one.dso)

    def _settle(self) -> None:
        """Hold what waited for functions that are open by now, of all names at once."""
        while self._opening:
            for use in self.objects[self._opening.pop()].opened():
                self._hold(use)

    # -- the steps --------------------------------------------------------------------------------

    def _by_opening(self, found: _Object, batch: Iterable[Use]) -> None:
        """Hold uses of objects that are opened as modules."""
        if found.dso in self.roots:
            for use in batch:
                if use.name is None:
                    self._hold(use)

    def _by_code(self, found: _Object, batch: Iterable[Use]) -> None:
        """Find data that refers to the name, and code that is called from data or by a name."""
        names = [use.name for use in batch if use.name is not None]
        if names and found.calls is None:
            # Without calls all is used as soon as any function is called.
            live: AbstractSet[str] = frozenset(names)
        elif names and found.calls is not None:
            live = found.calls.table_symbols.intersection(names)
            live = live.union(found.calls.live([name for name in names if name not in live]))
        for name in names:
            if name in live:
                self._implies(Use(found.dso, None), Use(found.dso, name))
            elif found.calls is not None:
                self._by_bindings(Use(found.dso, name), found.calls.behind(name))

    def _by_bindings(self, use: Use, functions: AbstractSet[int]) -> None:
        """``use`` holds if one of ``functions``, which lead to it, is called by its name."""
        if use in self._holds:
            return
        found = self.objects[use.dso]
        if use.dso in self.roots and not functions.isdisjoint(found.entries):
            self._hold(use)
            return
        for address in found.wait(use, found.offered(functions)):
            for cause in self._calling(use.dso, address):
                self._implies(cause, _Door(use.dso, address))
        self._opening.add(use.dso)

    def _calling(self, dso: Dso, address: int) -> Sequence[Use]:
        """The references that the function at an address is called by."""
        found = self._named.get((dso, address))
        if found is None:
            calls = self.objects[dso].calls
            names = calls.offered(dso.elf.exports).get(address, ()) if calls else ()
            found = self._named[dso, address] = [
                Use(caller.dso, name)
                for name in names
                for caller in self._users_of(dso)
                if name in caller.bound_to(dso) and address in caller.targets(name, dso)
            ]
        return found

    def _users_of(self, dso: Dso) -> Sequence[_Object]:
        """All objects that are bound to definitions of an object."""
        users = self._users.get(dso)
        if users is None:
            users = self._users[dso] = [o for o in self.objects.values() if o.bound_by(dso)]
        return users

    def _from_outside(self, found: _Object, batch: Iterable[Use]) -> None:
        """Any reference from another object counts: look at one such object after the other."""
        for use in batch:
            if use.name is None:
                left = self._callers.get(use.dso)
                if left is None:
                    left = [o for o in self._users_of(use.dso) if o is not found]
                    self._callers[use.dso] = left
                if left:
                    # Objects that are opened as modules are certain to be in use.
                    best = min(left, key=lambda o: (o.dso not in self.roots, o.cost))
                    left.remove(best)
                    self._refers(best, use)
                if left:
                    self._waiting[self._steps[use]][use.dso].pop(use)
                    self._steps[use] -= 1
                    self._enqueue(use)

    def _refers(self, caller: _Object, use: Use) -> None:
        """Find when ``caller`` refers to definitions of the object."""
        names = caller.bound_to(use.dso)
        in_use = Use(caller.dso, None)
        calls = caller.calls
        if calls is None or not names.isdisjoint(calls.table_symbols) or calls.live(names):
            self._implies(in_use, use)
        else:
            for name in names:
                self._implies(Use(caller.dso, name), use)

    def _at_load(self, found: _Object, batch: Iterable[Use]) -> None:
        """Hold what constructors lead to, of objects that nothing calls into."""
        # Constructors of an object in use count with all that its data refers to.
        in_use = Use(found.dso, None) in self._holds
        for use in batch:
            if use.name is not None:
                if not in_use and use.name in found.used_at_load:
                    self._hold(use)
            elif any(
                not other.bound_to(use.dso).isdisjoint(other.used_at_load)
                for other in self._users_of(use.dso)
                if other is not found
            ):
                self._hold(use)

    def _by_rest(self, found: _Object, batch: Iterable[Use]) -> None:
        """Read code of a large object that has not been read yet, and start again."""
        names = [use for use in batch if use.name is not None]
        if names and found.calls is not None and not found.calls.whole:
            found.calls.more()
            # Uses that were dropped meanwhile may be needed again.
            for use in [u for u in self._steps if u.dso is found.dso and u.name is not None]:
                self._steps[use] = self._ways.index(Reach._by_code)
                self._enqueue(use)

    _ways = (_by_opening, _by_code, _from_outside, _at_load, _by_rest)
