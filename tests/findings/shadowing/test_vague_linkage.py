"""COL103: C++ inline functions, which any copy may serve."""

from __future__ import annotations

from judging import NOTE, codes, judged
from scenario import Scenario

WEAK_INLINE = "__attribute__((weak)) int _Z1fv(void) { return 1; } int g(void) { return _Z1fv(); }"


def test_inline_function_that_differs_is_a_note(s: Scenario) -> None:
    # Strong in the host, as libstdc++ exports some of its inline functions.
    s.lib("libh.so", "int _Z1fv(void) { return 1 + 1; } int pad;")
    s.lib("w/m.so", WEAK_INLINE)
    (found,) = judged(s, "libh.so")
    assert (found.code.id, found.severity) == ("COL103", NOTE)
    assert found.symbols == ("_Z1fv",)


def test_strong_cxx_function_is_no_vague_linkage(s: Scenario) -> None:
    s.lib("libh.so", "int _Z1fv(void) { return 1; }")
    s.lib("w/m.so", WEAK_INLINE.replace("__attribute__((weak)) ", ""))
    assert codes(judged(s, "libh.so")) == ["COL102"]
