"""The rules: what a cut does, and why it is believed. One function for each code.

A rule reads one :class:`collide.cuts.Cut` and says nothing, or a severity with
evidence. None knows a library by its name: each states in its docstring which
mechanism it sees and why that mechanism is the same in any library.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from collide import codes
from collide.bindings import Hit
from collide.codes import Code, Severity
from collide.copies import Overlap, other_major, overlap, release_difference, wide_integers
from collide.cuts import Cut
from collide.search import File
from collide.symbols import STT_FUNC, STT_GNU_IFUNC, STT_OBJECT, STT_TLS
from collide.verbs import split_pairs

FEW, SMALL = 3, 0.1
"""Up to this many functions, and less than this part, a copy is the other's neighbour release."""
INSIDE = 0.075
"""Less than this part of what one object calls in itself: a shared build hides as many."""
UNRELATED = 0.1
"""Objects that have a smaller part of their names in common are no copies of one library."""
STRAY = 0.01
"""Nor is an object that has less than this part of the provider's, and not most of its own."""
_WORD = 8
"""Bytes of a variable that may be a pointer or a number, and no structure."""
WIDE = 150
"""From this many symbols on, code is compiled against a library's inside, not its front."""


class Verdict(NamedTuple):
    """What one rule says of one cut; ``evidence`` are sentences."""

    code: Code
    severity: Severity
    evidence: tuple[str, ...]


Rule = Callable[[Cut], Verdict | None]


def decide(cut: Cut, rules: Sequence[Rule] | None = None) -> Verdict:
    """The verdict on one cut: the worst of what ``rules`` say, with the evidence of all."""
    special = own_shadow(cut) or vague_linkage(cut) or unused_copy(cut) or compiler_runtime(cut)
    special = special or same_build(cut) or foreign_symbol(cut)
    if special is not None:
        return special
    said = [v for rule in (RULES if rules is None else rules) if (v := rule(cut)) is not None]
    said.append(replaced_library(cut))
    worst = max(said, key=lambda v: v.severity)
    evidence = dict.fromkeys(line for v in (worst, *said) for line in v.evidence)
    return Verdict(worst.code, worst.severity, (*evidence, *_limits(cut)))


# -- what needs no weighing -------------------------------------------------------------------


def own_shadow(cut: Cut) -> Verdict | None:
    """A note: the wheel's own objects among themselves, in an order its author can see."""
    if cut.host:
        return None
    return Verdict(codes.OWN_SHADOW, codes.OWN_SHADOW.severity, ())


def vague_linkage(cut: Cut) -> Verdict | None:
    """A note: the C++ ABI itself lets any copy of an inline function serve."""
    if not cut.vague:
        return None
    return Verdict(codes.VAGUE_LINKAGE, codes.VAGUE_LINKAGE.severity, ())


def unused_copy(cut: Cut) -> Verdict | None:
    """A note: code that nothing calls does no harm, whatever it is bound to.

    It holds for any library: who uses the bundled copy was given the host's in
    its place, whole, and the copy only lies in memory.
    """
    if cut.used:
        return None
    line = f"Nothing that runs refers to {'it' if len(cut.taken) == 1 else 'them'}: "
    line += "no path of calls leads there from the module's initialisation."
    return Verdict(codes.UNUSED_COPY, codes.UNUSED_COPY.severity, (line,))


_RESERVED = re.compile(r"__|_Z(?:GTt|T[VTIS])?N?K?(?:St|S[abdios])|_Z(?:nw|na|dl|da)")


def compiler_runtime(cut: Cut) -> Verdict | None:
    """A note: names that ISO C and C++ reserve for the implementation.

    The functions of the compiler's and the C++ run-time library are compatible
    forwards by their makers' rules; what of them is linked statically serves
    systems that are older than the compiler.
    """
    if not all(_RESERVED.match(name) for name in cut.used_names):
        return None
    if any(b.actual and b.intended and _size(b.actual) != _size(b.intended) for b in cut.used):
        return None
    line = "All names are reserved for the compiler and its C++ library (ISO C++ [lex.name])."
    return Verdict(codes.COMPILER_RUNTIME, codes.COMPILER_RUNTIME.severity, (line,))


def same_build(cut: Cut) -> Verdict | None:
    """A note: files with one build id were one file when they were linked.

    The linker computes it from all contents (ld(1) ``--build-id``), and renaming
    keeps it. Replaced whole, a library by itself is no other library.
    """
    # Names are compared first, as notes are slow to read and hardly ever equal.
    if cut.kept or not all(_same_names(f, cut.provider) for f in cut.meant):
        return None
    build_id = cut.provider.build_id
    if build_id is None or any(f.build_id != build_id for f in cut.meant):
        return None
    line = f"Both copies are of one build: their build id is {build_id}."
    return Verdict(codes.REPLACED_LIBRARY, Severity.NOTE, (line,))


def _same_names(one: File, other: File) -> bool:
    ours, theirs = one.object.exports, other.object.exports
    # All names of a recorded object are slow to read, too.
    return len(theirs.defined(set(ours.names))) == len(ours.names) and ours.names == theirs.names


def _size(hit: Hit) -> int:
    """The size of a variable, which is part of the ABI; that of a function is not."""
    return hit[1].size if _is_data(hit[1].type) else 0


def foreign_symbol(cut: Cut) -> Verdict | None:
    """Equal names in libraries that are otherwise different, by how many names they share.

    Two releases of one library export mostly the same names; where two objects
    share a few of hundreds, chance or copied source made them equal. An error
    when one has data where the other has code, as that cannot be the same thing.
    """
    common = overlap(cut.meant, cut.provider)
    if common.share >= UNRELATED and (common.of_theirs >= STRAY or common.share >= 0.5):
        return None
    severity = codes.FOREIGN_SYMBOL.severity
    lines = [_in_common(cut, common)]
    for b in cut.used:
        if b.actual and b.intended and _is_code(b.actual[1].type) != _is_code(b.intended[1].type):
            severity = Severity.ERROR
            lines.append(f"{b.reference.name} is code in one and data in the other.")
    return Verdict(codes.FOREIGN_SYMBOL, severity, tuple(lines))


def _in_common(cut: Cut, common: Overlap) -> str:
    return (
        f"{_name(cut.provider)} is no copy of it: {common.common} of the {common.ours} names that "
        f"one exports and the {common.theirs} of the other are the same."
    )


def _is_code(kind: int) -> bool:
    return kind in (STT_FUNC, STT_GNU_IFUNC)


# -- what is weighed --------------------------------------------------------------------------


def split_library(cut: Cut) -> Verdict | None:
    """Both copies of one library are called on the same structures.

    What stays does so because the host's copy has no such name. Where it is
    called from another object it belongs to the library's interface, so the
    wheel's is a later release; up to three names that are less than a tenth
    differ between neighbours too, which share their layouts. Inside one object
    it may as well be a function that a shared build of the same release hides:
    there it takes a larger part. It holds for any library with state, the more
    the further the releases are apart.
    """
    if not cut.kept:
        return None
    share = len(cut.kept) / (len(cut.kept) + len(cut.used_names))
    if set(cut.meant) <= {cut.victim}:
        few = share < INSIDE
    else:
        few = len(cut.kept) <= FEW and share < SMALL
    stay = "stays" if len(cut.kept) == 1 else "stay"
    what = (
        f"{_in_use(cut)}, {len(cut.kept)} of the same library {stay} in {_names(cut.meant)}, "
        f"because {_name(cut.provider)} does not offer {_some(cut.kept)}."
    )
    lines = [what]
    for one, other in split_pairs(cut.used_names, cut.kept)[:1]:
        lines.append(
            f"{one} is the host's and {other} the wheel's: what one makes, the other gets."
        )
    return Verdict(codes.SPLIT_LIBRARY, Severity.WARNING if few else Severity.ERROR, tuple(lines))


def wide_interface(cut: Cut) -> Verdict | None:
    """So much is used, variables among it, that the library's inside is compiled in.

    A library that hides its structures is used through some dozen functions;
    one whose variables are read directly and of which hundreds of functions are
    called shares its layouts with its users, and these change between releases
    without a change of names. Only functions are no sign: an interface
    of Fortran routines is wide and holds no state.
    """
    data = [b.reference.name for b in cut.used if _is_data(b.intended and b.intended[1].type)]
    if len(cut.used_names) < WIDE or not data:
        return None
    line = (
        f"{len(cut.used_names)} symbols are in use, variables among them: {_some(sorted(data))}. "
        "So the layout of the wheel's release is compiled in, and another release runs."
    )
    return Verdict(codes.WIDE_INTERFACE, Severity.ERROR, (line,))


def _is_data(kind: int | None) -> bool:
    return kind in (STT_OBJECT, STT_TLS)


_BUILDS = re.compile(r"_ZN.*(?:C[12]|D[012])E")


def static_objects(cut: Cut) -> Verdict | None:
    """C++ objects of the wheel's copy are built or destroyed by the host's copy.

    That is done when the copy is loaded and when the program ends, whether it
    is used or not: its static objects are made with the constructors of the
    class, which are looked up by name. So two copies hold objects of one class
    that only one of them manages. It holds for any C++ library with static
    objects of classes of its own.
    """
    if not set(cut.meant) <= {cut.victim}:
        return None
    names = [n for n in cut.used_names if _BUILDS.match(n) and not _RESERVED.match(n)]
    if not names or cut.victim.calls is None:
        return None
    at_load = cut.victim.calls.used_at_load()
    builders = [name for name in names if name in at_load]
    if not builders:
        return None
    line = (
        f"The static initialisation of {_name(cut.victim)}, which runs when it is loaded, builds "
        f"objects with functions of the host's copy: {_some(builders)}."
    )
    return Verdict(codes.STATIC_OBJECTS, Severity.ERROR, (line,))


def data_mismatch(cut: Cut) -> Verdict | None:
    """A variable of another size or kind: whoever was compiled for the larger reads past the end.

    The size in a symbol table is that of the type it was compiled with. That
    the host's is larger harms nobody who reads only what he knows.
    """
    lines = []
    for b in sorted(cut.used, key=lambda b: b.reference.name):
        if b.actual is None or b.intended is None:
            continue
        ours, theirs = b.intended[1], b.actual[1]
        kinds = {ours.type, theirs.type}
        if len(kinds) == 2 and STT_TLS in kinds:
            lines.append(f"{b.reference.name} is thread-local in only one of the copies.")
        elif _is_data(ours.type) and _is_code(theirs.type):
            lines.append(f"{b.reference.name} is data in the wheel and code in the host.")
        elif kinds == {STT_OBJECT} and 0 < theirs.size < ours.size:
            lines.append(
                f"{b.reference.name} has {theirs.size} bytes in the host, {ours.size} in the wheel."
            )
    if not lines:
        return None
    more = [f"{len(lines) - 3} more variables differ so."] if len(lines) > 3 else []
    return Verdict(codes.DATA_MISMATCH, Severity.ERROR, (*lines[:3], *more))


def other_abi(cut: Cut) -> Verdict | None:
    """The library's own makers say that the two cannot stand for each other.

    They do so by the first number behind ``.so``. Where structures of the
    library are used as variables, its types are compiled in, and that is an
    error; with functions alone, or variables of one word, often only something
    that is not used has changed.
    """
    for meant in cut.meant:
        majors = other_major(meant, cut.provider)
        if majors is None:
            continue
        numbers = (
            f"The wheel's library has the ABI number {majors[0]}, the host's {majors[1]}: "
            "by its own makers' word they are not compatible."
        )
        lines = [numbers]
        data = sorted(
            b.reference.name for b in cut.used if b.intended and _size(b.intended) > _WORD
        )
        if data:
            lines.append(f"Structures of it are in use: {_some(data)}.")
        severity = Severity.ERROR if data else Severity.WARNING
        return Verdict(codes.OTHER_ABI, severity, tuple(lines))
    return None


def integer_width(cut: Cut) -> Verdict | None:
    """One of the two passes 64-bit integers where the other passes 32-bit ones.

    That is a property of how a library was built, its function names being the
    same; the two kinds are told apart by what they are called.
    """
    ours, theirs = wide_integers(cut.meant), wide_integers((cut.provider,))
    if (ours is None) == (theirs is None):
        return None
    whose = "wheel's" if ours else "host's"
    line = f'Only the {whose} library says that its integers have 64 bits: "{ours or theirs}".'
    return Verdict(codes.INTEGER_WIDTH, Severity.ERROR, (line,))


_CHECK = re.compile(r"(?:check|verify|require)_?versions?|version_?check", re.IGNORECASE)


def version_check(cut: Cut) -> Verdict | None:
    """A function that compares the compiled-in version with the running one, and these differ.

    Libraries whose structures are public protect themselves so; by convention
    it has both words in its name. It refuses to run where the two differ.
    """
    checks = [name for name in cut.used_names if _CHECK.search(name)]
    if not checks:
        return None
    difference = release_difference(cut.meant, cut.provider)
    if difference is None:
        return None
    line = f"{checks[0]} compares the version compiled in with the one that runs."
    return Verdict(codes.VERSION_CHECK, Severity.ERROR, (line, _differs(difference)))


def replaced_library(cut: Cut) -> Verdict:
    """A warning, where nothing worse is known: an untested release runs in place of the tested."""
    difference = release_difference(cut.meant, cut.provider)
    lines = []
    if not cut.kept:
        lines.append(f"{_in_use(cut)}, and none of the same library that is in use is the wheel's.")
    if difference:
        lines.append(_differs(difference))
    return Verdict(codes.REPLACED_LIBRARY, codes.REPLACED_LIBRARY.severity, tuple(lines))


RULES: tuple[Rule, ...] = (
    split_library,
    other_abi,
    data_mismatch,
    integer_width,
    version_check,
    wide_interface,
    static_objects,
)
"""The rules that are weighed against each other."""


def _in_use(cut: Cut) -> str:
    count = len(cut.used_names)
    return f"{_plural(count, 'symbol')} in use {'is' if count == 1 else 'are'} the host's"


def _differs(difference: str) -> str:
    return f"The releases differ: {difference}."


def _limits(cut: Cut) -> Iterator[str]:
    if not cut.calls_known:
        yield "Which functions call which is not known for this object: all count as in use."


def _name(file: File) -> str:
    return file.path.rsplit("/", 1)[-1]


def _names(files: Iterable[File]) -> str:
    return " and ".join(sorted(map(_name, files)))


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
