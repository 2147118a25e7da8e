"""What a rule says, and the words and questions that all rules share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from collide.analysis.interposition import Cut
from collide.binding.binding import Hit
from collide.elf.symbols import STT_FUNC, STT_GNU_IFUNC, STT_OBJECT, STT_TLS
from collide.findings.table import Code, Severity
from collide.loader.model import File
from collide.support.records import NamedTuple
from collide.support.text import plural

RESERVED = re.compile(r"__|_Z(?:GTt|T[VTIS])?N?K?(?:St|S[abdios])|_Z(?:nw|na|dl|da)")


class Verdict(NamedTuple):
    """What one rule says of one cut; ``evidence`` are sentences."""

    code: Code
    severity: Severity
    evidence: tuple[str, ...]


def size(hit: Hit) -> int:
    """The size of a variable, which is part of the ABI; that of a function is not."""
    return hit[1].size if is_data(hit[1].type) else 0


def is_text(hit: Hit) -> bool:
    """Whether a variable is a text, which has its end in itself and no layout."""
    file, definition = hit
    if definition.value is None or not definition.size:
        return False
    from collide.elf import strings as versionstrings

    return versionstrings.is_text(file.read(), definition.value, definition.size)


def is_code(kind: int) -> bool:
    """Whether a symbol is a function."""
    return kind in (STT_FUNC, STT_GNU_IFUNC)


def is_data(kind: int | None) -> bool:
    """Whether a symbol is a variable."""
    return kind in (STT_OBJECT, STT_TLS)


def in_use(cut: Cut) -> str:
    """How much is taken, as a sentence begins."""
    count = len(cut.used_names)
    return f"{plural(count, 'symbol')} in use {'is' if count == 1 else 'are'} the host's"


def differs(difference: str) -> str:
    """A sentence of how releases differ."""
    return f"The releases differ: {difference}."


def file_name(file: File) -> str:
    """The name of a file."""
    return file.path.rsplit("/", 1)[-1]


def file_names(files: Iterable[File]) -> str:
    """The names of several."""
    return " and ".join(sorted(map(file_name, files)))


def some(names: Sequence[str]) -> str:
    """The first four of many."""
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
