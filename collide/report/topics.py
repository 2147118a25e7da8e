"""The pages of documentation that ``collide explain NAME`` prints."""

from __future__ import annotations

from pathlib import Path

from collide.support.foreign import Text, own_text

_PACKAGE = Path(__file__).parents[1]


def topics() -> tuple[str, ...]:
    """The names of all pages: those of ``collide/docs``, the list of codes and the glossary."""
    return tuple(sorted([*(page.stem for page in (_PACKAGE / "docs").glob("*.md")), *_BESIDE]))


_BESIDE = {"codes": "codes.md", "glossary": "GLOSSARY.md"}


def page(topic: str) -> Text | None:
    """The page of this name, as Markdown; None where there is none."""
    if topic not in topics():
        return None
    path = _PACKAGE / _BESIDE.get(topic, f"docs/{topic}.md")
    return own_text(path.read_text(encoding="utf-8"))
