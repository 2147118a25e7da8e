"""COL112: static objects that the host's constructors build."""

from __future__ import annotations

import pytest

from collide.findings.code import Severity
from judging import ERROR, WARNING, functions, judged, module, only_x86_64
from scenario import Scenario


@only_x86_64
@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("_ZN3lib4ListC1Ev", [("COL112", ERROR)]),
        ("_ZN3lib4List4sizeEv", [("COL102", WARNING)]),
    ],
)
def test_static_objects_that_the_host_builds_are_an_error(
    s: Scenario, name: str, found: list[tuple[str, Severity]]
) -> None:
    constructor = f"__attribute__((constructor)) static void run(void) {{ {name}(); }}"
    s.lib("libhost.so", functions(name, "lib_front"))
    s.lib("w/liblib.so", functions(name, "lib_front") + constructor)
    s.lib("w/m.so", module("lib_front"), needed=["w/liblib.so"])
    told = judged(s, "libhost.so")
    assert [(f.code.id, f.severity) for f in told if f.victim == "liblib.so"] == found
