"""The known word that a mistyped one was meant to be."""

from __future__ import annotations

from itertools import takewhile
from operator import eq

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_LIKE = 0.7
"""Share of letters that a mistyped word and the one meant have in common, of those of both."""


def neighbour(word: str, known: Iterable[str]) -> str:
    """``; did you mean check?`` for ``chekc``; empty where no known word is like it.

    Of words that are as like, the one that begins alike for longer is meant.
    """
    from difflib import SequenceMatcher  # late: for an error only

    likeness = SequenceMatcher(b=word)

    def like(one: str) -> tuple[float, int]:
        likeness.set_seq1(one)
        return likeness.ratio(), len(list(takewhile(bool, map(eq, one, word))))

    near = max(known, key=like, default="")
    return f"; did you mean {near}?" if like(near)[0] >= _LIKE else ""
