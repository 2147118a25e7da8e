"""The words of one cause."""

from __future__ import annotations

import pytest

from collide.report.check import words


@pytest.mark.parametrize(
    ("names", "telling"),
    [
        (["_ZNSt19_Sp_make_shared_tag5_S_tiEv", "_ZNK4geos4geom8Geometry9isRingEv"], 1),
        (["_ZTVSt9exception", "_ZSt4cout", "crc32_combine_generate_of_many_words"], 2),
        (["_ZTV8Geometry", "_ZN8Geometry5cloneEv"], 1),
        (["crc32", "crc32_z"], 0),
        (["_ZN5StackC1Ev", "_ZNSt6vectorIiE4sizeEv"], 0),
    ],
)
def test_cause_is_called_by_the_name_that_tells_most(names: list[str], telling: int) -> None:
    assert min(names, key=words._says_little) == names[telling]
