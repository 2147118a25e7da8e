"""The findings of a check in one list, equal ones of several hosts merged to one row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from collide.check.check import Report
from collide.check.merge import merge, merge_key
from collide.findings.code import Shape
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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.check.pairs import Pair
    from collide.whatif.remedies import Remedy


class ReportRow(NamedTuple):
    """One finding, with all hosts that have it.

    ``targets`` are those it is about, ``after`` is what was opened before
    them. ``providers`` are all that give the definitions on some host.
    ``checked`` counts the hosts that were looked at; it is 0, and ``hosts``
    empty, for a finding that does not depend on a host. ``repair`` is the command
    that removes it, ``tried`` has the remedies by host.
    """

    targets: tuple[str, ...]
    after: str | None
    finding: Finding
    providers: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    checked: int = 0
    repair: str | None = None
    tried: tuple[tuple[str, tuple[Remedy, ...]], ...] = ()

    @property
    def exposed(self) -> bool:
        """Whether it is about what any host could take; such a finding is not counted."""
        return not self.checked and not self.of_archive

    @property
    def of_archive(self) -> bool:
        """Whether it is about the archive itself."""
        return self.finding.code.shape is Shape.ARCHIVE

    @property
    def is_of_pair(self) -> bool:
        """Whether it is about two targets."""
        return self.after is not None or len(self.targets) > 1

    @property
    def where(self) -> str:
        """On how many hosts, the first by name, and what else was opened."""
        if self.of_archive:
            return "wherever it is installed"
        if self.exposed:
            return "on any host"
        several = self.checked > 1
        hosts = f"on {on_hosts(self.hosts, self.checked) if several else ', '.join(self.hosts)}"
        if self.after is not None:
            return f"{hosts}, after {self.after}"
        return f"{hosts}, both installed" if len(self.targets) > 1 else hosts


def rows(report: Report) -> tuple[ReportRow, ...]:
    """All findings: of archives, of each target, of pairs, and what any host could take."""
    alone = [
        ReportRow(
            (c.target,), None, m.finding, m.providers, m.hosts, len(c.judged), m.repair, m.tried
        )
        for c in merge(report.judged)
        for m in c.findings
    ]
    exposed = [
        ReportRow((e.target,), None, finding, ()) for e in report.exposed for finding in e.findings
    ]
    archives = [
        ReportRow((a.target,), None, finding, ()) for a in report.archives for finding in a.findings
    ]
    return (*archives, *alone, *_of_pairs(report.pairs), *exposed)


def _of_pairs(pairs: Iterable[Pair]) -> Iterator[ReportRow]:
    """The findings of all pairs, equal ones of several hosts merged as those of one target are."""
    hosts: dict[tuple[str, str], set[str]] = {}
    equal: dict[tuple[tuple[str, ...], str | None, Finding], list[tuple[Pair, Finding]]] = {}
    for pair in pairs:
        if pair.left_out is None:
            hosts.setdefault(pair.targets, set()).add(pair.host.name)
        for targets, after, finding in _of_pair(pair):
            equal.setdefault((targets, after, merge_key(finding)), []).append((pair, finding))
    for (targets, after, _), found in equal.items():
        yield ReportRow(
            targets,
            after,
            found[0][1],
            tuple(dict.fromkeys(f.provider for _, f in found if f.provider)),
            tuple(dict.fromkeys(pair.host.name for pair, _ in found)),
            len(hosts[found[0][0].targets]),
        )


def _of_pair(pair: Pair) -> Iterator[tuple[tuple[str, ...], str | None, Finding]]:
    for finding in pair.common:
        # Of files that one replaces, the victim is a target itself.
        yield tuple(sorted(pair.targets, key=lambda t: t != finding.victim)), None, finding
    for order in pair.orders:
        for finding in order.findings:
            yield (order.second,), order.first, finding


def sentence(row: ReportRow) -> str:
    """The victim and what happens to it."""
    return f"{row.finding.victim}: {headline(_with_all_providers(row))}"


def _with_all_providers(row: ReportRow) -> Finding:
    if len(row.providers) < 2:
        return row.finding
    return row.finding._replace(provider=", ".join(row.providers))


def lines(row: ReportRow, *, verbose: bool = False) -> Iterator[str]:
    """Everything but the :func:`sentence`, the short parts first; ``verbose`` adds every name."""
    finding = _with_all_providers(row)
    yield row.where
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


def summary(report: Report, found: Sequence[ReportRow]) -> str:
    """What was found and looked at, in one line."""
    counts = Counter(row.finding.severity for row in found if not row.exposed)
    counted = severities(counts)
    judged = {j.analysis.target.name for j in report.judged}
    targets = len(judged | {archive.target for archive in report.archives})
    hosts = len({j.analysis.host.name for j in report.judged})
    checked = f"{plural(targets, 'input')} on {plural(hosts, 'host')}"
    parts = [f"{counted or 'nothing found'} in {checked}" if targets else "nothing was checked"]
    if pairs := looked_at_together(report.pairs):
        parts.append(pairs)
    if report.problems:
        problems = plural(len(report.problems), "problem")
        parts.append(f"{problems}: not all could be read or verified")
    return "; ".join(parts)
