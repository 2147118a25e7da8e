"""The table of codes: whole, stable in form, and each explained."""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import walk_packages

import pytest

from codes_page import PAGE, render_codes
from collide import findings
from collide.findings import table
from collide.findings.code import Code, Family
from collide.findings.table import CODES, FAMILIES
from collide.report.check.text import render_code

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
def test_explanation_holds_all_that_the_table_says(code: Code) -> None:
    told = render_code(code)
    assert told.startswith(f"{code.id} {code.slug} ({code.severity}): {code.title}\n")
    for text in (code.meaning, code.decided, code.remedy):
        assert text in told


def test_page_holds_what_the_table_says() -> None:
    """Write it again with ``python tests/tools/codes_page.py``."""
    assert PAGE.read_text() == render_codes(CODES.values())


def test_page_has_every_code_and_no_other() -> None:
    assert re.findall(r"^### (COL\d{3}) ", PAGE.read_text(), re.MULTILINE) == sorted(CODES)


@each_code
def test_code_names_its_place_on_the_page(code: Code) -> None:
    # The anchor that a Markdown heading gets is itself in lower case, with hyphens for spaces.
    headings = re.findall(r"^### (.*)$", PAGE.read_text(), re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    assert code.page.partition("#")[2] in anchors
    assert code.page in render_code(code)


def test_every_family_has_its_text_and_its_codes() -> None:
    assert [family for family, _, _ in FAMILIES] == list(Family)
    assert {code.family for code in CODES.values()} == set(Family)
