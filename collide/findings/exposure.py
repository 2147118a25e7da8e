"""What of a wheel any host could take: own definitions that are looked up by name.

No host is needed to see it: a reference to a symbol that the object itself or a
library of the wheel defines is searched in the global scope first. A host takes
it as soon as it exports the name.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from collide.binding.definers import ReferencesByDefiner
from collide.elf.constants import STV_DEFAULT
from collide.elf.references import ReferenceTable
from collide.elf.symbol_table import vague_names
from collide.findings import table as codes
from collide.findings.finding import Finding
from collide.loader.model import Dso
from collide.support.records import NamedTuple
from collide.wheels.target import Target

_SHOWN_WORDS = 3


class Taken(NamedTuple):
    """What was found on one host: its name and the findings."""

    host: str
    findings: Sequence[Finding]


def expose(
    target: Target, taken: Sequence[Taken], universe: ReferencesByDefiner
) -> tuple[Finding, ...]:
    """One note for each object with such definitions of its own, one with such of others.

    ``taken`` tells which of the hosts that were looked at take some of them,
    ``universe`` is that of the target's members.
    """
    found = []
    offered = {dso: _offered(dso, universe) for dso in set(target.members.values())}
    for dso in sorted(offered, key=lambda f: target.names[f.path]):
        name = target.names[dso.path]
        table = universe.table(dso)
        own = set() if dso.elf.symbolic else _looked_up(table, offered[dso])
        if own:
            found.append(_note(codes.EXPOSED_SYMBOLS, name, (name,), own, taken))
        others: dict[str, set[str]] = {}
        defined = dso.elf.exports.names
        for library in _needed(target, dso):
            names = {n for n in _looked_up(table, offered[library]) if n not in defined}
            if names:
                others[target.names[library.path]] = names
        if others:
            names = set().union(*others.values())
            found.append(_note(codes.EXPOSED_LIBRARY, name, tuple(sorted(others)), names, taken))
    return tuple(found)


def _note(
    code: codes.Code,
    victim: str,
    intended: tuple[str, ...],
    names: set[str],
    taken: Iterable[Taken],
) -> Finding:
    # Sorted, or equal counts come in the order of a set, another one in each process.
    symbols = tuple(sorted(names))
    evidence = [f"Their names begin with {_words(symbols)}."]
    for host, findings in taken:
        count = len({s for f in findings if _is_of(f, victim) for s in f.symbols if s in names})
        if count:
            evidence.append(f"{host} takes {count} of them.")
    return Finding(
        code=code,
        severity=code.severity,
        victim=victim,
        intended=intended,
        references=len(names),
        symbols=symbols,
        remedy=code.remedy,
        evidence=tuple(evidence),
    )


def _is_of(finding: Finding, victim: str) -> bool:
    return finding.victim == victim and finding.code.id.startswith("COL1")


def _words(names: Iterable[str]) -> str:
    """The most frequent first words of names, by which libraries in C are known."""
    from collide.elf.names import first_word

    counted = Counter(map(first_word, names)).most_common()
    shown = ", ".join(f"{word} ({count})" for word, count in counted[:_SHOWN_WORDS])
    return shown + (", ..." if len(counted) > _SHOWN_WORDS else "")


def _looked_up(table: ReferenceTable, offered: set[str]) -> set[str]:
    """Those of the names ``offered`` that an object refers to and lets be searched for."""
    names = set(table.simple.keys() & offered)
    special = (r.name for r in table.special if r.visibility == STV_DEFAULT)
    return names.union(name for name in special if name in offered)


def _offered(definer: Dso, universe: ReferencesByDefiner) -> set[str]:
    """What ``definer`` exports of all that is referred to in the target.

    Without C++ vague linkage, which is meant to be shared (Itanium C++ ABI 5.2).
    """
    exports = definer.elf.exports
    names = set(exports.defined(universe.wanted))
    return names.difference(vague_names(exports, [n for n in names if n.startswith("_Z")]))


def _needed(target: Target, dso: Dso) -> Iterator[Dso]:
    """The members that the object needs, directly or not."""
    by_name: dict[str, Dso] = {}
    for path, library in target.members.items():
        for name in (library.elf.soname, posixpath.basename(path)):
            if name:
                by_name.setdefault(name, library)
    pending, seen = [dso], {dso}
    for current in pending:
        for name in current.elf.needed:
            member = by_name.get(posixpath.basename(name))
            if member is not None and member not in seen:
                seen.add(member)
                pending.append(member)
                yield member
