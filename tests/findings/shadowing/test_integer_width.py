"""COL107: integers of 32 and of 64 bits."""

from __future__ import annotations

from judging import ERROR, WARNING, functions, judged, module, of
from scenario import Scenario


def test_integers_of_another_width_are_an_error(s: Scenario) -> None:
    s.lib("libalgebra.so.3", functions("dgemm_"))
    s.lib("w/libalgebra64_.so.3", functions("dgemm_"))
    s.lib("w/m.so", module("dgemm_"), needed=["w/libalgebra64_.so.3"])
    assert of(judged(s, "libalgebra.so.3"), "m.so") == ("COL107", ERROR)


def test_same_width_in_both_is_none(s: Scenario) -> None:
    s.lib("libalgebra64_.so.3", functions("dgemm_"))
    s.lib("w/libalgebra64_-0f8b79dc.so.3", functions("dgemm_"))
    s.lib("w/m.so", module("dgemm_"), needed=["w/libalgebra64_-0f8b79dc.so.3"])
    assert of(judged(s, "libalgebra64_.so.3"), "m.so") == ("COL102", WARNING)
