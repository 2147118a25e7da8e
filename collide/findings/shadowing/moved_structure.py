"""COL116, moved-structure: the host's copy works on memory of the victim by another layout."""

from __future__ import annotations

from collide.findings.code import HIDE, Code, Severity, Shape
from collide.findings.evidence import WITNESSES, RuleResult, file_name, offsets
from collide.support.text import number_in_words, plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.analysis.interposition import Interposition

MOVED_STRUCTURE = Code(
    "COL116",
    "moved-structure",
    Severity.ERROR,
    Shape.INTERPOSITION,
    "lends structures of its own to the host's copy of a library, which lays them out in another "
    "way",
    "The structures lie on the victim's stack, in its variables or in larger structures of it, in "
    "the size and with the fields of the release that it was compiled with. The host's release "
    "reads and writes other places: fields get values of others, and memory behind is overwritten.",
    "The code of both copies is compared (a profile keeps what that takes): at which offsets each "
    "function that is taken uses what its arguments point to. In "
    f"{number_in_words(WITNESSES)} functions or more equally many offsets are used, and some have "
    "moved, all in one direction. And code of the victim that can run, beside that of the library "
    "itself, gives these functions, by these arguments, the address of a place on its stack, of a "
    "variable, or inside of a structure. Only code of x86-64 and aarch64 is read.",
    HIDE,
    example=(
        "In a program that links libwcs 7.12, astropy 8.0.2, which has a later one linked in, "
        "dies with SIGSEGV: its Python objects hold a structure wcsprm, in which the two releases "
        "have a field at 2,592 and at 2,584."
    ),
    fixes=("static-copy", "own-sources", "grafted-library"),
)


def moved_structure(interposition: Interposition) -> RuleResult | None:
    """Functions of the host use memory that the victim has laid out, and use it otherwise.

    Whether another layout does harm depends on whose memory it is. What only the library makes
    and reads may lie as it likes in each release. What the user of the library makes has the
    layout that the user was compiled with. This holds for any library.
    """
    found = interposition.compare()
    if found is None or len(found.lent) < WITNESSES:
        return None
    first = offsets(found.lent[0], interposition)
    line = (
        f"{file_name(interposition.victim)} lends memory of its own to "
        f"{plural(len(found.lent), 'function')} that use it at other offsets: {first}."
    )
    return RuleResult(MOVED_STRUCTURE, MOVED_STRUCTURE.severity, (line,))
