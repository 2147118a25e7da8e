"""Elements of the HTML page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from collide.support.foreign import Html, html_of

_INLINE = ("a", "b", "code", "dt", "dd", "th", "td", "summary", "text", "tspan", "label", "span")


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


def section(title: str, *children: str, **attributes: str) -> Html:
    """A section with a heading; nothing where it would have no more."""
    inside = [child for child in children if child]
    if not inside:
        return Html()
    return tag("section", tag("h2", title), *inside, **attributes)


def fold(title: str, *children: str, **attributes: str) -> Html:
    """What is shown when its title is asked for."""
    return tag("details", tag("summary", title), *children, **attributes)


def listed(items: Iterable[str]) -> Html:
    """A list; nothing without items."""
    found = [tag("li", item) for item in items]
    return tag("ul", *found) if found else Html()


def table(title: str, columns: Sequence[str], rows: Iterable[Html], **attributes: str) -> Html:
    """A table with a heading for each column."""
    cells = (
        c if isinstance(c, Html) and c[:3] == "<th" else tag("th", c, scope="col") for c in columns
    )
    head = tag("thead", tag("tr", *cells))
    inside = tag("table", tag("caption", title), head, tag("tbody", *rows), **attributes)
    # What is wider than a screen is scrolled, also with the keyboard.
    return tag("div", inside, class_="wide", tabindex="0", role="region", aria_label=title)


def table_row(heading: str, cells: Iterable[str], **attributes: str) -> Html:
    """A row of a table."""
    tagged = (c if c.startswith("<td") and isinstance(c, Html) else tag("td", c) for c in cells)
    return tag("tr", tag("th", heading, scope="row"), *tagged, **attributes)
