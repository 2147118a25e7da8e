"""Counts with their nouns, for sentences."""

from __future__ import annotations


def plural(count: int, noun: str) -> str:
    """``1 symbol``, ``2 symbols``: a noun whose plural ends in ``s``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
