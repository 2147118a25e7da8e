"""Opens and binds every module of one target on one host, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from collide.binding.binder import Binder
from collide.binding.binding import BindingGroup, BoundModule, BoundObject
from collide.binding.definers import ReferencesByDefiner
from collide.loader.host import Host
from collide.loader.libc import libc_of
from collide.loader.link_map import LoadFailure
from collide.loader.model import Dso
from collide.loader.opening import ALL_NOW, NOW, ModePatterns, Opening
from collide.loader.process import Process
from collide.support.limits import hold
from collide.support.records import NamedTuple
from collide.wheels.tags import module_misfit, unsuitable
from collide.wheels.target import Skipped, Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.binding.session import Session


class Module(NamedTuple):
    """One opened module by name: bound, or the reason why it could not be mapped at all.

    ``opening`` is how it was opened. ``before`` is what its package's Python has opened by then,
    and ``refused`` what this could not open. ``brought`` has the paths of objects that were loaded
    by earlier openings, each with the first of them.
    """

    name: str
    bound: BoundModule | None
    failures: tuple[LoadFailure, ...]
    opening: Opening = Opening("")
    before: tuple[Opening, ...] = ()
    refused: tuple[tuple[Opening, LoadFailure], ...] = ()
    brought: tuple[tuple[str, Opening], ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether the loader turns down an object on the way, so that nothing of it is bound."""
        return bool(self.failures if self.bound is None else self.bound.refused)

    @property
    def objects(self) -> tuple[BoundObject, ...]:
        """The objects that it brings, with their bindings; none where it could not be mapped."""
        return self.bound.objects if self.bound is not None else ()


def groups_of(modules: Iterable[Module]) -> Iterator[tuple[Dso, BindingGroup]]:
    """The groups of bindings of modules with their objects, each once: modules share most."""
    seen: set[int] = set()
    for module in modules:
        for bound in module.objects:
            for group in bound.groups:
                if id(group) not in seen:
                    seen.add(id(group))
                    yield bound.map.dso, group


class Capture(NamedTuple):
    """``asking``, an object of the wheel, needs ``name`` and is given ``loaded``, the host's.

    ``own`` are the wheel's libraries that are called so.
    """

    asking: Dso
    name: str
    loaded: Dso
    own: tuple[Dso, ...]


class Analysis(NamedTuple):
    """The exact result for one target on one host.

    ``left_out`` is the reason why the target was not analysed on this host at
    all; ``skipped`` are members that were not. ``host_files`` are the objects
    of the host's global scope, and those that its imports have brought. ``modes`` says with
    which flags the modules were opened. ``order`` is all that was opened in one process, in this
    order; it is empty where each module has a process of its own.
    """

    target: Target
    host: Host
    modules: tuple[Module, ...]
    skipped: tuple[Skipped, ...]
    left_out: str | None = None
    host_files: frozenset[Dso] = frozenset()
    modes: ModePatterns = ALL_NOW
    order: tuple[Opening, ...] = ()

    def without_bindings(self) -> Analysis:
        """The same without objects and bindings: reports need only names, and memory is limited."""
        return self._replace(
            target=self.target._replace(members={}, names={}, on_disk=None, cache=None),
            modules=tuple(
                m._replace(
                    bound=None,
                    brought=(),
                    opening=m.opening._replace(name=m.name),
                    before=tuple(o._replace(name=self.target.shown(o.name)) for o in m.before),
                )
                for m in self.modules
            ),
            host_files=frozenset(),
            order=(),
        )

    @property
    def depends_on_history(self) -> bool:
        """Whether an earlier import of the interpreter's own modules may change anything."""
        # Two modules may have loaded two libraries by one name.
        needs: set[tuple[str, str]] = set()
        unique = False
        for module in self.modules:
            if module.bound is not None and not module.failures:
                needs |= self.foreign_needs(module).items()
                unique = unique or next(self.registered(module), None) is not None
        return self.host.own.may_change(needs, unique=unique)

    def foreign_needs(self, module: Module) -> dict[str, str]:
        """The DT_NEEDED names for which a module has loaded something, with canonical paths.

        The C library's own parts are those of the process in any case.
        """
        assert module.bound is not None
        loaded, parts = self.host.process.loaded, libc_of(self.host.loader).parts
        return {
            name: needed.dso.path
            for m in module.bound.opened.new
            if not parts.issuperset(name for name in m.elf.needed if loaded(name) is None)
            for needed, (name, _) in zip(m.needed or (), m.resolutions, strict=True)
            if name not in parts and loaded(name) is None
        }

    def captures(self, modules: Iterable[Module]) -> Iterator[tuple[Module, Capture]]:
        """What ``modules`` are given of the host in place of libraries that the target brings.

        A DT_NEEDED is the path, an alias or the DT_SONAME of an object that the host has loaded
        (glibc ``elf/dl-load.c``, ``_dl_map_object``).
        """
        own: Mapping[str, tuple[Dso, ...]] | None = None
        # A recorded profile, whose start-up is looked at, has no members and knows no resolutions.
        for module in modules if self.target.members else ():
            for m in module.bound.opened.new if module.bound else ():
                if not self.is_member(m.dso):
                    continue
                for needed, (name, found) in zip(m.needed or (), m.resolutions, strict=True):
                    loaded = found.how == "already-loaded" and self.is_host(needed.dso)
                    if not loaded:
                        continue
                    if own is None:
                        own = self._called()
                    if name in own:
                        yield module, Capture(m.dso, name, needed.dso, own[name])

    def _called(self) -> Mapping[str, tuple[Dso, ...]]:
        """The target's objects by the names under which others may need them."""
        called: dict[str, list[Dso]] = {}
        for path, dso in self.target.members.items():
            file_name = path.rpartition("/")[2]
            for name in {dso.elf.soname or file_name, file_name}:
                called.setdefault(name, []).append(dso)
        return {name: tuple(dsos) for name, dsos in called.items()}

    def registered(self, module: Module) -> Iterator[tuple[str, str]]:
        """The unique symbols that a module has registered, with the paths of the providers."""
        for brought in module.objects:
            for group in brought.groups:
                for b in group.unique:
                    if b.provider is not None and not self.is_host(b.provider):
                        yield b.reference.name, b.provider.path

    @property
    def planned(self) -> tuple[Opening, ...]:
        """What the target's Python opens before modules, or with other flags than RTLD_NOW.

        The names are those that output uses.
        """
        named = (o for m in self.modules for o in (*m.before, m.opening))
        openings = dict.fromkeys(o for o in named if o.source and o.name)
        before = {o.name for m in self.modules for o in m.before}
        return tuple(
            o._replace(name=self.target.shown(o.name))
            for o in openings
            if o.mode != NOW or o.name in before
        )

    @property
    def repair_command(self) -> str:
        """The command that repairs the target for this host."""
        return repair_command(self.target.name, self.host.arguments)

    def name_of(self, dso: Dso) -> str:
        """A member's name, or a host path."""
        return self.target.names.get(dso.path, dso.path)

    def is_member(self, dso: Dso) -> bool:
        """Whether ``dso`` is part of the target."""
        return dso.path in self.target.names

    def is_host(self, dso: Dso) -> bool:
        """Whether ``dso`` was in the process before: in the global scope, or from an import."""
        return dso in self.host_files


def repair_command(target: str, arguments: Iterable[str]) -> str:
    """The command that repairs a wheel for the hosts that ``arguments`` select."""
    import shlex  # late: start-up

    return shlex.join(["collide", "repair", target, *arguments])


def analyse(
    target: Target,
    host: Host,
    *,
    insist: bool = False,
    by_definer: ReferencesByDefiner | None = None,
    modes: ModePatterns = ALL_NOW,
) -> Analysis:
    """Open every module of ``target`` alone in a fresh process of ``host`` and bind it.

    With ``insist`` (the host was asked for by name) a tree or a bare object is opened
    even if its names are for another interpreter; what fails then is reported.
    ``by_definer`` are the references of the members, for a target that is analysed on
    several hosts, ``modes`` the flags with which modules are opened. A target that does not
    fit the host gives an analysis without modules.
    """
    left_out = unfit(target, host)
    if left_out is not None:
        return left_out
    openable = find_modules(target, host, insist=insist)
    modules = tuple(open_alone(target, host, openable.paths, by_definer, modes))
    skipped = (*openable.skipped, *_not_followed(target, modules))
    return Analysis(target, host, modules, skipped, openable.nothing, host.known_files, modes)


def unfit(target: Target, host: Host) -> Analysis | None:
    """The analysis of a target whose tags do not fit ``host``: nothing of it is opened.

    None where they do.
    """
    reason = None if target.tags is None else unsuitable(target.tags, host)
    return None if reason is None else Analysis(target, host, (), target.skipped, reason)


class Openable(NamedTuple):
    """The installed paths of a target to open on a host, in order.

    ``skipped`` are members that are not opened, ``nothing`` the reason why there is no path.
    """

    paths: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    nothing: str | None


def find_modules(target: Target, host: Host, *, insist: bool = False) -> Openable:
    """The paths of ``target`` that can be opened on ``host``, whatever its tags say.

    See :func:`analyse` for ``insist``.
    """
    foreign = [
        Skipped(target.names[f.path], f"is {f.elf.architecture}, the host {host.architecture}")
        for f in target.members.values()
        if f.elf.architecture != host.architecture
    ]
    found = _modules(target, host, any_interpreter=False)
    if insist and not found.paths and target.tags is None:
        found = _modules(target, host, any_interpreter=True)
    skipped = [*target.skipped, *foreign, *_unknown(target), *found.unfit, *found.open_before]
    reason = None if found.paths else _nothing(foreign, found, host)
    return Openable(tuple(found.paths), tuple(sorted(skipped)), reason)


class _Modules(NamedTuple):
    """The installed paths of a target's modules to open, and those that are not opened.

    ``unfit`` are for another interpreter, ``open_before`` are part of the host's history.
    """

    paths: list[str]
    unfit: list[Skipped]
    open_before: list[Skipped]


def _modules(target: Target, host: Host, *, any_interpreter: bool) -> _Modules:
    found = _Modules([], [], [])
    opened = _in_history(host)
    for path in target.modules(host.architecture):
        name = target.names[target.members[path].path]
        misfit = None if any_interpreter else module_misfit(path, host.python)
        if misfit is not None:
            found.unfit.append(Skipped(name, misfit))
        elif (source := opened.get(_place(path))) is not None:
            why = f"is in the process before: it was opened in the {source}"
            found.open_before.append(Skipped(name, why))
        else:
            found.paths.append(path)
    return found


def _in_history(host: Host) -> dict[str, str]:
    """The places of the objects that a host has opened since start-up, with the source of each."""
    loaded = ((opening, host.process.loaded(opening.name)) for opening in host.openings)
    return {_place(m.dso.path): opening.source for opening, m in loaded if m is not None}


def _place(path: str) -> str:
    """A path below site-packages; of what is not there, the whole path."""
    return path.rpartition("/site-packages/")[2]


def _unknown(target: Target) -> Iterator[Skipped]:
    """Members with relocations of types in no table: what these refer to is not bound."""
    for dso in target.members.values():
        if dso.elf.unknown_relocations:
            kinds = ", ".join(map(str, dso.elf.unknown_relocations))
            yield Skipped(
                target.names[dso.path], f"its relocations of type {kinds} are of no known class"
            )


def _nothing(foreign: list[Skipped], found: _Modules, host: Host) -> str:
    if found.open_before and not found.unfit:
        return "all its modules are in the process before: the host's history has opened them"
    if found.unfit:
        return f"all its modules are for another interpreter than {host.python}"
    if foreign:
        return f"all its objects are for another architecture than {host.architecture}"
    return "it has no shared object that could be opened"


def opening_of(target: Target, path: str, modes: ModePatterns) -> Opening:
    """How the module at ``path`` is opened: as ``modes`` say, or else as the plan says."""
    asked = modes.of(target.names[target.members[path].path])
    return target.plan.opening(path) if asked == NOW else Opening(path, asked)


def open_alone(
    target: Target,
    host: Host,
    paths: Iterable[str],
    by_definer: ReferencesByDefiner | None = None,
    modes: ModePatterns = ALL_NOW,
) -> Iterator[Module]:
    """Open installed paths of ``target``, each in a process of ``host`` by itself.

    What the plan of the target opens before a module is opened before it. Raises LimitError for
    closures that need too much in all.
    """
    fresh = host.process.copy(files := target.files(host))
    prepared: dict[tuple[Opening, ...], Process] = {(): fresh}
    opened, needs = [], 0
    for path in paths:
        before = target.plan.before(path)
        if before not in prepared:
            prepared[before] = _after(fresh, before)
        opening = opening_of(target, path, modes)
        result = prepared[before].copy(files).dlopen(path, opening.mode)
        opened.append((opening, before, result))
        if not isinstance(result, LoadFailure):
            needs += sum(len(m.elf.needed) for m in result.searchlist)
            hold("needs", needs, target.name)
    start_up = host.global_files
    new = [
        m.dso
        for *_, done in opened
        if not isinstance(done, LoadFailure)
        for m in done.searchlist
        if m.dso not in start_up
    ]
    new += [m.dso for process in prepared.values() for m in process.maps[len(fresh.maps) :]]
    binder = Binder(host.process, (*host.imported_files, *new), by_definer)
    sessions: dict[tuple[Opening, ...], _Prepared] = {}
    for opening, before, result in opened:
        name = target.names[target.members[opening.name].path]
        if before:
            if before not in sessions:
                from collide.binding.session import Session  # late: start-up

                session = Session(host.process, files, binder, host.unique)
                sessions[before] = _prepare(session, before)
            yield sessions[before].open(name, opening)
        elif isinstance(result, LoadFailure):
            yield Module(name, None, (result,), opening)
        else:
            bound = binder.bind(result, dict(host.unique))
            yield Module(name, bound, bound.failures, opening)


def _after(process: Process, openings: Iterable[Opening]) -> Process:
    """A copy of ``process`` that has loaded what ``openings`` bring, even where they fail."""
    process = process.copy(process.files)
    for opening in openings:
        process.dlopen(opening.name, opening.mode)
    return process


class _Prepared(NamedTuple):
    """A process after openings, of which some were refused."""

    session: Session
    before: tuple[Opening, ...]
    refused: tuple[tuple[Opening, LoadFailure], ...]
    brought: tuple[tuple[str, Opening], ...]

    def open(self, name: str, opening: Opening) -> Module:
        """Open one more object in a copy of it."""
        bound, failures = self.session.copy().open(opening.name, opening.mode)
        return Module(name, bound, failures, opening, self.before, self.refused, self.brought)


def _prepare(session: Session, openings: Iterable[Opening]) -> _Prepared:
    before, refused = [], []
    brought: dict[str, Opening] = {}
    for opening in openings:
        attempt = session.open(opening.name, opening.mode)
        if attempt.failures:
            refused.append((opening, attempt.failures[0]))
        else:
            before.append(opening)
        if attempt.bound is not None:
            brought |= {m.dso.path: opening for m in attempt.bound.opened.new}
    return _Prepared(session, tuple(before), tuple(refused), tuple(brought.items()))


def _not_followed(target: Target, modules: Sequence[Module]) -> Iterator[Skipped]:
    """What a target's Python opens, or may open, that no module was opened behind.

    What only this process's loader knows by name matters where a library is missing.
    """
    for file, reason in target.plan.unread:
        yield Skipped(file, f"what it opens is not known: {reason}")
    missing = {f.name for m in modules for f in m.failures if f.kind == "missing-library"}
    for event in target.plan.possible:
        brings = missing and (not event.name or event.name.rpartition("/")[2] in missing)
        if event.mode.rtld_global or event.mode.deepbind or (brings and not event.imported):
            name = target.shown(event.name) or "a library"
            yield Skipped(event.source, f"may open {name} {event.mode}")
    for refused in dict.fromkeys(pair for m in modules for pair in m.refused):
        yield not_opened(target, *refused)


def not_opened(target: Target, opening: Opening, failure: LoadFailure) -> Skipped:
    """An opening of a target's Python that fails."""
    said = f"{failure.kind} {target.shown(failure.name)}".strip()
    return Skipped(opening.source, f"opens {target.shown(opening.name)}, which fails here: {said}")
