"""How risky a gained library is, by figures: versions, stability, the wheels that carry it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from collide.analysis.library_copies import parse_soname
from collide.findings.evidence import file_name
from collide.findings.impact import Impact
from collide.hosts.footprint import FootprintLibrary
from collide.loader.host import Host
from collide.loader.model import Dso
from collide.support.records import NamedTuple
from collide.support.text import plural

CARRIED = Path(__file__).with_name("carried.json")
"""What popular wheels carry, as ``tests/tools/carried_libraries.py`` has counted it."""


class GainedEvidence(NamedTuple):
    """The figures of one library.

    ``unversioned`` of its ``exported`` names have no version. ``builds`` counts the different
    builds among the recorded hosts, ``sonames`` are their DT_SONAMEs, and ``stable`` of
    the ``ever`` names that any of them exports are in all. Of ``wheels``, ``carried`` bring a copy
    as an object of its own, and ``taken`` take from the host's: those that were asked for with
    ``--impact``, or else popular ones (``popular``) as they were counted.
    """

    unversioned: int
    exported: int
    builds: int
    sonames: tuple[str, ...]
    stable: int
    ever: int
    wheels: int
    carried: int
    taken: int
    popular: bool = True

    @property
    def rank(self) -> tuple[int, int, float, float]:
        """A sort key: the riskiest library comes last."""
        share = self.unversioned / self.exported if self.exported else 0.0
        changed = 1 - self.stable / self.ever if self.ever else 0.0
        return self.taken, self.carried, share, len(self.sonames) + changed

    def __str__(self) -> str:
        parts = [f"{self.unversioned} of {plural(self.exported, 'export')} without a version"]
        if self.builds:
            names = f"{plural(len(self.sonames), 'SONAME')} ({', '.join(self.sonames)})"
            parts.append(
                f"{plural(self.builds, 'recorded build')} with {names}, "
                f"{self.stable} of {plural(self.ever, 'name')} in all"
            )
        kind = "popular native wheel" if self.popular else "wheel"
        wheels = plural(self.wheels, kind)
        parts.append(
            f"{self.carried} of {wheels} carry a copy, {self.taken} would be taken"
            if self.carried
            else f"none of {wheels} has it as a file"
        )
        return "; ".join(parts)


Builds = Mapping[str, Sequence[Dso]]
"""The different builds of libraries, by their names without numbers."""


def recorded_builds(hosts: Iterable[Host]) -> Builds:
    """All libraries of these hosts, which are of several releases and of one architecture.

    They are the same where their names differ in nothing but numbers behind ``.so``.
    """
    found: dict[str, dict[object, Dso]] = {}
    for host in hosts:
        for m in host.process.global_scope:
            build = m.dso.build_id or (m.elf.soname, m.dso.path, m.dso.package)
            found.setdefault(_base(m.elf.soname or m.dso.path), {}).setdefault(build, m.dso)
    return {base: tuple(builds.values()) for base, builds in found.items()}


def gained_evidence(
    library: FootprintLibrary, recorded: Builds, impacts: Sequence[Impact] | None
) -> GainedEvidence:
    """The figures of ``library``, of ``impacts`` on wheels or of the wheels that were counted."""
    base = _base(library.name)
    builds = recorded.get(base, ())
    names = [dso.elf.exports.names for dso in builds]
    exports = library.exports
    if impacts is None:
        counted = json.loads(CARRIED.read_bytes())
        carried, taken = counted["libraries"].get(base, (0, 0))
        of_wheels = len(counted["wheels"]), carried, taken, True
    else:
        carried = sum(base in one.carries for one in impacts)
        of_wheels = len(impacts), carried, sum(_takes(one, base) for one in impacts), False
    return GainedEvidence(
        library.unversioned,
        library.unversioned + len(exports.versioned) if exports else library.unversioned,
        len(builds),
        tuple(sorted({dso.elf.soname or file_name(dso) for dso in builds})),
        len(frozenset.intersection(*map(frozenset, names))) if names else 0,
        len(frozenset[str]().union(*names)),
        *of_wheels,
    )


def _takes(one: Impact, base: str) -> bool:
    return any(_base(provider) == base for _, provider in one.taken)


def _base(name: str) -> str:
    soname = parse_soname(name)
    return name if soname is None else soname.base
