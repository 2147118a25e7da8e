"""Runs a script with wheels in plain Python, in a host, and there with the repaired wheels.

What the loader binds is known exactly; whether a wheel then does something else is seen only by
running it. This executes code of the wheels and of the host.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from collide.hosts.commands import PLAIN, command_line
from collide.loader.host import Host
from collide.repair.exercise import Outcome, exercise
from collide.repair.import_trial import install_wheels
from collide.repair.interpreters import fitting_interpreter
from collide.support.errors import CollideError, InputError
from collide.support.files import working_directory
from collide.support.records import NamedTuple
from collide.verify.environment import host_environment, unsteered_python
from collide.wheels.archive import Archive
from collide.wheels.tags import unsuitable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Verdict = Literal["unmeasurable", "works", "breaks", "breaks-repaired-works"]

    Repairing = Callable[[Path], Sequence[Path]]
    """Writes repaired wheels into a directory; raises CollideError where it cannot."""


class Measured(NamedTuple):
    """The runs of one script: ``plain`` in an interpreter, ``hosted`` in a host.

    ``repaired`` are those in the host with the repaired wheels; there are none where it works
    without, and where ``unrepaired`` says why they were not made. ``idle`` is what the host
    does with an empty script: how it ends when nothing is wrong.
    """

    wheels: tuple[str, ...]
    host: str
    interpreter: str
    script: str
    idle: Outcome
    plain: tuple[Outcome, ...]
    hosted: tuple[Outcome, ...]
    repaired: tuple[Outcome, ...] = ()
    unrepaired: str = ""

    def is_right(self, outcome: Outcome) -> bool:
        """Whether a run in the host did what the script does in plain Python."""
        right = self.plain[0]
        as_plain = (outcome.output, outcome.status) == (right.output, right.status)
        return as_plain and outcome.process == self.idle.process

    @property
    def verdict(self) -> Verdict:
        """What the runs show.

        They show nothing where the script fails in plain Python, or does not do the same there
        each time.
        """
        right = self.plain[0]
        if right.status != 0 or right.process != 0 or any(not o.is_as(right) for o in self.plain):
            return "unmeasurable"
        if all(map(self.is_right, self.hosted)):
            return "works"
        if self.repaired and all(map(self.is_right, self.repaired)):
            return "breaks-repaired-works"
        return "breaks"


class HostRun(NamedTuple):
    """How a host runs a script: the words of the command, and the environment.

    In the words ``{script}`` stands for the script. ``timeout`` is in seconds.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]
    timeout: float

    def run(self, script: Path, tree: Path) -> Outcome:
        """One run with the wheels that are unpacked to ``tree``."""
        return exercise(script, tree, self.command, self.timeout, self.environment)


def host_run(
    host: Host, template: str | None, environment: Mapping[str, str], timeout: float
) -> HostRun:
    """How ``host`` runs a script, by ``template`` or as its program does; raises UsageError."""
    command = command_line(host.path, template)
    return HostRun(command, _beside(command[0], host_environment(host, environment)), timeout)


def plain_run(
    wheels: Sequence[Path], host: Host, environment: Mapping[str, str], timeout: float
) -> HostRun:
    """How an interpreter of this machine that fits the wheels runs a script.

    Raises InputError without one, and for a wheel that does not fit ``host``.
    """
    tags = []
    for wheel in wheels:
        with Archive(wheel) as archive:
            tags.append(archive.tags)
        if (reason := unsuitable(tags[-1], host)) is not None:
            raise InputError(str(wheel), f"{host.name}: {reason}")
    path, why = fitting_interpreter(tags)
    if path is None:
        raise InputError(str(wheels[0]), f"no interpreter of this machine fits ({why})")
    return HostRun((path, *PLAIN), _beside(path, unsteered_python(environment)), timeout)


def measure(
    wheels: Sequence[Path],
    script: Path,
    plain: HostRun,
    hosted: HostRun,
    repair: Repairing,
    runs: int = 3,
) -> Measured:
    """Run ``script`` with ``wheels``, which are installed together, ``runs`` times each.

    ``repair`` is called where the host does something else than plain Python. Raises InputError
    for a host or an interpreter that cannot be run, or does not run a script.
    """
    with working_directory() as directory:
        tree = Path(directory, "installed")

        def run(how: HostRun) -> tuple[Outcome, ...]:
            return tuple(how.run(script, tree) for _ in range(runs))

        install_wheels(wheels, tree)
        idle = _idle(hosted, tree)
        names = tuple(map(str, wheels))
        host, interpreter = hosted.command[0], plain.command[0]
        measured = Measured(names, host, interpreter, str(script), idle, run(plain), ())
        if measured.verdict == "unmeasurable":
            return measured
        measured = measured._replace(hosted=run(hosted))
        if measured.verdict == "works":
            return measured
        try:
            repaired = repair(Path(directory, "repaired"))
        except CollideError as e:
            return measured._replace(unrepaired=str(e))
        if not repaired:
            return measured._replace(unrepaired="there is nothing that collide repair could mend")
        install_wheels(repaired, tree)
        return measured._replace(repaired=run(hosted))


def _idle(host: HostRun, tree: Path) -> Outcome:
    """What the host does with an empty script; raises InputError if it does not run it."""
    empty = tree.parent / "empty.py"
    empty.touch()
    idle = host.run(empty, tree)
    if idle.status != 0:
        said = f" ({idle.said})" if idle.said else ""
        how = "a host that is no plain Python interpreter needs --run"
        raise InputError(host.command[0], f"did not run a script: it {idle.ending}{said}; {how}")
    return idle


def _beside(binary: str, environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` with the directory of ``binary`` first in PATH.

    An embedded interpreter looks for its standard library beside the ``python3`` of PATH
    (``Modules/getpath.py``): that of the host's own directory comes first.
    """
    path = str(Path(shutil.which(binary) or binary).parent)
    return {**environment, "PATH": os.pathsep.join([path, environment.get("PATH", os.defpath)])}
