"""The result of ``collide check`` as text for a terminal."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator, Sequence

from collide.check.check import Exposed, Judged, LeftOut, Report
from collide.check.merge import Checked, count_left_out, merge, summed_up
from collide.findings.code import Code, Severity
from collide.findings.finding import Finding
from collide.report.check.parts import (
    as_if,
    facts,
    headline,
    history,
    looked_at_together,
    on_hosts,
    opened,
    severities,
    some,
)
from collide.support.foreign import Text, text_of
from collide.support.text import plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.check.pairs import Pair
    from collide.whatif.remedies import Remedy

_SHOWN_MODULES = 3
_SHOWN_HOSTS = 3


def render(report: Report, *, verbose: bool = False) -> Text:
    """The whole report.

    ``verbose`` lists every symbol and module and spreads notes over several
    lines; it changes neither which findings there are nor their order.
    """
    lines: list[str] = []
    for checked in merge(report.judged):
        # Remedies were tried on one host each, so findings are not merged then.
        if len(checked.judged) == 1 or any(j.remedies for j in checked.judged):
            for judged in checked.judged:
                lines += _analysis(judged, verbose)
        else:
            lines += _checked(checked, verbose)
    for exposed in report.exposed:
        lines += _exposed(exposed, verbose)
    for archive in report.archives:
        lines += [f"{archive.target}, the archive itself:"]
        lines += [line for found in archive.findings for line in _finding(found, verbose)]
        lines.append("")
    lines += _together(report, verbose)
    lines += _left_out(report, verbose)
    lines.append(_summary(report))
    return text_of([*lines, ""])


def _analysis(judged: Judged, verbose: bool) -> Iterator[str]:
    analysis, findings = judged.analysis, judged.findings
    host = analysis.host
    version = ".".join(map(str, host.loader.version))
    python = f"{host.python}, " if host.python else ""
    if host.as_if and host.python:
        python = f"as if for {host.python.release}, "
    name = f"{host.name} ({python}{host.loader.libc} {version}, {host.architecture})"
    if not findings and not analysis.skipped and not analysis.planned:
        count = plural(len(analysis.modules), "module")
        yield f"{analysis.target.name} on {name}: no findings in {count}"
        return
    yield f"{analysis.target.name} on {name}:"
    for number, finding in enumerate(findings):
        yield from _finding(finding, verbose)
        shown = verbose or finding.severity > Severity.NOTE
        if shown and number in judged.repairable:
            yield f"    repair:   {analysis.repair_command}"
        if judged.remedies and judged.remedies[number]:
            yield from _remedies(judged.remedies[number], verbose)
    if not findings:
        yield f"  no findings in {plural(len(analysis.modules), 'module')}"
    elif analysis.skipped:
        yield ""
    for skipped in analysis.skipped:
        yield f"  not analysed: {skipped.name}: {skipped.reason}"
    for opening in analysis.planned:
        yield f"  {opened(opening)}"
    yield ""


def _checked(checked: Checked, verbose: bool) -> Iterator[str]:
    """One target on several hosts."""
    total = len(checked.judged)
    yield f"{checked.target} on {total} hosts{as_if(checked)}:"
    for merged in checked.findings:
        finding = merged.finding
        if len(merged.providers) > 1:
            finding = finding._replace(provider=", ".join(merged.providers))
        yield from _finding(finding, verbose, on_hosts(merged.hosts, total, verbose=verbose))
        if merged.repair and (verbose or finding.severity > Severity.NOTE):
            yield f"    repair:   {merged.repair}"
    if checked.clean:
        yield ""
        clean = on_hosts(checked.clean, total, verbose=verbose)
        named = f": {', '.join(checked.clean)}" if verbose and len(checked.clean) == total else ""
        yield f"  no findings in {clean}{named}"
    skipped = dict.fromkeys(s for j in checked.judged for s in j.analysis.skipped)
    for one in skipped:
        yield f"  not analysed: {one.name}: {one.reason}"
    for opening in dict.fromkeys(o for j in checked.judged for o in j.analysis.planned):
        yield f"  {opened(opening)}"
    yield ""


def _finding(finding: Finding, verbose: bool, where: str = "") -> Iterator[str]:
    code = finding.code
    heading = f"  {finding.severity} {code.id} [{code.slug}] {finding.victim}"
    if finding.severity == Severity.NOTE and not verbose:
        found_in = f" in {where}" if where else ""
        count = f": {plural(len(finding.symbols), 'symbol')}" if finding.symbols else ""
        follows = f" {history(finding)}" if finding.after_import else ""
        taken_from = f" <- {finding.provider}" if finding.provider else ""
        yield f"{heading}{taken_from}{count}{follows}{found_in}"
        return
    yield ""
    yield heading
    if where:
        yield f"    in {where}"
    yield f"    {headline(finding)}"
    for fact in facts(finding):
        label = f"{fact.label}:".ljust(10) if fact.label else ""
        yield f"    {label}{fact.as_text(verbose=verbose)}"
    if finding.modules and finding.modules != (finding.victim,):
        shown = finding.modules if verbose else finding.modules[:_SHOWN_MODULES]
        more = len(finding.modules) - len(shown)
        yield f"    opened:   {', '.join(shown)}" + (f" and {more} more" if more else "")
    for number, line in enumerate(finding.evidence):
        yield f"    {'because:' if number == 0 else '        '}  {line}"
    yield f"    fix:      {finding.remedy}"


def _remedies(tried: Sequence[Remedy], verbose: bool) -> Iterator[str]:
    from collide.report.check.remedies import lines  # late: start-up

    for line in lines(tried, verbose=verbose):
        yield f"    {line}"


def _exposed(exposed: Exposed, verbose: bool) -> Iterator[str]:
    if not exposed.findings:
        return
    yield f"{exposed.target} on any host:"
    for finding in exposed.findings:
        count = plural(len(finding.symbols), "symbol")
        whose = "its own" if finding.intended == (finding.victim,) else "bundled libraries'"
        names = " ".join(finding.evidence)
        yield (
            f"  {finding.severity} {finding.code.id} [{finding.code.slug}] {finding.victim}: "
            f"{count} of {whose} looked up by name. {names}"
        )
        if verbose:
            yield f"    symbols:  {', '.join(finding.symbols)}"
            yield f"    fix:      {finding.remedy}"
    yield ""


def _together(report: Report, verbose: bool) -> Iterator[str]:
    """The pairs that share something; the others are counted."""
    looked_at = [pair for pair in report.pairs if pair.left_out is None]
    for pair in looked_at:
        if not pair.shares:
            continue
        yield f"{pair.targets[0]} and {pair.targets[1]} on {pair.host.name} share {_shared(pair)}"
        for finding in pair.common:
            yield from _finding(finding, verbose)
        for order in pair.orders:
            first, second = (posixpath.basename(t) for t in (order.first, order.second))
            yield f" {first} before {second}:{'' if order.findings else ' no findings'}"
            for finding in order.findings:
                yield from _finding(finding, verbose)
        yield ""
    if counted := looked_at_together(report.pairs):
        yield counted
    yield from dict.fromkeys(
        f"not together: {pair.targets[0]} and {pair.targets[1]}: {pair.left_out}"
        for pair in report.pairs
        if pair.left_out
    )


def _shared(pair: Pair) -> str:
    shares = pair.shares
    system = [posixpath.basename(path) for path in shares.system]
    parts = [
        f"{what} {some(names, verbose=False)}"
        for what, names in (("the name", shares.sonames), ("the system's", system))
        if names
    ]
    counted = (
        (shares.unique, "unique symbol"),
        (shares.promoted, "promoted module"),
        (shares.files, "file"),
    )
    return ", ".join([*parts, *(plural(len(names), noun) for names, noun in counted if names)])


def _left_out(report: Report, verbose: bool) -> Iterator[str]:
    counts = count_left_out(report.left_out)
    summed = {t for t, kinds in counts.items() if kinds.total() > _SHOWN_HOSTS and not verbose}
    for target in counts:
        if target in summed:
            yield f"left out: {target} on {summed_up(counts[target])} (-v names them)"
    for left_out in report.left_out:
        if left_out.target not in summed:
            yield f"left out: {left_out.target} on {left_out.host}: {left_out.misfit.reason}"
    if report.left_out:
        yield ""


def why_nothing(left_out: Sequence[LeftOut]) -> Iterator[str]:
    """Why nothing at all was analysed, a line each; none for what is among the problems."""
    counts = count_left_out(left_out)
    yield from dict.fromkeys(
        _reason(one, counts[one.target]) for one in left_out if not (one.empty and one.broken)
    )


def _reason(one: LeftOut, counts: Counter[str]) -> str:
    if one.empty:
        return f"{one.target}: {one.misfit.reason}"
    if counts.total() > _SHOWN_HOSTS:
        return f"{one.target}: fits none of {summed_up(counts)}"
    return f"{one.target}: {one.host}: {one.misfit.reason}"


def _summary(report: Report) -> str:
    checked = merge(report.judged)
    findings = [m.finding for one in checked for m in one.findings]
    findings += [f for pair in report.pairs for f in pair.findings]
    findings += [f for archive in report.archives for f in archive.findings]
    counts = Counter(f.severity for f in findings)
    found = severities(counts)
    targets = len({*(one.target for one in checked), *(a.target for a in report.archives)})
    hosts = len({judged.analysis.host.name for judged in report.judged})
    where = f"{plural(targets, 'input')} on {plural(hosts, 'host')}"
    return f"{found or 'nothing found'} in {where}"


def render_code(code: Code) -> Text:
    """What one code means: the text of ``collide explain COL101``."""
    parts = (
        f"{code.id} {code.slug} ({code.severity}): {code.title}",
        code.meaning,
        f"How it is decided: {code.decided}",
        f"What to do: {code.remedy}",
        f"See also: {code.page}",
    )
    return text_of(line for part in parts for line in (part, ""))
