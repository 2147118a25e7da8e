"""Which code refers to the table that an address stands in.

A table of functions has no size in what is left of an object. It begins at an address that code
takes, or that stands in data, and the last such address before a row is that of its table,
or of a row of it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
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


def own_rows(
    tables: Tables, interior: range, functions: Container[int], places: Mapping[str, int]
) -> AbstractSet[str | int]:
    """The functions and symbols that stand only in tables of the library at ``interior``.

    A row is one of its own where all functions in the rows beside it, without a gap, lie in
    there. ``functions`` are all of the object, ``places`` those that have names.
    """
    rows: dict[int, str | int] = {
        place: address for place, address in tables.pointers.items() if address in functions
    }
    rows |= {at: name for name, found in tables.symbols.items() for at in found}
    words = sorted({*tables.pointers, *rows})
    mine, others = set[str | int](), set[str | int]()
    run: set[str | int] = set()
    for place, after in zip(words, [*words[1:], 0], strict=True):
        if place in rows:
            run.add(rows[place])
        if after != place + _WORD:
            at = (places.get(row, -1) if isinstance(row, str) else row for row in run)
            (mine if all(one in interior for one in at) else others).update(run)
            run = set()
    return mine - others


def entered_rows(
    tables: Tables,
    interiors: Iterable[range],
    functions: Iterable[int],
    places: Mapping[str, int],
    callers: Callable[[int], AbstractSet[int]],
) -> dict[str | int, frozenset[int]]:
    """What stands only in a library's own tables, with the functions that enter the library.

    See :func:`own_rows`; ``callers`` gives those of one function.
    """
    known, found = frozenset(functions), dict[str | int, frozenset[int]]()
    for interior in interiors:
        own = own_rows(tables, interior, known, places)
        inside = frozenset(one for one in known if one in interior) if own else frozenset[int]()
        entering = frozenset[int]().union(*map(callers, inside)) - inside
        found |= dict.fromkeys(own - found.keys(), entering)
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
