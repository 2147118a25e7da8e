"""Finds interpositions: where an object gets symbols from another library than was intended.

One interposition is one victim with one provider, over all modules: what was
taken, what of it is in use, and what of the same library stays in the wheel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cache, cached_property, partial

from collide.analysis.analysis import Analysis
from collide.analysis.kept import kept_beside
from collide.analysis.static_libraries import (
    Interior,
    find_interiors,
    names_between,
    names_of_library,
)
from collide.binding.binding import Binding, BindingGroup, BoundObject, is_vague
from collide.binding.shadowing import has_other_strings
from collide.elf.constants import STT_OBJECT
from collide.elf.references import referred_names
from collide.elf.symbol_table import values_of_types
from collide.elf.symbols import Reference, is_code, is_data
from collide.loader.model import Dso, once_of
from collide.support.records import NamedTuple
from collide.wheels.target import is_extension_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.analysis.known_reach import KnownReach
    from collide.analysis.layouts import Layouts
    from collide.analysis.reachability import Reach
    from collide.elf.code.call_graph import Calls
    from collide.loader.lookup import Match


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
    ``asked`` marks a victim that is no module and that no object of
    the wheel links: its functions are looked up by name. ``within_host`` marks a victim that is
    an object of the host itself. ``data`` is the directory with the files that the intended library
    reads, where the wheel brings one.
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
    asked: bool
    within_host: bool = False
    own_calls: tuple[str, ...] = ()
    data: str = ""
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

    def used_beside(self, names: Iterable[str]) -> AbstractSet[str]:
        """Those of ``names`` that code refers to which is no part of the library they are of.

        All where the library is an object of its own, and where the code is not known.
        """
        found, calls = frozenset(names), self.victim.calls
        if set(self.intended) != {self.victim} or calls is None or not calls.whole:
            return found
        taken = frozenset(b.reference.name for b in self.taken)
        library = names_of_library(self.victim, self.provider, taken) | frozenset(self.kept)
        interiors = find_interiors([(self.victim, self.taken, library)]).get(self.victim, ())
        pieces = [piece for interior in interiors for piece in interior]
        return {n for n in found if any(not any(u in p for p in pieces) for u in calls.users(n))}

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

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of what is taken, once all is."""
        return frozenset(reference.name for reference in self.taken)


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
    kept_of: dict[InterpositionKey, AbstractSet[str]] = {}
    for key, one in weighed.items():
        bindings = tuple(one.taken.values())
        kept_of[key] = frozenset() if key[2] else kept_beside(bindings, key[0], groups.of(key[0]))
    reaches = _reaches(analysis, weighed, kept_of, known) if reaching and weighed else None
    reach = reaches(True) if reaches else None
    found = [*_interpositions(analysis, groups, collected, kept_of, reach)]
    if reaches and any(map(_keeps_inside, found)):
        # What constructors use of a copy they use before anything is made by the other one.
        later = reaches(False)
        found = [
            i._replace(kept=tuple(sorted(later.uses(i.victim, i.kept)))) if _keeps_inside(i) else i
            for i in found
        ]
    yield from found


def _keeps_inside(one: Interposition) -> bool:
    return bool(one.kept) and set(one.intended) <= {one.victim}


def _interpositions(
    analysis: Analysis,
    groups: _Groups,
    collected: Mapping[InterpositionKey, _Collected],
    kept_of: Mapping[InterpositionKey, AbstractSet[str]],
    reach: Reach | None,
) -> Iterator[Interposition]:
    uses: Uses = reach.uses if reach else _all
    names = dict[Dso, set[str]]()
    for key in kept_of:
        names.setdefault(key[0], set()).update(collected[key].names)
    # All names of a victim at once: each call may have to read all its code.
    used_names = {victim: uses(victim, wanted) for victim, wanted in names.items()}
    roots = {m.bound.opened.root.dso for m in analysis.modules if m.bound}
    for key, found in collected.items():
        victim, provider, vague = key
        bindings = tuple(found.taken.values())
        used: tuple[Binding, ...] = ()
        if key in kept_of:
            used = tuple(b for b in bindings if b.reference.name in used_names[victim])
        intended = {b.intended.dso: None for b in bindings if b.intended}
        kept = uses(victim, kept_of[key]) if used else frozenset()
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
            calls_known=not used or not reach or victim.calls is not None,
            asked=victim in roots and not is_extension_module(victim),
            within_host=analysis.is_host(victim),
            own_calls=_own_calls(used, groups, victim, kept_of[key], reach)
            if reach and used
            else (),
            data=_data_of(analysis, intended) if used else "",
            compare=cache(partial(_compare, _told(analysis, used), victim)) if used else _unknown,
        )


def _data_of(analysis: Analysis, intended: Iterable[Dso]) -> str:
    """The directory ``share/NAME`` of the wheel that a library of that name was built to read."""
    from collide.analysis.library_copies import library_name  # late: start-up

    for dso in intended if analysis.target.data else ():
        name = (library_name(dso) or "").removeprefix("lib").rstrip("0123456789")
        directory = analysis.target.data.get(name, "")
        if directory and _holds(dso, f"share/{name}".encode()):
            return directory
    return ""


@once_of
def _holds(dso: Dso, text: bytes) -> bool:
    return text in dso.read()


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
    reach: Reach,
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


def _reaches(
    analysis: Analysis,
    weighed: Mapping[InterpositionKey, _Collected],
    kept_of: Mapping[InterpositionKey, AbstractSet[str]],
    known: KnownReach | None,
) -> Callable[[bool], Reach]:
    """What tells which names of a victim are in use, by the calls of all that is opened.

    The result is asked for with whether what constructors call counts, too.
    """
    from collide.analysis.known_reach import KnownReach  # late: start-up
    from collide.analysis.reachability import Reach  # late: start-up

    opened = {name for found in weighed.values() for name in found.modules}
    modules = [m.bound for m in analysis.modules if m.bound and m.name in opened]
    kept_in: dict[Dso, AbstractSet[str]] = {}
    for (victim, _, _), kept in kept_of.items():
        kept_in[victim] = kept_in.get(victim, frozenset()) | kept
    taken = (b for found in weighed.values() for b in found.taken.values())
    compared = {b.intended.dso for b in taken if b.intended}
    offered = {k: names_of_library(*k[:2], one.names) for k, one in weighed.items() if not k[2]}
    inside = {
        key: (key[0], tuple(weighed[key].taken.values()), kept_of[key] | names)
        for key, names in offered.items()
    }
    interiors = find_interiors(inside.values())
    # Tables of virtual functions reach other code with the objects that have them.
    in_c = find_interiors(
        one
        for key, one in inside.items()
        if not any(name.startswith("_Z") for name in weighed[key].names)
    )
    unasked = _unasked(weighed, offered, interiors)
    further = tuple(
        frozenset((dso, frozenset(names)) for dso, names in of.items()) for of in (kept_in, unasked)
    )
    all_further = further, frozenset(in_c.items()), frozenset(compared)
    reached = known or KnownReach()

    def reach(at_load: bool) -> Reach:
        calls_of = partial(_calls_of, analysis, compared, kept_in, in_c, at_load)
        one = Reach(modules, kept_in.keys() | compared, calls_of, unasked, at_load=at_load)
        return reached.of(one, (all_further, at_load))

    return reach


def _unasked(
    weighed: Mapping[InterpositionKey, _Collected],
    offered: Mapping[InterpositionKey, AbstractSet[str]],
    interiors: Mapping[Dso, tuple[Interior, ...]],
) -> dict[Dso, AbstractSet[str]]:
    """Names that nobody looks up in a victim that has other work than the library linked into it.

    Who opens such an object asks for what it is made for, not for a part of a library: not for
    what is ``offered`` of it, nor for what lies among that or begins as several of it do, nor for
    what the object itself refers to.
    """
    from collide.analysis.library_copies import same_library  # late: start-up

    found: dict[Dso, AbstractSet[str]] = {}
    for key, names in offered.items():
        victim = key[0]
        intended = {b.intended.dso for b in weighed[key].taken.values() if b.intended}
        inside = intended <= {victim} and not same_library(victim, key[1])
        if inside and not is_extension_module(victim):
            found[victim] = found.get(victim, frozenset()) | names
    # A copy of a library of the host is asked for all that is its own.
    libraries = {victim for victim, provider, _ in offered if same_library(victim, provider)}
    for victim, names in found.items():
        if victim in libraries:
            continue
        names |= _referred(victim)
        between = names | names_between(victim, interiors.get(victim, ()))
        found[victim] = between if victim.elf.exports.names - between else names
    # Of one that offers nothing else, all may be asked for.
    return {dso: names for dso, names in found.items() if dso.elf.exports.names - names}


@once_of
def _referred(dso: Dso) -> AbstractSet[str]:
    """What an object offers and refers to itself."""
    return dso.elf.exports.names & referred_names(dso.elf.references)


def _all(_victim: Dso, names: Iterable[str]) -> AbstractSet[str]:
    return frozenset(names)


def _calls_of(
    analysis: Analysis,
    compared: AbstractSet[Dso],
    kept: Mapping[Dso, AbstractSet[str]],
    interiors: Mapping[Dso, tuple[Interior, ...]],
    at_load: bool,
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
        inside = interiors.get(dso, ()) if own else ()
        offers = dso.elf.exports
        variables = partial(values_of_types, offers, (STT_OBJECT,))
        calls.follow_tables(
            own, offers, lambda: {v for _, v in variables()}, inside, at_load=at_load
        )
    if dso in compared:
        # The rules of findings will need them, and the bytes are in memory now.
        _ = dso.version_strings
    return calls


class _Groups:
    """The groups of bindings of all modules, each once: most modules share them."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._groups: dict[int, tuple[Dso, BindingGroup]] = {}
        self._modules: dict[int, list[str]] = {}
        self._last: dict[int, None] = {}
        self._of: dict[Dso, list[BindingGroup]] = {}
        shadowed: dict[int, list[int]] = {}
        for module in analysis.modules:
            for bound in module.bound.objects if module.bound else ():
                # Modules whose scopes agree share all groups of an object.
                found = shadowed.get(id(bound.groups))
                if found is None:
                    found = shadowed[id(bound.groups)] = [*self._add(bound)]
                for key in found:
                    self._modules.setdefault(key, []).append(module.name)
                    # Of several bindings of one reference the last one is kept.
                    self._last.pop(key, None)
                    self._last[key] = None

    def _add(self, bound: BoundObject) -> Iterator[int]:
        """Note the groups of an object that are new; those with shadowed bindings by identity."""
        for group in bound.groups:
            key = id(group)
            if key not in self._groups:
                self._of.setdefault(bound.map.dso, []).append(group)
                self._groups[key] = bound.map.dso, group
            if group.shadowed:
                yield key

    def of(self, victim: Dso) -> list[BindingGroup]:
        """The groups that bind references of ``victim``, in any module."""
        return self._of.get(victim, [])

    def bound(self, victim: Dso, provider: Dso) -> AbstractSet[str]:
        """The names that ``victim`` gets from ``provider``, in any module."""
        return frozenset().union(*(group.bound_to(provider) for group in self.of(victim)))

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
