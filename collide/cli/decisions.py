"""What of a report counts: the codes chosen, what is accepted, what was known, what is shown."""

from __future__ import annotations

import os

from collide.check.check import BELOW, IGNORED
from collide.cli.configuration import complain_of_entries
from collide.cli.streams import complain, write
from collide.findings.chosen import is_chosen, prefixes
from collide.findings.code import Severity
from collide.support.errors import InputError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from collide.check.check import Report
    from collide.check.known import Known
    from collide.cli.configuration import Configuration


class Decisions:
    """The choices of one run; what makes no sense is refused before anything is checked.

    Raises UsageError for what is no code, InputError for a baseline that cannot be read.
    """

    def __init__(self, args: argparse.Namespace, configuration: Configuration) -> None:
        self._select = prefixes(_split(args.select))
        self._ignore = prefixes(_split(args.ignore))
        self._minimum = Severity[args.minimum.upper()]
        self._accept = configuration.accept
        self._baseline = args.baseline
        self._update = args.update_baseline
        if self._update and not self._baseline:
            raise UsageError("--update-baseline needs --baseline FILE")
        self._known = self._read()
        self.over = False

    def _read(self) -> tuple[Known, ...]:
        if not self._baseline:
            return ()
        from collide.check import known  # late: few have a baseline

        if not os.path.exists(self._baseline):
            if self._update:
                return ()
            raise InputError(self._baseline, "no such file; --update-baseline writes it")
        return known.read(self._baseline)

    def counted(self, report: Report) -> Report:
        """The report with what counts; writes the baseline, and says what entries are of no use.

        ``over`` is set where an entry that accepts findings is past its last day.
        """
        select, ignore = self._select, self._ignore
        if select or ignore:
            from collide.check.aside import without  # late: start-up

            report = without(
                report,
                IGNORED,
                lambda one: None if is_chosen(one.finding.code.id, select, ignore) else "",
            )
        if self._accept:
            report = self._accepted(report)
        if self._baseline:
            report = self._without_known(report)
        return report

    def _accepted(self, report: Report) -> Report:
        from datetime import date  # late: few have a configuration

        from collide.check.accepted import accept  # late: few have a configuration

        today = date.today()
        past = [entry for entry in self._accept if entry.is_over(today)]
        complain_of_entries(past, "its last day is past; look at it again")
        self.over = bool(past)
        report, unused = accept(report, self._accept, today)
        if report.judged:
            complain_of_entries(unused, "matches no finding of this run")
        return report

    def _without_known(self, report: Report) -> Report:
        from collide.check import known  # late: few have a baseline

        if self._update:
            self._known = known.updated(self._known, known.known_now(report), _inputs(report))
            write(known.write(self._known), self._baseline)
            complain(f"{self._baseline}: {len(self._known)} causes are known now")
        return known.only_new(report, self._known)

    def shown(self, report: Report) -> Report:
        """The report with what is shown."""
        lowest = self._minimum
        if lowest == Severity.NOTE:
            return report
        from collide.check.aside import without  # late: start-up

        return without(report, BELOW, lambda one: "" if one.finding.severity < lowest else None)


def _split(words: Sequence[str]) -> list[str]:
    return [one.strip() for word in words for one in word.split(",") if one.strip()]


def _inputs(report: Report) -> list[str]:
    return [one.analysis.target.name for one in report.judged]
