"""COL301: objects of one wheel that preempt each other."""

from __future__ import annotations

from judging import NOTE, functions, judged, static
from scenario import Scenario


def test_symbol_of_the_module_itself_in_place_of_its_librarys_is_a_note(s: Scenario) -> None:
    s.lib("w/liba.so", static("alpha"))
    s.lib("w/m.so", functions("alpha") + "int PyInit_m(void) { return 0; }", needed=["w/liba.so"])
    (found,) = judged(s)
    assert (found.code.id, found.severity) == ("COL301", NOTE)
    assert (found.victim, found.provider, found.intended) == ("liba.so", "m.so", ("liba.so",))
    assert found.symbols == ("alpha",)
