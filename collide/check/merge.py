"""Merges equal findings of several hosts, and counts the hosts that do not fit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from collide.analysis.analysis import repair_command
from collide.check.check import Judged, LeftOut
from collide.findings.code import Shape
from collide.findings.finding import Finding
from collide.support.records import NamedTuple
from collide.support.text import plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.whatif.remedies import Remedy


class Merged(NamedTuple):
    """A finding and the hosts that have it, in their order.

    ``providers`` are all that give the definitions, where releases of one
    library have files of different names. ``repair`` is the command that removes
    it on all of them, None where there is none. ``tried`` are the hosts on which
    changes were tried against it, each with these.
    """

    finding: Finding
    providers: tuple[str, ...]
    hosts: tuple[str, ...]
    repair: str | None
    tried: tuple[tuple[str, tuple[Remedy, ...]], ...] = ()


class Checked(NamedTuple):
    """One target on all hosts that it was analysed on."""

    target: str
    judged: tuple[Judged, ...]
    findings: tuple[Merged, ...]

    @property
    def clean(self) -> tuple[str, ...]:
        """The hosts without a finding."""
        return tuple(j.analysis.host.name for j in self.judged if not j.findings)


def merge(judged: Iterable[Judged]) -> tuple[Checked, ...]:
    """The analyses by target, in their order, with equal findings merged: the worst first.

    Findings are equal when they differ in nothing but the release of the
    provider's file (``libz.so.1.2.13``, ``libz.so.1.3.1``).
    """
    targets: dict[str, list[Judged]] = {}
    for one in judged:
        targets.setdefault(one.analysis.target.name, []).append(one)
    return tuple(
        Checked(target, tuple(analyses), _merged(analyses)) for target, analyses in targets.items()
    )


def _merged(analyses: Sequence[Judged]) -> tuple[Merged, ...]:
    equal: dict[Finding, list[tuple[Judged, int]]] = {}
    for one in analyses:
        for number, finding in enumerate(one.findings):
            key = merge_key(finding)
            equal.setdefault(key, []).append((one, number))
    merged = [
        Merged(
            found[0][0].findings[found[0][1]],
            tuple(dict.fromkeys(p for j, n in found if (p := j.findings[n].provider))),
            tuple(dict.fromkeys(j.analysis.host.name for j, _ in found)),
            _repair(found),
            tuple((j.analysis.host.name, j.remedies[n]) for j, n in found if j.remedies),
        )
        for found in equal.values()
    ]
    return tuple(
        sorted(
            merged,
            key=lambda m: (
                -m.finding.severity,
                m.finding.code.id,
                m.finding.victim,
                -len(m.hosts),
                m.providers,
                m.finding.symbols,
                m.finding.detail,
            ),
        )
    )


def _repair(found: Sequence[tuple[Judged, int]]) -> str | None:
    if not all(number in judged.repairable for judged, number in found):
        return None
    arguments = dict.fromkeys(judged.analysis.host.arguments for judged, _ in found)
    words = [word for chosen in arguments for word in chosen]
    return repair_command(found[0][0].analysis.target.name, words)


def merge_key(finding: Finding) -> Finding:
    """What is equal for equal findings of several hosts.

    The evidence of a load failure names files of one host.
    """
    key = finding._replace(provider=library_stem(finding.provider), provider_release="")
    fails = finding.code.shape in (Shape.SYMBOLS, Shape.LOAD_FAILURE)
    return key._replace(evidence=()) if fails else key


def library_stem(provider: str | None) -> str | None:
    """A library's file name with only the first number of its release: ``libz.so.1``."""
    if provider is None:
        return None
    found = re.match(r".+?\.so(\.\d+)?", provider.rsplit("/", 1)[-1])
    return found[0] if found else provider


def count_left_out(left_out: Iterable[LeftOut]) -> dict[str, Counter[str]]:
    """By target, how many hosts were left out for a reason of each kind."""
    counts: dict[str, Counter[str]] = {}
    for one in left_out:
        counts.setdefault(one.target, Counter())[one.misfit.kind] += 1
    return counts


def summed_up(counts: Counter[str]) -> str:
    """The counts in words: ``31 hosts: 19 other architecture, 12 interpreter``."""
    (first, count), *others = counts.most_common()
    rest = (f"{number} {kind.removeprefix('other ')}" for kind, number in others)
    kinds = ", ".join([f"{count} {first}", *rest])
    return f"{plural(counts.total(), 'host')}: {kinds}"
