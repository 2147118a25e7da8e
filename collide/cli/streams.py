"""Streams and exit statuses, the same for all commands."""

from __future__ import annotations

import os
import sys

from collide.support.errors import CollideError, InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from collide.findings.code import Severity
    from collide.support.foreign import Text

EXIT_CLEAN, EXIT_FINDINGS, EXIT_USAGE, EXIT_NOTHING = 0, 1, 2, 3
EXIT_FAULT = 70  # EX_SOFTWARE, sysexits.h


def complain(message: str) -> None:
    """Print ``message`` as one line on stderr."""
    say(f"collide: {message.strip()}")


def say(line: str) -> None:
    """Print one line, whatever it holds, on stderr."""
    from collide.support.foreign import text_of  # late: start-up

    print(text_of([line]), file=sys.stderr)


def complain_of(problem: CollideError) -> None:
    """Print an error as one line on stderr; a traceback comes before it where it is wanted."""
    print_traceback(getattr(problem, "traceback", ""))
    complain(str(problem))


def print_traceback(text: str) -> None:
    """Print a traceback on stderr if the environment says COLLIDE_TRACEBACK."""
    if is_true(os.environ.get("COLLIDE_TRACEBACK", "")):
        from collide.support.foreign import text_of  # late: for an error only

        sys.stderr.write(text_of(text.split("\n")))


def is_true(text: str) -> bool:
    """Whether the value of a COLLIDE_ variable means yes; empty is as good as not set."""
    return text.lower() not in ("", "0", "false", "no", "off")


def overall(statuses: set[int]) -> int:
    """The status of a run whose parts have these: an error first, then findings, then a result."""
    ranked = (EXIT_USAGE, EXIT_FINDINGS, EXIT_CLEAN, EXIT_NOTHING)
    return next(status for status in ranked if status in statuses)


def threshold_status(worst: Severity | None, fail_on: str) -> int:
    """1 if the worst severity is at or above ``--fail-on``, else 0."""
    from collide.findings.code import Severity  # late: start-up

    if worst is None or fail_on == "never":
        return EXIT_CLEAN
    return EXIT_FINDINGS if worst >= Severity[fail_on.upper()] else EXIT_CLEAN


def write(data: Text | bytes, output: str | None) -> None:
    """Write to stdout, or whole to a file: a failed run leaves no half-written one.

    ``bytes`` are for files that programs read: on stdout they have to be ASCII.
    Raises InputError when the file cannot be written.
    """
    if output is None:
        stream: TextIO = sys.stdout
        stream.write(data if isinstance(data, str) else data.decode("ascii"))
        return
    from collide.support.files import new_file  # late: start-up

    # What is no file (/dev/stdout, a pipe) is written to and never replaced.
    special = os.path.exists(output) and not os.path.isfile(output)
    encoded = data if isinstance(data, bytes) else data.encode(errors="backslashreplace")
    try:
        with open(output, "wb") if special else new_file(os.path.realpath(output)) as file:
            file.write(encoded)
    except OSError as e:
        raise InputError(output, e.strerror or str(e)) from e


def append(data: Text, path: str) -> None:
    """Add to the end of a file. Raises InputError when it cannot be written."""
    try:
        with open(path, "ab") as file:
            file.write(data.encode(errors="backslashreplace"))
    except OSError as e:
        raise InputError(path, e.strerror or str(e)) from e
