"""COL115: functions of one C++ class from two copies of a library."""

from __future__ import annotations

import pytest

from collide.findings.shadowing.split_class import class_of
from judging import ERROR, codes, judged
from scenario import Scenario


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("_ZNSt13random_device7_M_initERKSs", "St13random_device"),
        ("_ZNKSt13random_device13_M_getentropyEv", "St13random_device"),
        ("_ZN3lib5ShapeC2Ev", "3lib5Shape"),
        ("_ZN3lib4openEv", "3lib"),
        ("_ZNSt6vectorIiSaIiEE5clearEv", None),
        ("_ZNSs5clearEv", None),
        ("_ZSt9terminatev", None),
        ("_ZN9endE", None),
        ("memcpy", None),
    ],
)
def test_scope_of_a_function_is_in_its_mangled_name(name: str, scope: str | None) -> None:
    assert class_of(name) == scope


FILLS = "int _ZNSt6device4fillEv(void) { return 1; }"
READS = "int _ZNKSt6device4readEv(void) { return 2; }"
USES = "int use(void) { return _ZNSt6device4fillEv() + _ZNKSt6device4readEv(); }"
LATER = "LIB_1.9 { _ZNSt6device4fillEv; }; LIB_1.10 { _ZNKSt6device4readEv; use; } LIB_1.9;"
AT_ONCE = "LIB_1.9 { _ZNSt6device4fillEv; _ZNKSt6device4readEv; use; };"


def found_in(
    s: Scenario, host: str, versions: str, change: tuple[str, str] = ("", "")
) -> list[str]:
    """The codes for a library of the wheel, in whose place a host has a part of it."""
    s.lib("libh.so", host.replace(*change))
    s.lib("w/m.so", (FILLS + READS + USES).replace(*change), versions=versions.replace(*change))
    return codes(judged(s, "libh.so"))


def test_class_that_has_got_functions_since_is_an_error(s: Scenario) -> None:
    assert found_in(s, FILLS, LATER) == ["COL115"]
    (found,) = judged(s, "libh.so")
    assert found.severity == ERROR
    assert found.evidence == (
        (
            "_ZNSt6device4fillEv is of libh.so, _ZNKSt6device4readEv of m.so, which has got it "
            "in a later release: functions of one class, which share its objects."
        ),
    )


@pytest.mark.parametrize(
    ("host", "versions", "change"),
    [
        pytest.param(FILLS, AT_ONCE, ("", ""), id="unchanged"),
        pytest.param(FILLS + READS, LATER, ("", ""), id="whole"),
        pytest.param(FILLS, LATER, ("_ZNK", "_ZN"), id="namespace"),
        pytest.param(FILLS, LATER, ("6device", "6deviceIiE"), id="template"),
        pytest.param(FILLS, LATER, ("4readEv", "C1Ev"), id="constructor"),
    ],
)
def test_others_are_of_the_compiler(
    s: Scenario, host: str, versions: str, change: tuple[str, str]
) -> None:
    assert found_in(s, host, versions, change) == ["COL111"]
