"""Finds interpositions: where an object gets symbols from another library than was intended.

One interposition is one victim with one provider, over all modules: what was
taken, what of it is in use, and what of the same library stays in the wheel.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cache, partial
from os.path import commonprefix

from collide.analysis.analysis import Analysis
from collide.analysis.static_libraries import find_interiors, names_in, place
from collide.binding.binding import Binding, BindingGroup, is_vague
from collide.binding.shadowing import has_other_strings
from collide.elf.constants import STT_OBJECT
from collide.elf.names import first_word
from collide.elf.references import referred_names
from collide.elf.symbol_table import values_of_types
from collide.elf.symbols import Reference, is_code, is_data
from collide.loader.model import Dso
from collide.support.records import NamedTuple
from collide.wheels.target import is_extension_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.analysis.known_reach import KnownReach, ReachOnHost
    from collide.analysis.layouts import Layouts
    from collide.elf.code.call_graph import Calls
    from collide.loader.lookup import Match

_SHORTEST_PREFIX = 3
"""Characters from which on a common prefix of names is taken to be that of a library."""


def _unknown() -> Layouts | None:
    return None


class Interposition(NamedTuple):
    """One victim and one provider.

    ``intended`` are the objects that were meant to provide, the victim itself
    where a static library is linked into it. ``taken`` are all bindings to the
    provider, ``used`` those that code which can run refers to. ``kept`` are the
    names of the same library that are in use too and stay in the wheel.
    ``vague`` marks C++ vague linkage, ``host`` a provider that is no member of
    the wheel. ``modules`` are those that show it when they are opened. ``calls_known``
    is whether the victim's calls could be read; otherwise all counts as used.
    ``entered`` counts the victim's names that other objects in use get from it, and
    those that they get from the host in its place; (0, 0) where the library is linked
    into the victim. ``asked`` marks a victim that is no module and that no object of
    the wheel links: its functions are looked up by name. ``within_host`` marks a victim that is
    an object of the host itself.
    """

    victim: Dso
    provider: Dso
    intended: tuple[Dso, ...]
    taken: tuple[Binding, ...]
    used: tuple[Binding, ...]
    kept: tuple[str, ...]
    vague: bool
    host: bool
    modules: tuple[str, ...]
    calls_known: bool
    entered: tuple[int, int]
    asked: bool
    within_host: bool = False
    own_calls: tuple[str, ...] = ()
    compare: Callable[[], Layouts | None] = _unknown

    @property
    def used_names(self) -> tuple[str, ...]:
        """Names of what is used, sorted."""
        return tuple(sorted({b.reference.name for b in self.used}))

    @property
    def ours(self) -> str:
        """Whose the intended definitions are, as a genitive in a sentence."""
        return _whose(self.intended) if self.within_host else "the wheel's"

    @property
    def theirs(self) -> str:
        """Whose the definitions in use are."""
        return _whose((self.provider,)) if self.within_host else "the host's"

    def release_difference(self) -> str | None:
        """See :func:`collide.analysis.library_copies.release_difference`."""
        from collide.analysis.library_copies import release_difference  # late: start-up

        return release_difference(self.intended, self.provider, (self.ours, self.theirs))

    def releases(self) -> tuple[str, str] | None:
        """See :func:`collide.analysis.library_copies.releases`."""
        from collide.analysis.library_copies import releases  # late: start-up

        return releases(self.intended, self.provider)


def _whose(dsos: Iterable[Dso]) -> str:
    return " and ".join(sorted(dso.path.rsplit("/", 1)[-1] for dso in dsos)) + "'s"


class _Collected:
    """All bindings of one victim to one provider, over all modules."""

    def __init__(self) -> None:
        self.taken: dict[Reference, Binding] = {}
        self.modules: set[str] = set()


InterpositionKey = tuple[Dso, Dso, bool]
Uses = Callable[[Dso, Iterable[str]], AbstractSet[str]]


def find_interpositions(
    analysis: Analysis, *, reaching: bool = True, known: KnownReach | None = None
) -> Iterator[Interposition]:
    """Every interposition of an analysis; without ``reaching`` all references count as used.

    ``known`` is what was found to be used on other hosts of the same target.
    """
    groups = _Groups(analysis)
    collected = groups.collected()
    weighed = {k: one for k, one in collected.items() if _is_weighed(analysis, k, one)}
    names = dict[Dso, set[str]]()
    kept_of: dict[InterpositionKey, AbstractSet[str]] = {}
    for key, found in weighed.items():
        bindings = tuple(found.taken.values())
        names.setdefault(key[0], set()).update(b.reference.name for b in bindings)
        kept_of[key] = frozenset() if key[2] else kept_beside(bindings, key[0], groups.of(key[0]))
    reach = _reach(analysis, weighed, kept_of, known) if reaching and names else None
    uses: Uses = reach.uses if reach else _all
    # All names of a victim at once: each call may have to read all its code.
    used_names = {victim: uses(victim, wanted) for victim, wanted in names.items()}
    roots = {m.bound.opened.root.dso for m in analysis.modules if m.bound}
    for key, found in collected.items():
        victim, provider, vague = key
        bindings = tuple(found.taken.values())
        used: tuple[Binding, ...] = ()
        if key in weighed:
            used = tuple(b for b in bindings if b.reference.name in used_names[victim])
        intended = {b.intended.dso: None for b in bindings if b.intended}
        kept = uses(victim, kept_of[key]) if used else frozenset()
        # For a library inside the victim it is not needed, and all users would have to be read.
        inside = intended.keys() <= {victim}
        yield Interposition(
            victim=victim,
            provider=provider,
            intended=tuple(intended),
            taken=bindings,
            used=used,
            kept=tuple(sorted(kept)),
            vague=vague,
            host=analysis.is_host(provider),
            modules=tuple(sorted(found.modules)),
            calls_known=not used or not reaching or victim.calls is not None,
            entered=_entered(groups, victim, uses) if kept and not inside else (0, 0),
            asked=victim in roots and not is_extension_module(victim),
            within_host=analysis.is_host(victim),
            own_calls=_own_calls(used, groups, victim, kept_of[key], reach)
            if reach and used
            else (),
            compare=cache(partial(_compare, _told(analysis, used), victim)) if used else _unknown,
        )


def _is_weighed(analysis: Analysis, key: InterpositionKey, found: _Collected) -> bool:
    """Whether it matters what is in use.

    Of C++ vague linkage only where it may be compiled for the other class ``std::string``.
    """
    victim, provider, vague = key
    if not vague or not analysis.is_host(provider):
        return analysis.is_host(provider)
    code = any(b.intended and not is_data(b.intended.definition.type) for b in found.taken.values())
    return code and has_other_strings(provider, victim)


def _told(analysis: Analysis, used: Iterable[Binding]) -> tuple[Binding, ...]:
    """Those whose intended code is known on a recorded host, too: the wheel's and the program's."""
    return tuple(
        b
        for b in used
        if b.intended and (analysis.is_member(b.intended.dso) or analysis.is_host(b.intended.dso))
    )


def _compare(used: Iterable[Binding], victim: Dso) -> Layouts | None:
    from collide.analysis.layouts import compare_layouts  # late: start-up

    return compare_layouts(used, victim)


def _own_calls(
    used: Iterable[Binding],
    groups: _Groups,
    victim: Dso,
    kept: AbstractSet[str],
    reach: ReachOnHost,
) -> tuple[str, ...]:
    """The names whose intended definitions are called by their own object, and not by name.

    That is one which the victim calls by names of another library in it, too, not ``kept`` ones.
    """
    from collide.elf.code.call_graph import called_directly  # late: start-up

    by_dso: dict[Dso, dict[int, str]] = {}
    for b in used:
        if b.intended is not None and b.intended.dso is not victim:
            dso, definition = b.intended
            if is_code(definition.type) and definition.value:
                by_dso.setdefault(dso, {})[definition.value] = b.reference.name
    found = set[str]()
    for dso, names in by_dso.items():
        if not reach.uses(victim, groups.bound(victim, dso) - kept):
            continue
        functions: AbstractSet[int] = names.keys()
        if dso.calls is None:
            functions = called_directly(dso.read(), functions)
        found |= {names[one] for one in reach.runs(dso, functions)}
    return tuple(sorted(found))


def _reach(
    analysis: Analysis,
    weighed: Mapping[InterpositionKey, _Collected],
    kept_of: Mapping[InterpositionKey, AbstractSet[str]],
    known: KnownReach | None,
) -> ReachOnHost:
    """What tells which names of a victim are in use, by the calls of all that is opened."""
    from collide.analysis.known_reach import KnownReach  # late: start-up
    from collide.analysis.reachability import Reach  # late: start-up

    opened = {name for found in weighed.values() for name in found.modules}
    modules = [m.bound for m in analysis.modules if m.bound and m.name in opened]
    kept_in: dict[Dso, AbstractSet[str]] = {}
    for (victim, _, _), kept in kept_of.items():
        kept_in[victim] = kept_in.get(victim, frozenset()) | kept
    taken = (b for found in weighed.values() for b in found.taken.values())
    compared = {b.intended.dso for b in taken if b.intended}
    interiors = find_interiors(
        (victim, tuple(one.taken.values()), kept_of[victim, provider, vague])
        for (victim, provider, vague), one in weighed.items()
        if not vague
    )
    calls_of = partial(_calls_of, analysis, compared, kept_in)
    unasked = _unasked(weighed, interiors)
    reach = Reach(modules, kept_in.keys() | compared, calls_of, unasked)
    further = tuple(
        frozenset((dso, frozenset(names)) for dso, names in of.items()) for of in (kept_in, unasked)
    )
    return (known or KnownReach()).of(reach, (further, frozenset(compared)))


def _unasked(
    weighed: Mapping[InterpositionKey, _Collected], interiors: Mapping[Dso, tuple[range, ...]]
) -> dict[Dso, AbstractSet[str]]:
    """Names that nobody looks up in a victim that has other work than the library linked into it.

    Who opens such an object asks for what it is made for, not for a part of a library: not for
    what the provider has too, nor for what lies among that, nor for what the object itself refers
    to.
    """
    from collide.analysis.library_copies import same_library  # late: start-up

    libraries = {victim for victim, provider, _ in weighed if same_library(victim, provider)}
    found: dict[Dso, AbstractSet[str]] = {}
    for (victim, provider, vague), one in weighed.items():
        if vague:
            continue
        intended = {b.intended.dso for b in one.taken.values() if b.intended}
        inside = intended <= {victim} and victim not in libraries
        if inside and not is_extension_module(victim):
            names = victim.elf.exports.names
            referred = names & referred_names(victim.elf.references)
            known = provider.elf.exports.defined(names)
            found[victim] = found.get(victim, frozenset()) | referred | known
    for victim, names in found.items():
        between = names | names_in(victim, interiors.get(victim, ()))
        found[victim] = between if victim.elf.exports.names - between else names
    # Of one that offers nothing else, all may be asked for.
    return {dso: names for dso, names in found.items() if dso.elf.exports.names - names}


def kept_beside(
    taken: Collection[Binding], victim: Dso, groups: Iterable[BindingGroup]
) -> AbstractSet[str]:
    """The names of the libraries of ``taken`` that ``victim`` gets as meant, by its ``groups``."""
    intended = {b.intended.dso for b in taken if b.intended}
    return _Library(taken, victim).kept(groups, intended)


def _all(_victim: Dso, names: Iterable[str]) -> AbstractSet[str]:
    return frozenset(names)


def _calls_of(
    analysis: Analysis,
    compared: AbstractSet[Dso],
    kept: Mapping[Dso, AbstractSet[str]],
    dso: Dso,
) -> Calls | None:
    if not analysis.is_member(dso):
        return None
    calls = dso.calls
    if calls is not None and calls.by_name:
        from collide.wheels.python_names import names_in_python  # late: start-up

        names = calls.by_name.keys()
        calls.leave_out(names - names_in_python(analysis.target, dso, names))
    if calls is not None:
        own = kept.get(dso, frozenset()) & dso.elf.exports.names
        calls.follow_tables(own, partial(_variables, dso))
    if dso in compared:
        # The rules of findings will need them, and the bytes are in memory now.
        _ = dso.version_strings
    return calls


def _variables(dso: Dso) -> AbstractSet[int]:
    return {value for _, value in values_of_types(dso.elf.exports, (STT_OBJECT,))}


class _Groups:
    """The groups of bindings of all modules, each once: most modules share them."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._groups: dict[int, tuple[Dso, BindingGroup]] = {}
        self._modules: dict[int, list[str]] = {}
        self._last: dict[int, None] = {}
        self._of: dict[Dso, list[BindingGroup]] = {}
        for module in analysis.modules:
            for bound in module.bound.objects if module.bound else ():
                for group in bound.groups:
                    key = id(group)
                    if key not in self._groups:
                        self._of.setdefault(bound.map.dso, []).append(group)
                    self._groups[key] = bound.map.dso, group
                    if group.shadowed:
                        self._modules.setdefault(key, []).append(module.name)
                        # Of several bindings of one reference the last one is kept.
                        self._last.pop(key, None)
                        self._last[key] = None

    def of(self, victim: Dso) -> list[BindingGroup]:
        """The groups that bind references of ``victim``, in any module."""
        return self._of.get(victim, [])

    def bound(self, victim: Dso, provider: Dso) -> AbstractSet[str]:
        """The names that ``victim`` gets from ``provider``, in any module."""
        return frozenset().union(*(group.bound_to(provider) for group in self.of(victim)))

    def reaching(self, victim: Dso) -> Iterator[tuple[Dso, BindingGroup]]:
        """The groups that bind other objects to names that ``victim`` defines, in any module."""
        for dso, group in self._groups.values():
            if dso is not victim and victim in group.closure:
                yield dso, group

    def collected(self) -> dict[InterpositionKey, _Collected]:
        """All that is shadowed, by victim and provider."""
        found: dict[InterpositionKey, _Collected] = {}
        keys: dict[int, list[tuple[InterpositionKey, Binding]]] = {}
        for number, modules in self._modules.items():
            dso, group = self._groups[number]
            keys[number] = list(self._keys(dso, group))
            for key, b in keys[number]:
                one = found.get(key) or found.setdefault(key, _Collected())
                one.taken[b.reference] = b
            for key in {key for key, _ in keys[number]}:
                found[key].modules.update(modules)
        for number in self._last:
            for key, b in keys[number]:
                found[key].taken[b.reference] = b
        self._return_copied(found)
        return found

    def _return_copied(self, found: dict[InterpositionKey, _Collected]) -> None:
        """Count variables that the executable holds for a library to that library.

        By a copy relocation the executable has room for a variable of a library, under its name
        and in its size, and comes before it in the scope. So who gets its functions from that
        library gets its variables from the executable.
        """
        process = self._analysis.host.process
        executable, *libraries = (m.dso for m in process.global_scope)
        for victim in [v for v, p, vague in found if p is executable and not vague]:
            held = found[victim, executable, False]
            for reference, b in [*held.taken.items()]:
                owner = next(
                    (d for d in libraries if b.actual and _has_variable(d, b.actual)), None
                )
                if owner and (one := found.get((victim, owner, False))):
                    one.taken[reference] = held.taken.pop(reference)
                    one.modules |= held.modules
            if not held.taken:
                del found[victim, executable, False]

    def _keys(self, victim: Dso, group: BindingGroup) -> Iterator[tuple[InterpositionKey, Binding]]:
        is_host = self._analysis.is_host
        for b in group.shadowed:
            if b.actual is not None:
                yield (victim, b.actual.dso, is_host(b.actual.dso) and is_vague(b)), b


def _has_variable(dso: Dso, match: Match) -> bool:
    """Whether an object has the same variable: one of that name, kind and size."""
    one = match.definition
    return is_data(one.type) and any(
        (d.type, d.size) == (one.type, one.size) for d in dso.elf.exports.candidates(one.name)
    )


def _entered(groups: _Groups, victim: Dso, uses: Uses) -> tuple[int, int]:
    """How many names of ``victim`` others in use get from it, and how many from elsewhere."""
    intended: dict[Dso, tuple[set[str], set[str]]] = {}
    for user, group in groups.reaching(victim):
        for names, more in zip(
            intended.setdefault(user, (set(), set())), group.intended_from(victim), strict=True
        ):
            names.update(more)
    stay, gone = set[str](), set[str]()
    for user, (home, away) in intended.items():
        if home or away:
            used = uses(user, home | away)
            stay |= used & home
            gone |= used & away
    return len(stay), len(gone)


class _Library:
    """Recognises names of the library whose other symbols are taken.

    Names of a library in C begin with a word of its own, those of one in C++ with its
    namespace. Of a bundled library these are the references that still bind to it and
    begin as a taken one does, as other libraries may be linked into it. A static
    library has no object of its own, but the linker lays out an archive in one piece:
    its functions are those that begin so and lie between the first and the last taken
    one, and those with the prefix that all taken names have in common. Names of C++
    vague linkage belong to no library.
    """

    def __init__(self, taken: Collection[Binding], victim: Dso) -> None:
        self._victim = victim
        prefix = commonprefix([b.reference.name for b in taken])  # noqa: RUF071 - no paths
        # The prefix of a mangled C++ name says nothing of its library before the outermost name.
        long_enough = len(re.sub(r"^_Z[A-Za-z]*\d*", "", prefix)) >= _SHORTEST_PREFIX
        self._prefix = prefix if long_enough else None
        words = Counter(first_word(name) for name in {b.reference.name for b in taken})
        # A word that one name has, where others share theirs, is any verb: get of get_crc_table.
        once = max(words.values(), default=0) == 1
        self._words = {word for word, count in words.items() if count > 1 or once}
        places = [p for b in taken if b.intended and b.intended.dso is victim for p in place(b)]
        self._first, self._last = (min(places), max(places)) if places else (0, -1)

    def kept(self, groups: Iterable[BindingGroup], intended: AbstractSet[Dso]) -> set[str]:
        """Names of the same library that got what they were meant to get from ``intended``."""
        found: dict[Reference, Binding] = {}
        for group in groups:
            if not intended.isdisjoint(group.closure):
                for b in self._staying(group):
                    if b.provider in intended:
                        found[b.reference] = b
        return {reference.name for reference, b in found.items() if self._has(b)}

    def _staying(self, group: BindingGroup) -> Iterator[Binding]:
        for word in self._words:
            yield from group.staying(word)
        if self._prefix is not None:
            names = frozenset(n for n in group.names() if n.startswith(self._prefix))
            yield from (b for b in group.of(names) if b.stays and not is_vague(b))

    def _is_alike(self, name: str) -> bool:
        return self._prefix is not None and name.startswith(self._prefix)

    def _has(self, b: Binding) -> bool:
        name = b.reference.name
        worded = first_word(name) in self._words
        inside = worded and any(self._first <= at <= self._last for at in place(b))
        bundled = worded and b.provider is not self._victim
        return bundled or inside or self._is_alike(name)
