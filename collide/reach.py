"""What of a wheel can run: functions and references reached from its entry points.

A bundled library whose users were all given the host's copy is loaded and does
nothing: what its own references bind to harms nobody. So the graph of calls is
walked from what is certain to run, the initialisation functions that Python
calls and the constructors, across all objects of the wheel along the actual
bindings. Functions whose address lies in the data of an object in use count as
called; what is looked up with dlsym does not. All modules are walked at once:
where they bind an object differently, it is taken to do what it does in any.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from collide.bindings import BindingGroup, BoundModule
from collide.calls import Calls
from collide.linkmap import LinkMap
from collide.search import File

_ENTRY = re.compile(r"PyInitU?_|_cffi_pypyinit_|init[A-Za-z_]+$")
"""What CPython 3, a cffi module in PyPy and CPython 2 look up with dlsym."""

Target = tuple[File, int | None]


class Reached(NamedTuple):
    """What is in use after opening some modules.

    ``references`` maps each object in use to the names it refers to from code
    that is reached, None where its calls are not known and all count.
    """

    references: Mapping[File, AbstractSet[str] | None]

    def uses(self, file: File, name: str) -> bool:
        """Whether code of ``file`` that is reached refers to ``name``."""
        names = self.references.get(file, frozenset())
        return names is None or name in names


def reach(
    modules: Sequence[BoundModule],
    victims: AbstractSet[File],
    calls_of: Callable[[File], Calls | None],
) -> Reached:
    """What runs when ``modules`` are imported and used.

    ``calls_of`` gives the calls of an object, None where they are not known.
    Only objects whose dependencies lead to one of ``victims`` are looked at.
    """
    walk = _Walk(calls_of)
    leading = _Leading(victims)
    for module in modules:
        for bound in module.objects:
            if leading.to_victims(bound.map):
                walk.add(bound.map.file, bound.groups)
    for file in walk.objects:
        walk.construct(file)
    for root in dict.fromkeys(module.opened.root.file for module in modules):
        if root in walk.objects:
            walk.start(root)
    walk.run()
    return Reached(
        {
            file: None if state.calls is None else frozenset(state.names)
            for file, state in walk.objects.items()
            if state.in_use or state.names
        }
    )


class _Leading:
    """Which objects need a victim, themselves or through what they need."""

    def __init__(self, victims: AbstractSet[File]) -> None:
        self._victims = victims
        self._known: dict[int, tuple[LinkMap, bool]] = {}

    def to_victims(self, root: LinkMap) -> bool:
        if id(root) not in self._known:
            closure, seen = [root], {id(root)}
            for current in closure:
                for needed in current.needed or ():
                    if id(needed) not in seen:
                        seen.add(id(needed))
                        closure.append(needed)
            leads = any(m.file in self._victims for m in closure)
            self._known[id(root)] = root, leads
        return self._known[id(root)][1]


class _Object:
    """The state of the walk in one object."""

    def __init__(self, calls: Calls | None) -> None:
        self.calls = calls
        self.groups: dict[int, BindingGroup] = {}
        self.targets: dict[str, list[Target]] | None = None
        self.seen: set[int] = set()
        self.names: set[str] = set()
        self.in_use = False

    def targets_of(self, name: str) -> Iterable[Target]:
        """The definitions that references to ``name`` get, in any module."""
        if self.targets is None:
            self.targets = {}
            for group in self.groups.values():
                for b in group.bindings:
                    if b.actual is not None:
                        file, definition = b.actual
                        self.targets.setdefault(b.reference.name, []).append(
                            (file, definition.value)
                        )
        return self.targets.get(name, ())


class _Walk:
    def __init__(self, calls_of: Callable[[File], Calls | None]) -> None:
        self.calls_of = calls_of
        self.objects: dict[File, _Object] = {}
        self.pending: list[tuple[File, int]] = []

    def add(self, file: File, groups: Iterable[BindingGroup]) -> None:
        """An object as one module binds it."""
        state = self.objects.get(file)
        if state is None:
            state = self.objects[file] = _Object(self.calls_of(file))
        state.groups.update((id(group), group) for group in groups)

    def start(self, root: File) -> None:
        """What opens a module calls its initialisation; anything else is used for any function."""
        self.enter(root)
        exports = root.object.exports
        entries = [name for name in exports.names if _ENTRY.match(name)]
        for name in entries or exports.names:
            self.pending += [
                (root, d.value) for d in exports.candidates(name) if d.value is not None
            ]

    def enter(self, file: File) -> None:
        """Some function of ``file`` is called from outside: its data is in use as well."""
        state = self.objects[file]
        if state.in_use:
            return
        state.in_use = True
        if state.calls is None:
            groups = state.groups.values()
            self.refer(file, {b.reference.name for group in groups for b in group.bindings})
            return
        self.pending += [(file, function) for function in state.calls.tables]
        self.refer(file, state.calls.table_symbols)

    def construct(self, file: File) -> None:
        """``file`` is loaded: its constructors run."""
        state = self.objects[file]
        if state.calls is not None:
            self.pending += [(file, function) for function in state.calls.constructors]

    def refer(self, file: File, names: AbstractSet[str]) -> None:
        """Code that is reached refers to ``names``."""
        state = self.objects[file]
        for name in names - state.names:
            state.names.add(name)
            for provider, place in state.targets_of(name):
                if provider not in self.objects:
                    continue
                if provider is not file:
                    self.enter(provider)
                if place is not None:
                    self.pending.append((provider, place))

    def run(self) -> None:
        """Until nothing new is reached."""
        while self.pending:
            file, function = self.pending.pop()
            state = self.objects[file]
            if function in state.seen or state.calls is None:
                continue
            state.seen.add(function)
            self.pending += [(file, called) for called in state.calls.calls.get(function, ())]
            self.refer(file, state.calls.uses.get(function, frozenset()))
