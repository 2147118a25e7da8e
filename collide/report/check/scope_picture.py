"""A picture of the scope for one cause: which files are searched, in which order, and who answers.

It is inline SVG, as wide as a small screen, in the colours of the page.
"""

from __future__ import annotations

import posixpath

from collide.check.causes import Cause
from collide.findings.code import Family, Shape
from collide.report.markup import tag
from collide.support.foreign import Html, html_of
from collide.support.records import NamedTuple
from collide.support.text import plural

_WIDTH, _BOX, _GAP = 340, 40, 26
_LONGEST = 38
"""Characters of a name that a box has room for."""


class _Step(NamedTuple):
    """One file: its name, what it is, and its class in the style of the page."""

    name: str
    says: str
    kind: str = ""


def picture(cause: Cause) -> Html:
    """The picture; nothing for a cause in which nobody takes another's place."""
    worst = cause.worst_rows[0].finding
    taken = worst.code.shape in (Shape.INTERPOSITION, Shape.SPLIT) and worst.provider
    if not taken or not cause.hosts:
        return Html()
    steps = _steps(cause)
    victim = posixpath.basename(worst.victim)
    asked = f"{victim} asks for {plural(len(worst.symbols), 'name')}"
    told = f"{asked}; {'; '.join(f'{step.name} {step.says}' for step in steps)}"
    height = (_BOX + _GAP) * (len(steps) + 1) - _GAP + 4
    first = _box(0, _Step(victim, f"asks for {plural(len(worst.symbols), 'name')}", "asks"))
    boxes = [_arrow(number) + _box(number, step) for number, step in enumerate(steps, 1)]
    drawn = tag("svg", tag("title", told), first, *map(Html, boxes),
                viewBox=f"0 0 {_WIDTH} {height}", role="img", aria_label=told, class_="scope",
                )  # fmt: skip
    return tag(
        "figure", drawn, tag("figcaption", "The files that the loader searches, in its order")
    )


def _steps(cause: Cause) -> list[_Step]:
    worst = cause.worst_rows[0].finding
    provider = str(worst.provider)
    steps = []
    if "/bin/" not in provider and "/sbin/" not in provider:
        steps.append(_Step(f"the program ({cause.worst_rows[0].hosts[0]})", "is searched first"))
    wheel_alone = worst.code.family is Family.AMONG_WHEELS
    why = "searched earlier" if wheel_alone else "loaded already"
    steps.append(_Step(posixpath.basename(provider), f"answers: it is {why}", "answers"))
    own = worst.intended == (worst.victim,)
    for name in (worst.victim,) if own else worst.intended[:2]:
        says = "its own copy: meant, and not asked" if own else "meant, and not asked any more"
        steps.append(_Step(posixpath.basename(name), says, "unasked"))
    return steps


def _box(number: int, step: _Step) -> Html:
    y = number * (_BOX + _GAP) + 2
    box = tag(
        "rect", x="2", y=str(y), width=str(_WIDTH - 4), height=str(_BOX), rx="6", class_=step.kind
    )
    name = tag("text", _cut(step.name), x="12", y=str(y + 17), class_="name")
    return html_of([box, name, tag("text", step.says, x="12", y=str(y + 33))])


def _arrow(number: int) -> Html:
    top, bottom = number * (_BOX + _GAP) - _GAP + 4, number * (_BOX + _GAP)
    return tag(
        "path", d=f"M30 {top}V{bottom}M25 {bottom - 7}L30 {bottom}L35 {bottom - 7}", class_="arrow"
    )


def _cut(name: str) -> str:
    return (
        name
        if len(name) <= _LONGEST
        else f"{name[: _LONGEST // 2 - 2]}...{name[-_LONGEST // 2 + 1 :]}"
    )
