"""Which changes remove a finding: each tried in memory, bound again, and only then named.

A remedy counts when none of the finding's references is taken any more,
nothing else is, and no object misses a symbol that it had. The least invasive
comes first: a linker option that leaves all exports alone, one that takes
some away, then what concerns the users of a library as well, then the host.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import product
from typing import NamedTuple

from collide.analysis import Analysis, analyse
from collide.bindings import Binding, BoundObject
from collide.changes import HIDE, LOCAL, RENAME, SONAME, SYMBOLIC, VERSION, Change, Edit, tag_of
from collide.costs import Cost, costs
from collide.host import Host
from collide.judge import Finding
from collide.linkmap import LinkMap
from collide.rehost import own_objects
from collide.whatif import START_UP, Balance, Fates, WhatIf, attempt, lost, shadowed, with_start_up
from collide.wheel import Target


class Remedy(NamedTuple):
    """One change that was tried against one finding.

    ``edits`` are of the wheel, ``host_edits`` of the host. ``taken_before`` and
    ``taken_after`` count the finding's own references, ``balance`` is that of
    the whole wheel on this host. ``refusal`` is why it does not serve, None
    when it is proven to; only then are ``costs`` computed. ``renamed`` are old
    and new names.
    """

    edits: tuple[Edit, ...]
    host_edits: tuple[Edit, ...]
    taken_before: int
    taken_after: int
    balance: Balance
    refusal: str | None
    costs: tuple[Cost, ...] = ()
    renamed: Mapping[str, str] = {}


def remedies(target: Target, host: Host, finding: Finding) -> tuple[Remedy, ...]:
    """The proven remedies for one finding, the least invasive first."""
    tried = Prover(analyse(target, host)).trials(finding)
    return tuple(remedy for remedy in tried if remedy.refusal is None)


class Prover:
    """Tries changes of one analysed target on its host; findings share what was tried."""

    def __init__(self, before: Analysis) -> None:
        self.before = before
        self._tried: dict[tuple[tuple[Edit, ...], tuple[Edit, ...]], WhatIf] = {}
        self._members = frozenset(before.target.names.values())

    def trials(self, finding: Finding) -> tuple[Remedy, ...]:
        """Every change worth trying against ``finding``, with the reason where it fails.

        Nothing where the finding is not one of bindings or of loading.
        """
        taken = _taken(self.before, {}, finding)
        if not taken:
            return ()
        found: list[Remedy] = []
        covered: set[Edit] = set()
        for edits, host_edits in self._candidates(finding):
            whole = [e._replace(change=Change(HIDE)) for e in edits if e.change.option == HIDE]
            if covered.isdisjoint(whole):
                found.append(self._try(finding, taken, edits, host_edits))
                # What may be hidden whole need not be hidden in part.
                covered.update(edits if found[-1].refusal is None else ())
        return tuple(found)

    def _try(
        self,
        finding: Finding,
        taken: int,
        edits: tuple[Edit, ...],
        host_edits: tuple[Edit, ...],
    ) -> Remedy:
        key = edits, host_edits
        tried = self._tried.get(key)
        if tried is None:
            before = self._with_host if host_edits else self.before
            tried = self._tried[key] = attempt(before, edits, host_edits)
        left = _taken(tried.after, tried.fates, finding)
        refusal = _refusal(tried, finding, left, taken)
        return Remedy(
            edits,
            host_edits,
            taken,
            left,
            tried.balance,
            refusal,
            costs(tried, edits, host_edits) if refusal is None else (),
            tried.renamed,
        )

    @cached_property
    def _with_host(self) -> Analysis:
        return with_start_up(self.before)

    # -- candidates ------------------------------------------------------------------------------

    def _candidates(self, finding: Finding) -> Iterator[tuple[tuple[Edit, ...], tuple[Edit, ...]]]:
        wheel = [*self._of_captured(finding), *self._of_shadowed(finding)]
        yield from ((edits, ()) for edits in dict.fromkeys(wheel))
        yield from (((), edits) for edits in self._of_host(finding))

    def _of_shadowed(self, finding: Finding) -> Iterator[tuple[Edit, ...]]:
        if not finding.symbols:
            return
        if finding.provider in self._members:
            yield (_edit(finding.provider, HIDE, finding.symbols),)
        meant = {b.intended[0] for b in _shadowed(self.before, {}, finding) if b.intended}
        if not all(map(self.before.is_member, meant)):
            return
        members = sorted(map(self.before.name_of, meant))
        choices = [
            list(self._of_own(finding) if name == finding.victim else self._of_meant(name, finding))
            for name in members
        ]
        for chosen in product(*choices):
            yield tuple(chosen)

    def _of_own(self, finding: Finding) -> Iterator[Edit]:
        """For symbols that the victim itself defines."""
        first, second, whole = SYMBOLIC
        yield _edit(finding.victim, first)
        yield _edit(finding.victim, second)
        yield _edit(finding.victim, HIDE)
        yield _edit(finding.victim, HIDE, finding.symbols)
        yield _edit(finding.victim, whole)
        yield from self._of_meant(finding.victim, finding)

    def _of_meant(self, library: str, finding: Finding) -> Iterator[Edit]:
        """For symbols that another member defines."""
        yield _edit(library, VERSION, value=tag_of(self.before.target.name).upper())
        yield _edit(library, RENAME, finding.symbols)

    def _of_captured(self, finding: Finding) -> Iterator[tuple[Edit, ...]]:
        """For a member that is not loaded, because the host has one of its name."""
        if finding.symbols and finding.provider is not None:
            return
        for name in sorted(self._captured(finding.victim)):
            mangled = _edit(name, SONAME)
            yield (mangled,)
            node = tag_of(self.before.target.name).upper()
            for more in (_edit(name, VERSION, value=node), _edit(name, RENAME)):
                yield (more, mangled)

    def _captured(self, victim: str) -> set[str]:
        answers: dict[str, str] = {}
        for path, file in self.before.target.members.items():
            name = self.before.target.names[file.path]
            answers[path.rsplit("/", 1)[1]] = name
            if file.object.soname is not None:
                answers[file.object.soname] = name
        return {
            answers[name]
            for bound in _objects(self.before, victim)
            for name, found in bound.map.resolutions
            if name in answers and found.how == "already-loaded"
        }

    def _of_host(self, finding: Finding) -> Iterator[tuple[Edit, ...]]:
        """Hide it in the executable, or link nothing through which it gets into the scope."""
        process = self.before.host.process
        if finding.provider == process.executable.file.path:
            if finding.symbols:
                yield (_edit(finding.provider, HIDE, finding.symbols),)
            return
        own = own_objects(self.before.host)
        if any(m.file.path == finding.provider for m in own):
            return
        ways = {
            needed.file.path
            for m in own
            for needed in m.needed or ()
            if needed not in own
            and any(below.file.path == finding.provider for below in _closure(needed, own))
        }
        if ways:
            yield tuple(_edit(path, LOCAL) for path in sorted(ways))


def _closure(root: LinkMap, without: Sequence[LinkMap]) -> list[LinkMap]:
    """What ``root`` needs, itself first, not through the objects ``without``."""
    order = [root]
    for m in order:
        order += [n for n in m.needed or () if n not in order and n not in without]
    return order


def _edit(name: str, option: str, names: tuple[str, ...] = (), value: str = "") -> Edit:
    # A name is a pattern that matches itself, once its brackets are no class.
    return Edit(name.replace("[", "[[]"), Change(option, names, value))


# -- proof ----------------------------------------------------------------------------------------


def _objects(analysis: Analysis, name: str) -> Iterator[BoundObject]:
    for module in analysis.modules:
        if module.bound is not None and module.name != START_UP:
            for bound in module.bound.objects:
                if analysis.name_of(bound.map.file) == name:
                    yield bound


def _taken(analysis: Analysis, fates: Fates, finding: Finding) -> int:
    """How many references of a finding are as it says; for one of loading, how often it is so."""
    if finding.symbols and finding.provider is not None:
        return len(_shadowed(analysis, fates, finding))
    needed = (m for bound in _objects(analysis, finding.victim) for m in bound.map.needed or ())
    if finding.provider in {analysis.name_of(m.file) for m in needed}:
        return 1
    subjects = {finding.provider, *(s.partition("@")[0] for s in finding.symbols)}
    return sum(
        analysis.target.names.get(f.object, f.object) == finding.victim and f.name in subjects
        for f in dict.fromkeys(f for m in analysis.modules for f in m.failures)
    )


def _shadowed(analysis: Analysis, fates: Fates, finding: Finding) -> list[Binding]:
    """The shadowed references that a finding is about, under whatever name they have now."""
    old = {
        (path, new): reference.name
        for path, fate in fates.items()
        for reference, new in fate.items()
    }
    names = frozenset(finding.symbols)
    return [
        b
        for (path, reference), b in shadowed(analysis).items()
        if old.get((path, reference), reference.name) in names
        and analysis.target.names.get(path, path) == finding.victim
        and b.provider is not None
        and analysis.name_of(b.provider) == finding.provider
    ]


def _refusal(tried: WhatIf, finding: Finding, left: int, taken: int) -> str | None:
    """Why a change does not serve; None when it is proven to."""
    balance = tried.balance
    if left:
        return f"{left} of {taken} are still taken by {finding.provider}"
    if balance.new:
        first = balance.new[0]
        name = tried.after.target.names.get(first.object, first.object)
        more = f", and {len(balance.new) - 1} more" if len(balance.new) > 1 else ""
        return f"{name} would fail: {first.kind} {first.name}{more}"
    missing = lost(tried)
    if missing:
        (holder, name), *rest = sorted((holder, r.name) for holder, r in missing)
        more = f", and {len(rest)} more" if rest else ""
        return f"{holder} would no longer find {name} in the wheel{more}"
    if balance.newly_shadowed:
        return f"{balance.newly_shadowed} other references would be taken instead"
    return None


def proven(trials: Sequence[Remedy]) -> tuple[Remedy, ...]:
    """Those that serve."""
    return tuple(remedy for remedy in trials if remedy.refusal is None)
