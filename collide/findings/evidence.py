"""What a rule says, and the words and questions that all rules share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from collide.analysis.interposition import Interposition
from collide.elf.constants import STT_FUNC, STT_GNU_IFUNC, STT_OBJECT, STT_TLS
from collide.findings.code import Code, Severity
from collide.loader.lookup import Match
from collide.loader.model import Dso
from collide.support.records import NamedTuple
from collide.support.text import plural

RESERVED = re.compile(r"__|_Z(?:GTt|T[VTIS])?N?K?(?:St|S[abdios])|_Z(?:nw|na|dl|da)")


class Verdict(NamedTuple):
    """What one rule says of one cut; ``evidence`` are sentences."""

    code: Code
    severity: Severity
    evidence: tuple[str, ...]


def size(hit: Match) -> int:
    """The size of a variable, which is part of the ABI; that of a function is not."""
    return hit.definition.size if is_data(hit.definition.type) else 0


def is_text(hit: Match) -> bool:
    """Whether a variable is a text, which has its end in itself and no layout."""
    dso, definition = hit
    if definition.value is None or not definition.size:
        return False
    from collide.elf import strings as versionstrings

    return versionstrings.is_text(dso.read(), definition.value, definition.size)


def is_code(kind: int) -> bool:
    """Whether a symbol is a function."""
    return kind in (STT_FUNC, STT_GNU_IFUNC)


def is_data(kind: int | None) -> bool:
    """Whether a symbol is a variable."""
    return kind in (STT_OBJECT, STT_TLS)


def in_use(interposition: Interposition) -> str:
    """How much is taken, as a sentence begins."""
    count = len(interposition.used_names)
    return f"{plural(count, 'symbol')} in use {'is' if count == 1 else 'are'} the host's"


def differs(difference: str) -> str:
    """A sentence of how releases differ."""
    return f"The releases differ: {difference}."


def file_name(dso: Dso) -> str:
    """The name of a file."""
    return dso.path.rsplit("/", 1)[-1]


def file_names(dsos: Iterable[Dso]) -> str:
    """The names of several."""
    return " and ".join(sorted(map(file_name, dsos)))


def some(names: Sequence[str]) -> str:
    """The first four of many."""
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
