"""Counts with their nouns, for sentences."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_PARTS = {0.5: "half", 0.1: "a tenth", 0.01: "a hundredth"}


def plural(count: int, noun: str) -> str:
    """``1 symbol``, ``2 symbols``, ``3 libraries``: a noun whose plural is regular."""
    if count == 1:
        return f"{count} {noun}"
    ends_in_consonant = noun.endswith("y") and noun[-2] not in "aeou"
    return f"{count} {noun[:-1]}ies" if ends_in_consonant else f"{count} {noun}s"


def number_in_words(number: int) -> str:
    """``three``; in digits from eleven on."""
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


def part_in_words(part: float) -> str:
    """``a tenth`` for 0.1; in per cent where there is no such word."""
    return _PARTS.get(part, f"{part * 100:g} %")


def first_names(names: Sequence[str], most: int) -> str:
    """``one, two and 3 more``: the first ``most`` names, all where they are no more."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def listed(names: Sequence[str]) -> str:
    """``one, two and three``."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
