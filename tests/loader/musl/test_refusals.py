"""Initial-exec TLS, which musl refuses in all that dlopen loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from musl import MuslScenario

IE = '__attribute__((tls_model("initial-exec")))'
OWN = f"static __thread int room {IE}; int *g(void) {{ return &room; }}"
EXPORTED = OWN.removeprefix("static ")
DEFINES = "__thread int room;"
REACHES = f"extern __thread int room {IE}; int *g(void) {{ return &room; }}"
REFUSED = "initial-exec TLS resolves to dynamic definition in"
STATIC_TLS = pytest.mark.rule("7", "static TLS")


@pytest.fixture
def s(tmp_path: Path) -> MuslScenario:
    return MuslScenario(tmp_path)


@STATIC_TLS
@pytest.mark.parametrize("source", [OWN, EXPORTED], ids=["local", "exported"])
def test_own_data(s: MuslScenario, source: str) -> None:
    (answer,) = s.judge(s.host(), s.module("mod.so", source)).answers
    assert answer.endswith(f"{REFUSED} {s.directory}/mod.so")


@STATIC_TLS
def test_data_of_a_library_that_comes_with_it(s: MuslScenario) -> None:
    s.lib("libdata.so", DEFINES)
    s.module("mod.so", REACHES, needed=["libdata.so"])
    outcome = s.judge(s.host(), "mod.so")
    assert outcome.answers[0].endswith(f"{REFUSED} {s.directory}/libdata.so")
    (failure,) = outcome.failures
    assert (failure.object, failure.name) == (f"{s.directory}/mod.so", "libdata.so")


@STATIC_TLS
@pytest.mark.parametrize("early", ["needed", "preload"])
def test_data_that_was_there_at_start_up(s: MuslScenario, early: str) -> None:
    s.lib("libdata.so", DEFINES)
    s.module("mod.so", REACHES, needed=["libdata.so"])
    host = s.host(needed=["libdata.so"] if early == "needed" else [])
    preload = [s.directory / "libdata.so"] if early == "preload" else []
    assert s.judge(host, "mod.so", preload=preload).answers == ("ok",)


@STATIC_TLS
def test_other_models_are_opened(s: MuslScenario) -> None:
    s.module("mod.so", OWN.replace("initial-exec", "global-dynamic"))
    s.module("weak.so", "int g(void) { return 1; }")
    assert s.judge(s.host(), "mod.so", "weak.so").answers == ("ok", "ok")


@STATIC_TLS
def test_refused_module_leaves_nothing(s: MuslScenario) -> None:
    s.module("mod.so", OWN)
    s.module("later.so", "int f(void); int h(void) { return f(); }")
    outcome = s.judge(s.host("int f(void) { return 1; }"), "mod.so", "later.so")
    assert outcome.answers[1] == "ok"
    assert outcome.loaded.count("mod.so") == 0
