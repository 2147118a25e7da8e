"""The known word that a mistyped one was meant to be."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def neighbour(word: str, known: Iterable[str]) -> str:
    """``; did you mean check?`` for ``chekc``; empty where no known word is like it."""
    from difflib import get_close_matches  # late: for an error only

    near = get_close_matches(word, list(known), 1, 0.7)
    return f"; did you mean {near[0]}?" if near else ""
