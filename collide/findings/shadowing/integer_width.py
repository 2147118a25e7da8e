"""COL107, integer-width: one copy takes 64-bit integers and the other 32-bit ones."""

from __future__ import annotations

from collide.analysis.library_copies import wide_integers
from collide.findings.code import Code, Severity, Shape
from collide.findings.evidence import RuleResult, is_assembly, is_inside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.analysis.interposition import Interposition

INTEGER_WIDTH = Code(
    "COL107",
    "integer-width",
    Severity.ERROR,
    Shape.INTERPOSITION,
    "passes integers of another width than the host's library takes",
    "Libraries of linear algebra come with 32-bit and 64-bit integers under the same names of "
    "functions. With the wrong one arguments are read from the wrong places: crashes, wrong sums.",
    "Only one of the two libraries says in its name or in its build options that its integers "
    "have 64 bits.",
    "Build the 64-bit library with a suffix on all names of functions (OpenBLAS SYMBOLSUFFIX).",
    example=(
        "A wheel has an OpenBLAS with 64-bit integers under the plain names dgemm_ and dgetrf_,"
        " and is imported in a program that links a libblas with 32-bit ones: it reads half of "
        "each size."
    ),
    fixes=("static-copy", "own-sources", "grafted-library"),
)


def integer_width(interposition: Interposition) -> RuleResult | None:
    """Only one of the two copies says that it passes 64-bit integers.

    The width depends on how a library was built. Its functions have the same
    names in both, so the two differ only in the library's own name or in its
    build options. Routines in assembly inside one object get whole registers
    with either width.
    """
    if is_inside(interposition) and is_assembly(interposition):
        return None
    ours, theirs = wide_integers(interposition.intended), wide_integers((interposition.provider,))
    if (ours is None) == (theirs is None):
        return None
    whose = interposition.ours if ours else interposition.theirs
    line = f'Only {whose} library says that its integers have 64 bits: "{ours or theirs}".'
    return RuleResult(INTEGER_WIDTH, Severity.ERROR, (line,))
