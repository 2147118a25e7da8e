"""``collide footprint``: what a binary links, compared with a baseline."""

from __future__ import annotations

from collide.cli.comparison import comparison_arguments, report_comparison
from collide.cli.inputs import all_hosts, host_in_root
from collide.cli.options import opening_arguments, root_arguments
from collide.cli.streams import EXIT_CLEAN, complain, write
from collide.support.errors import InputError, UsageError
from collide.support.faults import problems_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from collide.loader.host import Host


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``collide footprint``."""
    parser.add_argument("profile", nargs=1, metavar="BINARY", help="or a profile, by name or file")
    root_arguments(parser)
    parser.add_argument("--baseline", metavar="FILE", help="what it brought when it was recorded")
    parser.add_argument("--update", action="store_true", help="write the baseline anew")
    opening_arguments(parser)
    comparison_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; the result is the exit status. Raises CollideError.

    Without a baseline the footprint is printed as one.
    """
    from pathlib import Path  # late: start-up

    from collide.hosts.footprint import of_host, read_baseline, to_baseline  # late: start-up

    with problems_named(args.profile[0]):
        footprint = of_host(_only(args))
    if args.baseline is None:
        if args.update:
            raise UsageError("--update needs --baseline FILE")
        write(to_baseline(footprint), args.output)
        return EXIT_CLEAN
    path = Path(args.baseline)
    if args.update:
        write(to_baseline(footprint), args.baseline)
        return EXIT_CLEAN
    if not path.exists():
        raise InputError(args.baseline, "no such baseline; write one with --update")
    with problems_named(args.baseline):
        baseline = read_baseline(path)
    status = report_comparison(args, baseline._replace(name=args.baseline), footprint)
    if status == EXIT_CLEAN and to_baseline(baseline) != to_baseline(footprint):
        complain(f"{args.baseline}: is not up to date; --update writes it anew")
    return status


def _only(args: argparse.Namespace) -> Host:
    if args.root != "/":
        return host_in_root(args, args.profile[0])[0]
    found = all_hosts(args, [])
    if len(found) != 1:
        raise UsageError(f"{args.profile[0]} names {len(found)} hosts, a baseline is for one")
    return found[0]
