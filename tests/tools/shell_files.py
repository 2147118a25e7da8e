"""Writes what a shell offers of collide, below ``collide/shell``: completion and the manual page.

    python tests/tools/shell_files.py

Completion is made by shtab, which is needed here and not where collide runs. A wheel installs the
files where bash, zsh and man look for them.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import collide
import programs
from checkout import PACKAGE
from collide.cli.main import COMMANDS, COMPLETIONS, overview, parser_of
from collide.cli.streams import EXIT_CLEAN, EXIT_FAULT, EXIT_FINDINGS, EXIT_NOTHING, EXIT_USAGE

SHARE = PACKAGE / "shell/share"
MANUAL = SHARE / "man/man1/collide.1"
_STATUSES = {
    EXIT_CLEAN: "nothing at or above --fail-on",
    EXIT_FINDINGS: "findings",
    EXIT_USAGE: "usage, or an input that cannot be read",
    EXIT_NOTHING: "nothing to check",
    EXIT_FAULT: "a fault of collide itself",
}
_VARIABLES = {
    "COLLIDE_LIMIT_NAME": "the limit NAME on inputs, as --limit",
    "COLLIDE_NATIVE": "0 to leave the compiled part unused, 1 to demand it",
    "COLLIDE_TRACEBACK": "a traceback where collide itself fails",
    "NO_COLOR, FORCE_COLOR": "whether text is coloured",
    "COLUMNS": "the width of text",
}


def whole_parser() -> argparse.ArgumentParser:
    """One parser with all commands, as shtab wants it."""
    parser = overview()
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    for name in COMMANDS:
        commands._name_parser_map[name] = parser_of(name)
    return parser


def manual() -> str:
    """The manual page, in the macros of man(7)."""
    lines = [
        f'.TH COLLIDE 1 "" "collide {collide.__version__}" "User Commands"',
        ".SH NAME",
        r"collide \- find which wheels break in which programs",
        ".SH SYNOPSIS",
        r".B collide",
        ".I COMMAND",
        "[options]",
        ".SH DESCRIPTION",
        _plain(overview().description or ""),
        "Nothing of a wheel or a host is executed by check.",
        ".SH COMMANDS",
    ]
    for name, purpose in COMMANDS.items():
        lines += [f".SS collide {name}", _plain(f"{purpose[0].upper()}{purpose[1:]}.")]
        lines += _options(parser_of(name))
    lines.append(".SH EXIT STATUS")
    for status, meaning in _STATUSES.items():
        lines += [".TP", f".B {status}", _plain(meaning)]
    lines.append(".SH ENVIRONMENT")
    for variable, meaning in _VARIABLES.items():
        lines += [".TP", f".B {variable}", _plain(meaning)]
    lines += [".SH SEE ALSO", ".BR ld.so (8),", "and", ".B collide explain", "questions"]
    return "\n".join(lines) + "\n"


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if "--help" in action.option_strings:
            continue
        values = "|".join(map(str, action.choices or ()))
        value = action.metavar or values or action.dest.upper()
        takes = (
            "" if action.nargs == 0 else str(value if not isinstance(value, tuple) else value[0])
        )
        words = [f"\\fB{_plain(option)}\\fR" for option in action.option_strings]
        place = f"\\fI{_plain(takes)}\\fR" if takes else ""
        yield ".TP"
        yield " ".join(filter(None, [", ".join(words), place]))
        yield _plain((action.help or "").replace("%(default)s", str(action.default)))


def _plain(text: str) -> str:
    """Text without what roff takes for a command."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return re.sub(r"(?m)^(?=[.'])", r"\&", text)


def completion(shell: str) -> str:
    """The completion of a shell."""
    import shtab

    text: str = shtab.complete(whole_parser(), shell)
    return text.rstrip() + "\n"


def main(argv: Sequence[str] | None = None) -> None:
    """Write the files."""
    programs.parser(__doc__).parse_args(argv)
    for shell, place in COMPLETIONS.items():
        _write(SHARE / place, completion(shell))
    _write(MANUAL, manual())


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


if __name__ == "__main__":
    main()
