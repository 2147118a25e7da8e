"""The word by which names belong to one library."""

from __future__ import annotations

import pytest

from collide.elf.names import before_parameters, first_word


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("xmlNewNode", "xml"),
        ("BIO_new", "BIO"),
        ("jpeg12_write_scanlines", "jpeg12"),
        ("_ZN4geos4geom8GeometryD1Ev", "geos"),
        ("_ZNK4geos4geom8Geometry4copyEv", "geos"),
        ("_ZNKR4geos4geom8Geometry4copyEv", "geos"),
        ("_ZTVN4geos4geom8GeometryE", "geos"),
        ("_ZGVZN4geos4initEvE1x", "geos"),
        ("_ZTSNSt13__future_base13_State_baseV2E", "std"),
        ("_ZSt4cout", "std"),
        ("_ZNSaIcED1Ev", "std"),
        ("_7z", "_7z"),
        (f"_ZN{'9' * 5000}a", "9" * 4991 + "a"),
    ],
)
def test_first_word_of_a_name_is_of_its_library(name: str, word: str) -> None:
    assert first_word(name) == word


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("_ZN4geos4geom8GeometryC1EPKS1_", "_ZN4geos4geom8GeometryC1E"),
        ("_ZNK4geos4geom4copyEv", "_ZNK4geos4geom4copyE"),
        ("_Z4openRKSs", "_Z4open"),
        ("_Z4openIiEvT_", None),
        ("_Z4openB5cxx11v", None),
        (f"_ZN{'9' * 5000}a", None),
        ("_ZN4geos4makeIiEEvT_", None),
        ("_ZN4geosplERKS_", None),
        ("_ZN4geos4geom", None),
        ("_ZNSs4swapERSs", None),
        ("open", None),
    ],
)
def test_parameters_follow_the_name_of_a_function(name: str, begins: str | None) -> None:
    assert before_parameters(name) == begins
