"""The figures of a check that have targets: what they were, what they shall be, what they are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple


class Target(NamedTuple):
    """One figure, a ratio or an exponent.

    ``was`` was measured at commit 2c13110, when the targets were set. ``wanted`` is the most that
    it may be, or the least where it is ``at_least`` that; None for a figure to compare with.
    """

    name: str
    was: str
    wanted: float | None
    at_least: bool = False


TARGETS = {
    "one": Target("one host (python3), {} wheels in total", "2.04 to 2.64", 0.95),
    "uwsgi": Target("one host (uwsgi), {} wheels in total", "3.43", 1.5),
    "all": Target("all hosts that fit, {} wheels in total", "5.4 to 6.1", 2.5),
    "then": Target("the same on those hosts that there were", "5.4 to 6.1", 2.5),
    "directory one": Target("{} wheels, one host (python3), pairs included", "1.72", 0.85),
    "directory one alone": Target("the same without pairs", "0.64", None),
    "directory all": Target("{} wheels, all hosts that fit, pairs included", "8.2", 3.0),
    "directory then": Target("the same on those hosts that there were", "8.2", 3.0),
    "directory all alone": Target("{} wheels, all hosts that fit, without pairs", "3.05", None),
    "wheels": Target("growth in wheels (pairs), exponent", "1.2 to 1.3", 1.05),
    "modules": Target("growth in modules of a wheel, exponent", "nearly 2", 1.05),
    "symbols": Target("growth in symbols, exponent", "1.2 to 1.3", 1.05),
    "wall": Target("{} on all hosts: wall on two cores to CPU on one", "1.0", 0.65),
    "auditwheel median": Target("auditwheel show to one host, median", "10.4", 15, at_least=True),
    "auditwheel least": Target("auditwheel show to one host, least", "3.1", 4, at_least=True),
}
"""CPU of whole processes, to that of inflating the ELF members where nothing else is said."""

HEAD = ("figure", "at 2c13110", "target", "before", "measured", "load")


class Figures:
    """What was measured of the targets; ``before`` is a file that an earlier run has saved."""

    def __init__(self, before: Path | None) -> None:
        self._found: dict[str, tuple[str, float, float]] = {}
        self._before: dict[str, str] = {}
        for line in before.read_text().splitlines() if before else ():
            cells = line.strip("| ").split(" | ")
            if len(cells) == len(HEAD):
                self._before[cells[0]] = cells[4]

    def note(self, key: str, value: float, about: object = "") -> None:
        """A figure was measured, now and of ``about``: so many wheels, or that one."""
        name = TARGETS[key].name.format(about)
        self._found[key] = name, value, os.getloadavg()[0]

    def rows(self) -> list[tuple[str, ...]]:
        """A row for each figure that was measured; one that misses its target is bold."""
        rows: list[tuple[str, ...]] = []
        for key, target in TARGETS.items():
            if key not in self._found:
                continue
            name, value, load = self._found[key]
            wanted = "" if target.wanted is None else f"{target.wanted:g}"
            missed = target.wanted is not None and (
                value < target.wanted if target.at_least else value > target.wanted
            )
            measured = f"**{value:.2f}**" if missed else f"{value:.2f}"
            before = self._before.get(name, "").strip("*")
            rows.append((name, target.was, wanted, before, measured, f"{load:.1f}"))
        return rows
