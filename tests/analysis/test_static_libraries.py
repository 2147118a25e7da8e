"""Where a static library lies in an object: the stretch in which its names are the most."""

from __future__ import annotations

import pytest

from collide.analysis.static_libraries import densest, runs


@pytest.mark.parametrize(
    ("chosen", "others", "found"),
    [
        ({3, 4, 5}, {1, 2, 6, 7}, range(3, 6)),
        # One of another name among them does not end it,
        ({3, 4, 6, 7}, {1, 2, 5, 8}, range(3, 8)),
        # and one far away, which runs at load, does not begin it.
        ({0, 6, 7}, {1, 2, 3, 4, 5}, range(6, 8)),
        (set(), {1, 2}, range(0)),
    ],
)
def test_a_library_is_where_its_names_exceed_all_others(
    chosen: set[int], others: set[int], found: range
) -> None:
    assert densest(chosen, chosen | others) == found


def test_a_library_ends_at_what_lies_between_its_functions() -> None:
    assert [*runs({1, 2, 5, 6, 9}, [1, 2, 3, 5, 6, 7, 8, 9])] == [
        range(1, 3),
        range(5, 7),
        range(9, 10),
    ]
