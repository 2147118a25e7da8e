"""Decides which references of a wheel's objects can run, from its entry points on.

A bundled library whose users all get the host's copy is loaded and never called, and
then it does no harm what its own references bind to. What is certain to run are the
initialisation functions that Python calls, and constructors. From these a graph of
calls leads across all objects of the wheel along the actual bindings. Functions whose
address is in the data of an object in use count as called; what is looked up with
dlsym does not. All modules are looked at together: where they bind an object
differently, the union of its bindings counts.

What runs is followed from what is certain to run, object by object, until nothing is new.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from types import MappingProxyType

from collide.binding.binding import BindingGroup, BoundModule
from collide.elf.code.call_graph import Calls
from collide.elf.code.graph import Running
from collide.elf.references import referred_names
from collide.loader.link_map import LinkMap, closure
from collide.loader.model import Dso, once_of

ENTRY = re.compile(r"PyInitU?_|_cffi_pypyinit_|init[A-Za-z_]+$")
"""Names that CPython 3, a cffi module in PyPy and CPython 2 look up with dlsym."""


@once_of
def initialisations(dso: Dso) -> Sequence[str]:
    """The names of a module's initialisation, of which a library has none."""
    return [name for name in dso.elf.exports.names if ENTRY.match(name)]


class _Object:
    """One object, as all modules bind it, and what of it is known to run.

    ``in_use`` is whether something calls into it: then its data is, too. ``used`` are the names
    that its code which runs refers to.
    """

    def __init__(
        self, dso: Dso, read: Callable[[Dso], Calls | None], unasked: AbstractSet[str]
    ) -> None:
        self.dso = dso
        self._unasked = unasked
        self._read = read
        self.groups: dict[int, BindingGroup] = {}
        self.forget()

    def forget(self) -> None:
        """Know nothing of what runs."""
        self.in_use = False
        self.used: set[str] = set()
        self._running: Running | None = None

    @cached_property
    def calls(self) -> Calls | None:
        """Its calls, which are costly to read."""
        return self._read(self.dso)

    @cached_property
    def used_at_load(self) -> AbstractSet[str]:
        """The names that its constructors lead to."""
        if self.calls is None:
            return frozenset()
        return self.calls.used_at_load(self._own_addresses)

    def _own_addresses(self, name: str) -> Iterator[int]:
        for group in self.groups.values():
            yield from group.addresses(self.dso).get(name, ())

    @property
    def entries(self) -> Collection[int]:
        """Addresses that the opener calls: a module's initialisation; else what it may ask for."""
        exports = self.dso.elf.exports
        names: Iterable[str] = initialisations(self.dso) or exports.names - self._unasked
        found = (d.value for name in names for d in exports.candidates(name))
        return [value for value in found if value is not None]

    def enter(self) -> AbstractSet[str]:
        """Something calls into the object; returns the names that are used by that."""
        if self.in_use:
            return frozenset()
        self.in_use = True
        if self.calls is None:
            return referred_names(self.dso.elf.references)
        return self._known(self.calls).enter()

    def call(self, functions: Collection[int]) -> AbstractSet[str]:
        """``functions`` are called; returns the names that are used by that."""
        return self._known(self.calls).call(functions) if self.calls and functions else frozenset()

    def is_called(self, function: int) -> bool:
        """Whether code of the object that runs calls a function."""
        return self.calls is None or self._known(self.calls).is_called(function)

    def _known(self, calls: Calls) -> Running:
        if self._running is None:
            self._running = calls.running()
        return self._running


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
                known[id(root)] = root, any(m.dso in victims for m in closure(root))
            if known[id(root)][1]:
                found = objects.get(root.dso)
                if found is None:
                    found = objects[root.dso] = _Object(
                        root.dso, calls_of, unasked.get(root.dso, frozenset())
                    )
                found.groups.update((id(group), group) for group in bound.groups)
    return objects


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
        self.calls_of = calls_of
        self._at_load = at_load
        roots = {module.opened.root.dso for module in modules}
        self.roots = frozenset(roots & self.objects.keys())
        self._is_followed = False
        self._loaded: set[Dso] = set()
        self._asked: set[Dso] = set()
        self._users: defaultdict[Dso, list[_Object]] = defaultdict(list)
        self._pending: dict[Dso, set[str]] = {}
        self._bindings: dict[Dso, Sequence[tuple[Dso, Mapping[str, Sequence[int]]]]] = {}

    def uses(self, dso: Dso, names: Iterable[str]) -> AbstractSet[str]:
        """Those of ``names`` that code of ``dso`` refers to which can run."""
        wanted, found = frozenset(names), self.objects.get(dso)
        if found is None:
            return frozenset()
        self._follow(dso)
        while not wanted <= found.used and self._read_more():
            self._follow(dso)
        if found.in_use:
            return wanted if found.calls is None else wanted & found.used
        return wanted & found.used_at_load if self._at_load else frozenset()

    def runs(self, dso: Dso, functions: Iterable[int]) -> AbstractSet[int]:
        """Those of ``functions``, of ``dso``, that its own code calls in a way that can run.

        Where its calls are not known, all do as soon as something calls into it.
        """
        found = self.objects.get(dso)
        if found is None:
            return frozenset()
        self._follow(dso)
        if not found.in_use:
            return frozenset()
        return {one for one in functions if found.is_called(one)}

    def _read_more(self) -> bool:
        """Read code of large objects that has not been read yet; False where all has been."""
        objects = self.objects.values()
        left = [o.calls for o in objects if o.in_use and o.calls and not o.calls.whole]
        for calls in left:
            calls.more()
        if left:
            self._is_followed = False
            for one in objects:
                one.forget()
        return bool(left)

    # -- what leads to what -----------------------------------------------------------------------

    def _follow(self, asked: Dso) -> None:
        """Find all that runs, but for constructors that lead to nothing in what is ``asked``."""
        if not self._is_followed:
            self._is_followed = True
            self._loaded.clear()
            self._asked.clear()
            for dso in self.roots:
                one = self.objects[dso]
                self._use(one, one.enter() | one.call(one.entries))
            self._settle()
        # Constructors of an object in use run with all that its data refers to. What those of
        # another one call in it is among what they use.
        leading = () if asked in self._asked else self._leading_to(asked)
        while left := next((o for o in leading if not (o.in_use or o.dso in self._loaded)), None):
            self._loaded.add(left.dso)
            self._call(left.dso, left.used_at_load, itself=False)
            self._settle()
        self._asked.add(asked)

    def _leading_to(self, dso: Dso) -> Sequence[_Object]:
        """The objects whose bindings lead to one, directly or not, and that one."""
        if not self._at_load:
            return ()
        if not self._users:
            for one in self.objects.values():
                for provider in {p for group in one.groups.values() for p in group.providers}:
                    self._users[provider].append(one)
        found = [self.objects[dso]]
        for one in found:
            found += [user for user in self._users[one.dso] if user not in found]
        return found

    def _use(self, one: _Object, names: AbstractSet[str]) -> None:
        new = names - one.used
        if new:
            one.used |= new
            self._pending.setdefault(one.dso, set()).update(new)

    def _settle(self) -> None:
        while self._pending:
            # The first one: by and by more names come together for the others.
            user = next(iter(self._pending))
            self._call(user, self._pending.pop(user))

    def _call(self, user: Dso, names: AbstractSet[str], *, itself: bool = True) -> None:
        """Call what ``names`` of ``user`` are bound to in other objects, and in ``itself``."""
        called: defaultdict[Dso, list[int]] = defaultdict(list)
        for provider, addresses in self._bound(user):
            if itself or provider is not user:
                for name in names & addresses.keys():
                    called[provider] += addresses[name]
        for provider, functions in called.items():
            one = self.objects[provider]
            entered = one.enter() if provider is not user else frozenset()
            self._use(one, entered | one.call(functions))

    def _bound(self, dso: Dso) -> Sequence[tuple[Dso, Mapping[str, Sequence[int]]]]:
        """What the names that an object refers to get, by the objects that define them."""
        found = self._bindings.get(dso)
        if found is None:
            groups = self.objects[dso].groups.values()
            providers = ((group, p) for group in groups for p in group.providers)
            found = [(p, g.addresses(p)) for g, p in providers if p in self.objects]
            self._bindings[dso] = found
        return found
