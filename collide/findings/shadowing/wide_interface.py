"""COL109, wide-interface: so much of the library is in use that its layouts are compiled in."""

from __future__ import annotations

from collide.analysis.libpython import python_release
from collide.findings.code import HIDE, Code, Severity, Shape
from collide.findings.evidence import RuleResult, lie_alike, some, structures

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.analysis.interposition import Interposition

WIDE = 150
"""From so many symbols on, a user is compiled against the library's internals."""

WIDE_INTERFACE = Code(
    "COL109",
    "wide-interface",
    Severity.ERROR,
    Shape.INTERPOSITION,
    "uses a library's internal structures, but runs with the host's copy, not with its own",
    "So many functions and variables of the library are in use that the code is compiled for the "
    "layouts of its structures. Another release, with other layouts or other rules, gives wrong "
    "results.",
    f"At least {WIDE} symbols in use bind to one library of the host, variables of more than one "
    "word among them, and the code of both copies, where it is at hand, does not show that all "
    "structures lie alike.",
    HIDE,
    example=(
        "In uwsgi, lxml 6.1.3 was compiled for libxml2 2.14.6 and runs 2.9.14 for 815 functions"
        " and variables: limits of the newer release are not kept, and errors differ. See "
        "`collide check lxml-6.1.3-*.whl --profile debian-12-uwsgi-python3`."
    ),
    fixes=("static-copy", "own-sources", "grafted-library"),
)


def wide_interface(interposition: Interposition) -> RuleResult | None:
    """Very many symbols of the library are in use, structures among them.

    A library that hides its structures is used through some dozen functions. One
    whose structures are read directly, and of which hundreds of functions are
    called, shares its layouts with its users, and these change between releases
    without a change of names. Functions alone are no sign: an interface of
    Fortran routines is wide and holds no state. Nor is a variable of one word:
    a number, a pointer or a short text has no layout. Where the code of both copies is at hand,
    and all functions that use a structure by a pointer do it at equal offsets, the layouts are
    those that were compiled in.
    """
    release = python_release(interposition.provider)
    if release and all(python_release(f) == release for f in interposition.intended):
        # The layouts of CPython stay within a release: it is a second one of the same.
        return None
    data = structures(interposition)
    if len(interposition.used_names) < WIDE or not data or lie_alike(interposition):
        return None
    line = (
        f"{len(interposition.used_names)} symbols are in use, structures among them: "
        f"{some(data)}. "
        f"So the layout of {interposition.ours} release is compiled in, and another release runs."
    )
    return RuleResult(WIDE_INTERFACE, Severity.ERROR, (line,))
