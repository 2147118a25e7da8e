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


def test_what_is_inside_of_a_function_of_the_cxx_library_is_its_own(s: Scenario) -> None:
    """A static variable, its guard, what describes a lambda: with LTO none of these is weak."""
    names = ("_ZZNSt19_Sp_make_shared_tag5_S_tiEvE5__tag", "_ZGVZNSt1aEvE1b", "_ZTSZNSt1aEvEUlvE_")
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
