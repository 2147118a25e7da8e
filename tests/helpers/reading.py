"""Reports read back: the findings of each format of ``collide check``, and pages as trees."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from typing import Any, NamedTuple
from xml.etree import ElementTree

_COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")
_VOID = ("meta", "input")


class Said(NamedTuple):
    """One finding as a format tells it, ``text`` being all that it says of it."""

    severity: str
    code: str
    victim: str
    text: str


class Command(NamedTuple):
    """One workflow command, unescaped as the runner does."""

    level: str
    properties: Mapping[str, str]
    message: str


def _unescaped(text: str, *more: tuple[str, str]) -> str:
    for escape, character in (("%0D", "\r"), ("%0A", "\n"), *more, ("%25", "%")):
        text = text.replace(escape, character)
    return text


def commands(output: str) -> list[Command]:
    """The commands of an output, of which every line is one."""
    found = []
    for line in output.split("\n")[:-1]:
        match = _COMMAND.fullmatch(line)
        assert match, line
        pairs = (pair.split("=", 1) for pair in match[2].split(","))
        properties = {k: _unescaped(v, ("%3A", ":"), ("%2C", ",")) for k, v in pairs}
        found.append(Command(match[1], properties, _unescaped(match[3])))
    return found


class Element:
    """One element of a page."""

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Element | str] = []

    def all(self, name: str) -> Iterator[Element]:
        """The elements of this name, in order, itself among them."""
        if self.name == name:
            yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.all(name)

    @property
    def text(self) -> str:
        """All text in it."""
        return "".join(c if isinstance(c, str) else c.text for c in self.children)


class _Page(HTMLParser):
    """A page in which every element is closed where it has to be."""

    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {key: value or "" for key, value in attrs})
        self.open[-1].children.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().name == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def page(output: str) -> Element:
    """The tree of a page."""
    parser = _Page()
    parser.feed(output)
    parser.close()
    (root,) = parser.open
    return root


_FINDING = re.compile(r"(error|warning|note) (COL\d+) \[[\w-]+\] (.*?): .*")


def _beneath(message: str, title: str, level: str) -> Iterator[Said]:
    """The findings of a cause, of which the first has its code and its level."""
    found = [match for line in message.split("\n") if (match := _FINDING.fullmatch(line))]
    assert (found[0][1], title.partition(" ")[0]) == (level, found[0][2])
    for match in found:
        yield Said(match[1], match[2], match[3], f"{match[0]} {message}")


def _from_github(output: str) -> Iterator[Said]:
    levels = {"error": "error", "warning": "warning", "notice": "note"}
    for command in commands(output):
        if command.properties["title"].startswith("COL"):
            level = levels[command.level]
            yield from _beneath(command.message, command.properties["title"], level)


def _from_sarif(output: str) -> Iterator[Said]:
    (run,) = json.loads(output)["runs"]
    for result in run["results"]:
        cause = result["properties"]
        assert (result["ruleId"], result["level"]) == (cause["code"], cause["severity"])
        for told in cause["findings"]:
            text = f"{result['message']['text']} {json.dumps(told)}"
            yield Said(told["severity"], told["code"], told["victim"], text)


def _from_codequality(output: str) -> Iterator[Said]:
    levels = {"critical": "error", "major": "warning", "info": "note"}
    for issue in json.loads(output):
        if issue["check_name"].startswith("COL"):
            level = levels[issue["severity"]]
            yield from _beneath(issue["content"]["body"], issue["check_name"], level)


def _from_html(output: str) -> Iterator[Said]:
    for article in page(output).all("article"):
        heading = next(article.all("h3"))
        if not heading.attributes:
            continue
        severity, code = next(heading.all("b")).text, next(heading.all("a")).text
        yield Said(severity, code, next(heading.all("code")).text, article.text)


def _from_json(output: str) -> Iterator[Said]:
    document = json.loads(output)
    pairs = document["together"]
    groups = [
        document["findings"],
        *(pair["findings"] for pair in pairs),
        *(order["findings"] for pair in pairs for order in pair["orders"]),
        *(exposed["findings"] for exposed in document["exposed"]),
    ]
    for told in (told for group in groups for told in group):
        yield Said(told["severity"], told["code"], told["victim"], json.dumps(told))


def _from_junit(output: str) -> Iterator[Said]:
    for case in ElementTree.fromstring(output).iter("testcase"):
        for ending in case:
            if case.attrib["classname"].startswith("COL") and ending.text:
                level = ending.get("type", "note")
                yield from _beneath(ending.text, case.attrib["classname"], level)


FINDINGS: dict[str, Callable[[str], Iterator[Said]]] = {
    "json": _from_json,
    "github": _from_github,
    "sarif": _from_sarif,
    "html": _from_html,
    "codequality": _from_codequality,
    "junit": _from_junit,
}
"""How the findings of a format are read back."""


def providers(output: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """From JSON: code, victim and providers of each finding, those of pairs once."""
    document: dict[str, Any] = json.loads(output)
    found = {
        (f["code"], f["victim"], tuple(f.get("providers") or filter(None, [f["provider"]])))
        for group in (
            document["findings"],
            *(order["findings"] for pair in document["together"] for order in pair["orders"]),
        )
        for f in group
    }
    return sorted(found)
