"""Which findings a repair removes, tried in memory.

The whole proof is :mod:`collide.repair_proof`'s, which the repair itself makes
and stops at. Here it is enough that a finding is gone and that nothing new
fails: a name that no plan touches binds as before, since a lookup depends on
nothing but the candidates of its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from collide import codes
from collide.analysis import Analysis, Module
from collide.bindings import Binding
from collide.codes import Code
from collide.cuts import is_vague
from collide.errors import CollideError
from collide.judge import Finding, judge
from collide.mangling import (
    capturable,
    file_names,
    make_mangling,
    merged,
    renamed_libraries,
)
from collide.rebinding import only_renames, rebind, touched_names
from collide.repair_plan import Plan, Request, make_plan
from collide.repair_request import Names, Options, make_request
from collide.search import File
from collide.wheel import Target

_TAG = "c00000000"
"""What makes new names that no wheel has: they are never written."""
_UNWEIGHED = (codes.OWN_SHADOW, codes.VAGUE_LINKAGE)
_OF_LOADING = (
    *(codes.MISSING_LIBRARY, codes.UNLOADABLE_FILE, codes.VERSION_NOT_FOUND),
    *(codes.UNDEFINED_SYMBOL, codes.CAPTURED_SONAME),
)


class Adviser:
    """Tries repairs of one target, host by host; reads its files only when it must."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._names: Names | None = None

    def removed(self, analysis: Analysis, findings: Sequence[Finding]) -> frozenset[int]:
        """The numbers of the ``findings`` that ``collide repair`` for this host removes."""
        target = self._target
        if not findings or target.tags is None or target.problems:
            return frozenset()
        try:
            names = self._names = self._names or Names(target, [Path(target.name)])
            request = make_request([target], [analysis], names, Options(), _TAG)
            request = request._replace(brief=True)
            plan = _simple_plan(analysis, request)
            if plan is not None and not plan.objects:
                return frozenset()
            _ = names.python  # a repair reads them, and stops at what cannot be read
            removed = None if plan is None else _removed_by_touching(analysis, findings, plan)
            return _removed_in_trial(analysis, findings, request) if removed is None else removed
        except CollideError:
            return frozenset()


def _simple_plan(analysis: Analysis, request: Request) -> Plan | None:
    """The plan, where it leaves what is loaded as it is; None where it has to be loaded again."""
    target = analysis.target
    if capturable(target, [analysis], request):
        return None
    plan = make_plan(target, [analysis], request)
    renamed = renamed_libraries(target, plan) & file_names(target)
    if not renamed:
        return plan
    mangling = make_mangling(target, renamed, request)
    if not only_renames(analysis, mangling):
        return None
    pinned = renamed & {kept.name for kept in mangling.kept}
    if pinned:
        plan = make_plan(target, [analysis], request._replace(pinned=frozenset(pinned)))
    return merged(mangling, plan)


# -- from the names that a plan touches -----------------------------------------------------------

_Key = tuple[Code | None, str, str | None]


def _removed_by_touching(
    analysis: Analysis, findings: Sequence[Finding], plan: Plan
) -> frozenset[int] | None:
    """The same, from the bindings of the touched names; None where these do not decide.

    A shadow that is weighed may be judged otherwise than before, when some of
    it stays.
    """
    names = touched_names(plan)
    modules = rebind(analysis, plan, names)
    before = [f for module in analysis.modules for f in module.failures]
    after = [f for module in modules for f in module.failures]
    if any(f.kind == "version-tables-missing" for f in (*before, *after)):
        return None
    if any(f.kind == "undefined-symbol" and f.name in names for f in before):
        return None
    if not {(f.kind, f.name) for f in after} <= {(f.kind, f.name) for f in before}:
        return frozenset()
    shadowed = [(f, b) for f, b in _shadowed(analysis.modules) if b.reference.name not in names]
    left = {_left(analysis, plan, f, b) for f, b in (*shadowed, *_shadowed(modules))}
    removed = set()
    for number, finding in enumerate(findings):
        if finding.code in _OF_LOADING:
            continue
        code = finding.code if finding.code in _UNWEIGHED else None
        victim = plan.moved.get(finding.victim, finding.victim)
        if (code, victim, finding.provider) not in left:
            removed.add(number)
        elif code is None:
            return None
    return frozenset(removed)


def _shadowed(modules: Iterable[Module]) -> Iterator[tuple[File, Binding]]:
    seen: set[int] = set()
    for module in modules:
        for bound in module.bound.objects if module.bound else ():
            for group in bound.groups:
                if group.shadowed and id(group) not in seen:
                    seen.add(id(group))
                    yield from ((bound.map.file, b) for b in group.shadowed)


def _left(analysis: Analysis, plan: Plan, victim: File, b: Binding) -> _Key:
    """What tells the finding of a shadow that is left, by the names after ``plan``.

    The code is None where it is weighed.
    """
    provider = b.provider
    assert provider is not None
    code = None
    if not analysis.is_host(provider):
        code = codes.OWN_SHADOW
    elif is_vague(b):
        code = codes.VAGUE_LINKAGE
    one, other = map(analysis.name_of, (victim, provider))
    return code, plan.moved.get(one, one), plan.moved.get(other, other)


# -- from all of it -------------------------------------------------------------------------------


def _removed_in_trial(
    analysis: Analysis, findings: Sequence[Finding], request: Request
) -> frozenset[int]:
    from collide.repair import in_memory, new_failures

    tried = in_memory(analysis.target, (analysis,), request)
    (after,) = tried.after
    if not tried.plan.objects or new_failures(analysis, after):
        return frozenset()
    left = {_key(f) for f in judge(after)}
    moved = tried.plan.moved
    return frozenset(
        number
        for number, finding in enumerate(findings)
        if _key(finding._replace(victim=moved.get(finding.victim, finding.victim))) not in left
    )


def _key(finding: Finding) -> _Key:
    return finding.code, finding.victim, finding.provider
