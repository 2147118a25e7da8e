"""One finding on the HTML page, and one cause with its findings, each folded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from collide.check.causes import Cause
from collide.check.rows import ReportRow
from collide.report.check.parts import Fact, facts
from collide.report.check.rows import sentence, where
from collide.report.check.scope_picture import picture
from collide.report.check.words import Hosts, fix_page, what, who
from collide.report.markup import fold, listed, tag
from collide.support.foreign import Html, html_of
from collide.support.text import plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.whatif.remedies import Remedy

_SHOWN_NAMES = 3


def folded(cause: Cause, hosts: Hosts, name: str) -> Html:
    """A cause in a line that opens: what to change, the picture of the scope, each finding."""
    severity = str(cause.severity)
    said = [
        tag("b", severity, class_=severity), " ", tag("span", what(cause), class_="what"),
        ": ", who(cause, hosts), " ", tag("code", cause.code.id),
    ]  # fmt: skip
    parts = [_pair("hosts", ", ".join(cause.hosts))] if cause.hosts else []
    how = tag("a", "what to write where", href=f"#{fix_page(cause)}")
    parts.append(_pair("fix", html_of([cause.fix, " See ", how, "."])))
    if cause.repair:
        parts.append(_pair("repair", tag("code", cause.repair)))
    findings = [finding_article(row) for row in cause.rows]
    return fold(
        html_of(said),
        tag("dl", *parts),
        picture(cause),
        fold(plural(len(findings), "finding"), *findings, class_="findings"),
        class_=f"cause {severity}",
        id=name,
    )


def finding_article(row: ReportRow) -> Html:
    """A finding with all its parts."""
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
    return tag("details", tag("summary", f"Remedies tried on {host}"), listed(items))
