"""``collide inspect``: what is really bound in a process or a core file, and what ended it.

``-- COMMAND...`` executes a command and reads the process that a fatal signal ends.
"""

from __future__ import annotations

from collide.cli.inputs import image_of_run
from collide.cli.options import (
    at_argument,
    color_argument,
    fail_on_argument,
    verbose_argument,
)
from collide.cli.streams import (
    EXIT_FINDINGS,
    EXIT_USAGE,
    complain_of,
    threshold_status,
    write,
)
from collide.cli.style import style_of
from collide.support.errors import UsageError
from collide.support.system import require_linux

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from collide.inspect.inspect import Inspection


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``collide inspect``."""
    parser.add_argument(
        "process",
        nargs="?",
        metavar="PID|CORE",
        help="the number of a process, or the path of a core file; or `-- COMMAND...` behind all "
        "options, which is executed",
    )
    at_argument(parser)
    parser.add_argument(
        "--root",
        metavar="DIR",
        default=None,
        help="where the files of the process are: the root of its container; "
        "default: that of a running process, / for a core file",
    )
    parser.add_argument("--format", choices=("text", "json", "html"), default="text")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the report to FILE")
    fail_on_argument(parser, "error")
    color_argument(parser)
    verbose_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; the result is the exit status. Raises CollideError."""
    from collide.inspect.crash import Likelihood  # late: start-up
    from collide.report.inspect_formats import rendered  # late: start-up

    require_linux("inspect, which reads processes and core files of Linux,")
    found = _inspected(args)
    for problem in found.report.problems:
        complain_of(problem)
    text = rendered(found, args.format, verbose=args.verbose, style=style_of(args))
    write(text, args.output)
    if found.report.problems:
        return EXIT_USAGE
    blame = found.crash.blame if found.crash else None
    if blame is not None and blame.likelihood >= Likelihood.LIKELY and args.fail_on != "never":
        return EXIT_FINDINGS
    return threshold_status(found.report.worst(), args.fail_on)


def _inspected(args: argparse.Namespace) -> Inspection:
    from collide.filesystems.root import Root  # late: start-up
    from collide.inspect.inspect import inspect, inspect_named  # late: start-up

    if bool(args.command) == (args.process is not None):
        raise UsageError("inspect takes PID, CORE, or `-- COMMAND...`, which it executes")
    if args.command:
        if args.root is not None:
            raise UsageError("--root does not go with `-- COMMAND...`, which runs here")
        return inspect(image_of_run(args.command, args.at, "inspect"), Root())
    if args.at is not None:
        raise UsageError("--at is for `-- COMMAND...`")
    return inspect_named(args.process, args.root)
