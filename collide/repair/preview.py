"""Tries in memory which findings a repair would remove.

:mod:`collide.repair.proof` has the whole proof, which only the repair itself makes.
Here it is enough that a finding is gone and that nothing new fails. A name that no
plan touches binds as before, since a lookup depends on nothing but the candidates of
its name. A finding of shadowing is gone when its victim takes nothing of its provider
any more; a change of its severity alone does not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from collide.analysis.analysis import Analysis, Module, groups_of
from collide.analysis.history import behind_imports
from collide.binding.binding import Binding, BindingGroup, is_vague
from collide.findings.code import Code, Family
from collide.findings.finding import Finding
from collide.findings.history import judge_behind
from collide.findings.loading import judge_loading
from collide.findings.shadowing.own_shadow import OWN_SHADOW
from collide.findings.shadowing.vague_linkage import VAGUE_LINKAGE
from collide.loader.model import Dso
from collide.repair.plan import NO_CHANGES, Plan, RepairRequest, make_plan
from collide.repair.rebind import (
    Touched,
    are_renamed_alike,
    go_by_file_name,
    rebind,
    touched_names,
)
from collide.repair.request import RepairOptions, RunTimeUse, make_request
from collide.repair.sonames import (
    capturable,
    member_file_names,
    merge_plans,
    plan_sonames,
    renamed_libraries,
)
from collide.repair.takers import Asked, TargetFactsByArchitecture
from collide.support.errors import CollideError
from collide.support.records import NamedTuple
from collide.wheels.target import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.repair.repair import InMemory

_TAG = "c00000000"
"""What makes new names that no wheel has: they are never written."""


class RepairPreview:
    """Tries repairs of one target, host by host; reads its files only when that is necessary."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._names: RunTimeUse | None = None
        self._facts = TargetFactsByArchitecture(target)
        self._parts: dict[Asked, list[Uncaptured]] = {}

    def removed(self, analysis: Analysis, findings: Sequence[Finding]) -> frozenset[int]:
        """The indexes of those ``findings`` that ``collide repair`` for this host removes."""
        if not findings or not self._is_repairable:
            return frozenset()
        try:
            request = self._request(analysis)
            removed = None
            if not capturable(self._target, [analysis], request):
                groups = tuple(groups_of(analysis.modules))
                asked = Asked.of(analysis, groups)
                parts = self._planned(analysis, request, asked)
                if all(part.holds_for(analysis) for part in parts):
                    names = asked.taken
                    removed = removed_by_touching(analysis, groups, findings, parts, names)
            return removed_in_trial(analysis, findings, request) if removed is None else removed
        except CollideError:
            return frozenset()

    def _planned(
        self, analysis: Analysis, request: RepairRequest, asked: Asked
    ) -> Sequence[Uncaptured]:
        """Plans for all names that this host takes: parts of those before it, and one more.

        Those before it may be for other names, too, which a repair for this host leaves alone.
        Each name is treated by itself, unless some must stay and hold back others; then there is
        one plan for this host alone.
        """
        before = self._parts.setdefault(asked._replace(taken=frozenset()), [])
        parts = [part for part in before if not part.names.isdisjoint(asked.taken)]
        new = asked.taken.difference(*(part.names for part in parts))
        if new or not parts:
            parts.append(plan_uncaptured(analysis, request, new))
        kept = [one for part in parts for one in part.plan.kept]
        if {one.name for one in kept if one.shared} != asked.runtime or any(
            not one.shared for one in kept
        ):
            return [plan_uncaptured(analysis, request, asked.taken)]
        if new:
            before.append(parts[-1])
        return parts

    def removed_behind(self, analysis: Analysis, findings: Sequence[Finding]) -> frozenset[int]:
        """The same for findings behind imports of the interpreter's own modules."""
        if not findings or not self._is_repairable:
            return frozenset()
        try:
            request = self._request(analysis)
            return removed_behind_in_trial(analysis, findings, request)
        except CollideError:
            return frozenset()

    @property
    def _is_repairable(self) -> bool:
        return self._target.tags is not None and not self._target.problems

    def _request(self, analysis: Analysis) -> RepairRequest:
        target = self._target
        if self._names is None:
            self._names = RunTimeUse(target, [target.name])
        request = make_request([target], [analysis], self._names, RepairOptions(), _TAG)
        # Hidden or protected, a closed name is its object's: what asks for it need not be searched.
        return request._replace(facts=self._facts, asked_for=lambda _: False)


class Uncaptured(NamedTuple):
    """A plan for hosts that capture no library, and its ``sonames`` alone.

    ``names`` are those it was asked to bring home, none for all that a host takes.
    ``by_file_name`` is whether the libraries that get other names go by these only.
    """

    names: AbstractSet[str]
    plan: Plan
    sonames: Plan
    by_file_name: bool
    touched: Touched

    def holds_for(self, analysis: Analysis) -> bool:
        """Whether the same objects are loaded with it; otherwise all has to be loaded again."""
        return not self.sonames.moved or (
            self.by_file_name and are_renamed_alike(analysis, self.sonames)
        )


def plan_uncaptured(
    analysis: Analysis,
    request: RepairRequest,
    names: AbstractSet[str] | None = None,
) -> Uncaptured:
    """The plan for a host that captures no library; for ``names`` see ``make_plan``."""
    target = analysis.target
    sonames, plan = NO_CHANGES, make_plan(target, [analysis], request, names)
    renamed = renamed_libraries(target, plan) & member_file_names(target)
    if renamed:
        sonames = plan_sonames(target, renamed, request)
        pinned = renamed & {kept.name for kept in sonames.kept}
        if pinned:
            plan = make_plan(target, [analysis], request._replace(pinned=frozenset(pinned)), names)
        plan = merge_plans(sonames, plan)
    facts = request.facts or TargetFactsByArchitecture(target)
    linked = facts.of(target, frozenset({analysis.host.architecture}))
    definers, users = linked.linked(touched_names(plan), musl=request.musl)
    return Uncaptured(
        names=names or frozenset(),
        plan=plan,
        sonames=sonames,
        by_file_name=go_by_file_name(target, sonames),
        touched=Touched(target, plan, definers, users),
    )


# -- from the names that a plan touches -----------------------------------------------------------

_Key = tuple[Code | None, str, str | None]
"""What identifies a finding: its victim and its provider as named before, and its code.

The code is None where the rules compared victim and provider to find it: with
fewer symbols taken they may find another one.
"""


def _key(finding: Finding) -> _Key:
    code = finding.code
    compared = code.family is not Family.LOADING and not code.per_binding
    return None if compared else code, finding.victim, finding.provider


def removed_by_touching(
    analysis: Analysis,
    groups: Sequence[tuple[Dso, BindingGroup]],
    findings: Sequence[Finding],
    parts: Sequence[Uncaptured],
    taken: AbstractSet[str],
) -> frozenset[int] | None:
    """The indexes of the findings that plans remove, from the bindings of the touched names.

    ``groups`` are those of the analysis. Of the touched names only those ``taken`` by this host
    count. None where these do not decide.
    """
    names = taken & frozenset[str]().union(*(part.touched.names for part in parts))
    if not names:
        return frozenset()
    modules: list[Module] = []
    for part in parts:
        if tried := names & part.touched.unsettled(analysis, groups):
            modules += rebind(analysis, part.plan, tried)
    before = [f for module in analysis.modules for f in module.failures]
    after = [f for module in modules for f in module.failures]
    if any(f.kind == "version-tables-missing" for f in (*before, *after)):
        return None
    if any(f.kind == "undefined-symbol" and f.name in names for f in before):
        return None
    if not {(f.kind, f.name) for f in after} <= {(f.kind, f.name) for f in before}:
        return frozenset()
    # The same objects are loaded, so that all of these stay.
    left = {_key(finding) for finding in findings if finding.code.family is Family.LOADING}
    left |= set(_shadows(analysis, groups, without=names))
    left |= set(_shadows(analysis, groups_of(modules)))
    return frozenset(number for number, f in enumerate(findings) if _key(f) not in left)


def _shadows(
    analysis: Analysis,
    groups: Iterable[tuple[Dso, BindingGroup]],
    *,
    without: AbstractSet[str] = frozenset(),
) -> Iterator[_Key]:
    """What identifies the findings of shadowing in ``groups``, but for bindings of some names."""
    for dso, group in groups:
        for b in group.shadowed:
            if b.reference.name not in without and b.provider is not None:
                yield _code(analysis, b), analysis.name_of(dso), analysis.name_of(b.provider)


def _code(analysis: Analysis, b: Binding) -> Code | None:
    """The code that one shadowed binding has by itself (``Code.per_binding``), or None."""
    if b.provider is None or not analysis.is_host(b.provider):
        return OWN_SHADOW
    return VAGUE_LINKAGE if is_vague(b) else None


# -- from all of it -------------------------------------------------------------------------------


def removed_in_trial(
    analysis: Analysis, findings: Sequence[Finding], request: RepairRequest
) -> frozenset[int]:
    """The same after loading and binding everything again."""
    tried = _tried(analysis, request)
    if tried is None:
        return frozenset()
    (after,) = tried.after
    shadows = _shadows(after, groups_of(after.modules))
    loading = {_key(finding) for finding in judge_loading(after)}
    return _gone(findings, loading.union(shadows), tried.plan)


def removed_behind_in_trial(
    analysis: Analysis, findings: Sequence[Finding], request: RepairRequest
) -> frozenset[int]:
    """The same for findings behind imports."""
    tried = _tried(analysis, request)
    if tried is None:
        return frozenset()
    (after,) = tried.after
    return _gone(findings, map(_key, judge_behind(behind_imports(after))), tried.plan)


def _tried(analysis: Analysis, request: RepairRequest) -> InMemory | None:
    """The repair in memory; None where nothing is changed, or something new fails."""
    from collide.repair.repair import in_memory, new_failures  # late: start-up

    tried = in_memory(analysis.target, (analysis,), request)
    if not tried.plan.objects or new_failures(analysis, tried.after[0], tried.plan.moved):
        return None
    return tried


def _gone(findings: Sequence[Finding], found: Iterable[_Key], plan: Plan) -> frozenset[int]:
    """The indexes of the findings that are not among those ``found`` after ``plan``."""
    old = {new: old for old, new in plan.moved.items()}
    left = {(code, old.get(v, v), old.get(p, p) if p else p) for code, v, p in found}
    return frozenset(number for number, f in enumerate(findings) if _key(f) not in left)
