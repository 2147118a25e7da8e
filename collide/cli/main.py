"""The entry point of the command line: it runs one command and reports errors.

Everything but the cheapest modules of the standard library is imported when a
command needs it, so that ``collide --version`` starts at once.
"""

from __future__ import annotations

import io
import os
import sys

import collide
from collide.cli.streams import (
    EXIT_FAULT,
    EXIT_USAGE,
    complain,
    complain_of,
    print_traceback,
    say,
    write,
)
from collide.support.errors import CollideError, InputError

TYPE_CHECKING = False  # typing's own costs more to import than all of this module
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Any, NoReturn

COMMANDS = {
    "check": "find what breaks, wheels on hosts",
    "profile": "record a host; nothing is executed but the COMMAND behind `--`",
    "diff": "what a host's link footprint gained and lost",
    "interposed": "what the objects of a host take from each other",
    "footprint": "the regression test of what a binary links",
    "profiles": "list the shipped hosts, or show what one loads",
    "bindings": "every binding, as JSON lines",
    "inspect": "whether two libraries collided in a process, core file or COMMAND, and killed it",
    "whatif": "bind again after a change of the wheel or of the host",
    "explain": "the walk to one symbol, what a code means, or a page of documentation",
    "repair": "write a wheel that no host can take symbols from; executes the wheel's code",
    "survey": "check many wheels into a dataset: an index, a mirror, requirements",
    "verify": "run the real host and compare; executes the wheel's code",
}
"""The modules of :mod:`collide.cli` with what each is for."""

_EXECUTING = ("profile", "inspect")
"""Those that take a command of the user's behind ``--``."""

COMPLETIONS = {
    "bash": "bash-completion/completions/collide",
    "zsh": "zsh/site-functions/_collide",
}
"""Where the completion of a shell is, below ``share``; ``tests/tools/shell_files.py`` makes it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the result is the exit status.

    ``argv`` are the arguments, by default those of the process. Errors are
    reported on stderr; argparse raises SystemExit for usage.
    """
    import gc  # late: start-up

    # Facts are many, live long and hold few cycles: collections would find nothing to free.
    if hasattr(gc, "set_threshold"):  # PyPy's collector has none
        gc.set_threshold(500_000)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names in ELF files are bytes that need not be text in any encoding.
        sys.stdout.reconfigure(errors="backslashreplace")
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        if sys.stdout is None:
            raise InputError("standard output", "is closed")
        status = _run(arguments)
        sys.stdout.flush()
    except OSError as e:
        if e.filename is None:
            # The reader has gone (``collide ... | head``), or the disk is full.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(e, BrokenPipeError):
            complain(f"{e.filename or 'standard output'}: {e.strerror}")
        return EXIT_USAGE
    except CollideError as e:
        complain_of(e)
        return EXIT_USAGE
    except KeyboardInterrupt:
        return 130
    except Exception as e:
        return _complain_of_fault(e)
    return status


def _complain_of_fault(e: Exception) -> int:
    from collide.support.faults import reason_of, traceback_of  # late: for an error only

    print_traceback(traceback_of(e))
    complain(reason_of(e))
    return EXIT_FAULT


def _version() -> str:
    """The release, and whether the compiled part is in use."""
    from collide.elf.native import compiled  # late: it may be demanded and missing

    part = "with its compiled part" if compiled else "without its compiled part"
    return f"collide {collide.__version__}, {part}"


def _run(arguments: list[str]) -> int:
    if arguments == ["--version"]:
        # Without argparse, which alone takes as long as the interpreter's start.
        print(_version())
        return 0
    from collide.cli.options import set_limits  # late: start-up

    name = arguments[0] if arguments else ""
    if not arguments:
        overview().print_help()
        return EXIT_USAGE
    if name == "--print-completion" and len(arguments) == 2 and arguments[1] in COMPLETIONS:
        return _print_completion(COMPLETIONS[arguments[1]])
    if name not in COMMANDS:
        overview().parse_args(arguments)
        return EXIT_USAGE
    command = _module(name)
    parser = parser_of(name)
    words, behind = _split_command(name, arguments[1:])
    args = parser.parse_args(words)
    args.command = behind
    set_limits(os.environ, args.limit)
    status: int = command.run(args)
    return status


def _module(name: str) -> Any:
    """The module of a command. Not by importlib, which imports warnings."""
    return getattr(__import__("collide.cli", fromlist=[name]), name)


def _print_completion(place: str) -> int:
    from pathlib import Path  # late: start-up

    write((Path(__file__).parents[1] / "shell/share" / place).read_bytes(), None)
    return 0


def parser_of(name: str) -> argparse.ArgumentParser:
    """The parser of one command, for its own words and, behind ``--``, none."""
    from collide.cli.options import limit_argument  # late: start-up

    parser = _parser_class()(
        prog=f"collide {name}", description=COMMANDS[name], formatter_class=_formatter
    )
    _module(name).add_arguments(parser)
    limit_argument(parser, counts=name == "survey")
    return parser


def _split_command(name: str, words: list[str]) -> tuple[list[str], list[str]]:
    """The words before ``--``, and those behind it of the command that is to be executed.

    Releases of argparse differ in what they do with ``--``.
    """
    if name not in _EXECUTING or "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at + 1 :]


def _parser_class() -> type[argparse.ArgumentParser]:
    """Parsers whose errors, which repeat arguments, pass the gate of foreign text."""
    import argparse  # late: start-up

    class Parser(argparse.ArgumentParser):
        """See above; argument parsers of subcommands are of their parser's class."""

        def error(self, message: str) -> NoReturn:
            """Say what is wrong with the usage, and raise SystemExit."""
            self.print_usage(sys.stderr)
            say(f"{self.prog}: error: {message}{_meant(self, message)}")
            raise SystemExit(EXIT_USAGE)

    return Parser


def _meant(parser: argparse.ArgumentParser, message: str) -> str:
    """The option or the choice that argparse's message is probably about."""
    import re  # late: for an error only

    from collide.support.neighbours import neighbour  # late: for an error only

    if wrong := re.match(r"unrecognized arguments: .*?(--?[\w-]+)", message):
        return neighbour(wrong[1], parser._option_string_actions)
    if wrong := re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message):
        return neighbour(wrong[1], re.findall(r"[\w-]+", wrong[2]))
    return ""


def _formatter(prog: str) -> argparse.HelpFormatter:
    """A formatter for the width of the terminal.

    argparse asks shutil for it, once for each argument; its import takes longer than the rest.
    """
    import argparse  # late: start-up

    from collide.cli.style import columns  # late: start-up

    width = columns(terminal=sys.stdout.isatty()) or 80
    return argparse.HelpFormatter(prog, width=width - 2)


def overview() -> argparse.ArgumentParser:
    """The parser for arguments that name no command: help, version, completion and errors."""
    parser = _parser_class()(
        prog="collide",
        description="Predict which symbols of a wheel the dynamic loader takes from somebody else.",
    )
    parser.add_argument("--version", action="version", version=_version())
    parser.add_argument(
        "--print-completion", choices=tuple(COMPLETIONS), help="print the completion of a shell"
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, purpose in COMMANDS.items():
        commands.add_parser(name, help=purpose)
    return parser
