"""The flags of a dlopen in musl: RTLD_LAZY puts off what is undefined, RTLD_DEEPBIND is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.elf.constants import DF_1_NOW, DF_BIND_NOW, DT_BIND_NOW, DT_FLAGS, DT_FLAGS_1
from musl import MuslScenario
from scenario import patch_dynamic

F = "int f(void) { return 1; }"
CALLS_OWN_F = "int f(void) { return 2; } int g(void) { return f(); }"
CALLS_GONE = "int gone(void); int g(void) { return gone(); }"
LAZY = "-Wl,-z,lazy"


@pytest.fixture
def s(tmp_path: Path) -> MuslScenario:
    return MuslScenario(tmp_path)


@pytest.mark.rule("7", "lazy")
@pytest.mark.parametrize(
    "source",
    [
        CALLS_GONE,
        "extern int gone; int *g(void) { return &gone; }",
        "int gone(void); int (*g(void))(void) { return gone; }",
    ],
    ids=["call", "variable in the GOT", "address in the GOT"],
)
def test_undefined_slots_do_not_fail_a_lazy_dlopen(s: MuslScenario, source: str) -> None:
    s.module("mod.so", source, LAZY)
    outcome = s.judge(s.host(), "mod.so", "~mod.so")
    assert outcome.answers[1] == "ok"
    assert outcome.bound[-1].deferred == outcome.failures


@pytest.mark.rule("7", "lazy")
@pytest.mark.parametrize(
    "source",
    [
        "int gone(void); int (*p)(void) = gone;",
        "int gone(void); int (*p)(void) = gone; int (*g(void))(void) { return gone; }",
        "extern __thread int gone; int g(void) { return gone; }",
    ],
    ids=["data", "data and GOT", "thread-local"],
)
def test_undefined_words_fail_a_lazy_dlopen(s: MuslScenario, source: str) -> None:
    s.module("mod.so", source, LAZY)
    assert s.judge(s.host(), "~mod.so").failures


@pytest.mark.rule("7", "lazy")
@pytest.mark.parametrize(
    ("tag", "value"), [(DT_BIND_NOW, 1), (DT_FLAGS, DF_BIND_NOW), (DT_FLAGS_1, DF_1_NOW)]
)
def test_object_can_ask_to_be_bound_now(s: MuslScenario, tag: int, value: int) -> None:
    patch_dynamic(s.module("mod.so", CALLS_GONE, LAZY), tag, value)
    assert s.judge(s.host(), "~mod.so").failures


@pytest.mark.rule("7", "lazy")
@pytest.mark.parametrize("now", ["mod.so", "libdep.so"])
def test_it_asks_for_itself_alone(s: MuslScenario, now: str) -> None:
    flags = {name: "-Wl,-z,now" if name == now else LAZY for name in ("mod.so", "libdep.so")}
    s.lib("libdep.so", CALLS_GONE, flags["libdep.so"])
    s.module("mod.so", F, flags["mod.so"], needed=["libdep.so"])
    assert bool(s.judge(s.host(), "~mod.so").failures) == (now == "libdep.so")


@pytest.mark.rule("7", "lazy")
def test_what_is_defined_is_bound_at_once(s: MuslScenario) -> None:
    s.module("mod.so", CALLS_OWN_F, LAZY)
    assert s.judge(s.host(F), "~mod.so").provider("mod.so", "f") == "host"


@pytest.mark.rule("7", "lazy")
def test_lazy_module_can_be_opened_again(s: MuslScenario) -> None:
    s.module("mod.so", CALLS_GONE, LAZY)
    assert s.judge(s.host(), "~mod.so", "mod.so").answers == ("ok", "ok")


@pytest.mark.rule("7", "deepbind")
def test_deepbind_is_ignored(s: MuslScenario) -> None:
    s.lib("libdep.so", CALLS_OWN_F)
    s.module("mod.so", CALLS_OWN_F, needed=["libdep.so"])
    assert s.judge(s.host(F), "^mod.so").provider("mod.so", "f") == "host"


@pytest.mark.rule("7", "deepbind")
def test_deepbind_module_is_global_later(s: MuslScenario) -> None:
    s.module("one.so", F)
    s.module("two.so", CALLS_OWN_F)
    assert s.judge(s.host(), "^one.so", "+one.so", "^two.so").provider("two.so", "f") == "one.so"
