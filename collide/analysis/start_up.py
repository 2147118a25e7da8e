"""Binds a host's own objects as start-up does, by themselves or as an analysis of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from collide.analysis.analysis import Analysis, Module
from collide.binding.binder import Binder
from collide.binding.binding import BoundModule
from collide.binding.shadowing import is_shadowed
from collide.elf.machines import CLASS_COPY
from collide.loader.host import Host
from collide.loader.link_map import Opened
from collide.loader.lookup import Match
from collide.support.errors import InputError
from collide.support.records import NamedTuple
from collide.wheels.target import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.binding.shadowing import Shadowed

START_UP_MODULE = "(start-up)"
"""The name of the module that stands for start-up: the host's own bindings."""


class InterposedHost(NamedTuple):
    """A host's own objects, bound so that all counts as shadowed that another object answers.

    ``copied`` are variables that the executable has by copy relocation, each with the path
    of the object that was meant to provide it. These are not among the shadowed ones.
    """

    analysis: Analysis
    copied: Mapping[str, str]


def knows_references(host: Host) -> bool:
    """Whether it is known what the host's own objects refer to; shipped profiles leave that out.

    An executable that needs libraries refers to something, if only to
    ``__libc_start_main``.
    """
    return bool(host.process.executable.elf.references)


def start_up(
    host: Host, shadowed: Shadowed | None = None, openings: Sequence[Opened] = ()
) -> BoundModule:
    """The host's own objects, bound as start-up binds them.

    For ``shadowed`` see :class:`collide.binding.binder.Binder`: without it the order in which
    the host has its own objects is taken to be meant. ``openings`` are dlopens behind start-up
    that are the host's own: what they bring is bound in the scopes of these.
    """
    scope = host.process.global_scope
    opened = Opened(host.process.executable, scope, scope, scope, ())
    bound = Binder(host.process, shadowed=shadowed).bind(opened)
    if not openings:
        return bound
    objects = {o.map: o for o in bound.objects}
    failures = list(bound.failures)
    own = frozenset(m.dso for m in (*scope, *(m for o in openings for m in o.new)))
    binder = Binder(host.process, shadowed=partial(is_shadowed, host=own))
    for opening in openings:
        brought = binder.bind(opening)
        objects |= {o.map: o for o in brought.objects}
        # What is refused leaves nothing; the rest of the process goes on.
        failures += () if brought.refused else brought.failures
    return bound._replace(relocated=tuple(objects.values()), failures=tuple(failures))


def analyse_start_up(host: Host) -> InterposedHost:
    """The host as target of an analysis, its start-up as the only module.

    Raises InputError where it is not known what the host's objects refer to.
    """
    if not knows_references(host):
        raise InputError(
            host.name,
            "could not analyse its start-up, because its profile does not keep what its own "
            "objects refer to; name the binary, or what `collide profile BINARY` records of it",
        )
    executable = host.process.executable.dso
    copied = _copied_names(host)

    def is_copy(actual: Match) -> bool:
        return actual.dso is executable and actual.definition.name in copied

    def interposed(actual: Match | None, intended: Match | None) -> bool:
        return differs(actual, intended) and not (actual and is_copy(actual))

    bound = start_up(host, interposed)
    origins: dict[str, str] = {}
    for b in (b for o in bound.objects for group in o.groups for b in group.bindings):
        if b.actual and b.intended and differs(b.actual, b.intended) and is_copy(b.actual):
            origins.setdefault(b.reference.name, b.intended.dso.path)
    files = tuple(m.dso for m in host.process.global_scope)
    # No members: nothing is installed beside the host.
    target = Target(host.path, None, {}, {dso.path: dso.path for dso in files})
    module = Module(START_UP_MODULE, bound, (*host.failures, *bound.failures))
    analysis = Analysis(target, host, (module,), (), host_files=frozenset(files))
    return InterposedHost(analysis, dict(sorted(origins.items())))


def differs(actual: Match | None, intended: Match | None) -> bool:
    """Whether another object's definition is used than the intended one.

    A canonical PLT entry of the executable is none: it leads to the function that is meant.
    """
    if actual is None or intended is None or actual.definition.undefined:
        return False
    return actual.dso is not intended.dso


def _copied_names(host: Host) -> frozenset[str]:
    """The variables that the executable has by copy relocation, with all names of each."""
    elf = host.process.executable.elf
    names = {r.name for r in elf.references if r.lookup_class == CLASS_COPY}
    places = {d.value for name in names for d in elf.exports.candidates(name)} - {None}
    aliases = (
        name
        for name in (elf.exports.names if places else ())
        if any(d.value in places for d in elf.exports.candidates(name))
    )
    return frozenset(names.union(aliases))
