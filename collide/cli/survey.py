"""``collide survey``: many wheels on many hosts, as a dataset."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from collide.cli.options import positive
from collide.cli.progress import TerminalProgress
from collide.cli.streams import EXIT_CLEAN, EXIT_FINDINGS, complain, say, write
from collide.support.errors import MissingPackageError, UsageError
from collide.support.foreign import text_of
from collide.support.system import require_linux, usable_cpus
from collide.support.text import plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from collide.survey.survey import Options, Prepared


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``collide survey``."""
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="a project (`lxml<6`), a wheel, a directory, requirements.txt, pylock.toml, an SBOM "
        "(CycloneDX JSON), the address of a simple index (it ends in /), of a wheel or of a bucket "
        "(fsspec), or - for lines on stdin; `diff OLD NEW` compares two datasets",
    )
    parser.add_argument(
        "--profile",
        action="append",
        default=[],
        metavar="P",
        help="a host, as for `collide check` (default: all shipped ones)",
    )
    parser.add_argument("-o", "--output", metavar="DIR", help="the dataset; an old one is gone on")
    parser.add_argument(
        "--engine",
        default="local",
        metavar="local|ADDRESS",
        help="workers of this machine, or of the Dask scheduler at tcp://HOST:PORT, which see DIR",
    )
    parser.add_argument(
        "--workers",
        type=positive,
        default=usable_cpus(),
        metavar="N",
        help="of this machine (default: the CPUs that collide may use)",
    )
    _choice_arguments(parser)
    _index_arguments(parser)


def _choice_arguments(parser: argparse.ArgumentParser) -> None:
    """Which wheels are checked, and how long."""
    parser.add_argument(
        "--tags",
        choices=("newest", "all"),
        default="newest",
        help="one wheel of the newest release (x86-64 manylinux where there is one), or all",
    )
    parser.add_argument(
        "--since", default="", metavar="DATE", help="uploaded at or after, 2026-11-29"
    )
    parser.add_argument(
        "--pairs",
        action="store_true",
        help="bind every two of the wheels that can change something for each other, too",
    )
    parser.add_argument(
        "--memory", type=positive, default=4096, metavar="MIB", help="for one wheel (4096)"
    )
    parser.add_argument("--seconds", type=positive, default=1800, help="for one wheel (1800)")


def _index_arguments(parser: argparse.ArgumentParser) -> None:
    """How an index is asked."""
    parser.add_argument("--index", default="", metavar="URL", help="of the simple index to ask")
    parser.add_argument("--contact", default="", help="who runs this, for the user agent")
    parser.add_argument(
        "--per-second", type=float, default=10, help="requests to one host, of a worker (10)"
    )
    parser.add_argument(
        "--cache", default="", metavar="DIR", help="where pages of an index are kept"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; the result is the exit status. Raises CollideError."""
    require_linux("survey")
    _require_extra()
    if args.inputs[0] == "diff":
        return _diff(args)
    if not args.output:
        raise UsageError("survey needs -o DIR, the directory of the dataset")
    from collide.survey.summary import write_summary  # late: of the extra
    from collide.survey.survey import prepare  # late: of the extra

    directory = Path(args.output)
    options = _options(args, directory)
    prepared = prepare(options)
    say(
        f"{plural(len(prepared.wheels), 'wheel')} on {plural(len(prepared.hosts), 'host')}, "
        f"{len(prepared.tasks)} left to do"
    )
    if prepared.tasks or options.pairs:
        _perform(args, options, prepared)
    say(write_summary(directory))
    return EXIT_CLEAN


def _perform(args: argparse.Namespace, options: Options, prepared: Prepared) -> None:
    from collide.survey.engine import dashboard, engine  # late: of the extra
    from collide.survey.plan import rules  # late: of the extra
    from collide.survey.survey import (  # late: of the extra
        perform_all,
        perform_all_pairs,
        prepare_pairs,
    )
    from collide.survey.together import pairs_line  # late: of the extra

    directory = options.directory
    try:
        with engine(args.engine, args.workers) as client:
            say(plural(len(client.nthreads()), "worker"))
            if address := dashboard(client):
                say(f"the dashboard is at {address}")
            with TerminalProgress() as progress:
                perform_all(client, directory, prepared.tasks, progress)
            if options.pairs:
                tasks = prepare_pairs(options, prepared)
                say(f"{plural(sum(len(task.pairs) for task in tasks), 'pair')} left to do")
                with TerminalProgress() as progress:
                    perform_all_pairs(client, directory, tasks, progress)
                say(pairs_line(directory, rules()))
    except KeyboardInterrupt:
        complain(f"{directory}: the same command goes on with it")
        raise


def _require_extra() -> None:
    try:
        import distributed  # noqa: F401  # late: of the extra
        import pyarrow  # noqa: F401  # late: of the extra
        import pypi_simple  # noqa: F401  # late: of the extra
    except ImportError as e:
        raise MissingPackageError(e.name or "distributed", "survey") from e


def _options(args: argparse.Namespace, directory: Path) -> Options:
    from collide.survey.index import DEFAULT  # late: of the extra
    from collide.survey.survey import Options  # late: of the extra
    from collide.survey.wheel import Bounds, Manners  # late: of the extra

    if args.per_second <= 0:
        raise UsageError("--per-second needs a number above 0")
    return Options(
        inputs=tuple(args.inputs),
        stdin=sys.stdin.read() if "-" in args.inputs else "",
        profiles=tuple(args.profile),
        directory=directory,
        index_url=args.index or os.environ.get("PIP_INDEX_URL") or DEFAULT,
        manners=Manners(args.per_second, args.contact, args.cache),
        tags=args.tags,
        since=_date(args.since),
        limit=args.count,
        bounds=Bounds(args.memory << 20, args.seconds, tuple(args.limit)),
        pairs=args.pairs,
    )


def _date(text: str) -> str:
    from datetime import date  # late: start-up

    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError as e:
        raise UsageError(f"--since {text}: no date as 2026-11-29") from e


def _diff(args: argparse.Namespace) -> int:
    """``survey diff OLD NEW``: status 1 where the new one has a cause that is worse."""
    from collide.survey.changes import changes, describe  # late: of the extra

    if len(args.inputs) != 3:
        raise UsageError("survey diff needs OLD and NEW, two datasets")
    found = changes(*map(Path, args.inputs[1:]))
    worse = [change for change in found if change.is_worse]
    lines = map(describe, found)
    write(text_of([*lines, f"{len(worse)} worse, {len(found) - len(worse)} better", ""]), None)
    return EXIT_FINDINGS if worse else EXIT_CLEAN
