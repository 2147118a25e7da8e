"""Writes ``codes.md`` and ``docs/fixes.md``, the pages of all codes and fixes, from their tables.

    python tests/tools/codes_page.py

A test holds the pages to the tables.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

import programs
from checkout import PACKAGE
from collide.findings.code import Code
from collide.findings.table import CODES, FAMILIES
from collide.report.pages import fixes_page

PAGE = PACKAGE / "codes.md"
FIXES_PAGE = PACKAGE / "docs/fixes.md"

_INTRODUCTION = (
    "What each finding of `collide check` means and how it is decided; `collide explain COL101` "
    "prints a page with an example, and with what to write in setup.py, CMakeLists.txt or "
    "meson.build ([fixes](docs/fixes.md)). An error will fail to load, crash or give wrong "
    "results; a warning runs another copy than was tested, believed compatible; a note is by "
    "design or harmless. The severity given here is the usual one: each finding tells its own, "
    "with the evidence for it."
)


def render_codes(codes: Iterable[Code]) -> str:
    """The whole page."""
    known = list(codes)
    lines = ["# Codes", "", *_wrapped(_INTRODUCTION)]
    for family, title, text in FAMILIES:
        members = [code for code in known if code.family is family]
        if members:
            lines += ["", f"## {family.value}xx {title}", "", *_wrapped(text)]
        for code in members:
            severity = str(code.severity).capitalize()
            lines += ["", f"### {code.id} {code.slug}", "", f"*{severity}.* {code.sentence}"]
            told = (
                code.meaning,
                f"How it is decided: {code.decided}",
                f"What to do: {code.remedy}",
            )
            for paragraph in told:
                lines += ["", *_wrapped(paragraph)]
    return "\n".join(lines) + "\n"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 98, break_long_words=False, break_on_hyphens=False)


def main(argv: Sequence[str] | None = None) -> None:
    """Write the pages."""
    programs.parser(__doc__).parse_args(argv)
    PAGE.write_text(render_codes(CODES.values()))
    FIXES_PAGE.write_text(fixes_page())


if __name__ == "__main__":
    main()
