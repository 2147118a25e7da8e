"""Parses JSON of strangers: a few bytes of it may stand for many objects in memory."""

from __future__ import annotations

import json

from collide.support import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def parse(data: str | bytes) -> Any:
    """The value of a JSON document (RFC 8259), which knows no NaN and no infinity.

    Raises LimitError for one of too many values, ValueError for what is none or is nested deeper
    than the interpreter follows.
    """
    marks = (b",", b"[", b"{") if isinstance(data, bytes) else (",", "[", "{")
    limits.hold("json-values", sum(map(data.count, marks)))  # type: ignore[arg-type]
    try:
        return json.loads(data, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")
