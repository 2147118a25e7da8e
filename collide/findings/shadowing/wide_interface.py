"""COL109, wide-interface: structures of a library are in use, whose layouts are compiled in."""

from __future__ import annotations

from collide.analysis.libpython import python_release
from collide.analysis.library_copies import same_series
from collide.findings.code import HIDE, Code, Severity, Shape
from collide.findings.evidence import RuleResult, some, structures

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.analysis.interposition import Interposition

WIDE = 150
"""Where code does not tell, so many symbols stand for layouts that have changed."""

WIDE_INTERFACE = Code(
    "COL109",
    "wide-interface",
    Severity.ERROR,
    Shape.INTERPOSITION,
    "uses a library's internal structures, but runs with the host's copy, not with its own",
    "Variables of the library are in use that are structures, so that the code is compiled for the "
    "layouts of these. Another release, with other layouts or other rules, gives wrong results.",
    "Variables of more than one word are among the symbols in use that bind to the host, and the "
    "code of both copies shows that a structure has moved: a function that is taken uses as many "
    "offsets of what an argument points to, and others. Where code does not tell, as that of a "
    f"profile that keeps none, or shows other differences: where {WIDE} symbols and more are in "
    "use, and nothing tells that both are of one series.",
    HIDE,
    example=(
        "In uwsgi, lxml 4.9.4 was compiled for libxml2 2.10.3 and runs 2.9.14 for 538 functions"
        " and variables: it tells the other release, and errors differ. See "
        "`collide check lxml-4.9.4-*.whl --profile debian-12-uwsgi-python3`."
    ),
    fixes=("static-copy", "own-sources", "grafted-library"),
)


def wide_interface(interposition: Interposition) -> RuleResult | None:
    """Variables that are structures are in use, and structures of the library have moved.

    A library that hides its structures is used through functions. One whose variables are
    structures shares its layouts with its users, and these change between releases without a
    change of names. Functions alone are no sign: an interface of Fortran routines is wide and
    holds no state. Nor is a variable of one word: a number, a pointer or a short text has no
    layout. That layouts have changed is seen in the code of both copies, or else by an interface
    that is wide.
    """
    release = python_release(interposition.provider)
    if release and all(python_release(f) == release for f in interposition.intended):
        # The layouts of CPython stay within a release: it is a second one of the same.
        return None
    data = structures(interposition)
    if not data:
        return None
    compared = interposition.compare()
    unlike = compared is None or compared.equal < compared.compared
    grown = len(interposition.used_names) >= WIDE
    if not (compared and compared.moved) and not (
        unlike and grown and not same_series(interposition.intended, interposition.provider)
    ):
        return None
    line = (
        f"{len(interposition.used_names)} symbols are in use, structures among them: "
        f"{some(data)}. "
        f"So the layout of {interposition.ours} release is compiled in, and another release runs."
    )
    return RuleResult(WIDE_INTERFACE, Severity.ERROR, (line,))
