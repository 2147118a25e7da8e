"""COL106, data-mismatch: a variable of the host has another size or kind than the intended one."""

from __future__ import annotations

from collide.elf.constants import STT_OBJECT, STT_TLS
from collide.elf.symbols import is_code, is_data
from collide.findings.code import HIDE, Code, Severity, Shape
from collide.findings.evidence import RuleResult, file_name, file_names, is_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.analysis.interposition import Interposition
    from collide.binding.binding import Binding

DATA_MISMATCH = Code(
    "COL106",
    "data-mismatch",
    Severity.ERROR,
    Shape.INTERPOSITION,
    "uses a variable of the host that is smaller than its own or of another kind",
    "The code was compiled for another type: it reads or writes behind the end of the variable, "
    "or takes code for data.",
    "The variable's size in the host's symbol table is smaller than in the wheel's, or only one "
    "of them is thread-local, or one is code. A larger variable is not reported, "
    "nor a constant text, which ends with a zero byte.",
    HIDE,
    example=(
        "gnureadline in a program for aarch64 that links libreadline 8.2: of the 711 references"
        " that the program answers, some are to variables that are smaller there."
    ),
    fixes=("static-copy", "own-sources", "grafted-library"),
)
_SHOWN = 3
"""So many variables are named, the others counted."""


def data_mismatch(interposition: Interposition) -> RuleResult | None:
    """A variable is smaller in the host, or something other than a variable.

    The size in a symbol table is that of the type that the variable was compiled
    with. Code that was compiled for the larger type reads past the end of the
    smaller one. A larger variable of the host harms no reader, nor does a
    constant text of another length, which ends with a zero.
    """
    used = sorted(interposition.used, key=lambda b: b.reference.name)
    sides = ("the host", "the wheel")
    if interposition.within_host:
        sides = file_name(interposition.provider), file_names(interposition.intended)
    lines = [line for b in used if (line := _mismatch(b, *sides)) is not None]
    if not lines:
        return None
    more = len(lines) - _SHOWN
    others = [f"{more} more variables differ so."] if more > 0 else []
    return RuleResult(DATA_MISMATCH, Severity.ERROR, (*lines[:_SHOWN], *others))


def _mismatch(b: Binding, host: str, wheel: str) -> str | None:
    if b.actual is None or b.intended is None:
        return None
    ours, theirs = b.intended.definition, b.actual.definition
    kinds = {ours.type, theirs.type}
    if len(kinds) == 2 and STT_TLS in kinds:
        return f"{b.reference.name} is thread-local in only one of the copies."
    if is_data(ours.type) and is_code(theirs.type):
        return f"{b.reference.name} is data in {wheel} and code in {host}."
    if kinds == {STT_OBJECT} and 0 < theirs.size < ours.size and not is_text(b.intended):
        return f"{b.reference.name} has {theirs.size} bytes in {host}, {ours.size} in {wheel}."
    return None
