"""Adds what lies beside ``collide/docs`` to the site: a hook of mkdocs (``.mkdocs.yml``).

README is the first page; the codes, the glossary, the architecture, the changelog and the measured
tables become pages, and links to their files lead there. Each code has a page of its own, made from
the text beside its rule.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # collide is not installed where the site is built

from collide.findings.table import CODES  # noqa: E402
from collide.report.pages import code_page  # noqa: E402
from collide.support.pages import DOCUMENTATION, page_of  # noqa: E402

DOCS = ROOT / "collide/docs"
BESIDE = {
    "index.md": ROOT / "README.md",
    "codes.md": ROOT / "collide/codes.md",
    "glossary.md": ROOT / "collide/GLOSSARY.md",
    "architecture.md": ROOT / "collide/ARCHITECTURE.md",
    "changelog.md": ROOT / "CHANGELOG.md",
    **{f"measured/{path.name}": path for path in sorted((ROOT / "tests/data").glob("*.md"))},
}
"""Pages of the site, by their places in it, whose files are no pages of ``collide/docs``."""

_CODE = re.compile(r"(?m)^### (COL\d+) .*$")
_SOURCE = re.compile(r"\[[^\]]*\]\((?:\.\./)*(tests/[^)]*\.py)\)")
_LINK = re.compile(r"\]\((?!\w+:|#)([^)\s#]+)")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages; see mkdocs, "Dev guide, plugins"."""
    for place, path in BESIDE.items():
        files.append(File.generated(config, place, content=path.read_text(encoding="utf-8")))
    for code in CODES.values():
        files.append(File.generated(config, f"codes/{code.id}.md", content=str(code_page(code))))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links to files lead to the pages that these have become."""
    here = PurePosixPath(page.file.src_uri)
    if here.parts[0] == "codes":
        return markdown
    # The site has no sources.
    markdown = _SOURCE.sub(r"`\1`", markdown)
    if str(here) == "codes.md":
        more = r"\g<0>\n\n[Example, evidence, what to write where](codes/\1.md)"
        markdown = _CODE.sub(more, markdown)
    path = BESIDE.get(str(here), DOCS / here)
    places = {file: place for place, file in BESIDE.items()}

    def place_of(link: re.Match[str]) -> str:
        target = (path.parent / link[1]).resolve()
        place = places.get(target)
        if place is None:
            place = target.relative_to(DOCS).as_posix() if target.is_relative_to(DOCS) else link[1]
        return f"]({'../' * (len(here.parts) - 1)}{place}"

    return _LINK.sub(place_of, markdown)


def on_post_build(config: Any) -> None:
    """Hold the site to the addresses that reports give for codes. Raises PluginError."""
    for code in CODES:
        place = page_of(code).removeprefix(DOCUMENTATION)
        if not (Path(config["site_dir"]) / place / "index.html").is_file():
            raise PluginError(f"reports lead to {page_of(code)}, and the site has no such page")
