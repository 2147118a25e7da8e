"""What ``collide inspect`` found in a process: text for a terminal, or JSON."""

from __future__ import annotations

import posixpath
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import collide
from collide.check.causes import causes
from collide.findings.code import Severity
from collide.inspect.crash import Crash, Frame, Likelihood
from collide.inspect.inspect import Inspection
from collide.inspect.python_stack import PythonFrame
from collide.report.check.json import document_of
from collide.report.check.text import Style, render
from collide.support.foreign import Span, Text, joined, json_of, painted
from collide.support.text import plural

SCHEMA = "collide-inspect/1"
_SHOWN = 12
_LIKELY = Likelihood.LIKELY


def as_text(found: Inspection, *, verbose: int = 0, style: Style | None = None) -> Text:
    """The process in a line, its end with the stack, and the findings as a check prints them."""
    style = style or Style()
    top = painted(_top(found, verbose, style.width), color=style.color, links=style.links)
    if not found.report.judged:
        nothing = [[Span("nothing in it was installed or opened beside the host's own objects")]]
        return joined([top, painted(nothing, color=False, links=False)])
    return joined([top, render(found.report, verbose=verbose, style=style)])


def _top(found: Inspection, verbose: int, width: int) -> Iterator[Sequence[Span]]:
    yield Span(found.host.name, "strong"), Span(f": {_process(found)}")
    yield (Span(f"  {_slots(found)}"),)
    for path in found.promoted if verbose else ():
        yield (Span(f"  global since start-up: {path}"),)
    for note in _notes(found):
        yield (Span(f"  {note}"),)
    yield ()
    if found.crash is not None:
        yield from _end(found, found.crash, verbose, width)
        yield ()
    if found.python:
        yield from _python(found.python, verbose)
        yield ()


def _process(found: Inspection) -> str:
    loader = found.host.loader
    release = ".".join(map(str, loader.version))
    parts = [
        found.host.path,
        f"{loader.libc} {release}",
        plural(found.objects, "object"),
        f"{len(found.global_scope)} in the global scope",
    ]
    if found.promoted:
        parts[-1] += f", {len(found.promoted)} of them since start-up"
    return ", ".join(parts)


def _slots(found: Inspection) -> str:
    counts = found.counts
    parts = [f"{plural(counts.bound, 'slot')} bound"]
    if counts.not_called:
        parts.append(f"{counts.not_called} not called yet")
    if counts.missing:
        parts.append(f"{counts.missing} in memory that could not be read")
    if counts.unknown:
        parts.append(f"{counts.unknown} lead to something else")
    return ", ".join(parts)


def lines_about(found: Inspection) -> tuple[str, ...]:
    """What is known of the process and its slots, as sentences without an end."""
    return f"{found.host.name}: {_process(found)}", _slots(found), *_notes(found)


def _notes(found: Inspection) -> Iterator[str]:
    yield from found.notes
    if not found.scope_read:
        yield (
            "the global scope is not read from the loader's memory: it is taken to be the program "
            "and all that it needs"
        )
    if found.elsewhere:
        count = plural(len(found.elsewhere), "object")
        yield f"not looked at: {count} in other namespaces (dlmopen)"


def verdict(found: Inspection) -> str:
    """What the stack says about collisions, in one sentence; empty without a crash."""
    crash = found.crash
    if crash is None:
        return ""
    harmful = sum(1 for c in causes(found.report) if c.severity > Severity.NOTE)
    others = f"; {harmful} unrelated in the process" if harmful else ""
    if crash.blame is None:
        part = " as far as it can be walked" if crash.ended else ""
        return f"no interposition on this stack{part}{others}"
    blame = crash.blame
    code = blame.finding.code
    where = f"{blame.target}: {code.slug} ({code.id})"
    if blame.likelihood >= _LIKELY:
        return f"{where} is {blame.likelihood} the cause: {blame.because}"
    return f"{where} is on this stack, and need not be the cause: {blame.because}"


def _end(found: Inspection, crash: Crash, verbose: int, width: int) -> Iterator[Sequence[Span]]:
    at = f" at the address {crash.address:#x}" if crash.address is not None else ""
    yield Span(f"{crash.signal}{at}", "strong"), Span(f", thread {crash.thread}")
    shown = range(len(crash.frames)) if verbose else _telling(crash)
    last = -1
    for number in shown:
        if number > last + 1:
            yield (Span(f"    ... {plural(number - last - 1, 'frame')}"),)
        last = number
        yield from _frame(crash, number)
    if last + 1 < len(crash.frames):
        yield (Span(f"    ... {plural(len(crash.frames) - last - 1, 'frame')}"),)
    if crash.ended:
        yield (Span(f"    the walk ends here: {crash.ended}"),)
    blamed = crash.blame is not None and crash.blame.likelihood >= _LIKELY
    first, *others = textwrap.wrap(verdict(found), width - 11, break_on_hyphens=False)
    yield Span("  verdict  ", "strong"), Span(first, "error" if blamed else "good")
    for line in others:
        yield (Span(" " * 11 + line),)


def _python(frames: Sequence[PythonFrame], verbose: int) -> Iterator[Sequence[Span]]:
    yield (Span("Python", "strong"),)
    shown = frames if verbose else frames[:_SHOWN]
    for frame in shown:
        yield (Span(f"       {place_of(frame)}"),)
    if len(frames) > len(shown):
        yield (Span(f"    ... {plural(len(frames) - len(shown), 'frame')}"),)


def place_of(frame: PythonFrame) -> str:
    """A Python frame as a line."""
    line = f", line {frame.line}" if frame.line else ""
    return f"{frame.function} in {frame.file}{line}"


def _telling(crash: Crash) -> list[int]:
    """The positions of the innermost frames, and of what surrounds the crossings."""
    first = range(crash.start, min(crash.start + _SHOWN, len(crash.frames)))
    around = {
        n
        for number, frame in enumerate(crash.frames)
        if frame.taken
        for n in (number - 1, number, number + 1)
        if 0 <= n < len(crash.frames)
    }
    return sorted({*first, *around})


def _frame(crash: Crash, number: int) -> Iterator[Sequence[Span]]:
    frame = crash.frames[number]
    place = posixpath.basename(frame.object) or "no object"
    text = f"  {number:>3}  {function_of(frame)} in {place}"
    if frame.guessed:
        text += "  (by the frame pointer)"
    yield Span(text, "error" if frame.taken else ""), Span("")
    if frame.taken:
        caller = posixpath.basename(crash.frames[number + 1].object)
        yield (Span(f"       ^ not meant: {caller} has it from {frame.object}", "error"),)


def function_of(frame: Frame) -> str:
    """The function of a frame with the distance into it, else its address."""
    if frame.function:
        return f"{frame.function}+{frame.offset:#x}"
    return f"{frame.offset or frame.address:#x}"


# -- JSON -----------------------------------------------------------------------------------------


def as_json(found: Inspection) -> Text:
    """A document as ``inspect.schema.json`` has it; ``report`` is one of ``collide check``."""
    loader = found.host.loader
    return json_of(
        {
            "schema": SCHEMA,
            "version": collide.__version__,
            "source": found.source,
            "process": {
                "name": found.host.name,
                "program": found.host.path,
                "architecture": found.host.architecture,
                "libc": loader.libc,
                "libc_version": ".".join(map(str, loader.version)),
                "objects": [m.dso.path for m in found.host.process.maps],
                "global_scope": list(found.global_scope),
                "global_scope_from_memory": found.scope_read,
                "promoted": list(found.promoted),
                "other_namespaces": list(found.elsewhere),
                "notes": list(found.notes),
            },
            "slots": found.counts._asdict(),
            "crash": _crash(found, found.crash) if found.crash else None,
            "python": [f._asdict() | {"line": f.line or None} for f in found.python],
            "report": document_of(found.report),
        }
    )


def _crash(found: Inspection, crash: Crash) -> dict[str, Any]:
    blame = crash.blame
    return {
        "signal": crash.signal,
        "address": None if crash.address is None else f"{crash.address:#x}",
        "thread": crash.thread,
        "stack": [
            {
                "address": f"{f.address:#x}",
                "object": f.object,
                "function": f.function or None,
                "offset": f.offset,
                "guessed": f.guessed,
                "taken": f.taken,
            }
            for f in crash.frames
        ],
        "faulting_frame": crash.start,
        "stack_ended": crash.ended or None,
        "verdict": verdict(found),
        "blame": None
        if blame is None
        else {
            "likelihood": str(blame.likelihood),
            "target": blame.target,
            "code": blame.finding.code.id,
            "victim": blame.finding.victim,
            "provider": blame.finding.provider,
            "because": blame.because,
        },
    }
