"""The findings about two wheels in one process, COL302 to COL307.

A module gets other definitions, or is refused, after another wheel's modules
were opened. There is one finding for each cause and provider.
"""

from __future__ import annotations

import posixpath

from collide.findings.code import Code, Severity, Shape
from collide.findings.finding import Finding
from collide.loader.messages import describe
from collide.loader.opening import NOW

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from collide.analysis.install import Conflict
    from collide.analysis.pair_orders import ChangedBindings, ChangedOutcome, ChangeKind, PairOrder
    from collide.findings.across import Judged
    from collide.loader.model import Dso
    from collide.loader.opening import Opening

SONAME_ACROSS = Code(
    "COL302",
    "soname-across-wheels",
    Severity.WARNING,
    Shape.CHANGED_BINDINGS,
    "uses a library that is loaded with the other wheel, not the one it would load alone",
    "Two wheels bring libraries of one SONAME (auditwheel gives equal names to equal files), or "
    "one brings what the other finds on the system. The loader keeps whichever is opened first, "
    "for both.",
    "A DT_NEEDED name equals the DT_SONAME or an alias of an object that the first wheel has "
    "loaded from another path. An error or a warning where a rule about hosts says so: a smaller "
    "variable (COL106), other integers (COL107), another ABI number (COL105), a check of versions "
    "(COL108), another std::string (COL114). A warning where the copy that is used is the older "
    "one or of another branch. A note when both export the same names, or it has more, or nothing "
    "else was there.",
    "Nothing where both were made from the same library; else rename the SONAME in one of the "
    "wheels (auditwheel repair, patchelf --set-soname).",
    example=(
        "numpy and scipy both bring a libgfortran of one name. Imported first, numpy brings the"
        " one that scipy uses, too."
    ),
    fixes=("plain-soname", "grafted-library"),
)
UNIQUE_ACROSS = Code(
    "COL303",
    "unique-across-wheels",
    Severity.WARNING,
    Shape.CHANGED_BINDINGS,
    "uses C++ objects of the wheel that was imported before, in place of its own",
    "A symbol of binding STB_GNU_UNIQUE (a static variable of an inline function or template) "
    "exists once in a process, by name alone: both wheels work on the first one's object.",
    "A lookup ends at a unique symbol that the first wheel's lookups have registered. An error "
    "where it is smaller than the second's own or thread-local in one of them; and where the "
    "symbols are numbers of facets of std::locale, which the second's own libstdc++ counts with a "
    "counter of its own into a table of its own, and the first has facets that this lacks. A note "
    "when nothing shows that they differ.",
    "Compile with -fno-gnu-unique or -fvisibility=hidden, unless both must share the object.",
    example=(
        "Two wheels have an inline variable of the same C++ header in two releases. Both work "
        "on that of the wheel that is imported first."
    ),
    fixes=("cxx-templates",),
)
SYSTEM_ACROSS = Code(
    "COL304",
    "system-library-across-wheels",
    Severity.WARNING,
    Shape.CHANGED_BINDINGS,
    "is a system library whose symbols come from elsewhere when the other wheel loads it first",
    "A library that the host does not load at start-up is relocated once, where it is opened "
    "first. What the first wheel exports takes part in it for all that come later.",
    "References of a system library that both wheels load get other definitions when the first "
    "wheel opens it than when the second does. The rules about hosts decide: an error where only "
    "some functions of a class are taken (COL115), or a smaller variable (COL106). A note where "
    "nothing shows that the definitions differ, as of the compiler's own (COL111) and of templates "
    "(COL103).",
    "Export from a module and its libraries only what others use (-fvisibility=hidden, "
    "-Wl,--exclude-libs,ALL): what it links of libstdc++ statically most of all.",
    example=(
        "google-re2 links a part of libstdc++ and exports it. Imported before pyzmq, it makes "
        "the system's libstdc++ take five names from it, for pyzmq, too."
    ),
    fixes=("compiler-runtime", "own-sources", "static-copy"),
)
GLOBAL_ACROSS = Code(
    "COL305",
    "global-across-wheels",
    Severity.WARNING,
    Shape.CHANGED_BINDINGS,
    "takes symbols of a wheel that was opened RTLD_GLOBAL",
    "What is opened RTLD_GLOBAL joins the global scope with all its libraries, and comes before "
    "everything that is opened later.",
    "A reference binds to an object that the first wheel has promoted. The rules about hosts "
    "decide, as of a library that the host has loaded; all references count as in use. A note "
    "when the second has no definition of its own, or nothing shows that the two differ.",
    "Do not open extension modules RTLD_GLOBAL (sys.setdlopenflags); as for COL101 otherwise.",
    example=(
        "A package calls sys.setdlopenflags(os.RTLD_GLOBAL | os.RTLD_NOW) and imports its "
        "module: that module and all its libraries come before those of what is imported later."
    ),
    fixes=("static-copy", "own-sources", "grafted-library"),
)
ORDER_DECIDES = Code(
    "COL306",
    "order-decides-loading",
    Severity.ERROR,
    Shape.OUTCOME,
    "loads or fails to load, depending on what was loaded before",
    "The import works or not, depending on the order of imports.",
    "A dlopen that succeeds alone fails after those of the other wheel; a note when it is the "
    "other way round.",
    "As for the finding that tells which library or symbol is taken from the other wheel.",
    example=(
        "Two wheels bring a library of one name in two releases. The newer one opens alone, and"
        ' fails behind the older one: "version not found".'
    ),
    fixes=("plain-soname",),
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
    example=(
        "opencv-python and opencv-python-headless both install cv2/. The one that pip installs "
        "last stays."
    ),
)
_CODES: dict[ChangeKind, Code] = {
    "captured": SONAME_ACROSS,
    "unique": UNIQUE_ACROSS,
    "system": SYSTEM_ACROSS,
    "promoted": GLOBAL_ACROSS,
}


class JudgedChanges:
    """What was judged of changes that many pairs share, as those of a system library."""

    _MOST = 256

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], tuple[Sequence[ChangedBindings], Judged]] = {}

    def judge(self, kind: ChangeKind, provider: Dso, changes: Sequence[ChangedBindings]) -> Judged:
        """See :func:`collide.findings.across.judge_changes`."""
        from collide.findings.across import judge_changes  # late: start-up

        key = tuple(id(change.bindings) for change in changes)
        if key not in self._known:
            if len(self._known) >= self._MOST:
                self._known.clear()
            # The changes are kept with it, as they are known by where they are in memory.
            self._known[key] = changes, judge_changes(kind, provider, changes)
        return self._known[key][1]


def judge_pair_order(
    pair_order: PairOrder, known: JudgedChanges | None = None
) -> tuple[Finding, ...]:
    """All findings about one order of two targets: the worst first, then by code and names.

    ``known`` is what was judged of other pairs on the same host.
    """
    judged = known or JudgedChanges()
    found = [*_changed(pair_order, judged), *map(_outcome_finding, pair_order.outcomes)]
    if pair_order.brought or pair_order.opened:
        found = [f._replace(openings=tuple(_openings(pair_order, f))) for f in found]
    return tuple(
        sorted(found, key=lambda f: (-f.severity, f.code.id, f.victim, f.provider or "", f.symbols))
    )


def _openings(pair_order: PairOrder, finding: Finding) -> Iterator[Opening]:
    """The lines of Python that have loaded the provider, or open a module with other flags."""
    installed = pair_order.installed
    names = ((installed.names.get(path, path), opening) for path, opening in pair_order.brought)
    brought = (opening for name, opening in names if name == finding.provider)
    flags = (o for name, o in pair_order.opened if name in finding.modules and o.mode != NOW)
    for opening in dict.fromkeys((*brought, *flags)):
        yield opening._replace(name=installed.shown(opening.name))


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


def _changed(pair_order: PairOrder, known: JudgedChanges) -> Iterator[Finding]:
    groups: dict[tuple[ChangeKind, Dso, Dso | None], list[ChangedBindings]] = {}
    for change in pair_order.changes:
        # Changes of a system library are grouped by the library, whatever it got alone.
        apart = change.before if change.kind == "captured" else None
        apart = change.holder if change.kind == "system" else apart
        groups.setdefault((change.kind, change.provider, apart), []).append(change)
    for (kind, provider, _), changes in groups.items():
        bindings = [pair for change in changes for pair in change.bindings]
        severity, evidence = known.judge(kind, provider, changes)
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


def _outcome_finding(outcome: ChangedOutcome) -> Finding:
    from collide.findings.loading import FAILURE_CODES, STATIC_TLS  # late: few pairs

    code = ORDER_DECIDES
    # Nothing is taken from the other wheel but room.
    crowded = FAILURE_CODES[outcome.failure.kind] is STATIC_TLS
    return Finding(
        code=code,
        severity=code.severity if outcome.fails else Severity.NOTE,
        victim=outcome.module,
        provider=outcome.failure.name,
        modules=(outcome.module,),
        detail=f"{'fails' if outcome.fails else 'fails alone'}: {describe(outcome.failure)}",
        remedy=STATIC_TLS.remedy if crowded else code.remedy,
    )
