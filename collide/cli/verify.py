"""``collide verify``: predictions compared with the real host, which runs code of the wheel."""

from __future__ import annotations

import os

from collide.cli.analyses import analyses, import_analyses
from collide.cli.inputs import require_binary
from collide.cli.options import (
    after_argument,
    format_argument,
    import_argument,
    mode_arguments,
    modes_of,
    module_argument,
    opening_arguments,
    positive,
)
from collide.cli.streams import (
    EXIT_CLEAN,
    EXIT_FINDINGS,
    EXIT_NOTHING,
    EXIT_USAGE,
    complain,
    overall,
    write,
)
from collide.support.errors import UsageError
from collide.support.faults import problems_named
from collide.support.system import require_linux

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from collide.loader.host import Host
    from collide.verify.compare import Agreement, ModuleAgreement
    from collide.verify.runner import Runner, Started


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``collide verify``."""
    parser.add_argument("inputs", nargs="+", metavar="WHEEL|DIR|SO")
    parser.add_argument(
        "--profile", nargs=1, required=True, metavar="BINARY", help="the host to run"
    )
    opening_arguments(parser)
    module_argument(parser)
    after_argument(parser)
    import_argument(parser)
    mode_arguments(parser, rtld_global=False)
    parser.add_argument(
        "--run",
        metavar="TEMPLATE",
        help="the command that runs a Python {script} in the host; default: that of Blender, gdb, "
        "uwsgi, vim or weechat, or BINARY is a Python",
    )
    parser.add_argument(
        "--slots", action="store_true", help="read the memory of the host, not its loader's log"
    )
    parser.add_argument(
        "--timeout", type=float, default=120, metavar="SECONDS", help="for one process (120)"
    )
    parser.add_argument(
        "--exercise",
        metavar="SCRIPT",
        help="compare no bindings: run this Python script with the wheels, which are installed "
        "together, in plain Python, in the host, and there with the repaired wheels; "
        "bundled: the one that collide has for the first package",
    )
    parser.add_argument(
        "--runs", type=positive, default=3, metavar="N", help="of --exercise, each (3)"
    )
    format_argument(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="write the report to FILE")


def run(args: argparse.Namespace) -> int:
    """Run the command; the result is the exit status. Raises CollideError."""
    require_linux("verify, which runs the host,")
    if args.imports and (args.module or args.exercise is not None):
        raise UsageError("--import gives the modules and their order: no --module, no --exercise")
    if args.exercise is not None:
        from collide.cli.measure import run_exercise  # late: start-up

        return run_exercise(args)
    from collide.report import verify as report  # late: start-up

    statuses = {EXIT_NOTHING}
    agreements = []
    for agreement in _agreements(args):
        if agreement is None:
            statuses.add(EXIT_USAGE)
            continue
        agreements.append(agreement)
        for problem in agreement.problems:
            complain(f"{agreement.analysis.target.name}: {problem}")
            statuses.add(EXIT_USAGE)
        if agreement.differences:
            statuses.add(EXIT_FINDINGS)
        if any(m.seen or m.failure for m in agreement.opened):
            statuses.add(EXIT_CLEAN)
    if args.format == "json":
        write(report.render_json(agreements), args.output)
    elif agreements or args.output:
        write(report.render(agreements), args.output)
    return overall(statuses)


def _agreements(args: argparse.Namespace) -> Iterator[Agreement | None]:
    """One target after the other; None for each failure, reported on stderr."""
    from pathlib import Path  # late: start-up
    from tempfile import TemporaryDirectory  # late: start-up

    from collide.filesystems.root import Root  # late: start-up
    from collide.support.files import working_directory  # late: start-up
    from collide.verify.compare import (  # late: start-up
        Agreement,
        install,
        verify,
        verify_start_up,
    )

    runner = None
    with working_directory() as directory:
        found = import_analyses if args.imports else analyses
        for analysis in found(args, args.inputs, modes_of(args)):
            if analysis is None:
                yield None
            if analysis is None or not analysis.modules:
                continue
            start_up: tuple[ModuleAgreement, ...] = ()
            if runner is None:
                runner, started = _start(args, analysis.host, Path(directory).resolve())
                if isinstance(analysis.host.files, Root):
                    start_up = (verify_start_up(analysis.host, analysis.host.files, started),)
            with TemporaryDirectory(dir=directory) as root:
                runner.root = ""
                with problems_named(analysis.target.name):
                    if analysis.target.on_disk is None:
                        runner.root = str(Path(root).resolve())
                        install(analysis.target, Path(runner.root))
                    modules = (*start_up, *verify(analysis, runner))
                yield Agreement(analysis, runner.by_slots, modules)


def _start(args: argparse.Namespace, host: Host, scratch: Path) -> tuple[Runner, Started]:
    """The host, run once without opening anything."""
    from collide.hosts.commands import command_line  # late: start-up
    from collide.loader.libc import libc_of  # late: start-up
    from collide.verify.runner import Runner  # late: start-up

    require_binary(args, host)
    command = command_line(host.path, args.run)
    complain(f"runs {' '.join(command)}, and in it code of the inputs")
    runner = Runner(host, command, scratch, os.environ, by_slots=args.slots, timeout=args.timeout)
    started = runner.start()
    if runner.by_slots and not args.slots:
        prints = libc_of(host.loader).prints_bindings
        why = " here (glibc 2.36.0, or secure mode)" if prints else ""
        complain(f"{host.loader.path} prints no bindings{why}: slots in memory are read instead")
    return runner, started
