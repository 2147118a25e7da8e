"""Patterns that match nothing: what the message says."""

from __future__ import annotations

import pytest

from collide.support.errors import UsageError
from collide.support.patterns import require_matches

MANY = ["pkg/lib/libalpha.so.1", "pkg/_beta.so", *(f"pkg/x{number}.so" for number in range(9))]


def test_patterns_that_match_are_no_error() -> None:
    require_matches("--module", ["pkg/_b*", "pkg/x?.so"], MANY)
    require_matches("--module", [], [])


@pytest.mark.parametrize(
    ("pattern", "names", "message"),
    [
        ("*_beto.so", MANY, "of 11 modules near it: pkg/_beta.so"),
        ("nothing", MANY, "of 11 modules the first are pkg/_beta.so, pkg/lib/libalpha.so.1, "),
        ("PKG/*", ["pkg/b.so", "pkg/a.so"], "the modules are pkg/a.so, pkg/b.so"),
        ("*", [], "there are no modules"),
    ],
)
def test_pattern_that_matches_nothing_is_told_what_there_is(
    pattern: str, names: list[str], message: str
) -> None:
    with pytest.raises(UsageError) as raised:
        require_matches("--module", ["*"] * bool(names) + [pattern], names)
    assert str(raised.value).startswith(f"--module {pattern}: matches none; {message}")
