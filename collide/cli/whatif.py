"""``collide whatif``: what a change of the wheel or of the host changes."""

from __future__ import annotations

from collide import api
from collide.cli.inputs import all_hosts, targets
from collide.cli.options import format_argument, host_arguments
from collide.cli.streams import (
    EXIT_CLEAN,
    EXIT_FINDINGS,
    EXIT_NOTHING,
    EXIT_USAGE,
    complain,
    complain_of,
    write,
)
from collide.support.errors import InputError, UsageError
from collide.support.faults import problem_of
from collide.support.foreign import joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from collide.whatif.edits import Edit
    from collide.whatif.whatif import WhatIf


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``collide whatif``."""
    parser.add_argument("inputs", nargs="+", metavar="WHEEL|DIR|SO")
    host_arguments(parser, required=True)
    parser.add_argument(
        "--apply",
        action="append",
        default=[],
        metavar="MEMBER=CHANGE",
        help="link members that match the pattern in another way: -Bsymbolic, "
        "-Bsymbolic-functions, -Bsymbolic-non-weak-functions, hide[=NAMES], export=NAMES, "
        "protect[=NAMES], rename[=NAMES], version=NODE, soname[=NAME], direct; repeatable",
    )
    parser.add_argument(
        "--apply-host",
        action="append",
        default=[],
        metavar="LIB=CHANGE",
        help="the same for libraries of the host; local: opened RTLD_LOCAL, not linked; "
        "deepbind: opened RTLD_DEEPBIND, not linked",
    )
    parser.add_argument(
        "--without-host-lib",
        action="append",
        default=[],
        metavar="LIB",
        help="the host as it would be without the libraries that match",
    )
    parser.add_argument(
        "--deepbind",
        action="append",
        nargs="?",
        const="*",
        default=[],
        metavar="GLOB",
        help="open the modules that match RTLD_DEEPBIND, all without a GLOB; repeatable",
    )
    parser.add_argument(
        "--rename-map",
        metavar="FILE",
        help="write what rename does, for patchelf --rename-dynamic-symbols",
    )
    format_argument(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="write the result to FILE")
    parser.add_argument("-v", "--verbose", action="store_true", help="list every symbol")


def run(args: argparse.Namespace) -> int:
    """Run the command; the result is the exit status. Raises CollideError.

    The status is 1 when something fails to load that did not before.
    """
    from collide.report import whatif as report  # late: start-up
    from collide.whatif.edits import (  # late: start-up
        DEEPBIND,
        WITHOUT,
        Edit,
        LinkChange,
        parse_edit,
    )

    edits = [parse_edit(text) for text in args.apply]
    edits += [Edit(glob, LinkChange(DEEPBIND)) for glob in args.deepbind]
    host_edits = [parse_edit(text) for text in args.apply_host]
    host_edits += [Edit(lib, LinkChange(WITHOUT)) for lib in args.without_host_lib]
    if not edits and not host_edits:
        raise UsageError(
            "nothing to try: name an --apply, --deepbind, --apply-host or --without-host-lib"
        )
    unreadable: list[InputError] = []
    misfit, results = _results(args, edits, host_edits, unreadable)
    for problem in unreadable:
        complain_of(problem)
    if args.rename_map is not None and results:
        _write_map(args.rename_map, results)
    if args.format == "json":
        write(report.render_json(results, edits, host_edits), args.output)
    elif results:
        texts = [report.render(r, edits, host_edits, verbose=args.verbose) for r in results]
        write(joined(texts), args.output)
    if unreadable or (misfit and not results):
        return EXIT_USAGE
    if not results:
        return EXIT_NOTHING
    return EXIT_FINDINGS if any(result.balance.new for result in results) else EXIT_CLEAN


def _write_map(path: str, results: list[WhatIf]) -> None:
    """Write one map for all; which members it is for goes to stderr."""
    from collide.report.whatif import render_map  # late: start-up
    from collide.whatif.whatif import rename_map  # late: start-up

    maps = [rename_map(result) for result in results]
    write(render_map({pair for renamed, _ in maps for pair in renamed.items()}), path)
    for members in dict.fromkeys(members for _, members in maps):
        complain(f"{path} is for {', '.join(members)}")


def _results(
    args: argparse.Namespace,
    edits: list[Edit],
    host_edits: list[Edit],
    unreadable: list[InputError],
) -> tuple[bool, list[WhatIf]]:
    """Whether any input does not fit a host, and the comparisons of those that do."""
    misfit, results = False, []
    hosts = all_hosts(args, unreadable)
    for target in targets(args.inputs, unreadable):
        unreadable += target.problems
        for host in hosts:
            try:
                result = api.whatif(target, host, edits, host_edits)
            except UsageError:
                raise
            except Exception as e:
                unreadable.append(problem_of(f"{target.name} on {host.name}", e))
                continue
            if result.before.left_out is None:
                results.append(result)
                continue
            misfit |= bool(target.members)
            reason = result.before.left_out if target.members else "it has no shared object"
            complain(f"{target.name}: {host.name}: {reason}")
    return misfit, results
