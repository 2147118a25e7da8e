"""COL112, static-objects: the host's copy builds or destroys C++ objects of the wheel's copy."""

from __future__ import annotations

import re

from collide.findings.code import HIDE, Code, Severity, Shape
from collide.findings.evidence import RESERVED, RuleResult, file_name, is_inside, some

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.analysis.interposition import Interposition

STATIC_OBJECTS = Code(
    "COL112",
    "static-objects",
    Severity.ERROR,
    Shape.INTERPOSITION,
    "has its static C++ objects built or destroyed by the host's copy of the library",
    "Static objects of the wheel's copy are made when it is loaded and destroyed when the program "
    "ends, by code of the other copy. Seen with real libraries: a crash at the end.",
    "Constructors or destructors of classes, by their mangled names, bind to the host from code "
    "that is reached from the object's own list of initialisers.",
    HIDE,
    example=(
        "A wheel and its host both have GDAL, in C++. At the end of the process the host's "
        "destructor runs for objects that the wheel's constructor has made: free(): invalid "
        "pointer."
    ),
    fixes=("static-copy", "own-sources", "grafted-library"),
)
_BUILDS = re.compile(r"_ZN.*(?:C[12]|D[012])E")
"""A constructor or destructor (Itanium C++ ABI 5.1.4.3)."""


def static_objects(interposition: Interposition) -> RuleResult | None:
    """Static objects of the wheel's copy are built with constructors of the host's.

    That is done when the copy is loaded, whether it is used or not, with
    constructors that are looked up by name. So two copies have objects of one
    class, and only one of them manages these. It holds for any C++ library with
    static objects of classes of its own.
    """
    if not is_inside(interposition):
        return None
    names = [n for n in interposition.used_names if _BUILDS.match(n) and not RESERVED.match(n)]
    if not names or interposition.victim.calls is None:
        return None
    at_load = interposition.victim.calls.used_at_load()
    builders = [name for name in names if name in at_load]
    if not builders:
        return None
    line = (
        f"The static initialisation of {file_name(interposition.victim)}, "
        "which runs when it is loaded, "
        f"builds objects with functions of {interposition.theirs} copy: {some(builders)}."
    )
    return RuleResult(STATIC_OBJECTS, Severity.ERROR, (line,))
