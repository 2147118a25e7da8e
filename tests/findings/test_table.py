"""The table of codes: whole, stable in form, and each explained."""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import walk_packages

import pytest

from codes_page import FIXES_PAGE, PAGE, render_codes
from collide import findings
from collide.findings import table
from collide.findings.code import Code, Family
from collide.findings.fixes import FIXES
from collide.findings.table import CODES, FAMILIES
from collide.report.pages import code_page, fixes_page

each_code = pytest.mark.parametrize("code", CODES.values(), ids=CODES)


def test_table_holds_every_code_of_the_package_by_its_identifier() -> None:
    modules = [m.name for m in walk_packages(findings.__path__, f"{findings.__name__}.")]
    defined = [
        value
        for module in modules
        if module != table.__name__
        for value in vars(import_module(module)).values()
        if isinstance(value, Code)
    ]
    assert {code.id: code for code in defined} == CODES


def test_slugs_are_distinct() -> None:
    assert len({c.slug for c in CODES.values()}) == len(CODES)


@each_code
def test_identifier_and_slug_have_their_form(code: Code) -> None:
    assert re.fullmatch(r"COL[1-6]\d\d", code.id)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code.slug)


@each_code
def test_title_is_a_clause_and_the_rest_are_sentences(code: Code) -> None:
    assert re.fullmatch(r"[a-z].*[^.]", code.title)
    for text in (code.meaning, code.decided, code.remedy):
        assert re.fullmatch(r"[A-Z].*\.", text, re.DOTALL)
        assert "  " not in text


@each_code
def test_page_of_a_code_holds_all_that_the_table_says(code: Code) -> None:
    told = code_page(code)
    assert told.startswith(f"# {code.id} {code.slug}\n\n*{str(code.severity).capitalize()}.* ")
    words = " ".join(told.split())
    example, _, command = code.example.partition(" See `")
    for text in (code.sentence, code.meaning, example, code.decided, code.remedy):
        assert text in words
    if command:
        assert f"\n```sh\n{command.removesuffix('`.')}\n```\n" in told
    for name in code.fixes:
        assert f"### {name}\n\n{FIXES[name].title}. " in told


@each_code
def test_every_code_has_an_example(code: Code) -> None:
    assert code.example.endswith(".")


@each_code
def test_sentence_is_of_a_host_or_of_what_has_the_finding(code: Code) -> None:
    assert re.match(r"It \w+s |It (is|has) |The host |A library of the host ", code.sentence)


def test_page_holds_what_the_table_says() -> None:
    """Write it again with ``python tests/tools/codes_page.py``."""
    assert PAGE.read_text() == render_codes(CODES.values())
    assert FIXES_PAGE.read_text() == fixes_page()


def test_page_has_every_code_and_no_other() -> None:
    assert re.findall(r"^### (COL\d{3}) ", PAGE.read_text(), re.MULTILINE) == sorted(CODES)


@each_code
def test_code_names_its_place_on_the_page(code: Code) -> None:
    # The anchor that a Markdown heading gets is itself in lower case, with hyphens for spaces.
    headings = re.findall(r"^### (.*)$", PAGE.read_text(), re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    assert code.page.partition("#")[2] in anchors


def test_every_family_has_its_text_and_its_codes() -> None:
    assert [family for family, _, _ in FAMILIES] == list(Family)
    assert {code.family for code in CODES.values()} == set(Family)
