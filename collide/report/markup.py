"""HTML pages, XML documents, and their elements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from collide.support.foreign import Html, html_of

_INLINE = (
    "a",
    "b",
    "code",
    "dt",
    "dd",
    "option",
    "th",
    "td",
    "summary",
    "text",
    "tspan",
    "label",
    "span",
)

_STYLE = """
:root { color-scheme: light dark; --ground: #fff; --ink: #1b1b1b; --line: #b5b5b5;
  --soft: #f3f3f3; --error: #a40000; --warning: #7a4b00; --note: #00508f; --clean: #1d6222; }
@media (prefers-color-scheme: dark) { :root { --ground: #161616; --ink: #e8e8e8; --line: #565656;
  --soft: #242424; --error: #ff9a92; --warning: #f0be68; --note: #8fc7ff; --clean: #94d89a; } }
* { box-sizing: border-box; }
body { background: var(--ground); color: var(--ink); font: 1rem/1.4 sans-serif;
  max-width: 78rem; margin: 0 auto; padding: .5rem 1rem; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; }
caption { text-align: left; font-weight: bold; padding: .3rem 0; }
th, td { border: 1px solid var(--line); padding: .2rem .4rem; text-align: left;
  vertical-align: top; }
thead th { background: var(--soft); vertical-align: bottom; }
.error { color: var(--error); } .warning { color: var(--warning); }
.note { color: var(--note); } .clean { color: var(--clean); }
"""


def tag(name: str, *children: str, **attributes: str) -> Html:
    """An element; ``class_`` and ``aria_label`` stand for what Python has no name for."""
    written, inside = _written(attributes), html_of(children)
    # A line for each block, so that two pages can be compared.
    end = "" if name in _INLINE else "\n"
    return Html(f"<{name}{written}>{inside}</{name}>{end}")


def void(name: str, **attributes: str) -> Html:
    """An element that has no children and no end (HTML, "Void elements")."""
    written = _written(attributes)
    return Html(f"<{name}{written}>")


def _written(attributes: Mapping[str, str]) -> str:
    names = (key.rstrip("_").replace("_", "-") for key in attributes)
    return "".join(
        f' {key}="{html_of([value])}"'
        for key, value in zip(names, attributes.values(), strict=True)
    )


def page(title: str, style: Html, *body: str, scripts: str = "") -> Html:
    """A whole page without a network; ``style`` is beside that of all pages.

    ``scripts`` are the sources of scripts that its policy lets run (Content Security Policy).
    """
    policy = f"default-src 'none'; style-src 'unsafe-inline'{scripts and '; script-src '}{scripts}"
    head = tag(
        "head",
        Html('<meta charset="utf-8">\n'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{html_of([policy])}">\n'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">\n'),
        tag("title", title),
        tag("style", Html(_STYLE), style),
    )
    return document(Html("<!DOCTYPE html>\n"), tag("html", head, tag("body", *body), lang="en"))


def document(declared: Html, root: Html) -> Html:
    """A document of HTML or XML in ASCII, so that no encoding changes it."""
    whole = html_of([declared, root])
    return Html(whole.encode("ascii", "xmlcharrefreplace").decode())


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
