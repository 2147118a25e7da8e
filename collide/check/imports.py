"""A check of what imports open of installed trees, in their order in one process of each host."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from collide.analysis.imports import InstalledTrees
from collide.check.check import Judged, LeftOut, Report
from collide.findings.judge import judge
from collide.hosts.select import Candidate, as_candidates, candidates_of
from collide.loader.host import Host
from collide.loader.opening import ALL_NOW, ModePatterns
from collide.support.errors import InputError, UsageError
from collide.support.faults import problem_of
from collide.wheels.tags import Misfit


def check_imports(
    inputs: Iterable[str],
    hosts: Host | Iterable[Host | Candidate] | None,
    names: Sequence[str],
    modes: ModePatterns = ALL_NOW,
) -> Report:
    """Judge what importing ``names`` opens, on every host; trees are read once.

    Raises InputError for an input that is no directory, UsageError for a name that is nowhere.
    """
    trees = InstalledTrees(inputs)
    judged: list[Judged] = []
    left_out: list[LeftOut] = []
    failed: list[InputError] = []
    for candidate in as_candidates(candidates_of(hosts)):
        try:
            analysis = trees.analyse(names, candidate.host, modes)
        except UsageError:
            raise
        except Exception as e:
            failed.append(problem_of(f"import {'; '.join(names)} on {candidate.name}", e))
            continue
        if analysis.left_out is None:
            judged.append(Judged(analysis.without_bindings(), judge(analysis)))
        else:
            unfit = Misfit("nothing to open", analysis.left_out)
            left_out.append(LeftOut(analysis.target.name, candidate.name, unfit))
    return Report(tuple(judged), tuple(left_out), (*trees.problems, *failed))
