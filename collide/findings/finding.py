"""The record of what judging says: one finding with all that decided it."""

from __future__ import annotations

from collide.findings.code import Code, Severity
from collide.support.records import NamedTuple


class Finding(NamedTuple):
    """One judged group of bindings, or one load failure.

    ``victim`` holds the references, ``provider`` gives the definitions,
    ``intended`` were meant to give them: member names or host paths.
    ``references`` counts distinct references taken; ``symbols`` are their
    names, sorted, ``kept`` those of the same library that were not taken.
    ``modules`` are the modules whose opening shows it. ``detail`` is the rest
    of the sentence for load failures, ``remedy`` one sentence of what to do.
    ``evidence`` are sentences, each a fact that can be checked.
    """

    code: Code
    severity: Severity
    victim: str
    provider: str | None = None
    intended: tuple[str, ...] = ()
    references: int = 0
    symbols: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    detail: str = ""
    remedy: str = ""
    evidence: tuple[str, ...] = ()
