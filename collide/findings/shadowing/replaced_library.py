"""COL102, replaced-library: the host's copy of a library runs in place of the wheel's."""

from __future__ import annotations

from itertools import islice

from collide.binding.shadowing import is_one_c_library
from collide.elf.constants import STT_COMMON, STT_OBJECT, STT_TLS
from collide.findings.code import HIDE, Code, Severity, Shape
from collide.findings.evidence import RuleResult, differs, file_names, in_use

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.analysis.interposition import Interposition
    from collide.loader.model import Dso

REPLACED_LIBRARY = Code(
    "COL102",
    "replaced-library",
    Severity.WARNING,
    Shape.INTERPOSITION,
    "uses the host's copy of a library in place of its own",
    "Every function of the library that is in use is the host's. That works as long as the two "
    "copies are compatible, which nobody has tested; fixes that the wheel's copy has are lost.",
    "Symbols in use that the victim's own closure defines bind to the host, and none of the same "
    "library that is in use stays in the wheel. Nothing tells that the two are incompatible. A "
    "note where both have one build id or are files of one C library.",
    HIDE,
    example=(
        "In Debian's python3.11, lxml 6.1.3 runs the zlib 1.2.13 that the interpreter links, "
        "and the 1.3.2 that is built into it stays unused. Nothing breaks. See `collide check "
        "lxml-6.1.3-*.whl --profile debian-12-python3`."
    ),
    fixes=("static-copy", "own-sources", "grafted-library", "compiler-runtime"),
)


def replaced_library(interposition: Interposition) -> RuleResult:
    """A warning for every interposition: an untested release runs in place of the tested one."""
    lines = []
    if not interposition.kept:
        line = in_use(interposition)
        if interposition.calls_known and not interposition.own_calls:
            line += f"; of this library, no symbol that is in use is {interposition.ours}"
        lines.append(f"{line}.")
    difference = interposition.release_difference()
    if difference:
        lines.append(differs(difference))
    return RuleResult(REPLACED_LIBRARY, REPLACED_LIBRARY.severity, tuple(lines))


def same_build(interposition: Interposition) -> RuleResult | None:
    """A note where provider and intended library have one build id, so that they are one build.

    The linker computes the id from the contents of its output (ld(1)
    ``--build-id``), and renaming the file or the SONAME keeps it.
    """
    # Names are compared first: notes are slow to read and hardly ever equal.
    if interposition.kept or not all(
        _same_names(f, interposition.provider) for f in interposition.intended
    ):
        return None
    build_id = interposition.provider.build_id
    if build_id is None or any(f.build_id != build_id for f in interposition.intended):
        return None
    # No loader reads a build id: one that other definitions have, too, is none.
    if not all(_same_definitions(f, interposition.provider) for f in interposition.intended):
        return None
    line = f"Both copies are of one build: their build id is {build_id}."
    return RuleResult(REPLACED_LIBRARY, Severity.NOTE, (line,))


def one_c_library(interposition: Interposition) -> RuleResult | None:
    """A note where provider and intended library are files of one C library.

    glibc has some functions in two of its files, libc.so.6 and libm.so.6, and takes the error
    handling of its loader from libc.so.6. Both definitions have one version.
    """
    if not all(
        b.actual and b.intended and is_one_c_library(b.actual, b.intended)
        for b in interposition.taken
    ):
        return None
    names = file_names((*interposition.intended, interposition.provider))
    line = f"{names} are files of one C library, and both definitions have one version."
    return RuleResult(REPLACED_LIBRARY, Severity.NOTE, (line,))


_FIRST_NAMES = 8
"""Most pairs already differ in so many names; all names of a recorded object are slow to read."""


def _same_definitions(one: Dso, other: Dso) -> bool:
    """Whether all exports are alike in what neither a new name nor a patched SONAME changes."""

    def facts(dso: Dso, name: str) -> list[tuple[object, ...]]:
        return [
            (d.version, d.hidden_version, d.type, d.binding, d.visibility, d.undefined)
            + ((d.size,) if d.type in _SIZED else ())
            for d in dso.elf.exports.candidates(name)
        ]

    return all(facts(one, name) == facts(other, name) for name in one.elf.exports.names)


# The shipped hosts have no sizes of functions.
_SIZED = (STT_OBJECT, STT_COMMON, STT_TLS)


def _same_names(one: Dso, other: Dso) -> bool:
    ours, theirs = one.elf.exports, other.elf.exports
    first = set(islice(ours.names, _FIRST_NAMES))
    if len(theirs.defined(first)) < len(first):
        return False
    return len(theirs.defined(set(ours.names))) == len(ours.names) and ours.names == theirs.names
