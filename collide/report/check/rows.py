"""Rows of findings, and what was not looked at, in the words of the formats that list them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from collide.check.causes import Summary
from collide.check.check import LeftOut, Report, SetAside
from collide.check.rows import ReportRow, count_left_out, summed_up
from collide.findings.finding import Finding
from collide.report.check.parts import (
    facts,
    headline,
    looked_at_together,
    on_hosts,
    severities,
    some,
)
from collide.support.records import NamedTuple
from collide.support.text import plural
from collide.wheels.tags import Misfit
from collide.wheels.target import Skipped

SHOWN_HOSTS = 3
"""Hosts that an input does not fit are named, not counted, up to so many."""


def where(row: ReportRow) -> str:
    """On how many hosts, the first by name, and what else was opened."""
    if row.of_archive:
        return "wherever it is installed"
    if row.exposed:
        return "on any host"
    several = row.checked > 1
    hosts = f"on {on_hosts(row.hosts, row.checked) if several else ', '.join(row.hosts)}"
    if row.after is not None:
        return f"{hosts}, after {row.after}"
    return f"{hosts}, both installed" if len(row.targets) > 1 else hosts


def sentence(row: ReportRow) -> str:
    """The victim and what happens to it."""
    return f"{row.finding.victim}: {headline(with_all_providers(row))}"


def with_all_providers(row: ReportRow) -> Finding:
    """The finding with the providers of all hosts in place of those of the first."""
    if len(row.providers) < 2:
        return row.finding
    return row.finding._replace(provider=", ".join(row.providers))


def lines(row: ReportRow, *, verbose: bool = False) -> Iterator[str]:
    """Everything but the :func:`sentence`, the short parts first; ``verbose`` adds every name."""
    finding = with_all_providers(row)
    yield where(row)
    parts = facts(finding)
    for part in parts:
        yield f"{part.label}: {part.as_text()}" if part.label else part.as_text()
    if finding.modules and finding.modules != (finding.victim,):
        yield f"opened: {some(finding.modules, verbose=False)}"
    if finding.evidence:
        yield f"because: {' '.join(finding.evidence)}"
    yield f"fix: {finding.remedy}"
    if row.repair:
        yield f"repair: {row.repair}"
    if row.tried:
        yield from _lines_of_remedies(row, verbose)
    if verbose:
        named = [(f"{part.label}, all", part.names or ()) for part in parts]
        named += [("opened, all", finding.modules), ("hosts, all", row.hosts)]
        for label, names in named:
            if len(names) > 1:
                yield f"{label}: {', '.join(names)}"


def _lines_of_remedies(row: ReportRow, verbose: bool) -> Iterator[str]:
    from collide.report.check.remedies import lines as lines_of  # late: start-up

    for host, tried in row.tried:
        for number, line in enumerate(lines_of(tried, verbose=verbose)):
            yield line if number else f"{host}: {line}"


def set_aside(aside: Iterable[SetAside]) -> Iterator[str]:
    """What does not count, a line each: why, the finding, and the reason that was given."""
    for one in aside:
        finding = one.finding
        hosts = f" on {', '.join(one.hosts)}" if one.hosts else ""
        reason = f": {one.reason}" if one.reason else ""
        yield f"{one.why}: {finding.code.id} [{finding.code.slug}] {finding.victim}{hosts}{reason}"


class NotChecked(NamedTuple):
    """One target that was not looked at on ``hosts``, all for one reason."""

    target: str
    misfit: Misfit
    hosts: tuple[str, ...]


def not_checked(report: Report) -> tuple[NotChecked, ...]:
    """What was left out, by target and reason, in its order."""
    hosts: dict[tuple[str, Misfit], list[str]] = {}
    for one in report.left_out:
        hosts.setdefault((one.target, one.misfit), []).append(one.host)
    return tuple(NotChecked(*key, tuple(names)) for key, names in hosts.items())


def why_nothing(left_out: Sequence[LeftOut]) -> Iterator[str]:
    """Why nothing at all was analysed, a line each; none for what is among the problems."""
    counts = count_left_out(left_out)
    yield from dict.fromkeys(
        _reason(one, counts[one.target]) for one in left_out if not (one.empty and one.broken)
    )


def _reason(one: LeftOut, counts: Counter[str]) -> str:
    if one.empty:
        return f"{one.target}: {one.misfit.reason}: nothing to check (see --allow-unchecked)"
    if counts.total() > SHOWN_HOSTS:
        return f"{one.target}: fits none of {summed_up(counts)}"
    return f"{one.target}: {one.host}: {one.misfit.reason}"


def not_analysed(report: Report) -> dict[str, tuple[Skipped, ...]]:
    """By target, its members that could not be opened as a module on some host."""
    found: dict[str, dict[Skipped, None]] = {}
    for judged in report.judged:
        if judged.analysis.skipped:
            found.setdefault(judged.analysis.target.name, {}).update(
                dict.fromkeys(judged.analysis.skipped)
            )
    return {target: tuple(skipped) for target, skipped in found.items()}


def not_together(report: Report) -> tuple[tuple[tuple[str, str], str], ...]:
    """The pairs that were not looked at, each with the reason."""
    return tuple(dict.fromkeys((p.targets, p.left_out) for p in report.pairs if p.left_out))


def targets_of(report: Report) -> tuple[str, ...]:
    """Every target by name, also what was not looked at anywhere, in order."""
    judged = (j.analysis.target.name for j in report.judged)
    left_out = (one.target for one in report.left_out)
    return tuple(dict.fromkeys([*judged, *left_out, *(a.target for a in report.archives)]))


def owner(path: str, targets: Iterable[str]) -> str | None:
    """The target that ``path`` names, by itself or with one of its members; None for no target."""
    return next((t for t in targets if path == t or path.startswith((f"{t}: ", f"{t}/"))), None)


def summary_of(report: Report, counted: Summary) -> str:
    """What was found and looked at, in one line: the causes by severity."""
    found = severities(counted.causes)
    where = f"{plural(len(counted.inputs), 'input')} on {plural(len(counted.hosts), 'host')}"
    parts = [f"{found or 'nothing found'} in {where}" if counted.inputs else "nothing was checked"]
    if pairs := looked_at_together(report.pairs):
        parts.append(pairs)
    if counted.aside:
        told = ", ".join(f"{number} {why}" for why, number in counted.aside.items())
        parts.append(f"not counted: {told}")
    if report.problems:
        problems = plural(len(report.problems), "problem")
        parts.append(f"{problems}: not all could be read or verified")
    return "; ".join(parts)
