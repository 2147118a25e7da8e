"""COL103, vague-linkage: a C++ inline function or template of the host serves for the wheel's."""

from __future__ import annotations

from collide.findings.code import Code, Severity, Shape
from collide.findings.evidence import RuleResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.analysis.interposition import Interposition

VAGUE_LINKAGE = Code(
    "COL103",
    "vague-linkage",
    Severity.NOTE,
    Shape.INTERPOSITION,
    "uses another file's copy of C++ inline functions or templates, as C++ allows",
    "C++ emits these in every object that uses them, and any copy serves as long as all were "
    "compiled from the same source (Itanium C++ ABI 5.2).",
    "A shadowed symbol with a mangled name whose intended definition is weak or unique.",
    "Compile with -fvisibility-inlines-hidden, if the two were compiled from different sources.",
    fixed_remedy=True,
    per_binding=True,
    example=(
        "A module and a host both use a template of the same header, compiled into each. The "
        "copy that is found first serves both."
    ),
    fixes=("cxx-templates",),
)


def vague_linkage(interposition: Interposition) -> RuleResult | None:
    """A note: the C++ ABI lets any copy of an inline function serve."""
    if not interposition.vague:
        return None
    return RuleResult(VAGUE_LINKAGE, VAGUE_LINKAGE.severity, ())
