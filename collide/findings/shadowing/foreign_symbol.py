"""COL104, foreign-symbol: the provider is no copy of the intended library."""

from __future__ import annotations

from collide.analysis.library_copies import Overlap, overlap
from collide.elf.symbols import is_code
from collide.findings.code import Code, Severity, Shape
from collide.findings.evidence import RuleResult, file_name
from collide.support.text import part_in_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.analysis.interposition import Interposition

UNRELATED = 0.1
"""Two objects with a smaller part of their names in common are no copies of one library."""
STRAY = 0.01
"""Names in common are stray where they are less than this part of the provider's names ..."""
_MOST = 0.5
"""... and less than this part of the smaller object's."""

FOREIGN_SYMBOL = Code(
    "COL104",
    "foreign-symbol",
    Severity.WARNING,
    Shape.INTERPOSITION,
    "gets functions or variables in place of its own from a part of the host that is no copy of "
    "its library",
    "Two libraries that have nothing to do with each other use the same name, or have copied the "
    "same source, or a program has some of the library built in. What the host's does may be the "
    "same in another release, or something else altogether.",
    f"Of the names that the two objects export, less than {part_in_words(UNRELATED)} are in both; "
    f"or less than {part_in_words(STRAY)} of the host's, and not most of the wheel's. An error "
    "where one is code and the other data.",
    "Keep the names from being looked up (see COL101), or give them a prefix of their own.",
    foreign=True,
    example=(
        "In gdb, lxml 6.1.3 gets the function locale_charset from libunistring, which has "
        "nothing to do with the libiconv of the wheel. See `collide check lxml-6.1.3-*.whl "
        "--profile debian-12-gdb`."
    ),
    fixes=("static-copy", "own-sources", "grafted-library"),
)


def is_unlike(common: Overlap) -> bool:
    """Whether two objects share so few names that they are no copies of one library."""
    return common.share < UNRELATED or (common.of_theirs < STRAY and common.share < _MOST)


def foreign_symbol(interposition: Interposition) -> RuleResult | None:
    """Two unlike libraries export equal names.

    Two releases of one library export mostly the same names. Where two objects
    share a few of hundreds, these are equal by chance or by copied source. An
    error where one has data and the other has code, which cannot be the same.
    """
    common = overlap(interposition.intended, interposition.provider)
    if not is_unlike(common):
        return None
    meant = interposition.intended
    ours = file_name(*meant) if len(meant) == 1 else "the wheel"
    line = (
        f"{file_name(interposition.provider)} as a whole is no copy of {ours}: it exports "
        f"{common.theirs} names and {ours} {common.ours}, and they have {common.common} in common."
    )
    severity, lines = FOREIGN_SYMBOL.severity, [line]
    for b in interposition.used:
        if (
            b.actual
            and b.intended
            and is_code(b.actual.definition.type) != is_code(b.intended.definition.type)
        ):
            severity = Severity.ERROR
            lines.append(f"{b.reference.name} is code in one and data in the other.")
    return RuleResult(FOREIGN_SYMBOL, severity, tuple(lines))
