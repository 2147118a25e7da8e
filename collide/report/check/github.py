"""The result of ``collide check`` as annotations of GitHub Actions, a workflow command a line.

Source: GitHub's reference of workflow commands; ``actions/runner``,
``ExecutionContext.cs`` for the limits: of a step ten annotations of each level
are shown, of a message 4,096 characters. So errors come first, the summary
leads the notices, and long lists end a message.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from collide.check.causes import Cause, Grouped, group
from collide.check.check import Report
from collide.check.rows import count_left_out, summed_up
from collide.findings.code import Severity
from collide.report.check.messages import message
from collide.report.check.rows import (
    not_analysed,
    not_checked,
    not_together,
    owner,
    summary_of,
    targets_of,
)
from collide.support.errors import UnverifiedError
from collide.support.foreign import Text, joined, workflow_command
from collide.support.records import NamedTuple

_SHOWN_ANNOTATIONS = 10
_SHOWN_REASONS = 3
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


class _Annotation(NamedTuple):
    """One command: its level, its lines, and the file that it is about, if it is about one."""

    severity: Severity
    title: str
    message: Sequence[str]
    file: str | None = None

    def as_text(self) -> Text:
        """The line of the log."""
        properties = {"title": self.title}
        if self.file is not None:
            properties["file"] = self.file
        return workflow_command(_LEVELS[self.severity], properties, self.message)


def render(given: Report | Grouped, *, verbose: bool = False) -> Text:
    """All commands; ``verbose`` names every symbol, and each host that was left out."""
    report, _, _, found, counted = group(given)
    annotations = [
        *_problems(report),
        *(_cause(cause, verbose) for cause in found),
        *_not_looked_at(report, verbose),
    ]
    annotations.sort(key=lambda a: -a.severity)
    first = next(
        (n for n, a in enumerate(annotations) if a.severity == Severity.NOTE), len(annotations)
    )
    annotations.insert(first, _summary(summary_of(report, counted), annotations))
    return joined(annotation.as_text() for annotation in annotations)


def _cause(cause: Cause, verbose: bool) -> _Annotation:
    code = cause.code
    return _Annotation(
        cause.severity,
        f"{code.id} {code.slug}",
        list(message(cause, verbose=verbose)),
        cause.targets[0],
    )


def _problems(report: Report) -> Iterator[_Annotation]:
    targets = targets_of(report)
    for problem in report.problems:
        file = owner(problem.path, targets) or problem.path
        unverified = isinstance(problem, UnverifiedError)
        title = "collide: not verified" if unverified else "collide: cannot be read"
        yield _Annotation(Severity.ERROR, title, [str(problem)], file)


def _not_looked_at(report: Report, verbose: bool) -> Iterator[_Annotation]:
    reasons: dict[str, list[str]] = {}
    for one in not_checked(report):
        reason = f"{', '.join(one.hosts)}: {one.misfit.reason}"
        reasons.setdefault(one.target, []).append(reason)
    for target, counts in count_left_out(report.left_out).items():
        message = [f"{target} does not fit {summed_up(counts)}"]
        if verbose or counts.total() <= _SHOWN_REASONS:
            message += reasons[target]
        yield _Annotation(Severity.NOTE, "collide: not checked", message, target)
    for target, skipped in not_analysed(report).items():
        message = [f"{one.name}: {one.reason}" for one in skipped]
        yield _Annotation(Severity.NOTE, "collide: not analysed", message, target)
    for (first, second), reason in not_together(report):
        message = [f"{first} and {second}: {reason}"]
        yield _Annotation(Severity.NOTE, "collide: not together", message, first)


def _summary(told: str, annotations: Sequence[_Annotation]) -> _Annotation:
    message = [told]
    # The summary is a notice, too.
    counts = Counter([*(a.severity for a in annotations), Severity.NOTE])
    for severity, level in _LEVELS.items():
        if counts[severity] > _SHOWN_ANNOTATIONS:
            message.append(
                f"GitHub shows {_SHOWN_ANNOTATIONS} of the {counts[severity]} {level} "
                "annotations; the log of this step has all."
            )
    return _Annotation(Severity.NOTE, "collide check", message)
