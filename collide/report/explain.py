"""The result of ``collide explain``: the search for a symbol, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collide.analysis.analysis import Analysis
from collide.analysis.explain import ScopeStep, ScopeTrace
from collide.elf.constants import BINDING_NAMES, TYPE_NAMES
from collide.elf.machines import CLASS_NAMES
from collide.elf.symbols import Definition
from collide.support.foreign import Text, text_of


def render(analysis: Analysis, traces: Iterable[ScopeTrace]) -> Text:
    """All traces, each with its outcome; empty without any."""
    return text_of(lines(analysis, traces))


def lines(analysis: Analysis, traces: Iterable[ScopeTrace]) -> Iterator[str]:
    """The lines of :func:`render`, an empty one behind each trace."""
    for trace in traces:
        yield from _trace(analysis, trace)


def _trace(analysis: Analysis, trace: ScopeTrace) -> Iterator[str]:
    reference, actual = trace.binding.reference, trace.binding.actual
    version = f"@{reference.version}" if reference.version else " (unversioned)"
    weak = ", weak" if reference.weak else ""
    yield f"{analysis.name_of(trace.object)} refers to {reference.name}{version}"
    kind = CLASS_NAMES[reference.lookup_class]
    host = analysis.host
    yield f"  a {kind} reference{weak}, when opening {trace.module} on {host.name}{host.history}"
    module = next(m for m in analysis.modules if m.name == trace.module)
    if module.opening.source:
        yield f"  opened:   {module.opening.source} {module.opening.mode}"
    if trace.own_scope:
        yield "  DT_SYMBOLIC: the object itself comes first"
    for number, step in enumerate(trace.steps, 1):
        yield from _step(analysis, number, step)
    if trace.kept:
        yield "  protected: the result goes back to the object itself"
    found = analysis.name_of(actual.dso) if actual else "nothing"
    yield f"  provider: {found}"
    earlier = next((o for path, o in module.brought if actual and path == actual.dso.path), None)
    if earlier is not None and earlier.name != module.opening.name and earlier.source:
        name = analysis.target.shown(earlier.name)
        yield f"  brought:  {earlier.source} opens {name} {earlier.mode}"
    intended = trace.binding.intended
    meant = analysis.name_of(intended.dso) if intended else "left to the host"
    yield f"  meant:    {meant}{'  -> shadowed' if trace.binding.shadowed else ''}"
    yield ""


def _step(analysis: Analysis, number: int, step: ScopeStep) -> Iterator[str]:
    place = "host" if analysis.is_host(step.dso) else "local"
    without = "" if step.candidates else ": no such name"
    yield f"  {number:3}. {analysis.name_of(step.dso)} ({place}){without}"
    for definition, rule in step.candidates:
        yield f"       {_definition(definition)}: {rule}"


def _definition(definition: Definition) -> str:
    if definition.version:
        at = "@" if definition.hidden_version else "@@"
        name = f"{definition.name}{at}{definition.version}"
    else:
        name = f"{definition.name} (unversioned)"
    kind = TYPE_NAMES.get(definition.type, str(definition.type))
    binding = BINDING_NAMES.get(definition.binding, str(definition.binding))
    return f"{name}, {binding} {kind}"
