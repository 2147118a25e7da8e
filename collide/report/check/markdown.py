"""The result of ``collide check`` as Markdown: the summary of a step of GitHub Actions.

Source: GitHub's reference of workflow commands, "Adding a job summary": a step may write 1 MiB
to the file that GITHUB_STEP_SUMMARY names.
"""

from __future__ import annotations

from collections.abc import Iterator

from collide.check.causes import Cause, Grouped, group
from collide.check.check import Report
from collide.findings.code import Severity
from collide.report.check.rows import summary_of
from collide.report.check.words import (
    Hosts,
    hosts_of,
    listed_targets,
    target_title,
    what,
    who,
)
from collide.support.foreign import Text, joined, markdown, own_text

_LARGEST = 500
"""Causes that are listed; a summary of more than 1 MiB is refused."""


def render(report: Report | Grouped) -> Text:
    """A table of the causes that are no notes, with what to change, and the counts of all."""
    return joined(part for line in _lines(report) for part in (*line, own_text("\n")))


def _lines(given: Report | Grouped) -> Iterator[tuple[Text, ...]]:
    report, _, _, found, counted = group(given)
    hosts = {one.target: hosts_of((*one.breaks, *one.warns, *one.clean)) for one in counted.inputs}
    yield own_text("### collide check, a prediction: "), markdown(summary_of(report, counted))
    yield (own_text(""),)
    harmful = [c for c in found if c.severity > Severity.NOTE]
    if harmful:
        yield (own_text("| | wheel | what | what happens | fix | |"),)
        yield (own_text("|---|---|---|---|---|---|"),)
    for cause in harmful[:_LARGEST]:
        yield tuple(_row(cause, hosts.get(cause.targets[0], Hosts({}))))
    if len(harmful) > _LARGEST:
        yield (own_text(f"\n{len(harmful) - _LARGEST} more causes are in the log."),)
    for problem in report.problems:
        yield own_text("\n- "), markdown(str(problem))


def _row(cause: Cause, hosts: Hosts) -> Iterator[Text]:
    title = target_title(cause.targets[0])
    target = title if len(cause.targets) == 1 else listed_targets(cause.targets)
    cells = (str(cause.severity), target, what(cause), who(cause, hosts), cause.fix, cause.code.id)
    for cell in cells:
        yield own_text("| ")
        yield markdown(cell)
        yield own_text(" ")
    yield own_text("|")
