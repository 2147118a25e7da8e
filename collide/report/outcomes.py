"""Sentences on how a script ended, and on where two runs of it differ."""

from __future__ import annotations

from itertools import zip_longest

from collide.repair.exercise import Outcome


def ending(outcome: Outcome) -> str:
    """How a script and its process ended, in a clause."""
    said = f" ({outcome.said})" if outcome.said and outcome.status != 0 else ""
    if outcome.status is None:
        return outcome.ending + said
    return f"status {outcome.status}, its process {outcome.ending}{said}"


def first_difference(output: str, other: str) -> tuple[str, str]:
    """The first line in which two outputs differ, of each; None of one that has ended."""
    lines = zip_longest(output.splitlines(), other.splitlines(), fillvalue="")
    return next((pair for pair in lines if pair[0] != pair[1]), ("", ""))
