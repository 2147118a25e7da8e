"""The findings on a host by itself: what its own objects take from each other at start-up."""

from __future__ import annotations

from collide.analysis.start_up import InterposedHost
from collide.findings.code import Code, Severity, Shape
from collide.findings.finding import Finding
from collide.findings.judge import judge, rank

COPIED_VARIABLES = Code(
    "COL113",
    "copied-variables",
    Severity.NOTE,
    Shape.INTERPOSITION,
    "holds variables of its libraries itself (copy relocation), and the libraries use those",
    "An executable that is compiled without -fPIC has the variables of its libraries in its own "
    "data, and start-up copies their first values there. The libraries use the copies too, so that "
    "each exists once: this is by design. It fails for a library linked with -Bsymbolic or whose "
    "variable is protected, which goes on using its own.",
    "Variables for which the executable of a host has a copy relocation and that another object "
    "of it refers to; all of them are one note of `collide interposed`.",
    "Nothing need be done; an executable compiled with -fPIC, or with -mno-direct-extern-access, "
    "has no copies.",
    fixed_remedy=True,
    example=(
        "A program that is linked without -pie has its own stdout, a copy of libc's variable, "
        "and libc uses that one."
    ),
)


def judge_start_up(interposed: InterposedHost) -> tuple[Finding, ...]:
    """All findings, the worst first. All references count as used."""
    found = [f._replace(modules=()) for f in judge(interposed.analysis, reaching=False)]
    copied = interposed.copied
    if copied:
        origins = tuple(sorted(set(copied.values())))
        executable = interposed.analysis.host.path
        found.append(
            Finding(
                code=COPIED_VARIABLES,
                severity=COPIED_VARIABLES.severity,
                victim=executable,
                provider=executable,
                intended=origins,
                references=len(copied),
                symbols=tuple(copied),
                remedy=COPIED_VARIABLES.remedy,
            )
        )
    return tuple(sorted(found, key=rank))
