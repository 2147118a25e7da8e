"""The picture of a collision: it is that of a real report, and one that every reader can show."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from collide.cli.main import main
from collision_picture import PICTURE, collision, svg
from corpus import download


def test_picture_is_plain_markup_in_two_colour_schemes() -> None:
    root = ElementTree.fromstring(PICTURE.read_text())
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names == {"svg", "title", "style", "rect", "path", "text"}
    assert "prefers-color-scheme: dark" in PICTURE.read_text()


@pytest.mark.corpus
def test_picture_is_that_of_the_report(tmp_path: Path) -> None:
    """Draw it again as ``tests/tools/collision_picture.py`` says."""
    report = tmp_path / "report.json"
    wheel = str(download("psycopg2_binary==2.9.13"))
    host = ["--profile", "debian-12-gdb"]
    assert main(["check", wheel, *host, "--format", "json", "-o", str(report)]) == 1
    assert PICTURE.read_text() == svg(collision(json.loads(report.read_text())))
