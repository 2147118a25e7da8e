"""COL114: templates of two objects that are compiled for different classes std::string."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from collide.loader.model import Dso
from judging import ERROR, NOTE, codes, judged, only_x86_64
from scenario import Scenario

OLD, CXX11 = "_ZNSs5clearEv", "_ZNSt7__cxx1112basic_stringIcE5clearEv"
STRINGS = "".join(f"int {name}(void) {{ return 0; }}" for name in (OLD, CXX11))
"""Has the members of both, as libstdc++ has."""


def template(member: str, *, works: bool = True) -> str:
    """A weak function that works on a string inside, of which its name says nothing."""
    body = f"return {member}();" if works else "return 0;"
    return (
        f"int {member}(void); __attribute__((weak, noinline)) int _ZN7Scanner4scanEv(void) "
        f"{{ {body} }} int keep(void) {{ return {member}(); }}"
        " int use(void) { return _ZN7Scanner4scanEv(); }"
    )


def host(s: Scenario, member: str) -> None:
    s.lib("libstrings.so", STRINGS)
    s.lib("libh.so", template(member), needed=["libstrings.so"])


@only_x86_64
def test_template_that_works_on_the_other_string_is_an_error(s: Scenario) -> None:
    host(s, CXX11)
    s.lib("w/m.so", template(OLD))
    (found,) = [f for f in judged(s, "libh.so") if f.code.id == "COL114"]
    assert (found.severity, found.symbols) == (ERROR, ("_ZN7Scanner4scanEv",))
    assert found.evidence == (
        "m.so is compiled for the old std::string, libh.so for std::__cxx11::string.",
        "_ZN7Scanner4scanEv works on strings inside.",
    )


@only_x86_64
def test_it_need_not_be_weak(s: Scenario) -> None:
    # Some linkers make the one that they have chosen of several a strong one.
    host(s, CXX11)
    s.lib("w/m.so", template(OLD).replace("weak, ", ""))
    assert ("COL114", ERROR) in [(f.code.id, f.severity) for f in judged(s, "libh.so")]


def test_one_class_is_no_finding(s: Scenario) -> None:
    host(s, OLD)
    s.lib("w/m.so", template(OLD))
    assert "COL114" not in codes(judged(s, "libh.so"))


@only_x86_64
def test_template_without_strings_is_vague_linkage(s: Scenario) -> None:
    host(s, CXX11)
    s.lib("w/m.so", template(OLD, works=False))
    found = {f.code.id: f.severity for f in judged(s, "libh.so")}
    assert found["COL103"] == NOTE
    assert "COL114" not in found


def variable(member: str) -> str:
    """The same with a variable of a template in place of the function."""
    return (
        f"int {member}(void); __attribute__((weak)) int _ZN7Scanner5countE = 1;"
        f" int keep(void) {{ return {member}(); }}"
        " int *use(void) { return &_ZN7Scanner5countE; }"
    )


@pytest.mark.parametrize(("source", "found"), [(template, True), (variable, False)])
def test_variable_works_on_no_string_even_where_calls_are_not_known(
    s: Scenario, monkeypatch: pytest.MonkeyPatch, source: Callable[[str], str], found: bool
) -> None:
    s.lib("libstrings.so", STRINGS)
    s.lib("libh.so", source(CXX11), needed=["libstrings.so"])
    s.lib("w/m.so", source(OLD))
    monkeypatch.setattr(Dso, "calls", None)
    assert ("COL114" in codes(judged(s, "libh.so"))) is found
