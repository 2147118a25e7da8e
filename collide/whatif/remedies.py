"""Finds the changes that remove a finding, by trying each in memory and binding again.

A change is a remedy when none of the finding's references is taken any more, no
other one is taken instead, and no object misses a symbol that it had. The least
invasive comes first: linker options that leave all exports alone, those that take
some away, then what changes the users of a library as well, then the host.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from itertools import product

from collide.analysis.analysis import Analysis
from collide.analysis.start_up import START_UP_MODULE, knows_references
from collide.binding.binding import Binding
from collide.findings.finding import Finding
from collide.loader.link_map import LinkMap
from collide.support.errors import InputError
from collide.support.records import NamedTuple
from collide.whatif.costs import Cost, costs
from collide.whatif.deepbind import fatal, splits
from collide.whatif.edits import (
    DEEPBIND,
    HIDE,
    LOCAL,
    RENAME,
    SONAME,
    SYMBOLIC,
    VERSION,
    Edit,
    LinkChange,
    distribution_tag,
)
from collide.whatif.hosts import own_objects
from collide.whatif.whatif import (
    Balance,
    Fates,
    WhatIf,
    attempt,
    lost_references,
    newly_split,
    shadowed_bindings,
    with_start_up,
)


class Remedy(NamedTuple):
    """One change that was tried against one finding.

    ``edits`` are of the wheel, ``host_edits`` of the host. ``taken_before`` and
    ``taken_after`` count the finding's own references, ``balance`` is that of
    the whole wheel on this host. ``refusal`` is the reason why the change does not
    remove the finding, None when it is proven to; only then are ``costs`` computed.
    ``renamed`` are new symbol names by old ones.
    """

    edits: tuple[Edit, ...]
    host_edits: tuple[Edit, ...]
    taken_before: int
    taken_after: int
    balance: Balance
    refusal: str | None
    costs: tuple[Cost, ...] = ()
    renamed: Mapping[str, str] = {}


class Prover:
    """Tries changes of one analysed target on its host; findings share what was tried."""

    def __init__(self, before: Analysis) -> None:
        self.before = before
        self._members = frozenset(before.target.names.values())
        self._shadowed: dict[tuple[str, str], list[Binding]] = {}
        for (path, _), b in shadowed_bindings(before).items():
            if b.provider is not None:
                key = before.target.names.get(path, path), before.name_of(b.provider)
                self._shadowed.setdefault(key, []).append(b)
        self._state = _state(before, {})
        self._tried: dict[tuple[tuple[Edit, ...], tuple[Edit, ...]], _Tried] = {}

    def trials(self, finding: Finding) -> tuple[Remedy, ...]:
        """Every change worth trying against ``finding``, with the reason where it fails.

        Empty where the finding is neither one of bindings nor one of loading.
        """
        if not self._state.taken_by(finding):
            return ()
        found: list[Remedy] = []
        covered: set[Edit] = set()
        for edits, host_edits in self._candidates(finding):
            whole = [e._replace(change=LinkChange(HIDE)) for e in edits if e.change.option == HIDE]
            if covered.isdisjoint(whole):
                found.append(self._try(finding, edits, host_edits))
                # Where all symbols can be hidden, hiding some of them is no further remedy.
                covered.update(edits if found[-1].refusal is None else ())
        return tuple(found)

    def _try(
        self, finding: Finding, edits: tuple[Edit, ...], host_edits: tuple[Edit, ...]
    ) -> Remedy:
        key = edits, host_edits
        tried = self._tried.get(key)
        if tried is None:
            tried = self._tried[key] = self._attempt(*key)
        before_it, left = self._state.taken_by(finding), tried.state.taken_by(finding)
        refusal = tried.refusal
        if left and tried.was_possible:
            refusal = f"{left} of {before_it} are still taken by {finding.provider}"
        return Remedy(
            edits,
            host_edits,
            before_it,
            left,
            tried.balance,
            refusal,
            () if refusal else tried.costs,
            tried.renamed,
        )

    def _attempt(self, edits: tuple[Edit, ...], host_edits: tuple[Edit, ...]) -> _Tried:
        try:
            before = self._with_host if host_edits else self.before
            return _outcome(attempt(before, edits, host_edits), edits, host_edits)
        except InputError as e:
            if not host_edits:
                raise
            # A host that cannot be changed in memory leaves the changes of the wheel to be tried.
            taken = len(shadowed_bindings(self.before))
            balance = Balance(taken, taken, 0, (), ())
            refusal = f"could not be tried: {e.reason}"
            return _Tried(self._state, balance, refusal, (), {}, was_possible=False)

    @property
    def _can_deepbind(self) -> bool:
        process = self.before.host.process
        return process.has_deepbind and not self.before.modes.deepbind

    @cached_property
    def _with_host(self) -> Analysis:
        return with_start_up(self.before)

    # -- candidates ------------------------------------------------------------------------------

    def _candidates(self, finding: Finding) -> Iterator[tuple[tuple[Edit, ...], tuple[Edit, ...]]]:
        wheel = [*self._of_captured(finding), *self._of_shadowed(finding)]
        yield from ((edits, ()) for edits in dict.fromkeys(wheel))
        if finding.symbols and finding.provider not in self._members and self._can_deepbind:
            yield (_edit("*", DEEPBIND),), ()
        yield from (((), edits) for edits in self._of_host(finding))

    def _of_shadowed(self, finding: Finding) -> Iterator[tuple[Edit, ...]]:
        if not finding.symbols:
            return
        if finding.provider in self._members:
            yield (_edit(finding.provider, HIDE, finding.symbols),)
        names = frozenset(finding.symbols)
        taken = self._shadowed.get((finding.victim, str(finding.provider)), ())
        intended = {b.intended.dso for b in taken if b.intended and b.reference.name in names}
        if not all(map(self.before.is_member, intended)):
            return
        members = sorted(map(self.before.name_of, intended))
        choices = [
            list(self._of_own(finding) if name == finding.victim else self._of_intended(name))
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
        yield from self._of_intended(finding.victim)

    def _of_intended(self, library: str) -> Iterator[Edit]:
        """For symbols that another member defines."""
        yield _edit(library, VERSION, value=distribution_tag(self.before.target.name).upper())
        # All that is referred to: renamed in part, the library would be there twice for its users.
        yield _edit(library, RENAME)

    def _of_captured(self, finding: Finding) -> Iterator[tuple[Edit, ...]]:
        """For a member that is not loaded, because the host has one of its name."""
        if finding.symbols and finding.provider is not None:
            return
        for name in sorted(self._captured(finding.victim)):
            mangled = _edit(name, SONAME)
            yield (mangled,)
            node = distribution_tag(self.before.target.name).upper()
            for more in (_edit(name, VERSION, value=node), _edit(name, RENAME)):
                yield (more, mangled)

    def _captured(self, victim: str) -> set[str]:
        answers: dict[str, str] = {}
        for path, dso in self.before.target.members.items():
            name = self.before.target.names[dso.path]
            answers[path.rsplit("/", 1)[1]] = name
            if dso.elf.soname is not None:
                answers[dso.elf.soname] = name
        return {
            answers[name]
            for m in _maps(self.before)
            if self.before.name_of(m.dso) == victim
            for name, found in m.resolutions
            if name in answers and found.how == "already-loaded"
        }

    def _of_host(self, finding: Finding) -> Iterator[tuple[Edit, ...]]:
        """Hide the symbols in the executable, or do not link what brings in the provider."""
        process = self.before.host.process
        if finding.provider == process.executable.dso.path:
            if finding.symbols:
                yield (_edit(finding.provider, HIDE, finding.symbols),)
            return
        own = own_objects(self.before.host)
        if any(m.dso.path == finding.provider for m in own):
            return
        ways = {
            needed.dso.path
            for m in own
            for needed in m.needed or ()
            if needed not in own
            and any(below.dso.path == finding.provider for below in _closure(needed, own))
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
    # With its brackets quoted a name is a pattern that matches only itself.
    return Edit(name.replace("[", "[[]"), LinkChange(option, names, value))


# -- proof ----------------------------------------------------------------------------------------


class _State(NamedTuple):
    """What findings are about, without the bindings, which would take too much memory.

    ``taken`` counts shadowed references by victim, provider and the name they
    had before, ``needs`` are pairs of an object and of what a DT_NEEDED of it found,
    ``failures`` pairs of an object and of what it lacks.
    """

    taken: Mapping[tuple[str, str, str], int]
    needs: AbstractSet[tuple[str, str]]
    failures: AbstractSet[tuple[str, str]]

    def taken_by(self, finding: Finding) -> int:
        """How many references are as a finding says; of a finding of loading, 1 while it holds."""
        victim, provider = finding.victim, finding.provider
        if finding.symbols and provider is not None:
            return sum(self.taken.get((victim, provider, name), 0) for name in finding.symbols)
        if (victim, provider) in self.needs:
            return 1
        subjects = {provider, *(symbol.partition("@")[0] for symbol in finding.symbols)}
        return sum(holder == victim and name in subjects for holder, name in self.failures)


def _state(analysis: Analysis, fates: Fates) -> _State:
    old = {
        (path, new): reference.name
        for path, fate in fates.items()
        for reference, new in fate.items()
    }
    names = analysis.target.names
    taken: Counter[tuple[str, str, str]] = Counter()
    for (path, reference), b in shadowed_bindings(analysis).items():
        if b.provider is not None:
            name = old.get((path, reference), reference.name)
            taken[names.get(path, path), analysis.name_of(b.provider), name] += 1
    maps = set(_maps(analysis))
    return _State(
        taken,
        {(analysis.name_of(m.dso), analysis.name_of(n.dso)) for m in maps for n in m.needed or ()},
        {(names.get(f.object, f.object), f.name) for m in analysis.modules for f in m.failures},
    )


def _maps(analysis: Analysis) -> Iterator[LinkMap]:
    """What the modules bring, also those that are refused: for the version of a library, say."""
    for module in analysis.modules:
        if module.bound is not None and module.name != START_UP_MODULE:
            yield from module.bound.opened.new


class _Tried(NamedTuple):
    """What is kept of one change that was tried, for all findings."""

    state: _State
    balance: Balance
    refusal: str | None
    costs: tuple[Cost, ...]
    renamed: Mapping[str, str]
    was_possible: bool = True


def _outcome(tried: WhatIf, edits: tuple[Edit, ...], host_edits: tuple[Edit, ...]) -> _Tried:
    refusal = _refusal(tried)
    if not refusal and any(e.change.option == DEEPBIND for e in edits):
        refusal = _split(tried)
    if host_edits and not knows_references(tried.before.host):
        refusal = "what else of the host needs it is not in its profile: name the binary"
    price = () if refusal else costs(tried, edits, host_edits)
    return _Tried(_state(tried.after, tried.fates), tried.balance, refusal, price, tried.renamed)


def _refusal(tried: WhatIf) -> str | None:
    """Why a change cannot be a remedy of any finding; None when it may be."""
    balance = tried.balance
    if balance.new:
        first = balance.new[0]
        name = tried.after.target.names.get(first.object, first.object)
        more = f", and {len(balance.new) - 1} more" if len(balance.new) > 1 else ""
        return f"{name} would fail: {first.kind} {first.name}{more}"
    missing = lost_references(tried)
    if missing:
        (holder, name), *rest = sorted((holder, r.name) for holder, r in missing)
        more = f", and {len(rest)} more" if rest else ""
        return f"{holder} would no longer find {name} in the wheel{more}"
    if balance.newly_shadowed:
        return f"{balance.newly_shadowed} other references would be taken instead"
    for holder, provider, left in newly_split(tried):
        return f"{holder} would take only {left} of its references from {provider} still"
    return None


def _split(tried: WhatIf) -> str | None:
    """What RTLD_DEEPBIND puts into use twice that works only once; None without it."""
    split = fatal(splits(tried.before, tried.after))
    if split is None:
        return None
    if split.kind == "freed-elsewhere":
        return (
            f"{split.second} would free what {split.names[0]} gets from the malloc of {split.first}"
            " with the free of the C library"
        )
    what = "operator new" if split.kind == "cpp-allocator" else "the C++ runtime"
    more = f" and {len(split.names) - 1} more" if len(split.names) > 1 else ""
    return f"{what} would be split between {split.first} and {split.second}: {split.names[0]}{more}"


def proven(trials: Sequence[Remedy]) -> tuple[Remedy, ...]:
    """The trials without a refusal."""
    return tuple(remedy for remedy in trials if remedy.refusal is None)
