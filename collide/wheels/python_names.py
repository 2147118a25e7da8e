"""Which names the Python files of a target have in their text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from collide.wheels.archive import Archive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.wheels.target import Target

_WORD = re.compile(rb"\w+")


def names_in_python(target: Target, names: Iterable[str]) -> AbstractSet[str]:
    """Those of ``names`` that are words in the Python files of a wheel.

    All of them where none is, and of what is no wheel: they are for the code of others.
    """
    wanted = {name.encode(): name for name in names}
    found: set[bytes] = set()
    for text in _python_files(target):
        found |= wanted.keys() & set(_WORD.findall(text))
    return frozenset(wanted[word] for word in found or wanted)


def _python_files(target: Target) -> Iterator[bytes]:
    if target.cache is None:
        return
    with Archive(target.name) as archive:
        for entry in archive.entries:
            if entry.name.endswith(".py"):
                yield bytes(archive.inflated(entry))
