"""The findings of one analysis: what is interposed, and what cannot be loaded.

Findings are opinions, each with the evidence it rests on. They are made of
bindings and of facts of the objects. No rule parses ELF: texts and calls are asked
of the ``Dso``.
"""

from __future__ import annotations

from collide.findings.code import Code, Severity, Shape
from collide.findings.finding import Finding
from collide.findings.loading import NO_LIBPYTHON, judge_loading
from collide.loader.opening import NOW, Opening

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from collide.analysis.analysis import Analysis
    from collide.analysis.interposition import Interposition
    from collide.analysis.known_reach import KnownReach
    from collide.findings.shadowing.order import FindingRule


class JudgedInterpositions:
    """The findings on interpositions of one target, which it may have on many hosts.

    Rules read nothing but the interposition and facts of its objects, and hosts share these.
    """

    def __init__(self) -> None:
        self._known: dict[Interposition, Finding] = {}
        self._reach: KnownReach | None = None

    @property
    def reach(self) -> KnownReach:
        """What is known of what can run."""
        if self._reach is None:
            from collide.analysis.known_reach import KnownReach  # late: start-up

            self._reach = KnownReach()
        return self._reach

    def finding(self, analysis: Analysis, interposition: Interposition) -> Finding:
        """The finding on one of ``analysis``, judged once for all that are equal."""
        # What compares the code is made of the other fields.
        key = interposition._replace(compare=_nothing)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = _finding(analysis, interposition, None)
        return found


def _nothing() -> None:
    return None


def judge(
    analysis: Analysis,
    rules: Sequence[FindingRule] | None = None,
    *,
    reaching: bool = True,
    known: JudgedInterpositions | None = None,
) -> tuple[Finding, ...]:
    """All findings of one analysis: the worst first, then by code and names.

    ``rules`` replace those of which the worst result counts
    (:data:`collide.findings.shadowing.order.WORST_OF`). Without ``reaching`` all
    references count as used, not only those in code that can be reached. ``known`` is what was
    judged of the same target on other hosts, by all rules.
    """
    judged = [
        _finding(analysis, one, rules) if known is None or rules else known.finding(analysis, one)
        for one in _interpositions(analysis, reaching, known)
    ]
    found = [*judged, *judge_loading(analysis)]
    if any(m.opening.source or m.brought for m in analysis.modules):
        found = [f._replace(openings=tuple(_openings(analysis, f))) for f in found]
    return tuple(sorted(found, key=rank))


def _openings(analysis: Analysis, finding: Finding) -> Iterator[Opening]:
    """The openings of Python code that decided a finding."""
    target, found = analysis.target, dict[Opening, None]()
    places = {name: path for path, name in target.names.items()}
    provider = places.get(finding.provider or "", finding.provider)
    for module in analysis.modules:
        if module.name in finding.modules:
            earlier = next((o for path, o in module.brought if path == provider), None)
            if earlier is not None and earlier.name != module.opening.name:
                found[earlier] = None
            if module.opening.mode != NOW:
                found[module.opening] = None
    return (o._replace(name=target.shown(o.name)) for o in found if o.source)


def rank(f: Finding) -> tuple[int, str, str, str, tuple[str, ...], str]:
    """The place of a finding among others: the worst first, then by code and names."""
    return -f.severity, f.code.id, f.victim, f.provider or "", f.symbols, f.detail


def _interpositions(
    analysis: Analysis, reaching: bool, known: JudgedInterpositions | None
) -> Iterable[Interposition]:
    if not _has_shadowed(analysis):
        return ()
    # The rules and what they need are imported only where something is shadowed.
    from collide.analysis.interposition import find_interpositions  # late: start-up

    return find_interpositions(analysis, reaching=reaching, known=known.reach if known else None)


def _finding(
    analysis: Analysis, interposition: Interposition, rules: Sequence[FindingRule] | None
) -> Finding:
    from collide.findings.shadowing.order import judge_interposition  # late: start-up

    result = judge_interposition(interposition, rules)
    compared = result.severity > Severity.NOTE and not result.code.foreign
    releases = interposition.releases() if compared else None
    return Finding(
        code=result.code,
        severity=result.severity,
        victim=analysis.name_of(interposition.victim),
        provider=analysis.name_of(interposition.provider),
        intended=tuple(sorted(map(analysis.name_of, interposition.intended))),
        references=len(interposition.taken),
        symbols=tuple(sorted({b.reference.name for b in interposition.taken})),
        kept=interposition.kept if result.code.shape is Shape.SPLIT else (),
        modules=interposition.modules,
        remedy=_remedy(analysis, result.code, interposition),
        evidence=result.evidence,
        release=releases[0] if releases else "",
        provider_release=releases[1] if releases else "",
        library=_library(interposition) if compared else "",
    )


def _library(interposition: Interposition) -> str:
    from collide.analysis.library_copies import carried_library  # late: start-up

    victim = interposition.victim
    if set(interposition.intended) != {victim}:
        return ""
    taken = {b.reference.name for b in interposition.taken}
    return carried_library(victim, interposition.provider, taken)


def _remedy(analysis: Analysis, code: Code, interposition: Interposition) -> str:
    from collide.analysis.libpython import is_libpython  # late: start-up

    if code.fixed_remedy:
        return code.remedy
    if interposition.intended == (interposition.victim,):
        return (
            "Keep its own symbols from being looked up: link a static library with "
            "-Wl,--exclude-libs,ALL, a shared one with -Bsymbolic."
        )
    others = {f for f in interposition.intended if f is not interposition.victim}
    names = ", ".join(sorted(analysis.name_of(f).rsplit("/", 1)[-1] for f in others))
    if all(map(is_libpython, names.split(", "))):
        return NO_LIBPYTHON
    return (
        f"Link {names} statically with -Wl,--exclude-libs,ALL, or give what it uses of that "
        "library other names, in both files (as collide repair and patchelf "
        "--rename-dynamic-symbols do)."
    )


def _has_shadowed(analysis: Analysis) -> bool:
    return any(
        group.shadowed
        for module in analysis.modules
        if module.bound is not None
        for bound in module.bound.objects
        for group in bound.groups
    )
