"""Which bundled libraries get a DT_SONAME of their own."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest

from collide.repair.plan import RepairRequest
from collide.repair.sonames import plan_sonames
from collide.wheels.target import Target, read_target
from scenario import Scenario

ALL = ("liba.so.1", "libb.so.1", "libc1.so.1", "libz1.so.1")


def opened(names: AbstractSet[str]) -> Mapping[str, str]:
    """The wheel's code may open ``libb.so.1`` under this name."""
    return dict.fromkeys(names & {"libb.so.1"}, "may be opened")


@pytest.fixture
def tree(tmp_path: Path) -> Target:
    """A module with three libraries, of which each needs the next one, and one beside them."""
    s = Scenario(tmp_path)
    s.lib("w/libc1.so.1", "int c(void) { return 1; }")
    s.lib("w/libb.so.1", "int c(void); int b(void) { return c(); }", needed=["w/libc1.so.1"])
    s.lib("w/liba.so.1", "int b(void); int a(void) { return b(); }", needed=["w/libb.so.1"])
    s.lib("w/libz1.so.1", "int z(void) { return 1; }")
    uses = "int a(void), z(void); int PyInit_m(void) { return a() + z(); }"
    s.module("w/m.abi3.so", uses, needed=["w/liba.so.1", "w/libz1.so.1"])
    return read_target(str(tmp_path / "w"))


def moved(tree: Target, taken: AbstractSet[str]) -> list[str]:
    """The libraries that get other names where hosts have those ``taken``."""
    plan = plan_sonames(tree, ALL, RepairRequest(opened=opened, tag="-0123abcd"), taken)
    return sorted(Path(name).name for name in plan.moved)


def test_library_that_may_be_opened_keeps_its_name(tree: Target) -> None:
    assert moved(tree, frozenset()) == ["liba.so.1", "libc1.so.1", "libz1.so.1"]


def test_what_goes_together_with_a_library_of_the_host_keeps_its_name_too(tree: Target) -> None:
    """Else one release of a part of it would work with another release of the rest."""
    assert moved(tree, {"libb.so.1"}) == ["libz1.so.1"]
