"""``collide bindings``: every binding, as JSON lines."""

from __future__ import annotations

import sys

from collide.commands.inputs import analyses, host_arguments
from collide.commands.streams import EXIT_CLEAN, EXIT_NOTHING, EXIT_USAGE, complain, overall

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``collide bindings --help``."""
    parser.add_argument("inputs", nargs="+", metavar="WHEEL|DIR|SO")
    host_arguments(parser, required=True)
    parser.add_argument("--module", metavar="GLOB", help="only modules that match")


def run(args: argparse.Namespace) -> int:
    """The exit status."""
    from collide.report import bindings

    statuses = {EXIT_NOTHING}
    for analysis in analyses(args, args.inputs):
        if analysis is None:
            statuses.add(EXIT_USAGE)
            continue
        for module in analysis.modules:
            for failure in module.failures:
                complain(f"{module.name}: {failure.kind}: {failure.name} {failure.detail}".strip())
        for line in bindings.render(analysis):
            sys.stdout.write(line)
            statuses.add(EXIT_CLEAN)
    return overall(statuses)
