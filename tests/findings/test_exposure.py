"""What any host could take: the references that would be searched in it, and no others."""

from __future__ import annotations

import pytest

from collide.binding.definers import ReferencesByDefiner
from collide.findings.exposure import Taken, expose
from collide.findings.finding import Finding
from collide.wheels.target import read_target
from scenario import Scenario

OWN = "int xml_one(void) { return 1; } int use(void) { return xml_one(); }"


def exposed(s: Scenario, *taken: Taken) -> list[tuple[str, str, tuple[str, ...]]]:
    target = read_target(s.directory / "w")
    found = expose(target, taken, ReferencesByDefiner(target.members.values()))
    return [(f.code.id, f.victim, f.symbols) for f in found]


def test_own_function_that_is_called_by_name_is_exposed(s: Scenario) -> None:
    s.lib("w/m.so", OWN)
    assert exposed(s) == [("COL401", "m.so", ("xml_one",))]


@pytest.mark.parametrize(
    "flags",
    [("-Wl,-Bsymbolic",), ("-Wl,-Bsymbolic-functions",), ("-fvisibility=hidden",)],
)
def test_own_function_that_is_bound_at_link_time_is_not(
    s: Scenario, flags: tuple[str, ...]
) -> None:
    s.lib("w/m.so", OWN, *flags)
    assert exposed(s) == []


def test_protected_function_is_not(s: Scenario) -> None:
    s.lib("w/m.so", '__attribute__((visibility("protected"))) ' + OWN)
    assert exposed(s) == []


def test_function_of_a_bundled_library_is_exposed_through_others_too(s: Scenario) -> None:
    s.lib("w/libb.so", "int b_one(void) { return 1; }")
    s.lib("w/liba.so", "int a_one(void) { return 1; }", needed=["w/libb.so"])
    call = "int a_one(void); int b_one(void); int use(void) { return a_one() + b_one(); }"
    s.lib("w/m.so", call, needed=["w/liba.so"])
    assert exposed(s) == [("COL402", "liba.so", ("a_one",)), ("COL402", "libb.so", ("b_one",))]


def test_library_is_told_once_with_all_that_look_its_names_up(s: Scenario) -> None:
    s.lib("w/libx.so", OWN)
    call = "int xml_one(void); int use_it(void) { return xml_one(); }"
    for name in ("one", "two"):
        s.lib(f"w/{name}.so", call, needed=["w/libx.so"])
    target = read_target(s.directory / "w")
    (found,) = expose(target, [], ReferencesByDefiner(target.members.values()))
    assert (found.code.id, found.victim, found.symbols) == ("COL402", "libx.so", ("xml_one",))
    assert found.evidence[1] == "They are looked up by one.so, two.so."


@pytest.mark.parametrize("name", ["one.c0a1b2c3d", "one_0123456789ab", "main_pkg__m_part"])
def test_name_that_only_this_wheel_can_have_is_not(s: Scenario, name: str) -> None:
    label = f'int one(void) __asm__("{name}");'
    s.lib("w/pkg/m.so", f"{label} int one(void) {{ return 1; }} int use(void) {{ return one(); }}")
    assert exposed(s) == []


def test_what_only_the_host_has_is_not_exposed(s: Scenario) -> None:
    s.lib("w/m.so", "int of_the_host(void); int use(void) { return of_the_host(); }")
    assert exposed(s) == []


def test_hosts_that_take_some_are_named(s: Scenario) -> None:
    from collide.findings.shadowing.replaced_library import REPLACED_LIBRARY

    s.lib("w/m.so", OWN)
    code = REPLACED_LIBRARY
    taken = Finding(code, code.severity, "m.so", "libx.so", ("m.so",), symbols=("xml_one",))
    target = read_target(s.directory / "w")
    hosts = [Taken("one", [taken]), Taken("other", [])]
    (found,) = expose(target, hosts, ReferencesByDefiner(target.members.values()))
    assert found.evidence == ("By the beginning of their names: xml (1).", "one takes 1 of them.")
