"""The comparison of a prediction with what the real loader did, binding by binding.

Both directions count: what was seen and not predicted, and the reverse. What
the loader cannot show is counted as ``silent``, never as agreement: in its log
weak references that nothing satisfies, in memory references without a slot and
indirect functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from collide.analysis.analysis import Analysis, Module
from collide.binding.binder import Binder
from collide.binding.binding import Binding, BoundModule
from collide.elf.constants import STT_GNU_IFUNC
from collide.elf.headers import is_elf
from collide.elf.machines import CLASS_PLT
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.loader.host import Host
from collide.loader.libc import libc_of
from collide.loader.link_map import LoadFailure, Opened
from collide.loader.lookup import LookupRules
from collide.loader.messages import says
from collide.loader.process import Process
from collide.support.errors import CollideError, InputError
from collide.support.records import NamedTuple
from collide.verify.got_slots import SlotBinding
from collide.verify.ld_debug import Log, RunError
from collide.verify.runner import Observation, Runner, Started
from collide.wheels.archive import Archive
from collide.wheels.target import Target, installed_path

START_UP = "start-up"
"""The name under which a host's own start-up is compared."""


class Line(NamedTuple):
    """One binding, printed or predicted; ``object`` and ``provider`` are canonical paths."""

    object: str
    symbol: str
    version: str | None
    provider: str | None


DifferenceKind = Literal["not-predicted", "not-seen", "scope", "failure", "loaded"]


class Difference(NamedTuple):
    """One thing that the loader did and the prediction has not, or the reverse.

    ``line`` is the binding for ``not-predicted`` and ``not-seen``, else None.
    ``seen`` and ``predicted`` are the two sides as text.
    """

    kind: DifferenceKind
    object: str
    line: Line | None
    seen: str
    predicted: str


class ModuleAgreement(NamedTuple):
    """One module: how many bindings were seen, and how many of these were predicted.

    ``objects`` counts what the module brings into the process, ``scopes`` the
    scopes that were seen as predicted. ``silent`` counts predicted bindings that
    the loader cannot show, ``unreached`` those behind the failure that ended a
    dlopen. ``failure`` is a message of the loader that was predicted. ``problem``
    is the reason why nothing could be compared, ``notes`` are further sentences.
    """

    name: str
    objects: int = 0
    seen: int = 0
    agreed: int = 0
    scopes: int = 0
    silent: int = 0
    unreached: int = 0
    failure: str | None = None
    differences: tuple[Difference, ...] = ()
    problem: str | None = None
    notes: tuple[str, ...] = ()


class Agreement(NamedTuple):
    """One target in one host; its start-up is a module called ``START_UP``.

    ``by_slots`` is whether the memory of the host was read, not its loader's log.
    """

    analysis: Analysis
    by_slots: bool
    modules: tuple[ModuleAgreement, ...]

    @property
    def differences(self) -> int:
        """How many there are in all modules."""
        return sum(len(m.differences) for m in self.modules)

    @property
    def opened(self) -> tuple[ModuleAgreement, ...]:
        """The modules without start-up."""
        return tuple(m for m in self.modules if m.name != START_UP)

    @property
    def problems(self) -> tuple[str, ...]:
        """Why modules could not be compared."""
        return tuple(f"{m.name}: {m.problem}" for m in self.modules if m.problem)


def install(target: Target, root: Path) -> None:
    """Write a wheel's objects below ``root``, at their installed paths.

    Members that cannot be read are in the problems of ``target`` and passed over.
    Raises InputError for a wheel that cannot be read again.
    """
    with Archive(Path(target.name)) as archive:
        for entry in archive.elf_members():
            place = Path(f"{root}{installed_path(entry.name, archive.distribution)}")
            try:
                data = archive.inflated(entry)
            except InputError:
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)


def verify(analysis: Analysis, runner: Runner) -> Iterator[ModuleAgreement]:
    """Open every module of an analysis in the real host, one after the other, and compare.

    Each has a process of its own, and what the plan opens comes before it; what an import opens
    comes in one process. ``runner`` was started, and its root is where the target is installed. A
    module that the host cannot be run for has a ``problem``.
    """
    rules = libc_of(analysis.host.loader).lookup_rules(analysis.host.loader.version)
    if analysis.order:
        yield from _in_one_process(analysis, runner, rules)
        return
    places = {name: path for path, name in analysis.target.names.items()}
    for module in analysis.modules:
        before = analysis.target.plan.before(module.opening.name)
        try:
            observed = runner.open(
                places[module.name], _expected(module), module.opening.mode, before
            )
        except RunError as e:
            yield ModuleAgreement(module.name, problem=str(e))
        else:
            yield compare(module, observed, rules)


def _expected(module: Module) -> Iterator[str]:
    return (m.dso.path for m in module.bound.opened.new) if module.bound else iter(())


def _in_one_process(
    analysis: Analysis, runner: Runner, rules: LookupRules
) -> Iterator[ModuleAgreement]:
    expected = [path for module in analysis.modules for path in _expected(module)]
    try:
        seen = runner.open_each(analysis.order, expected)
    except RunError as e:
        yield from (ModuleAgreement(m.name, problem=str(e)) for m in analysis.modules)
        return
    observed = dict(zip(analysis.order, seen, strict=True))
    for module in analysis.modules:
        yield compare(module, observed[module.opening], rules)


# -- one module -----------------------------------------------------------------------------------


def compare(module: Module, observed: Observation, rules: LookupRules) -> ModuleAgreement:
    """Compare the prediction for one module with what was observed of it."""
    message = observed.error or observed.died
    first = module.failures[0] if module.failures else None
    if message is not None and first is not None and says(message, first):
        failed, differences = True, []
    elif observed.died is not None:
        return ModuleAgreement(module.name, problem=f"the host {observed.died}")
    else:
        failed, differences = observed.error is not None, list(_outcome(module, first, observed))
    bound = module.bound
    agreement = ModuleAgreement(
        module.name, failure=message if failed and not differences else None
    )
    if bound is None:
        return agreement._replace(differences=tuple(differences))
    new = {m.dso.path for m in bound.opened.new}
    if not failed:
        differences += [
            Difference("loaded", path, None, "not loaded", "loaded")
            for path in sorted(new - observed.loaded)
        ]
    if observed.log is not None:
        agreement = _by_log(agreement, bound, rules, observed.log, failed, differences)
    elif observed.slots is not None and not failed:
        agreement = _by_slots(agreement, bound, rules, observed.slots, differences)
    others = sorted(observed.loaded - new)
    return agreement._replace(
        objects=len(new),
        differences=tuple(differences),
        notes=tuple(f"{path} was loaded by code that ran" for path in others if _is_library(path)),
    )


def _outcome(
    module: Module, failure: LoadFailure | None, observed: Observation
) -> Iterator[Difference]:
    if failure is not None or observed.error is not None:
        predicted = "opens"
        if failure is not None:
            predicted = f"{failure.kind}: {failure.name} {failure.detail}".rstrip()
        yield Difference("failure", module.name, None, observed.error or "opens", predicted)


def _is_library(path: str) -> bool:
    try:
        with Path(path).open("rb") as stream:
            return is_elf(stream.read(4))
    except OSError:
        return False


def _lines(bound: BoundModule) -> tuple[set[Line], int]:
    """The predicted bindings that have a provider, and the number of those that have none."""
    lines, silent = set(), 0
    for brought in bound.relocated:
        holder = brought.map.dso.path
        for b in brought.bindings:
            if b.provider is None:
                silent += 1
            else:
                lines.add(Line(holder, b.reference.name, b.reference.version, b.provider.path))
    return lines, silent


def _by_log(
    agreement: ModuleAgreement,
    bound: BoundModule,
    rules: LookupRules,
    log: Log,
    partial: bool,
    differences: list[Difference],
) -> ModuleAgreement:
    predicted, silent = _lines(bound)
    printed = {
        Line(b.object, b.symbol, b.version, b.provider): str(b)
        for b in log.bindings
        if b.relocation
    }
    expected = {line[:3]: f"bound to {line.provider}" for line in predicted}
    differences += [
        Difference(
            "not-predicted", line.object, line, printed[line], expected.get(line[:3], "nothing")
        )
        for line in sorted(printed.keys() - predicted, key=str)
    ]
    unreached = predicted - printed.keys()
    uncalled = _uncalled(bound, unreached)
    unreached -= uncalled
    if not partial:
        differences += [
            Difference("not-seen", line.object, line, "nothing", expected[line[:3]])
            for line in sorted(unreached, key=str)
        ]
    scopes = 0
    for m in bound.opened.new:
        seen = sum(log.scopes.get(m.dso.path, ()), ())
        if not seen:
            continue
        own = (m.dso.path,) if rules.leads(m.elf, bound.opened.mode) else ()
        wanted = own + tuple(s.dso.path for s in bound.opened.scope)
        scopes += seen == wanted
        if seen != wanted:
            differences.append(
                Difference("scope", m.dso.path, None, *_first_difference(seen, wanted))
            )
    return agreement._replace(
        seen=len(printed),
        agreed=len(printed.keys() & predicted),
        scopes=scopes,
        silent=silent + len(uncalled),
        unreached=len(unreached) if partial else 0,
    )


def _uncalled(bound: BoundModule, unseen: Iterable[Line]) -> set[Line]:
    """Those of the lines that a lazily bound object has only when it calls the function."""
    late = {
        (brought.dso.path, r.name, r.version)
        for brought in bound.relocated
        for r in brought.at_first_call()
    }
    return {line for line in unseen if line[:3] in late}


def _first_difference(one: Sequence[str], other: Sequence[str]) -> Iterator[str]:
    """The first place at which two scopes differ, as text for each of them."""
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    at = min(len(one), len(other)) if at is None else at
    for scope in (one, other):
        here = scope[at] if at < len(scope) else "nothing"
        yield f"{here} at place {at + 1} of {len(scope)}"


# -- by slots -------------------------------------------------------------------------------------

_Reference = tuple[str, str, str | None, int]


def _by_slots(
    agreement: ModuleAgreement,
    bound: BoundModule,
    rules: LookupRules,
    slots: Sequence[SlotBinding],
    differences: list[Difference],
) -> ModuleAgreement:
    predicted: dict[_Reference, Binding] = {}
    own: set[_Reference] = set()
    # The slot of a function that was not called yet leads into its own object. musl leaves what
    # is undefined as it stands in the file.
    uncalled = {(f.object, f.name, f.detail or None, CLASS_PLT) for f in bound.deferred}
    for brought in bound.relocated:
        path = brought.map.dso.path
        for b in brought.bindings:
            r = b.reference
            predicted[path, r.name, r.version, r.lookup_class] = b
        late = brought.at_first_call()
        uncalled |= {(path, r.name, r.version, r.lookup_class) for r in late}
        for r in brought.map.elf.references:
            if not rules.is_looked_up(r):
                own.add((path, r.name, r.version, r.lookup_class))
    agreed: set[_Reference] = set()
    seen: set[_Reference] = set()
    for slot in dict.fromkeys(slots):
        key = (slot.object, slot.symbol, slot.version, slot.lookup_class)
        binding = predicted.get(key)
        if key in uncalled or (binding is not None and _is_indirect(binding)):
            continue
        seen.add(key)
        if (binding is not None and _leads_to(slot, binding)) or (
            key in own and slot.provider == slot.object
        ):
            agreed.add(key)
            continue
        line = Line(slot.object, slot.symbol, slot.version, slot.provider)
        expected = "no such reference"
        if binding is not None:
            expected = (
                f"bound to {binding.provider.path}" if binding.provider else "bound to nothing"
            )
        differences.append(Difference("not-predicted", slot.object, line, _as_text(slot), expected))
    return agreement._replace(
        seen=len(seen), agreed=len(agreed), silent=len(predicted.keys() - seen)
    )


def _is_indirect(binding: Binding) -> bool:
    return binding.actual is not None and binding.actual.definition.type == STT_GNU_IFUNC


def _leads_to(slot: SlotBinding, binding: Binding) -> bool:
    """Whether a slot holds the address of the definition that was predicted."""
    if binding.actual is None:
        return slot.null
    dso, definition = binding.actual
    if slot.provider is None:
        # An absolute symbol, or the end of an object: only the value can be compared.
        return not slot.null and (definition.zero or slot.value == definition.value)
    return slot.provider == dso.path and definition.value in (None, slot.value)


def _as_text(slot: SlotBinding) -> str:
    if slot.null:
        return "its slot is 0"
    return f"its slot leads to {slot.provider or 'no object'} + {slot.value:#x}"


# -- start-up -------------------------------------------------------------------------------------


def verify_start_up(host: Host, files: Root, started: Started) -> ModuleAgreement:
    """Compare the host's own start-up: its scope and every binding.

    ``files`` is the root that the host was extracted from.
    """
    process = host.process
    agreement = ModuleAgreement(START_UP, objects=len(process.global_scope))
    if not started.log.bindings:
        return agreement
    try:
        process = _started(host, files)
    except CollideError as e:
        return agreement._replace(problem=str(e))
    scope = process.global_scope
    bound = Binder(process).bind(Opened(process.executable, scope, scope, scope, ()))
    differences: list[Difference] = []
    rules = libc_of(host.loader).lookup_rules(host.loader.version)
    partial = not started.bind_now
    agreement = _by_log(agreement, bound, rules, started.log, partial, differences)
    return agreement._replace(differences=tuple(differences))


def _started(host: Host, files: Root) -> Process:
    return extract(
        host.path, files, preload=host.preload, library_path=host.loader.library_path
    ).process


def count(agreements: Iterable[ModuleAgreement]) -> ModuleAgreement:
    """The sums of several modules, with an empty name."""
    total = ModuleAgreement("")
    for a in agreements:
        total = total._replace(
            objects=total.objects + a.objects,
            seen=total.seen + a.seen,
            agreed=total.agreed + a.agreed,
            scopes=total.scopes + a.scopes,
            silent=total.silent + a.silent,
            unreached=total.unreached + a.unreached,
            differences=total.differences + a.differences,
        )
    return total
