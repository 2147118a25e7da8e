"""Which functions of a library that is linked into an object other code calls, and its tables.

What stands in tables of the library is called by the library. Tables often stand in other tables,
and then no code refers to them: but where nothing else calls the library's own functions, none of
its tables leads anywhere.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet

from collide.elf import native
from collide.elf.code.branches import Functions, Sites
from collide.elf.code.instructions import FORMS, decode
from collide.elf.code.linker_tables import Tables, executable
from collide.elf.headers import Image

TYPE_CHECKING = False
if TYPE_CHECKING:
    Buffer = bytes | memoryview

_MIXED = "x86_64"
"""A machine whose instructions have many sizes."""
_LONGEST = 20_000
"""Bytes of a function that are taken apart."""
_DISPLACEMENT = 4
_BRANCHES = frozenset((0xE8, 0xE9, *range(0x0F80, 0x0F90)))
_MODRM, _RELATIVE = 0xC7, 0x05
"""The bits of a ModRM that tell an operand, and [rip + disp32] (Intel SDM 2.2.1.6)."""


_Called = str | int
"""A function by its address, or by a name that is looked up."""


def from_outside(
    called: Mapping[_Called, Collection[int]],
    library: AbstractSet[int],
    split: Functions,
    image: Image,
) -> tuple[dict[_Called, frozenset[int]], dict[_Called, frozenset[int]]]:
    """The functions beside a library that call into it, and those that only seem to.

    Both by what of the library is ``called``, which comes with the places of displacements that
    lead there. In code of many megabytes some bytes look like such a one.
    """
    callers, misread = {}, {}
    for what, places in called.items():
        outside = split.holding(places) - library
        if outside:
            held = ((split.at(site), site) for site in places if site not in split.linkage)
            sites = [(at, site) for at, site in held if at in outside]
            callers[what] = frozenset(at for at, site in sites if _is_whole(at, site, image))
            misread[what] = outside - callers[what]
    return callers, misread


def entered(
    callers: Mapping[_Called, AbstractSet[int]],
    library: AbstractSet[int],
    sites: Sites,
    split: Functions,
    constructors: AbstractSet[int],
) -> frozenset[int]:
    """The functions of a library that ``callers`` beside it call, or jump to, by their addresses.

    A constructor is no such code: its calls are over when the object is in use. Nor is a part of
    a function of the library that is rarely run, and split off.
    """

    def is_other(caller: int) -> bool:
        if caller in constructors:
            return False
        before = split.holding(sites.to(caller)) if caller in split.cold else frozenset()
        return not (before and before <= library)

    return frozenset(
        what for what, of in callers.items() if isinstance(what, int) and any(map(is_other, of))
    )


def _is_whole(function: int, site: int, image: Image) -> bool:
    """Whether the displacement at ``site`` is one, and no bytes that look like it.

    Instructions of one size are never misread.
    """
    if image.machine.name != _MIXED or site - function > _LONGEST:
        return True
    code = image.at(function)[: site + _DISPLACEMENT - function]
    branches = code[-_DISPLACEMENT - 1] & _MODRM != _RELATIVE
    found = last_instruction(code)
    if found is None or (found[0] in _BRANCHES) != branches:
        return False
    return found[1] == len(code) if branches else found[1] >= len(code)


def last_instruction(code: Buffer) -> tuple[int, int] | None:
    """The opcode of the instruction that has the fourth last byte, and where it ends; x86-64.

    None where the code ends before its operands do.
    """
    if native.compiled:
        return native.compiled.last(code, FORMS)
    content, at, opcode = bytes(code), 0, 0
    while at <= len(content) - _DISPLACEMENT:
        try:
            one = decode(content, at)
        except IndexError:
            return None
        at, opcode = at + one.size, one.opcode
    return opcode, at


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
