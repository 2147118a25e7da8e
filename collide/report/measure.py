"""The result of ``collide verify --exercise``, as text and JSON (``collide-measurement/1``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import collide
from collide.repair.exercise import Outcome
from collide.report.outcomes import ending, first_difference
from collide.support.foreign import Text, json_of, text_of
from collide.verify.measure import Measured

SCHEMA = "collide-measurement/1"


def render(measured: Measured) -> Text:
    """What the runs did, a line for those that did the same, and what follows."""
    return text_of(_lines(measured))


def _lines(m: Measured) -> Iterator[str]:
    yield f"{' + '.join(m.wheels)} in {m.host}, script {m.script}:"
    for counted, outcome in _counted(m.plain):
        yield f"  in plain Python ({m.interpreter}): {counted}: {ending(outcome)}"
    for title, outcomes in (
        ("in the host", m.hosted),
        ("in the host, with the repaired wheels", m.repaired),
    ):
        for counted, outcome in _counted(outcomes):
            yield f"  {title}: {counted}: {_compared(m, outcome)}"
    if m.unrepaired:
        yield f"  not repaired: {m.unrepaired}"
    yield f"  {_conclusion(m)}"
    yield ""


def _counted(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, Outcome]]:
    """``2 of 3`` and what these runs did, for each different outcome."""
    for key, number in Counter(o[:3] for o in outcomes).items():
        yield f"{number} of {len(outcomes)}", next(o for o in outcomes if o[:3] == key)


def _compared(m: Measured, outcome: Outcome) -> str:
    if m.is_right(outcome):
        return "as in plain Python"
    right = m.plain[0]
    if (outcome.status, outcome.process) != (right.status, m.idle.process):
        return ending(outcome)
    line, meant = first_difference(outcome.output, right.output)
    return f"prints {line!r}, not {meant!r}"


def _conclusion(m: Measured) -> str:
    number = sum(not m.is_right(o) for o in m.hosted)
    breaks = f"breaks in the host, {number} of {len(m.hosted)} times"
    match m.verdict:
        case "unmeasurable":
            return "shows nothing: in plain Python it has to do the same each time, without error"
        case "works":
            return "does the same in the host: a collision, if there is one, does not show"
        case "breaks-repaired-works":
            return f"{breaks}; the repaired wheels do not: shadowing is the cause"
    if m.repaired:
        return f"{breaks}; the repaired wheels do as well: shadowing is not all of the cause"
    return breaks


def render_json(measured: Measured) -> Text:
    """The same as one JSON document, with the output of each run."""
    return json_of(
        {
            "schema": SCHEMA,
            "version": collide.__version__,
            "wheels": list(measured.wheels),
            "host": measured.host,
            "interpreter": measured.interpreter,
            "script": measured.script,
            "verdict": measured.verdict,
            "not_repaired": measured.unrepaired or None,
            "runs": {
                "plain": [_run(measured, o) for o in measured.plain],
                "host": [_run(measured, o) for o in measured.hosted],
                "repaired": [_run(measured, o) for o in measured.repaired],
            },
        }
    )


def _run(measured: Measured, outcome: Outcome) -> dict[str, object]:
    return {
        "output": outcome.output,
        "status": outcome.status,
        "process_status": outcome.process,
        "last_error": outcome.said,
        "right": measured.is_right(outcome),
    }
