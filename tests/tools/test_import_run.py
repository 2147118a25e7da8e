"""Real imports of small sets of packages, of their newest versions, and what both plans have."""

from __future__ import annotations

import pytest

from import_run import SETS, ImportSet, compare
from repair_hosts import CACHE

pytestmark = pytest.mark.corpus

SMALL = ("mysql", "databases", "sealing")


@pytest.mark.parametrize("one", [one for one in SETS if one.name in SMALL], ids=lambda s: s.name)
def test_plans_have_what_a_real_import_has(one: ImportSet) -> None:
    directory = CACHE / "imports"
    directory.mkdir(parents=True, exist_ok=True)
    row = compare(one, directory)
    assert row.bindings > 1000
    assert row.recorded == row.bindings, row.problems
    assert row.static >= 0.95 * row.bindings, row.problems
    assert row.silent == 0, row.problems
    assert len(set(row.promoted)) == 1
