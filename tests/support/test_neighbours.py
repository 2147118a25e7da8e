"""The known word that a mistyped one was meant to be."""

from __future__ import annotations

import pytest

from collide.support.neighbours import neighbour


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("chekc", ("check", "explain"), "check"),
        ("COL1O9", ("COL209", "COL109", "COL509"), "COL109"),
        ("inspct", ("expect", "inspect"), "inspect"),
        ("frobnicate", ("check", "explain"), None),
        ("", ("check",), None),
        ("check", (), None),
    ],
)
def test_word_most_alike_that_begins_alike_is_meant(
    word: str, known: tuple[str, ...], meant: str | None
) -> None:
    assert neighbour(word, known) == (f"; did you mean {meant}?" if meant else "")
    assert neighbour(word, known[::-1]) == neighbour(word, known)
