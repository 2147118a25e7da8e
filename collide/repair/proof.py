"""Proves a repair by comparing every binding before and after it.

What a plan touches must bind inside the wheel, as its own objects alone would
have it; everything else must bind as before, and nothing may fail that did not
fail already.
"""

from __future__ import annotations

from collections.abc import Iterator

from collide.analysis.analysis import Analysis, Module, groups_of
from collide.binding.binding import Binding, BoundObject
from collide.elf.constants import STV_HIDDEN
from collide.loader.link_map import LoadFailure
from collide.repair.plan import ObjectChange, Plan
from collide.repair.takers import captured, taken_bindings
from collide.support.records import NamedTuple


class StillTaken(NamedTuple):
    """A symbol that a host still takes, with the reason why it was not changed."""

    victim: str
    symbol: str
    provider: str
    reason: str


class Proof(NamedTuple):
    """The outcome on one host.

    ``bindings`` counts those compared, ``taken`` the references that leave the wheel before
    the repair, ``remaining`` those after it, and ``shared`` those of them that get the C or
    C++ runtime or an equal copy of an inline function. ``left`` are the others, one entry a
    symbol. ``captured`` are libraries of the wheel in whose place the host's are still
    loaded. ``own`` counts references that other objects of the same wheel take from a
    closure; no host has a part in these, and they are as before. ``broken`` are sentences
    about what would be worse or otherwise than intended: a repair with any is not written.
    """

    host: str
    bindings: int
    taken: int
    remaining: int
    shared: int
    own: int
    left: tuple[StillTaken, ...]
    captured: tuple[str, ...]
    broken: tuple[str, ...]


def prove(before: Analysis, after: Analysis, plan: Plan) -> Proof:
    """Compare one host's analyses of the target as it was and as it is after ``plan``."""
    comparison = _Comparison(before, after, plan)
    broken = list(comparison.differences())
    reasons = {kept.name: kept.reason for kept in plan.kept}
    runtime = {kept.name for kept in plan.kept if kept.shared}
    old = {(f.path, b.reference) for f, b in taken_bindings(before)}
    remaining = {(f.path, b.reference): (f, b) for f, b in taken_bindings(after)}
    left = {
        StillTaken(
            after.name_of(f),
            b.reference.name,
            after.name_of(b.actual.dso),
            reasons.get(b.reference.name, "was not seen to be taken before the repair"),
        )
        for f, b in remaining.values()
        if b.actual and b.shadowed and b.reference.name not in runtime
    }
    return Proof(
        host=after.host.name,
        bindings=comparison.compared,
        taken=len(old),
        remaining=len(remaining),
        shared=sum(b.reference.name in runtime or not b.shadowed for _, b in remaining.values()),
        own=len(set(_own_shadows(after))),
        left=tuple(sorted(left)),
        captured=tuple(sorted(set(captured(after)))),
        broken=tuple(dict.fromkeys(broken)),
    )


def _own_shadows(analysis: Analysis) -> Iterator[tuple[str, str]]:
    for dso, group in groups_of(analysis.modules):
        for b in group.shadowed:
            if b.actual and analysis.is_member(b.actual.dso):
                yield dso.path, b.reference.name


_Key = tuple[str, str | None, int]


class _Comparison:
    """Compares two analyses of one host, object by object; groups that modules share only once."""

    def __init__(self, before: Analysis, after: Analysis, plan: Plan) -> None:
        self.before, self.after, self.plan = before, after, plan
        self.compared = 0
        self._done: set[tuple[object, ...]] = set()

    def differences(self) -> Iterator[str]:
        later = {m.name: m for m in self.after.modules}
        for module in self.before.modules:
            name = self.plan.moved.get(module.name, module.name)
            new = later.pop(name, None)
            if new is None:
                yield f"{name} would not be opened any more"
                continue
            yield from self._module(module, new)
        for name in later:
            yield f"{name} would be opened by itself"

    def _module(self, old: Module, new: Module) -> Iterator[str]:
        known = {self._failure(f, self.before) for f in old.failures}
        for failure in new.failures:
            if (kind := self._failure(failure, self.after)) not in known:
                yield f"{new.name} would fail to load: {' '.join(kind)}"
        if old.bound is None or new.bound is None or old.bound.refused:
            # What was refused had no bindings that could be kept.
            return
        objects = {self.after.name_of(o.map.dso): o for o in new.bound.objects}
        for bound in old.bound.objects:
            name = self.before.name_of(bound.map.dso)
            name = self.plan.moved.get(name, name)
            later = objects.pop(name, None)
            if later is None:
                yield f"{new.name} would not load {name}"
            else:
                yield from self._object(name, bound, later)
        for name in objects:
            yield f"{new.name} would load {name}"

    def _failure(self, failure: LoadFailure, analysis: Analysis) -> tuple[str, ...]:
        name = analysis.target.names.get(failure.object, failure.object)
        change = self.plan.objects.get(name)
        if analysis is self.before and change is not None:
            renamed = change.renamed.get(failure.name, failure.name)
            failure = failure._replace(name=change.needed.get(renamed, renamed))
        place = self.plan.moved.get(name, name)
        return failure.kind, place, failure.name

    def _object(self, name: str, old: BoundObject, new: BoundObject) -> Iterator[str]:
        groups = tuple(map(id, old.groups)), tuple(map(id, new.groups))
        if groups in self._done:
            return
        self._done.add(groups)
        change = self.plan.objects.get(self.before.name_of(old.map.dso), ObjectChange())
        touched = {*change.closed, *change.renamed}
        found = {_key(b): b for b in new.bindings}
        for b in old.bindings:
            self.compared += 1
            key = _key(b)
            symbol = b.reference.name
            later = found.pop((change.renamed.get(symbol, symbol), *key[1:]), None)
            hidden = b.reference.defined and change.closed.get(symbol) == STV_HIDDEN
            if later is None and hidden:
                continue  # bound to its own object without a lookup
            if later is None:
                yield f"{name} would not refer to {symbol}"
            elif reason := self._wrong(b, later, symbol in touched):
                yield f"{name}: {symbol} {reason}"
        for symbol, *_ in found:
            yield f"{name} would refer to {symbol}"

    def _wrong(self, old: Binding, new: Binding, touched: bool) -> str | None:
        was, now = self._provider(old, self.before), self._provider(new, self.after)
        if was == now:
            return None
        if not touched:
            return f"would bind to {now or 'nothing'} in place of {was or 'nothing'}"
        if new.actual is None or not self.after.is_member(new.actual.dso):
            return f"would bind to {now or 'nothing'}, not to the wheel"
        if old.actual and self.before.is_member(old.actual.dso):
            meant = new.intended and new.intended.dso is new.actual.dso
            return None if meant else f"would bind to {now} in place of {was}"
        return None

    def _provider(self, binding: Binding, analysis: Analysis) -> str | None:
        if binding.actual is None:
            return None
        name = analysis.name_of(binding.actual.dso)
        return self.plan.moved.get(name, name) if analysis is self.before else name


def _key(binding: Binding) -> _Key:
    r = binding.reference
    return r.name, r.version, r.lookup_class
