"""Which code refers to the table that an address stands in.

A table of functions has no size in what is left of an object. It begins at an address that code
takes, or that stands in data, and the last such address before a row is that of its table,
or of a row of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet

from collide.elf.code.branches import ADDRESSES, Functions, Sites

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from collide.elf.code.linker_tables import Tables

_LARGEST = 4096
"""Bytes of a table, from its beginning to the last row that is looked at."""
_ROWS = 256
"""Bytes before a row in which other rows of its table may be referred to."""
_WORD = 8


def window(place: int) -> range:
    """The addresses at which the table of a row may begin, from the row on backwards."""
    return range(place, place - _LARGEST, -_WORD)


def table_sites(
    place: int,
    sites: Sites,
    known: AbstractSet[int],
    takes: Callable[[int], bool] = lambda _: False,
) -> Sequence[int]:
    """Where code refers to the table of the row at ``place``.

    Nowhere where it is not code that does, but data, or whoever knows the name of a variable:
    ``known`` are their addresses. Where code ``takes`` an address, and does not only read what is
    there, a table begins.
    """
    found: list[int] = []
    for address in window(place):
        if address in known:
            return ()
        here = sites.to(address)
        found += here
        if found and (place - address >= _ROWS or any(map(takes, here))):
            break
    return found


def users_of_tables(
    wanted: AbstractSet[str | int],
    tables: Tables,
    segments: Iterable[Any],
    split: Functions,
    variables: AbstractSet[int],
) -> dict[str | int, frozenset[int] | None]:
    """The functions that refer to the tables in which each of ``wanted`` stands.

    These are symbols and addresses of functions. None for one that stands where something else
    may refer to it, as to one of ``variables``, which have names. ``segments`` are all code.
    """
    places: dict[str | int, list[int]] = {what: [] for what in wanted}
    for name in tables.symbols.keys() & wanted:
        places[name] = tables.symbols[name]
    for place, function in tables.pointers.items():
        if function in places:
            places[function].append(place)
    sites = Sites({at for found in places.values() for place in found for at in window(place)})
    segments = list(segments)
    for segment in segments:
        segment.scan(ADDRESSES, sites, split)

    def takes(site: int) -> bool:
        return any(segment.takes_address(site) for segment in segments)

    known = variables | set(tables.pointers.values())
    users: dict[str | int, frozenset[int] | None] = {}
    for what, found in places.items():
        held = [split.holding(table_sites(at, sites, known, takes)) for at in found]
        users[what] = frozenset[int]().union(*held) if held and all(held) else None
    return users
