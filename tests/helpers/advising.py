"""Advice held to the trial that it spares: the same plan, the same bindings, the same outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

from collide.analysis.analysis import Analysis, Module, analyse, groups_of
from collide.findings.judge import judge
from collide.loader.host import Host
from collide.repair.preview import plan_uncaptured, removed_by_touching, removed_in_trial
from collide.repair.rebind import rebind, touched_names
from collide.repair.repair import in_memory
from collide.repair.request import RepairOptions, RunTimeUse, make_request
from collide.repair.sonames import capturable
from collide.wheels.target import read_target

_Fact = tuple[str | None, ...]


def compare(wheel: Path, host: Host) -> bool:
    """Whether there is something to compare for one wheel on one host; AssertionError if not so."""
    target = read_target(wheel)
    analysis = analyse(target, host)
    return analysis.left_out is None and compare_analysis(analysis)


def compare_analysis(analysis: Analysis) -> bool:
    """The same for a wheel that was analysed."""
    target = analysis.target
    found = RunTimeUse(target, [Path(target.name)])
    request = make_request([target], [analysis], found, RepairOptions(), "c00000000")
    captured = capturable(target, [analysis], request)
    planned = None if captured else plan_uncaptured(analysis, request)
    tried = in_memory(target, (analysis,), request)
    if planned is None or not planned.holds_for(analysis):
        return False
    plan = planned.plan
    assert (plan.objects, plan.moved) == (tried.plan.objects, tried.plan.moved)
    if not plan.objects:
        return True
    names = touched_names(plan)
    (after,) = tried.after
    expected = set(_facts(after, after.modules, names | set(plan.renamed.values())))
    rebound = set(_facts(analysis, rebind(analysis, plan, names), None))
    assert {tuple(plan.moved.get(str(f), f) for f in fact) for fact in rebound} == expected
    findings, groups = judge(analysis), tuple(groups_of(analysis.modules))
    removed = removed_by_touching(analysis, groups, findings, [planned], names)
    assert removed in (None, removed_in_trial(analysis, findings, request))
    return True


def _facts(
    analysis: Analysis, modules: Iterable[Module], names: AbstractSet[str] | None
) -> Iterator[_Fact]:
    """Bindings and failures, those of ``names`` only."""
    for module in modules:
        for failure in module.failures:
            if failure.kind == "undefined-symbol" and (names is None or failure.name in names):
                yield (
                    module.name,
                    failure.kind,
                    analysis.target.names.get(failure.object),
                    failure.name,
                )
        for bound in module.bound.objects if module.bound else ():
            victim = analysis.name_of(bound.map.dso)
            for b in bound.bindings:
                if names is None or b.reference.name in names:
                    hits = (
                        analysis.name_of(hit.dso) if hit else None for hit in (b.actual, b.intended)
                    )
                    yield module.name, victim, repr(b.reference), *hits, str(b.shadowed)
