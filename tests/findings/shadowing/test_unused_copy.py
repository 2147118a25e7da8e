"""COL110: a bundled copy that nothing that runs leads to."""

from __future__ import annotations

from judging import NOTE, WARNING, functions, judged, module, of, only_x86_64
from scenario import Scenario


@only_x86_64
def test_bundled_library_whose_users_use_the_hosts_is_a_note(s: Scenario) -> None:
    source = functions("lib_front", "lib_inner") + "int lib_more(void) { return lib_inner(); }"
    s.lib("libhost.so", source)
    s.lib("w/liblib.so", source)
    s.lib("w/m.so", module("lib_front"), needed=["w/liblib.so"])
    found = judged(s, "libhost.so")
    assert of(found, "m.so") == ("COL102", WARNING)
    assert of(found, "liblib.so") == ("COL110", NOTE)


@only_x86_64
def test_constructor_of_a_library_that_is_else_unused_runs(s: Scenario) -> None:
    constructor = "__attribute__((constructor)) static void run(void) { lib_register(); }"
    s.lib("libhost.so", functions("lib_register", "lib_front"))
    s.lib("w/liblib.so", functions("lib_register", "lib_front") + constructor)
    s.lib("w/m.so", module("lib_front"), needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "liblib.so") == ("COL102", WARNING)
