"""The comparison of two link footprints, as text and as JSON (schema ``collide-diff/1``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import collide
from collide.findings.footprint import (
    GAINED_HISTORY,
    GAINED_LIBRARY,
    GAINED_MISSING,
    GAINED_OPENING,
    GAINED_SEARCH_PATH,
    GAINED_UNVERSIONED,
    GAINED_VERSIONED,
    GAINED_VERSIONS,
    REPLACED_BY_RELEASE,
    Change,
    Comparison,
)
from collide.findings.impact import Impact
from collide.report.check.cpp_names import with_source_forms
from collide.support.foreign import Text, json_of, text_of

SCHEMA = "collide-diff/1"
_SHOWN = 6
_WORDS = {
    GAINED_LIBRARY: ("links {} too", "links {} no more"),
    GAINED_UNVERSIONED: (
        "{} exports more names without a version",
        "{} exports fewer names without a version",
    ),
    GAINED_VERSIONED: ("{} exports more versioned symbols", "{} exports fewer versioned symbols"),
    GAINED_VERSIONS: ("{} defines more versions", "{} defines fewer versions"),
    GAINED_OPENING: ("{} too", "{} no more"),
    GAINED_SEARCH_PATH: ("searches {} too", "searches {} no more"),
    GAINED_MISSING: ("needs {}, which is not there", "{} is missing no more"),
    REPLACED_BY_RELEASE: ("links {}", ""),
    GAINED_HISTORY: ("its run opens {} too", "its run opens {} no more"),
}


def render(
    comparison: Comparison, impact: Iterable[Impact] | None = None, *, verbose: bool = False
) -> Text:
    """What was gained, the worst first, then what was lost; ``verbose`` lists every name.

    ``impact`` is what wheels newly take from the host, None if it was not asked for.
    """
    gained = sorted((c for c in comparison.changes if c.gained), key=_order)
    lost = [c for c in comparison.changes if not c.gained]
    verdict = "grew" if comparison.grew() else "did not grow" if comparison.changes else "is equal"
    lines = [f"{comparison.old} -> {comparison.new}: the link footprint {verdict}"]
    lines += [f"  {line}" for change in gained for line in _gained(change, verbose)]
    lines += [f"  less    {_sentence(change, verbose)}" for change in lost]
    if impact is not None:
        lines += ["", *_impact(impact, verbose)]
    return text_of([*lines, ""])


def _order(change: Change) -> tuple[object, ...]:
    """The worst first, gained libraries by their figures."""
    rank = change.evidence.rank if change.evidence else (0, 0, 0.0, 0.0)
    return -change.severity, *(-figure for figure in rank)


def _gained(change: Change, verbose: bool) -> Iterator[str]:
    head = "allowed" if change.allowed is not None else str(change.severity)
    yield f"{head:<8}{change.code.id} {_sentence(change, verbose)}"
    if change.evidence:
        yield f"        {change.evidence}"
    if change.allowed:
        yield f"        because {change.allowed}"


def _sentence(change: Change, verbose: bool) -> str:
    text = _WORDS[change.code][0 if change.gained else 1].format(change.subject)
    if change.detail:
        text += f" ({change.detail})"
    return text + _names(change.names, verbose)


def _names(names: tuple[str, ...], verbose: bool) -> str:
    if not names:
        return ""
    shown = names if verbose else names[:_SHOWN]
    more = "" if len(shown) == len(names) else ", ..."
    return f": {len(names)}: {', '.join(shown)}{more}"


def _impact(impact: Iterable[Impact], verbose: bool) -> Iterator[str]:
    for one in impact:
        if one.left_out is not None:
            yield f"{one.target}: not compared: {one.left_out}"
        elif not one.taken and not one.failures:
            yield f"{one.target}: nothing is newly shadowed"
        for (victim, provider), symbols in one.taken.items():
            yield f"{one.target}: {victim} newly takes from {provider}{_names(symbols, verbose)}"
        for failure in one.failures:
            yield f"{one.target}: newly fails: {failure}"


def render_json(comparison: Comparison, impact: Iterable[Impact] | None = None) -> Text:
    """The same as one JSON document."""
    document = {
        "schema": SCHEMA,
        "version": collide.__version__,
        "old": comparison.old,
        "new": comparison.new,
        "grew": comparison.grew(),
        "changes": [
            {
                "code": c.code.id,
                "slug": c.code.slug,
                "severity": str(c.severity),
                "gained": c.gained,
                "subject": c.subject,
                "names": list(c.names),
                "detail": c.detail,
                "allowed": c.allowed,
                "evidence": c.evidence and c.evidence._asdict(),
            }
            for c in comparison.changes
        ],
        "unused": list(comparison.unused),
    }
    if impact is not None:
        document["impact"] = [
            {
                "target": one.target,
                "left_out": one.left_out,
                "taken": [
                    {"victim": victim, "provider": provider, "symbols": list(symbols)}
                    for (victim, provider), symbols in one.taken.items()
                ],
                "failures": list(one.failures),
            }
            for one in impact
        ]
    return json_of(with_source_forms(document))
