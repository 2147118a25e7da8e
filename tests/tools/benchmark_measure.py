"""What a process takes, and what that is as a ratio to another one's."""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import NamedTuple

# A child's peak memory is never below that of the process that started it (Linux counts the
# memory before exec, getrusage(2)): so commands are started by one that is as small as can be.
_METER = """\
import os, signal, sys, time
def kill(*_):
    os.killpg(child, signal.SIGKILL)
signal.signal(signal.SIGALRM, kill)
nowhere = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
for line in sys.stdin:
    limit, *command = eval(line)
    start = time.perf_counter()
    try:
        child = os.posix_spawnp(command[0], command, os.environ, file_actions=nowhere, setpgroup=0)
    except OSError as e:
        print(0, 0, 0, e.strerror, flush=True)
        continue
    signal.alarm(limit)
    _, status, usage = os.wait4(child, 0)
    signal.alarm(0)
    wall = time.perf_counter() - start
    status = os.waitstatus_to_exitcode(status)
    print(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss, status, flush=True)
"""


class MeasureError(Exception):
    """A command cannot be measured; str() says why."""


class Cost(NamedTuple):
    """What a process took: CPU (user and system) and wall seconds, peak memory in KiB.

    Or two such as a ratio, or a median of either.
    """

    cpu: float
    wall: float
    memory: float


class Comparison(NamedTuple):
    """Two commands run in turn: the median of each, and of the ratios pair by pair."""

    ratio: Cost
    cost: Cost
    baseline: Cost


class Meter:
    """Starts commands one at a time; use it as a context manager.

    ``limit`` is the number of wall seconds after which a command is killed.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _METER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Meter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._process.__exit__(kind, e, tb)

    def measure(self, command: Sequence[str]) -> Cost:
        """Run a command to its end, its output thrown away.

        Exit status 1 is a command's way to tell what it found. Raises
        MeasureError for any other than 0 and 1.
        """
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{[self._limit, *command]!r}\n")
        process.stdin.flush()
        *figures, status = process.stdout.readline()[:-1].split(" ", 3)
        cost = Cost(*map(float, figures))
        if not cost.memory:
            raise MeasureError(f"{command[0]} cannot be started: {status}")
        if status == "-9" and cost.wall >= self._limit:
            raise MeasureError(f"killed after {self._limit} s")
        if status not in ("0", "1"):
            raise MeasureError(f"exit status {status}: {_complaint(command)}")
        return cost

    def in_turn(self, commands: Sequence[Sequence[str]], runs: int, budget: float) -> list[Round]:
        """Run all commands one after the other, ``runs`` times; each round the cost of each.

        A first round is not counted. Where a round takes long, there are as
        few as fit into ``budget`` seconds of CPU, but at least one: then the
        first one does count.
        """
        first = [self.measure(command) for command in commands]
        taken = sum(cost.cpu for cost in first)
        if 2 * taken > budget:
            return [first]
        runs = max(1, min(runs, round(budget / taken) - 1))
        return [[self.measure(command) for command in commands] for _ in range(runs)]

    def compare(
        self, command: Sequence[str], baseline: Sequence[str], runs: int, budget: float
    ) -> Comparison:
        """The cost of ``command`` as a ratio to that of ``baseline``; see :meth:`in_turn`."""
        rounds = self.in_turn((command, baseline), runs, budget)
        return Comparison(
            median([ratio(a, b) for a, b in rounds]),
            median([a for a, _ in rounds]),
            median([b for _, b in rounds]),
        )


Round = list[Cost]


def ratio(a: Cost, b: Cost) -> Cost:
    """How many times ``b`` is ``a``."""
    return Cost(*(x / y for x, y in zip(a, b, strict=True)))


def median(costs: Sequence[Cost]) -> Cost:
    """Each figure's median."""
    return Cost(*map(statistics.median, zip(*costs, strict=True)))


def slope(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The exponent of a power law fitted to these: 1 is linear. Not a number without two costs."""
    points = [(math.log(x), math.log(y)) for x, y in zip(sizes, costs, strict=True) if y > 0]
    if len(points) < 2:
        return math.nan
    return statistics.linear_regression(*zip(*points, strict=True)).slope


def _complaint(command: Sequence[str]) -> str:
    """The last line of what a command that fails says; it is run once more."""
    done = subprocess.run(command, capture_output=True, check=False)
    lines = (done.stderr or done.stdout).decode(errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "it says nothing")
