"""COL111: names that are reserved for the implementation."""

from __future__ import annotations

from judging import ERROR, NOTE, functions, judged, module, of
from scenario import Scenario


def test_reserved_names_are_the_compilers(s: Scenario) -> None:
    names = ("__divhelper", "_ZNSt6threadD1Ev", "_Unwind_Resume")
    s.lib("libhost.so", functions(*names))
    s.lib("w/liblib.so", functions(*names))
    s.lib("w/m.so", module(*names), needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so") == ("COL111", NOTE)


def test_reserved_variable_of_another_size_is_no_promise_kept(s: Scenario) -> None:
    s.lib("libhost.so", "int __table[2];")
    s.lib("w/liblib.so", "int __table[4];")
    use = "extern int __table[]; int PyInit_m(void) { return __table[1]; }"
    s.lib("w/m.so", use, needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so") == ("COL106", ERROR)
