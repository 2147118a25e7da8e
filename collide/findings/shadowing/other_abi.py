"""COL105, other-abi: the host's library has another ABI number than the intended one."""

from __future__ import annotations

from collide.analysis.library_copies import other_major, other_name
from collide.findings.code import HIDE, Code, Severity, Shape
from collide.findings.evidence import RuleResult, have_other_sizes, lie_alike, some, structures

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.analysis.interposition import Interposition

OTHER_ABI = Code(
    "COL105",
    "other-abi",
    Severity.ERROR,
    Shape.INTERPOSITION,
    "uses a library of the host with another ABI number than its own",
    "The makers of a library change the number behind .so when programs linked with the old one "
    "cannot run with the new one.",
    "The first numbers behind .so differ between the library meant and the one used: those of "
    "their DT_SONAMEs, or of their files where auditwheel has renamed the library. An error where "
    "structures of it are in use as variables, and one has another size, or the code of both "
    "copies does not show that structures lie alike; else a warning. An error, too, where the "
    "names before .so differ in the number that they end with.",
    HIDE,
    example=(
        "netCDF4 brings HDF5 1.14, and is imported in a program that links "
        "libhdf5_serial.so.103, which is HDF5 1.10. Filters that the wheel opens as plugins "
        "then run with the other HDF5."
    ),
    fixes=("static-copy", "own-sources", "grafted-library"),
)


def other_abi(interposition: Interposition) -> RuleResult | None:
    """The makers of the library say that one copy cannot stand for the other.

    They say so with the first number behind ``.so``. An error where structures
    of the library are in use as variables, since its types are compiled in, unless these have
    their sizes still, which are those of the types, and code shows no other layout. With
    functions alone, or variables of one word, often only something that is not
    in use has changed: a warning. A number that ends the name before ``.so`` says more: what was
    compiled for another one does not even compile.
    """
    subject = interposition.ours.replace("the ", "The ", 1)
    for intended in interposition.intended:
        if names := other_name(intended, interposition.provider):
            line = (
                f"{subject} library is {names[0]}, {interposition.theirs} {names[1]}: the "
                "library's makers changed its name, as programs have to be changed for it."
            )
            return RuleResult(OTHER_ABI, Severity.ERROR, (line,))
        majors = other_major(intended, interposition.provider)
        if majors is None:
            continue
        other = f"{interposition.theirs} {majors[1]}"
        line = (
            f"{subject} library has the ABI number {majors[0]}, {other}: "
            "the library's makers call them incompatible."
        )
        lines, data = [line], structures(interposition)
        if data:
            lines.append(f"Structures of it are in use: {some(data)}.")
        changed = data and (have_other_sizes(data, interposition) or not lie_alike(interposition))
        severity = Severity.ERROR if changed else Severity.WARNING
        return RuleResult(OTHER_ABI, severity, tuple(lines))
    return None
