"""What musl loads, in which order, and under which names it knows it: judged by musl itself.

:meth:`musl.MuslScenario.judge` compares the load order, every slot and every
failure; the assertion of a test names what matters.
"""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from collide.analysis.analysis import analyse
from collide.elf.constants import DT_FLAGS_1
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.hosts.profile_file.read import load
from collide.hosts.profile_file.write import record, to_bytes
from collide.report.bindings import render
from collide.wheels.target import read_target
from musl import MuslScenario
from scenario import patch_bytes, patch_dynamic, patch_segment

F = "int f(void) { return 1; }"
CALLS_F = "int f(void); int g(void) { return f(); }"
CALLS_OWN_F = "int f(void) { return 2; } int g(void) { return f(); }"
LIBC = """
int __libc_start_main(void) { return 1; }
int stdin = 1;
int f(void) { return 3; }
"""
DF_1_PIE = 0x08000000


@pytest.fixture
def s(tmp_path: Path) -> MuslScenario:
    return MuslScenario(tmp_path)


# -- the global list ------------------------------------------------------------------------------


@pytest.mark.rule("7", "loading")
def test_closure_is_breadth_first(s: MuslScenario) -> None:
    s.lib("libdeep.so", F)
    s.lib("liba.so", needed=["libdeep.so"])
    s.lib("libb.so", F)
    s.module("mod.so", CALLS_OWN_F)
    outcome = s.judge(s.host(needed=["liba.so", "libb.so"]), "mod.so")
    assert outcome.provider("mod.so", "f") == "libb.so"


@pytest.mark.rule("7", "loading")
def test_preloads_follow_the_executable_in_order(s: MuslScenario) -> None:
    s.lib("liba.so", F)
    s.module("mod.so", CALLS_F)
    preload = [s.lib("p1.so", F), s.lib("p2.so", F)]
    outcome = s.judge(s.host(needed=["liba.so"]), "mod.so", preload=preload)
    assert outcome.provider("mod.so", "f") == "p1.so"


@pytest.mark.rule("7", "loading")
def test_what_a_preload_needs_follows_what_the_executable_needs(s: MuslScenario) -> None:
    s.lib("liba.so", F)
    s.lib("libp.so", F)
    s.module("mod.so", CALLS_F)
    preload = [s.lib("p1.so", needed=["libp.so"])]
    outcome = s.judge(s.host(needed=["liba.so"]), "mod.so", preload=preload)
    assert outcome.provider("mod.so", "f") == "liba.so"


@pytest.mark.parametrize(
    ("needed", "provider"),
    [(["libm.so.9", "libb.so"], "musl"), (["libb.so", "libm.so.9"], "libb.so")],
)
@pytest.mark.rule("7", "loading")
def test_musl_stands_where_it_is_needed_first(
    s: MuslScenario, needed: list[str], provider: str
) -> None:
    s.lib("libm.so.9")
    s.lib("libb.so", "int getuid(void) { return 1; }")
    s.module("mod.so", "int getuid(void); int g(void) { return getuid(); }")
    assert s.judge(s.host(needed=needed), "mod.so").provider("mod.so", "getuid") == provider


# -- dlopen ---------------------------------------------------------------------------------------


@pytest.mark.rule("7", "loading")
def test_references_go_to_the_host_the_module_then_its_closure(s: MuslScenario) -> None:
    s.lib("libdep.so", "int a(void) { return 1; } int b(void) { return 1; } int own(void);"
          "int c(void) { return own(); } int own(void) { return 1; }")  # fmt: skip
    source = "int a(void); int b(void) { return 2; } int c(void); int own(void) { return 2; }"
    s.module("mod.so", f"{source} int g(void) {{ return a() + b() + c(); }}", needed=["libdep.so"])
    outcome = s.judge(s.host("int a(void) { return 0; }"), "mod.so")
    assert outcome.provider("mod.so", "a") == "host"
    assert outcome.provider("mod.so", "b") == "mod.so"
    assert outcome.provider("mod.so", "c") == "libdep.so"
    assert outcome.provider("libdep.so", "own") == "mod.so"
    assert outcome.binding("mod.so", "a").shadowed
    assert outcome.binding("libdep.so", "own").shadowed


@pytest.mark.parametrize("first", ["one.so", "two.so"])
@pytest.mark.rule("7", "loading")
def test_shared_dependency_is_relocated_in_the_scope_of_its_first_opener(
    s: MuslScenario, first: str
) -> None:
    s.lib("libdep.so", CALLS_OWN_F)
    for name in ("one.so", "two.so"):
        s.module(name, F, needed=["libdep.so"])
    second = "two.so" if first == "one.so" else "one.so"
    assert s.judge(s.host(), first, second).provider("libdep.so", "f") == first


@pytest.mark.rule("7", "loading")
def test_local_modules_do_not_see_each_other(s: MuslScenario) -> None:
    s.module("one.so", F)
    s.module("two.so", CALLS_F)
    outcome = s.judge(s.host(), "one.so", "two.so")
    assert [f.kind for f in outcome.failures] == ["undefined-symbol"]


@pytest.mark.rule("7", "loading")
def test_global_modules_and_their_closure_join_the_list(s: MuslScenario) -> None:
    s.lib("libdep.so", F)
    s.module("one.so", needed=["libdep.so"])
    s.module("two.so", CALLS_OWN_F)
    assert s.judge(s.host(), "+one.so", "two.so").provider("two.so", "f") == "libdep.so"


@pytest.mark.rule("7", "loading")
def test_module_can_become_global_later(s: MuslScenario) -> None:
    s.module("one.so", F)
    s.module("two.so", CALLS_OWN_F)
    assert s.judge(s.host(), "one.so", "+one.so", "two.so").provider("two.so", "f") == "one.so"


@pytest.mark.rule("7", "loading")
def test_failing_open_leaves_nothing_behind(s: MuslScenario) -> None:
    s.lib("libdep.so", CALLS_OWN_F)
    s.module("one.so", f"{F} int gone(void); int h(void) {{ return gone(); }}",
             needed=["libdep.so"])  # fmt: skip
    s.module("two.so", F, needed=["libdep.so"])
    outcome = s.judge(s.host(), "one.so", "two.so")
    assert outcome.answers[1] == "ok"
    assert outcome.provider("libdep.so", "f") == "two.so"


@pytest.mark.rule("7", "loading")
def test_name_that_a_failing_open_gave_to_an_older_object_stays(s: MuslScenario) -> None:
    s.lib("libz.so.1", F)
    s.module("bad.so", f"{CALLS_F} int gone(void); int h(void) {{ return gone(); }}",
             needed=["libz.so.1"])  # fmt: skip
    s.lib("bundled/libz.so.1", F)
    s.module("two.so", CALLS_F, needed=["bundled/libz.so.1"], runpath="$ORIGIN/bundled")
    outcome = s.judge(s.host(), "libz.so.1", "bad.so", "two.so")
    assert outcome.answers[2] == "ok"
    assert outcome.provider("two.so", "f") == "libz.so.1"


@pytest.mark.rule("7", "loading")
def test_missing_library_is_named(s: MuslScenario) -> None:
    s.lib("libgone.so")
    s.module("mod.so", needed=["libgone.so"])
    (s.directory / "libgone.so").unlink()
    outcome = s.judge(s.host(), "mod.so")
    assert [(f.kind, f.name) for f in outcome.failures] == [("missing-library", "libgone.so")]


@pytest.mark.rule("7", "loading")
def test_executable_can_be_opened(s: MuslScenario) -> None:
    patch_dynamic(s.module("mod.so", CALLS_OWN_F), DT_FLAGS_1, DF_1_PIE)
    assert s.judge(s.host(), "mod.so").answers == ("ok",)


# -- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1",
             "libutil.so.1", "libxnet.so", "libc.musl-x86_64.so.1"],
)  # fmt: skip
@pytest.mark.rule("7", "loading")
def test_name_of_a_c_library_is_musl_itself(s: MuslScenario, name: str) -> None:
    s.lib(name, F)
    s.module("mod.so", "int f(void) __attribute__((weak)); int g(void) { return f(); }",
             needed=[name])  # fmt: skip
    assert s.judge(s.host(), "mod.so").provider("mod.so", "f") is None


@pytest.mark.rule("7", "loading")
def test_name_that_only_begins_so_is_searched_for(s: MuslScenario) -> None:
    s.lib("libcrypt.so.1", F)
    s.module("mod.so", CALLS_F, needed=["libcrypt.so.1"])
    assert s.judge(s.host(), "mod.so").provider("mod.so", "f") == "libcrypt.so.1"


@pytest.mark.rule("7", "loading")
def test_path_of_the_loader_is_musl_itself(s: MuslScenario) -> None:
    assert s.judge(s.host(), "/lib/ld-musl-x86_64.so.1").answers == ("ok",)


@pytest.mark.rule("7", "loading")
def test_file_that_looks_like_a_c_library_is_replaced_by_musl(s: MuslScenario) -> None:
    s.lib("libother.so", LIBC)
    s.module("mod.so", "int f(void) __attribute__((weak)); int g(void) { return f(); }",
             needed=["libother.so"])  # fmt: skip
    assert s.judge(s.host(), "mod.so").provider("mod.so", "f") is None


@pytest.mark.rule("7", "loading")
def test_soname_captures_nothing(s: MuslScenario) -> None:
    s.lib("libhost.so", F, soname="libz.so.1")
    host = s.host()
    s.lib("bundled/libz.so.1", F)
    s.module("mod.so", CALLS_F, needed=["bundled/libz.so.1"], runpath="$ORIGIN/bundled")
    outcome = s.judge(host, "libhost.so", "mod.so")
    assert outcome.provider("mod.so", "f") == "bundled/libz.so.1"


@pytest.mark.rule("7", "loading")
def test_name_found_by_search_captures(s: MuslScenario) -> None:
    s.lib("libz.so.1", F)
    host = s.host(needed=["libz.so.1"])
    s.lib("bundled/libz.so.1", F)
    s.module("mod.so", CALLS_F, needed=["bundled/libz.so.1"], runpath="$ORIGIN/bundled")
    outcome = s.judge(host, "mod.so")
    assert outcome.provider("mod.so", "f") == "libz.so.1"
    assert "bundled/libz.so.1" not in outcome.loaded


@pytest.mark.rule("7", "loading")
def test_name_found_by_search_of_a_local_module_captures(s: MuslScenario) -> None:
    s.lib("one/libz.so.1", F)
    s.module("one.so", needed=["one/libz.so.1"], runpath="$ORIGIN/one")
    s.lib("two/libz.so.1", F)
    s.module("two.so", CALLS_F, needed=["two/libz.so.1"], runpath="$ORIGIN/two")
    outcome = s.judge(s.host(), "one.so", "two.so")
    assert outcome.provider("two.so", "f") == "one/libz.so.1"


@pytest.mark.rule("7", "loading")
def test_library_opened_by_path_does_not_capture_its_name(s: MuslScenario) -> None:
    s.lib("libz.so.1", F)
    s.lib("bundled/libz.so.1", F)
    s.module("mod.so", CALLS_F, needed=["bundled/libz.so.1"], runpath="$ORIGIN/bundled")
    outcome = s.judge(s.host(), "libz.so.1", "mod.so")
    assert outcome.provider("mod.so", "f") == "bundled/libz.so.1"


@pytest.mark.rule("7", "loading")
def test_library_opened_by_path_gets_its_name_when_a_search_finds_it(s: MuslScenario) -> None:
    s.lib("libz.so.1", F)
    s.module("one.so", CALLS_F, needed=["libz.so.1"])
    s.lib("bundled/libz.so.1", F)
    s.module("two.so", CALLS_F, needed=["bundled/libz.so.1"], runpath="$ORIGIN/bundled")
    outcome = s.judge(s.host(), "libz.so.1", "one.so", "two.so")
    assert outcome.provider("two.so", "f") == "libz.so.1"


@pytest.mark.rule("7", "loading")
def test_name_it_gets_is_that_of_its_own_path(s: MuslScenario) -> None:
    s.lib("libreal.so", F, soname="libalias.so")
    s.module("one.so", CALLS_F, needed=["libreal.so"])
    (s.directory / "libalias.so").symlink_to("libreal.so")
    s.lib("other/libreal.so", F)
    s.module("two.so", CALLS_F, needed=["other/libreal.so"], runpath="$ORIGIN/other")
    outcome = s.judge(s.host(), "libreal.so", "one.so", "two.so")
    assert outcome.provider("one.so", "f") == "libreal.so"
    assert outcome.provider("two.so", "f") == "libreal.so"


@pytest.mark.rule("7", "loading")
def test_of_two_with_one_name_the_one_that_was_loaded_first_captures(s: MuslScenario) -> None:
    s.lib("first/libz.so.1", F, soname="libalias.so")
    s.lib("second/libz.so.1", F)
    s.module("one.so", CALLS_F, needed=["second/libz.so.1"], runpath="$ORIGIN/second")
    s.module("two.so", CALLS_F, needed=["first/libz.so.1"], runpath="$ORIGIN")
    (s.directory / "libalias.so").symlink_to("first/libz.so.1")
    s.module("three.so", CALLS_F, needed=["second/libz.so.1"], runpath="$ORIGIN/second")
    # By path, so without a name; beside it; found by a search, so named; asked for.
    outcome = s.judge(s.host(), "first/libz.so.1", "one.so", "two.so", "three.so")
    assert outcome.provider("one.so", "f") == "second/libz.so.1"
    assert outcome.provider("three.so", "f") == "first/libz.so.1"


@pytest.mark.rule("7", "loading")
def test_one_file_under_two_names_is_one_object(s: MuslScenario) -> None:
    s.lib("liba.so", F)
    (s.directory / "libb.so").hardlink_to(s.directory / "liba.so")
    outcome = s.judge(s.host(), "liba.so", "libb.so")
    assert "libb.so" not in outcome.loaded


@pytest.mark.rule("7", "loading")
def test_two_copies_are_two_objects(s: MuslScenario) -> None:
    s.lib("liba.so", F)
    (s.directory / "copy").mkdir()
    shutil.copy(s.directory / "liba.so", s.directory / "copy" / "liba.so")
    outcome = s.judge(s.host(), "liba.so", "copy/liba.so")
    assert "copy/liba.so" in outcome.loaded


# -- what musl does not have ----------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["-Wl,--filter=libgone.so", "-Wl,--auxiliary=liba.so"])
@pytest.mark.rule("7", "loading")
def test_filters_are_not_read(s: MuslScenario, flag: str) -> None:
    s.lib("liba.so", F)
    s.lib("libfilter.so", F, flag)
    s.module("mod.so", CALLS_F, needed=["libfilter.so"])
    outcome = s.judge(s.host(), "mod.so")
    assert outcome.provider("mod.so", "f") == "libfilter.so"
    assert "liba.so" not in outcome.loaded


@pytest.mark.rule("7", "loading")
def test_versions_are_not_checked_at_load(s: MuslScenario) -> None:
    s.lib("libv.so", F, versions="V2 { f; };")
    s.module("mod.so", CALLS_F, needed=["libv.so"])
    s.lib("libv.so", F, versions="V1 { f; };")
    outcome = s.judge(s.host(), "mod.so")
    assert outcome.answers == ("ok",)
    assert outcome.provider("mod.so", "f") == "libv.so"


# -- a recorded host ------------------------------------------------------------------------------


@pytest.mark.rule("7", "loading")
def test_recorded_host_opens_modules_as_the_host_itself(s: MuslScenario) -> None:
    s.lib("libpre.so", "int pre(void) { return 1; }")
    s.lib("plugin/libz.so.1", F)
    s.module("plugin/plugin.so", needed=["plugin/libz.so.1"])
    host = s.host(runpath="$ORIGIN/app")
    s.lib("libz.so.1", F)
    s.lib("app/liba.so", "int a(void) { return 1; }")
    # The short name of the plugin's dependency captures, the executable's run path serves.
    s.module(
        "mod.so",
        "int f(void); int a(void); int pre(void); int getpid(void);"
        "int g(void) { return f() + a() + pre() + getpid(); }",
        needed=["libz.so.1", "app/liba.so"],
    )
    root = Root()
    plugin = str(s.directory / "plugin/plugin.so")
    preload = [str(s.directory / "libpre.so")]
    live = extract(str(host), root, preload=preload, rtld_global=[plugin])
    profile = s.directory / "profile.json"
    profile.write_bytes(to_bytes(record(live, root), compressed=False))
    recorded = load(profile)

    assert recorded.loader == live.loader
    target = read_target(s.directory / "mod.so")
    told = list(render(analyse(target, recorded)))
    assert told == list(render(analyse(target, live)))
    providers = {json.loads(line)["symbol"]: json.loads(line)["provider"] for line in told}
    assert providers["f"] == str(s.directory / "plugin/libz.so.1")
    assert providers["a"] == str(s.directory / "app/liba.so")
    assert providers["pre"] == preload[0]
    outcome = s.judge(host, f"+{plugin}", "mod.so", preload=preload)
    assert outcome.provider("mod.so", "f") == "plugin/libz.so.1"
    assert outcome.provider("mod.so", "a") == "app/liba.so"


def widen_program_headers(path: Path) -> None:
    """Put the program headers at the end of the file, 64 bytes apart."""
    data = bytearray(path.read_bytes())
    (first,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    headers = [data[first + size * n : first + size * (n + 1)] for n in range(count)]
    struct.pack_into("<Q", data, 32, len(data))
    struct.pack_into("<H", data, 54, 64)
    path.write_bytes(data + b"".join(header.ljust(64, b"\0") for header in headers))


@pytest.mark.rule("7", "loading")
def test_misaligned_segments_and_odd_headers_are_opened(s: MuslScenario) -> None:
    names = ("offset.so", "align.so", "version.so", "padding.so", "wide.so")
    source = f"{F} int g(void) {{ return f(); }} int counter; int h(void) {{ return counter; }}"
    for name in names:
        s.module(name, source)
    with (s.directory / "offset.so").open("rb") as stream:
        last = list(ELFFile(stream).iter_segments("PT_LOAD"))[-1]
    patch_segment(s.directory / "offset.so", 1, last=True, offset=last["p_offset"] + 8)
    patch_segment(s.directory / "align.so", 1, last=True, align=0x1800)
    patch_bytes(s.directory / "version.so", 20, 2)
    patch_bytes(s.directory / "padding.so", 12, 1)
    widen_program_headers(s.directory / "wide.so")
    outcome = s.judge(s.host(F), *names)
    assert outcome.answers == ("ok",) * 5
    assert [outcome.provider(name, "f") for name in names] == ["host"] * 5
