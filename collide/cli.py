"""Arguments, streams and exit codes; no logic.

Everything but the standard library's cheapest modules is imported when a
command needs it, so that ``collide --version`` starts at once.
"""

from __future__ import annotations

import io
import os
import sys

import collide
from collide.errors import CollideError, InputError

TYPE_CHECKING = False  # typing's own costs more to import than all of this module
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

    from collide.analysis import Analysis
    from collide.host import Host
    from collide.wheel import Target

EXIT_CLEAN, EXIT_FINDINGS, EXIT_USAGE, EXIT_NOTHING = 0, 1, 2, 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the result is the exit status."""
    import gc

    # Facts are many, live long and hold few cycles: looking for garbage among them is wasted.
    gc.set_threshold(500_000)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names in ELF files are bytes that need not be text in any encoding.
        sys.stdout.reconfigure(errors="backslashreplace")
    args = _parser().parse_args(argv)
    try:
        if sys.stdout is None:
            raise InputError("standard output", "is closed")
        status: int = args.run(args)
        sys.stdout.flush()
    except OSError as e:
        if e.filename is None:
            # The reader has gone (``collide ... | head``), or the disk is full.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(e, BrokenPipeError):
            _complain(f"{e.filename or 'standard output'}: {e.strerror}")
        return EXIT_USAGE
    except CollideError as e:
        _complain(str(e))
        return EXIT_USAGE
    except KeyboardInterrupt:
        return 130
    return status


def _complain(message: str) -> None:
    first_line = " ".join(message.split())
    print(f"collide: {first_line}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    import argparse

    parser = argparse.ArgumentParser(
        prog="collide",
        description="Predict which symbols of a wheel the dynamic loader takes from somebody else.",
    )
    parser.add_argument("--version", action="version", version=f"collide {collide.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    check = commands.add_parser("check", help="find what breaks, wheels on hosts")
    check.add_argument("inputs", nargs="+", metavar="WHEEL|DIR|SO")
    _host_arguments(check, required=False)
    check.add_argument("--format", choices=("text", "json"), default="text")
    check.add_argument("-o", "--output", metavar="FILE", help="write the report to FILE")
    check.add_argument(
        "--fail-on",
        choices=("error", "warning", "note", "never"),
        default="error",
        help="lowest severity that makes the exit status 1 (default: error)",
    )
    check.add_argument("-v", "--verbose", action="store_true", help="list every symbol")
    check.set_defaults(run=_check)

    profile = commands.add_parser("profile", help="record a host; nothing is executed")
    profile.add_argument("binary", metavar="BINARY")
    profile.add_argument(
        "-o", "--output", metavar="FILE", help=".json or .json.xz; default: stdout"
    )
    profile.add_argument("--root", metavar="DIR", default="/", help="root file system of BINARY")
    _opening_arguments(profile)
    profile.add_argument("--library-path", metavar="DIRS", help="its LD_LIBRARY_PATH")
    profile.add_argument("--name", metavar="N", help="name of the profile")
    profile.set_defaults(run=_profile)

    bindings = commands.add_parser("bindings", help="every binding, as JSON lines")
    bindings.add_argument("inputs", nargs="+", metavar="WHEEL|DIR|SO")
    _host_arguments(bindings, required=True)
    bindings.add_argument("--module", metavar="GLOB", help="only modules that match")
    bindings.set_defaults(run=_bindings)

    explain = commands.add_parser("explain", help="the walk to one symbol, or what a code means")
    explain.add_argument("input", metavar="WHEEL|DIR|SO|CODE")
    explain.add_argument("symbol", nargs="?", metavar="SYMBOL")
    _host_arguments(explain, required=False)
    explain.add_argument("--module", metavar="GLOB", help="only modules that match")
    explain.set_defaults(run=_explain)
    return parser


def _host_arguments(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument(
        "--profile",
        action="append",
        default=[],
        required=required,
        metavar="P",
        help="a shipped name or pattern, a profile file, or a path to a binary; repeatable",
    )
    _opening_arguments(parser)


def _opening_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--preload", action="append", default=[], metavar="LIB", help="a library in LD_PRELOAD"
    )
    parser.add_argument(
        "--global",
        dest="rtld_global",
        action="append",
        default=[],
        metavar="LIB",
        help="a library that the binary opens RTLD_GLOBAL (a plugin with its closure)",
    )


# -- commands -------------------------------------------------------------------------------------


def _check(args: argparse.Namespace) -> int:
    from collide.check import check
    from collide.codes import Severity
    from collide.report import json as json_report
    from collide.report import text

    hosts = _hosts(args)
    unreadable: list[InputError] = []
    report = check(_targets(args.inputs, unreadable), hosts)
    problems = [*unreadable, *report.problems]
    for problem in problems:
        _complain(str(problem))
    if not report.judged:
        for line in dict.fromkeys(line for a in report.left_out for line in _left_out(a)):
            _complain(line)
    if args.format == "json":
        _write(json_report.render(report), args.output)
    elif report.judged or args.output:
        _write(text.render(report, verbose=args.verbose), args.output)
    misfits = args.profile and any(a.target.members for a in report.left_out)
    if problems or (misfits and not report.judged):
        return EXIT_USAGE
    if not report.judged:
        return EXIT_NOTHING
    worst = report.worst()
    if worst is None or args.fail_on == "never":
        return EXIT_CLEAN
    return EXIT_FINDINGS if worst >= Severity[args.fail_on.upper()] else EXIT_CLEAN


def _hosts(args: argparse.Namespace) -> list[Host]:
    """The hosts to check on; what one of them lacks itself is told on stderr."""
    from collide.selection import select_hosts

    hosts = list(select_hosts(args.profile, preload=args.preload, rtld_global=args.rtld_global))
    for host in hosts:
        for f in host.failures:
            _complain(f"{host.name}: {f.object}: {f.kind}: {f.name} {f.detail}")
    return hosts


def _targets(inputs: Iterable[str], unreadable: list[InputError]) -> Iterator[Target]:
    """Read the inputs one after the other; what cannot be read is collected, not fatal."""
    from collide.wheel import find_inputs, read_target

    for name in inputs:
        try:
            paths = list(find_inputs([name]))
        except InputError as e:
            unreadable.append(e)
            continue
        for path in paths:
            try:
                yield read_target(path)
            except InputError as e:
                unreadable.append(e)


def _profile(args: argparse.Namespace) -> int:
    from collide.host import extract
    from collide.profile import record, to_bytes
    from collide.rootfs import Root

    root = Root(args.root)
    host = extract(
        _binary(args),
        root,
        name=args.name,
        preload=args.preload,
        rtld_global=args.rtld_global,
        library_path=args.library_path.split(":") if args.library_path else (),
    )
    for failure in host.failures:
        _complain(f"{failure.object}: needs {failure.name}: {failure.kind}; recorded as missing")
    data = to_bytes(
        record(host, root), compressed=bool(args.output and args.output.endswith(".xz"))
    )
    _write(data, args.output)
    return EXIT_CLEAN


def _binary(args: argparse.Namespace) -> str:
    """BINARY as an absolute path; a bare name is looked up in PATH, in this root only."""
    import shutil

    name: str = args.binary
    if args.root == "/" and "/" not in name and not os.path.exists(name):  # noqa: PTH110
        return shutil.which(name) or name
    return os.path.abspath(name) if args.root == "/" else os.path.join("/", name)  # noqa: PTH100, PTH118


def _left_out(analysis: Analysis) -> list[str]:
    """Why nothing of a target was opened; no line where its problems tell already."""
    target = analysis.target
    if target.members:
        return [f"{target.name}: {analysis.host.name}: {analysis.left_out}"]
    return [] if target.problems else [f"{target.name}: {analysis.left_out}"]


def _analyses(args: argparse.Namespace, inputs: Sequence[str]) -> Iterator[Analysis | None]:
    """The analyses that can be had; None for each that cannot, which is told on stderr.

    A target without anything to analyse is told of, too, but is no failure.
    """
    import fnmatch

    from collide.analysis import analyse

    hosts = _hosts(args)
    unreadable: list[InputError] = []
    for target in _targets(inputs, unreadable):
        unreadable += target.problems
        for host in hosts:
            analysis = analyse(target, host)
            if analysis.left_out:
                for line in _left_out(analysis):
                    _complain(line)
                if args.profile and target.members:
                    yield None
                continue
            modules = analysis.modules
            if args.module:
                modules = tuple(m for m in modules if fnmatch.fnmatch(m.name, args.module))
                if not modules:
                    _complain(f"{target.name}: no module matches {args.module}")
            yield analysis._replace(modules=modules)
    for problem in unreadable:
        _complain(str(problem))
        yield None


def _bindings(args: argparse.Namespace) -> int:
    from collide.report import bindings

    statuses = {EXIT_NOTHING}
    for analysis in _analyses(args, args.inputs):
        if analysis is None:
            statuses.add(EXIT_USAGE)
            continue
        for module in analysis.modules:
            for failure in module.failures:
                _complain(f"{module.name}: {failure.kind}: {failure.name} {failure.detail}".strip())
        for line in bindings.render(analysis):
            sys.stdout.write(line)
            statuses.add(EXIT_CLEAN)
    return _overall(statuses)


def _overall(statuses: set[int]) -> int:
    """What could not be read outweighs a result, and any result outweighs none."""
    return next(s for s in (EXIT_USAGE, EXIT_CLEAN, EXIT_NOTHING) if s in statuses)


def _explain(args: argparse.Namespace) -> int:
    from collide.codes import CODES
    from collide.explain import explain
    from collide.report import text, walk

    if args.symbol is None:
        code = CODES.get(args.input.upper())
        if code is None:
            _complain(f"{args.input} is no code, and no SYMBOL is given")
            return EXIT_USAGE
        sys.stdout.write(text.render_code(code))
        return EXIT_CLEAN
    statuses = {EXIT_NOTHING}
    for analysis in _analyses(args, [args.input]):
        if analysis is None:
            statuses.add(EXIT_USAGE)
            continue
        told = walk.render(analysis, explain(analysis, args.symbol))
        if told:
            sys.stdout.write(told)
            statuses.add(EXIT_CLEAN)
    if statuses == {EXIT_NOTHING}:
        _complain(f"{args.input}: no reference to {args.symbol} is looked up")
    return _overall(statuses)


def _write(data: str | bytes, output: str | None) -> None:
    """To stdout, or whole to a file: a failed run leaves no half-written one."""
    if output is None:
        stream: TextIO = sys.stdout
        stream.write(data if isinstance(data, str) else data.decode("ascii"))
        return
    from contextlib import suppress
    from pathlib import Path

    # What is no file (/dev/stdout, a pipe) is written to and never replaced.
    special = os.path.exists(output) and not os.path.isfile(output)  # noqa: PTH110, PTH113
    path = Path(output if special else os.path.realpath(output))
    partial = path if special else path.parent / f".{path.name}.partial"
    try:
        partial.write_bytes(
            data if isinstance(data, bytes) else data.encode(errors="backslashreplace")
        )
        partial.replace(path)
    except OSError as e:
        raise InputError(output, e.strerror or str(e)) from e
    finally:
        if not special:
            with suppress(OSError):
                partial.unlink()
