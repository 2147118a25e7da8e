"""Several modules in one process: what the earlier ones change for the later, by the loader."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenario import Outcome, Scenario

F = "int f(void) { return 1; }"
CALLS_F = "int f(void); int g(void) { return f(); }"
CALLS_OWN_F = f"{F} int g(void) {{ return f(); }}"
MISSING = "int missing(void); int h(void) { return missing(); }"
U = """__asm__(".data\\n.globl u\\n.type u, @gnu_unique_object\\n.size u, 4\\n"
               "u: .long 1\\n.text");"""
USES_U = "extern int u; int *the_u(void) { return &u; }"
BUNDLED = "libv-2f6e8b1c.so.1"


@pytest.fixture
def s(tmp_path: Path) -> Scenario:
    return Scenario(tmp_path)


def kinds(outcome: Outcome) -> list[tuple[str, str, str]]:
    """The failures: kind, object and name."""
    return [(f.kind, outcome.name(f.object), f.name) for f in outcome.failures]


def bundle(s: Scenario, wheel: str, library: str, module: str, **more: str) -> None:
    """``WHEEL.so`` with its own copy of the library in ``WHEEL.libs``."""
    s.lib(f"{wheel}.libs/{BUNDLED}", library, **more)
    s.module(
        f"{wheel}.so", module, needed=[f"{wheel}.libs/{BUNDLED}"], runpath=f"$ORIGIN/{wheel}.libs"
    )


# -- SONAME capture -------------------------------------------------------------------------------


@pytest.mark.rule("6.1", "local module")
@pytest.mark.parametrize(("first", "second"), [("a", "b"), ("b", "a")])
def test_equal_soname_is_loaded_from_the_first_wheel(s: Scenario, first: str, second: str) -> None:
    for wheel in "ab":
        bundle(s, wheel, CALLS_OWN_F, CALLS_F)
    outcome = s.compare(s.host(), f"{first}.so", f"{second}.so")
    library = f"{first}.libs/{BUNDLED}"
    assert outcome.provider(f"{second}.so", "f") == library
    # Relocated where it was opened first, and only there.
    assert outcome.closure(f"{second}.so") == [f"{second}.so", library]
    assert outcome.providers(f"{second}.libs/{BUNDLED}", "f") == set()


@pytest.mark.rule("2", "undefined symbol")
@pytest.mark.parametrize(
    ("order", "failing"), [(["old.so", "new.so"], "new.so"), (["new.so", "old.so"], None)]
)
def test_captured_library_without_a_symbol_fails_in_one_order(
    s: Scenario, order: list[str], failing: str | None
) -> None:
    bundle(s, "old", F, CALLS_F)
    bundle(s, "new", F + "int f2(void) { return 2; }", "int f2(void); int g(void) { return f2(); }")
    expected = [("undefined-symbol", failing, "f2")] if failing else []
    assert kinds(s.compare(s.host(), *order)) == expected


@pytest.mark.rule("4.4", "captured file")
@pytest.mark.parametrize(
    ("order", "failing"), [(["old.so", "new.so"], "new.so"), (["new.so", "old.so"], None)]
)
def test_captured_library_too_old_fails_in_one_order(
    s: Scenario, order: list[str], failing: str | None
) -> None:
    bundle(s, "old", F, CALLS_F, versions="V1 { f; };")
    more, calls = "int f2(void) { return 2; }", "int f2(void); int g(void) { return f2(); }"
    bundle(s, "new", F + more, calls, versions="V1 { f; }; V2 { f2; } V1;")
    expected = [("version-not-found", failing, "V2")] if failing else []
    assert kinds(s.compare(s.host(), *order)) == expected


@pytest.mark.rule("6.1", "needs of a captured library")
def test_dependencies_of_the_captured_library_come_with_it(s: Scenario) -> None:
    for wheel in "ab":
        s.lib(f"{wheel}.libs/libdeep-{wheel}.so", F)
        s.lib(
            f"{wheel}.libs/{BUNDLED}",
            CALLS_F.replace("g(", "v("),
            needed=[f"{wheel}.libs/libdeep-{wheel}.so"],
        )
        s.module(
            f"{wheel}.so",
            CALLS_F,
            needed=[f"{wheel}.libs/{BUNDLED}"],
            runpath=f"$ORIGIN/{wheel}.libs",
        )
    outcome = s.compare(s.host(), "a.so", "b.so")
    assert outcome.provider("b.so", "f") == "a.libs/libdeep-a.so"


@pytest.mark.rule("6.1", "local module")
def test_module_that_was_opened_captures_by_its_soname(s: Scenario) -> None:
    s.module("a/core.so", F, soname="libcore.so")
    s.lib("b/libcore.so", F)
    s.module("b/mod.so", CALLS_F, needed=["b/libcore.so"])
    outcome = s.compare(s.host(), "a/core.so", "b/mod.so")
    assert outcome.provider("b/mod.so", "f") == "a/core.so"


@pytest.mark.rule("6.1", "local module")
def test_system_library_of_the_first_captures_the_bundled_one_of_the_second(s: Scenario) -> None:
    s.lib("system/libv.so.1", F)
    s.lib("b.libs/libv.so.1", F)
    s.module("a.so", CALLS_F, needed=["system/libv.so.1"], runpath=None)
    s.module("b.so", CALLS_F, needed=["b.libs/libv.so.1"], runpath="$ORIGIN/b.libs")
    outcome = s.compare(s.host(), "a.so", "b.so", library_path=[s.directory / "system"])
    assert outcome.provider("b.so", "f") == "system/libv.so.1"


@pytest.mark.rule("1.1", "no base name")
def test_library_opened_by_path_alone_captures_nothing_without_a_soname(s: Scenario) -> None:
    s.lib("a/libv.so", F, soname=None)
    s.lib("b/libv.so", F)
    s.module("b.so", CALLS_F, needed=["b/libv.so"], runpath="$ORIGIN/b")
    outcome = s.compare(s.host(), "a/libv.so", "b.so")
    assert outcome.provider("b.so", "f") == "b/libv.so"


# -- the first opener's scope ---------------------------------------------------------------------


@pytest.mark.rule("2", "first opener's scope")
@pytest.mark.parametrize(
    ("order", "provider"), [(["a.so", "b.so"], "a.so"), (["b.so", "a.so"], "system/libsys.so.1")]
)
def test_system_library_is_relocated_in_the_scope_of_its_first_opener(
    s: Scenario, order: list[str], provider: str
) -> None:
    s.lib("system/libsys.so.1", f"{F} int sys(void) {{ return f(); }}")
    uses = "int sys(void); int use(void) { return sys(); }"
    s.module("a.so", F + uses, needed=["system/libsys.so.1"], runpath=None)
    s.module("b.so", uses, needed=["system/libsys.so.1"], runpath=None)
    outcome = s.compare(s.host(), *order, library_path=[s.directory / "system"])
    assert outcome.provider("system/libsys.so.1", "f") == provider
    assert outcome.provider("b.so", "sys") == "system/libsys.so.1"


@pytest.mark.rule("2", "first opener's scope")
def test_libstdcxx_takes_operator_new_from_the_module_that_brings_it(s: Scenario) -> None:
    export = "void *_Znwm(unsigned long n) { (void)n; return 0; }"
    link = ("-Wl,--no-as-needed", "-l:libstdc++.so.6")
    s.module("a.so", export, *link, runpath=None)
    s.module("b.so", "", *link, runpath=None)
    host = s.host()
    name = "libstdc++.so.6"
    for order, provider in ((["a.so", "b.so"], "a.so"), (["b.so", "a.so"], name)):
        outcome = s.compare(host, *order)
        (library,) = {
            o.map.dso.path
            for bound in outcome.bound
            for o in bound.objects
            if o.map.name.endswith(name)
        }
        found = outcome.log.providers()[library, "_Znwm", "GLIBCXX_3.4"]
        assert {outcome.name(p) for p in found} == {
            provider if provider == "a.so" else Path(library).name
        }


# -- unique symbols -------------------------------------------------------------------------------


@pytest.mark.rule("3.6", "first module's")
@pytest.mark.parametrize(("first", "second"), [("a.so", "b.so"), ("b.so", "a.so")])
def test_unique_symbol_is_that_of_the_first_wheel(s: Scenario, first: str, second: str) -> None:
    for name in ("a.so", "b.so"):
        s.module(name, U + USES_U)
    assert s.compare(s.host(), first, second).provider(second, "u") == first


@pytest.mark.rule("3.6", "registered by a hit")
def test_unique_symbol_that_no_lookup_has_hit_is_not_registered(s: Scenario) -> None:
    s.module("a.so", U)
    s.module("b.so", U + USES_U)
    assert s.compare(s.host(), "a.so", "b.so").provider("b.so", "u") == "b.so"


@pytest.mark.rule("3.6", "ordinary definition first")
def test_weak_definition_that_comes_first_ignores_the_unique_table(s: Scenario) -> None:
    s.module("a.so", U + USES_U)
    s.lib("libw.so", "__attribute__((weak)) int u;")
    s.lib("libu.so", U)
    s.module("b.so", USES_U, needed=["libw.so", "libu.so"])
    assert s.compare(s.host(), "a.so", "b.so").provider("b.so", "u") == "libw.so"


# -- RTLD_GLOBAL ----------------------------------------------------------------------------------


@pytest.mark.rule("2", "global promotion")
def test_promoted_wheel_shadows_the_bundled_library_of_the_next(s: Scenario) -> None:
    s.lib("a.libs/liba.so", F)
    s.module("a.so", needed=["a.libs/liba.so"], runpath="$ORIGIN/a.libs")
    bundle(s, "b", F, CALLS_F)
    host = s.host()
    assert s.compare(host, "+a.so", "b.so").provider("b.so", "f") == "a.libs/liba.so"
    assert s.compare(host, "a.so", "b.so").provider("b.so", "f") == f"b.libs/{BUNDLED}"
    assert s.compare(host, "b.so", "+a.so").provider("b.so", "f") == f"b.libs/{BUNDLED}"


@pytest.mark.rule("2", "global promotion")
def test_library_that_was_local_becomes_global_with_a_later_module(s: Scenario) -> None:
    for wheel in "ab":
        bundle(s, wheel, F, CALLS_F)
    s.module("c.so", CALLS_OWN_F)
    outcome = s.compare(s.host(), "a.so", "+b.so", "c.so")
    assert outcome.provider("c.so", "f") == f"a.libs/{BUNDLED}"


# -- a dlopen that fails --------------------------------------------------------------------------


@pytest.mark.rule("2", "failure leaves nothing")
def test_failing_module_is_not_promoted(s: Scenario) -> None:
    s.module("bad.so", F + MISSING)
    s.module("good.so", CALLS_OWN_F)
    outcome = s.compare(s.host(), "+bad.so", "good.so")
    assert outcome.provider("good.so", "f") == "good.so"


@pytest.mark.rule("2", "failure leaves nothing")
def test_name_of_a_library_that_has_failed_is_captured_no_more(s: Scenario) -> None:
    bundle(s, "a", F, CALLS_F + MISSING)
    bundle(s, "b", F, CALLS_F)
    outcome = s.compare(s.host(), "a.so", "b.so")
    assert outcome.provider("b.so", "f") == f"b.libs/{BUNDLED}"


@pytest.mark.rule("2", "failure leaves nothing")
def test_failing_module_can_be_opened_when_its_symbol_has_come(s: Scenario) -> None:
    s.module("late.so", MISSING)
    s.module("plugin.so", "int missing(void) { return 0; }")
    outcome = s.compare(s.host(), "late.so", "+plugin.so", "late.so")
    assert outcome.messages[1:] == ("ok", "ok")
    assert kinds(outcome) == [("undefined-symbol", "late.so", "missing")]


@pytest.mark.rule("2", "failure leaves an alias")
def test_alias_of_an_older_object_survives_the_failure_that_gave_it(s: Scenario) -> None:
    real = s.lib("libone.so", F, soname=None)
    (s.directory / "b").mkdir()
    (s.directory / "b/libalias.so").symlink_to(real)
    # The linker records the name of the file it is given, so it must be linked as such.
    s.module("bad.so", CALLS_F + MISSING, f"-L{s.directory / 'b'}", "-l:libalias.so",
             runpath="$ORIGIN/b")  # fmt: skip
    s.module("good.so", CALLS_F, f"-L{s.directory / 'b'}", "-l:libalias.so", runpath=None)
    host = s.host()
    assert kinds(s.compare(host, "libone.so", "good.so")) == [
        ("missing-library", "good.so", "libalias.so")
    ]
    outcome = s.compare(host, "libone.so", "bad.so", "good.so")
    assert kinds(outcome) == [("undefined-symbol", "bad.so", "missing")]
    assert outcome.provider("good.so", "f") == "libone.so"


@pytest.mark.rule("3.6", "registered by a failure")
@pytest.mark.parametrize(
    ("bad", "provider"),
    [
        # The address is searched before the call that fails.
        (f"{USES_U} {MISSING}", "one.so"),
        # The first reference fails, and u is never searched.
        ("extern int missing, u; int *m(void) { return &missing; } int *n(void) { return &u; }",
         "three.so"),
    ],
    ids=["before", "after"],
)  # fmt: skip
def test_unique_symbol_of_an_older_object_stays_registered_by_a_failing_one(
    s: Scenario, bad: str, provider: str
) -> None:
    s.module("one.so", U)
    s.module("bad.so", bad, needed=["one.so"])
    s.module("three.so", U + USES_U)
    outcome = s.compare(s.host(), "one.so", "bad.so", "three.so")
    assert outcome.messages[0] == outcome.messages[2] == "ok"
    assert outcome.provider("three.so", "u") == provider


@pytest.mark.rule("3.6", "registered by a failure")
def test_unique_symbol_of_a_failing_object_is_forgotten(s: Scenario) -> None:
    s.module("bad.so", U + USES_U + MISSING)
    s.module("good.so", U + USES_U)
    assert s.compare(s.host(), "bad.so", "good.so").provider("good.so", "u") == "good.so"


# -- the loader's words ---------------------------------------------------------------------------


@pytest.mark.rule("2", "first failure")
def test_first_undefined_symbol_is_that_of_the_deepest_library(s: Scenario) -> None:
    s.lib("libdeep.so", "int lower(void); int d(void) { return lower(); }")
    s.module("mod.so", "int upper(void); int u(void) { return upper(); }", needed=["libdeep.so"])
    outcome = s.compare(s.host(), "mod.so")
    assert [name for *_, name in kinds(outcome)] == ["lower", "upper"]
    assert outcome.messages[0].endswith("libdeep.so: undefined symbol: lower")


@pytest.mark.rule("2", "first failure")
@pytest.mark.parametrize("order", ["abc", "cba", "bca"])
def test_undefined_calls_come_in_the_order_of_their_relocations(s: Scenario, order: str) -> None:
    declared = "".join(f"int missing_{c}(void);" for c in "abc")
    called = " + ".join(f"missing_{c}()" for c in order)
    s.module("mod.so", f"{declared} int u(void) {{ return {called}; }}")
    outcome = s.compare(s.host(), "mod.so")
    assert len(outcome.failures) == 3  # the comparison holds the first to the loader's message


@pytest.mark.rule("2", "first failure")
def test_undefined_address_comes_before_an_undefined_call(s: Scenario) -> None:
    s.module("mod.so", f"{MISSING} extern int gone; int *p = &gone;")
    assert [name for *_, name in kinds(s.compare(s.host(), "mod.so"))] == ["gone", "missing"]
