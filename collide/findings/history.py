"""The findings that occur only behind an import of the interpreter's own modules.

They have the codes that the same has in a host which brings the library at start-up: a version
that is not found, a library that the wheel brings and that is never loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collide.analysis.history import BehindImport
from collide.findings.code import Severity
from collide.findings.finding import Finding
from collide.findings.judge import JudgedInterpositions, judge
from collide.findings.loading import CAPTURED_SONAME, FAILURE_CODES
from collide.loader.link_map import LoadFailure


def judge_behind(
    behind: Iterable[BehindImport], known: JudgedInterpositions | None = None
) -> tuple[Finding, ...]:
    """The findings of these openings, each once with all imports that it follows.

    ``known`` is what was judged of the same target before.
    """
    imports: dict[Finding, list[str]] = {}
    refused: list[Finding] = []
    for one in behind:
        for finding in _new(one, known):
            imports.setdefault(finding, []).append(one.module.name)
        refused += _refused(one)
    after = (
        finding._replace(after_import=tuple(dict.fromkeys(names)))
        for finding, names in imports.items()
    )
    return (*after, *refused)


def _new(behind: BehindImport, known: JudgedInterpositions | None) -> Iterator[Finding]:
    """What is found behind an import and not alone."""
    alone = {_subject(finding) for finding in judge(behind.alone, known=known)}
    failing = {module.name for module in behind.after.modules if module.failures}
    # The loader stops at the first reason; behind it are others of the same cause.
    modules = tuple(m._replace(failures=m.failures[:1]) for m in behind.after.modules)
    for finding in judge(behind.after._replace(modules=modules), known=known):
        if _subject(finding) in alone:
            continue
        if finding.code is CAPTURED_SONAME:
            # The failure names the library that is in the way.
            if failing.issuperset(finding.modules):
                continue
            # It opens: every version and every symbol that it needs is there.
            finding = finding._replace(severity=Severity.NOTE)
        yield finding


def _subject(finding: Finding) -> tuple[str, str, str | None]:
    return finding.code.id, finding.victim, finding.provider


def _refused(behind: BehindImport) -> Iterator[Finding]:
    """The failures of the import itself, after modules of the target."""
    groups: dict[LoadFailure, list[str]] = {}
    for name, failure in behind.refused:
        groups.setdefault(failure, []).append(name)
    names = behind.alone.target.names
    for failure, modules in groups.items():
        code = FAILURE_CODES[failure.kind]
        yield Finding(
            code=code,
            severity=code.severity,
            victim=failure.object,
            provider=failure.name,
            modules=tuple(sorted(modules)),
            detail=names.get(failure.detail, failure.detail),
            remedy=CAPTURED_SONAME.remedy,
            before_import=(behind.module.name,),
        )
