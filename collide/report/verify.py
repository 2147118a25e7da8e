"""The result of ``collide verify``, as text and as JSON (schema ``collide-agreement/1``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import collide
from collide.analysis.explain import explain
from collide.report import explain as explain_report
from collide.report.check.cpp_names import with_source_forms
from collide.support.foreign import Text, json_of, text_of
from collide.verify.compare import START_UP, Agreement, Difference, ModuleAgreement, count

SCHEMA = "collide-agreement/1"
_SHOWN = 20


def render(agreements: Iterable[Agreement]) -> Text:
    """Agreement by target, then differences, each with the predicted search for the symbol."""
    return text_of(line for a in agreements for line in _agreement(a))


def _agreement(agreement: Agreement) -> Iterator[str]:
    host = agreement.analysis.host
    source = "slots in memory" if agreement.by_slots else "the loader's log"
    target = agreement.analysis.target.name
    yield f"{target} in {host.name} ({host.path}), by {source}{host.history}"
    for m in agreement.modules:
        if m.name == START_UP:
            yield f"  start-up: {_seen(m)}"
    opened = [m for m in agreement.opened if m.problem is None]
    yield f"  {len(opened)} of {len(agreement.opened)} modules: {_seen(count(opened))}"
    foreseen = [m for m in opened if m.failure]
    if foreseen:
        yield f"  {len(foreseen)} of them fail to open, as predicted"
    for m in agreement.modules:
        yield from _module(agreement, m)
    verdict = f"{agreement.differences} differences" if agreement.differences else "no difference"
    yield f"  {verdict}"
    yield ""


def _seen(m: ModuleAgreement) -> str:
    share = f"{100 * m.agreed / m.seen:.2f} %" if m.seen else "none to compare"
    parts = [f"{m.seen} bindings of {m.objects} objects seen, {m.agreed} as predicted ({share})"]
    if m.scopes:
        parts.append(f"{m.scopes} scopes")
    if m.silent:
        parts.append(f"{m.silent} not told")
    if m.unreached:
        parts.append(f"{m.unreached} behind a failure")
    return ", ".join(parts)


def _module(agreement: Agreement, m: ModuleAgreement) -> Iterator[str]:
    if m.problem:
        yield f"  {m.name}: not compared: {m.problem}"
    for note in m.notes:
        yield f"  {m.name}: {note}"
    for difference in m.differences[:_SHOWN]:
        yield from _difference(agreement, m, difference)
    if len(m.differences) > _SHOWN:
        yield f"  {m.name}: {len(m.differences) - _SHOWN} more differences (--format json has all)"


def _difference(agreement: Agreement, m: ModuleAgreement, d: Difference) -> Iterator[str]:
    yield f"  {m.name}: {_TITLES[d.kind]}: {d.object}"
    yield f"    loader:  {d.seen}"
    yield f"    collide: {d.predicted}"
    if d.line is not None:
        # The last line of a trace is empty.
        for line in list(_trace(agreement, m, d))[:-1]:
            yield f"    {line}".rstrip()


_TITLES = {
    "not-predicted": "not predicted",
    "not-seen": "predicted, not seen",
    "scope": "another scope",
    "failure": "another outcome",
    "loaded": "predicted, not loaded",
}


def _trace(agreement: Agreement, m: ModuleAgreement, d: Difference) -> Iterator[str]:
    """The predicted search for the symbol of a difference, in this object and module."""
    assert d.line is not None
    analysis = agreement.analysis
    only = analysis._replace(modules=tuple(x for x in analysis.modules if x.name == m.name))
    traces = [
        trace
        for trace in explain(only, d.line.symbol)
        if trace.object.path == d.object and trace.binding.reference.version == d.line.version
    ]
    return explain_report.lines(analysis, traces)


def render_json(agreements: Iterable[Agreement]) -> Text:
    """The same as one JSON document."""
    document = {
        "schema": SCHEMA,
        "version": collide.__version__,
        "targets": [
            {
                "target": a.analysis.target.name,
                "host": a.analysis.host.name,
                "binary": a.analysis.host.path,
                "source": "slots" if a.by_slots else "log",
                "differences": a.differences,
                "modules": [_module_json(a, m) for m in a.modules],
            }
            for a in agreements
        ],
    }
    return json_of(with_source_forms(document))


def _module_json(agreement: Agreement, m: ModuleAgreement) -> dict[str, object]:
    return {
        **m._asdict(),
        "differences": [
            {
                "kind": d.kind,
                "object": d.object,
                "symbol": d.line.symbol if d.line else None,
                "version": d.line.version if d.line else None,
                "seen": d.seen,
                "predicted": d.predicted,
                "walk": text_of(_trace(agreement, m, d)) if d.line else None,
            }
            for d in m.differences
        ],
    }
