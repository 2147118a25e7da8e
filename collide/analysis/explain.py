"""The walk through a scope for one symbol: what ``collide explain`` tells."""

from __future__ import annotations

from collections.abc import Iterator

from collide.analysis.analysis import Analysis
from collide.binding.binding import Binding, BoundObject
from collide.elf.symbols import Definition
from collide.loader.libc import lookup_rules
from collide.loader.link_map import Opened
from collide.loader.lookup import Judged, LookupRules, walk_scope
from collide.loader.model import File
from collide.support.records import NamedTuple


class Step(NamedTuple):
    """One object of the scope: its candidates with the rule for each, and what it gave."""

    file: File
    candidates: tuple[Judged, ...]
    result: Definition | None


class Walk(NamedTuple):
    """One reference, searched: the steps up to the definition that was found.

    ``own_scope`` tells that the object itself comes first (DT_SYMBOLIC),
    ``kept`` that the result goes back to it whatever was found (STV_PROTECTED).
    """

    module: str
    object: File
    binding: Binding
    own_scope: bool
    kept: bool
    steps: tuple[Step, ...]


def explain(analysis: Analysis, symbol: str) -> Iterator[Walk]:
    """The walks of all references named ``symbol``, in module and load order."""
    rules = lookup_rules(analysis.host.loader)
    executable = analysis.host.process.executable.file
    for module in analysis.modules:
        if module.bound is None:
            continue
        for bound in module.bound.objects:
            for binding in bound.bindings:
                if binding.reference.name != symbol:
                    continue
                scope = _scope(bound, module.bound.opened, rules)
                walked = walk_scope(binding.reference, scope, executable, rules)
                yield Walk(
                    module.name,
                    bound.map.file,
                    binding,
                    rules.leads(bound.map.object),
                    rules.keeps(binding.reference),
                    tuple(Step(*step) for step in walked),
                )


def _scope(bound: BoundObject, opened: Opened, rules: LookupRules) -> list[File]:
    own = [bound.map.file] if rules.leads(bound.map.object) else []
    return own + [m.file for m in opened.scope]
