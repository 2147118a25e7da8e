"""COL111, compiler-runtime: functions of the compiler or its C++ library are the host's."""

from __future__ import annotations

from collide.findings.code import Code, Severity, Shape
from collide.findings.evidence import RESERVED, RuleResult, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.analysis.interposition import Interposition

COMPILER_RUNTIME = Code(
    "COL111",
    "compiler-runtime",
    Severity.NOTE,
    Shape.INTERPOSITION,
    "uses the host's copy of functions of the compiler or its C++ library",
    "Newer releases of these libraries keep what older ones promised. The static parts serve "
    "systems that are older than the compiler.",
    "All symbols in use have names that are reserved for the implementation (ISO C++ "
    "[lex.name]), and the variables among them have one size in both.",
    "Nothing need be done; -static-libgcc and -static-libstdc++ with -Wl,--exclude-libs,ALL keep "
    "the wheel's own.",
    fixed_remedy=True,
    foreign=True,
    example=(
        "A module links libgcc statically, in a program that links libgcc_s.so.1: both have "
        "__udivti3, with one result."
    ),
    fixes=("compiler-runtime",),
)


def compiler_runtime(interposition: Interposition) -> RuleResult | None:
    """A note: all names in use are reserved for the implementation of C and C++.

    The makers of the compiler's and the C++ run-time library keep newer releases
    compatible with older ones. What of these is linked statically serves systems
    that are older than the compiler.
    """
    if not all(RESERVED.match(name) for name in interposition.used_names):
        return None
    if any(
        b.actual and b.intended and size(b.actual) != size(b.intended) for b in interposition.used
    ):
        return None
    line = "All names are reserved for the compiler and its C++ library (ISO C++ [lex.name])."
    return RuleResult(COMPILER_RUNTIME, COMPILER_RUNTIME.severity, (line,))
