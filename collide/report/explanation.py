"""The result of ``collide explain`` as JSON (schema ``collide-explanation/1``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import collide
from collide.analysis.analysis import Analysis
from collide.analysis.explain import ScopeStep, ScopeTrace
from collide.elf.constants import BINDING_NAMES, TYPE_NAMES
from collide.elf.machines import CLASS_NAMES
from collide.findings.code import Code
from collide.findings.fixes import FIXES, Fix, snippets
from collide.report.check.cpp_names import with_source_forms
from collide.support.foreign import Text, json_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from collide.loader.lookup import Candidate

SCHEMA = "collide-explanation/1"


def render_searches(searches: list[dict[str, Any]]) -> Text:
    """The document of a symbol: those of :func:`searches`, of all hosts."""
    return _document(searches=searches)


def render_code(code: Code) -> Text:
    """The document of a code, with its fixes."""
    names = ("id", "slug", "title", "meaning", "example", "decided", "remedy")
    told = {"severity": str(code.severity), **{name: getattr(code, name) for name in names}}
    return _document(code=told, fixes=[_fix(FIXES[name]) for name in code.fixes])


def render_fix(name: str) -> Text | None:
    """The document of a fix; None where there is none of this name."""
    return _document(fixes=[_fix(FIXES[name])]) if name in FIXES else None


def render_page(name: str, markdown: Text) -> Text:
    """The document of a page."""
    return _document(page={"name": name, "markdown": markdown})


def searches(analysis: Analysis, traces: Iterable[ScopeTrace]) -> Iterator[dict[str, Any]]:
    """Each search for a symbol, with the objects that were asked up to the one that gave it."""
    for trace in traces:
        reference, binding = trace.binding.reference, trace.binding
        yield {
            "target": analysis.target.name,
            "profile": analysis.host.name,
            "module": trace.module,
            "object": analysis.name_of(trace.object),
            "symbol": reference.name,
            "version": reference.version,
            "kind": CLASS_NAMES[reference.lookup_class],
            "weak": reference.weak,
            "own_scope": trace.own_scope,
            "protected": trace.kept,
            "steps": [_step(analysis, step) for step in trace.steps],
            "provider": analysis.name_of(binding.actual.dso) if binding.actual else None,
            "intended": analysis.name_of(binding.intended.dso) if binding.intended else None,
            "shadowed": binding.shadowed,
        }


def _step(analysis: Analysis, step: ScopeStep) -> dict[str, Any]:
    return {
        "object": analysis.name_of(step.dso),
        "of_host": analysis.is_host(step.dso),
        "candidates": [_candidate(one) for one in step.candidates],
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    definition, rule = candidate
    return {
        "version": definition.version,
        "default": not definition.hidden_version,
        "binding": BINDING_NAMES.get(definition.binding, str(definition.binding)),
        "type": TYPE_NAMES.get(definition.type, str(definition.type)),
        "rule": str(rule),
    }


def _fix(fix: Fix) -> dict[str, Any]:
    lines = [one._asdict() for one in snippets(fix)]
    return {"name": fix.name, "title": fix.title, "text": fix.text, "snippets": lines}


def _document(**parts: object) -> Text:
    document = {"schema": SCHEMA, "version": collide.__version__, **parts}
    return json_of(with_source_forms(document))
