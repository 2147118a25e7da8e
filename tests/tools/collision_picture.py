"""Draws one cause of a real report: which object gets a library from the host, and how much of it.

    python tests/tools/collision_picture.py report.json

It writes ``collide/docs/collision.svg`` of the first cause. The report is that of
``collide check psycopg2_binary-2.9.13-*.whl --profile debian-12-gdb --format json``. The colours
follow the reader's.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import programs
from checkout import PACKAGE

PICTURE = PACKAGE / "docs/collision.svg"
_WIDTH, _BOX, _ROW, _TOP, _LEFT, _RIGHT = 760, 260, 54, 84, 20, 480
_STYLE = """
text { font: 14px sans-serif; fill: #1f2328; }
.soft { font-size: 12px; fill: #59636e; }
.name { font-weight: bold; }
.frame { fill: none; stroke: #818b98; }
.box { fill: #f6f8fa; stroke: #818b98; }
.taken { stroke: #cf222e; stroke-width: 2; fill: none; }
.head { fill: #cf222e; }
.kept { stroke: #1a7f37; stroke-width: 2; fill: none; }
.kepthead { fill: #1a7f37; }
.bad { fill: #cf222e; }
.good { fill: #1a7f37; }
.bad, .good { paint-order: stroke; stroke: #ffffff; stroke-width: 5px; }
.back { fill: #ffffff; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .soft { fill: #9198a1; }
  .box { fill: #151b23; }
  .taken { stroke: #f85149; }
  .head, .bad { fill: #f85149; }
  .kept { stroke: #3fb950; }
  .kepthead, .good { fill: #3fb950; }
  .back { fill: #0d1117; }
  .bad, .good { stroke: #0d1117; }
}
"""


class Taking(NamedTuple):
    """One object of the wheel: the symbols that it takes from the host, and those it does not."""

    victim: str
    taken: int
    kept: int


class Collision(NamedTuple):
    """One cause, as the picture has it."""

    wheel: str
    host: str
    library: str
    own: str
    theirs: str
    meant: str
    provider: str
    takings: tuple[Taking, ...]


def collision(report: dict[str, Any]) -> Collision:
    """The first cause of a report in JSON, of one wheel on one host."""
    cause = report["causes"][0]
    own = [
        f
        for f in report["findings"]
        if set(f["providers"]) & set(cause["providers"]) and f["victim"] in cause["objects"]
    ]
    name, version = posixpath.basename(cause["targets"][0]).split("-")[:2]
    return Collision(
        wheel=f"{name} {version}",
        host=cause["hosts"][0],
        library=cause["subject"],
        own=cause["release"],
        theirs=cause["provider_releases"][0],
        meant=posixpath.basename(own[0]["intended"][0]),
        provider=posixpath.basename(cause["providers"][0]),
        takings=tuple(
            Taking(posixpath.basename(f["victim"]), len(f["symbols"]), len(f.get("kept", ())))
            for f in own
        ),
    )


def svg(one: Collision) -> str:
    """The picture."""
    height = _TOP + _ROW * (len(one.takings) + 1) + 62
    title = (
        f"{one.wheel} in {one.host}: its own {one.library} {one.own} is passed over, "
        f"and the host's {one.theirs} is used"
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{_STYLE}</style>",
            f'<rect class="back" width="{_WIDTH}" height="{height}"/>',
            *_frames(one, height),
            *_takings(one.takings),
            *_legend(one, height),
            "</svg>\n",
        ]
    )


def _frames(one: Collision, height: int) -> Iterator[str]:
    bottom = height - 42
    for left, name, what in (
        (_LEFT, one.wheel, "the wheel"),
        (_RIGHT, one.host, "the program: searched first"),
    ):
        size = f'width="{_BOX}" height="{bottom - 16}"'
        yield f'<rect class="frame" x="{left}" y="16" {size} rx="8"/>'
        yield _text(left + 12, 38, name, "name")
        yield _text(left + 12, 56, what, "soft")
    yield from _box(_RIGHT, _own_row(one), one.provider, f"{one.library} {one.theirs}")
    yield from _box(_LEFT, _own_row(one), one.meant, f"{one.library} {one.own}")


def _own_row(one: Collision) -> int:
    return len(one.takings)


def _box(left: int, row: int, name: str, what: str) -> Iterator[str]:
    top = _TOP + row * _ROW
    yield f'<rect class="box" x="{left + 12}" y="{top}" width="{_BOX - 24}" height="40" rx="5"/>'
    yield _text(left + 22, top + 17, name)
    yield _text(left + 22, top + 33, what, "soft")


def _takings(takings: Sequence[Taking]) -> Iterator[str]:
    """Boxes and arrows, and their labels above all arrows."""
    labels = []
    target = _TOP + len(takings) * _ROW
    for row, one in enumerate(takings):
        top = _TOP + row * _ROW
        yield from _box(_LEFT, row, one.victim, f"uses {one.taken + one.kept} names of it")
        start, middle, end = _LEFT + _BOX - 12, top + 20, _RIGHT + 12
        at = target + 12 + 8 * row
        yield (
            f'<path class="taken" d="M{start} {middle} C{start + 110} {middle} '
            f'{end - 90} {at} {end - 8} {at}"/>'
        )
        yield f'<path class="head" d="M{end - 9} {at - 5} l9 5 l-9 5 z"/>'
        labels.append(_text(start + 22, middle - 6, f"{one.taken} from the host", "bad"))
        if one.kept:
            yield (
                f'<path class="kept" d="M{start} {middle + 10} C{start + 60} {middle + 10} '
                f'{start + 60} {target + 20} {start + 8} {target + 20}"/>'
            )
            yield f'<path class="kepthead" d="M{start + 9} {target + 15} l-9 5 l9 5 z"/>'
            labels.append(_text(start + 22, target + 38, f"{one.kept} from its own", "good"))
    yield from labels


def _legend(one: Collision, height: int) -> Iterator[str]:
    kept = any(taking.kept for taking in one.takings)
    what = "Two releases work on one structure." if kept else "The copy in the wheel is not used."
    yield _text(_LEFT, height - 14, what, "name")


def _text(x: int, y: int, text: str, style: str = "") -> str:
    return f'<text x="{x}" y="{y}" class="{style}">{escape(text)}</text>'


def main(argv: Sequence[str] | None = None) -> None:
    """Draw the picture."""
    parser = programs.parser(__doc__)
    parser.add_argument("report", type=Path)
    PICTURE.write_text(svg(collision(json.loads(parser.parse_args(argv).report.read_text()))))


if __name__ == "__main__":
    main()
