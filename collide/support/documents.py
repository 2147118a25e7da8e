"""Parses JSON of strangers: a few bytes of it may stand for many objects in memory."""

from __future__ import annotations

import json

from collide.support import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def parse(data: str | bytes) -> Any:
    """The value of a JSON document (RFC 8259).

    Raises LimitError for one of too many values, ValueError for what is none or is nested deeper
    than the interpreter follows.
    """
    commas = (b",", b"[", b"{") if isinstance(data, bytes) else (",", "[", "{")
    limits.hold("json-values", sum(map(data.count, commas)))  # type: ignore[arg-type]
    try:
        return json.loads(data)
    except RecursionError as e:
        raise ValueError("nested too deeply") from e
