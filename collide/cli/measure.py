"""``collide verify --exercise``: whether a host changes what wheels do, by running a script."""

from __future__ import annotations

import os
from pathlib import Path

from collide import api
from collide.cli.inputs import all_hosts, require_binary
from collide.cli.streams import EXIT_CLEAN, EXIT_FINDINGS, EXIT_USAGE, complain, write
from collide.support.errors import InputError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from collide.verify.measure import Verdict

STATUSES: dict[Verdict, int] = {
    "unmeasurable": EXIT_USAGE,
    "works": EXIT_CLEAN,
    "breaks": EXIT_FINDINGS,
    "breaks-repaired-works": EXIT_FINDINGS,
}


def run_exercise(args: argparse.Namespace) -> int:
    """Run the script of ``--exercise``; the result is the exit status. Raises CollideError."""
    from collide.report import measure as report  # late: start-up

    _refuse_options(args)
    wheels = _wheels(args.inputs)
    script = _script(args.exercise, wheels)
    host = all_hosts(args, [])[0]
    require_binary(args, host)
    complain(f"runs {script}, and with it code of the wheels, in plain Python and in the host")
    measured = api.measure(
        wheels,
        host,
        script,
        command=args.run,
        environment=os.environ,
        runs=args.runs,
        timeout=args.timeout,
    )
    render = report.render_json if args.format == "json" else report.render
    write(render(measured), args.output)
    return STATUSES[measured.verdict]


def _refuse_options(args: argparse.Namespace) -> None:
    given = {
        "--module": args.module,
        "--after": args.after,
        "--slots": args.slots,
        "--rtld-lazy": args.mode_lazy,
        "--rtld-deepbind": args.mode_deepbind,
    }
    for option, value in given.items():
        if value:
            raise UsageError(f"{option} is of the comparison of bindings; --exercise makes none")


def _wheels(inputs: Sequence[str]) -> list[Path]:
    """The wheels that the inputs are or hold; raises InputError for any other input."""
    from collide.wheels.target import find_inputs  # late: start-up

    wheels = [Path(found) for found in find_inputs(inputs)]
    for wheel in wheels:
        if wheel.suffix != ".whl":
            raise InputError(str(wheel), "is no wheel, which --exercise needs")
    return wheels


def _script(given: str, wheels: Sequence[Path]) -> Path:
    if given == "bundled":
        from collide.verify.exercises import bundled  # late: start-up

        return bundled(wheels[0])
    script = Path(given)
    if not script.is_file():
        raise InputError(given, "no such file")
    return script
