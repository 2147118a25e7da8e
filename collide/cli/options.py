"""Options that several commands have."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping

from collide.loader.opening import ModePatterns
from collide.support.errors import UsageError
from collide.support.limits import override

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from collide.processes.traced_run import At


def host_arguments(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """``--profile``, and what a binary opens that it names."""
    parser.add_argument(
        "--profile",
        action="append",
        default=[],
        required=required,
        metavar="P",
        help="a shipped name, pattern or group, a profile file, a path to a binary, or "
        "this-python, the interpreter that runs collide; repeatable; '!PATTERN' takes shipped "
        "ones out",
    )
    opening_arguments(parser)


def opening_arguments(parser: argparse.ArgumentParser) -> None:
    """``--preload``, ``--global`` and ``--library-path``: what a binary is started with."""
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
    parser.add_argument(
        "--library-path",
        action="append",
        default=[],
        metavar="DIRS",
        help="LD_LIBRARY_PATH of the binary: directories with colons between them; repeatable",
    )


def root_arguments(parser: argparse.ArgumentParser) -> None:
    """``--root``, ``--image`` and ``--ldconfig``: a binary of another system."""
    parser.add_argument(
        "--root",
        metavar="DIR|TAR",
        default="/",
        help="root file system of BINARY: a directory, a tar archive, an image of docker save or "
        "an OCI layout; read in place",
    )
    parser.add_argument("--image", metavar="NAME", help="tag or platform of an image in --root")
    parser.add_argument(
        "--ldconfig",
        action="store_true",
        help="where the root has no ld.so.cache, take what ldconfig would write into it",
    )


def mode_arguments(parser: argparse.ArgumentParser, *, rtld_global: bool = True) -> None:
    """``--rtld-global``, ``--rtld-lazy``, ``--rtld-deepbind``: the flags of a module's dlopen."""
    parser.set_defaults(mode_global=[])
    if rtld_global:
        _mode_argument(parser, "global", "modules to open RTLD_GLOBAL in one process")
    _mode_argument(parser, "lazy", "modules to open RTLD_LAZY in place of RTLD_NOW")
    _mode_argument(parser, "deepbind", "modules to open RTLD_DEEPBIND: their own closure first")


def _mode_argument(parser: argparse.ArgumentParser, flag: str, meaning: str) -> None:
    parser.add_argument(
        f"--rtld-{flag}",
        dest=f"mode_{flag}",
        action="append",
        default=[],
        metavar="GLOB",
        help=f"{meaning}; repeatable",
    )


def modes_of(args: argparse.Namespace) -> ModePatterns:
    """The record of what :func:`mode_arguments` has added."""
    flags = args.mode_global, args.mode_lazy, args.mode_deepbind
    return ModePatterns(*map(tuple, flags))


def after_argument(parser: argparse.ArgumentParser) -> None:
    """``--after``: imports of the interpreter's own modules."""
    parser.add_argument(
        "--after",
        action="append",
        default=[],
        metavar="MODULE",
        help="open behind `import MODULE` of the interpreter's own: ssl, sqlite3; repeatable",
    )


def import_argument(parser: argparse.ArgumentParser) -> None:
    """``--import``: what real imports open, in their order."""
    parser.add_argument(
        "--import",
        dest="imports",
        action="append",
        default=[],
        metavar="NAMES",
        help="open what importing these modules opens, in that order in one process: "
        "'torch; sklearn', read from the Python files of installed trees; repeatable",
    )


def at_argument(parser: argparse.ArgumentParser) -> None:
    """``--at``: when to look at the process of a COMMAND."""
    parser.add_argument(
        "--at",
        type=_moment,
        metavar="SECONDS|SIGNAL",
        help="read the COMMAND's process after so many seconds, or when it or one that it has "
        "started gets this signal, which it may send to itself (SIGUSR2); then end it; a fatal "
        "signal comes first",
    )


def _moment(text: str) -> At:
    """``2.5``, ``SIGUSR2`` or ``USR2`` as a moment."""
    import signal  # late: start-up

    from collide.processes.traced_run import At  # late: start-up

    try:
        seconds = float(text)
    except ValueError:
        name = f"SIG{text.removeprefix('SIG')}"
        if name not in signal.Signals.__members__ or name in ("SIGKILL", "SIGSTOP"):
            reason = f"{text!r} is neither a number of seconds nor a signal that can be caught"
            raise argparse.ArgumentTypeError(reason) from None
        return At(signal=signal.Signals[name])
    if not 0 <= seconds < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return At(seconds)


def module_argument(parser: argparse.ArgumentParser) -> None:
    """``--module``: only some modules."""
    parser.add_argument(
        "--module",
        action="append",
        default=[],
        metavar="GLOB",
        help="only modules that match; repeatable",
    )


def jobs_argument(parser: argparse.ArgumentParser) -> None:
    """``--jobs``: the number of processes."""
    parser.add_argument(
        "--jobs",
        type=positive,
        metavar="N",
        help="processes to share the inputs out among, or the hosts of a single one (default: the "
        "CPUs that collide may use, and 1 for little work)",
    )


def fail_on_argument(
    parser: argparse.ArgumentParser, default: str, *, configured: bool = False
) -> None:
    """``--fail-on``: the severity from which on the exit status is 1.

    With ``configured`` it is None where it is not given.
    """
    parser.add_argument(
        "--fail-on",
        choices=("error", "warning", "note", "never"),
        default=None if configured else default,
        help=f"lowest severity that makes the exit status 1 (default: {default})",
    )


def auditwheel_argument(parser: argparse.ArgumentParser) -> None:
    """``--auditwheel``."""
    parser.add_argument(
        "--auditwheel",
        action=argparse.BooleanOptionalAction,
        help="also tell what a wheel needs and its own manylinux or musllinux tag does not allow, "
        "by auditwheel's policies",
    )


def paranoid_argument(parser: argparse.ArgumentParser) -> None:
    """``--paranoid``."""
    parser.add_argument(
        "--paranoid",
        action="store_true",
        help="read the objects that findings are about a second time, with pyelftools, and compare",
    )


def counting_arguments(parser: argparse.ArgumentParser) -> None:
    """Which findings count, and the files that say so; see :mod:`collide.cli.configuration`."""
    for option, what in (("select", "count (default: all)"), ("ignore", "do not count")):
        parser.add_argument(
            f"--{option}",
            action="append",
            default=[],
            metavar="CODES",
            help=f"codes that {what}: COL109, COL1 for all that begin so, a slug; with commas",
        )
    parser.add_argument(
        "--minimum",
        choices=("error", "warning", "note"),
        help="lowest severity that is shown (default: note); changes no exit status",
    )
    parser.add_argument(
        "--baseline", metavar="FILE", help="known causes: only others count, and what is worse now"
    )
    parser.add_argument(
        "--update-baseline", action="store_true", help="write what is found to --baseline FILE"
    )
    parser.add_argument(
        "--config",
        metavar="FILE",
        help="the configuration (default: the nearest collide.toml, or pyproject.toml with "
        "[tool.collide], from the working directory upwards)",
    )
    parser.add_argument(
        "--isolated", action="store_true", help="take no configuration and no COLLIDE_ variable"
    )


def verbose_argument(parser: argparse.ArgumentParser) -> None:
    """``-v``: the findings below their causes; ``-vv``: every name."""
    parser.add_argument(
        "-v",
        "--verbose",
        action="count",
        default=0,
        help="show each finding with its evidence, and what was left out; -vv: every symbol",
    )


def color_argument(parser: argparse.ArgumentParser) -> None:
    """``--color``: whether text is coloured."""
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="colours and hyperlinks (default: on a terminal, as NO_COLOR and FORCE_COLOR say)",
    )


def format_argument(parser: argparse.ArgumentParser) -> None:
    """``--format`` of a command that writes text or one JSON document."""
    parser.add_argument("--format", choices=("text", "json"), default="text")


def limit_argument(parser: argparse.ArgumentParser, *, counts: bool) -> None:
    """``--limit``: another value of one of the limits on inputs.

    ``counts`` is whether a plain number limits how many inputs there are, as ``args.count``.
    """
    parser.add_argument(
        "--limit",
        action=_count_or_limit() if counts else "append",
        default=[],
        metavar="N|NAME=VALUE" if counts else "NAME=VALUE",
        help="the first N wheels only; or, repeatable, "
        * counts
        + "another limit on what an input may ask for (64M, 2G), of those that "
        "'collide explain security' lists" + "; repeatable" * (not counts),
    )
    if counts:
        parser.set_defaults(count=None)


def _count_or_limit() -> type[argparse.Action]:
    class CountOrLimit(argparse.Action):
        """Keeps a number as the count, and appends what is none."""

        def __call__(
            self,
            parser: argparse.ArgumentParser,
            namespace: argparse.Namespace,
            values: Any,
            option_string: str | None = None,
        ) -> None:
            """See :class:`argparse.Action`."""
            try:
                namespace.count = positive(values)
            except ValueError:
                if "=" not in values:
                    parser.error(f"argument {option_string}: {values} is no number above 0")
                namespace.limit = [*namespace.limit, values]

    return CountOrLimit


_LIMIT = "COLLIDE_LIMIT_"


def set_limits(environment: Mapping[str, str], options: Iterable[str]) -> None:
    """Set the limits that the environment and ``--limit`` name, the option over the environment.

    Raises UsageError for a name or a value that is none.
    """
    settings = {
        variable.removeprefix(_LIMIT).lower().replace("_", "-"): text
        for variable, text in environment.items()
        if variable.startswith(_LIMIT)
    }
    for option in options:
        name, equals, text = option.partition("=")
        if not equals:
            raise UsageError(f"--limit {option}: write NAME=VALUE")
        settings[name] = text
    if settings:
        override(settings)


def positive(text: str) -> int:
    """A number of one or more; raises ValueError."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
