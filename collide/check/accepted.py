"""Findings that somebody has accepted, with a reason and often a last day."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from collide.check.aside import Found, without
from collide.check.check import ACCEPTED, Report
from collide.findings.chosen import begins
from collide.findings.subject import library, object_name, subject_of
from collide.support.patterns import matches
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import date

    from collide.findings.finding import Finding


class Acceptance(NamedTuple):
    """What is accepted: findings that each part of it fits; an empty part fits all.

    ``codes`` are beginnings of numbers, all others patterns of :mod:`fnmatch`: of the library
    that is meant or that provides, of the victim, of **every** symbol taken, of the host or a group
    of hosts. Nothing is accepted after the day ``until``. ``place`` says where it stands.
    """

    codes: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    reason: str = ""
    until: date | None = None
    place: str = ""

    def fits(self, found: Found) -> bool:
        """Whether it is about a finding."""
        finding = found.finding
        if self.codes and not begins(finding.code.id, self.codes):
            return False
        if self.hosts:
            host = found.host
            if host is None or not _any((host.name, *host.groups), self.hosts):
                return False
        return (
            (not self.libraries or _any(libraries_of(finding), self.libraries))
            and (not self.objects or _any(objects_of(finding), self.objects))
            and (not self.symbols or _all(finding.symbols, self.symbols))
        )

    def is_over(self, today: date) -> bool:
        """Whether its last day is past."""
        return self.until is not None and self.until < today


def libraries_of(finding: Finding) -> set[str]:
    """The names by which an acceptance may call the library of a finding."""
    named = (finding.provider, *finding.intended)
    return {subject_of(finding).name, *(library(name) for name in named if name)}


def objects_of(finding: Finding) -> set[str]:
    """The names by which an acceptance may call the victim of a finding."""
    victim = finding.victim
    return {victim, posixpath.basename(victim), object_name(victim)}


def _any(names: Iterable[str], patterns: Sequence[str]) -> bool:
    return any(matches(name, patterns) for name in names)


def _all(names: Sequence[str], patterns: Sequence[str]) -> bool:
    return bool(names) and all(matches(name, patterns) for name in names)


def accept(
    report: Report, entries: Sequence[Acceptance], today: date
) -> tuple[Report, tuple[Acceptance, ...]]:
    """The report without what is accepted, and the entries that fit nothing in it."""
    used: set[Acceptance] = set()
    standing = [entry for entry in entries if not entry.is_over(today)]

    def decide(found: Found) -> str | None:
        fitting = [entry for entry in standing if entry.fits(found)]
        used.update(fitting)
        return fitting[0].reason if fitting else None

    if standing:
        report = without(report, ACCEPTED, decide)
    return report, tuple(entry for entry in standing if entry not in used)
