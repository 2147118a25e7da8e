"""The result of ``collide bindings``: bindings as JSON lines."""

from __future__ import annotations

from collections.abc import Iterator

from collide.analysis.analysis import Analysis, Module
from collide.binding.binding import Binding, BoundObject
from collide.loader.link_map import LinkMap
from collide.support.foreign import Text, json_of


def render(analysis: Analysis) -> Iterator[Text]:
    """A JSON object for each reference, sorted by module, object, symbol, version and provider.

    ``intended`` is the object that was meant to give the definition. ``lazy`` is set where the
    search happens at the first call: the line is what it finds right after the dlopen. ``source``
    is the line of Python code that opens the module, where one is known. References
    that differ in nothing that is printed are one line.
    """
    lines = {
        tuple(str(value or "") for value in line.values()): line
        for module in analysis.modules
        if module.bound is not None
        for bound in module.bound.objects
        for line in _lines(analysis, module, bound)
    }
    for _, line in sorted(lines.items()):
        yield json_of(line, indent=None)


def _lines(analysis: Analysis, module: Module, bound: BoundObject) -> Iterator[dict[str, object]]:
    late = bound.at_first_call()
    source = {"source": module.opening.source} if module.opening.source else {}
    for b in bound.bindings:
        lazy = {"lazy": True} if b.reference in late else {}
        yield {**_line(analysis, module.name, bound.map, b), **lazy, **source}


def _line(analysis: Analysis, module: str, holder: LinkMap, b: Binding) -> dict[str, object]:
    provider = b.provider
    if provider is None:
        origin = "none"
    elif provider is holder.dso:
        origin = "self"
    elif analysis.is_host(provider):
        origin = "host"
    else:
        origin = "wheel" if analysis.is_member(provider) else "system"
    return {
        "module": module,
        "object": analysis.name_of(holder.dso),
        "symbol": b.reference.name,
        "version": b.reference.version,
        "provider": analysis.name_of(provider) if provider else None,
        "origin": origin,
        "intended": analysis.name_of(b.intended.dso) if b.intended else None,
        "shadowed": b.shadowed,
    }
