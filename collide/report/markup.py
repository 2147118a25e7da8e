"""Elements of HTML pages."""

from __future__ import annotations

from collide.support.foreign import Html, html_of

_INLINE = ("a", "b", "code", "dt", "dd", "option", "th", "td", "summary")


def tag(name: str, *children: str, **attributes: str) -> Html:
    """An element; ``class_`` and ``aria_label`` stand for what Python has no name for."""
    names = (key.rstrip("_").replace("_", "-") for key in attributes)
    written = "".join(
        f' {key}="{html_of([value])}"'
        for key, value in zip(names, attributes.values(), strict=True)
    )
    inside = html_of(children)
    # A line for each block, so that two pages can be compared.
    end = "" if name in _INLINE else "\n"
    return Html(f"<{name}{written}>{inside}</{name}>{end}")
