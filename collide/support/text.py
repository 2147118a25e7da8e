"""How many of something, in words."""

from __future__ import annotations


def plural(count: int, noun: str) -> str:
    """``1 symbol``, ``2 symbols``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
