"""What of a module's closure can run: functions and references reached from its entry points.

A bundled library whose users were all given the host's copy is loaded and does
nothing: what its own references bind to harms nobody. So the graph of calls is
walked from what is certain to run, the initialisation function that Python
calls and the constructors, across all objects of the wheel along the actual
bindings. Functions whose address lies in the data of an object in use count as
called; what is looked up with dlsym does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from collide.bindings import BindingGroup, BoundModule, BoundObject, Hit
from collide.calls import Calls
from collide.search import File

_ENTRY = re.compile(r"PyInitU?_|_cffi_pypyinit_|init[A-Za-z_]+$")
"""What CPython 3, a cffi module in PyPy and CPython 2 look up with dlsym."""


class Reached(NamedTuple):
    """What is in use after opening one module.

    ``references`` maps each object in use to the names it refers to from code
    that is reached, None where its calls are not known and all count.
    """

    references: Mapping[File, AbstractSet[str] | None]

    def uses(self, file: File, name: str) -> bool:
        """Whether code of ``file`` that is reached refers to ``name``."""
        names = self.references.get(file, frozenset())
        return names is None or name in names


class Reach:
    """Walks modules; keeps what those that share objects have in common.

    ``calls_of`` gives the calls of an object, None where they are not known.
    """

    def __init__(self, calls_of: Callable[[File], Calls | None]) -> None:
        self.calls_of = calls_of
        self._hits: dict[int, tuple[BindingGroup, dict[str, list[Hit]]]] = {}
        self._places: dict[File, dict[str, list[int]]] = {}

    def of(self, module: BoundModule) -> Reached:
        """What runs when ``module`` is imported and used."""
        walk = _Walk(self, module.objects)
        for bound in module.objects:
            walk.construct(bound.map.file)
        root = module.opened.root.file
        if root in walk.objects:
            walk.enter(root)
            walk.start(root)
        walk.run()
        return Reached(
            {
                file: None if state.calls is None else frozenset(state.names)
                for file, state in walk.objects.items()
                if state.in_use or state.names
            }
        )

    def hits(self, bound: BoundObject, name: str) -> Iterable[Hit]:
        """The definitions that references of one object to ``name`` get."""
        file = bound.map.file
        if file not in self._places:
            # The groups of an object hold the same names in every module.
            places: dict[str, list[int]] = {}
            for number, group in enumerate(bound.groups):
                for held in self._hits_of(group):
                    places.setdefault(held, []).append(number)
            self._places[file] = places
        for number in self._places[file].get(name, ()):
            yield from self._hits_of(bound.groups[number]).get(name, ())

    def _hits_of(self, group: BindingGroup) -> dict[str, list[Hit]]:
        if id(group) not in self._hits:
            hits: dict[str, list[Hit]] = {}
            for b in group.bindings:
                known = hits.setdefault(b.reference.name, [])
                if b.actual is not None:
                    known.append(b.actual)
            self._hits[id(group)] = group, hits
        return self._hits[id(group)][1]


class _Object:
    """The state of the walk in one object."""

    def __init__(self, bound: BoundObject, calls: Calls | None) -> None:
        self.bound = bound
        self.calls = calls
        self.seen: set[int] = set()
        self.names: set[str] = set()
        self.in_use = False


class _Walk:
    """One module's."""

    def __init__(self, reach: Reach, objects: Sequence[BoundObject]) -> None:
        self.reach = reach
        self.objects = {o.map.file: _Object(o, reach.calls_of(o.map.file)) for o in objects}
        self.pending: list[tuple[File, int]] = []

    def start(self, root: File) -> None:
        """What opens a module calls its initialisation; anything else is used for any function."""
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
            self.refer(file, (b.reference.name for b in state.bound.bindings))
            return
        self.pending += [(file, function) for function in state.calls.tables]
        self.refer(file, state.calls.table_symbols)

    def construct(self, file: File) -> None:
        """``file`` is loaded: its constructors run."""
        state = self.objects[file]
        if state.calls is not None:
            self.pending += [(file, function) for function in state.calls.constructors]

    def refer(self, file: File, names: Iterable[str]) -> None:
        """Code that is reached refers to ``names``."""
        state = self.objects[file]
        for name in set(names) - state.names:
            state.names.add(name)
            for provider, definition in self.reach.hits(state.bound, name):
                if provider not in self.objects:
                    continue
                if provider is not file:
                    self.enter(provider)
                if definition.value is not None:
                    self.pending.append((provider, definition.value))

    def run(self) -> None:
        """Until nothing new is reached."""
        while self.pending:
            file, function = self.pending.pop()
            state = self.objects[file]
            if function in state.seen or state.calls is None:
                continue
            state.seen.add(function)
            self.pending += [(file, called) for called in state.calls.calls.get(function, ())]
            self.refer(file, state.calls.uses.get(function, ()))
