"""What the loader maps and then refuses, judged by the loaders of several releases."""

from __future__ import annotations

from pathlib import Path

import pytest

from chrooted import ChrootScenario
from scenario import Scenario, patch_segment

NOT_GRANTED = "cannot enable executable stack as shared object requires: Invalid argument"
STACK = pytest.mark.rule("6.4", "executable stack")
LATER = pytest.mark.parametrize("suite", ["trixie", "sid"])
PT_NULL, PT_GNU_STACK = 0, 0x6474E551


@pytest.fixture
def s(tmp_path: Path) -> Scenario:
    """A scenario judged by this machine's loader."""
    return Scenario(tmp_path)


def without_stack_header(path: Path) -> None:
    """Make the loader overlook PT_GNU_STACK."""
    patch_segment(path, PT_GNU_STACK, kind=PT_NULL)


@STACK
@LATER
def test_executable_stack_is_refused_since_2_41(tmp_path: Path, suite: str) -> None:
    s = ChrootScenario(tmp_path, suite)
    s.module("plain.so")
    s.module("asks.so", "", "-Wl,-z,execstack")
    without_stack_header(s.module("none.so"))
    s.module("needs.so", "", needed=["asks.so"])
    said = s.agree(s.host(), "plain.so", "asks.so", "none.so", "needs.so")
    assert said == [
        "ok",
        f"/asks.so: {NOT_GRANTED}",
        f"/none.so: {NOT_GRANTED}",
        f"asks.so: {NOT_GRANTED}",
    ]


@STACK
@LATER
@pytest.mark.parametrize("by", ["executable", "library", "preload", "missing header"])
def test_executable_stack_that_start_up_has_granted(tmp_path: Path, suite: str, by: str) -> None:
    s = ChrootScenario(tmp_path, suite)
    s.module("asks.so", "", "-Wl,-z,execstack")
    s.lib("early.so", "", "-Wl,-z,execstack")
    flags = ["-Wl,-z,execstack"] if by == "executable" else []
    needed = ["early.so"] if by == "library" else []
    # Without /proc the executable has no $ORIGIN.
    host = s.host("", *flags, needed=needed, runpath="/")
    if by == "missing header":
        without_stack_header(host)
    assert s.agree(host, "asks.so", preload=["early.so"] if by == "preload" else ()) == ["ok"]


@STACK
def test_executable_stack_before_2_41(tmp_path: Path) -> None:
    s = ChrootScenario(tmp_path, "bookworm")
    s.module("asks.so", "", "-Wl,-z,execstack")
    without_stack_header(s.module("none.so"))
    assert s.agree(s.host(), "asks.so", "none.so") == ["ok", "ok"]
