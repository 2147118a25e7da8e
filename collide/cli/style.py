"""How the terminal is written to: its width, colours and hyperlinks."""

from __future__ import annotations

import os
import sys

from collide.support.system import IS_WINDOWS

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from collide.report.check.text import Style

_WIDTH, _NARROWEST = 100, 40
_LINKING = ("iTerm.app", "WezTerm", "ghostty", "vscode", "Hyper")
"""Values of TERM_PROGRAM of terminals that know OSC 8."""


def style_of(args: argparse.Namespace) -> Style | None:
    """The style of standard output; None for a format that is no text.

    NO_COLOR (no-color.org) and FORCE_COLOR (force-color.org) decide if they are not empty, in
    this order, ``--color`` over both. Files are never coloured unless it is asked for.
    """
    if args.format != "text":
        return None
    from collide.report.check.text import Style  # late: start-up

    terminal = args.output is None and sys.stdout.isatty()
    color = _color(args.color, terminal)
    width = max(columns(terminal=terminal) or _WIDTH, _NARROWEST)
    return Style(width, color, color and terminal and _knows_links())


def _color(choice: str, terminal: bool) -> bool:
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return terminal and os.environ.get("TERM") != "dumb" and (not IS_WINDOWS or _reads_colours())


def _reads_colours() -> bool:
    """Whether a terminal of Windows says by its variables that it reads ECMA-48 sequences."""
    return any(os.environ.get(name) for name in ("WT_SESSION", "TERM", "ANSICON", "ConEmuANSI"))


def columns(*, terminal: bool) -> int:
    """The width that COLUMNS or the ``terminal`` of standard output has; 0 where none says it."""
    width = _number("COLUMNS")
    if not width and terminal:
        width = os.get_terminal_size(sys.stdout.fileno()).columns
    return width


def _number(variable: str) -> int:
    """The whole number below a billion that an environment variable holds; 0 for anything else."""
    text = os.environ.get(variable, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _knows_links() -> bool:
    """Whether the terminal says by its variables that it knows OSC 8."""
    return (
        _number("VTE_VERSION") >= 5000
        or os.environ.get("TERM_PROGRAM") in _LINKING
        or "KITTY_WINDOW_ID" in os.environ
        or "WT_SESSION" in os.environ
        or os.environ.get("TERM", "").startswith(("xterm-kitty", "foot", "alacritty", "contour"))
    )
