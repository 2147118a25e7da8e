"""The result of ``collide check`` as one HTML page without scripts, fonts or links to a network.

The first screen is a matrix of causes and hosts. What stands behind a cause is folded; three
buttons choose the severity that is shown. Below 60 rem of width tables are no grids any more, so
that nothing is scrolled sideways.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import collide
from collide.check.causes import Cause, Grouped, group
from collide.check.check import Judged, Report
from collide.check.rows import ReportRow, count_left_out, summed_up
from collide.findings.code import Severity
from collide.findings.fixes import FIXES, Fix, snippets
from collide.findings.table import CODES
from collide.report.check.html_findings import folded
from collide.report.check.rows import (
    not_analysed,
    not_checked,
    not_together,
    set_aside,
    summary_of,
    targets_of,
)
from collide.report.check.words import Hosts, hosts_of, listed_targets, target_title, what
from collide.report.markup import fold, listed, page, section, table, table_row, tag, void
from collide.support.foreign import Html, Text, html_of
from collide.support.text import plural
from collide.wheels.target import Skipped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from collide.report.probes import Counted

_Named = Sequence[tuple[str, Cause]]
"""Causes, each with the name of its place on the page."""

_STYLE = """
h1 { margin: .3rem 0; } h2 { margin: 1rem 0 .3rem; font-size: 1.2rem; }
a { color: inherit; text-underline-offset: .25em; }
code, .names { font-family: monospace; overflow-wrap: anywhere; }
fieldset { border: 0; padding: 0; margin: .5rem 0; } legend { float: left; margin-right: 1rem; }
label { margin-right: 1rem; } .choice { white-space: nowrap; }
table.causes td { overflow-wrap: normal; }
main:has(#show-error:checked) .warning-only, main:has(#show-error:checked) .cause:not(.error),
main:has(#show-warning:checked) .cause.note { display: none; }
thead th.host, td.host { padding: .2rem .1rem; font-size: .8rem; writing-mode: vertical-rl; }
thead th.host { font-weight: normal; overflow-wrap: normal; white-space: nowrap; }
.input { font-weight: normal; display: block; }
details:target { outline: .2rem solid; }
details:target::details-content { display: block; content-visibility: visible; }
p { margin: .4rem 0; } details { margin: .3rem 0; } summary { cursor: pointer; }
.cause { border: 1px solid var(--line); border-left: .4rem solid; padding: .2rem .6rem; }
.cause > *, .cause > summary > .what { color: var(--ink); }
.what { font-weight: bold; }
article { border-top: 1px solid var(--line); padding: .3rem 0; }
article > h3 { margin: .3rem 0; font-size: 1rem; }
article > :not(h3) { color: var(--ink); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 0; }
dt { font-weight: bold; } dd { grid-column: 2; margin: 0; min-width: 0; }
pre > code { display: block; white-space: pre-wrap; }
figure { margin: .5rem 0; max-width: 24rem; } figcaption { font-size: .8rem; }
svg { width: 100%; height: auto; display: block; }
svg text { font: 11px sans-serif; fill: var(--ink); } svg .name { font-weight: bold; }
svg rect { fill: var(--soft); stroke: var(--line); }
svg .answers { stroke: var(--error); stroke-width: 2; } svg .unasked { stroke-dasharray: 4 3; }
svg .arrow { stroke: var(--ink); fill: none; }
@media (min-width: 60.01rem) {
  td.host { writing-mode: horizontal-tb; font-size: 0; text-align: center; vertical-align: middle; }
  td.host:not(:empty)::after { content: "-"; font-size: .8rem; font-weight: bold; }
  td.host.error::after { content: "E"; } td.host.warning::after { content: "W"; }
  td.host.note::after { content: "n"; } td.host.clean::after { content: "ok"; }
  td.host.error { background: color-mix(in srgb, var(--error) 22%, var(--ground)); }
  td.host.warning { background: color-mix(in srgb, var(--warning) 12%, var(--ground)); }
}
@media (max-width: 60rem) {
  table, caption, tbody, tr, tbody th, td { display: block; border: 0; padding: 0; }
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  tr { border-top: 1px solid var(--line); padding: .3rem 0; }
  td.host { display: inline-block; writing-mode: horizontal-tb; padding: 0 .5rem 0 0; }
  table.causes tbody th, table.causes td, .input { display: inline; }
  .input { margin: 0 .5rem; } section > p > code { font-size: .75rem; }
  td.host:empty, table.causes td.host { display: none; }
  td[data-host]::before { content: attr(data-host) ": "; color: var(--ink); }
  dl { display: block; }
}
"""


_HOW_TO_READ = (
    "A row is one thing to change in a wheel. A host is a program that imports the wheel; "
    "what it has loaded before comes first, so that a function of the same name in the host is "
    "called in place of the wheel's own. Error (E): the wheel would break there. Warning (W): it "
    "runs with other code than it was built with. Note (n): no harm is seen. Empty: nothing found. "
    "Each row leads to what to write where."
)


def render(given: Report | Grouped, probes: Iterable[Counted] | None = None) -> Text:
    """The whole page, in ASCII, so that no encoding changes it."""
    return page_of(given, "collide check", (), probes)


def page_of(
    given: Report | Grouped,
    title: str,
    above: Iterable[Html],
    probes: Iterable[Counted] | None = None,
) -> Text:
    """The page of a command, with sections of its own ``above`` those of the report."""
    grouped = group(given)
    report, _, found, causes, counted = grouped
    outcome = summary_of(report, counted)
    hosts = {one.target: hosts_of((*one.breaks, *one.warns, *one.clean)) for one in counted.inputs}
    named = [(f"cause-{number}", cause) for number, cause in enumerate(causes, 1)]
    main = tag(
        "main",
        tag("h1", title),
        tag("p", f"{outcome}. Predicted by collide {collide.__version__}; nothing was run."),
        *above,
        _problems(report),
        _choice(causes),
        _matrix(counted.hosts, named),
        *_targets(grouped, hosts, named),
        _together(report, named),
        _overview(report, counted.hosts, found),
        _hosts(report),
        _left_out(report),
        section("Not counted", listed(set_aside(report.aside)), id="not-counted"),
        _probes(probes),
        _codes(found),
        _fixes(found),
    )
    return page(f"collide: {outcome}", Html(_STYLE), main)


# -- what was found -------------------------------------------------------------------------------


def _problems(report: Report) -> Html:
    items = (html_of([tag("code", p.path), f": {p.reason}"]) for p in report.problems)
    return section("Not read or not verified", listed(items), class_="problems")


def _choice(causes: Sequence[Cause]) -> Html:
    """Which causes are shown: all, without notes, errors only."""
    if len({cause.severity for cause in causes}) < 2:
        return Html()
    offered = [("note", "all"), ("warning", "errors and warnings"), ("error", "errors")]
    buttons = []
    for name, label in offered:
        chosen = {"checked": ""} if name == "note" else {}
        button = void("input", type="radio", name_="show", id=f"show-{name}", **chosen)
        buttons += [
            tag("span", button, tag("label", label, for_=f"show-{name}"), class_="choice"),
            " ",
        ]
    return tag("fieldset", tag("legend", "Show"), *buttons)


def _matrix(hosts: Sequence[str], named: _Named) -> Html:
    """What can be changed, by the hosts that it harms."""
    rows = []
    for name, cause in named:
        if cause.severity == Severity.NOTE:
            continue
        worst = {h: r.finding.severity for r in reversed(cause.rows) for h in r.hosts}
        link = tag("a", what(cause), href=f"#{name}")
        of_input = tag("span", listed_targets(cause.targets), class_="input")
        harmed = f"{len(cause.worst_hosts)} of {cause.checked}" if cause.checked else ""
        told = [
            tag("td", tag("b", str(cause.severity)), f" {harmed}", class_=str(cause.severity)),
            *(_mark(host, worst.get(host)) for host in hosts),
        ]
        shown = "error" if cause.severity == Severity.ERROR else "warning-only"
        rows.append(table_row(html_of([link, of_input]), told, class_=shown))
    if not rows:
        return Html()
    short = hosts_of(hosts).short
    columns = ["Cause", "Hosts", *(_column(short.get(host, host)) for host in hosts)]
    title = "Causes and the hosts they harm"
    how = tag("p", _HOW_TO_READ)
    return section("What to change", how, table(title, columns, rows, class_="causes"))


def _column(name: str) -> Html:
    return tag("th", name, scope="col", class_="host")


def _mark(host: str, severity: Severity | None) -> Html:
    if severity is None:
        return tag("td", class_="host")
    return tag("td", str(severity), class_=f"host {severity}", data_host=host)


def _overview(report: Report, hosts: Sequence[str], found: Sequence[ReportRow]) -> Html:
    """The worst finding of each input, by host."""
    if not hosts:
        return Html()
    judged = {(j.analysis.target.name, j.analysis.host.name) for j in report.judged}
    worst: dict[tuple[str, str], Severity] = {}
    for row in found:
        for target in row.targets:
            for host in row.hosts:
                severity = max(row.finding.severity, worst.get((target, host), Severity.NOTE))
                worst[target, host] = severity
    rows = [
        table_row(
            tag("a", target, href=f"#input-{number}"),
            (_cell(host, worst.get((target, host)), (target, host) in judged) for host in hosts),
        )
        for number, target in enumerate(targets_of(report), 1)
    ]
    title = "The worst finding of each input on each host"
    short = hosts_of(hosts).short
    columns = ["Input", *(_column(short.get(host, host)) for host in hosts)]
    return fold("All inputs on all hosts", table(title, columns, rows))


def _cell(host: str, worst: Severity | None, judged: bool) -> Html:
    if worst is not None:
        return tag("td", str(worst), class_=f"host {worst}", data_host=host)
    if judged:
        return tag("td", "clean", class_="host clean", data_host=host)
    return tag("td", "not checked", class_="host", data_host=host)


def _targets(grouped: Grouped, hosts: Mapping[str, Hosts], named: _Named) -> Iterator[Html]:
    alone: dict[str, list[tuple[str, Cause]]] = {}
    for name, cause in named:
        if not cause.is_of_pair:
            alone.setdefault(cause.targets[0], []).append((name, cause))
    judged = {checked.target: checked.judged for checked in grouped.checked}
    skipped = not_analysed(grouped.report)
    for number, target in enumerate(targets_of(grouped.report), 1):
        own = [
            (cause, folded(cause, hosts.get(target, Hosts({})), name))
            for name, cause in alone.get(target, ())
        ]
        inside = _target(own, judged.get(target, ()), skipped.get(target, ()))
        path = tag("p", tag("code", target)) if target_title(target) != target else Html()
        yield section(target_title(target), path, *inside, id=f"input-{number}")


def _target(
    own: Sequence[tuple[Cause, Html]], judged: Sequence[Judged], skipped: Sequence[Skipped]
) -> Iterator[Html]:
    yield from (shown for cause, shown in own if cause.severity > Severity.NOTE)
    clean = [j.analysis.host.name for j in judged if not j.findings]
    if clean:
        yield tag("p", f"No findings alone on {', '.join(clean)}.")
    if not judged:
        yield tag("p", "It was checked on no host.")
    noted = [shown for cause, shown in own if cause.severity == Severity.NOTE and not cause.exposed]
    exposed = [shown for cause, shown in own if cause.exposed]
    for title, shown in (
        (plural(len(noted), "note"), noted),
        ("What any host could take", exposed),
    ):
        if shown:
            yield fold(title, *shown)
    if skipped:
        items = (html_of([tag("code", s.name), f": {s.reason}"]) for s in skipped)
        yield fold("Not analysed", listed(items))


def _together(report: Report, named: _Named) -> Html:
    of_pairs = [folded(cause, Hosts({}), name) for name, cause in named if cause.is_of_pair]
    not_looked_at = (
        f"Not together: {first} and {second}: {reason}"
        for (first, second), reason in not_together(report)
    )
    return section("In one process", *of_pairs, listed(not_looked_at), id="together")


# -- what was looked at ---------------------------------------------------------------------------


def _hosts(report: Report) -> Html:
    hosts = {j.analysis.host.name: j.analysis.host for j in report.judged}
    rows = [
        table_row(
            name,
            (
                tag("code", host.path),
                str(host.python) if host.python else "none",
                f"{host.loader.libc} {'.'.join(map(str, host.loader.version))}",
                host.architecture,
                ", ".join(f"{f.object}: {f.kind}: {f.name}" for f in host.failures) or "nothing",
            ),
        )
        for name, host in hosts.items()
    ]
    columns = ["Host", "Binary", "Python", "C library", "Architecture", "Misses itself"]
    return fold("Hosts", table("The hosts that were looked at", columns, rows)) if rows else Html()


def _left_out(report: Report) -> Html:
    reasons: dict[str, list[str]] = {}
    for one in not_checked(report):
        reason = f"{', '.join(one.hosts)}: {one.misfit.reason}"
        reasons.setdefault(one.target, []).append(reason)
    counts = count_left_out(report.left_out)
    return section(
        "Not checked",
        *(
            tag(
                "details",
                tag("summary", f"{target} does not fit {summed_up(counts[target])}"),
                listed(lines),
            )
            for target, lines in reasons.items()
        ),
        id="left-out",
    )


def _probes(probes: Iterable[Counted] | None) -> Html:
    tables = []
    for target, host, modules in probes or ():
        rows = [
            table_row(
                m.name,
                (
                    str(number)
                    for p in ((m.probes, m.noted) if m.noted else (m.probes,))
                    for number in (p.tried, len(p.opened), len(p.missed), len(p.directories))
                ),
            )
            for m in modules
        ]
        columns = ["Tried", "Opened", "Missed", "Directories asked for"]
        noted = [f"{c}, with resolution notes" for c in columns]
        if not any(m.noted for m in modules):
            noted = []
        title = f"{target} on {host.name}: files tried for each module opened alone"
        tables.append(table(title, ["Module", *columns, *noted], rows))
    return section("Probes", *tables)


def _codes(found: Sequence[ReportRow]) -> Html:
    used = {row.finding.code.id for row in found}
    return section(
        "What the codes mean",
        *(
            fold(
                f"{code.id} {code.slug}",
                tag("p", f"{code.sentence} {code.meaning}"),
                tag("p", f"How it is decided: {code.decided}"),
                tag("p", f"What to do: {code.remedy}"),
                id=code.id,
            )
            for code in CODES.values()
            if code.id in used
        ),
    )


def _fixes(found: Sequence[ReportRow]) -> Html:
    """What to write where, once for each kind of cause."""
    codes = (row.finding.code for row in found)
    names = dict.fromkeys(name for code in codes for name in code.fixes)
    return section("What to write where", *(_fix(FIXES[name]) for name in FIXES if name in names))


def _fix(fix: Fix) -> Html:
    lines = [
        html_of([tag("p", one.system), _code_lines(one.text)])
        if one.language
        else tag("p", f"{one.system}: {one.text}")
        for one in snippets(fix)
    ]
    title = tag("summary", f"{fix.title} ({fix.name})")
    return tag("details", title, tag("p", fix.text), *lines, class_="fix", id=fix.name)


def _code_lines(text: str) -> Html:
    lines = (html_of([tag("code", line), Html("\n")]) for line in text.splitlines())
    return tag("pre", *lines, class_="wide", tabindex="0")
