"""``collide profile``: a host recorded in a file."""

from __future__ import annotations

from collide.cli.inputs import host_in_root
from collide.cli.options import opening_arguments, root_arguments
from collide.cli.streams import EXIT_CLEAN, write
from collide.support.errors import UsageError
from collide.support.faults import problems_named
from collide.support.foreign import json_of
from collide.support.time_limit import timed

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from collide.filesystems.root import Root
    from collide.loader.host import Host


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``collide profile``."""
    parser.add_argument("binary", metavar="BINARY")
    parser.add_argument("-o", "--output", metavar="FILE", help=".json or .json.xz; default: stdout")
    root_arguments(parser)
    opening_arguments(parser)
    parser.add_argument("--name", metavar="N", help="name of the profile")
    parser.add_argument(
        "--probes",
        action="store_true",
        help="count the files that the loader tries at start-up; the profile only goes to -o FILE",
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="of what --probes prints"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; the result is the exit status. Raises CollideError."""
    from collide.hosts.profile_file.write import record, to_bytes  # late: start-up

    host, root = host_in_root(args, args.binary, name=args.name)
    if args.probes:
        _print_probes(host, root, args.format)
        if args.output is None:
            return EXIT_CLEAN
    with problems_named(args.binary if args.root == "/" else args.root), timed(args.binary):
        recorded = record(host, root)
    data = to_bytes(recorded, compressed=bool(args.output and args.output.endswith(".xz")))
    write(data, args.output)
    return EXIT_CLEAN


def _print_probes(host: Host, root: Root, form: str) -> None:
    from collide.analysis.probes import at_start, countable  # late: start-up
    from collide.report.probes import render_start, start_as_json  # late: start-up

    if countable(host) is None:
        raise UsageError(f"{host.path}: probes are counted for glibc's loader only")
    found = at_start(host, root)
    if form == "json":
        write(json_of(start_as_json(host, found)), None)
    else:
        write(render_start(host, found), None)
