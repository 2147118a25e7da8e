"""The options of ``collide repair`` for trials in real hosts, which execute the wheel's code."""

from __future__ import annotations

import argparse
from pathlib import Path

from collide.cli.streams import complain
from collide.support.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from collide.repair.trials import Trial, TrialHost


class _HostAction(argparse.Action):
    """Collects ``--verify BINARY`` and the ``--run TEMPLATE`` behind it as one host."""

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        hosts: list[tuple[str | None, str | None]] = list(namespace.trial_hosts)
        text = str(values)
        if option_string == "--verify":
            hosts.append((text, None))
        elif hosts and hosts[-1][1] is None:
            hosts[-1] = hosts[-1][0], text
        else:
            hosts.append((None, text))
        namespace.trial_hosts = hosts


def trial_arguments(parser: argparse.ArgumentParser) -> None:
    """``--verify``, ``--run``, ``--exercise``, ``--no-verify`` and ``--timeout``."""
    parser.add_argument(
        "--verify",
        dest="trial_hosts",
        action=_HostAction,
        default=[],
        metavar="BINARY",
        help="import every module, before and after, in this host as well as in an interpreter "
        "that fits the wheel; repeatable",
    )
    parser.add_argument(
        "--run",
        dest="trial_hosts",
        action=_HostAction,
        metavar="TEMPLATE",
        help="the command that runs a Python {script} in a host, that of --verify before it; "
        "default: that of Blender, gdb, uwsgi, vim or weechat, or BINARY is a Python",
    )
    parser.add_argument(
        "--exercise",
        metavar="SCRIPT",
        help="run this with each wheel, before and after, in the same hosts; what it prints on "
        "standard output and its exit status must be the same, or right where they were wrong",
    )
    parser.add_argument(
        "--no-verify",
        action="store_true",
        help="import nothing in an interpreter that fits; without --verify, --run and --exercise "
        "no code of the wheel is executed",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=120,
        metavar="SECONDS",
        help="for one import, or the script (120)",
    )


class Trials:
    """The :class:`collide.repair.repair.Accept` of the options; what is seen goes to stderr."""

    def __init__(self, args: argparse.Namespace) -> None:
        """Raises UsageError for options that make no sense, InputError without the script."""
        self._args = args
        self._named = tuple(_named(args))
        self._script = Path(args.exercise) if args.exercise else None
        if self._script is not None and not self._script.is_file():
            raise InputError(args.exercise, "no such file")

    def __call__(self, before: Sequence[Path], after: Sequence[Path]) -> bool:
        """Whether everything works as before. Raises InputError where that cannot be seen."""
        from collide.repair.trials import run_trials  # late: start-up
        from collide.report.repair import render_trial  # late: start-up

        name = ", ".join(map(str, before))
        hosts = [*self._plain(name, before), *self._named]
        if not hosts:
            return True
        names = " and ".join(host.name for host in hosts)
        complain(f"{name}: executes code of the wheel in {names}; --no-verify leaves that out")
        trials = run_trials(before, after, hosts, self._script, self._args.timeout)
        for trial in trials:
            for line in render_trial(trial):
                complain(f"{name}: {line}")
        for trial in trials:
            _refuse_what_proves_nothing(name, trial)
        if any(trial.is_worse for trial in trials):
            complain(f"{name}: not written, as less works after the repair")
            return False
        return True

    def _plain(self, name: str, wheels: Sequence[Path]) -> Iterator[TrialHost]:
        """The interpreter that fits the wheels, if there is one and it is wanted."""
        from collide.repair.interpreters import fitting_interpreter  # late: start-up
        from collide.repair.trials import TrialHost  # late: start-up
        from collide.wheels.archive import Archive  # late: start-up

        wanted = not self._args.no_verify
        if not wanted and self._script is None:
            return
        tags = []
        for wheel in wheels:
            with Archive(wheel) as archive:
                tags.append(archive.tags)
        path, reason = fitting_interpreter(tags)
        if path is not None:
            yield TrialHost((path, "{script}"), imports=wanted)
        elif wanted:
            complain(f"{name}: imports were not tried, as no interpreter fits ({reason})")
        if path is None and self._script is not None and not self._named:
            raise InputError(name, f"--exercise needs an interpreter that fits ({reason})")


def _named(args: argparse.Namespace) -> Iterator[TrialHost]:
    from collide.hosts.commands import command_line  # late: start-up
    from collide.repair.trials import TrialHost  # late: start-up

    for binary, template in args.trial_hosts:
        yield TrialHost(command_line(binary, template, ("{script}",)), asked=True)


def _refuse_what_proves_nothing(name: str, trial: Trial) -> None:
    """Raise InputError for a trial that was asked for and cannot show a difference."""
    if trial.host.asked and trial.proves_nothing:
        why = f"{trial.host.name} imports none of its modules even before the repair"
        raise InputError(name, f"not repaired: {why} ({trial.imports[0].before})")
    if trial.exercise is not None and not trial.exercise.repeats:
        why = f"the script of --exercise does not do the same twice in {trial.host.name}"
        raise InputError(name, f"not repaired: {why}, even before the repair")
