"""``collide bindings``: every binding as a JSON line."""

from __future__ import annotations

from collide.cli.analyses import analyses, import_analyses, session_analyses
from collide.cli.options import (
    after_argument,
    host_arguments,
    import_argument,
    mode_arguments,
    modes_of,
    module_argument,
)
from collide.cli.streams import (
    EXIT_CLEAN,
    EXIT_NOTHING,
    EXIT_USAGE,
    complain,
    complain_of,
    overall,
    write,
)
from collide.support.errors import UsageError
from collide.support.faults import problem_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from collide.analysis.analysis import Analysis
    from collide.support.foreign import Text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``collide bindings``."""
    parser.add_argument("inputs", nargs="+", metavar="WHEEL|DIR|SO")
    host_arguments(parser, required=True)
    module_argument(parser)
    after_argument(parser)
    parser.add_argument(
        "--session",
        action="store_true",
        help="open all modules in one process: by input and name, or in the order of --module",
    )
    import_argument(parser)
    mode_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; the result is the exit status. Raises CollideError."""
    if args.imports and (args.session or args.module):
        raise UsageError("--import gives the modules and their order: no --session, no --module")
    if args.mode_global and not (args.session or args.imports):
        raise UsageError("--rtld-global needs --session: alone, a module is global to nobody")
    modes = modes_of(args)
    found = session_analyses if args.session else import_analyses if args.imports else analyses
    statuses = {EXIT_NOTHING}
    for analysis in found(args, args.inputs, modes):
        if analysis is None:
            statuses.add(EXIT_USAGE)
            continue
        for module in analysis.modules:
            unbound = "refused, nothing of it is bound: " if module.is_refused else ""
            for failure in module.failures:
                why = f"{failure.kind}: {failure.name} {failure.detail}".strip()
                complain(f"{module.name}: {unbound}{why}")
            statuses.update([EXIT_CLEAN] if unbound else [])
        for line in _rendered(analysis, statuses):
            write(line, None)
            statuses.add(EXIT_CLEAN)
    return overall(statuses)


def _rendered(analysis: Analysis, statuses: set[int]) -> Iterator[Text]:
    """The lines of one analysis, up to where it fails."""
    from collide.report import bindings  # late: start-up

    try:
        yield from bindings.render(analysis)
    except Exception as e:
        complain_of(problem_of(f"{analysis.target.name} on {analysis.host.name}", e))
        statuses.add(EXIT_USAGE)
