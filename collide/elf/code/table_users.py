"""Which code refers to the table that an address stands in.

A table of functions has no size in what is left of an object. It begins at an address that code
takes, or that stands in data, and the last such address before a row is that of its table,
or of a row of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.elf.code.branches import Sites

_LARGEST = 4096
"""Bytes of a table, from its beginning to the last row that is looked at."""
_ROWS = 256
"""Bytes before a row in which other rows of its table may be referred to."""
_WORD = 8


def window(place: int) -> range:
    """The addresses at which the table of a row may begin, from the row on backwards."""
    return range(place, place - _LARGEST, -_WORD)


def table_sites(place: int, sites: Sites, known: AbstractSet[int]) -> Sequence[int]:
    """Where code refers to the table of the row at ``place``.

    Nowhere where it is not code that does, but data, or whoever knows the name of a variable:
    ``known`` are their addresses.
    """
    found: list[int] = []
    for address in window(place):
        if address in known:
            return ()
        found += sites.to(address)
        if found and place - address >= _ROWS:
            break
    return found
