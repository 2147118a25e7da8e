"""Parses TOML of strangers, and says on which line each of its values stands.

Source: TOML 1.0.0. The reader is that of the standard library, or ``tomli`` where Python has none.
"""

from __future__ import annotations

import re
import sys

from collide.support.errors import InputError
from collide.support.file_bytes import read_bytes

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from collide.support.schema import Place

_BUDGET = 1 << 18
"""Characters that are parsed to find a line: statements of many lines are parsed many times."""


def read(path: str) -> str:
    """The text of a TOML file; raises LimitError, and InputError for what cannot be read."""
    data = read_bytes(path, "configuration-size")
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as e:
        line = data.count(b"\n", 0, e.start) + 1
        raise InputError(f"{path}:{line}", "is no UTF-8") from None


def parse(text: str, path: str) -> dict[str, Any]:
    """The value of a document; raises InputError, with the line, for what is no TOML."""
    try:
        document: dict[str, Any] = tomllib.loads(text)
    except RecursionError:
        raise InputError(path, "is nested too deeply") from None
    except ValueError as e:
        found = re.search(r" \(at line (\d+), column \d+\)| \(at end of document\)", str(e))
        line = (found and found[1]) or str(text.count("\n") + 1)
        reason = str(e)[: found.start()] if found else str(e)
        raise InputError(f"{path}:{line}", f"is no TOML: {reason}") from None
    return document


def line_of(text: str, place: Place) -> int:
    """The line of the value at ``place``, or of what it is in; 1 where there is none of these.

    ``text`` is a document that :func:`parse` takes. Of a value of several lines it is the first
    that can be told: a string's last. What follows a statement of very many lines is not found.
    """
    best, deepest = 1, -1
    for found, line in _places(text):
        depth = 0
        while depth < min(len(found), len(place)) and found[depth] == place[depth]:
            depth += 1
        if depth == len(found) and depth > deepest:
            best, deepest = line, depth
    return best


def _places(text: str) -> Iterator[tuple[Place, int]]:
    """Every place with its line, in the order of the document."""
    tables: dict[Place, int] = {}
    at: Place = ()
    chunk: list[str] = []
    first = 1
    left = _BUDGET
    for number, line in enumerate(text.split("\n"), 1):
        if not chunk:
            first = number
        chunk.append(line)
        statement = "\n".join(chunk)
        left -= len(statement)
        if left < 0:
            return
        if _parsed(statement) is None:
            continue
        if line.lstrip().startswith("[") and len(chunk) == 1:
            at = _of_table(line, tables)
            if at[-1] == 0:  # The first of an array of tables is where the array itself begins.
                yield at[:-1], number
            yield at, number
        else:
            yield from _of_statement(chunk, first, at)
        chunk = []


def _of_table(header: str, tables: dict[Place, int]) -> Place:
    """The place that a header stands for; ``tables`` counts those of one array."""
    place: list[str | int] = []
    value: Any = _parsed(header)
    while value:
        if isinstance(value, list):
            key = tuple(place)
            tables[key] = tables.get(key, -1) + 1
            place.append(tables[key])
            value = value[0]
            continue
        ((name, value),) = value.items()
        place.append(name)
        # A table inside the last one of an array.
        if isinstance(value, dict) and value and tuple(place) in tables:
            place.append(tables[tuple(place)])
    return tuple(place)


def _of_statement(chunk: list[str], first: int, at: Place) -> Iterator[tuple[Place, int]]:
    known: set[Place] = set()
    for count in range(1, len(chunk) + 1):
        head = "\n".join(chunk[:count])
        value = _parsed(head if count == len(chunk) else f"{head}\n]")
        for place in _inside(value or {}, at):
            if place not in known:
                known.add(place)
                yield place, first + count - 1


def _inside(value: Any, at: Place) -> Iterator[Place]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in items:
        yield (*at, key)
        if isinstance(one, dict | list):
            yield from _inside(one, (*at, key))


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = tomllib.loads(text)
    except (ValueError, RecursionError):
        return None
    return document
