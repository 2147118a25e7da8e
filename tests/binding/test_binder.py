"""Actual and intended definitions, and what of it is shadowing.

The real loader judges who provides (:meth:`scenario.Scenario.compare`); what was
intended is what the object and its own libraries offer, the object first.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.binding.binder import Binder
from collide.binding.binding import Binding, BoundModule
from collide.elf.machines import CLASS_DATA, CLASS_PLT
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.loader.link_map import Opened
from scenario import Outcome, Scenario

F = "int f(void) { return 1; }"
CALLS_F = "int f(void); int g(void) { return f(); }"
CALLS_OWN_F = "int f(void) { return 2; } int g(void) { return f(); }"


def verdict(outcome: Outcome, name: str, symbol: str) -> tuple[str | None, str | None, bool]:
    """Actual and intended provider of the one reference to ``symbol``, and whether shadowed."""
    b = outcome.binding(name, symbol)
    return (
        outcome.name(b.actual.dso.path) if b.actual else None,
        outcome.name(b.intended.dso.path) if b.intended else None,
        b.shadowed,
    )


# -- shadowed -------------------------------------------------------------------------------------


def test_own_export_shadowed_by_the_host(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("mod.so", CALLS_OWN_F)
    outcome = s.compare(s.host(F), "mod.so")
    assert verdict(outcome, "mod.so", "f") == ("host", "mod.so", True)


def test_bundled_library_shadowed_by_the_host(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libh.so", F)
    s.lib("libb.so", F)
    s.module("mod.so", CALLS_F, needed=["libb.so"])
    outcome = s.compare(s.host(needed=["libh.so"]), "mod.so")
    assert verdict(outcome, "mod.so", "f") == ("libh.so", "libb.so", True)


def test_bundled_library_shadowed_by_its_module(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libb.so", CALLS_OWN_F)
    s.module("mod.so", F, needed=["libb.so"])
    outcome = s.compare(s.host(), "mod.so")
    assert verdict(outcome, "libb.so", "f") == ("mod.so", "libb.so", True)


def test_second_bundled_library_shadowed_by_the_first(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("lib1.so", F)
    s.lib("lib2.so", CALLS_OWN_F)
    s.module("mod.so", needed=["lib1.so", "lib2.so"])
    outcome = s.compare(s.host(), "mod.so")
    assert verdict(outcome, "lib2.so", "f") == ("lib1.so", "lib2.so", True)


def test_dependency_of_a_bundled_library_shadowed_by_another(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("deep.so", F)
    s.lib("lib1.so", F)
    s.lib("lib2.so", CALLS_F, needed=["deep.so"])
    s.module("mod.so", needed=["lib1.so", "lib2.so"])
    outcome = s.compare(s.host(), "mod.so")
    assert verdict(outcome, "lib2.so", "f") == ("lib1.so", "deep.so", True)


def test_unique_symbol_shadowed_by_that_of_an_earlier_module(tmp_path: Path) -> None:
    unique = """__asm__(".data\\n.globl u\\n.type u, @gnu_unique_object\\n.size u, 4\\n"
                        "u: .long 1\\n.text");
                extern int u; int *own_u(void) { return &u; }"""
    s = Scenario(tmp_path)
    s.module("one.so", unique)
    s.module("two.so", unique)
    outcome = s.compare(s.host(), "one.so", "two.so")
    assert verdict(outcome, "one.so", "u") == ("one.so", "one.so", False)
    assert verdict(outcome, "two.so", "u") == ("one.so", "two.so", True)


# -- not shadowed ---------------------------------------------------------------------------------


def test_what_only_the_host_has_is_an_ordinary_import(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("mod.so", CALLS_F)
    outcome = s.compare(s.host(F), "mod.so")
    assert verdict(outcome, "mod.so", "f") == ("host", None, False)


def test_system_library_that_both_reach_is_the_intended_one(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libh.so", F)
    s.module("mod.so", CALLS_F, needed=["libh.so"])
    outcome = s.compare(s.host(needed=["libh.so"]), "mod.so")
    assert verdict(outcome, "mod.so", "f") == ("libh.so", "libh.so", False)


def test_weak_reference_that_nothing_satisfies_is_no_failure(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("mod.so", f"__attribute__((weak)) {CALLS_F}")
    outcome = s.compare(s.host(), "mod.so")
    assert verdict(outcome, "mod.so", "f") == (None, None, False)


V = "int v = 1; int *own_v(void) { return &v; }"
USES_V = "extern int v; int *use_v(void) { return &v; }"


def test_copy_of_a_variable_stands_for_that_of_its_library(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libv.so", V)
    s.module("mod.so", USES_V, needed=["libv.so"])
    outcome = s.compare(s.host(USES_V, needed=["libv.so"]), "mod.so")
    assert verdict(outcome, "mod.so", "v") == ("host", "libv.so", False)
    assert verdict(outcome, "libv.so", "v") == ("host", "libv.so", False)


def test_copy_stands_for_the_aliases_of_its_variable(tmp_path: Path) -> None:
    # As environ and __environ of libc.
    s = Scenario(tmp_path)
    s.lib("libv.so", 'int w = 1; extern int v __attribute__((weak, alias("w")));')
    s.module("mod.so", USES_V.replace("v", "w"), needed=["libv.so"])
    outcome = s.compare(s.host(USES_V, needed=["libv.so"]), "mod.so")
    assert verdict(outcome, "mod.so", "w") == ("host", "libv.so", False)


def test_copy_of_a_variable_shadows_that_of_another_library(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libv.so", V)
    s.module("mod.so", V)
    outcome = s.compare(s.host(USES_V, needed=["libv.so"]), "mod.so")
    assert verdict(outcome, "mod.so", "v") == ("host", "mod.so", True)


# Compiled without -fPIC, this makes the PLT entry of the executable f's address.
TAKES_F = "int f(void); void *host_p(void) { return f; }"


def test_canonical_plt_entry_stands_for_the_function_of_its_library(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libf.so", F)
    s.module("mod.so", "int f(void); void *p = f;", needed=["libf.so"])
    outcome = s.compare(s.host(TAKES_F, "-no-pie", needed=["libf.so"]), "mod.so")
    assert verdict(outcome, "mod.so", "f") == ("host", "libf.so", False)


def test_canonical_plt_entry_shadows_the_function_of_another_library(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libf.so", F)
    s.module("mod.so", f"{F} void *p = f; int g(void) {{ return f(); }}")
    outcome = s.compare(s.host(TAKES_F, "-no-pie", needed=["libf.so"]), "mod.so")
    by_class = {b.reference.lookup_class: b for b in outcome.bindings("mod.so", "f")}
    providers = {c: b.provider and outcome.name(b.provider.path) for c, b in by_class.items()}
    assert providers == {CLASS_DATA: "host", CLASS_PLT: "libf.so"}
    assert all(b.shadowed for b in by_class.values())


INLINE = "__attribute__((weak)) int _Z1fv(void) { return 1; } int g(void) { return _Z1fv(); }"


@pytest.mark.parametrize(
    ("host", "shadowed"),
    [
        pytest.param(INLINE, False, id="the same"),
        pytest.param(INLINE.replace("1;", "123 * g();"), True, id="another size"),
        pytest.param(INLINE.replace("__attribute__((weak))", ""), True, id="not inline"),
    ],
)
def test_inline_function_of_cxx_is_shadowed_only_by_a_different_one(
    tmp_path: Path, host: str, shadowed: bool
) -> None:
    s = Scenario(tmp_path)
    s.lib("libh.so", f"int g(void); {host}")
    s.module("mod.so", INLINE)
    outcome = s.compare(s.host(needed=["libh.so"]), "mod.so")
    assert verdict(outcome, "mod.so", "_Z1fv") == ("libh.so", "mod.so", shadowed)


# -- failures -------------------------------------------------------------------------------------


def test_symbol_that_the_captured_library_lacks_fails(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("old/libz.so", "int old_f(void) { return 1; }")
    s.lib("libz.so", F)
    s.module("mod.so", CALLS_F, needed=["libz.so"])
    outcome = s.compare(s.host(needed=["old/libz.so"], runpath="$ORIGIN/old"), "mod.so")
    (failure,) = outcome.failures
    assert (failure.kind, outcome.name(failure.object), failure.name) == (
        "undefined-symbol",
        "mod.so",
        "f",
    )


def test_missing_library_is_not_told_again_as_undefined_symbols(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libb.so", F)
    s.module("mod.so", CALLS_F, needed=["libb.so"])
    (tmp_path / "libb.so").unlink()
    outcome = s.compare(s.host(), "mod.so")
    assert [f.kind for f in outcome.failures] == ["missing-library"]


# -- sharing of work ------------------------------------------------------------------------------


def answers(bound: BoundModule) -> list[Binding]:
    return [b for o in bound.objects for b in o.bindings]


def test_modules_share_what_is_bound_in_equal_scopes(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libb.so", CALLS_OWN_F)
    modules = [s.module(name, needed=["libb.so"]) for name in ("one.so", "two.so")]
    root = Root()
    process = extract(str(s.host(F)), root).process
    openings = []
    for module in modules:
        opened = process.copy(root).dlopen(str(module))
        assert isinstance(opened, Opened)
        openings.append(opened)
    binder = Binder(process, [m.dso for opened in openings for m in opened.searchlist])
    first, second = (binder.bind(opened).objects[1].groups for opened in openings)
    assert first
    assert all(one is other for one, other in zip(first, second, strict=True))


def test_binding_does_not_depend_on_what_was_bound_before(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("liba.so", F)
    s.lib("libb.so", CALLS_OWN_F)
    modules = [
        s.module("ab.so", CALLS_F, needed=["liba.so", "libb.so"]),
        s.module("ba.so", CALLS_F, needed=["libb.so", "liba.so"]),
    ]
    root = Root()
    process = extract(str(s.host()), root).process
    openings = [process.copy(root).dlopen(str(m)) for m in modules]
    alone, together = [], Binder(process)
    for opened in openings:
        assert isinstance(opened, Opened)
        alone.append(answers(Binder(process).bind(opened)))
        assert answers(together.bind(opened)) == alone[-1]
    assert alone[0] != alone[1]
