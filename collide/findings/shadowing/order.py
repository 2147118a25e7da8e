"""The order of the rules about interpositions: which one answers, and which answers are compared.

A rule gets one :class:`collide.analysis.interposition.Interposition` and gives
None, or a code and a severity with its evidence. No rule knows a library by its
name: each recognises a mechanism that works alike in any library.
"""

from __future__ import annotations

from collide.findings.code import Severity
from collide.findings.evidence import RuleResult, is_inside, layouts
from collide.findings.shadowing.compiler_runtime import compiler_runtime
from collide.findings.shadowing.data_mismatch import data_mismatch
from collide.findings.shadowing.foreign_symbol import foreign_symbol
from collide.findings.shadowing.integer_width import integer_width
from collide.findings.shadowing.moved_structure import moved_structure
from collide.findings.shadowing.other_abi import other_abi
from collide.findings.shadowing.other_string import other_string
from collide.findings.shadowing.own_shadow import own_shadow
from collide.findings.shadowing.release_data import release_data
from collide.findings.shadowing.replaced_library import one_c_library, replaced_library, same_build
from collide.findings.shadowing.split_class import split_class
from collide.findings.shadowing.split_library import (
    SPLIT_LIBRARY,
    asked_by_name,
    own_calls,
    renamed_copy,
    split_library,
)
from collide.findings.shadowing.static_objects import static_objects
from collide.findings.shadowing.unused_copy import unused_copy
from collide.findings.shadowing.vague_linkage import vague_linkage
from collide.findings.shadowing.version_check import abi_argument, refusal, version_check
from collide.findings.shadowing.wide_interface import wide_interface

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from collide.analysis.interposition import Interposition

    FindingRule = Callable[[Interposition], RuleResult | None]

FIRST_MATCH: tuple[FindingRule, ...] = (
    own_shadow,
    other_string,
    vague_linkage,
    unused_copy,
    one_c_library,
    split_class,
    compiler_runtime,
    same_build,
    renamed_copy,
    foreign_symbol,
)
"""The first of these that finds something decides alone.

A later rule assumes that the earlier ones found nothing.
"""

WORST_OF: tuple[FindingRule, ...] = (
    split_library,
    asked_by_name,
    own_calls,
    moved_structure,
    other_abi,
    data_mismatch,
    integer_width,
    version_check,
    abi_argument,
    refusal,
    wide_interface,
    static_objects,
    release_data,
)
"""Of these the worst result decides where no rule of ``FIRST_MATCH`` does.

Of equal severities the earlier one names the finding. Where none of them finds anything
either, ``replaced_library`` decides.
"""

_AS_WARNING = "all counts as in use, and what would be an error by that is a warning."
_CALLS_UNKNOWN = "Which functions call which is not known for this object: all count as in use."


def judge_interposition(
    interposition: Interposition, rules: Sequence[FindingRule] | None = None
) -> RuleResult:
    """The result of all rules; ``rules`` stand for ``WORST_OF`` where given."""
    found = first_match(interposition) or worst_of(interposition, rules)
    return found if interposition.calls_known else _without_calls(found, interposition)


def _without_calls(result: RuleResult, interposition: Interposition) -> RuleResult:
    """The result for an object of a machine whose code cannot be read.

    A static library's own functions refer to each other by name, and most modules use few of them.
    On 18 wheels for x86-64 and seven hosts, 158 objects had an error with all counted as in use,
    54 with calls. What one object refers to in another one, it mostly uses: errors about two
    copies between objects were the same.
    """
    from collide.elf.code.machine_code import READABLE  # late: start-up

    architecture = interposition.victim.elf.architecture
    between = result.code is SPLIT_LIBRARY and not is_inside(interposition)
    if architecture in READABLE or between:
        return result
    lines = [line for line in result.evidence if line != _CALLS_UNKNOWN]
    evidence = (*lines, f"Code of {architecture} is not read here: {_AS_WARNING}")
    return result._replace(severity=min(result.severity, Severity.WARNING), evidence=evidence)


def first_match(interposition: Interposition) -> RuleResult | None:
    """The result of the first rule of ``FIRST_MATCH`` that finds something."""
    for rule in FIRST_MATCH:
        if (result := rule(interposition)) is not None:
            return result
    return None


def worst_of(
    interposition: Interposition, rules: Sequence[FindingRule] | None = None
) -> RuleResult:
    """The worst result of ``rules`` (``WORST_OF`` by default), with the evidence of all."""
    results = [
        result
        for rule in (WORST_OF if rules is None else rules)
        if (result := rule(interposition)) is not None
    ]
    results.append(replaced_library(interposition))
    worst = max(results, key=lambda result: result.severity)
    evidence = list(dict.fromkeys(line for one in (worst, *results) for line in one.evidence))
    if worst.severity > Severity.NOTE:
        evidence += layouts(interposition)
    if not interposition.calls_known:
        evidence.append(_CALLS_UNKNOWN)
    return worst._replace(evidence=tuple(evidence))
