"""What ``collide inspect`` found as an HTML page: that of a check, below the stack of the crash."""

from __future__ import annotations

from collections.abc import Iterator

from collide.inspect.crash import Crash, Frame, Likelihood
from collide.inspect.inspect import Inspection
from collide.report.check.html import page_of
from collide.report.inspect import function_of, lines_about, place_of, verdict
from collide.report.markup import section, table, table_row, tag
from collide.support.foreign import Html, Text


def as_html(found: Inspection) -> Text:
    """The whole page."""
    about = [tag("p", line) for line in lines_about(found)]
    above = [section("Process", *about)]
    if found.crash is not None:
        above.append(_crash(found, found.crash))
    if found.python:
        rows = [
            table_row(str(n), [_cell(tag("code", place_of(f)))]) for n, f in enumerate(found.python)
        ]
        above.append(section("Python", table("Python", ("frame", "function"), rows)))
    return page_of(found.report, "collide inspect", above)


def _crash(found: Inspection, crash: Crash) -> Html:
    blamed = crash.blame is not None and crash.blame.likelihood >= Likelihood.LIKELY
    at = f" at the address {crash.address:#x}" if crash.address is not None else ""
    ended = [tag("p", f"The walk ends there: {crash.ended}.")] if crash.ended else []
    frames = table("Stack", ("frame", "function", "object", ""), _frames(crash))
    return section(
        f"{crash.signal}{at}",
        tag("p", tag("b", verdict(found)), class_="error" if blamed else "clean"),
        frames,
        *ended,
    )


def _frames(crash: Crash) -> Iterator[Html]:
    for number, frame in enumerate(crash.frames):
        cells = [tag("code", function_of(frame)), tag("code", frame.object)]
        yield table_row(str(number), [*map(_cell, cells), _marks(crash, number, frame)])


def _cell(content: Html) -> Html:
    return tag("td", content)


def _marks(crash: Crash, number: int, frame: Frame) -> Html:
    """What is told beside a frame: the crossing, and where the signal has met it."""
    marks = []
    if number == crash.start:
        marks.append("the signal has met it here")
    if frame.guessed:
        marks.append("by the frame pointer")
    if not frame.taken:
        return tag("td", "; ".join(marks))
    caller = crash.frames[number + 1].object
    marks.append(f"crossing: {caller} was not meant to call it")
    return tag("td", "; ".join(marks), class_="error")
