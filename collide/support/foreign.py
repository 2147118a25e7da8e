r"""The one gate for foreign text on its way to a terminal, a file, or the log of a CI job.

Names of members, libraries, versions and symbols, paths, and the messages of other
libraries are what a stranger wrote. Whatever collide prints or writes as text is a
:class:`Text`, and only the functions here make one.

For people, a line holds printable characters only. All others (controls, ends of lines,
bidirectional controls and other invisible ones) are written as Python's escapes ``\n``,
``\x1b``, ``\u202e``; a byte that is no UTF-8 is ``\udcff`` (PEP 383), and a backslash is
``\\``, so that ``text.encode("latin-1", "backslashreplace").decode("unicode_escape")``
gives the name back. What a runner takes for a command has one character escaped: ``::``
at the start of a line (GitHub, ``ActionCommand.TryParseV2``), and ``##[`` anywhere in it
(``TryParse``; ``##vso[`` of Azure Pipelines and ``##teamcity[`` likewise).

JSON is ASCII without controls, and its values are exact but for two things: a byte that
is no UTF-8 is ``\udcff`` there, too, because JSON has no lone surrogates (RFC 8259 8.2),
and therefore a backslash is ``\\``.
"""

from __future__ import annotations

import json
import re

from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}


class Text(str):
    """Text that has passed the gate; only this module makes it."""

    __slots__ = ()


def visible(text: str) -> str:
    """One line for people, without its end; see the rule above."""
    text = _inside(text)
    return text.replace(":", "\\x3a", 1) if text.lstrip(" ").startswith("::") else text


def _inside(text: str) -> str:
    """A part of a line that does not begin it."""
    if not text.isprintable() or "\\" in text:
        text = "".join(map(_escaped, text))
    return _without_markers(text, "\\x23") if "##" in text else text


def _escaped(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    number = ord(character)
    if character.isprintable():
        return character
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _without_markers(text: str, escape: str) -> str:
    """``text`` with the second ``#`` of every ``##[``, ``##vso[`` and the like escaped."""
    return re.sub(r"##(?=[A-Za-z]*\[)", lambda _: f"#{escape}", text)


def text_of(lines: Iterable[str]) -> Text:
    """Lines for people, joined; one that ends the last line is an empty string."""
    return Text("\n".join(map(visible, lines)))


def joined(texts: Iterable[Text]) -> Text:
    """Texts one after the other."""
    return Text("".join(texts))


def own_text(text: str) -> Text:
    """What has nothing foreign in it, or only what has passed the gate; a test lists its uses."""
    return Text(text)


class Span(NamedTuple):
    """A part of a line for a terminal: ``style`` is one of :data:`STYLES`, ``link`` an address."""

    text: str
    style: str = ""
    link: str = ""


STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "note": "36",
    "good": "32",
    "strong": "1",
    "soft": "2",
}
"""Parameters of Select Graphic Rendition (ECMA-48 8.3.117) by name."""


def painted(lines: Iterable[Sequence[Span]], *, color: bool, links: bool) -> Text:
    """Lines of spans, each with its end, coloured and linked (OSC 8) where that is wanted.

    The text of every span, and the addresses, pass the gate: no sequence is a foreign one.
    """
    return Text("".join(f"{_painted(line, color, links)}\n" for line in lines))


def _painted(line: Sequence[Span], color: bool, links: bool) -> str:
    if not (color or links):
        return visible("".join(span.text for span in line))
    parts = []
    for number, span in enumerate(line):
        text = _inside(span.text) if number else visible(span.text)
        if span.link and links:
            text = f"\x1b]8;;{_inside(span.link)}\x1b\\{text}\x1b]8;;\x1b\\"
        if span.style and color:
            text = f"\x1b[{STYLES[span.style]}m{text}\x1b[0m"
        parts.append(text)
    return "".join(parts)


# -- JSON -----------------------------------------------------------------------------------------


def json_value(value: object, *, indent: int | None = None, compact: bool = False) -> Text:
    """One value as JSON, without an end of line; a :class:`Text` in it stays as it is."""
    separators = (",", ":") if compact else None
    text = json.dumps(value, indent=indent, separators=separators)
    # A surrogate, which may be half of a character, or a backslash.
    if "\\ud" in text or "\\\\" in text:
        text = json.dumps(_representable(value), indent=indent, separators=separators)
    if "\x7f" in text:
        text = text.replace("\x7f", "\\u007f")
    return Text(_without_markers(text, "\\u0023") if "##" in text else text)


def json_of(document: object, *, indent: int | None = 1) -> Text:
    """A document as JSON, with the end of its last line."""
    return Text(f"{json_value(document, indent=indent)}\n")


def _representable(value: Any) -> Any:
    if isinstance(value, str):
        if isinstance(value, Text):
            return value
        value = value.replace("\\", "\\\\")
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_representable(key): _representable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_representable(one) for one in value]
    return value


def from_json(data: str | bytes) -> Any:
    """The value of a profile or a baseline that was written by this module.

    Raises ValueError for what is no JSON, LimitError for one of too many values.
    """
    from collide.support.documents import parse  # late: start-up

    value = parse(data)
    marked = b"\\\\" in data if isinstance(data, bytes) else "\\\\" in data
    return _exact(value) if marked else value


def _exact(value: Any) -> Any:
    """The inverse of :func:`_representable`."""
    if isinstance(value, str) and "\\" in value:
        # A file that somebody wrote by hand may have other backslashes; they stay.
        pattern = r"\\(?:\\|u(dc[89a-f][0-9a-f]))"
        return re.sub(pattern, lambda m: chr(int(m[1], 16)) if m[1] else "\\", value)
    if isinstance(value, dict):
        return {_exact(key): _exact(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_exact(one) for one in value]
    return value


# -- markup and commands --------------------------------------------------------------------------


class Html(Text):
    """Text that is markup already; all other text is escaped where it meets markup."""

    __slots__ = ()


def html_of(parts: Iterable[str], between: str = "") -> Html:
    """Markup of these parts, of which those that are no markup are escaped."""
    from html import escape  # late: start-up

    return Html(
        between.join(part if isinstance(part, Html) else escape(visible(part)) for part in parts)
    )


def html_data(value: object) -> Html:
    """A value as JSON inside of a ``script`` element, which ends with the next ``</script``."""
    return Html(json_value(value, compact=True).replace("<", "\\u003c"))


def markdown(text: str) -> Text:
    """Text in one cell of a table, or one line, of GitHub Flavored Markdown.

    Each ASCII punctuation character that Markdown or HTML could read is a character reference
    (CommonMark 2.5), which nothing else can be.
    """
    return Text("".join(f"&#{ord(c)};" if c in _MARKUP else c for c in _inside(text)))


_MARKUP = frozenset("\\`*_{}[]<>#|&~!@$:'\"")


def workflow_command(name: str, properties: Mapping[str, str], message: Iterable[str]) -> Text:
    """A command of GitHub Actions with its end of line; ``message`` are lines for people.

    Source: ``actions/runner``, ``ActionCommand.cs``: of the message ``%``, CR and LF are
    escaped, of properties ``:`` and ``,``, too.
    """
    written = ",".join(
        f"{key}={_data(value).replace(':', '%3A').replace(',', '%2C')}"
        for key, value in properties.items()
    )
    return Text(f"::{name} {written}::{'%0A'.join(map(_data, message))}\n")


def _data(text: str) -> str:
    return _inside(text).replace("%", "%25")
