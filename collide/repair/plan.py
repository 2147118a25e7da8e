"""Decides what a repair changes: which definitions to close, which names to change.

A name is *taken* when a reference of the wheel that its own closure could serve gets
a definition from outside the wheel. The plan binds these inside the wheel again, and
changes nothing else. Where only the objects that define a name refer to it, its
definitions are *closed* (STV_HIDDEN or STV_PROTECTED). Where another object does, or
where C++ wants one copy for several objects (vague linkage, Itanium C++ ABI 5.2), it
is renamed in all of them, so that they bind to each other as before. A definition
keeps its old name as a second one (:mod:`collide.repair.old_names`), for whoever asks
for it at run time; nobody can know all that are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from collide.analysis.analysis import Analysis
from collide.binding.definers import Definers
from collide.elf.changed_exports import SymbolChange
from collide.elf.constants import STB_GLOBAL, STV_HIDDEN, STV_PROTECTED
from collide.loader.model import Dso
from collide.repair.takers import (
    TargetFactsByArchitecture,
    allocation_names,
    looks_up,
    needed_outside,
    runtime_files,
    takers_of,
)
from collide.support.records import NamedTuple
from collide.wheels.grafted import is_grafted
from collide.wheels.target import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeVar

    Method = Literal["auto", "visibility", "rename"]
    _Change = TypeVar("_Change")

HIDDEN_SINCE = (2, 24)
"""The first glibc that does not look up a STV_HIDDEN reference (``elf_machine_rela``)."""


class RepairRequest(NamedTuple):
    """The terms of a repair.

    ``everything`` stands for every symbol that a host could take, not only those that
    one does. ``glibc`` is the oldest release that the wheel may run on, ``musl`` whether
    it may run on musl. ``asked_for`` tells whether a name may be asked for at run time, so
    that it must be found by name; ``opened`` gives, for file names of libraries, those that
    the wheel's code may open under these, with the reason. ``fixed`` are names that must
    not change at all. ``tag`` is the end of new names. In a ``closed_world`` no other
    packages link the libraries. ``pinned`` are file names of libraries that cannot get
    another name, and so cannot define other names either. ``facts`` are known ones of the
    target, for requests on several hosts.
    """

    method: Method = "auto"
    everything: bool = False
    glibc: tuple[int, ...] = (0,)
    musl: bool = False
    asked_for: Callable[[str], bool] = lambda _: False
    opened: Callable[[AbstractSet[str]], Mapping[str, str]] = lambda _: {}
    fixed: Mapping[str, str] = {}
    tag: str = ""
    closed_world: bool = False
    pinned: frozenset[str] = frozenset()
    facts: TargetFactsByArchitecture | None = None


class KeptName(NamedTuple):
    """A name that a host can take and that is not changed, with the reason.

    ``shared`` marks what must not be changed: the C and C++ runtime's, which all objects
    of a process share.
    """

    name: str
    reason: str
    shared: bool = False


class ObjectChange(NamedTuple):
    """The changes of one object.

    ``closed`` are the new visibilities (``STV_*``) by old name, ``renamed`` new names by
    old ones (a definition is found under both), ``soname`` a new DT_SONAME or None,
    ``needed`` new DT_NEEDED names by old ones. ``search`` are directories, with ``$ORIGIN``,
    that come last in DT_RUNPATH, or in DT_RPATH where there is no other: those of
    libraries that were found because the process had loaded them under their old names.
    """

    closed: Mapping[str, int] = {}
    renamed: Mapping[str, str] = {}
    soname: str | None = None
    needed: Mapping[str, str] = {}
    search: tuple[str, ...] = ()

    def search_path(self, old: str | None) -> str | None:
        """DT_RUNPATH or DT_RPATH after the change."""
        return ":".join((*([old] if old else []), *self.search)) if self.search else old

    @property
    def symbols(self) -> SymbolChange:
        """The part of it that concerns the dynamic symbols."""
        return SymbolChange(renamed=self.renamed, doubled=True, visibility=self.closed)


class Plan(NamedTuple):
    """The changes of one target, by member name.

    ``objects`` are the changes, ``moved`` new names of members whose file gets another
    name along with their DT_SONAME, ``kept`` names that are not changed. ``takers`` are,
    for each name that is taken, the paths of the objects outside that provide it.
    """

    objects: Mapping[str, ObjectChange]
    moved: Mapping[str, str]
    kept: tuple[KeptName, ...]
    takers: Mapping[str, tuple[str, ...]]

    @property
    def renamed(self) -> dict[str, str]:
        """Every name that is changed in some object, with its new name."""
        return {old: new for c in self.objects.values() for old, new in c.renamed.items()}


def make_plan(
    target: Target,
    analyses: Sequence[Analysis],
    request: RepairRequest,
    names: AbstractSet[str] | None = None,
) -> Plan:
    """The plan for one target on the hosts of ``analyses``.

    With ``names`` these are brought home in place of all that the hosts take, and the plan tells
    no takers.
    """
    takers = takers_of(analyses) if names is None else {}
    taken = set[str]().union(*takers.values()) if names is None else names
    if not taken and not request.everything:
        return NO_CHANGES
    planner = _Planner(target, analyses, request)
    planner.decide(taken | planner.preemptible() if request.everything else taken, taken)
    by_name: dict[str, list[str]] = {name: [] for by in takers.values() for name in by}
    for path, by in sorted(takers.items()):
        for name in by:
            by_name[name].append(path)
    return Plan(
        objects=planner.changes(),
        moved={},
        kept=tuple(sorted(planner.kept)),
        takers={name: tuple(by_name[name]) for name in sorted(by_name)},
    )


NO_CHANGES = Plan({}, {}, (), {})
"""The plan that changes nothing."""


class _Treatment(NamedTuple):
    """How one name is bound inside the wheel again.

    ``renamed`` are the objects in which it is renamed. ``closed`` is the visibility that
    its definers get, STV_PROTECTED in place of STV_HIDDEN where they may not be hidden;
    None where they keep theirs. ``closing`` are the definers that refer to the name themselves:
    a library of the same DT_SONAME may be in other wheels, whose objects would get this one, so
    that what it defines must stay to be found.
    """

    renamed: tuple[Dso, ...]
    closed: int | None
    closing: tuple[Dso, ...]


class _Planner:
    """Decides for all names at once that the same objects define and refer to."""

    def __init__(
        self, target: Target, analyses: Sequence[Analysis], request: RepairRequest
    ) -> None:
        self.target = target
        self.request = request
        architectures = frozenset(a.host.architecture for a in analyses)
        known = request.facts or TargetFactsByArchitecture(target)
        self.facts = known.of(target, architectures)
        self.files, self.scopes_of = self.facts.files, self.facts.scopes_of
        self.needed_outside = frozenset(needed_outside(analyses))
        self.runtime = runtime_files(analyses)
        self.kept: list[KeptName] = []
        self.closed: dict[str, dict[str, int]] = {}
        self.renamed: dict[str, dict[str, str]] = {}
        self.definers = self.users = Definers({}, {})
        self.runtime_of: dict[str, str] = {}

    def preemptible(self) -> set[str]:
        """Every name that an object of the wheel defines and one of its scope looks up."""
        wanted = set()
        for scope in self.facts.scopes:
            defined = set().union(*(f.elf.exports.names for f in scope))
            for dso in scope:
                wanted |= {
                    r.name
                    for r in dso.elf.references
                    if r.name in defined and looks_up(r, musl=self.request.musl)
                }
        return wanted

    def decide(self, wanted: AbstractSet[str], taken: AbstractSet[str]) -> None:
        """Choose a treatment for each name, and apply it where its whole library has one.

        ``taken`` are those of the ``wanted`` names that some host does take.
        """
        self._index(wanted)
        defined = wanted & self.definers.numbers.keys()
        reasons = self._untreatable(defined)
        treatments: dict[str, _Treatment] = {}
        left = defined - self.runtime_of.keys() - reasons.keys()
        for (definers, users, vague), names in self._alike(left):
            treatment = self._treat(definers, users, vague)
            if isinstance(treatment, str):
                reasons.update(dict.fromkeys(names, treatment))
            else:
                treatments.update(dict.fromkeys(names, treatment))
                if treatment.renamed:
                    reasons.update(self._unrenamable(definers, names))
        for name in treatments.keys() & reasons.keys():
            del treatments[name]
        self._keep_whole(treatments, reasons, taken)
        self.kept += [KeptName(name, reason) for name, reason in reasons.items()]
        self._apply(treatments)

    def _untreatable(self, defined: AbstractSet[str]) -> dict[str, str]:
        """The names that stay whatever defines them, with the reasons; those of the runtime are
        in ``kept``.
        """
        for name in defined & self.runtime_of.keys():
            path = self.runtime_of[name]
            reason = f"is the runtime's as well ({path}), where one must serve all"
            self.kept.append(KeptName(name, reason, shared=True))
        left = defined - self.runtime_of.keys()
        reasons = {name: self.request.fixed[name] for name in left & self.request.fixed.keys()}
        allocation = allocation_names(defined)
        if allocation and not self.facts.owns_allocation:
            reason = "is an operator new or delete, and the wheel has not all of them"
            reasons |= dict.fromkeys((left & allocation) - reasons.keys(), reason)
        return reasons

    def _alike(
        self, names: AbstractSet[str]
    ) -> Iterator[tuple[tuple[tuple[Dso, ...], tuple[Dso, ...], bool], list[str]]]:
        """The names by what defines them, what refers to them, and whether several do so vaguely
        (:meth:`_treat`).
        """
        alike: dict[tuple[int, int, bool], list[str]] = {}
        for name in sorted(names):
            number = self.definers.numbers[name]
            several = number & (number - 1) != 0
            key = number, self.users.numbers.get(name, 0), several and self._is_vague(name)
            alike.setdefault(key, []).append(name)
        for (number, users, vague), found in alike.items():
            yield (self.definers.sets[number], self.users.sets.get(users, ()), vague), found

    def _keep_whole(
        self, treatments: dict[str, _Treatment], reasons: dict[str, str], taken: AbstractSet[str]
    ) -> None:
        """Keep every taken name that is in one object with a taken name that has no treatment.

        A library of which a host takes all may work; one that is half the host's does not.
        """
        stuck = {name for name in reasons if name in taken and not self._is_vague(name)}
        while stuck:
            objects = {f.path: name for name in sorted(stuck) for f in self.definers.of(name)}
            stuck = set()
            for name in sorted(treatments.keys() & taken):
                held = [f for f in self.definers.of(name) if f.path in objects]
                if held and not self._is_vague(name):
                    stuck.add(name)
                    reasons[name] = (
                        f"is in {self._name(held[0])} with {objects[held[0].path]}, "
                        "which cannot be brought home: half a library would be worse"
                    )
                    del treatments[name]

    def _index(self, wanted: AbstractSet[str]) -> None:
        self.definers, self.users = self.facts.linked(wanted, musl=self.request.musl)
        for dso in self.runtime:
            for name in dso.elf.exports.defined(wanted):
                self.runtime_of.setdefault(name, dso.path)

    def _treat(
        self, definers: tuple[Dso, ...], users: tuple[Dso, ...], vague: bool
    ) -> _Treatment | str:
        """The same for the names that ``definers`` define and ``users`` refer to.

        ``vague`` says whether these have vague linkage, where several define them.
        """
        closing = tuple(f for f in definers if f in users)
        users = tuple(f for f in users if f not in definers)
        homes = set().union(*(self.scopes_of.get(d.path, ()) for d in definers))
        served = []
        for user in users:
            scopes = self.scopes_of.get(user.path, set())
            if not scopes & homes:
                continue
            if not scopes <= homes:
                return f"is the wheel's for {self._name(user)} in some modules' scopes only"
            served.append(user)
        together = len(homes) < sum(len(self.scopes_of.get(d.path, ())) for d in definers)
        shared = together and vague
        if not (served or shared or self.request.musl or self.request.method == "rename"):
            return _Treatment((), STV_HIDDEN, closing)
        if self.request.method == "visibility":
            return "is used by several objects of the wheel: closing it is not enough"
        # In C each definer is meant to use its own definition of a name that several have.
        own = together and not shared and not self.request.musl
        return _Treatment((*definers, *served), STV_PROTECTED if own else None, closing)

    def _apply(self, treatments: Mapping[str, _Treatment]) -> None:
        names_of: dict[_Treatment, list[str]] = {}
        for name, treatment in treatments.items():
            names_of.setdefault(treatment, []).append(name)
        for treatment, names in names_of.items():
            new_names = {name: f"{name}.{self.request.tag}" for name in names}
            for dso in treatment.renamed:
                self.renamed.setdefault(dso.path, {}).update(new_names)
            for dso in treatment.closing if treatment.closed is not None else ():
                closed = dict.fromkeys(names, STV_PROTECTED)
                if self._may_hide(treatment, dso):
                    hidden = (n for n in names if not self._is_found_by_name(n))
                    closed |= dict.fromkeys(hidden, STV_HIDDEN)
                self.closed.setdefault(dso.path, {}).update(closed)

    def _unrenamable(
        self, definers: Iterable[Dso], names: Iterable[str]
    ) -> Iterator[tuple[str, str]]:
        """Those of the ``names`` that cannot be changed in all of their ``definers``, and why."""
        fixed = next(filter(None, map(self._why_fixed, definers)), None)
        for name in names:
            if name in self.needed_outside:
                yield name, "is needed from the wheel by a library of the host's system"
            elif fixed is not None:
                yield name, fixed

    def _why_fixed(self, dso: Dso) -> str | None:
        """Why an object cannot define other names than it does."""
        if dso.path.rpartition("/")[2] in self.request.pinned:
            return f"is defined by {self._name(dso)}, which must keep its name"
        if self._is_public(dso):
            return f"is defined by {self._name(dso)}, which other packages may link"
        return None

    def _may_hide(self, treatment: _Treatment, dso: Dso) -> bool:
        """Whether one of its definers may be looked up no more for names that it closes."""
        return (
            treatment.closed == STV_HIDDEN
            and self.request.glibc >= HIDDEN_SINCE
            and dso.path in self.facts.modules
        )

    def _is_found_by_name(self, name: str) -> bool:
        """Whether something else may want a definition of a module."""
        return name in self.needed_outside or self.request.asked_for(name)

    def _is_vague(self, name: str) -> bool:
        found = (d for f in self.definers.of(name) for d in f.elf.exports.candidates(name))
        return name.startswith("_Z") and all(d.binding != STB_GLOBAL for d in found)

    def _is_public(self, dso: Dso) -> bool:
        """Whether others may link an object: a library without auditwheel's hash in its name."""
        base = dso.path.rpartition("/")[2]
        if self.request.closed_world:
            return False
        return dso.path not in self.facts.modules and not is_grafted(base)

    def _name(self, dso: Dso) -> str:
        return self.target.names[dso.path]

    def changes(self) -> dict[str, ObjectChange]:
        """All that was decided, by member."""
        paths = sorted({*self.closed, *self.renamed})
        return {
            self.target.names[path]: ObjectChange(
                closed=_by_name(self.closed.get(path, {})),
                renamed=_by_name(self.renamed.get(path, {})),
            )
            for path in paths
        }


def _by_name(changes: dict[str, _Change]) -> dict[str, _Change]:
    return {name: changes[name] for name in sorted(changes)}
