"""COL110, unused-copy: nothing that runs leads to the references that are preempted."""

from __future__ import annotations

from collide.findings.code import Code, Severity, Shape
from collide.findings.evidence import RuleResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.analysis.interposition import Interposition

UNUSED_COPY = Code(
    "COL110",
    "unused-copy",
    Severity.NOTE,
    Shape.INTERPOSITION,
    "gets symbols from the host in place of its own, but no code that can run uses them",
    "All users of this library are bound to the host's copy, so this one never runs, and what its "
    "references bind to does no harm.",
    "The graph of calls is walked from the module's initialisation and all constructors, over the "
    "actual bindings; no function that is reached refers to these symbols. What cffi offers by a "
    "name counts if a Python file of the wheel has the name. A function that is looked up with "
    "dlsym in a module is not seen.",
    "Nothing need be done; see the findings for those who use the host's copy.",
    fixed_remedy=True,
    example=(
        "A wheel brings libtiff with its zlib, and a host replaces the zlib; but no function of"
        " the module leads to those of libtiff that compress."
    ),
)


def unused_copy(interposition: Interposition) -> RuleResult | None:
    """A note: code that nothing calls does no harm, whatever it is bound to.

    It holds for any library. Those who would use the bundled copy are bound to
    the host's, and the bundled one only lies in memory.
    """
    if interposition.used:
        return None
    line = f"Nothing that runs refers to {'it' if len(interposition.taken) == 1 else 'them'}: "
    line += "no path of calls leads there from the module's initialisation."
    return RuleResult(UNUSED_COPY, UNUSED_COPY.severity, (line,))
