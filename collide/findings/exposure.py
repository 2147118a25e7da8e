"""The findings about exposure, COL401 and COL402: what of a wheel any host could preempt.

No host is needed to see it. A reference to a symbol that the object itself or a
library of the wheel defines is searched in the global scope first, so a host
preempts the definition as soon as it exports the name.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter

from collide.elf.constants import STV_DEFAULT
from collide.elf.symbol_table import vague_names
from collide.findings.code import Code, Family, Severity, Shape
from collide.findings.finding import Finding
from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from collide.binding.definers import ReferencesByDefiner
    from collide.elf.references import ReferenceTable
    from collide.loader.model import Dso
    from collide.wheels.target import Target

EXPOSED_SYMBOLS = Code(
    "COL401",
    "exposed-symbols",
    Severity.NOTE,
    Shape.EXPOSURE,
    "defines functions or variables that a host with the same names would replace",
    "Any host that exports one of these names gives its own in their place. Where "
    "the names are those of a library that others link too, such hosts exist.",
    "References to definitions of the same object that are neither hidden nor protected, without "
    "DT_SYMBOLIC and C++ vague linkage, and without names that only this wheel can have: they end "
    "in eight or more hexadecimal digits, as a repair writes them, or hold the module's whole "
    "import path. They are told apart by the word they begin with.",
    "Link a static library with -Wl,--exclude-libs,ALL, and compile with -fvisibility=hidden; or "
    "link with -Bsymbolic.",
    example=(
        "lxml 6.1.3 has libxml2, libxslt and zlib linked in and visible. See `collide check -v "
        "lxml-6.1.3-*.whl --profile debian-12-python3`."
    ),
    fixes=("static-copy", "own-sources"),
)
EXPOSED_LIBRARY = Code(
    "COL402",
    "exposed-library",
    Severity.NOTE,
    Shape.EXPOSURE,
    "is a bundled library whose symbols a host with the same names would replace",
    "Any host that exports one of these names gives its own in place of the bundled library's.",
    "References of objects that need the library, directly or through others, to names that it "
    "exports; without C++ vague linkage and names that only this wheel can have (COL401).",
    "Link the library statically with -Wl,--exclude-libs,ALL, or rename what is used of it, in "
    "both files (as collide repair and patchelf --rename-dynamic-symbols do).",
    example=(
        "psycopg2-binary 2.9.13 brings libssl, libcrypto and more, under names of its own and "
        "with symbols of their plain names. See `collide check -v psycopg2_binary-2.9.13-*.whl "
        "--profile debian-12-python3`."
    ),
    fixes=("grafted-library",),
)

_SHOWN_WORDS = 3
"""So many first words of names are shown."""


class Taken(NamedTuple):
    """The findings on one host, by its name."""

    host: str
    findings: Sequence[Finding]


class _Exposed:
    """What is looked up by name of the definitions of one object, and by whom."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.users: set[str] = set()


def expose(
    target: Target, taken: Sequence[Taken], by_definer: ReferencesByDefiner
) -> tuple[Finding, ...]:
    """The notes about the exposed definitions of ``target``: one for each object that has them.

    They are those that it looks up itself, and those that objects look up which need it.
    ``taken`` are the findings on the hosts that were checked: a note counts what each of them
    takes. ``by_definer`` has the references of the target's members.
    """
    offered = {dso: _offered(dso, by_definer) for dso in set(target.members.values())}
    by_name = _by_name(target)
    exposed: dict[str, _Exposed] = {}
    for dso, own in offered.items():
        user = target.names[dso.path]
        table = by_definer.table(dso)
        found = {dso: set() if dso.elf.symbolic else _looked_up(table, own)}
        defined = dso.elf.exports.names
        for library in _needed(by_name, dso):
            names = _looked_up(table, offered[library])
            found[library] = {name for name in names if name not in defined}
        for definer, names in found.items():
            if names:
                one = exposed.setdefault(target.names[definer.path], _Exposed())
                one.names |= names
                one.users.add(user)
    notes = (_note(name, one, taken) for name, one in sorted(exposed.items()))
    return tuple(note for note in notes if note is not None)


def _note(definer: str, exposed: _Exposed, taken: Iterable[Taken]) -> Finding | None:
    # Sorted, or equal counts come in the order of a set, another one in each process.
    symbols = tuple(sorted(_definable(exposed.names, definer)))
    if not symbols:
        return None
    from collide.findings.evidence import some  # late: start-up

    names = frozenset(symbols)
    evidence = [f"By the beginning of their names: {_words(symbols)}."]
    others = sorted(exposed.users - {definer})
    if others:
        evidence.append(f"They are looked up by {some(others)}.")
    counts = {
        host: len({s for f in findings if _is_of(f, definer) for s in f.symbols if s in names})
        for host, findings in taken
    }
    if any(counts.values()):
        most = max(counts, key=lambda host: counts[host])
        hosts = sum(map(bool, counts.values()))
        some_hosts = f"{hosts} hosts take some; " if hosts > 1 else ""
        evidence.append(f"{some_hosts}{most} takes {counts[most]} of them.")
    code = EXPOSED_LIBRARY if others else EXPOSED_SYMBOLS
    return Finding(
        code=code,
        severity=code.severity,
        victim=definer,
        intended=(definer,),
        references=len(symbols),
        symbols=symbols,
        remedy=code.remedy,
        evidence=tuple(evidence),
    )


_TAGGED = r"[._-][a-z]?[0-9a-f]{8,}\Z"
"""The end of a name that a repair has given to one build of one wheel."""


def _definable(names: Iterable[str], definer: str) -> Iterator[str]:
    """The names that another object could define, too."""
    module = definer.partition(".")[0].replace("/", "__")
    own = module if "__" in module else None
    is_tagged = re.compile(_TAGGED).search
    for name in names:
        if not is_tagged(name) and (own is None or own not in name):
            yield name


def _is_of(finding: Finding, definer: str) -> bool:
    return definer in finding.intended and finding.code.family is Family.SHADOWING


def _words(names: Iterable[str]) -> str:
    """The most frequent first words of names, by which libraries in C are known."""
    from collide.elf.names import first_word  # late: start-up

    counted = Counter(map(first_word, names)).most_common()
    shown = ", ".join(f"{word} ({count})" for word, count in counted[:_SHOWN_WORDS])
    return shown + (", ..." if len(counted) > _SHOWN_WORDS else "")


def _looked_up(table: ReferenceTable, offered: AbstractSet[str]) -> set[str]:
    """The names of ``offered`` that an object's references look up by name."""
    names = table.simple.keys() & offered
    special = (r.name for r in table.special if r.visibility == STV_DEFAULT)
    names.update(name for name in special if name in offered)
    return names


def _offered(definer: Dso, by_definer: ReferencesByDefiner) -> AbstractSet[str]:
    """The exports of ``definer`` that some reference of the target names.

    C++ vague linkage is left out, since any copy may serve it (Itanium C++ ABI 5.2).
    """
    exports = definer.elf.exports
    names = exports.defined(by_definer.wanted)
    vague = vague_names(exports, [n for n in names if n.startswith("_Z")])
    return names - vague if vague else names


def _by_name(target: Target) -> dict[str, Dso]:
    """The members by the names that others need them by."""
    by_name: dict[str, Dso] = {}
    for path, library in target.members.items():
        for name in (library.elf.soname, posixpath.basename(path)):
            if name:
                by_name.setdefault(name, library)
    return by_name


def _needed(by_name: Mapping[str, Dso], dso: Dso) -> Iterator[Dso]:
    """The members that the object needs, directly or not."""
    pending, seen = [dso], {dso}
    for current in pending:
        for name in current.elf.needed:
            member = by_name.get(posixpath.basename(name))
            if member is not None and member not in seen:
                seen.add(member)
                pending.append(member)
                yield member
