"""Which functions of a library that is linked into an object other code calls, and its tables.

What stands in tables of the library is called by the library. Tables often stand in other tables,
and then no code refers to them: but where nothing else calls the library's own functions, none of
its tables leads anywhere.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
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
    outside: dict[_Called, frozenset[int]] = {}
    sites: dict[_Called, list[tuple[int, int]]] = {}
    by_function: defaultdict[int, set[int]] = defaultdict(set)
    for what, places in called.items():
        if others := split.holding(places) - library:
            outside[what] = others
            held = ((split.at(site), site) for site in places if site not in split.linkage)
            sites[what] = [(at, site) for at, site in held if at in others]
            for at, site in sites[what]:
                by_function[at].add(site)
    whole = {one for at, some in by_function.items() for one in _whole(at, some, image)}
    callers = {w: frozenset(at for at, site in some if site in whole) for w, some in sites.items()}
    return callers, {what: others - callers[what] for what, others in outside.items()}


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


def _whole(function: int, sites: Iterable[int], image: Image) -> Iterator[int]:
    """Those of ``sites`` that are displacements, and no bytes that look like one.

    Instructions of one size are never misread.
    """
    if image.machine.name != _MIXED:
        yield from sites
        return
    code = image.at(function)
    most = min(_LONGEST + _DISPLACEMENT, len(code))
    ends = {site: site - function + _DISPLACEMENT for site in sorted(sites)}
    near = {site: end for site, end in ends.items() if _DISPLACEMENT < end <= most}
    yield from ends.keys() - near.keys()
    told = last_instructions(code[:most], array("q", near.values()))
    for (site, end), found in zip(near.items(), told, strict=True):
        branches = code[end - _DISPLACEMENT - 1] & _MODRM != _RELATIVE
        opcode, after = found or (-1, 0)
        if (opcode in _BRANCHES) == branches and (after == end or (after > end and not branches)):
            yield site


def last_instructions(code: Buffer, ends: array[int]) -> list[tuple[int, int] | None]:
    """The opcode of the instruction at the fourth last byte before each end, and where it ends.

    That is x86-64, and ``ends`` ascend. None where the code up to there ends before its operands.
    """
    if native.compiled:
        return native.compiled.last(code, FORMS, ends)
    at, opcode, found = 0, 0, list[tuple[int, int] | None]()
    for end in ends:
        content = bytes(code[:end])
        try:
            while at <= end - _DISPLACEMENT:
                one = decode(content, at)
                at, opcode = at + one.size, one.opcode
            found.append((opcode, at))
        except IndexError:
            found.append(None)
    return found


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
