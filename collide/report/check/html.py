"""The result of ``collide check`` as one HTML page without scripts, fonts or links to a network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import collide
from collide.check.causes import Cause, causes, summarised
from collide.check.check import Judged, Report
from collide.check.merge import count_left_out, summed_up
from collide.check.rows import ReportRow, rows
from collide.findings.code import Severity
from collide.findings.fixes import FIXES, Fix, snippets
from collide.findings.table import CODES
from collide.report.check.parts import Fact, facts, severities
from collide.report.check.rows import (
    not_analysed,
    not_checked,
    not_together,
    sentence,
    summary_of,
    targets_of,
    where,
)
from collide.report.check.words import hosts_of, listed_targets, what
from collide.support.foreign import Html, Text, html_of
from collide.support.text import plural
from collide.wheels.target import Skipped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.report.probes import Counted
    from collide.whatif.remedies import Remedy

_SHOWN_NAMES = 3
_STYLE = """
:root { color-scheme: light dark; --ground: #fff; --ink: #1b1b1b; --line: #b5b5b5;
  --soft: #f3f3f3; --error: #a40000; --warning: #7a4b00; --note: #00508f; --clean: #1d6222; }
@media (prefers-color-scheme: dark) { :root { --ground: #161616; --ink: #e8e8e8; --line: #565656;
  --soft: #242424; --error: #ff9a92; --warning: #f0be68; --note: #8fc7ff; --clean: #94d89a; } }
body { background: var(--ground); color: var(--ink); font: 1rem/1.5 sans-serif;
  max-width: 75rem; margin: 0 auto; padding: 1rem; }
a { color: inherit; }
code, .names { font-family: monospace; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; }
caption { text-align: left; font-weight: bold; padding: .3rem 0; }
th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left;
  vertical-align: top; }
thead th { background: var(--soft); }
.error { color: var(--error); } .warning { color: var(--warning); }
.note { color: var(--note); } .clean { color: var(--clean); }
article { border: 1px solid var(--line); border-left-width: .4rem; padding: 0 1rem 1rem;
  margin: 1rem 0; }
article.error { border-left-color: var(--error); }
article.warning { border-left-color: var(--warning); }
article.note { border-left-color: var(--note); }
article > :not(h3) { color: var(--ink); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 0; }
dt { font-weight: bold; } dd { grid-column: 2; margin: 0; overflow-wrap: anywhere; }
"""


def tag(name: str, *children: str, **attributes: str) -> Html:
    """An element; ``class_`` and ``aria_label`` stand for what Python has no name for."""
    names = (key.rstrip("_").replace("_", "-") for key in attributes)
    written = "".join(
        f' {key}="{html_of([value])}"'
        for key, value in zip(names, attributes.values(), strict=True)
    )
    inside = html_of(children)
    # A line for each block, so that two pages can be compared.
    end = "" if name in ("a", "b", "code", "dt", "dd", "th", "td", "summary") else "\n"
    return Html(f"<{name}{written}>{inside}</{name}>{end}")


def render(report: Report, probes: Iterable[Counted] | None = None) -> Text:
    """The whole page, in ASCII, so that no encoding changes it."""
    return page_of(report, "collide check", (), probes)


def page_of(
    report: Report, title: str, above: Iterable[Html], probes: Iterable[Counted] | None = None
) -> Text:
    """The page of a command, with sections of its own ``above`` those of the report."""
    found, caused = rows(report), causes(report)
    outcome = summary_of(report, summarised(report, caused))
    body = html_of(
        [
            tag("h1", title),
            tag("p", f"{outcome}. Checked by collide {collide.__version__}."),
            *above,
            _problems(report),
            _causes(report, caused),
            _overview(report, found),
            *_targets(report, found),
            _together(report, found),
            _hosts(report),
            _left_out(report),
            _probes(probes),
            _codes(found),
            _fixes(found),
        ]
    )
    page = html_of(
        [Html("<!DOCTYPE html>\n"), tag("html", _head(outcome), tag("body", body), lang="en")]
    )
    return Html(page.encode("ascii", "xmlcharrefreplace").decode())


def _head(outcome: str) -> Html:
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return tag(
        "head",
        Html('<meta charset="utf-8">\n'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{html_of([policy])}">\n'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">\n'),
        tag("title", f"collide: {outcome}"),
        tag("style", Html(_STYLE)),
    )


def section(title: str, *children: str, **attributes: str) -> Html:
    """A part of the page under a heading; nothing where it has no content."""
    inside = [child for child in children if child]
    if not inside:
        return Html()
    return tag("section", tag("h2", title), *inside, **attributes)


def _list(items: Iterable[str]) -> Html:
    found = [tag("li", item) for item in items]
    return tag("ul", *found) if found else Html()


def table(title: str, columns: Sequence[str], rows: Iterable[Html]) -> Html:
    """A table with a caption and one row of headings."""
    head = tag("tr", *(tag("th", column, scope="col") for column in columns))
    table = tag("table", tag("caption", title), tag("thead", head), tag("tbody", *rows))
    # What is wider than a screen is scrolled, also with the keyboard.
    return tag("div", table, class_="wide", tabindex="0", role="region", aria_label=title)


def table_row(heading: str, cells: Iterable[str]) -> Html:
    """One row: its heading, and cells that are tagged already or not."""
    tagged = (c if c.startswith("<td") and isinstance(c, Html) else tag("td", c) for c in cells)
    return tag("tr", tag("th", heading, scope="row"), *tagged)


# -- what was found -------------------------------------------------------------------------------


def _problems(report: Report) -> Html:
    items = (html_of([tag("code", p.path), f": {p.reason}"]) for p in report.problems)
    return section("Not read or not verified", _list(items), class_="problems")


def _causes(report: Report, found: Sequence[Cause]) -> Html:
    """What can be changed, by the hosts that it harms."""
    hosts = list(dict.fromkeys(j.analysis.host.name for j in report.judged))
    short = hosts_of(hosts).short
    rows = []
    for cause in found:
        if cause.severity == Severity.NOTE:
            continue
        worst = {h: r.finding.severity for r in reversed(cause.rows) for h in r.hosts}
        code = tag("a", cause.code.id, href=f"#{cause.code.id}")
        told = [
            listed_targets(cause.targets),
            *(_mark(worst.get(host)) for host in hosts),
            cause.fix,
        ]
        rows.append(table_row(html_of([f"{what(cause)} ", code]), told))
    if not rows:
        return Html()
    columns = ["Cause", "Input", *(short.get(host, host) for host in hosts), "Fix"]
    return section("What to change", table("Causes and the hosts they harm", columns, rows))


def _mark(severity: Severity | None) -> Html:
    if severity is None:
        return tag("td", "")
    return tag("td", tag("b", str(severity)), class_=str(severity))


def _overview(report: Report, found: Sequence[ReportRow]) -> Html:
    """The worst finding of each input, by host."""
    hosts = list(dict.fromkeys(j.analysis.host.name for j in report.judged))
    if not hosts:
        return Html()
    judged = {(j.analysis.target.name, j.analysis.host.name) for j in report.judged}
    cells: dict[tuple[str, str], list[ReportRow]] = {}
    for row in found:
        for target in row.targets:
            for host in row.hosts:
                cells.setdefault((target, host), []).append(row)
    misfits = {(one.target, one.host): one.misfit.kind for one in report.left_out}
    rows = [
        table_row(
            tag("a", target, href=f"#input-{number}"),
            (
                _cell(cells.get((target, host), []))
                if (target, host) in judged
                else f"not checked: {misfits.get((target, host), 'no result')}"
                for host in hosts
            ),
        )
        for number, target in enumerate(targets_of(report), 1)
    ]
    title = "The worst finding of each input on each host"
    return section("Overview", table(title, ["Input", *hosts], rows))


def _cell(found: Sequence[ReportRow]) -> Html:
    counts = Counter(one.finding.severity for one in found)
    if not counts:
        return tag("td", "no findings", class_="clean")
    worst = max(counts)
    return tag("td", tag("b", str(worst)), f" ({severities(counts)})", class_=str(worst))


def _targets(report: Report, found: Sequence[ReportRow]) -> Iterator[Html]:
    alone: dict[str, list[ReportRow]] = {}
    for row in found:
        if row.after is None and len(row.targets) == 1:
            alone.setdefault(row.targets[0], []).append(row)
    judged: dict[str, list[Judged]] = {}
    for analysed in report.judged:
        judged.setdefault(analysed.analysis.target.name, []).append(analysed)
    skipped = not_analysed(report)
    for number, target in enumerate(targets_of(report), 1):
        inside = _target(alone.get(target, ()), judged.get(target, ()), skipped.get(target, ()))
        yield section(target, *inside, id=f"input-{number}")


def _target(
    found: Sequence[ReportRow], judged: Sequence[Judged], skipped: Sequence[Skipped]
) -> Iterator[Html]:
    yield from (_finding(row) for row in found if not row.exposed)
    clean = [j.analysis.host.name for j in judged if not j.findings]
    if clean:
        yield tag("p", f"No findings alone on {', '.join(clean)}.")
    if not judged:
        yield tag("p", "It was checked on no host.")
    exposed = [_finding(row) for row in found if row.exposed]
    if exposed:
        yield html_of([tag("h3", "What any host could take"), *exposed])
    if skipped:
        items = (html_of([tag("code", s.name), f": {s.reason}"]) for s in skipped)
        yield html_of([tag("h3", "Not analysed"), _list(items)])


def _finding(row: ReportRow) -> Html:
    finding = row.finding
    severity = str(finding.severity)
    code = tag("a", finding.code.id, href=f"#{finding.code.id}")
    heading = tag(
        "h3", tag("b", severity), " ", code, f" {finding.code.slug} ",
        tag("code", finding.victim), class_=severity,
    )  # fmt: skip
    modules = finding.modules and finding.modules != (finding.victim,)
    rows = [
        *(_fact(fact) for fact in _facts(row)),
        _fact(Fact("on", "", row.hosts)) if len(row.hosts) > _SHOWN_NAMES else "",
        _fact(Fact("opened", "", finding.modules)) if modules else "",
        _pair("because", *finding.evidence) if finding.evidence else "",
        _pair("fix", finding.remedy),
        _pair("repair", tag("code", row.repair)) if row.repair else "",
    ]
    tried = [_tried(host, remedies) for host, remedies in row.tried if remedies]
    said = tag("p", f"{sentence(row)}, {where(row)}.")
    return tag("article", heading, said, tag("dl", *rows), *tried, class_=severity)


def _facts(row: ReportRow) -> Iterator[Fact]:
    for fact in facts(row.finding):
        yield Fact("provider", "", row.providers) if fact.label == "provider" else fact


def _pair(label: str, *values: str) -> Html:
    return html_of([tag("dt", label), *(tag("dd", value) for value in values), Html("\n")])


def _fact(fact: Fact) -> Html:
    if not fact.names:
        return _pair(fact.label or "outcome", fact.text)
    text = fact.text or plural(len(fact.names), "name")
    names = html_of([tag("code", name) for name in fact.names], ", ")
    if len(fact.names) <= _SHOWN_NAMES:
        return _pair(fact.label, html_of([f"{text}: " if fact.text else "", names]))
    return _pair(
        fact.label, tag("details", tag("summary", text), tag("div", names, class_="names"))
    )


def _tried(host: str, remedies: Sequence[Remedy]) -> Html:
    from collide.report.check.remedies import lines  # late: start-up

    items = (line.strip() for line in lines(remedies, verbose=True))
    return tag("details", tag("summary", f"Remedies tried on {host}"), _list(items))


def _together(report: Report, found: Sequence[ReportRow]) -> Html:
    articles = [_finding(row) for row in found if row.is_of_pair]
    not_looked_at = (
        f"Not together: {first} and {second}: {reason}"
        for (first, second), reason in not_together(report)
    )
    return section("In one process", *articles, _list(not_looked_at), id="together")


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
    return section("Hosts", table("The hosts that were looked at", columns, rows) if rows else "")


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
                _list(lines),
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
            tag(
                "article",
                tag("h3", f"{code.id} {code.slug}"),
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
    return tag("details", title, tag("p", fix.text), *lines, class_="fix")


def _code_lines(text: str) -> Html:
    lines = (html_of([tag("code", line), Html("\n")]) for line in text.splitlines())
    return tag("pre", *lines, class_="wide", tabindex="0")
