"""Codes as people choose them: ``COL109``, ``COL1`` for all that begin so, or a slug."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from collide.support.errors import UsageError

_ALL = "COL"


def prefixes(words: Iterable[str]) -> tuple[str, ...]:
    """The beginnings of numbers that the words stand for; ``ALL`` is every code.

    Raises UsageError for a word that stands for none, with the one that was probably meant.
    """
    return tuple(map(_prefix, words))


def _prefix(word: str) -> str:
    from collide.findings.table import CODES  # late: start-up

    upper = word.strip().upper()
    if upper == "ALL":
        return _ALL
    if any(known.startswith(upper) for known in CODES) and len(upper) > len(_ALL):
        return upper
    by_slug = {code.slug: code.id for code in CODES.values()}
    found = by_slug.get(word.strip().lower())
    if found is None:
        from collide.support.neighbours import neighbour  # late: for an error only

        # COL1x may mean any number of its family, and is as like numbers of others.
        is_family = upper.startswith(_ALL) and len(upper) < len(next(iter(CODES)))
        near = "" if is_family else neighbour(upper, CODES) or neighbour(word.lower(), by_slug)
        raise UsageError(f"{word} is no code{near or '; collide explain codes lists them'}")
    return found


def begins(code: str, codes: Sequence[str]) -> bool:
    """Whether a number begins as one of these."""
    return code.startswith(tuple(codes))


def is_chosen(code: str, select: Sequence[str], ignore: Sequence[str]) -> bool:
    """Whether a code counts: of two beginnings the longer decides, of equal ones ``ignore``."""
    selected = max((len(p) for p in select or (_ALL,) if code.startswith(p)), default=0)
    ignored = max((len(p) for p in ignore if code.startswith(p)), default=0)
    return selected > ignored
