"""What the rules about interpositions share: their result, questions about symbols, sentences."""

from __future__ import annotations

import re

from collide.elf.symbols import is_code, is_data
from collide.loader.model import once_of
from collide.support.records import NamedTuple
from collide.support.text import plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from collide.analysis.interposition import Interposition
    from collide.analysis.layouts import Moved
    from collide.findings.code import Code, Severity
    from collide.loader.lookup import Match
    from collide.loader.model import Dso

RESERVED = re.compile(
    r"__|_Unwind_|_Z(?:GTt|G[VR]|T[VTIS])?Z*N?[KVRO]*(?:St|S[abdios])|_Z(?:nw|na|dl|da)"
)
"""Names of the implementation of C and C++ (ISO C++ [lex.name]): the compiler's, namespace std.

Those of the unwinder are an interface that any makes alike (Itanium C++ ABI: Exception Handling,
1.3 to 1.5).
"""
WORD = 8
"""Bytes of a variable that may be a number or a pointer; a structure is larger."""
_COMPILED = 0.5
"""Compiled functions may be less than this part of routines in assembly."""
WITNESSES = 2
"""So many functions tell that a structure lies otherwise: one may only use other fields of it."""


class RuleResult(NamedTuple):
    """What one rule finds in one interposition; ``evidence`` are sentences."""

    code: Code
    severity: Severity
    evidence: tuple[str, ...]


def size(match: Match) -> int:
    """The bytes of a variable, which are part of the ABI; 0 for a function, whose are not."""
    return match.definition.size if is_data(match.definition.type) else 0


def is_text(match: Match) -> bool:
    """Whether a variable is a constant text: its length is no layout, as it ends with a zero."""
    dso, definition = match
    if definition.value is None or not definition.size:
        return False
    return _is_text(dso, definition.value, definition.size)


@once_of
def _is_text(dso: Dso, address: int, size: int) -> bool:
    from collide.elf import strings  # late: start-up

    return strings.is_text(dso.read(), address, size)


def structures(interposition: Interposition) -> list[str]:
    """The variables larger than one word in the intended copy that users of it refer to, sorted.

    What only a library's own code refers to is laid out and used by one copy of it.
    """
    found = {b.reference.name for b in interposition.used if b.intended and size(b.intended) > WORD}
    return sorted(interposition.used_beside(found)) if found else []


def have_other_sizes(names: Collection[str], interposition: Interposition) -> bool:
    """Whether one of these variables has another size in the host's copy: its type has changed."""
    return any(
        size(b.actual) != size(b.intended)
        for b in interposition.used
        if b.reference.name in names and b.actual and b.intended
    )


def is_inside(interposition: Interposition) -> bool:
    """Whether the library is linked into the victim, which is itself the intended provider."""
    return set(interposition.intended) <= {interposition.victim}


def is_assembly(interposition: Interposition) -> bool:
    """Whether the functions in use that the victim defines are routines in assembly.

    Compilers write an unwind table for every function (System V ABI for x86-64,
    4.2.4), and ``-fvisibility=hidden`` hides what they compile. Assembly has
    neither by itself. A library exports such routines by mistake: kernels that
    get numbers and addresses in registers, keep nothing and call nothing.
    Compiled functions may be among them, fewer than half, if they call and use
    nothing either; if all were compiled, they could be accessors of a structure.
    """
    calls = interposition.victim.calls
    if calls is None or not calls.functions:
        return False
    intended = [b.intended.definition for b in interposition.used if b.intended is not None]
    if len(intended) < len(interposition.used) or not all(
        is_code(definition.type) for definition in intended
    ):
        return False
    known = frozenset(calls.functions)
    compiled = [d.value for d in intended if d.value is not None and d.value in known]
    few = len(compiled) < _COMPILED * len(interposition.used)
    return few and calls.leaves(compiled) >= set(compiled)


def in_use(interposition: Interposition) -> str:
    """The beginning of a sentence: how many symbols in use the host provides."""
    count = len(interposition.used_names)
    verb = "is" if count == 1 else "are"
    return f"{plural(count, 'symbol')} in use {verb} {interposition.theirs}"


def differs(difference: str) -> str:
    """A sentence about how two releases differ."""
    return f"The releases differ: {difference}."


def layouts(interposition: Interposition) -> list[str]:
    """What the code of both copies tells of the layouts of structures: a sentence, or none.

    Nothing is said where the profile of a recorded host keeps nothing of its code.
    """
    found = interposition.compare()
    if found is None:
        return []
    count, moved = found.compared, found.moved
    compared = f"{plural(count, 'function')} that could be compared"
    if moved:
        line = (
            f"{len(moved)} of {compared} {'uses' if len(moved) == 1 else 'use'} a structure at "
            f"other offsets: {offsets(moved[0], interposition)}."
        )
        return [line]
    if found.equal < count or not count:
        return []
    verb = "uses its structure" if count == 1 else "use their structures"
    return [f"{compared} {verb} at the same offsets in both copies."]


def lie_alike(interposition: Interposition) -> bool:
    """Whether the code of both copies shows no structure that lies otherwise.

    That is where all functions that use a structure by a pointer that they get do it at equal
    offsets: then one copy can work on what the other has made.
    """
    found = interposition.compare()
    return found is not None and found.compared == found.equal


def offsets(moved: Moved, interposition: Interposition) -> str:
    """How far one function reaches into a structure, in both copies."""
    return (
        f"{moved.name} up to {moved.ours} in {interposition.ours} copy, {moved.theirs} in "
        f"{interposition.theirs}"
    )


def file_name(dso: Dso) -> str:
    """The name of an object's file, without its directory."""
    return dso.path.rsplit("/", 1)[-1]


def file_names(dsos: Iterable[Dso]) -> str:
    """The names of the files of several objects, sorted, as a list in a sentence."""
    return " and ".join(sorted(map(file_name, dsos)))


def some(names: Sequence[str]) -> str:
    """The first four names, and dots where there are more."""
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
