"""README and the pages of ``collide/docs``: they are short, and their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import conformance
from checkout import PACKAGE, ROOT

PAGES = [ROOT / "README.md", PACKAGE / "ARCHITECTURE.md", *sorted((PACKAGE / "docs").glob("*.md"))]


def anchors(page: Path) -> set[str]:
    """What ``page.md#...`` may name: its headings as GitHub and mkdocs write them."""
    headings = re.findall(r"(?m)^#+ (.*)$", page.read_text())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    text = re.sub(r"(?ms)^```.*?^```", "", page.read_text())
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.is_file(), target
        assert not anchor or anchor in anchors(path), target


def test_readme_is_short_and_names_every_page() -> None:
    readme = (ROOT / "README.md").read_text()
    assert len(readme.splitlines()) <= 120
    linked = set(re.findall(r"\]\(collide/docs/(.*?)\.md\)", readme))
    assert linked == {page.stem for page in (PACKAGE / "docs").glob("*.md")}


def test_page_about_the_loader_has_every_section_of_the_rules() -> None:
    page = (PACKAGE / "docs/loader.md").read_text()
    headings = re.findall(r"(?m)^##+ ([\d.]+) (.*)$", page)
    assert {number: title.lower() for number, title in headings} == {
        number: title.lower() for number, title in conformance.SECTIONS.items()
    }
