"""What is loaded, in which order, into which scope: start-up, dlopen, capture, versions.

Every test lets the real loader judge its scopes and bindings
(:meth:`scenario.Scenario.compare`); the assertion names what matters.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from collide.binding.binder import Binder
from collide.elf.constants import DF_SYMBOLIC, DT_FLAGS, DT_FLAGS_1, DT_NEEDED, DT_SYMBOLIC
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.loader.link_map import Opened
from patching import patchelf
from scenario import Scenario, drop_dynamic, patch_dynamic, patch_need

F = "int f(void) { return 1; }"
CALLS_F = "int f(void); int g(void) { return f(); }"
CALLS_OWN_F = "int f(void) { return 2; } int g(void) { return f(); }"
SYSTEM = ["libc.so.6", "ld-linux-x86-64.so.2"]
DF_1_INTERPOSE, DF_1_GLOBAL = 0x400, 0x2


# -- 1: the global scope --------------------------------------------------------------------------


@pytest.mark.rule("1", "breadth first")
def test_closure_is_breadth_first(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libc3.so", F)
    s.lib("liba.so", needed=["libc3.so"])
    s.lib("libb.so", F)
    s.module("mod.so", CALLS_OWN_F)
    outcome = s.compare(s.host(needed=["liba.so", "libb.so"]), "mod.so")
    assert outcome.scope("host") == ["host", "liba.so", "libb.so", "libc.so.6", "libc3.so",
                                     "ld-linux-x86-64.so.2"]  # fmt: skip
    assert outcome.provider("mod.so", "f") == "libb.so"


@pytest.mark.rule("1", "preload order")
def test_preloads_follow_the_executable_in_order(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("liba.so")
    preload = [s.lib("p1.so"), s.lib("p2.so")]
    outcome = s.compare(s.host(needed=["liba.so"]), preload=preload)
    assert outcome.scope("host") == ["host", "p1.so", "p2.so", "liba.so", *SYSTEM]


@pytest.mark.rule("1", "needs of a preload")
def test_what_a_preload_needs_follows_what_the_executable_needs(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("liba.so")
    s.lib("libp.so")
    preload = [s.lib("p1.so", needed=["libp.so"])]
    outcome = s.compare(s.host(needed=["liba.so"]), preload=preload)
    assert outcome.scope("host") == ["host", "p1.so", "liba.so", "libc.so.6", "libp.so",
                                     "ld-linux-x86-64.so.2"]  # fmt: skip


@pytest.mark.rule("1", "preload order")
def test_preload_that_is_needed_too_moves_to_the_front(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("liba.so")
    host = s.host(needed=["liba.so", s.lib("libb.so").name])
    outcome = s.compare(host, preload=[tmp_path / "libb.so", "libb.so"])
    assert outcome.scope("host") == ["host", "libb.so", "liba.so", *SYSTEM]


@pytest.mark.rule("1", "preload without a slash")
def test_preload_without_a_slash_is_searched_as_the_executable_needs_it(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("dir/p.so")
    outcome = s.compare(s.host(runpath="$ORIGIN/dir"), preload=["p.so"])
    assert outcome.scope("host") == ["host", "dir/p.so", *SYSTEM]


@pytest.mark.rule("1", "place of the loader")
def test_loader_follows_the_first_that_needs_it(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("stub.so", soname="ld-linux-x86-64.so.2")
    s.lib("liba.so")
    outcome = s.compare(s.host(needed=["stub.so", "liba.so"]))
    assert outcome.scope("host") == ["host", "ld-linux-x86-64.so.2", "liba.so", "libc.so.6"]


@pytest.mark.parametrize("flag", [DF_1_INTERPOSE, DF_1_GLOBAL])
@pytest.mark.rule("1", "ignored flags")
def test_interpose_and_global_flags_are_ignored(tmp_path: Path, flag: int) -> None:
    s = Scenario(tmp_path)
    s.lib("liba.so", F)
    patch_dynamic(s.lib("libb.so", F), DT_FLAGS_1, flag)
    patch_dynamic(s.module("mod.so", CALLS_OWN_F), DT_FLAGS_1, flag)
    outcome = s.compare(s.host(needed=["liba.so", "libb.so"]), "mod.so", "mod.so")
    assert outcome.scope("mod.so") == ["host", "liba.so", "libb.so", *SYSTEM, "mod.so"]


@pytest.mark.parametrize("flag", ["-f", "-F"])
@pytest.mark.rule("1", "filters")
def test_filtee_comes_just_before_its_filter(tmp_path: Path, flag: str) -> None:
    s = Scenario(tmp_path)
    s.lib("filtee.so", F)
    s.lib("liba.so")
    s.lib("libb.so", F, f"-Wl,{flag},filtee.so")
    s.module("mod.so", CALLS_F)
    outcome = s.compare(s.host(needed=["liba.so", "libb.so"]), "mod.so")
    assert outcome.scope("host") == ["host", "liba.so", "filtee.so", "libb.so", *SYSTEM]
    assert outcome.provider("mod.so", "f") == "filtee.so"


@pytest.mark.parametrize("order", [("filtee.so", "libb.so"), ("libb.so", "filtee.so")])
@pytest.mark.rule("1", "filters")
def test_filtee_that_is_needed_too_moves_only_forward(
    tmp_path: Path, order: tuple[str, str]
) -> None:
    s = Scenario(tmp_path)
    s.lib("filtee.so")
    s.lib("libb.so", "", "-Wl,-f,filtee.so")
    outcome = s.compare(s.host(needed=order))
    assert outcome.scope("host") == ["host", "filtee.so", "libb.so", *SYSTEM]


@pytest.mark.rule("1", "filters")
def test_two_filtees_come_in_their_order_before_their_filter(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("one.so")
    s.lib("deep.so")
    s.lib("two.so", needed=["deep.so"])
    s.lib("liba.so", "", "-Wl,-f,one.so", "-Wl,-f,two.so")
    outcome = s.compare(s.host(needed=["liba.so"]))
    assert outcome.scope("host")[:4] == ["host", "one.so", "two.so", "liba.so"]


@pytest.mark.rule("1", "filters")
def test_needed_and_filtees_of_one_module(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("deep.so")
    s.lib("filtee.so", needed=["deep.so"])
    s.lib("liba.so")
    s.module("mod.so", "", "-Wl,-f,filtee.so", needed=["liba.so"])
    assert s.compare(s.host(), "mod.so").closure("mod.so") == [
        "filtee.so",
        "mod.so",
        "liba.so",
        "deep.so",
    ]


@pytest.mark.rule("1", "missing auxiliary")
def test_missing_auxiliary_filtee_is_ignored(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("mod.so", CALLS_OWN_F, "-Wl,-f,missing.so")
    assert s.compare(s.host(), "mod.so").closure("mod.so") == ["mod.so"]


@pytest.mark.rule("1", "missing filtee")
def test_missing_filtee_of_a_filter_fails(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("mod.so", CALLS_OWN_F, "-Wl,-F,missing.so")
    outcome = s.compare(s.host(), "mod.so")
    assert [(f.kind, f.name) for f in outcome.failures] == [("missing-library", "missing.so")]


# -- 1.1: what is already loaded ------------------------------------------------------------------


@pytest.mark.rule("6.1", "soname")
def test_needed_name_is_captured_by_soname(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("host-file.so", F, soname="libz.so")
    host = s.host(needed=["host-file.so"])
    (tmp_path / "libz.so").symlink_to("host-file.so")  # what its DT_NEEDED asks for
    s.lib("wheel/libz.so", F)
    s.module("wheel/mod.so", CALLS_F, needed=["wheel/libz.so"])
    outcome = s.compare(host, "wheel/mod.so")
    assert outcome.closure("wheel/mod.so") == ["wheel/mod.so", "host-file.so"]


@pytest.mark.rule("6.1", "local module")
def test_soname_of_a_local_module_captures(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("first.so", F, soname="libz.so")
    s.lib("libz.so", F)
    s.module("mod.so", CALLS_F, needed=["libz.so"])
    outcome = s.compare(s.host(), "first.so", "mod.so")
    assert outcome.provider("mod.so", "f") == "first.so"


@pytest.mark.rule("1.1", "soname of the executable")
def test_soname_of_the_executable_captures(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libz.so", F)
    s.module("mod.so", CALLS_F, needed=["libz.so"])
    outcome = s.compare(s.host(F, "-Wl,-soname,libz.so"), "mod.so")
    assert outcome.closure("mod.so") == ["mod.so", "host", *SYSTEM]


@pytest.mark.rule("6.1", "path of the executable")
def test_path_of_the_executable_does_not_capture(tmp_path: Path) -> None:
    # The kernel maps it; the loader knows neither its path nor its inode.
    s = Scenario(tmp_path)
    host = s.host()
    outcome = s.compare(host, host)
    assert [f.detail for f in outcome.failures] == ["it is an executable"]


@pytest.mark.rule("1.1", "no base name")
def test_file_name_does_not_capture(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("other/libz.so", F, soname=None)
    s.lib("libz.so", F)
    s.module("mod.so", CALLS_F, needed=["libz.so"])
    outcome = s.compare(s.host(), "other/libz.so", "mod.so")
    assert outcome.provider("mod.so", "f") == "libz.so"


@pytest.mark.rule("1.1", "alias")
def test_name_under_which_a_library_was_requested_captures(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("stub.so", soname="libz.so")
    s.lib("one/libz.so", F, soname="real-name.so")
    s.lib("two/libz.so", F)
    s.module("one.so", CALLS_F, needed=["stub.so"], runpath="$ORIGIN/one")
    s.module("two.so", CALLS_F, needed=["stub.so"], runpath="$ORIGIN/two")
    outcome = s.compare(s.host(), "one.so", "two.so")
    assert outcome.provider("two.so", "f") == "one/libz.so"


@pytest.mark.rule("1.1", "inode")
def test_same_file_under_two_names_is_one_object(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libz.so.1.2", F, soname="libz.so.1")
    (tmp_path / "libz.so.1").symlink_to("libz.so.1.2")
    s.lib("stub.so", soname="libz.so.1.2")
    s.module("mod.so", CALLS_F, needed=["stub.so", "libz.so.1"])
    assert s.compare(s.host(), "mod.so").closure("mod.so") == ["mod.so", "libz.so.1.2"]


@pytest.mark.rule("1.1", "inode")
def test_hard_link_is_the_same_object(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("one.so", F, soname=None)
    os.link(tmp_path / "one.so", tmp_path / "two.so")
    s.module("mod.so", CALLS_F, needed=["one.so", "two.so"])
    assert len(s.compare(s.host(), "mod.so").closure("mod.so")) == 2


@pytest.mark.rule("1.1", "copies")
def test_copy_of_a_file_is_another_object(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("one.so", F, soname=None)
    shutil.copy(tmp_path / "one.so", tmp_path / "two.so")
    s.module("mod.so", CALLS_F, needed=["one.so", "two.so"])
    assert s.compare(s.host(), "mod.so").closure("mod.so") == ["mod.so", "one.so", "two.so"]


@pytest.mark.rule("1.1", "soname")
def test_library_under_three_names_is_found_by_file_name_before_soname(tmp_path: Path) -> None:
    # A wheel cannot hold symbolic links: it carries libz.so, libz.so.1 and libz.so.1.2.
    s = Scenario(tmp_path)
    s.lib("libz.so", F, soname="libz.so.1")
    shutil.copy(tmp_path / "libz.so", tmp_path / "libz.so.1")
    shutil.copy(tmp_path / "libz.so", tmp_path / "libz.so.1.2")
    s.lib("stub/libz.so.1.2")
    s.lib("stub/libz.so")
    s.module("mod.so", CALLS_F, needed=["stub/libz.so.1.2", "libz.so", "stub/libz.so"])
    outcome = s.compare(s.host(), "mod.so")
    assert outcome.closure("mod.so") == ["mod.so", "libz.so.1.2", "libz.so"]


@pytest.mark.rule("1.1", "alias")
def test_module_opened_twice_is_one_object(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("mod.so", CALLS_OWN_F)
    (tmp_path / "link.so").symlink_to("mod.so")
    outcome = s.compare(s.host(), "mod.so", "link.so", "mod.so")
    assert [len(b.opened.new) for b in outcome.bound[1:]] == [1, 0, 0]


# -- 2: dlopen ------------------------------------------------------------------------------------


@pytest.mark.rule("2", "global first")
def test_global_scope_comes_before_the_module(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("mod.so", CALLS_OWN_F)
    assert s.compare(s.host(F), "mod.so").provider("mod.so", "f") == "host"


@pytest.mark.rule("2", "module before its libraries")
def test_module_shadows_its_bundled_library(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libb.so", CALLS_OWN_F)
    s.module("mod.so", F, needed=["libb.so"])
    assert s.compare(s.host(), "mod.so").provider("libb.so", "f") == "mod.so"


@pytest.mark.rule("2", "library before library")
def test_first_bundled_library_shadows_the_second(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("lib1.so", F)
    s.lib("lib2.so", CALLS_OWN_F)
    s.module("mod.so", needed=["lib1.so", "lib2.so"])
    assert s.compare(s.host(), "mod.so").provider("lib2.so", "f") == "lib1.so"


@pytest.mark.parametrize(("first", "provider"), [("ab.so", "liba.so"), ("ba.so", "libb.so")])
@pytest.mark.rule("2", "first opener's scope")
def test_module_that_is_opened_first_decides_the_scope_of_a_shared_library(
    tmp_path: Path, first: str, provider: str
) -> None:
    s = Scenario(tmp_path)
    s.lib("liba.so", F)
    s.lib("libb.so", F)
    s.lib("user.so", CALLS_F)
    s.module("ab.so", CALLS_F, needed=["liba.so", "libb.so", "user.so"])
    s.module("ba.so", CALLS_F, needed=["libb.so", "liba.so", "user.so"])
    second = {"ab.so": "ba.so", "ba.so": "ab.so"}[first]
    outcome = s.compare(s.host(), first, second)
    assert outcome.provider("user.so", "f") == provider
    assert outcome.provider("ab.so", "f") == "liba.so"
    assert outcome.provider("ba.so", "f") == "libb.so"


@pytest.mark.rule("2", "local is invisible")
def test_local_module_is_invisible_to_others(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("one.so", F)
    s.module("two.so", CALLS_F)
    outcome = s.compare(s.host(), "one.so", "two.so")
    assert [(f.kind, f.name) for f in outcome.failures] == [("undefined-symbol", "f")]


@pytest.mark.rule("2", "global promotion")
def test_global_module_is_promoted_with_all_it_needs(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libp.so", F)
    s.module("plugin.so", needed=["libp.so"])
    s.module("mod.so", CALLS_OWN_F)
    outcome = s.compare(s.host(), "+plugin.so", "mod.so")
    assert outcome.scope("mod.so") == ["host", *SYSTEM, "plugin.so", "libp.so", "mod.so"]
    assert outcome.provider("mod.so", "f") == "libp.so"


@pytest.mark.rule("2", "global promotion")
def test_promoted_modules_stay_behind_start_up_in_the_order_of_their_opening(
    tmp_path: Path,
) -> None:
    s = Scenario(tmp_path)
    s.lib("libh.so", F)
    s.module("p1.so", F, needed=["libh.so"])
    s.module("p2.so", CALLS_OWN_F, needed=["p1.so"])
    s.module("mod.so", CALLS_OWN_F)
    outcome = s.compare(s.host(needed=["libh.so"]), "+p1.so", "+p2.so", "mod.so")
    expected = ["host", "libh.so", *SYSTEM, "p1.so", "p2.so", "mod.so"]
    assert outcome.scope("mod.so") == expected
    assert outcome.provider("mod.so", "f") == "libh.so"


@pytest.mark.rule("2", "global promotion")
def test_local_module_can_be_promoted_later(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("one.so", F)
    s.module("two.so", CALLS_OWN_F)
    outcome = s.compare(s.host(), "one.so", "+one.so", "two.so")
    assert outcome.provider("two.so", "f") == "one.so"


@pytest.mark.rule("2", "global promotion")
def test_host_with_a_plugin_gives_the_same_as_the_plugin_opened_first(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libp.so", F)
    plugin = s.module("plugin.so", needed=["libp.so"])
    module = s.module("mod.so", CALLS_OWN_F)
    host = s.host()
    outcome = s.compare(host, "+plugin.so", "mod.so")
    root = Root()
    process = extract(str(host), root, rtld_global=[str(plugin)]).process.copy(root)
    opened = process.dlopen(str(module))
    assert isinstance(opened, Opened)
    assert [outcome.name(m.dso.path) for m in opened.scope] == outcome.scope("mod.so")
    (bound,) = Binder(process).bind(opened).objects
    assert [outcome.name(b.provider.path) for b in bound.bindings if b.provider] == ["libp.so"]


@pytest.mark.rule("2", "failure leaves nothing")
def test_failing_dlopen_leaves_nothing_behind(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("liba.so", CALLS_OWN_F)
    s.module("bad.so", f"{F} int missing(void); int h(void) {{ return missing(); }}",
             needed=["liba.so"])  # fmt: skip
    s.module("good.so", needed=["liba.so"])
    outcome = s.compare(s.host(), "bad.so", "good.so")
    assert len(outcome.failures) == 1
    assert outcome.messages[1] == "ok"
    assert outcome.providers("liba.so", "f") == {"bad.so", "liba.so"}


# -- 2: DT_SYMBOLIC -------------------------------------------------------------------------------


@pytest.mark.parametrize(("tag", "value"), [(DT_FLAGS, DF_SYMBOLIC), (DT_SYMBOLIC, 0)])
@pytest.mark.rule("2", "symbolic")
def test_symbolic_object_is_searched_first_for_its_own_references(
    tmp_path: Path, tag: int, value: int
) -> None:
    s = Scenario(tmp_path)
    patch_dynamic(s.module("mod.so", CALLS_OWN_F), tag, value)
    assert s.compare(s.host(F), "mod.so").provider("mod.so", "f") == "mod.so"


@pytest.mark.rule("2", "symbolic")
def test_symbolic_library_of_the_host_is_searched_first_for_its_own(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    patch_dynamic(s.lib("libh.so", CALLS_OWN_F), DT_FLAGS, DF_SYMBOLIC)
    host = s.host(F, needed=["libh.so"])
    assert s.compare(host).provider("libh.so", "f") == "libh.so"


@pytest.mark.rule("2", "symbolic")
def test_symbolic_object_takes_from_the_host_what_it_does_not_define(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libb.so", F)
    s.module("mod.so", CALLS_F, "-Wl,-Bsymbolic", needed=["libb.so"])
    assert s.compare(s.host(F), "mod.so").provider("mod.so", "f") == "host"


FUNCTION_AND_DATA = "int f(void) { return 1; } int v; int g(void) { return f() + v; }"


@pytest.mark.parametrize(
    ("flag", "looked_up"),
    [
        ("-Wl,-Bsymbolic", set()),
        ("-Wl,-Bsymbolic-functions", {"v"}),
        ("-fvisibility=hidden", set()),
        ("-fno-semantic-interposition", {"v"}),
    ],
)
@pytest.mark.rule("2", "-Bsymbolic")
def test_what_the_linker_binds_is_not_looked_up(
    tmp_path: Path, flag: str, looked_up: set[str]
) -> None:
    s = Scenario(tmp_path)
    s.module("mod.so", FUNCTION_AND_DATA, flag)
    outcome = s.compare(s.host(FUNCTION_AND_DATA), "mod.so")
    assert {n for n in ("f", "v") if outcome.provider("mod.so", n) == "host"} == looked_up


@pytest.mark.rule("2", "-Bsymbolic")
def test_what_a_dynamic_list_leaves_out_is_bound_by_the_linker(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    dynamic = s.directory / "dynamic.list"
    dynamic.write_text("{ v; };")
    s.module("mod.so", FUNCTION_AND_DATA, f"-Wl,--dynamic-list={dynamic}")
    outcome = s.compare(s.host(FUNCTION_AND_DATA), "mod.so")
    assert (outcome.provider("mod.so", "f"), outcome.provider("mod.so", "v")) == (None, "host")


# -- 4.4: the version check at load time ----------------------------------------------------------


def versioned(directory: Path) -> Scenario:
    """A module that needs f@V1 of libv.so."""
    s = Scenario(directory)
    s.lib("libv.so", F, versions="V1 { f; };")
    s.module("mod.so", CALLS_F, needed=["libv.so"])
    return s


@pytest.mark.rule("4.4", "missing")
def test_missing_version_fails(tmp_path: Path) -> None:
    s = versioned(tmp_path)
    s.lib("libv.so", F, versions="V2 { f; };")
    outcome = s.compare(s.host(), "mod.so")
    assert ("version-not-found", "V1") in [(f.kind, f.name) for f in outcome.failures]
    assert "version `V1' not found" in outcome.messages[0]


@pytest.mark.rule("4.4", "weak")
def test_missing_weak_version_is_allowed(tmp_path: Path) -> None:
    s = versioned(tmp_path)
    s.lib("libv.so", F, versions="V2 { f; };")
    patch_need(tmp_path / "mod.so", "V1", weak=True)
    assert s.compare(s.host(F), "mod.so").messages == ("ok",)


@pytest.mark.rule("4.4", "no definitions")
def test_version_is_not_checked_in_a_library_that_defines_none(tmp_path: Path) -> None:
    s = versioned(tmp_path)
    s.lib("libw.so", versions="W1 { };")
    s.lib("libv.so", "int unused(void) { return 1; }")
    assert s.compare(s.host(F), "mod.so").messages == ("ok",)


@pytest.mark.rule("4.4", "captured file")
def test_version_is_checked_in_the_library_that_captured_the_name(tmp_path: Path) -> None:
    s = versioned(tmp_path)
    s.lib("other/libv.so", F, versions="V0 { f; };")
    outcome = s.compare(s.host(needed=["other/libv.so"], runpath="$ORIGIN/other"), "mod.so")
    (failure,) = [f for f in outcome.failures if f.kind == "version-not-found"]
    assert outcome.name(failure.detail) == "other/libv.so"


@pytest.mark.rule("4.4", "file not loaded")
def test_version_of_a_file_that_is_not_loaded_aborts(tmp_path: Path) -> None:
    s = versioned(tmp_path)
    drop_dynamic(tmp_path / "mod.so", DT_NEEDED)
    outcome = s.compare(s.host(F), "mod.so")
    assert [(f.kind, f.detail) for f in outcome.failures] == [
        ("version-file-not-loaded", "libv.so")
    ]
    assert "Assertion `needed != NULL' failed" in outcome.ran.stderr


@pytest.mark.rule("4.4", "file not loaded")
def test_version_file_is_not_told_by_a_soname_that_nobody_asked_for(tmp_path: Path) -> None:
    # libv.so's contents are loaded as libalias.so; no name or alias of that map is libv.so.
    s = versioned(tmp_path)
    s.lib("libalias.so")
    s.module("mod.so", CALLS_F, needed=["libalias.so", "libv.so"])
    patchelf("--remove-needed", "libv.so", tmp_path / "mod.so")
    shutil.copy(tmp_path / "libv.so", tmp_path / "libalias.so")
    outcome = s.compare(s.host(F), "mod.so")
    assert [(f.kind, f.detail) for f in outcome.failures] == [
        ("version-file-not-loaded", "libv.so")
    ]
    assert "Assertion `needed != NULL' failed" in outcome.ran.stderr


# -- what fails -----------------------------------------------------------------------------------


@pytest.mark.rule("2", "missing library")
def test_missing_library_fails(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libb.so")
    s.module("mod.so", needed=["libb.so"])
    (tmp_path / "libb.so").unlink()
    outcome = s.compare(s.host(), "mod.so")
    assert [(f.kind, f.name) for f in outcome.failures] == [("missing-library", "libb.so")]


@pytest.mark.rule("2", "missing library")
def test_missing_module_fails(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    outcome = s.compare(s.host(), str(tmp_path / "missing.so"))
    assert [f.kind for f in outcome.failures] == ["missing-library"]


@pytest.mark.rule("2", "undefined symbol")
def test_undefined_symbol_fails(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.module("mod.so", CALLS_F)
    outcome = s.compare(s.host(), "mod.so")
    assert [(f.kind, f.name) for f in outcome.failures] == [("undefined-symbol", "f")]
    assert outcome.messages[0].endswith("undefined symbol: f")


@pytest.mark.rule("2", "undefined symbol")
def test_undefined_version_of_a_symbol_fails(tmp_path: Path) -> None:
    s = versioned(tmp_path)
    s.lib("libv.so", "int other(void) { return 1; }", versions="V1 { other; };")
    outcome = s.compare(s.host(), "mod.so")
    assert [(f.kind, f.name, f.detail) for f in outcome.failures] == [
        ("undefined-symbol", "f", "V1")
    ]
    assert outcome.messages[0].endswith("undefined symbol: f, version V1")


@pytest.mark.parametrize("kind", ["-pie", "-no-pie"])
@pytest.mark.rule("6.4", "executable")
def test_executable_cannot_be_opened(tmp_path: Path, kind: str) -> None:
    s = Scenario(tmp_path)
    s.exe("int main(void) { return 0; }", kind, name="program")
    outcome = s.compare(s.host(), "program")
    assert [f.kind for f in outcome.failures] == ["unloadable-file"]


@pytest.mark.rule("6.4", "executable")
def test_executable_that_is_needed_cannot_be_loaded(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libb.so")
    s.module("mod.so", needed=["libb.so"])
    s.exe("int main(void) { return 0; }", name="libb.so")
    outcome = s.compare(s.host(), "mod.so")
    assert [f.kind for f in outcome.failures] == ["unloadable-file"]


# -- 8: the log that judges -----------------------------------------------------------------------


@pytest.mark.rule("8", "spaces")
def test_names_in_the_log_may_hold_spaces(tmp_path: Path) -> None:
    s = Scenario(tmp_path / "a place")
    s.directory.mkdir()
    s.lib("lib x.so", F)
    s.module("mod x.so", CALLS_F, needed=["lib x.so"])
    outcome = s.compare(s.host(), "mod x.so")
    assert outcome.closure("mod x.so") == ["mod x.so", "lib x.so"]
    assert outcome.provider("mod x.so", "f") == "lib x.so"
