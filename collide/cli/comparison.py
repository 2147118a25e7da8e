"""The comparison of two link footprints, as ``diff`` and ``footprint`` make it."""

from __future__ import annotations

from collide.cli.options import fail_on_argument, format_argument
from collide.cli.streams import complain, threshold_status, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Sequence

    from collide.findings.impact import Impact
    from collide.hosts.footprint import Footprint
    from collide.loader.host import Host


def comparison_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of a comparison."""
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="PATTERN",
        help="growth that is accepted, by library or search path (libbz2.so.*); repeatable",
    )
    parser.add_argument(
        "--allow-list", metavar="FILE", help="the same from a file of lines `PATTERN  # reason`"
    )
    format_argument(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="write the comparison to FILE")
    fail_on_argument(parser, "warning")
    parser.add_argument("-v", "--verbose", action="store_true", help="list every symbol")


def report_comparison(
    args: argparse.Namespace,
    old: Footprint,
    new: Footprint,
    impacts: Sequence[Impact] | None = None,
    *,
    recorded: Callable[[], Iterable[Host]] | None = None,
) -> int:
    """Write what ``new`` gained and lost; the exit status.

    With ``recorded`` hosts each gained library is told with its figures.
    """
    from pathlib import Path  # late: start-up

    from collide.findings.footprint import (  # late: start-up
        GAINED_LIBRARY,
        Allowed,
        compare,
        read_allowed,
    )
    from collide.report import footprint as report  # late: start-up

    allowed = [Allowed(pattern, "") for pattern in args.allow]
    if args.allow_list:
        allowed += read_allowed(Path(args.allow_list))
    comparison = compare(old, new, allowed)
    gained = [c for c in comparison.changes if c.code is GAINED_LIBRARY and c.gained]
    if recorded is not None and gained:
        from collide.findings.gained import gained_evidence, recorded_builds  # late: start-up

        libraries, builds = {lib.name: lib for lib in new.libraries}, recorded_builds(recorded())
        changes = (
            c._replace(evidence=gained_evidence(libraries[c.subject], builds, impacts))
            if c in gained
            else c
            for c in comparison.changes
        )
        comparison = comparison._replace(changes=tuple(changes))
    for pattern in comparison.unused:
        complain(f"{pattern} allows nothing that came")
    if args.format == "json":
        write(report.render_json(comparison, impacts), args.output)
    else:
        write(report.render(comparison, impacts, verbose=args.verbose), args.output)
    grown = (c.severity for c in comparison.changes if c.gained and c.allowed is None)
    return threshold_status(max(grown, default=None), args.fail_on)
