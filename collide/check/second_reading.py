"""Reads the objects that findings are about a second time, with another library.

A check rests on the facts of these: what they need, define and refer to. pyelftools shares nothing
with the first reading, so a difference is a fault of one of the two, and a problem of the object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collide.check.check import Report
from collide.filesystems.root import Root
from collide.loader.model import Dso
from collide.support.errors import InputError, MissingPackageError
from collide.support.faults import problem_of
from collide.wheels.target import Target


def read_again(report: Report, targets: Iterable[Target]) -> Iterator[InputError]:
    """A problem for each object that is read otherwise by pyelftools, or not at all.

    ``targets`` are those of the report, read anew. Of them the objects are looked at that a finding
    names, and those of hosts that are given as binaries; nothing is left of recorded ones to read.
    Raises MissingPackageError without pyelftools.
    """
    try:
        import elftools  # noqa: F401  # late: an optional dependency
    except ImportError:
        raise MissingPackageError("pyelftools", "profile") from None
    named = _named(report)
    for target in targets:
        wanted = named.get(target.name, frozenset())
        for dso in target.members.values():
            if target.names[dso.path] in wanted:
                yield from _problems(f"{target.name}: {target.names[dso.path]}", dso)
    every = frozenset[str]().union(*named.values())
    for host in {j.analysis.host.name: j.analysis.host for j in report.judged}.values():
        for m in host.process.maps if isinstance(host.files, Root) else ():
            if m.dso.path in every:
                yield from _problems(f"{host.name}: {m.dso.path}", m.dso)


def _named(report: Report) -> dict[str, frozenset[str]]:
    """By target, the objects that its findings name."""
    found: dict[str, set[str]] = {}
    for judged in report.judged:
        names = found.setdefault(judged.analysis.target.name, set())
        for finding in judged.findings:
            names.update((finding.victim, finding.provider or "", *finding.intended))
    for exposed in report.exposed:
        found.setdefault(exposed.target, set()).update(f.victim for f in exposed.findings)
    return {target: frozenset(names) for target, names in found.items()}


def _problems(name: str, dso: Dso) -> Iterator[InputError]:
    from collide.elf.second_opinion import facts_of, second_facts  # late: slow, and optional

    try:
        data = bytes(dso.read())
        differences = facts_of(dso.elf).differences(second_facts(data))
    except Exception as e:
        problem = problem_of(name, e)
        yield InputError(name, f"cannot be read a second time: {problem.reason}")
        return
    for line in differences:
        yield InputError(name, f"is read otherwise by pyelftools: {line}")
