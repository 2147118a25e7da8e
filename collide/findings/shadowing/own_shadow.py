"""COL301, own-shadow: the provider is another object of the same wheel."""

from __future__ import annotations

from collide.findings.code import Code, Severity, Shape
from collide.findings.evidence import RuleResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.analysis.interposition import Interposition

OWN_SHADOW = Code(
    "COL301",
    "own-shadow",
    Severity.NOTE,
    Shape.INTERPOSITION,
    "gets functions of another file of its wheel, not its own or those of a library it links",
    "The module that is opened comes first in the scope of all its libraries, and the first "
    "library before the later ones: which definition is used depends on what is imported.",
    "A symbol that the object or its closure defines binds to another object of the same wheel.",
    "Export from a module only its initialisation function (-fvisibility=hidden).",
    fixed_remedy=True,
    per_binding=True,
    example=(
        "A module exports a function crc32 of its own. The libpng in the wheel means zlib's "
        "crc32, and gets the module's."
    ),
    fixes=("own-sources", "static-copy"),
)


def own_shadow(interposition: Interposition) -> RuleResult | None:
    """A note: the objects of one wheel preempt each other, in an order that its author can see."""
    if interposition.host:
        return None
    return RuleResult(OWN_SHADOW, OWN_SHADOW.severity, ())
