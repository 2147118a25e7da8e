"""``collide profile``: a host in a file, as it starts, after one run of a command, or running."""

from __future__ import annotations

from collide import api
from collide.cli.inputs import host_in_root, image_of_run
from collide.cli.options import at_argument, opening_arguments, root_arguments
from collide.cli.streams import EXIT_CLEAN, complain, write
from collide.support.errors import InputError, UsageError
from collide.support.faults import problems_named
from collide.support.foreign import json_of
from collide.support.system import require_linux
from collide.support.time_limit import timed

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from collide.filesystems.root import Root
    from collide.loader.host import Host


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``collide profile``."""
    parser.add_argument("binary", nargs="?", metavar="BINARY")
    parser.add_argument(
        "--pid", type=int, metavar="PID", help="record the process of this number as it is now"
    )
    parser.add_argument(
        "--pid-of",
        metavar="NAME",
        help="behind `-- COMMAND...`: record the process that runs this program, by file name; "
        "default: the command itself",
    )
    at_argument(parser)
    parser.add_argument(
        "--timeout",
        type=float,
        default=300,
        metavar="SECONDS",
        help="for COMMAND without --at (300)",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help=".json or .json.xz; default: stdout")
    root_arguments(parser)
    opening_arguments(parser)
    parser.add_argument("--name", metavar="N", help="name of the profile")
    parser.add_argument(
        "--library",
        action="append",
        default=[],
        metavar="NAME|GLOB",
        help="record these libraries of the search directories in full, too; repeatable",
    )
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

    if sum((args.binary is not None, args.pid is not None, bool(args.command))) != 1:
        raise UsageError("profile takes BINARY, --pid PID, or `-- COMMAND...`, which it executes")
    if args.at is not None and not args.command:
        raise UsageError("--at is for `-- COMMAND...`")
    if args.command:
        require_linux("to record a run of a command")
        _refuse_options(args, "`-- COMMAND...`: the run decides it")
        host, root = _after_run(args) if args.at is None else _at(args)
    elif args.pid is not None:
        require_linux("to read a running process")
        _refuse_options(args, "--pid: the process decides it")
        host, root = _of_process(args)
    else:
        host, root = host_in_root(args, args.binary, name=args.name)
    if args.probes:
        _print_probes(host, root, args.format)
        if args.output is None:
            return EXIT_CLEAN
    named = args.binary or (args.command[0] if args.command else f"process {args.pid}")
    with problems_named(named if args.root == "/" else args.root), timed(named):
        recorded = record(host, root, args.library)
    data = to_bytes(recorded, compressed=bool(args.output and args.output.endswith(".xz")))
    write(data, args.output)
    return EXIT_CLEAN


def _refuse_options(args: argparse.Namespace, why: str) -> None:
    given = {
        "--root": args.root != "/",
        "--image": args.image,
        "--ldconfig": args.ldconfig,
        "--preload": args.preload,
        "--global": args.rtld_global,
        "--library-path": args.library_path,
        "--probes": args.probes,
    }
    for option, value in given.items():
        if value:
            raise UsageError(f"{option} does not go with {why}")


def _of_process(args: argparse.Namespace) -> tuple[Host, Root]:
    """The host that a running process is; what it lacks is reported on stderr."""
    from collide.inspect.recording import record_process  # late: start-up

    found = record_process(args.pid, args.name)
    for note in found.notes:
        complain(note)
    return found.host, found.root


def _at(args: argparse.Namespace) -> tuple[Host, Root]:
    """The host that a process of the command is at a moment, read from its memory."""
    import os  # late: start-up
    from pathlib import Path  # late: start-up

    from collide.filesystems.root import Root  # late: start-up
    from collide.inspect.recording import record_image, steering_of  # late: start-up

    if args.pid_of is not None:
        raise UsageError("--pid-of does not go with --at: the signal decides it")
    image = image_of_run(args.command, args.at, "record")
    found = record_image(image, Root(), args.name, steering_of(os.environ), Path.cwd())
    for note in found.notes:
        complain(note)
    return found.host, found.root


def _after_run(args: argparse.Namespace) -> tuple[Host, Root]:
    """The host after one run of the command; what it lacks is reported on stderr."""
    import os  # late: start-up
    import shlex  # late: start-up
    from pathlib import Path  # late: start-up

    from collide.filesystems.root import Root  # late: start-up
    from collide.verify.recorded_run import record_run, replay  # late: start-up

    _require_log(args.command[0])
    complain(f"executes {shlex.join(args.command)}")
    cwd = Path.cwd()
    plan, ran = record_run(
        args.command, environment=os.environ, cwd=cwd, program=args.pid_of, timeout=args.timeout
    )
    if ran.status:
        complain(f"{args.command[0]} {ran.ending}; what it opened until then is recorded")
    replayed = replay(plan, environment=os.environ, cwd=cwd, name=args.name)
    for name in plan.refused:
        complain(f"{name}: the run tried to open it, and it did not open: not recorded")
    for path in plan.closed:
        complain(f"{path}: the run has closed it again: not recorded")
    for path in plan.elsewhere:
        complain(f"{path}: the run has opened it in another namespace: not recorded")
    for difference in replayed.differences:
        complain(difference)
    files = replayed.host.files
    assert isinstance(files, Root)
    return replayed.host, files


def _require_log(program: str) -> None:
    """Raise UsageError for a program whose loader is known to print no log."""
    from collide.hosts.select import locate  # late: start-up
    from collide.loader.libc import libc_of  # late: start-up

    try:
        host = api.extract_host(locate(program))
    except InputError:
        # A script, or something that will not run: the run shows which.
        return
    if not libc_of(host.loader).prints_bindings:
        raise UsageError(f"{program}: {host.loader.libc}'s loader has no LD_DEBUG to record a run")


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
