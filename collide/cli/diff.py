"""``collide diff``: what a host's link footprint gained and lost."""

from __future__ import annotations

from collide import api
from collide.cli.comparison import comparison_arguments, report_comparison
from collide.cli.inputs import targets
from collide.cli.streams import EXIT_USAGE, complain_of
from collide.support.errors import InputError, UsageError
from collide.support.faults import problem_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from collide.loader.host import Host


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``collide diff``."""
    parser.add_argument(
        "hosts",
        nargs="+",
        metavar="HOST",
        help="OLD and NEW: profile names, profile files or binaries; only NEW with --against",
    )
    parser.add_argument("--against", metavar="HOST", help="what HOST does not bring")
    comparison_arguments(parser)
    parser.add_argument(
        "--impact",
        nargs="+",
        default=[],
        metavar="WHEEL",
        help="show what of these wheels is newly shadowed",
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; the result is the exit status. Raises CollideError."""
    from collide.hosts.footprint import of_host  # late: start-up

    named = [*([args.against] if args.against else []), *args.hosts]
    if len(named) != 2:
        raise UsageError("diff needs OLD and NEW, or one host and --against another")
    old, new = map(_host, named)
    unreadable: list[InputError] = []
    impacts = None
    if args.impact:
        from collide.findings.impact import impact  # late: start-up

        impacts = []
        for target in targets(args.impact, unreadable):
            try:
                impacts.append(impact(target, old, new))
            except Exception as e:
                unreadable.append(problem_of(target.name, e))
    for problem in unreadable:
        complain_of(problem)
    status = report_comparison(args, of_host(old), of_host(new), impacts)
    return EXIT_USAGE if unreadable else status


def _host(spec: str) -> Host:
    found = api.load_hosts(spec)
    if len(found) != 1:
        raise UsageError(f"{spec} names {len(found)} hosts, diff compares two")
    return found[0]
