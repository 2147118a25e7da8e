"""Adds to a report what wheels need and their own platform tags do not allow."""

from __future__ import annotations

from collections.abc import Iterable

from collide.check.check import Exposed, Report
from collide.support.errors import MissingPackageError
from collide.support.faults import problem_of
from collide.wheels.target import Target


def with_own_tags(report: Report, targets: Iterable[Target]) -> Report:
    """The report with the findings of :mod:`collide.findings.archive.violated_tag`.

    ``targets`` are those of the report, read anew. Raises MissingPackageError without auditwheel.
    """
    from collide.findings.archive.violated_tag import judge_tags  # late: slow, and optional

    archives, problems = list(report.archives), list(report.problems)
    for target in targets:
        try:
            found = tuple(judge_tags(target))
        except MissingPackageError:
            raise
        except Exception as e:
            problems.append(problem_of(target.name, e))
        else:
            archives += [Exposed(target.name, found)] if found else []
    return report._replace(archives=tuple(archives), problems=tuple(problems))
