"""``collide profiles``: hosts as a list, or how each library of one was found."""

from __future__ import annotations

from collide.cli.options import format_argument, opening_arguments
from collide.cli.streams import EXIT_CLEAN, EXIT_USAGE, complain, write
from collide.support.faults import problems_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``collide profiles``."""
    parser.add_argument(
        "what",
        nargs="*",
        metavar="[show] P",
        help="a shipped name, pattern or group, a profile file, or a path to a binary to list "
        "(default: all shipped hosts); with `show`, the tree of what each loads",
    )
    opening_arguments(parser)
    format_argument(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="write to FILE")
    parser.add_argument("-v", "--verbose", action="store_true", help="list libraries and packages")


def run(args: argparse.Namespace) -> int:
    """Run the command; the result is the exit status. Raises CollideError."""
    from collide.hosts.inventory import Inventory  # late: start-up
    from collide.hosts.select import select  # late: start-up
    from collide.report import profiles  # late: start-up

    show = args.what[:1] == ["show"]
    specs = args.what[1:] if show else args.what
    if show and not specs:
        complain("profiles show needs a shipped name, a pattern, a group, a file or a binary")
        return EXIT_USAGE
    with problems_named(" and ".join(specs) or "the shipped hosts"):
        chosen = select(
            specs,
            preload=args.preload,
            rtld_global=args.rtld_global,
            library_path=args.library_path,
        )
        entries = [Inventory(candidate.summary, candidate.host) for candidate in chosen]
    if args.format == "json":
        write(profiles.render_json(entries), args.output)
    elif show:
        write(profiles.render_trees(entries), args.output)
    else:
        write(profiles.render_list(entries, verbose=args.verbose), args.output)
    return EXIT_CLEAN
