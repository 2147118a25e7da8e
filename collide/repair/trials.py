"""Runs wheels before and after their repair in real hosts: imports, and a user's script.

This executes code of the wheels.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from collide.repair.exercise import Exercise, Outcome, exercise
from collide.repair.import_trial import ImportTrial, failures, install_wheels, modules_of
from collide.support.files import working_directory
from collide.support.records import NamedTuple


class TrialHost(NamedTuple):
    """A host to run, by its ``command``, in whose words ``{script}`` stands for a Python script.

    ``imports`` is whether modules are imported in it, ``asked`` whether the user named it:
    otherwise it is an interpreter that fits the wheels.
    """

    command: tuple[str, ...]
    imports: bool = True
    asked: bool = False

    @property
    def name(self) -> str:
        """The command, without the script where that is all there is behind the program."""
        return self.command[0] if len(self.command) == 2 else " ".join(self.command)


class Trial(NamedTuple):
    """What happened in one host, before and after."""

    host: TrialHost
    imports: tuple[ImportTrial, ...]
    exercise: Exercise | None

    @property
    def is_worse(self) -> bool:
        """Whether less works after the repair."""
        worse = self.exercise is not None and self.exercise.is_worse
        return worse or any(trial.is_worse for trial in self.imports)

    @property
    def proves_nothing(self) -> bool:
        """Whether no module could be imported at all."""
        return bool(self.imports) and all(t.before and t.after for t in self.imports)


class _Observed(NamedTuple):
    """One host with the wheels of one side."""

    failures: dict[str, str | None]
    outcome: Outcome | None


def run_trials(
    before: Sequence[Path],
    after: Sequence[Path],
    hosts: Sequence[TrialHost],
    script: Path | None,
    timeout: float,
) -> tuple[Trial, ...]:
    """Import every module of wheels that are installed together, and run ``script``.

    Both sides are installed at the same place, one after the other. ``timeout`` is in
    seconds, for one import and for the script. Raises InputError when a host cannot be run.
    """
    modules = modules_of(before)

    def observe(host: TrialHost, tree: Path) -> _Observed:
        return _Observed(
            failures(modules, tree, host.command, timeout) if host.imports else {},
            exercise(script, tree, host.command, timeout) if script else None,
        )

    with working_directory() as directory:
        tree = Path(directory, "installed")
        sides = []
        for wheels in (before, after):
            install_wheels(wheels, tree)
            sides.append([observe(host, tree) for host in hosts])
        plain = next((o.outcome for h, o in zip(hosts, sides[0], strict=True) if not h.asked), None)
        trials = []
        for host, old, new in zip(hosts, *sides, strict=True):
            imports = tuple(
                ImportTrial(module, why, new.failures[module])
                for module, why in sorted(old.failures.items())
            )
            runs = None
            if script and old.outcome and new.outcome:
                runs = Exercise(old.outcome, new.outcome, plain if host.asked else None)
                if runs.is_worse:
                    install_wheels(before, tree)
                    runs = runs._replace(again=exercise(script, tree, host.command, timeout))
            trials.append(Trial(host, imports, runs))
        return tuple(trials)
