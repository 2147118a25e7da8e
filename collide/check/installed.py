"""What is missing when all inputs of one check are installed together.

A library that one wheel needs and another brings is found through run paths once both are in
one site-packages: then it is not missing, and what fails next is seen.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from functools import cache

from collide.analysis.analysis import Analysis, find_modules, open_alone
from collide.analysis.install import install_together
from collide.check.check import Judged, Report
from collide.findings.finding import Finding
from collide.findings.judge import rank
from collide.findings.loading import ABSENT, LOAD_FAILURES, judge_loading
from collide.support.errors import InputError
from collide.support.faults import problem_of
from collide.wheels.target import Target, read_target


def judged_together(report: Report, inputs: Sequence[str | Target], insist: bool) -> Report:
    """The report with the load failures that are left when all inputs are installed.

    Only targets for which another has a file of the name of a missing library are read again.
    """
    missing = {
        f.provider
        for one in report.judged
        for f in one.findings
        if f.code in ABSENT and f.provider is not None
    }
    if not missing:
        return report
    by_name = {one if isinstance(one, str) else one.name: one for one in inputs}
    brings = {name: missing & _file_names(one) for name, one in by_name.items()}
    lacking = {
        one.analysis.target.name
        for one in report.judged
        for f in one.findings
        if f.code in ABSENT
        and any(f.provider in names for by, names in brings.items()
                if by != one.analysis.target.name)
    }  # fmt: skip
    if not lacking:
        return report
    again = _Again([by_name[n] for n, found in brings.items() if found or n in lacking], insist)
    judged, problems = [], list(report.problems)
    for one in report.judged:
        if one.analysis.target.name in lacking:
            try:
                one = again.judged(one)
            except Exception as e:
                problems.append(problem_of(one.analysis.target.name, e))
        judged.append(one)
    return _without_repeated(
        report._replace(judged=tuple(judged), problems=tuple(problems)), lacking
    )


def _file_names(given: str | Target) -> frozenset[str]:
    """The base names of the files that an input brings; none where it cannot be read."""
    if isinstance(given, Target):
        return frozenset(map(posixpath.basename, given.members))
    if not given.endswith(".whl"):
        import os  # late: start-up

        return frozenset(name for _, _, files in os.walk(given) for name in files)
    from collide.wheels.archive import Archive  # late: start-up

    try:
        with Archive(given) as archive:
            return frozenset(posixpath.basename(entry.name) for entry in archive.entries)
    except InputError:
        return frozenset()


class _Again:
    """Targets that are read once more, and what each lacks beside the others."""

    def __init__(self, inputs: Iterable[str | Target], insist: bool) -> None:
        self._inputs = tuple(inputs)
        self._insist = insist
        self._targets = cache(self._read)

    def _read(self) -> dict[str, Target]:
        read = [read_target(one) if isinstance(one, str) else one for one in self._inputs]
        return {target.name: target for target in read}

    def judged(self, one: Judged) -> Judged:
        """The same with the load failures of its modules beside all the others."""
        targets = self._targets()
        name, host = one.analysis.target.name, one.analysis.host
        own = targets[name]
        # The last that is installed stays: its own files are the ones that were looked at.
        union = install_together([*(t for n, t in targets.items() if n != name), own])
        union = union._replace(name=name, tags=own.tags)
        paths = find_modules(own, host, insist=self._insist).paths
        modules = tuple(open_alone(union, host, paths))
        analysis = Analysis(union, host, modules, (), None, host.known_files)
        found = [f for f in judge_loading(analysis) if f.code in LOAD_FAILURES]
        return _replaced(one, found)


def _replaced(one: Judged, found: Iterable[Finding]) -> Judged:
    """``one`` with these load failures; what no longer belongs to a finding is left out."""
    kept = [n for n, f in enumerate(one.findings) if f.code not in LOAD_FAILURES]
    known = {one.findings[n]: n for n in range(len(one.findings))}
    rows = sorted([*(one.findings[n] for n in kept), *found], key=rank)
    numbers = [known.get(f) for f in rows]
    tried = [() if n is None else one.remedies[n] for n in numbers] if one.remedies else []
    repairable = frozenset(at for at, n in enumerate(numbers) if n in one.repairable)
    return one._replace(findings=tuple(rows), remedies=tuple(tried), repairable=repairable)


def _without_repeated(report: Report, lacking: Iterable[str]) -> Report:
    """Without those findings of pairs that a target has now by itself."""
    mine = {
        (f.code, f.victim, f.provider, f.symbols)
        for one in report.judged
        if one.analysis.target.name in lacking
        for f in one.findings
    }
    pairs = tuple(
        pair._replace(
            common=tuple(
                f
                for f in pair.common
                if f.code not in LOAD_FAILURES
                or (f.code, f.victim, f.provider, f.symbols) not in mine
            )
        )
        if set(pair.targets) & set(lacking)
        else pair
        for pair in report.pairs
    )
    return report._replace(pairs=pairs)
