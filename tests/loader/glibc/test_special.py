"""Objects that ask the loader for something special: filters and flags."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.elf.constants import DT_VERNEED, DT_VERSYM
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from scenario import Scenario, drop_dynamic, patch_header, patch_need

F = "int f(void) { return 1; }"
CALLS_F = "int f(void); int g(void) { return f(); }"


# -- 1: filters -----------------------------------------------------------------------------------


@pytest.mark.rule("1", "filters")
def test_filtee_is_what_its_filter_was_meant_to_get(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("filtee.so", F)
    s.lib("libfilter.so", CALLS_F, "-Wl,-F,filtee.so")
    outcome = s.compare(s.host(F), "libfilter.so")
    binding = outcome.binding("libfilter.so", "f")
    assert binding.intended is not None
    assert outcome.name(binding.intended.dso.path) == "filtee.so"
    assert binding.shadowed


@pytest.mark.rule("1", "filters")
def test_filtee_of_what_a_module_needs_is_meant_before_its_filter(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("filtee.so", F)
    s.lib("libfilter.so", F, "-Wl,-f,filtee.so")
    s.module("mod.so", CALLS_F, needed=["libfilter.so"])
    outcome = s.compare(s.host(), "mod.so")
    assert outcome.provider("mod.so", "f") == "filtee.so"
    assert not outcome.binding("mod.so", "f").shadowed


@pytest.mark.rule("1", "relocation order")
def test_filtee_is_relocated_before_its_filter(tmp_path: Path) -> None:
    """Who is relocated first shows in who registers a unique symbol."""
    s = Scenario(tmp_path)
    unique = '__asm__(".globl u; .type u, @gnu_unique_object; .data; u: .long 1; .size u, 4");'
    uses = "extern int u; int *{0}(void) {{ return &u; }}"
    s.lib("filtee.so", unique + uses.format("a"), "-Wl,-Bsymbolic")
    s.lib("libfilter.so", unique + uses.format("b"), "-Wl,-Bsymbolic", "-Wl,-f,filtee.so")
    s.module("mod.so", uses.format("c"), needed=["libfilter.so"])
    s.compare(s.host(), "mod.so")


# -- 1: DF_1_NOOPEN -------------------------------------------------------------------------------


@pytest.mark.rule("1", "no dlopen")
def test_object_that_refuses_dlopen_fails(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("mod.so", F, "-Wl,-z,nodlopen")
    outcome = s.compare(s.host(), "mod.so")
    assert [f.kind for f in outcome.failures] == ["unloadable-file"]


@pytest.mark.rule("1", "no dlopen")
def test_needed_object_that_refuses_dlopen_fails_too(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libf.so", F, "-Wl,-z,nodlopen")
    s.module("mod.so", CALLS_F, needed=["libf.so"])
    outcome = s.compare(s.host(), "mod.so")
    assert [f.kind for f in outcome.failures] == ["unloadable-file"]


@pytest.mark.rule("1", "no dlopen")
def test_object_that_refuses_dlopen_is_loaded_at_start_up(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libf.so", F, "-Wl,-z,nodlopen")
    s.module("mod.so", CALLS_F, needed=["libf.so"])
    outcome = s.compare(s.host(needed=["libf.so"]), "mod.so")
    assert outcome.provider("mod.so", "f") == "libf.so"


# -- 2: what a host opens RTLD_GLOBAL -------------------------------------------------------------


@pytest.mark.rule("2", "undefined symbol")
def test_symbol_that_a_plugin_of_the_host_lacks_is_told(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    plugin = s.module("plugin.so", "int gone(void); int g(void) { return gone(); }")
    host = s.host()
    outcome = s.compare(host, "+plugin.so")
    assert [(f.kind, f.name) for f in outcome.failures] == [("undefined-symbol", "gone")]
    assert extract(str(host), Root(), rtld_global=[str(plugin)]).failures == outcome.failures


# -- 4.4: packed relative relocations -------------------------------------------------------------

PACKED = """void *malloc(unsigned long); static int f(void) { return 1; }
int (*p[100])(void) = { f }; void *g(void) { return malloc(p[0]()); }"""
PACK = ("-Wl,-z,pack-relative-relocs", "-Wl,--no-as-needed", "-lc")


@pytest.mark.rule("4.4", "packed relocations")
def test_packed_relocations_are_accepted_with_their_version(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("mod.so", PACKED, *PACK)
    assert s.compare(s.host(), "mod.so").provider("mod.so", "malloc", "GLIBC_2.2.5") == "libc.so.6"


@pytest.mark.rule("4.4", "packed relocations")
def test_packed_relocations_fail_without_their_version(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    patch_need(s.module("mod.so", PACKED, *PACK), "GLIBC_ABI_DT_RELR", to="GLIBC_2.2.5")
    (failure,) = s.compare(s.host(), "mod.so").failures
    assert (failure.kind, failure.name) == ("version-not-found", "GLIBC_ABI_DT_RELR")


@pytest.mark.rule("4.4", "packed relocations")
def test_packed_relocations_without_any_version_are_accepted(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    module = s.module("mod.so", PACKED, *PACK)
    drop_dynamic(module, DT_VERNEED, DT_VERSYM)
    assert s.compare(s.host(), "mod.so").provider("mod.so", "malloc") == "libc.so.6"


# -- 6.4: the wrong class -------------------------------------------------------------------------


@pytest.mark.rule("6.4", "other class by path")
def test_module_of_another_class_fails(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    patch_header(s.module("mod.so", F), bits=32, machine=3)
    outcome = s.compare(s.host(), "mod.so")
    assert [f.kind for f in outcome.failures] == ["unloadable-file"]
