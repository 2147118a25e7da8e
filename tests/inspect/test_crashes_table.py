"""The table of crashes: it has every row of the program that makes it, and no other."""

from __future__ import annotations

from checkout import ROOT
from measure_crashes import COLLIDING, OTHERS, table

TABLE = ROOT / "tests/data/crashes.md"


def test_table_is_what_the_program_writes() -> None:
    text = TABLE.read_text()
    lines = {x.split(" ")[1]: x for x in text.splitlines() if x.startswith("| ")}
    del lines["row"]
    assert list(lines) == [*COLLIDING, *(other.name for other in OTHERS)]
    assert table(lines) == text


def test_verdicts_are_as_good_as_is_said() -> None:
    lines = TABLE.read_text().splitlines()
    missed = [x for x in lines if x.endswith("| MISSED |")]
    blamed = [x for x in lines if x.endswith("| BLAMED |")]
    right = [x for x in lines if x.endswith("| right |")]
    assert len(right) > 50
    # docs/inspect.md tells both.
    assert [x.split()[1] for x in missed + blamed] == ["grpcio-mprofile", "object-lxml"]
