"""Which class std::string an object is compiled for, by the names of its members."""

from __future__ import annotations

import pytest

from collide.elf.string_abi import string_abi, string_names

OLD = "_ZNSs6appendEPKcm"
CXX11 = "_ZNKSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE4findEcm"
THROWS = "_ZSt20__throw_out_of_rangePKc"


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ([OLD, THROWS], "old"),
        ([THROWS, CXX11], "cxx11"),
        ([OLD, CXX11], None),
        ([THROWS, "memcpy"], None),
        ([], None),
    ],
)
def test_members_of_one_class_alone_tell(names: list[str], told: str | None) -> None:
    assert string_abi(names) == told


def test_a_string_as_an_argument_is_no_member_of_it() -> None:
    assert string_names([OLD, "_Z4openRKSs", CXX11, THROWS]) == [OLD, CXX11]
