"""COL117, release-data: the host's copy of a library runs on the files of the wheel's release."""

from __future__ import annotations

from collide.findings.code import HIDE, Code, Severity, Shape
from collide.findings.evidence import RuleResult, differs, file_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.analysis.interposition import Interposition

RELEASE_DATA = Code(
    "COL117",
    "release-data",
    Severity.ERROR,
    Shape.INTERPOSITION,
    "brings the files that a library of its release reads, and runs the host's, another release",
    "Definitions, tables and databases change with the code that reads them. The host's release "
    "finds words and numbers in them that it does not know, or misses some.",
    "The wheel has a directory share/NAME with files, and the library that was meant has this NAME "
    "and the text share/NAME among its own: it was built to read them there. The releases of the "
    "two copies differ.",
    HIDE,
    example=(
        "pygrib 2.1.8 brings ecCodes with share/eccodes/definitions. In a program that links "
        "libeccodes.so.0 2.28, that one reads the wheel's definitions, and the first message dies "
        "with SIGSEGV; with definitions of 2.28 it is read."
    ),
    fixes=("static-copy", "own-sources", "grafted-library"),
)


def release_data(interposition: Interposition) -> RuleResult | None:
    """The wheel brings files of a library that the host replaces by another release.

    Package and files are installed together and tested together, and nothing but the wheel's own
    code says where they are. This holds for any library that reads files of its own.
    """
    difference = interposition.release_difference() if interposition.data else None
    if difference is None:
        return None
    line = (
        f"{interposition.data} has the files that {file_names(interposition.intended)} was built "
        f"to read, and {interposition.theirs} copy is another release."
    )
    return RuleResult(RELEASE_DATA, RELEASE_DATA.severity, (line, differs(difference)))
