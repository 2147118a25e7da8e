"""The page: whole in itself, accessible, with everything that was found and not looked at."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import pytest

from collide.check.causes import causes
from collide.check.check import Report
from collide.cli.main import main
from collide.findings.code import Severity
from collide.findings.fixes import FIXES, snippets
from collide.findings.table import CODES
from collide.report.check.html import render
from reading import Element, page
from reports import HOST, everything, finding, of, specimen, troubled

each_report = pytest.mark.parametrize(
    "make", [everything, troubled, of, lambda: Report((), (), ())]
)


def elements(root: Element) -> list[Element]:
    """Every element, in order."""
    found = [child for child in root.children if isinstance(child, Element)]
    return [e for child in found for e in (child, *elements(child))]


def table(root: Element, title: str) -> list[list[str]]:
    """The cells of the table with this caption, row by row."""
    (found,) = (t for t in root.all("table") if next(t.all("caption")).text == title)
    return [[cell.text for cell in elements(row)if cell.name in ("th", "td")]
            for row in found.all("tr")]  # fmt: skip


OVERVIEW = "The worst finding of each input on each host"


@each_report
def test_page_needs_nothing_else(make: object) -> None:
    output = render(make())  # type: ignore[operator]
    assert output.startswith("<!DOCTYPE html>\n")
    found = elements(page(output))
    names = {element.name for element in found}
    assert not names & {"script", "link", "img", "iframe", "object", "base", "form"}
    for element in found:
        assert not element.attributes.keys() & {"src", "style", "onclick", "srcset"}
        assert element.attributes.get("href", "#").startswith("#")
    assert "url(" not in output
    assert "@import" not in output
    (policy,) = (e for e in found if "http-equiv" in e.attributes)
    assert policy.attributes["content"].startswith("default-src 'none'")


@each_report
def test_page_can_be_heard(make: object) -> None:
    root = page(render(make()))  # type: ignore[operator]
    found = elements(root)
    (html,) = root.all("html")
    assert html.attributes["lang"] == "en"
    assert next(root.all("title")).text.startswith("collide: ")
    assert all(th.attributes["scope"] in ("row", "col") for th in root.all("th"))
    for element in found:
        assert all(re.fullmatch("[a-z]+(-[a-z]+)*", name) for name in element.attributes)
        if element.attributes.get("role") == "region":
            assert element.attributes["aria-label"]
    assert all(dt.text for dt in root.all("dt"))
    for definitions in root.all("dl"):
        first, *_ = elements(definitions)
        assert first.name == "dt"
    # Headings leave no level out.
    levels = [int(e.name[1]) for e in found if re.fullmatch("h[1-6]", e.name)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@each_report
def test_every_link_leads_somewhere(make: object) -> None:
    found = elements(page(render(make())))  # type: ignore[operator]
    ids = Counter(e.attributes["id"] for e in found if "id" in e.attributes)
    assert set(ids.values()) <= {1}
    assert {e.attributes["href"][1:] for e in found if e.name == "a"} <= ids.keys()


def test_colour_is_never_the_only_sign() -> None:
    root = page(render(everything()))
    coloured = [e for e in elements(root) if e.name in ("td", "h3") and "class" in e.attributes]
    seen = set()
    for element in coloured:
        names = set(element.attributes["class"].split()) - {"host"}
        seen |= names
        assert all(element.text.startswith(name) for name in names)
    assert seen == {"error", "warning", "note", "clean"}


def test_overview_has_the_worst_of_each_input_on_each_host() -> None:
    report = everything()
    (heading, *rows) = table(page(render(report)), OVERVIEW)
    hosts = list(dict.fromkeys(j.analysis.host.name for j in report.judged))
    assert [h.replace("debian-12-", "") for h in heading[1:]] == [
        host.replace("debian-12-", "") for host in hosts
    ]
    assert len(rows) == len({j.analysis.target.name for j in report.judged})
    cells = {
        (row[0], host): cell for row in rows for host, cell in zip(hosts, row[1:], strict=True)
    }
    worst: dict[tuple[str, str], str] = {}
    for judged in report.judged:
        severities = [f.severity for f in judged.findings]
        for pair in report.pairs:
            if pair.host.name == judged.analysis.host.name:
                severities += [
                    f.severity
                    for order in pair.orders
                    if order.second == judged.analysis.target.name
                    for f in order.findings
                ]
        key = judged.analysis.target.name, judged.analysis.host.name
        worst[key] = str(max(severities)) if severities else "clean"
    assert set(worst.values()) == {"error", "warning", "clean"}
    assert cells == worst


def test_host_that_an_input_does_not_fit_is_no_clean_one() -> None:
    report = troubled()
    name = report.judged[0].analysis.host.name
    other = report.left_out[0]._replace(target="other.whl", host=name)
    rows = table(page(render(report._replace(left_out=(other,)))), OVERVIEW)
    assert rows[1:] == [
        ["demo.whl", "error"],
        ["other.whl", "not checked"],
    ]


def test_what_to_write_is_told_once_line_by_line() -> None:
    root = page(render(of(finding(), finding(victim="b.so"))))
    told = [e for e in root.all("details") if e.attributes.get("class") == "fix"]
    titles = [f"{FIXES[name].title} ({name})" for name in finding().code.fixes]
    assert [next(e.all("summary")).text for e in told] == titles
    (lines, *_) = told[0].all("pre")
    first = next(iter(snippets(FIXES[finding().code.fixes[0]])))
    assert [code.text for code in lines.all("code")] == first.text.splitlines()


def test_cause_leads_to_what_to_write_for_it() -> None:
    root = page(render(of(finding(victim="pkg/m.so", intended=("pkg/m.so",)))))
    (cause,) = (e for e in root.all("details") if "cause" in e.attributes.get("class", "").split())
    (link,) = (a for a in cause.all("a") if a.text == "what to write where")
    (told,) = (e for e in root.all("details") if e.attributes.get("class") == "fix"
               and e.attributes["id"] == link.attributes["href"][1:])  # fmt: skip
    assert told.attributes["id"] == "static-copy"
    assert "-Wl,--exclude-libs,ALL" in told.text


def test_long_list_of_symbols_is_folded_and_whole() -> None:
    root = page(render(of(finding(symbols=30))))
    (details,) = next(root.all("article")).all("details")
    assert next(details.all("summary")).text == "30 references, 30 symbols"
    assert [code.text for code in details.all("code")] == [f"symbol{i:02}" for i in range(30)]


def test_short_list_is_in_sight() -> None:
    root = page(render(of(finding(symbols=2))))
    assert not list(next(root.all("article")).all("details"))
    assert "2 references, 2 symbols: symbol00, symbol01" in root.text


def test_what_was_not_read_and_not_looked_at_is_shown() -> None:
    told = page(render(troubled())).text
    for text in (
        "demo.whl: m.so: truncated",
        "no.whl: no such file",
        "demo.whl does not fit 2 hosts: 2 other interpreter",
        "one, two: is for another",
        "tool: an executable",
        "What any host could take",
    ):
        assert text in told


def test_codes_of_the_findings_are_explained_and_no_others() -> None:
    report = everything()
    used = {f.code.id for f in report.findings}
    used |= {f.code.id for one in report.exposed for f in one.findings}
    (section,) = (
        s for s in page(render(report)).all("section")
        if next(s.all("h2")).text == "What the codes mean"
    )  # fmt: skip
    assert {e.attributes["id"] for e in section.all("details")} == used
    for name in used:
        for text in (CODES[name].meaning, CODES[name].decided, CODES[name].remedy):
            assert text in section.text


def test_remedies_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["check", str(specimen("static_exported")), "--profile", str(HOST), "--remedies"]
    assert main([*arguments, "--format", "html"]) == 1
    root = page(capsys.readouterr().out)
    (tried,) = (d for d in root.all("details") if next(d.all("summary")).text[:8] == "Remedies")
    assert next(tried.all("summary")).text == "Remedies tried on debian-12-host"
    assert any(item.text.startswith("proof: ") for item in tried.all("li"))


def test_page_is_ascii_whatever_the_names_are() -> None:
    output = render(of(finding(victim="mod\N{SNOWMAN}\udcff\N{LATIN SMALL LETTER E WITH ACUTE}")))
    assert output.isascii()
    assert "mod\N{SNOWMAN}\\udcff\N{LATIN SMALL LETTER E WITH ACUTE}" in page(output).text


def test_causes_stand_first_with_the_hosts_that_they_harm() -> None:
    report = everything()
    table = next(page(render(report)).all("table"))
    assert next(table.all("caption")).text.strip() == "Causes and the hosts they harm"
    head, *body = table.all("tr")
    harmful = [c for c in causes(report) if c.severity > Severity.NOTE]
    assert len(body) == len(harmful) > 3
    hosts = [cell.text for cell in head.all("th")][2:]
    for row, cause in zip(body, harmful, strict=True):
        whole, *cells = [cell.text.strip() for cell in row.all("td")]
        assert whole.startswith(str(cause.severity))
        assert len(cells) == len(hosts)
        assert sum(map(bool, cells)) == len({h for r in cause.rows for h in r.hosts})
        assert str(cause.severity) in cells or not cause.hosts


def test_choice_of_severity_needs_no_script() -> None:
    output = render(everything())
    root = page(output)
    buttons = [e.attributes["id"] for e in root.all("input")]
    assert buttons == ["show-note", "show-warning", "show-error"]
    assert [e.attributes["for"] for e in root.all("label")] == buttons
    hidden = set(re.findall(r"#(show-\w+):checked", output))
    assert hidden == {"show-error", "show-warning"}
    assert not list(page(render(of())).all("input"))


def test_picture_names_who_asks_who_answers_and_who_was_meant() -> None:
    report = of(finding(victim="pkg/etree.so", intended=("pkg/etree.so",), symbols=2))
    (drawn,) = page(render(report)).all("svg")
    (host,) = {j.analysis.host.name for j in report.judged}
    told = [text.text for text in drawn.all("text")]
    assert told == [
        *("etree.so", "asks for 2 names"),
        *(f"the program ({host})", "is searched first"),
        *("libz.so.1", "answers: it is loaded already"),
        *("etree.so", "its own copy: meant, and not asked"),
    ]
    assert drawn.attributes["aria-label"] == next(drawn.all("title")).text


def test_picture_of_two_files_of_a_wheel_says_nothing_of_the_host_s_libraries() -> None:
    own, other = "demo.libs/libb.so.1", "demo.libs/liba.so.1"
    report = of(finding(CODES["COL301"], victim=own, intended=(own,), provider=other))
    (drawn,) = page(render(report)).all("svg")
    told = [text.text for text in drawn.all("text")]
    assert told[4:] == [
        *("liba.so.1", "answers: it is searched earlier"),
        *("libb.so.1", "its own copy: meant, and not asked"),
    ]


def test_cause_without_a_provider_has_no_picture() -> None:
    report = of(finding(CODES["COL203"], provider=None, intended=(), detail="x"))
    assert not list(page(render(report)).all("svg"))
