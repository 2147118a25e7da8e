"""The result of ``collide whatif``, as text and as JSON (schema ``collide-whatif/1``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import collide
from collide.loader.link_map import LoadFailure
from collide.report.check.cpp_names import with_source_forms
from collide.support.foreign import Text, json_of, text_of
from collide.support.text import plural
from collide.whatif.costs import costs
from collide.whatif.edits import Edit
from collide.whatif.preloading import preloads
from collide.whatif.savings import savings
from collide.whatif.whatif import (
    DLSYM,
    LINK_TIME,
    NOT_GLOBAL,
    NOT_LOADED,
    UNDEFINED,
    Move,
    Outcome,
    WhatIf,
    lost_references,
)

SCHEMA = "collide-whatif/1"
_SHOWN = 6


def render_json(
    results: Iterable[WhatIf], edits: Sequence[Edit], host_edits: Sequence[Edit] = ()
) -> Text:
    """All comparisons as one JSON document."""
    document = {
        "schema": SCHEMA,
        "version": collide.__version__,
        "apply": [str(e) for e in edits],
        "apply_host": [str(e) for e in host_edits],
        "analyses": [
            {
                **_analysis(result),
                "costs": [c._asdict() for c in costs(result, edits, host_edits)],
                **(_of_host(result, host_edits) if host_edits else {}),
            }
            for result in results
        ],
    }
    return json_of(with_source_forms(document))


def _of_host(result: WhatIf, host_edits: Sequence[Edit]) -> dict[str, Any]:
    saved = savings(result)
    return {
        "preload": [
            {**p._asdict(), "lost": list(p.lost), "holders": list(p.holders)}
            for p in preloads(result, host_edits)
        ],
        "start_up": saved and saved.as_dict(),
    }


def _analysis(result: WhatIf) -> dict[str, Any]:
    balance = result.balance
    return {
        "target": result.before.target.name,
        "profile": result.before.host.name,
        "shadowed": {
            "before": balance.shadowed_before,
            "after": balance.shadowed_after,
            "new": balance.newly_shadowed,
        },
        "lost": len(lost_references(result)),
        "failures": {
            "gone": [_failure(result, f) for f in balance.gone],
            "new": [_failure(result, f) for f in balance.new],
        },
        "renamed": dict(result.renamed),
        "moves": [
            {
                "object": move.object,
                "before": move.before._asdict(),
                "after": move.after._asdict(),
                "references": move.references,
                "symbols": list(move.symbols),
                "modules": list(move.modules),
            }
            for move in result.moves
        ],
        "skipped": [s._asdict() for s in result.before.skipped],
    }


def _failure(result: WhatIf, failure: LoadFailure) -> dict[str, str]:
    return failure._replace(object=_name(result, failure.object))._asdict()


def _name(result: WhatIf, path: str) -> str:
    return result.before.target.names.get(path, path)


def render(
    result: WhatIf,
    edits: Sequence[Edit],
    host_edits: Sequence[Edit] = (),
    *,
    verbose: bool = False,
) -> Text:
    """One comparison as text; ``verbose`` lists every symbol."""
    lines = [f"{result.before.target.name} on {result.before.host.name}"]
    lines += [f"  with {edit}" for edit in edits]
    lines += [f"  with {edit} in the host" for edit in host_edits]
    lines += _text(result, verbose)
    lines += [f"  cost: {cost.text}" for cost in costs(result, edits, host_edits)]
    if host_edits:
        lines += [f"  LD_PRELOAD: {preload}" for preload in preloads(result, host_edits)]
        if saved := savings(result):
            lines.append(f"  saved at start-up: {saved}")
    return text_of([*lines, "", ""])


def _text(result: WhatIf, verbose: bool) -> Iterator[str]:
    balance = result.balance
    current = None
    for move in result.moves:
        if move.object != current:
            current = move.object
            yield ""
            yield f"  {current}"
        yield from _move(move, verbose)
    if not result.moves:
        yield "  no binding changes"
    yield ""
    new = f", {balance.newly_shadowed} of them new" if balance.newly_shadowed else ""
    yield f"  shadowed references: {balance.shadowed_before} -> {balance.shadowed_after}{new}"
    if missing := len(lost_references(result)):
        yield f"  the wheel no longer has what {plural(missing, 'reference')} meant"
    for title, failures in (("no longer fails", balance.gone), ("fails now", balance.new)):
        yield f"  {title}: {plural(len(failures), 'load failure')}"
        shown = failures if verbose else failures[:_SHOWN]
        for f in shown:
            yield f"    {_name(result, f.object)}: {f.kind}: {f.name} {f.detail}".rstrip()
        if len(shown) < len(failures):
            yield f"    and {len(failures) - len(shown)} more"
    for skipped in result.before.skipped:
        yield f"  not analysed: {skipped.name}: {skipped.reason}"


def _move(move: Move, verbose: bool) -> Iterator[str]:
    names = move.symbols if verbose else move.symbols[:_SHOWN]
    more = ", ..." if len(names) < len(move.symbols) else ""
    yield f"    {_outcome(move.before, move.object)} -> {_outcome(move.after, move.object)}"
    yield (
        f"      {plural(move.references, 'reference')}, "
        f"{plural(len(move.symbols), 'symbol')}: {', '.join(names)}{more}"
    )


def _outcome(outcome: Outcome, holder: str) -> str:
    if outcome.how == LINK_TIME:
        return "itself, bound at link time"
    if outcome.how == DLSYM:
        return "asked for with dlsym"
    if outcome.how == NOT_LOADED:
        return "(not loaded)"
    if outcome.how == NOT_GLOBAL:
        return "(not loaded at start-up)"
    if outcome.how == UNDEFINED:
        return "nothing"
    name = "itself" if outcome.provider == holder else str(outcome.provider)
    return f"{name} (shadowed)" if outcome.shadowed else name


def render_map(renamed: Iterable[tuple[str, str]]) -> Text:
    """Old and new names, as ``patchelf --rename-dynamic-symbols`` reads them.

    It reads words: a name that is none of printable characters is not found by it.
    """
    return text_of([*(f"{old} {new}" for old, new in sorted(renamed)), ""])
