"""The page of a survey: one HTML file that needs no network.

The tables of hosts and libraries are markup; the wheels, which may be thousands, are data that
one inline script, named by its hash in the page's policy (CSP 3), filters and shows.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence

from collide.findings.code import Severity
from collide.report.markup import listed, page, section, table, table_row, tag, void
from collide.support.foreign import Html, Text, html_data
from collide.support.records import NamedTuple
from collide.support.text import plural


class CauseOfWheel(NamedTuple):
    """A cause: ``hosts`` are the indexes of :attr:`Surveyed.hosts`."""

    severity: Severity
    subject: str
    code: str
    slug: str
    fix: str
    hosts: tuple[int, ...]


class WheelOnHosts(NamedTuple):
    """A wheel with its causes that are more than notes, worst first."""

    filename: str
    causes: tuple[CauseOfWheel, ...]


class HostOfWheels(NamedTuple):
    """A host: how many of the wheels break there, are warned of, are clean, were not checked."""

    name: str
    breaks: int
    warns: int
    clean: int
    left_out: int


class Library(NamedTuple):
    """What can be changed in wheels: in how many it is a cause of errors, of warnings."""

    subject: str
    errors: int
    warnings: int


class Surveyed(NamedTuple):
    """What the page tells; ``seconds`` of CPU time and the peak of one check in bytes.

    ``changes`` are lines on what is new and gone since the release before, ``pairs`` on errors of
    two wheels; ``problems`` are names with a kind and a reason.
    """

    began: str
    rules: str
    wheels: tuple[WheelOnHosts, ...]
    hosts: tuple[HostOfWheels, ...]
    libraries: tuple[Library, ...]
    problems: tuple[tuple[str, str, str], ...]
    changes: tuple[str, ...]
    pairs: tuple[str, ...]
    seconds: float
    memory: int


_STYLE = """
input, select { font: inherit; color: inherit; background: var(--ground); max-width: 100%; }
details { border-top: 1px solid var(--line); padding: .3rem 0; }
"""
_SCRIPT = """
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const find = document.getElementById("find"), worst = document.getElementById("worst");
const host = document.getElementById("host"), list = document.getElementById("list");
const count = document.getElementById("count"), LIMIT = 200, FEW = 6;
data.hosts.forEach((name, number) => host.add(new Option(name, number)));
function element(name, text, kind) {
  const made = document.createElement(name);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}
function show() {
  const words = find.value.toLowerCase().split(/\\s+/).filter(Boolean);
  const wanted = host.value === "" ? null : Number(host.value);
  let found = 0;
  list.replaceChildren();
  for (const [filename, causes] of data.wheels) {
    const here = causes.filter(([severity, , , , , hosts]) =>
      (worst.value === "" || severity === worst.value) &&
      (wanted === null || hosts.includes(wanted)));
    if (!here.length) continue;
    const text = (filename + " " + here.map(c => c.slice(1, 4).join(" ")).join(" ")).toLowerCase();
    if (!words.every(word => text.includes(word))) continue;
    found += 1;
    if (found > LIMIT) continue;
    const box = element("details", "");
    const head = element("summary", filename + ": ");
    const shown = here.slice(0, FEW).map(([, subject, code]) => subject + " " + code).join(", ");
    const more = here.length > FEW ? ", " + (here.length - FEW) + " more" : "";
    head.append(element("span", shown + more, here[0][0]));
    box.append(head);
    box.addEventListener("toggle", () => {
      if (box.childElementCount > 1) return;
      for (const [severity, subject, code, slug, fix, hosts] of here) {
        box.append(element("p", severity + ": " + subject + ", " + code + " " + slug, severity));
        box.append(element("p", hosts.map(number => data.hosts[number]).join(", ")));
        box.append(element("p", "fix: " + fix));
      }
    });
    list.append(box);
  }
  count.textContent = found + " wheels" + (found > LIMIT ? ", the first " + LIMIT + " shown" : "");
}
for (const one of [find, worst, host]) one.addEventListener("input", show);
show();
"""


def render(found: Surveyed) -> Text:
    """The whole page, in ASCII, so that no encoding changes it."""
    breaking = sum(
        wheel.causes[0].severity == Severity.ERROR for wheel in found.wheels if wheel.causes
    )
    outcome = (
        f"{plural(len(found.wheels), 'wheel')} on {plural(len(found.hosts), 'host')}: "
        f"{breaking} break somewhere"
    )
    cost = f"{found.seconds / 3600:.2f} core hours, {found.memory >> 20} MiB at most for one wheel"
    body = tag(
        "main",
        tag("h1", "collide survey"),
        tag("p", f"{outcome}. {found.began}, rules {found.rules}; {cost}."),
        section("New and gone since the release before", listed(found.changes)),
        _wheels(),
        section("Errors of two wheels in one process", listed(found.pairs)),
        _table(
            "Hosts",
            ("host", "wheels that break", "warned of", "clean", "not checked"),
            ([h.name, *map(str, (h.breaks, h.warns, h.clean, h.left_out))] for h in found.hosts),
        ),
        _table(
            "Libraries and what else can be changed",
            ("what", "error in wheels", "warning in wheels"),
            ([one.subject, str(one.errors), str(one.warnings)] for one in found.libraries),
        ),
        _table("Not analysed", ("what", "kind", "why"), found.problems),
    )
    data = tag("script", html_data(_data(found)), type="application/json", id="data")
    script = tag("script", Html(_SCRIPT))
    digest = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    title = f"collide survey: {outcome}"
    return page(title, Html(_STYLE), body, data, script, scripts=f"'sha256-{digest}'")


def _data(found: Surveyed) -> dict[str, list[object]]:
    """What the script reads."""
    return {
        "hosts": [host.name for host in found.hosts],
        "wheels": [
            [w.filename, [[str(c.severity), *c[1:]] for c in w.causes]] for w in found.wheels
        ],
    }


def _wheels() -> Html:
    any_of = tag("option", "any", value="")
    severities = (tag("option", word, value=word) for word in ("error", "warning"))
    return tag(
        "section",
        tag("h2", "Wheels with a cause above note"),
        tag(
            "p",
            tag("label", "find ", void("input", id="find", type="search")),
            tag("label", " severity ", tag("select", any_of, *severities, id="worst")),
            tag("label", " host ", tag("select", any_of, id="host")),
        ),
        tag("noscript", tag("p", "This list needs scripts; the dataset has the same rows.")),
        tag("p", id="count", role="status"),
        tag("div", id="list"),
    )


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Html:
    return section(title, table(title, columns, (table_row(row[0], row[1:]) for row in rows)))
