"""Which functions of a library that is linked into an object other code calls, and its tables.

What stands in tables of the library is called by the library. Tables often stand in other tables,
and then no code refers to them: but where nothing else calls the library's own functions, none of
its tables leads anywhere.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from collide.elf.code.branches import Functions, Sites
from collide.elf.code.instructions import decode
from collide.elf.code.linker_tables import Tables, executable
from collide.elf.headers import Image

_MIXED = "x86_64"
"""A machine whose instructions have many sizes."""
_LONGEST = 20_000
"""Bytes of a function that are taken apart."""
_DISPLACEMENT = 4


def entered(
    library: AbstractSet[int],
    sites: Sites,
    split: Functions,
    constructors: AbstractSet[int],
    image: Image,
) -> frozenset[int]:
    """The functions of a library that code beside it calls, or jumps to, by their addresses.

    A constructor is no such code: its calls are over when the object is in use. Nor is a part of
    a function of the library that is rarely run, and split off.
    """

    def is_other(caller: int, site: int) -> bool:
        if caller in library or caller in constructors:
            return False
        before = split.holding(sites.to(caller)) if caller in split.cold else frozenset()
        part = bool(before) and before <= library
        return not part and _is_whole(caller, site, image)

    return frozenset(
        one
        for one in library
        if any(is_other(at, site) for site in sites.to(one) for at in split.holding((site,)))
    )


def _is_whole(function: int, site: int, image: Image) -> bool:
    """Whether the displacement at ``site`` is one, and no bytes that look like it.

    In code of many megabytes some do. Instructions of one size are never misread.
    """
    if image.machine.name != _MIXED or site - function > _LONGEST:
        return True
    code, at = bytes(image.at(function)[: site + _DISPLACEMENT - function]), 0
    while at < len(code):
        try:
            size = decode(code, at).size
        except IndexError:
            return False
        if at + size > site - function:
            return at < site - function and at + size >= len(code)
        at += size
    return False


def among(
    symbols: AbstractSet[str],
    image: Image,
    library: AbstractSet[int],
    offered: Mapping[int, Iterable[str]],
) -> set[str]:
    """The functions of a library by their names among ``symbols`` that stand in data beside others.

    The linker lays out the data of an archive in one piece, too. Of the four functions nearest to
    a place at least two are of the library. ``offered`` are the names of all functions.
    """
    names = {name for one in library for name in offered.get(one, ())} & symbols
    if not names:
        return names
    tables, own = Tables(image), {name: one for one, found in offered.items() for name in found}
    code = [range(at, at + len(some)) for at, some in executable(tables.image)]
    found = [(p, to) for p, to in tables.pointers.items() if any(to in one for one in code)]
    found += [(p, own[name]) for name in tables.symbols.keys() & own for p in tables.symbols[name]]
    found.sort()
    places = [place for place, _ in found]

    def is_among(place: int) -> bool:
        before, after = bisect_left(places, place), bisect_right(places, place)
        beside = [to for _, to in found[max(before - 2, 0) : before] + found[after : after + 2]]
        return 2 * sum(to in library for to in beside) >= len(beside) > 0

    return {name for name in names if all(map(is_among, tables.symbols[name]))}
