"""The page of a survey: names are text in it, and its data are what the script reads."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

from collide.findings.code import Severity
from collide.report.survey import (
    CauseOfWheel,
    HostOfWheels,
    Library,
    Surveyed,
    WheelOnHosts,
    render,
)

ODD = "</script><b>&\u202e\x1b"
CAUSE = CauseOfWheel(Severity.ERROR, ODD, "COL109", "wide-interface", "link it", (0,))
SURVEYED = Surveyed(
    began="2026-11-29",
    rules="1",
    wheels=(WheelOnHosts("a.whl", (CAUSE,)), WheelOnHosts("b.whl", ())),
    hosts=(HostOfWheels(ODD, 1, 0, 1, 0),),
    libraries=(Library(ODD, 1, 0),),
    problems=((ODD, "download", "gone"),),
    changes=(ODD,),
    pairs=("q.whl after p.whl: COL306 m",),
    seconds=7200,
    memory=3 << 20,
)


class Reader(HTMLParser):
    """The elements of a page, and the text of each script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.scripts: list[str] = []
        self.within = ""
        self.feed(page)

    def handle_starttag(self, tag: str, _attributes: object) -> None:
        """Note it."""
        self.names.add(tag)
        self.within = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, _tag: str) -> None:
        """Note it."""
        self.within = ""

    def handle_data(self, data: str) -> None:
        """Note what is in a script."""
        if self.within == "script":
            self.scripts[-1] += data


def test_names_are_no_markup() -> None:
    page = render(SURVEYED)
    assert "b" not in Reader(page).names
    assert page.isascii()
    assert "\x1b" not in page


def test_data_are_what_the_script_reads() -> None:
    data, _ = Reader(render(SURVEYED)).scripts
    assert json.loads(data)["wheels"] == [
        ["a.whl", [["error", ODD, "COL109", "wide-interface", "link it", [0]]]],
        ["b.whl", []],
    ]


def test_policy_names_the_script_and_nothing_else_runs() -> None:
    page = render(SURVEYED)
    _, script = Reader(page).scripts
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert f"script-src &#x27;sha256-{digest}&#x27;" in policy or digest in policy
    assert policy.startswith(("default-src 'none'", "default-src &#x27;none&#x27;"))


def test_counts_and_cost() -> None:
    page = render(SURVEYED)
    assert "2 wheels on 1 host: 1 break somewhere" in page
    assert "2.00 core hours, 3 MiB at most for one wheel" in page
