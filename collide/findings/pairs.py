"""The findings about two wheels in one process, COL302 to COL307.

A module gets other definitions, or is refused, after another wheel's modules
were opened. There is one finding for each cause and provider.
"""

from __future__ import annotations

import posixpath

from collide.findings.code import Code, Severity, Shape
from collide.findings.finding import Finding
from collide.loader.messages import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from collide.analysis.install import Conflict
    from collide.analysis.pair_orders import ChangedBindings, ChangedOutcome, ChangeKind, PairOrder
    from collide.binding.binding import Binding
    from collide.loader.lookup import Match
    from collide.loader.model import Dso

    _Pairs = list[tuple[Binding, Match | None]]

SONAME_ACROSS = Code(
    "COL302",
    "soname-across-wheels",
    Severity.WARNING,
    Shape.CHANGED_BINDINGS,
    "uses a library of the wheel that was opened before, not the one it brings or would find",
    "Two wheels bring libraries of one SONAME (auditwheel gives equal names to equal files), or "
    "one brings what the other finds on the system. The loader keeps whichever is opened first, "
    "for both.",
    "A DT_NEEDED name equals the DT_SONAME or an alias of an object that the first wheel has "
    "loaded from another path. A note when both copies export the same names, or nothing else was "
    "there.",
    "Nothing where both were made from the same library; else rename the SONAME in one of the "
    "wheels (auditwheel repair, patchelf --set-soname).",
)
UNIQUE_ACROSS = Code(
    "COL303",
    "unique-across-wheels",
    Severity.WARNING,
    Shape.CHANGED_BINDINGS,
    "shares C++ objects with the wheel that was opened before",
    "A symbol of binding STB_GNU_UNIQUE (a static variable of an inline function or template) "
    "exists once in a process, by name alone: both wheels work on the first one's object.",
    "A lookup ends at a unique symbol that the first wheel's lookups have registered. A note when "
    "the two definitions have the same type and size.",
    "Compile with -fno-gnu-unique or -fvisibility=hidden, unless both must share the object.",
)
SYSTEM_ACROSS = Code(
    "COL304",
    "system-library-across-wheels",
    Severity.WARNING,
    Shape.CHANGED_BINDINGS,
    "a system library that both load is bound in the scope of the wheel opened first",
    "A library that the host does not load at start-up is relocated once, where it is opened "
    "first. What the first wheel exports takes part in it for all that come later.",
    "References of a system library that both wheels load get other definitions when the first "
    "wheel opens it than when the second does. A note when the library only gets its own or equal "
    "ones.",
    "Export from a module and its libraries only what others use (-fvisibility=hidden, "
    "-Wl,--exclude-libs,ALL): what it links of libstdc++ statically most of all.",
)
GLOBAL_ACROSS = Code(
    "COL305",
    "global-across-wheels",
    Severity.WARNING,
    Shape.CHANGED_BINDINGS,
    "takes symbols of a wheel that was opened RTLD_GLOBAL",
    "What is opened RTLD_GLOBAL joins the global scope with all its libraries, and comes before "
    "everything that is opened later.",
    "A reference binds to an object that the first wheel has promoted. A note when the second has "
    "no definition of its own, or an equal one.",
    "Do not open extension modules RTLD_GLOBAL (sys.setdlopenflags); as for COL101 otherwise.",
)
ORDER_DECIDES = Code(
    "COL306",
    "order-decides-loading",
    Severity.ERROR,
    Shape.OUTCOME,
    "opens or fails depending on what has been opened before",
    "The import works or not, depending on the order of imports.",
    "A dlopen that succeeds alone fails after those of the other wheel; a note when it is the "
    "other way round.",
    "As for the finding that tells which library or symbol is taken from the other wheel.",
)
FILE_ACROSS = Code(
    "COL307",
    "file-across-wheels",
    Severity.WARNING,
    Shape.FILES,
    "has files that the other wheel replaces",
    "Installers unpack every wheel into the same directory: of two files with one path the last "
    "that is installed stays, and uninstalling one wheel removes the other's.",
    "Members of two wheels are installed at the same path.",
    "Give the files names of their own; two builds of one package cannot be installed together.",
)
_CODES: dict[ChangeKind, Code] = {
    "captured": SONAME_ACROSS,
    "unique": UNIQUE_ACROSS,
    "system": SYSTEM_ACROSS,
    "promoted": GLOBAL_ACROSS,
}


def judge_pair_order(pair_order: PairOrder) -> tuple[Finding, ...]:
    """All findings about one order of two targets: the worst first, then by code and names."""
    found = [*_changed(pair_order), *map(_outcome_finding, pair_order.outcomes)]
    return tuple(
        sorted(found, key=lambda f: (-f.severity, f.code.id, f.victim, f.provider or "", f.symbols))
    )


def judge_conflicts(conflicts: Iterable[Conflict]) -> tuple[Finding, ...]:
    """The findings about files that two targets install at one path."""
    return tuple(
        Finding(
            code=FILE_ACROSS,
            severity=FILE_ACROSS.severity,
            victim=conflict.replaced,
            provider=conflict.by,
            symbols=conflict.names,
            remedy=FILE_ACROSS.remedy,
        )
        for conflict in conflicts
    )


def _changed(pair_order: PairOrder) -> Iterator[Finding]:
    groups: dict[tuple[ChangeKind, Dso, Dso | None], list[ChangedBindings]] = {}
    for change in pair_order.changes:
        # Changes of a system library are grouped by the library, whatever it got alone.
        apart = change.before if change.kind == "captured" else None
        apart = change.holder if change.kind == "system" else apart
        groups.setdefault((change.kind, change.provider, apart), []).append(change)
    for (kind, provider, _), changes in groups.items():
        bindings = [pair for change in changes for pair in change.bindings]
        severity, evidence = _severity(kind, provider, changes, bindings)
        holders = sorted({pair_order.name_of(c.holder) for c in changes})
        yield Finding(
            code=_CODES[kind],
            severity=severity,
            victim=_victim(holders, pair_order),
            provider=pair_order.name_of(provider),
            intended=tuple(sorted({pair_order.name_of(c.before) for c in changes if c.before})),
            references=len(bindings),
            symbols=tuple(sorted({b.reference.name for b, _ in bindings})),
            modules=tuple(sorted({m for c in changes for m in c.modules})),
            detail=evidence,
            remedy=_CODES[kind].remedy,
        )


def _victim(holders: list[str], pair_order: PairOrder) -> str:
    if len(holders) == 1:
        return holders[0]
    return f"{len(holders)} objects of {posixpath.basename(pair_order.second.name)}"


def _severity(
    kind: ChangeKind, provider: Dso, changes: list[ChangedBindings], bindings: _Pairs
) -> tuple[Severity, str]:
    """Severity and evidence: a note where ELF shows no difference between the definitions."""
    if kind == "captured":
        return _copies(provider, {c.before for c in changes if c.before})
    if kind == "unique":
        unlike = {b.reference.name for b, was in bindings if not _alike(b.actual, was)}
        if unlike:
            return Severity.WARNING, f"{len(unlike)} of the symbols differ in type or size"
        return Severity.NOTE, "the definitions agree in type and size"
    shadowed = sum(b.shadowed for b, _ in bindings)
    if shadowed:
        text = f"{shadowed} of {len(bindings)} are definitions other than those meant"
        return Severity.WARNING, text
    return Severity.NOTE, "none is another definition than meant"


def _copies(provider: Dso, before: set[Dso]) -> tuple[Severity, str]:
    offered = provider.elf.exports.names
    lacking = {name for dso in before for name in dso.elf.exports.names - offered}
    more = {name for name in offered if all(name not in f.elf.exports.names for f in before)}
    if not before:
        return Severity.NOTE, "alone it finds none"
    if not lacking and not more:
        return Severity.NOTE, f"both copies export the same {len(offered)} names"
    text = f"exported by its own copy alone: {len(lacking)}, by the one it gets alone: {len(more)}"
    return Severity.WARNING, text


def _alike(one: Match | None, other: Match | None) -> bool:
    return (
        one is not None
        and other is not None
        and (one.definition.type, one.definition.size)
        == (other.definition.type, other.definition.size)
    )


def _outcome_finding(outcome: ChangedOutcome) -> Finding:
    code = ORDER_DECIDES
    return Finding(
        code=code,
        severity=code.severity if outcome.fails else Severity.NOTE,
        victim=outcome.module,
        provider=outcome.failure.name,
        modules=(outcome.module,),
        detail=f"{'fails' if outcome.fails else 'fails alone'}: {describe(outcome.failure)}",
        remedy=code.remedy,
    )
