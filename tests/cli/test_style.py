"""Colours, links and width of the terminal, as the environment and the options say."""

from __future__ import annotations

import argparse
import io
import sys

import pytest

from collide.cli.style import style_of

_VARIABLES = (
    *("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM", "TERM_PROGRAM", "VTE_VERSION"),
    *("KITTY_WINDOW_ID", "WT_SESSION"),
)


class Terminal(io.StringIO):
    """A standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)


def arguments(color: str = "auto", form: str = "text") -> argparse.Namespace:
    return argparse.Namespace(format=form, color=color, output=None)


@pytest.mark.parametrize(
    ("terminal", "variables", "option", "colored"),
    [
        (True, {}, "auto", True),
        (False, {}, "auto", False),
        (True, {"NO_COLOR": "1"}, "auto", False),
        (True, {"NO_COLOR": ""}, "auto", True),
        (False, {"FORCE_COLOR": "1"}, "auto", True),
        (False, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, "auto", False),
        (True, {"TERM": "dumb"}, "auto", False),
        (True, {"FORCE_COLOR": "1"}, "never", False),
        (False, {"NO_COLOR": "1"}, "always", True),
    ],
)
def test_colour_is_decided_by_option_variables_and_terminal(
    terminal: bool,
    variables: dict[str, str],
    option: str,
    colored: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal() if terminal else io.StringIO())
    for name, value in {"COLUMNS": "90", **variables}.items():
        monkeypatch.setenv(name, value)
    style = style_of(arguments(option))
    assert style is not None
    assert (style.color, style.width) == (colored, 90)


@pytest.mark.parametrize(
    ("columns", "width"),
    [("", 100), ("72", 72), ("7", 40), ("x", 100), ("\u00b2", 100), ("9" * 5000, 100)],
)
def test_width_is_that_of_the_environment_or_a_hundred(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setenv("COLUMNS", columns)
    style = style_of(arguments())
    assert style is not None
    assert style.width == width


@pytest.mark.parametrize(
    ("name", "value", "links"),
    [("VTE_VERSION", "6800", True), ("VTE_VERSION", "4600", False), ("TERM_PROGRAM", "x", False)],
)
def test_links_only_where_the_terminal_says_that_it_knows_them(
    name: str, value: str, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv(name, value)
    style = style_of(arguments())
    assert style is not None
    assert style.links is links


def test_other_formats_have_no_style() -> None:
    assert style_of(arguments(form="json")) is None
