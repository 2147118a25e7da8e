"""The record of a finding: what happens to one victim, and why it is believed."""

from __future__ import annotations

from collide.findings.code import Code, Severity
from collide.loader.opening import Opening
from collide.support.records import NamedTuple


class Finding(NamedTuple):
    """One finding: a group of bindings, or a load failure.

    ``victim`` is the object that holds the references, ``provider`` the one that
    gives the definitions, and ``intended`` are those that would give them if the
    victim and what it needs were searched alone; all are names of members or
    paths of the host. ``references`` counts the distinct references that are
    taken, ``symbols`` are their names, sorted, and ``kept`` the names in use of
    the same library that are not taken. ``modules`` are those that show the
    finding when they are opened. ``detail`` completes the title of a load
    failure, ``remedy`` is one sentence of what to do. ``evidence`` are sentences,
    each a fact that can be checked. ``after_import`` are modules of the interpreter itself: the
    finding occurs in a process that has imported any of them, and not in a fresh one.
    ``before_import`` are those whose own import has the load failure, after ``modules``.
    ``release`` is the version that the intended library tells, ``provider_release`` that of the
    provider, where both tell one.

    ``library`` is what the intended library is called by its own names, where it is linked into the
    victim and the provider is more than a copy of it; else empty.

    ``openings`` are those of Python code that decided it: they have brought the provider, or opened
    a module with other flags than RTLD_NOW; each has its line.

    Which of these a finding has depends on its code's
    :class:`~collide.findings.code.Shape`; the others are empty.
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
    after_import: tuple[str, ...] = ()
    before_import: tuple[str, ...] = ()
    release: str = ""
    provider_release: str = ""
    library: str = ""
    openings: tuple[Opening, ...] = ()
