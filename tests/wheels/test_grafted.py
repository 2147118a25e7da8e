"""Tests of the hashes that auditwheel puts into file names."""

from __future__ import annotations

import pytest

from collide.wheels.grafted import is_grafted, without_hash


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("libz-8a4ee26d.so.1", "libz.so.1"),
        ("libz-8a4ee26d05bf3c.so.1", "libz.so.1"),
        ("libgfortran-040039e1-0352e75f.so.5.0.0", "libgfortran.so.5.0.0"),
        ("libb-0a1b2c3d.abi3.so", "libb.abi3.so"),
        ("libz.so.1", "libz.so.1"),
        ("libz-8a4ee26.so.1", "libz-8a4ee26.so.1"),
        ("libz-8a4ee26d-tools.so", "libz-8a4ee26d-tools.so"),
    ],
)
def test_hash_is_found_and_left_out(name: str, without: str) -> None:
    assert without_hash(name) == without
    assert is_grafted(name) == (name != without)


def test_part_before_the_first_dot_may_end_in_a_hash() -> None:
    assert without_hash("libz-8a4ee26d") == "libz"
    assert not is_grafted("libz-8a4ee26d")
