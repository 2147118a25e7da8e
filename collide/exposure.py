"""What of a wheel any host could take: own definitions that are looked up by name.

No host is needed to see it: a reference to a symbol that the object itself or a
library of the wheel defines is searched in the global scope first. A host takes
it as soon as it exports the name.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from collide import codes
from collide.cuts import first_word
from collide.findings import Finding
from collide.references import table_of
from collide.search import File
from collide.symbols import STV_DEFAULT, vague_names
from collide.wheel import Target

_SHOWN_WORDS = 3


class Taken(NamedTuple):
    """What was found on one host: its name and the findings."""

    host: str
    findings: Sequence[Finding]


def expose(target: Target, taken: Sequence[Taken]) -> tuple[Finding, ...]:
    """One note for each object with such definitions of its own, one with such of others.

    ``taken`` tells which of the hosts that were looked at take some of them.
    """
    found = []
    for file in sorted(set(target.members.values()), key=lambda f: target.names[f.path]):
        name = target.names[file.path]
        wanted = _looked_up(file)
        own = frozenset() if file.object.symbolic else _open(wanted, file)
        if own:
            found.append(_note(codes.EXPOSED_SYMBOLS, name, (name,), own, taken))
        others = {
            target.names[library.path]: names
            for library in _needed(target, file)
            if (names := _open(wanted, library) - file.object.exports.names)
        }
        if others:
            names = frozenset().union(*others.values())
            found.append(_note(codes.EXPOSED_LIBRARY, name, tuple(sorted(others)), names, taken))
    return tuple(found)


def _note(
    code: codes.Code,
    victim: str,
    meant: tuple[str, ...],
    names: frozenset[str],
    taken: Iterable[Taken],
) -> Finding:
    evidence = [f"Their names begin with {_words(names)}."]
    for host, findings in taken:
        count = len({s for f in findings if _is_of(f, victim) for s in f.symbols if s in names})
        if count:
            evidence.append(f"{host} takes {count} of them.")
    return Finding(
        code=code,
        severity=code.severity,
        victim=victim,
        intended=meant,
        references=len(names),
        symbols=tuple(sorted(names)),
        remedy=code.remedy,
        evidence=tuple(evidence),
    )


def _is_of(finding: Finding, victim: str) -> bool:
    return finding.victim == victim and finding.code.id.startswith("COL1")


def _words(names: Iterable[str]) -> str:
    """The most frequent first words of names, by which libraries in C are known."""
    # Sorted, or equal counts come in the order of a set, another one in each process.
    counted = Counter(map(first_word, sorted(names))).most_common()
    shown = ", ".join(f"{word} ({count})" for word, count in counted[:_SHOWN_WORDS])
    return shown + (", ..." if len(counted) > _SHOWN_WORDS else "")


def _looked_up(file: File) -> AbstractSet[str]:
    table = table_of(file.object.references)
    return {r.name for r in table.peculiar if r.visibility == STV_DEFAULT}.union(table.plain)


def _open(wanted: AbstractSet[str], definer: File) -> frozenset[str]:
    """Those of ``wanted`` that ``definer`` exports and yet lets be searched elsewhere first.

    Without C++ vague linkage, which is meant to be shared (Itanium C++ ABI 5.2).
    """
    exports = definer.object.exports
    names = wanted & exports.names
    return frozenset(names - vague_names(exports, (n for n in names if n.startswith("_Z"))))


def _needed(target: Target, file: File) -> Iterator[File]:
    """The members that the object needs, directly or not."""
    by_name: dict[str, File] = {}
    for path, library in target.members.items():
        for name in (library.object.soname, posixpath.basename(path)):
            if name:
                by_name.setdefault(name, library)
    pending, seen = [file], {file}
    for current in pending:
        for name in current.object.needed:
            member = by_name.get(posixpath.basename(name))
            if member is not None and member not in seen:
                seen.add(member)
                pending.append(member)
                yield member
