"""``collide diff``: what a host's link footprint gained and lost."""

from __future__ import annotations

from functools import partial

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
        help="OLD and NEW: profile names, groups, profile files or binaries, or this-python, the "
        "interpreter that runs collide; only NEW with --against",
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
    from collide.hosts.footprint import of_hosts  # late: start-up

    named = [*([args.against] if args.against else []), *args.hosts]
    if len(named) != 2:
        raise UsageError("diff needs OLD and NEW, or one host and --against another")
    old, new = map(_hosts, named)
    if args.impact and (len(old) > 1 or len(new) > 1):
        raise UsageError("--impact compares two hosts, no groups")
    old, new = _comparable(old, new)
    unreadable: list[InputError] = []
    impacts = None
    if args.impact:
        from collide.findings.impact import impact  # late: start-up

        impacts = []
        for target in targets(args.impact, unreadable):
            try:
                impacts.append(impact(target, old[0], new[0]))
            except Exception as e:
                unreadable.append(problem_of(target.name, e))
    for problem in unreadable:
        complain_of(problem)
    before, after = of_hosts(named[0], old), of_hosts(named[1], new)
    recorded = partial(_recorded, new[0].architecture)
    status = report_comparison(args, before, after, impacts, recorded=recorded)
    return EXIT_USAGE if unreadable else status


def _comparable(
    old: tuple[Host, ...], new: tuple[Host, ...]
) -> tuple[tuple[Host, ...], tuple[Host, ...]]:
    """The hosts of the architectures that both have; all where they share none.

    What only another architecture's hosts link is no news of this one.
    """
    shared = {host.architecture for host in old} & {host.architecture for host in new}
    if not shared:
        return old, new
    return (
        tuple(host for host in old if host.architecture in shared),
        tuple(host for host in new if host.architecture in shared),
    )


def _recorded(architecture: str) -> list[Host]:
    """The shipped hosts of an architecture: what differs between two says nothing of releases."""
    from collide.hosts.database import (  # late: start-up
        load_shipped,
        shipped_names,
        shipped_summary,
    )

    named = (name for name in shipped_names() if shipped_summary(name).architecture == architecture)
    return [load_shipped(name) for name in named]


def _hosts(spec: str) -> tuple[Host, ...]:
    """All hosts of a pattern or group, or that of a binary."""
    found = api.load_hosts(spec)
    if not found:
        raise UsageError(f"{spec} names no host")
    return found
