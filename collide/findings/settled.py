"""What needs no weighing: one glance at a cut settles what it is.

Each of these functions says nothing, or what it is and then no other rule is
asked. As the rules of :mod:`collide.findings.verdicts` they know no library by its name.
"""

from __future__ import annotations

from itertools import islice

from collide.analysis.interposition import Interposition
from collide.analysis.library_copies import Overlap, overlap, release_difference, renamed
from collide.findings import codes_shadowed as codes
from collide.findings.code import Severity
from collide.findings.evidence import (
    RESERVED,
    Verdict,
    differs,
    file_name,
    file_names,
    is_code,
    size,
    some,
)
from collide.loader.model import Dso

UNRELATED = 0.1
"""Objects that have a smaller part of their names in common are no copies of one library."""
STRAY = 0.01
"""Nor is an object that has less than this part of the provider's, and not most of its own."""
_FEW = 8


def settle(interposition: Interposition) -> Verdict | None:
    """The first of them that says something."""
    for rule in SETTLING:
        if (said := rule(interposition)) is not None:
            return said
    return None


def own_shadow(interposition: Interposition) -> Verdict | None:
    """A note: the wheel's own objects among themselves, in an order its author can see."""
    if interposition.host:
        return None
    return Verdict(codes.OWN_SHADOW, codes.OWN_SHADOW.severity, ())


def vague_linkage(interposition: Interposition) -> Verdict | None:
    """A note: the C++ ABI itself lets any copy of an inline function serve."""
    if not interposition.vague:
        return None
    return Verdict(codes.VAGUE_LINKAGE, codes.VAGUE_LINKAGE.severity, ())


def unused_copy(interposition: Interposition) -> Verdict | None:
    """A note: code that nothing calls does no harm, whatever it is bound to.

    It holds for any library: who uses the bundled copy was given the host's in
    its place, whole, and the copy only lies in memory.
    """
    if interposition.used:
        return None
    line = f"Nothing that runs refers to {'it' if len(interposition.taken) == 1 else 'them'}: "
    line += "no path of calls leads there from the module's initialisation."
    return Verdict(codes.UNUSED_COPY, codes.UNUSED_COPY.severity, (line,))


def compiler_runtime(interposition: Interposition) -> Verdict | None:
    """A note: names that ISO C and C++ reserve for the implementation.

    The functions of the compiler's and the C++ run-time library are compatible
    forwards by their makers' rules; what of them is linked statically serves
    systems that are older than the compiler.
    """
    if not all(RESERVED.match(name) for name in interposition.used_names):
        return None
    if any(
        b.actual and b.intended and size(b.actual) != size(b.intended) for b in interposition.used
    ):
        return None
    line = "All names are reserved for the compiler and its C++ library (ISO C++ [lex.name])."
    return Verdict(codes.COMPILER_RUNTIME, codes.COMPILER_RUNTIME.severity, (line,))


def same_build(interposition: Interposition) -> Verdict | None:
    """A note: files with one build id were one file when they were linked.

    The linker computes it from all contents (ld(1) ``--build-id``), and renaming
    keeps it. Replaced whole, a library by itself is no other library.
    """
    # Names are compared first, as notes are slow to read and hardly ever equal.
    if interposition.kept or not all(
        _same_names(f, interposition.provider) for f in interposition.intended
    ):
        return None
    build_id = interposition.provider.build_id
    if build_id is None or any(f.build_id != build_id for f in interposition.intended):
        return None
    line = f"Both copies are of one build: their build id is {build_id}."
    return Verdict(codes.REPLACED_LIBRARY, Severity.NOTE, (line,))


def _same_names(one: Dso, other: Dso) -> bool:
    ours, theirs = one.elf.exports, other.elf.exports
    # All names of a recorded object are slow to read, too; a few tell most pairs apart.
    few = set(islice(ours.names, _FEW))
    if len(theirs.defined(few)) < len(few):
        return False
    return len(theirs.defined(set(ours.names))) == len(ours.names) and ours.names == theirs.names


def renamed_copy(interposition: Interposition) -> Verdict | None:
    """What was left out where the other names of a library were changed, so that none is taken.

    The prefix is put before the interface, as headers declare it. The functions
    that the library's own files call in each other are left as they were: its
    inside, which no release promises to the next, gets the structures of
    another one. It holds for any library with an inside. No error where
    nothing tells that the releases differ.
    """
    common = overlap(interposition.intended, interposition.provider)
    own = [name for name in interposition.used_names if not RESERVED.match(name)]
    if not own or not _is_unlike(common):
        return None
    renaming = renamed(interposition.intended, interposition.provider)
    if renaming is None:
        return None
    line = (
        f"{file_names(interposition.intended)} is a copy of "
        f"{file_name(interposition.provider)} with other names: "
        f'{renaming.names} begin with "{renaming.prefix}" besides. Not so {some(own)}, which the '
        "host gives."
    )
    difference = release_difference(interposition.intended, interposition.provider)
    if difference is None:
        return Verdict(codes.SPLIT_LIBRARY, Severity.WARNING, (line,))
    return Verdict(codes.SPLIT_LIBRARY, Severity.ERROR, (line, differs(difference)))


def _is_unlike(common: Overlap) -> bool:
    return common.share < UNRELATED or (common.of_theirs < STRAY and common.share < 0.5)


def foreign_symbol(interposition: Interposition) -> Verdict | None:
    """Equal names in libraries that are otherwise different, by how many names they share.

    Two releases of one library export mostly the same names; where two objects
    share a few of hundreds, chance or copied source made them equal. An error
    when one has data where the other has code, as that cannot be the same thing.
    """
    common = overlap(interposition.intended, interposition.provider)
    if not _is_unlike(common):
        return None
    severity = codes.FOREIGN_SYMBOL.severity
    lines = [_in_common(interposition, common)]
    for b in interposition.used:
        if (
            b.actual
            and b.intended
            and is_code(b.actual.definition.type) != is_code(b.intended.definition.type)
        ):
            severity = Severity.ERROR
            lines.append(f"{b.reference.name} is code in one and data in the other.")
    return Verdict(codes.FOREIGN_SYMBOL, severity, tuple(lines))


def _in_common(interposition: Interposition, common: Overlap) -> str:
    return (
        f"{file_name(interposition.provider)} is no copy of it: {common.common} of the "
        f"{common.ours} names that one exports and the {common.theirs} of the other are the same."
    )


SETTLING = (
    own_shadow,
    vague_linkage,
    unused_copy,
    compiler_runtime,
    same_build,
    renamed_copy,
    foreign_symbol,
)
"""In this order; who comes later relies on what those before have ruled out."""
