"""Remembers which names a repair brings home, so that hosts that take the same are tried once.

How a name is treated follows from the wheel alone, but for four things that are asked of each
host: what its C and C++ runtime defines, which names its own libraries need from the wheel,
which libraries of the wheel it captures, and whether something fails to load. What a name is
bound to after that does not depend on the host either: no host defines a new name, and a closed
one is its own object's. So where a second host has the same objects of the wheel loaded in the
same order, nothing has to be bound again for a name that was brought home on the first. What is
bound all at once is bound alike in every release of a libc
(:meth:`collide.elf.symbols.Exports.simple`); other names are known for one release's rules only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from collide.analysis.analysis import Analysis
from collide.loader.libc import libc_of
from collide.loader.link_map import LinkMap
from collide.repair.sonames import member_file_names
from collide.repair.takers import needed_outside, runtime_files

_Shape = tuple[object, ...]
"""All that decides what becomes of a name but for what the host defines."""


class BroughtHome:
    """The names of one target that are bound inside of it after a repair."""

    def __init__(self) -> None:
        self._names: dict[_Shape, set[str]] = {}

    def of(self, analysis: Analysis, taken: AbstractSet[str]) -> AbstractSet[str]:
        """Those of the names ``taken`` that are known to come home with a repair for one host."""
        home = taken & self.known(analysis)
        if not home or any(dso.elf.exports.defined(home) for dso in runtime_files([analysis])):
            return frozenset()
        return home if home.isdisjoint(needed_outside([analysis])) else frozenset()

    def known(self, analysis: Analysis) -> AbstractSet[str]:
        """All names that are bound inside the target where a repair for this host treats them."""
        found = set[str]()
        for shape in _shapes(analysis):
            found |= self._names.get(shape, frozenset())
        return found

    def add(
        self, analysis: Analysis, names: AbstractSet[str], individual: AbstractSet[str]
    ) -> None:
        """Names that are all bound inside the target after the repair for this host.

        ``individual`` are those of which some reference was bound by itself.
        """
        for shape, bound in zip(
            _shapes(analysis), (names - individual, names & individual), strict=False
        ):
            self._names.setdefault(shape, set()).update(bound)


def _shapes(analysis: Analysis) -> tuple[_Shape, ...]:
    """The same for names bound all at once, in any release of the libc, and for others.

    None where something is not loaded as it is where nothing fails.
    """
    if any(module.failures for module in analysis.modules):
        return ()
    loader = analysis.host.loader
    libc = libc_of(loader)
    rules = libc.lookup_rules(loader.version).signature
    if rules is None:
        return ()
    files = member_file_names(analysis.target)
    modules = tuple(
        (module.name, *_loaded(analysis, module.bound.opened.searchlist, files))
        for module in analysis.modules
        if module.bound
    )
    shape = analysis.host.architecture, libc.name, modules
    return shape, (*shape, rules)


def _loaded(
    analysis: Analysis, searchlist: Iterable[LinkMap], files: AbstractSet[str]
) -> Iterator[tuple[object, ...]]:
    """The target's objects in a scope, and for each object what it has of the target's.

    That is the libraries that it got by name, and those that it wants versions of.
    """
    for m in searchlist:
        pairs = zip(m.needed or (), m.resolutions, strict=False)
        got = tuple((name, n.dso.path) for n, (name, _) in pairs if analysis.is_member(n.dso))
        if analysis.is_member(m.dso):
            yield m.dso.path, got
        elif got or any(need.file in files for need in m.elf.version_needs):
            yield m.dso, got
