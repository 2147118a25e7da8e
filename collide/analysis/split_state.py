"""What a split library keeps in variables: each of two copies has its own."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Set as AbstractSet

from collide.elf.code.call_graph import Calls
from collide.elf.code.variables import variables_of
from collide.elf.symbols import is_code
from collide.loader.model import Dso, once_of


@once_of
def shared_variables(dso: Dso, kept: tuple[str, ...], taken: frozenset[str]) -> int:
    """How many variables of ``dso`` its functions ``kept`` and ``taken`` use, with all they call.

    Where the functions ``taken`` are another object's, they use variables of that one. What they
    keep there, as a list or that the library is set up, those that are kept look for in vain.
    0 where calls are not known.
    """
    calls = dso.calls
    if calls is None:
        return 0
    ours = variables_of(dso.read(), calls, _running(dso, calls, kept, without=taken))
    if not ours:
        return 0
    return len(ours & variables_of(dso.read(), calls, _running(dso, calls, taken)))


def _running(
    dso: Dso, calls: Calls, names: Collection[str], *, without: AbstractSet[str] = frozenset()
) -> AbstractSet[int]:
    """The functions that run when those with ``names`` are called, and none ``without``."""
    running, exports = calls.running(), dso.elf.exports
    pending, seen = frozenset(names), set(without)
    while pending:
        seen |= pending
        found = (d for name in pending for d in exports.candidates(name))
        called = [d.value for d in found if d.value and is_code(d.type)]
        pending = frozenset(running.call(called)) - seen
    return running.led_to(frozenset(calls.functions), frozenset(), frozenset())
