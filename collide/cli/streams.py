"""Streams and exit statuses, the same for all commands."""

from __future__ import annotations

import os
import sys

from collide.support.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from collide.findings.code import Severity

EXIT_CLEAN, EXIT_FINDINGS, EXIT_USAGE, EXIT_NOTHING = 0, 1, 2, 3


def complain(message: str) -> None:
    """Print ``message`` as one line on stderr."""
    first_line = " ".join(message.split())
    print(f"collide: {first_line}", file=sys.stderr)


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


def write(data: str | bytes, output: str | None) -> None:
    """Write to stdout, or whole to a file: a failed run leaves no half-written one.

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
