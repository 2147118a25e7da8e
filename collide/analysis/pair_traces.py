"""Records what one target alone brings into a host and needs, to find pairs that interact.

Opening every pair would cost the square of opening one. Two targets change
nothing for each other unless a name, a unique symbol or a system library of
the one reaches the other, and sets of names show that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from collide.analysis.analysis import Analysis, Module
from collide.binding.binding import BindingGroup, BoundModule
from collide.loader.link_map import LoadFailure
from collide.loader.model import Dso
from collide.loader.opening import ALL_NOW, ModePatterns
from collide.support.records import NamedTuple
from collide.wheels.tags import distribution_of


class ModuleTraces(NamedTuple):
    """One module, opened alone.

    ``brings`` are the names by which what it loads is known (DT_SONAME, or the
    name in DT_NEEDED), ``needs`` the DT_NEEDED names that the host has
    not loaded, each with the path of the object found; None where none was.
    ``unique`` are the STB_GNU_UNIQUE symbols that lookups found, with the path
    of the provider. ``system`` are the libraries loaded from the host's file
    system, ``taken`` those of them that bind some reference to a member.
    ``failures`` are the reasons why it does not open. ``promotes`` is whether it is opened
    RTLD_GLOBAL, or its package's Python opens something so that is no member. ``static_tls`` are
    the bytes that it takes of the room for initial-exec TLS, and the room that the host has left.
    """

    name: str
    brings: Mapping[str, str]
    needs: Mapping[str, str | None]
    unique: Mapping[str, str]
    system: AbstractSet[str]
    taken: AbstractSet[str]
    failures: tuple[LoadFailure, ...] = ()
    promotes: bool = False
    static_tls: tuple[int, int] = (0, 0)


class TargetTraces(NamedTuple):
    """One target on one host; ``paths`` are the installed paths of its members.

    ``distribution`` is the normalised name of a wheel's, None of other targets.
    """

    target: str
    distribution: str | None
    paths: frozenset[str]
    modules: tuple[ModuleTraces, ...]


class Shared(NamedTuple):
    """Names, libraries and files that two targets share, sorted; false when there are none.

    ``sonames`` are names that one brings and the other needs from elsewhere,
    ``unique`` symbols that both found, each its own, ``system`` libraries that
    one of them changes and both load, ``promoted`` modules opened RTLD_GLOBAL,
    ``files`` installed paths that both have, ``static_tls`` modules whose initial-exec TLS may not
    have room together. ``modules`` are those of the
    first and of the second target that take part.
    """

    sonames: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    system: tuple[str, ...] = ()
    promoted: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    static_tls: tuple[str, ...] = ()
    modules: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    def __bool__(self) -> bool:
        return any(self[:6])


def traces(analysis: Analysis) -> TargetTraces:
    """The traces of an analysis that still has its bindings."""
    taken: dict[int, bool] = {}
    return TargetTraces(
        target=analysis.target.name,
        distribution=_distribution(analysis),
        paths=frozenset(analysis.target.members),
        modules=tuple(
            _of_module(analysis, m, taken)._replace(promotes=_promotes(analysis, m))
            for m in analysis.modules
        ),
    )


def _promotes(analysis: Analysis, module: Module) -> bool:
    members = analysis.target.members
    return module.opening.mode.rtld_global or any(
        opening.mode.rtld_global and opening.name not in members for opening in module.before
    )


def _distribution(analysis: Analysis) -> str | None:
    if analysis.target.tags is None:
        return None
    return distribution_of(analysis.target.name.rpartition("/")[2])


def _of_module(analysis: Analysis, module: Module, known: dict[int, bool]) -> ModuleTraces:
    missing: dict[str, str | None] = {
        f.name: None for f in module.failures if f.kind == "missing-library"
    }
    bound = module.bound
    if bound is None:
        nothing: frozenset[str] = frozenset()
        return ModuleTraces(module.name, {}, missing, {}, nothing, nothing, module.failures)
    needed = {
        name: needed.dso.path
        for m in bound.opened.new
        for needed, (name, _) in zip(m.needed or (), m.resolutions, strict=True)
        if not analysis.is_host(needed.dso)
    }
    sonames = {m.elf.soname: m.dso.path for m in bound.opened.new if m.elf.soname}
    system = [o for o in bound.objects if not analysis.is_member(o.map.dso)]
    return ModuleTraces(
        name=module.name,
        brings=sonames | needed,
        needs={**missing, **needed},
        unique=dict(_unique(analysis, bound)),
        system=frozenset(o.map.dso.path for o in system),
        taken=frozenset(
            o.map.dso.path
            for o in system
            if any(_takes(analysis, group, known) for group in o.groups)
        ),
        failures=module.failures,
        static_tls=_static_tls(analysis, bound),
    )


def _static_tls(analysis: Analysis, bound: BoundModule) -> tuple[int, int]:
    before, after = analysis.host.process.static_tls, bound.static_tls
    return (before.room - after.room, before.room) if before and after else (0, 0)


def _unique(analysis: Analysis, bound: BoundModule) -> Iterator[tuple[str, str]]:
    for brought in bound.objects:
        for group in brought.groups:
            for b in group.unique:
                if b.provider is not None and not analysis.is_host(b.provider):
                    yield b.reference.name, b.provider.path


def _takes(analysis: Analysis, group: BindingGroup, known: dict[int, bool]) -> bool:
    """Whether a member provides any binding of a group, which modules share."""
    if id(group) not in known:
        providers: set[Dso] = {b.actual.dso for b in group.bindings if b.actual}
        known[id(group)] = any(map(analysis.is_member, providers))
    return known[id(group)]


def shared(one: TargetTraces, other: TargetTraces, modes: ModePatterns = ALL_NOW) -> Shared:
    """What two targets share when both are installed and opened in one process."""
    return shared_by(Side(one, modes), Side(other, modes))


def shared_by(first: Side, second: Side) -> Shared:
    """The same, of targets whose modules were taken together already."""
    one, other = first.of, second.of
    sonames = _captured(first, second) | _captured(second, first)
    unique = {
        name
        for name in first.unique.keys() & second.unique.keys()
        if first.unique[name] != second.unique[name]
    }
    system = (first.taken & second.system) | (second.taken & first.system)
    promoting = first.promoting | second.promoting
    files = () if one.paths.isdisjoint(other.paths) else one.paths & other.paths
    crowded = _crowded(first, second)
    if not (sonames or unique or system or promoting or files or crowded):
        return Shared()
    return Shared(
        tuple(sorted(sonames)),
        tuple(sorted(unique)),
        tuple(sorted(system)),
        tuple(sorted(promoting)),
        tuple(sorted(files)),
        tuple(sorted(crowded)),
        (
            tuple(_concerned(first, second, sonames, unique, system, crowded)),
            tuple(_concerned(second, first, sonames, unique, system, crowded)),
        ),
    )


class Side:
    """The modules of one target taken together.

    ``promoting`` are those that are opened RTLD_GLOBAL, ``crowding`` the room for initial-exec TLS
    that each of others takes and finds.
    """

    def __init__(self, of: TargetTraces, modes: ModePatterns = ALL_NOW) -> None:
        self.of = of
        self.promoting = {m.name for m in of.modules if m.promotes or modes.of(m.name).rtld_global}
        self.crowding = {m.name: m.static_tls for m in of.modules if m.static_tls[0]}
        self.brings: dict[str, set[str]] = {}
        self.needs: dict[str, set[str | None]] = {}
        self.unique: dict[str, set[str]] = {}
        self.system: set[str] = set()
        self.taken: set[str] = set()
        for module in of.modules:
            for name, path in module.brings.items():
                self.brings.setdefault(name, set()).add(path)
            for name, wanted in module.needs.items():
                self.needs.setdefault(name, set()).add(wanted)
            for name, path in module.unique.items():
                self.unique.setdefault(name, set()).add(path)
            self.system |= module.system
            self.taken |= module.taken


def _crowded(first: Side, second: Side) -> set[str]:
    """The modules of both that take of the room for initial-exec TLS, where it may be too little.

    Objects that two modules bring are counted twice: to open them decides.
    """
    taken = [*first.crowding.values(), *second.crowding.values()]
    if not (first.crowding and second.crowding) or (
        sum(size for size, _ in taken) <= min(room for _, room in taken)
    ):
        return set()
    return {*first.crowding, *second.crowding}


def _captured(first: Side, second: Side) -> set[str]:
    """Names that ``second`` needs and gets from ``first`` when that has been opened."""
    return {
        name
        for name in first.brings.keys() & second.needs.keys()
        if first.brings[name] != second.needs[name]
    }


def _concerned(
    side: Side,
    other: Side,
    sonames: AbstractSet[str],
    unique: AbstractSet[str],
    system: AbstractSet[str],
    crowded: AbstractSet[str],
) -> Iterator[str]:
    """The modules of one side that take part in what is shared.

    What the other promotes can reach every module. Of those that load a shared system library any
    may be the first; one is enough, which is a module from which the library takes something, if
    there is any.
    """
    of = side.of
    first = {
        next(
            (m.name for m in of.modules if library in m.taken),
            next(m.name for m in of.modules if library in m.system),
        )
        for library in system
    }
    for module in of.modules:
        names = module.brings.keys() | module.needs.keys()
        if (
            other.promoting
            or module.name in side.promoting
            or module.name in first
            or module.name in crowded
            or not names.isdisjoint(sonames)
            or not module.unique.keys().isdisjoint(unique)
        ):
            yield module.name
