"""Where a library was replaced under an object of the wheel: the edges that judging looks at.

One cut is one victim with one provider of the host, over all modules: what was
taken, what of it is in use, and what of the same library stays in the wheel.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from os.path import commonprefix
from typing import NamedTuple

from collide.analysis import Analysis, Module
from collide.bindings import Binding, BindingGroup, BoundModule, BoundObject
from collide.reach import Reached, reach
from collide.search import File
from collide.symbols import STB_GNU_UNIQUE, STB_WEAK, STT_FUNC, STT_GNU_IFUNC, Reference

_TELLING_PREFIX = 3
"""Characters from which on a common prefix is more than chance."""


class Cut(NamedTuple):
    """One victim and one provider.

    ``meant`` are the objects that were meant to provide, the victim itself
    where a static library is linked into it. ``taken`` are all bindings to the
    provider, ``used`` those that code which can run refers to. ``kept`` are the
    names of the same library that are in use too and stay in the wheel.
    ``vague`` marks C++ vague linkage, ``host`` a provider that is no member of
    the wheel. ``modules`` show it when they are opened. ``calls_known`` tells
    whether the victim's calls could be read; otherwise all counts as used.
    ``entered`` are how many of the victim's names other objects in use get from
    it, and how many from the host in its place.
    """

    victim: File
    provider: File
    meant: tuple[File, ...]
    taken: tuple[Binding, ...]
    used: tuple[Binding, ...]
    kept: tuple[str, ...]
    vague: bool
    host: bool
    modules: tuple[str, ...]
    calls_known: bool
    entered: tuple[int, int]

    @property
    def used_names(self) -> tuple[str, ...]:
        """Names of what is used, sorted."""
        return tuple(sorted({b.reference.name for b in self.used}))


class _Collected:
    """What one victim has to do with one provider, over all modules."""

    def __init__(self) -> None:
        self.taken: dict[Reference, Binding] = {}
        self.modules: set[str] = set()


def find_cuts(analysis: Analysis, *, reaching: bool = True) -> Iterator[Cut]:
    """Every cut of an analysis; without ``reaching`` all references count as used."""
    groups: dict[tuple[File, File, bool], _Collected] = {}
    opened: dict[str, BoundModule] = {}
    victims: set[File] = set()
    for module in analysis.modules:
        for bound, b in _shadowed(module):
            assert b.actual is not None
            host = analysis.is_host(b.actual[0])
            vague = host and is_vague(b)
            key = bound.map.file, b.actual[0], vague
            collected = groups.get(key) or groups.setdefault(key, _Collected())
            collected.taken[b.reference] = b
            collected.modules.add(module.name)
            if host and not vague and module.bound is not None:
                opened[module.name] = module.bound
                victims.add(bound.map.file)
    reached = Reached(dict.fromkeys(victims))
    if reaching and victims:
        reached = reach(
            tuple(opened.values()), victims, lambda f: f.calls if analysis.is_member(f) else None
        )
    for (victim, provider, vague), collected in groups.items():
        taken = tuple(collected.taken.values())
        weighed = analysis.is_host(provider) and not vague
        used = tuple(b for b in taken if weighed and reached.uses(victim, b.reference.name))
        meant = {b.intended[0]: None for b in taken if b.intended}
        kept = _kept(analysis, victim, set(meant), reached) if used else ()
        yield Cut(
            victim=victim,
            provider=provider,
            meant=tuple(meant),
            taken=taken,
            used=used,
            kept=tuple(sorted(_of_the_same(taken, kept, victim))),
            vague=vague,
            host=analysis.is_host(provider),
            modules=tuple(sorted(collected.modules)),
            calls_known=not used or not reaching or victim.calls is not None,
            entered=_entered(analysis, victim, reached) if kept else (0, 0),
        )


def _shadowed(module: Module) -> Iterator[tuple[BoundObject, Binding]]:
    if module.bound is not None:
        for bound in module.bound.objects:
            for group in bound.groups:
                for b in group.shadowed:
                    if b.actual is not None:
                        yield bound, b


def is_vague(b: Binding) -> bool:
    """Whether a reference is to a C++ inline function or template (Itanium C++ ABI 5.2)."""
    return (
        b.reference.name.startswith("_Z")
        and b.intended is not None
        and b.intended[1].binding in (STB_WEAK, STB_GNU_UNIQUE)
    )


def _kept(
    analysis: Analysis, victim: File, meant: set[File], reached: Reached
) -> Collection[Binding]:
    """The bindings of ``victim`` in use that got what they were meant to get from ``meant``."""
    groups = {
        id(group): group
        for module in analysis.modules
        for group in _groups_of(module, victim)
        if not meant.isdisjoint(group.closure)
    }
    found: dict[Reference, Binding] = {}
    for group in groups.values():
        for b in group.bindings:
            stays = b.actual and b.intended and b.actual[0] is b.intended[0]
            if stays and b.provider in meant and reached.uses(victim, b.reference.name):
                found[b.reference] = b
    return found.values()


def _entered(analysis: Analysis, victim: File, reached: Reached) -> tuple[int, int]:
    """How many names of ``victim`` others in use get from it, and how many from elsewhere."""
    users = {
        id(group): (bound.map.file, group)
        for module in analysis.modules
        for bound in (module.bound.objects if module.bound else ())
        for group in bound.groups
        if bound.map.file is not victim and victim in group.closure
    }
    stay, gone = set[str](), set[str]()
    for user, group in users.values():
        for b in group.bindings:
            name = b.reference.name
            if b.intended and b.intended[0] is victim and reached.uses(user, name):
                (stay if b.provider is victim else gone).add(name)
    return len(stay), len(gone)


def _groups_of(module: Module, victim: File) -> Iterable[BindingGroup]:
    for bound in module.bound.objects if module.bound else ():
        if bound.map.file is victim:
            return bound.groups
    return ()


def _of_the_same(taken: Collection[Binding], kept: Iterable[Binding], victim: File) -> set[str]:
    """Names that stay in the copy whose other symbols are taken.

    Libraries in C begin their names with words of their own, those in C++ with
    their scope. For a bundled library it is the references that still bind to
    it and begin as a taken one does: it may have others linked into it. A
    static library has no object of its own, but the linker lays out an archive
    in one piece: its functions are those that begin so between the first and
    the last taken one, and those with the prefix that all of the taken have in
    common. What has vague linkage belongs to no library.
    """
    prefix = commonprefix([b.reference.name for b in taken])  # noqa: RUF071 - characters, not paths
    # Of a mangled C++ name the first part that is somebody's own is its outermost name.
    telling = len(re.sub(r"^_Z[A-Za-z]*\d*", "", prefix)) >= _TELLING_PREFIX
    words = {first_word(b.reference.name) for b in taken}
    places = [p for b in taken if b.intended and b.intended[0] is victim for p in _place(b)]
    first, last = (min(places), max(places)) if places else (0, -1)
    same = set()
    for b in kept:
        name = b.reference.name
        inside = any(first <= place <= last for place in _place(b)) and first_word(name) in words
        alike = telling and name.startswith(prefix)
        bundled = b.provider is not victim and first_word(name) in words
        if (bundled or inside or alike) and not is_vague(b):
            same.add(name)
    return same


_WORD = re.compile(r"_*(?:_ZN?K?(\d+)|[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*)")


def first_word(name: str) -> str:
    """``xml`` of ``xmlNewNode``, ``BIO`` of ``BIO_new``; of a C++ name its outermost scope.

    A number belongs to the word: ``jpeg12_write_scanlines`` is of another family
    than ``jpeg_write_scanlines``.
    """
    found = _WORD.match(name)
    if found is None:
        return name
    if found[1]:
        return name[found.end() : found.end() + int(found[1])]
    return found[0]


def _place(b: Binding) -> tuple[int, ...]:
    """Address of the intended function, if it is one; data lies elsewhere and tells nothing."""
    if b.intended is None or b.intended[1].type not in (STT_FUNC, STT_GNU_IFUNC):
        return ()
    value = b.intended[1].value
    return () if value is None else (value,)
