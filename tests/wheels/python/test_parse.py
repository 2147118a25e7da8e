"""What the parser says of the code of strangers."""

from __future__ import annotations

import warnings

import pytest

from collide.wheels.python.parse import parse_quietly

BAD_ESCAPE = "path = '\\d'"


def test_warnings_of_the_parser_go_nowhere() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        compile(BAD_ESCAPE, "x", "exec")
        assert len(seen) == 1
        assert len(parse_quietly(BAD_ESCAPE).body) == 1
        assert len(seen) == 1


def test_what_is_no_python_raises() -> None:
    with pytest.raises(SyntaxError):
        parse_quietly(b"print 'x'")
