"""Collects what a repair is planned from: who takes what from the wheel, and who else needs it.

The first is read from analyses. What a target is by itself is read from the names that
its objects define, refer to and need.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property

from collide.analysis.analysis import Analysis, groups_of
from collide.binding.binding import Binding, BindingGroup
from collide.binding.definers import Definers
from collide.elf.constants import STV_HIDDEN, STV_INTERNAL
from collide.elf.references import referred_names, table_of
from collide.elf.symbols import Reference
from collide.loader.libc import libc_of
from collide.loader.link_map import LinkMap
from collide.loader.model import Dso
from collide.support.records import NamedTuple
from collide.wheels.target import Target, is_extension_module

# Defined by the unwinder and the C++ runtime (Itanium C++ ABI, exception handling, 1.2 and 2.4).
_RUNTIME = {"__cxa_throw", "_Unwind_Resume"}


def taken_bindings(analysis: Analysis) -> Iterator[tuple[Dso, Binding]]:
    """Object and binding of each reference meant for the wheel that is bound outside of it."""
    is_member = analysis.is_member
    for dso, group in groups_of(analysis.modules):
        for b in group.diverted() if is_member(dso) else ():
            assert b.actual is not None
            assert b.intended is not None
            if is_member(b.intended.dso) and not is_member(b.actual.dso):
                yield dso, b


def takers_of(analyses: Iterable[Analysis]) -> dict[str, set[str]]:
    """The names that are taken from a wheel, by the path of what they are bound to instead."""
    takers: dict[str, set[str]] = {}
    for analysis in analyses:
        for path, names in _taken(analysis, groups_of(analysis.modules)):
            takers.setdefault(path, set()).update(names)
    return takers


def _taken(
    analysis: Analysis, groups: Iterable[tuple[Dso, BindingGroup]]
) -> Iterator[tuple[str, AbstractSet[str]]]:
    is_member = analysis.is_member
    for dso, group in groups:
        if is_member(dso):
            for (gets, meant), names in group.diverted_names().items():
                if is_member(meant) and not is_member(gets):
                    yield gets.path, names


class Asked(NamedTuple):
    """What a plan for a host that captures no library depends on beside the wheel.

    ``taken`` are the names that it takes, ``runtime`` those of them that its C and C++ runtime
    defines, ``needed`` what its own libraries need from the wheel. ``libc`` is the C library.
    """

    architecture: str
    libc: str
    taken: frozenset[str]
    runtime: frozenset[str]
    needed: frozenset[str]

    @classmethod
    def of(cls, analysis: Analysis, groups: Sequence[tuple[Dso, BindingGroup]]) -> Asked:
        """What is asked of the host of an analysis, whose ``groups`` these are."""
        taken = frozenset[str]().union(*(names for _, names in _taken(analysis, groups)))
        runtime = (dso.elf.exports.defined(taken) for dso in runtime_files([analysis]))
        host = analysis.host
        return cls(
            host.architecture,
            libc_of(host.loader).name,
            taken,
            frozenset[str]().union(*runtime),
            frozenset(_needed_outside(analysis, groups)),
        )


def captured(analysis: Analysis) -> Iterator[str]:
    """Names of the wheel's libraries for which the loader uses one that the host has loaded."""
    for _, capture in analysis.captures(analysis.modules):
        yield capture.name


def find_scopes(target: Target, dsos: Iterable[Dso]) -> Iterator[tuple[Dso, ...]]:
    """The objects that each module of the wheel brings into its scope, by DT_NEEDED and file names.

    No host is asked, so that modules for other interpreters count as well; the
    proof that follows a plan binds again on every host.
    """
    by_name: dict[str, Dso] = {}
    listed = list(dsos)
    for dso in listed:
        for name in (dso.elf.soname, dso.path.rpartition("/")[2]):
            if name:
                by_name.setdefault(name, dso)
    architectures = {f.elf.architecture for f in listed}
    known: set[tuple[str, ...]] = set()
    for architecture in sorted(architectures):
        for path in target.modules(architecture):
            scope = [target.members[path]]
            for dso in scope:
                for name in dso.elf.needed:
                    found = by_name.get(name.rpartition("/")[2])
                    if found is not None and found not in scope:
                        scope.append(found)
            key = tuple(f.path for f in scope)
            if key not in known:
                known.add(key)
                yield tuple(scope)


class TargetFacts:
    """Facts of a target that do not depend on the host it is repaired for.

    ``files`` are the objects of the ``architectures`` by path, ``scopes`` those
    of :func:`find_scopes`, ``scopes_of`` the indexes of the scopes that have a path.
    """

    def __init__(self, target: Target, architectures: AbstractSet[str]) -> None:
        self.files = {
            f.path: f for f in target.members.values() if f.elf.architecture in architectures
        }
        self._linked: dict[bool, tuple[set[str], Definers, Definers]] = {}
        self.scopes = tuple(find_scopes(target, self.files.values()))
        self.scopes_of: dict[str, set[int]] = {}
        for number, scope in enumerate(self.scopes):
            for dso in scope:
                self.scopes_of.setdefault(dso.path, set()).add(number)

    def linked(self, names: AbstractSet[str], *, musl: bool) -> tuple[Definers, Definers]:
        """Which files define ``names``, and perhaps others, and which have the loader look them up.

        Only glibc never looks up what is hidden. What is found is kept for further names.
        """
        known, definers, users = self._linked.setdefault(
            musl, (set(), Definers({}, {}), Definers({}, {}))
        )
        if new := names - known:
            defined = {dso: _with_address(dso, new) for dso in self.files.values()}
            looked_up = {dso: _looked_up(dso, new, musl) for dso in self.files.values()}
            definers = definers.joined(Definers.among(defined))
            users = users.joined(Definers.among(looked_up))
            self._linked[musl] = known | new, definers, users
        return definers, users

    @cached_property
    def owns_allocation(self) -> bool:
        """Whether the files define all operators new and delete that they refer to."""
        referred: set[str] = set()
        defined: set[str] = set()
        for dso in self.files.values():
            referred |= allocation_names(referred_names(dso.elf.references))
            defined |= allocation_names(dso.elf.exports.names)
        return referred <= defined

    @cached_property
    def modules(self) -> AbstractSet[str]:
        """The paths of those files that are extension modules."""
        return frozenset(path for path, f in self.files.items() if is_extension_module(f))


def _with_address(dso: Dso, wanted: AbstractSet[str]) -> AbstractSet[str]:
    """Those of the names ``wanted`` of which an object has more than an undefined symbol."""
    exports = dso.elf.exports
    found = exports.defined(wanted)
    # These have one definition, as nearly all have.
    plain = exports.simple(dict.fromkeys(found))
    with_address = set(plain)
    for name in found - plain:
        for definition in exports.candidates(name):
            if not definition.undefined:
                with_address.add(name)
                break
    return with_address


def _looked_up(dso: Dso, wanted: AbstractSet[str], musl: bool) -> AbstractSet[str]:
    """Those of the ``wanted`` names that an object has the loader look up."""
    table = table_of(dso.elf.references)
    found = table.simple.keys() & wanted
    if table.protected:
        found |= table.protected.keys() & wanted
    found.update(r.name for r in table.special if r.name in wanted and looks_up(r, musl=musl))
    return found


def looks_up(reference: Reference, *, musl: bool) -> bool:
    """Whether the loader searches for what a reference of the wheel names."""
    return musl or reference.visibility not in (STV_HIDDEN, STV_INTERNAL)


class TargetFactsByArchitecture:
    """The facts of one target, computed once for each set of architectures."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._known: dict[frozenset[str], TargetFacts] = {}

    def of(self, target: Target, architectures: frozenset[str]) -> TargetFacts:
        """The facts of ``target``; they are kept if it is the one this was made for."""
        if target is not self._target:
            return TargetFacts(target, architectures)
        known = self._known.get(architectures)
        if known is None:
            known = self._known[architectures] = TargetFacts(target, architectures)
        return known


_ALLOCATION = re.compile(r"_Z(?:nw|na|dl|da)\w*")
_NEW_OR_DELETE = frozenset(("_Znw", "_Zna", "_Zdl", "_Zda"))


def allocation_names(names: Iterable[str]) -> set[str]:
    """Operators new and delete among ``names`` (Itanium C++ ABI 5.1.4)."""
    return {n for n in names if n[:4] in _NEW_OR_DELETE and _ALLOCATION.fullmatch(n)}


def needed_outside(analyses: Iterable[Analysis]) -> Iterator[str]:
    """Names that a library of the system, loaded for the wheel, gets from the wheel."""
    for analysis in analyses:
        yield from _needed_outside(analysis, groups_of(analysis.modules))


def _needed_outside(
    analysis: Analysis, groups: Iterable[tuple[Dso, BindingGroup]]
) -> Iterator[str]:
    for dso, group in groups:
        if not analysis.is_member(dso):
            yield from (b.reference.name for b in group.bindings_to(analysis.is_member))


def runtime_files(analyses: Iterable[Analysis]) -> tuple[Dso, ...]:
    """The C and C++ runtime that the wheel's objects link: glibc, unwinder, libstdc++."""
    found: dict[str, Dso] = {}
    seen: set[Dso] = set()
    for analysis in analyses:
        for module in analysis.modules:
            for m in module.bound.opened.searchlist if module.bound else ():
                if m.dso not in seen:
                    seen.add(m.dso)
                    if not analysis.is_member(m.dso) and _is_runtime(m):
                        found.setdefault(m.dso.path, m.dso)
    return tuple(found.values())


def _is_runtime(m: LinkMap) -> bool:
    versions = (
        *(m.elf.version_definitions or ()),
        *(need.version for need in m.elf.version_needs),
    )
    return "GLIBC_PRIVATE" in versions or bool(m.elf.exports.defined(_RUNTIME))
