"""Numbers in words."""

from __future__ import annotations

import pytest

from collide.support.text import number_in_words, part_in_words, plural


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 symbols"), (1, "1 symbol"), (2, "2 symbols"), (11, "11 symbols")]
)
def test_noun_is_plural_but_for_one(count: int, text: str) -> None:
    assert plural(count, "symbol") == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "no"), (1, "one"), (3, "three"), (10, "ten"), (11, "11"), (150, "150")]
)
def test_number_up_to_ten_is_a_word(number: int, text: str) -> None:
    assert number_in_words(number) == text


@pytest.mark.parametrize(
    ("part", "text"),
    [(0.5, "half"), (0.1, "a tenth"), (0.01, "a hundredth"), (0.075, "7.5 %"), (0.2, "20 %")],
)
def test_part_is_a_word_where_there_is_one(part: float, text: str) -> None:
    assert part_in_words(part) == text
