"""The flags of a dlopen: RTLD_LAZY, RTLD_DEEPBIND, and RTLD_GLOBAL beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.elf.constants import DF_1_NOW, DF_BIND_NOW, DT_BIND_NOW, DT_FLAGS, DT_FLAGS_1
from scenario import Scenario, observe, patch_dynamic

F = "int f(void) { return 1; }"
CALLS_F = "int f(void); int g(void) { return f(); }"
CALLS_OWN_F = "int f(void) { return 2; } int g(void) { return f(); }"
CALLS_GONE = "int gone(void); int g(void) { return gone(); }"
LAZY = "-Wl,-z,lazy"


@pytest.fixture
def s(tmp_path: Path) -> Scenario:
    return Scenario(tmp_path)


# -- RTLD_LAZY ------------------------------------------------------------------------------------


@pytest.mark.rule("2", "lazy")
def test_call_of_an_undefined_function_does_not_fail_a_lazy_dlopen(s: Scenario) -> None:
    s.module("mod.so", CALLS_GONE, LAZY)
    outcome = s.compare(s.host(), "mod.so", "~mod.so")
    assert outcome.messages[1] == "ok"
    (failure,) = outcome.failures
    (waiting,) = outcome.bound[-1].deferred
    assert failure == waiting


@pytest.mark.rule("2", "lazy")
@pytest.mark.parametrize(
    "source",
    [
        "extern int gone; int *g(void) { return &gone; }",
        "int gone(void); int (*g(void))(void) { return gone; }",
        "int gone(void); int (*p)(void) = gone; int g(void) { return gone(); }",
        "extern __thread int gone; int g(void) { return gone; }",
    ],
    ids=["variable", "address in the GOT", "address in data and a call", "thread-local"],
)
def test_what_is_no_call_fails_a_lazy_dlopen(s: Scenario, source: str) -> None:
    s.module("mod.so", source, LAZY)
    (failure,) = s.compare(s.host(), "~mod.so").failures
    assert failure.name == "gone"


@pytest.mark.rule("2", "lazy")
def test_call_through_the_got_alone_fails_a_lazy_dlopen(s: Scenario) -> None:
    s.module("mod.so", CALLS_GONE, LAZY, "-fno-plt")
    assert s.compare(s.host(), "~mod.so").failures


@pytest.mark.rule("2", "lazy")
@pytest.mark.parametrize(
    ("tag", "value"), [(DT_BIND_NOW, 0), (DT_FLAGS, DF_BIND_NOW), (DT_FLAGS_1, DF_1_NOW)]
)
def test_object_can_ask_to_be_bound_now(s: Scenario, tag: int, value: int) -> None:
    patch_dynamic(s.module("mod.so", CALLS_GONE, LAZY), tag, value)
    assert s.compare(s.host(), "~mod.so").failures


@pytest.mark.rule("2", "lazy")
@pytest.mark.parametrize("now", ["mod.so", "libdep.so"])
def test_it_asks_for_itself_alone(s: Scenario, now: str) -> None:
    flags = {name: "-Wl,-z,now" if name == now else LAZY for name in ("mod.so", "libdep.so")}
    s.lib("libdep.so", CALLS_GONE, flags["libdep.so"])
    s.module("mod.so", F, flags["mod.so"], needed=["libdep.so"])
    assert bool(s.compare(s.host(), "~mod.so").failures) == (now == "libdep.so")


@pytest.mark.rule("2", "lazy")
def test_second_dlopen_relocates_nothing_again(s: Scenario) -> None:
    s.lib("libdep.so", CALLS_GONE, LAZY)
    s.module("one.so", F, LAZY, needed=["libdep.so"])
    s.module("two.so", F, LAZY, needed=["libdep.so"])
    outcome = s.compare(s.host(), "~one.so", "one.so", "two.so")
    assert outcome.messages == ("ok", "ok", "ok")


@pytest.mark.rule("2", "lazy")
def test_lazy_module_is_global_for_the_next(s: Scenario) -> None:
    s.module("mod.so", F + CALLS_GONE, LAZY)
    s.module("next.so", CALLS_OWN_F)
    outcome = s.compare(s.host(), "~+mod.so", "next.so")
    assert outcome.provider("next.so", "f") == "mod.so"


@pytest.mark.rule("2", "lazy")
def test_call_is_bound_in_the_scope_of_its_moment(s: Scenario) -> None:
    """What was undefined at the dlopen is defined once another module is global."""
    s.module("mod.so", CALLS_F, LAZY)
    s.module("later.so", F)
    calls = 'void call(void *m) { ((int (*)(void)) dlsym(m, "g"))(); }'
    s.main = (
        """
    #include <stdio.h>
    """
        + calls
        + """
    int main(int argc, char **argv) {
      void *first = opened_as(argv[1]);
      puts(first ? "ok" : dlerror());
      puts(opened_as(argv[2]) ? "ok" : dlerror());
      fflush(stdout);
      call(first);
      return 0;
    }
    """
    )
    host = s.host()
    names = [f"~{s.directory / 'mod.so'}", f"+{s.directory / 'later.so'}"]
    ran, log = observe([host, *names], bind_now=False)
    assert (ran.status, ran.stdout) == (0, "ok\nok\n")
    bound = {(Path(b.object).name, b.symbol): Path(b.provider).name for b in log.bindings}
    assert bound["mod.so", "f"] == "later.so"


# -- RTLD_DEEPBIND --------------------------------------------------------------------------------


@pytest.mark.rule("2", "deepbind")
def test_closure_comes_before_the_global_scope(s: Scenario) -> None:
    s.lib("libdep.so", F)
    s.module("mod.so", CALLS_F, needed=["libdep.so"])
    host = s.host(F)
    assert s.compare(host, "mod.so").provider("mod.so", "f") == "host"
    outcome = s.compare(host, "^mod.so")
    assert outcome.provider("mod.so", "f") == "libdep.so"
    assert outcome.scope("mod.so")[:2] == ["mod.so", "libdep.so"]
    assert not outcome.binding("mod.so", "f").shadowed


@pytest.mark.rule("2", "deepbind")
def test_dependencies_that_it_maps_have_the_same_scope(s: Scenario) -> None:
    s.lib("libdep.so", CALLS_OWN_F)
    s.module("mod.so", F, needed=["libdep.so"])
    assert s.compare(s.host(F), "^mod.so").provider("libdep.so", "f") == "mod.so"


@pytest.mark.rule("2", "deepbind")
@pytest.mark.parametrize("flags", ["", "^"])
def test_what_was_loaded_before_keeps_its_scope(s: Scenario, flags: str) -> None:
    s.lib("libdep.so", CALLS_OWN_F)
    s.module("one.so", needed=["libdep.so"])
    s.module("two.so", CALLS_OWN_F, needed=["libdep.so"])
    other = "" if flags else "^"
    outcome = s.compare(s.host(F), f"{flags}one.so", f"{other}two.so")
    assert outcome.provider("libdep.so", "f") == ("libdep.so" if flags else "host")
    assert outcome.provider("two.so", "f") == ("host" if flags else "two.so")


@pytest.mark.rule("2", "deepbind")
def test_symbolic_is_void(s: Scenario) -> None:
    s.lib("libdep.so", CALLS_OWN_F.replace("f(void) {", "f(void) {", 1), "-Wl,-Bsymbolic-functions")
    source = "extern int v; int *g(void) { return &v; } int v = 1;"
    s.lib("libown.so", source, "-Wl,-z,lazy")
    patch_dynamic(s.directory / "libown.so", DT_FLAGS, 2)
    s.module("mod.so", "int v = 2;", needed=["libown.so"])
    host = s.host("int v = 3;")
    assert s.compare(host, "mod.so").provider("libown.so", "v") == "libown.so"
    assert s.compare(host, "^mod.so").provider("libown.so", "v") == "mod.so"


@pytest.mark.rule("2", "deepbind")
def test_deepbind_module_is_promoted_like_any_other(s: Scenario) -> None:
    s.module("one.so", F)
    s.module("two.so", CALLS_OWN_F)
    s.module("three.so", CALLS_OWN_F)
    outcome = s.compare(s.host(), "^+one.so", "two.so", "^three.so")
    assert outcome.provider("two.so", "f") == "one.so"
    assert outcome.provider("three.so", "f") == "three.so"


@pytest.mark.rule("2", "deepbind")
def test_promotion_after_load_changes_nothing_of_the_past(s: Scenario) -> None:
    s.module("one.so", CALLS_OWN_F)
    s.module("two.so", CALLS_OWN_F)
    outcome = s.compare(s.host(), "^one.so", "+one.so", "two.so")
    assert outcome.provider("one.so", "f") == "one.so"
    assert outcome.provider("two.so", "f") == "one.so"


@pytest.mark.rule("2", "deepbind")
def test_unique_symbol_is_still_one_for_the_process(s: Scenario) -> None:
    unique = '__asm__(".globl u; .type u, @gnu_unique_object; .data; u: .long 1; .size u, 4");'
    uses = unique + "extern int u; int *g(void) { return &u; }"
    s.module("one.so", uses)
    s.module("two.so", uses)
    assert s.compare(s.host(), "one.so", "^two.so").provider("two.so", "u") is not None
    assert s.compare(s.host(), "one.so", "^two.so").binding("two.so", "u").provider is not None


@pytest.mark.rule("2", "deepbind")
def test_copy_of_the_executable_is_passed_by(s: Scenario) -> None:
    s.lib("libv.so", "int v = 1; int *h(void) { return &v; }")
    s.module("mod.so", "extern int v; int *g(void) { return &v; }", needed=["libv.so"])
    host = s.host("extern int v; int *m(void) { return &v; }", "-no-pie", needed=["libv.so"])
    assert s.compare(host, "mod.so").provider("mod.so", "v") == "host"
    outcome = s.compare(host, "^mod.so")
    assert outcome.provider("mod.so", "v") == "libv.so"
    assert outcome.provider("libv.so", "v") == "host"


@pytest.mark.rule("2", "deepbind")
def test_version_decides_within_the_closure(s: Scenario) -> None:
    s.lib("libdep.so", F, versions="V1 { f; };")
    s.module("mod.so", CALLS_F, needed=["libdep.so"])
    host = s.host(F)
    assert s.compare(host, "^mod.so").provider("mod.so", "f", "V1") == "libdep.so"


@pytest.mark.rule("2", "deepbind")
def test_lazy_and_deepbind_together(s: Scenario) -> None:
    s.lib("libdep.so", "int v = 1;")
    source = "extern int v; int *h(void) { return &v; }" + CALLS_GONE
    s.module("mod.so", source, LAZY, needed=["libdep.so"])
    outcome = s.compare(s.host("int v = 2;"), "~^mod.so")
    assert (outcome.messages, outcome.provider("mod.so", "v")) == (("ok",), "libdep.so")
