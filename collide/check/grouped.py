"""A report with all that is made of it once: merged findings, rows, causes, counts."""

from __future__ import annotations

from collections.abc import Mapping

from collide.check.causes import Cause, Summary, causes_of, summarised
from collide.check.check import Judged, Report
from collide.check.merge import Checked, merge
from collide.check.rows import ReportRow, rows_of
from collide.support.records import NamedTuple


class Grouped(NamedTuple):
    """One report, as all formats tell it."""

    report: Report
    checked: tuple[Checked, ...]
    rows: tuple[ReportRow, ...]
    causes: tuple[Cause, ...]
    summary: Summary

    @property
    def judged(self) -> Mapping[str, tuple[Judged, ...]]:
        """The analyses by target."""
        return {checked.target: checked.judged for checked in self.checked}


def group(report: Report | Grouped) -> Grouped:
    """A report, merged and grouped and counted; one that is so already is not done again."""
    if isinstance(report, Grouped):
        return report
    checked = merge(report.judged)
    rows = rows_of(report, checked)
    found = causes_of(report, rows)
    return Grouped(report, checked, rows, found, summarised(report, found))
