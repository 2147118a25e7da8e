"""Findings as text for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from collide.analysis import Analysis
from collide.check import Exposed, Report
from collide.codes import Code, Severity
from collide.judge import Finding

_SHOWN_SYMBOLS = 6
_SHOWN_MODULES = 3


def render(report: Report, *, verbose: bool = False) -> str:
    """The whole report.

    ``verbose`` lists every symbol and module and spreads notes over several
    lines; it changes neither which findings there are nor their order.
    """
    lines: list[str] = []
    for judged in report.judged:
        lines += _analysis(judged.analysis, judged.findings, verbose)
    for exposed in report.exposed:
        lines += _exposed(exposed, verbose)
    lines += _left_out(report)
    lines.append(_summary(report))
    return "\n".join(lines) + "\n"


def _analysis(analysis: Analysis, findings: Sequence[Finding], verbose: bool) -> Iterator[str]:
    host = analysis.host
    version = ".".join(map(str, host.loader.version))
    python = f"{host.python}, " if host.python else ""
    name = f"{host.name} ({python}{host.loader.libc} {version}, {host.architecture})"
    if not findings and not analysis.skipped:
        count = _plural(len(analysis.modules), "module")
        yield f"{analysis.target.name} on {name}: no findings in {count}"
        return
    yield f"{analysis.target.name} on {name}:"
    for finding in findings:
        yield from _finding(finding, verbose)
    if not findings:
        yield f"  no findings in {_plural(len(analysis.modules), 'module')}"
    elif analysis.skipped:
        yield ""
    for skipped in analysis.skipped:
        yield f"  not analysed: {skipped.name}: {skipped.reason}"
    yield ""


def _finding(finding: Finding, verbose: bool) -> Iterator[str]:
    code = finding.code
    heading = f"  {finding.severity} {code.id} [{code.slug}] {finding.victim}"
    if finding.severity == Severity.NOTE and not verbose:
        yield f"{heading} <- {finding.provider}: {_plural(len(finding.symbols), 'symbol')}"
        return
    yield ""
    yield heading
    for line in _what(finding, verbose):
        yield f"    {line}"
    if finding.modules != (finding.victim,):
        shown = finding.modules if verbose else finding.modules[:_SHOWN_MODULES]
        more = len(finding.modules) - len(shown)
        yield f"    opened:   {', '.join(shown)}" + (f" and {more} more" if more else "")
    for number, line in enumerate(finding.evidence):
        yield f"    {'because:' if number == 0 else '        '}  {line}"
    yield f"    fix:      {finding.remedy}"


def _what(finding: Finding, verbose: bool) -> Iterator[str]:
    match finding.code.slug:
        case _ if finding.code.is_shadowing:
            yield f"{finding.code.title}"
            yield f"provider: {finding.provider}"
            own = finding.intended == (finding.victim,)
            meant = "its own definitions" if own else ", ".join(finding.intended)
            yield f"meant:    {meant}"
            yield (
                f"taken:    {_plural(finding.references, 'reference')}, "
                f"{_plural(len(finding.symbols), 'symbol')}: {_some(finding.symbols, verbose)}"
            )
            if finding.kept:
                yield (
                    f"kept:     {_plural(len(finding.kept), 'symbol')}: "
                    f"{_some(finding.kept, verbose)}"
                )
        case "captured-soname":
            yield f"{finding.code.title}"
            yield f"needed:   {', '.join(finding.intended)}"
            yield f"provider: {finding.provider}"
        case "undefined-symbol":
            yield f"{finding.code.title}"
            yield (
                f"symbols:  {_plural(len(finding.symbols), 'symbol')}: "
                f"{_some(finding.symbols, verbose)}"
            )
        case _:
            detail = f" ({finding.detail})" if finding.detail else ""
            yield f"{finding.code.title}: {finding.provider}{detail}"


def _some(names: Sequence[str], verbose: bool) -> str:
    shown = names if verbose else names[:_SHOWN_SYMBOLS]
    return ", ".join(shown) + (", ..." if len(shown) < len(names) else "")


def _exposed(exposed: Exposed, verbose: bool) -> Iterator[str]:
    if not exposed.findings:
        return
    yield f"{exposed.target} on any host:"
    for finding in exposed.findings:
        count = _plural(len(finding.symbols), "symbol")
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


def _left_out(report: Report) -> Iterator[str]:
    for left_out in report.left_out:
        assert left_out.left_out is not None
        yield f"left out: {left_out.target.name} on {left_out.host.name}: {left_out.left_out}"
    if report.left_out:
        yield ""


def _summary(report: Report) -> str:
    counts = Counter(f.severity for judged in report.judged for f in judged.findings)
    found = ", ".join(
        f"{counts[severity]} {severity}{'s' if counts[severity] != 1 else ''}"
        for severity in sorted(Severity, reverse=True)
        if counts[severity]
    )
    targets = len({judged.analysis.target.name for judged in report.judged})
    hosts = len({judged.analysis.host.name for judged in report.judged})
    checked = f"{_plural(targets, 'input')} on {_plural(hosts, 'host')}"
    return f"{found or 'nothing found'} in {checked}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def render_code(code: Code) -> str:
    """One code explained (``collide explain COL101``)."""
    return (
        f"{code.id} {code.slug} ({code.severity}): {code.title}\n\n"
        f"{code.meaning}\n\n"
        f"How it is decided: {code.decided}\n\n"
        f"What to do: {code.remedy}\n\n"
        f"See also: {code.page}\n"
    )
