"""``collide profiles``: the shipped hosts, and how each library of one was found."""

from __future__ import annotations

from collide.cli.options import format_argument
from collide.cli.streams import EXIT_CLEAN, EXIT_USAGE, complain, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``collide profiles``."""
    parser.add_argument(
        "what",
        nargs="*",
        metavar="[show] NAME",
        help="names, patterns or groups to list; with `show`, the tree of what each loads",
    )
    format_argument(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="write to FILE")
    parser.add_argument("-v", "--verbose", action="store_true", help="list libraries and packages")


def run(args: argparse.Namespace) -> int:
    """Run the command; the result is the exit status. Raises CollideError."""
    from collide.hosts.inventory import inventory  # late: start-up
    from collide.hosts.select import shipped  # late: start-up
    from collide.report import profiles  # late: start-up

    show = args.what[:1] == ["show"]
    specs = args.what[1:] if show else args.what
    if show and not specs:
        complain("profiles show needs a NAME, a pattern or a group")
        return EXIT_USAGE
    entries = [inventory(name) for name in shipped(specs)]
    if args.format == "json":
        write(profiles.render_json(entries), args.output)
    elif show:
        write("\n".join(map(profiles.render_tree, entries)), args.output)
    else:
        write(profiles.render_list(entries, verbose=args.verbose), args.output)
    return EXIT_CLEAN
