"""Repeats the search for one symbol through a scope, step by step, for ``collide explain``."""

from __future__ import annotations

from collections.abc import Iterator

from collide.analysis.analysis import Analysis
from collide.binding.binding import Binding, BoundObject
from collide.elf.symbols import Definition
from collide.loader.libc import libc_of
from collide.loader.link_map import Opened
from collide.loader.lookup import Candidate, LookupRules, walk_scope
from collide.loader.model import Dso
from collide.support.records import NamedTuple


class ScopeStep(NamedTuple):
    """One object of the scope: its candidates with the rule for each, and what it gives."""

    dso: Dso
    candidates: tuple[Candidate, ...]
    result: Definition | None


class ScopeTrace(NamedTuple):
    """The search for one reference: the steps up to the definition that was found.

    ``own_scope`` is set when the object itself is searched first (DT_SYMBOLIC),
    ``kept`` when the reference goes back to it whatever was found (STV_PROTECTED).
    """

    module: str
    object: Dso
    binding: Binding
    own_scope: bool
    kept: bool
    steps: tuple[ScopeStep, ...]


def explain(analysis: Analysis, symbol: str) -> Iterator[ScopeTrace]:
    """The searches for all references named ``symbol``, in module and load order."""
    loader = analysis.host.loader
    rules = libc_of(loader).lookup_rules(loader.version)
    executable = analysis.host.process.executable.dso
    for module in analysis.modules:
        if module.bound is None:
            continue
        for bound in module.bound.objects:
            for binding in bound.bindings:
                if binding.reference.name != symbol:
                    continue
                scope = _scope(bound, module.bound.opened, rules)
                walked = walk_scope(binding.reference, scope, executable, rules)
                yield ScopeTrace(
                    module.name,
                    bound.map.dso,
                    binding,
                    rules.leads(bound.map.elf, module.bound.opened.mode),
                    rules.keeps(binding.reference),
                    tuple(ScopeStep(*step) for step in walked),
                )


def _scope(bound: BoundObject, opened: Opened, rules: LookupRules) -> list[Dso]:
    own = [bound.map.dso] if rules.leads(bound.map.elf, opened.mode) else []
    return own + [m.dso for m in opened.scope]
