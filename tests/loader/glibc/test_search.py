"""Where a needed name is found: each rule of glibc's ``_dl_map_new_object``.

Two rules of patched loaders (NixOS, Guix) have no such loader here to judge
them; all others let the real one decide (:meth:`scenario.Scenario.compare`).
"""

from __future__ import annotations

import posixpath
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from collide.elf.constants import DT_RUNPATH, DT_SONAME
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.loader.glibc.search import candidates, find
from collide.loader.link_map import LinkMap
from collide.loader.model import FoundVia, Loader
from patching import patchelf
from scenario import (
    Outcome,
    Scenario,
    dynamic_value,
    patch_dynamic,
    patch_header,
    require_loader,
    shorten_segment,
)
from systems import admin_tool

F = "int f(void) { return 1; }"


def scene(directory: Path, *having: str) -> Scenario:
    """liba.so in each of ``having``, and a stub to link with what is to need it."""
    s = Scenario(directory)
    s.lib("stub.so", soname="liba.so")
    for place in having:
        s.lib(f"{place}/liba.so")
    return s


def found(outcome: Outcome, name: str = "mod.so") -> str:
    """The liba.so that was found, or why nothing was."""
    if outcome.failures:
        (failure,) = outcome.failures
        return failure.kind
    (path,) = [p for p in outcome.closure(name) if p.endswith("liba.so")]
    return path


# -- 6.2: the order of the places -----------------------------------------------------------------


@pytest.mark.rule("6.2", "RPATH before LD_LIBRARY_PATH")
def test_rpath_comes_before_the_library_path(tmp_path: Path) -> None:
    s = scene(tmp_path, "one", "two")
    s.module("mod.so", needed=["stub.so"], rpath="$ORIGIN/one")
    outcome = s.compare(s.host(), "mod.so", library_path=[tmp_path / "two"])
    assert found(outcome) == "one/liba.so"


@pytest.mark.rule("6.2", "LD_LIBRARY_PATH before RUNPATH")
def test_library_path_comes_before_runpath(tmp_path: Path) -> None:
    s = scene(tmp_path, "one", "two")
    s.module("mod.so", needed=["stub.so"], runpath="$ORIGIN/one")
    outcome = s.compare(s.host(), "mod.so", library_path=[tmp_path / "two"])
    assert found(outcome) == "two/liba.so"


@pytest.mark.rule("6.2", "order in a path")
def test_directories_of_a_path_are_tried_in_order(tmp_path: Path) -> None:
    s = scene(tmp_path, "one", "two")
    s.module("mod.so", needed=["stub.so"], runpath="$ORIGIN/none:$ORIGIN/two:$ORIGIN/one")
    assert found(s.compare(s.host(), "mod.so")) == "two/liba.so"


@pytest.mark.rule("6.2", "RUNPATH voids RPATH")
def test_runpath_makes_the_loader_forget_the_rpath_beside_it(tmp_path: Path) -> None:
    s = scene(tmp_path, "one", "two")
    module = s.module(
        "mod.so", needed=["stub.so"], rpath="$ORIGIN/one", soname=str(tmp_path / "two")
    )
    patch_dynamic(module, DT_RUNPATH, dynamic_value(module, DT_SONAME))
    assert found(s.compare(s.host(), "mod.so")) == "two/liba.so"


@pytest.mark.rule("6.2", "RUNPATH voids RPATH")
def test_rpath_beside_a_runpath_is_not_inherited_either(tmp_path: Path) -> None:
    s = scene(tmp_path, "one", "two")
    s.lib("two/libb.so", needed=["stub.so"], runpath=None)
    module = s.module(
        "mod.so", needed=["two/libb.so"], rpath="$ORIGIN/one", soname=str(tmp_path / "two")
    )
    patch_dynamic(module, DT_RUNPATH, dynamic_value(module, DT_SONAME))
    assert found(s.compare(s.host(), "mod.so")) == "missing-library"


@pytest.mark.rule("6.2", "RPATH is inherited")
def test_rpath_is_inherited_from_what_loaded_the_object(tmp_path: Path) -> None:
    s = scene(tmp_path, "one")
    s.lib("libb.so", needed=["stub.so"], runpath=None)
    s.module("mod.so", needed=["libb.so"], rpath="$ORIGIN:$ORIGIN/one")
    assert found(s.compare(s.host(), "mod.so")) == "one/liba.so"


@pytest.mark.rule("6.2", "RPATH of the executable")
def test_rpath_of_the_executable_serves_a_module(tmp_path: Path) -> None:
    s = scene(tmp_path, "one")
    s.module("mod.so", needed=["stub.so"], runpath=None)
    assert found(s.compare(s.host(rpath="$ORIGIN/one"), "mod.so")) == "one/liba.so"


@pytest.mark.rule("6.2", "RPATH of the executable")
def test_own_rpath_comes_before_those_of_the_module_and_of_the_executable(tmp_path: Path) -> None:
    s = scene(tmp_path, "own", "module", "host")
    s.lib("libb.so", needed=["stub.so"], rpath="$ORIGIN/own")
    s.module("mod.so", needed=["libb.so"], rpath="$ORIGIN:$ORIGIN/module")
    host = s.host(rpath="$ORIGIN/host", name="program")
    assert found(s.compare(host, "mod.so")) == "own/liba.so"


@pytest.mark.rule("6.2", "RPATH of the executable")
def test_rpath_of_the_module_comes_before_that_of_the_executable(tmp_path: Path) -> None:
    s = scene(tmp_path, "module", "host")
    s.lib("libb.so", needed=["stub.so"], runpath=None)
    s.module("mod.so", needed=["libb.so"], rpath="$ORIGIN:$ORIGIN/module")
    host = s.host(rpath="$ORIGIN/host", name="program")
    assert found(s.compare(host, "mod.so")) == "module/liba.so"


@pytest.mark.rule("6.2", "RUNPATH is not inherited")
def test_runpath_is_not_inherited(tmp_path: Path) -> None:
    s = scene(tmp_path, "one")
    s.lib("libb.so", needed=["stub.so"], runpath=None)
    s.module("mod.so", needed=["libb.so"], runpath="$ORIGIN:$ORIGIN/one")
    assert found(s.compare(s.host(), "mod.so")) == "missing-library"


@pytest.mark.rule("6.2", "RUNPATH is not inherited")
def test_runpath_of_the_executable_does_not_serve_a_module(tmp_path: Path) -> None:
    s = scene(tmp_path, "one")
    s.module("mod.so", needed=["stub.so"], runpath=None)
    assert found(s.compare(s.host(runpath="$ORIGIN/one"), "mod.so")) == "missing-library"


@pytest.mark.rule("6.2", "RUNPATH voids RPATH")
def test_own_runpath_disables_every_inherited_rpath(tmp_path: Path) -> None:
    s = scene(tmp_path, "one")
    s.lib("libb.so", needed=["stub.so"], runpath="$ORIGIN/none")
    s.module("mod.so", needed=["libb.so"], rpath="$ORIGIN:$ORIGIN/one")
    assert found(s.compare(s.host(rpath="$ORIGIN/one"), "mod.so")) == "missing-library"


@pytest.mark.rule("6.2", "RPATH is inherited")
def test_runpath_in_between_does_not_stop_an_rpath_from_above(tmp_path: Path) -> None:
    s = scene(tmp_path, "one")
    s.lib("libc3.so", needed=["stub.so"], runpath=None)
    s.lib("libb.so", needed=["libc3.so"], runpath="$ORIGIN")
    s.module("mod.so", needed=["libb.so"], rpath="$ORIGIN:$ORIGIN/one")
    assert found(s.compare(s.host(), "mod.so")) == "one/liba.so"


@pytest.mark.rule("6.2", "bare name")
def test_bare_name_is_opened_as_the_executable_would_need_it(tmp_path: Path) -> None:
    s = scene(tmp_path, "one")
    outcome = s.compare(s.host(runpath="$ORIGIN/one"), "liba.so")
    assert outcome.closure("one/liba.so") == ["one/liba.so"]


# -- 6.2, 6.5: the cache and the directories built in ---------------------------------------------


@pytest.mark.rule("6.5", "found through the cache")
def test_system_library_is_found_through_the_cache(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("stub.so", soname="libm.so.6")
    s.module("mod.so", needed=["stub.so"])
    outcome = s.compare(s.host(), "mod.so")
    assert outcome.closure("mod.so")[:2] == ["mod.so", "libm.so.6"]
    assert [m.found for m in outcome.bound[-1].opened.new] == [
        FoundVia("opened"),
        FoundVia("ld.so.cache"),
    ]


@pytest.mark.rule("6.2", "RUNPATH before the cache")
def test_runpath_comes_before_the_cache(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libm.so.6")
    s.module("mod.so", needed=["libm.so.6"])
    assert s.compare(s.host(), "mod.so").closure("mod.so") == ["mod.so", "libm.so.6"]


@pytest.mark.rule("6.2", "no default directories")
def test_nodefaultlib_hides_the_system_directories(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("stub.so", soname="libm.so.6")
    s.module("mod.so", "", "-Wl,-z,nodefaultlib", needed=["stub.so"])
    outcome = s.compare(s.host(), "mod.so")
    assert [(f.kind, f.name) for f in outcome.failures] == [("missing-library", "libm.so.6")]


def test_cache_answers_as_ldconfig_prints_it() -> None:
    require_loader()
    command = [admin_tool("ldconfig", "libc-bin"), "-p"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    paths: dict[str, str] = {}
    for name, path in re.findall(r"^\t(\S+) \(libc6,x86-64\) => (.+)$", printed, re.MULTILINE):
        paths.setdefault(name, path)
    root = Root()
    extract("/bin/sh", root)
    assert paths
    assert {name: root.cached(name) for name in paths} == paths


# -- 6.2: names with a slash ----------------------------------------------------------------------


@pytest.mark.rule("6.2", "slash")
def test_needed_name_with_a_slash_is_opened_as_it_is(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("one/liba.so")
    s.lib("two/liba.so")
    s.lib("stub.so", soname=str(tmp_path / "two/liba.so"))
    s.module("mod.so", needed=["stub.so"], runpath="$ORIGIN/one")
    assert found(s.compare(s.host(), "mod.so")) == "two/liba.so"


@pytest.mark.rule("6.2", "working directory")
def test_needed_name_with_a_slash_is_relative_to_the_working_directory(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("liba.so")
    # The hosts here run in "/".
    s.lib("stub.so", soname=str(tmp_path / "liba.so").lstrip("/"))
    s.module("mod.so", needed=["stub.so"])
    assert found(s.compare(s.host(), "mod.so")) == "liba.so"


@pytest.mark.rule("6.6", "tokens")
def test_origin_in_a_needed_name_is_expanded(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("one/liba.so")
    s.lib("stub.so", soname="$ORIGIN/one/liba.so")
    s.module("mod.so", needed=["stub.so"], runpath=None)
    assert found(s.compare(s.host(), "mod.so")) == "one/liba.so"


# -- 6.3: subdirectories --------------------------------------------------------------------------


@pytest.mark.rule("6.3", "hwcaps")
def test_best_hwcaps_subdirectory_comes_first(tmp_path: Path) -> None:
    levels = [f"one/glibc-hwcaps/x86-64-v{n}" for n in (2, 3, 4)]
    s = scene(tmp_path, "one", *levels)
    s.module("mod.so", needed=["stub.so"], runpath="$ORIGIN/one")
    outcome = s.compare(s.host(), "mod.so")
    best = (*outcome.host.loader.hwcaps, None)[0]
    assert found(outcome) == (f"one/glibc-hwcaps/{best}/liba.so" if best else "one/liba.so")


@pytest.mark.parametrize("places", [["tls"], ["x86_64"], ["tls/x86_64", "tls", "x86_64"]])
@pytest.mark.rule("6.3", "legacy")
def test_legacy_subdirectory_comes_before_its_directory_up_to_2_36(
    tmp_path: Path, places: list[str]
) -> None:
    s = scene(tmp_path, "one", *[f"one/{place}" for place in places])
    s.module("mod.so", needed=["stub.so"], runpath="$ORIGIN/one")
    outcome = s.compare(s.host(), "mod.so")
    legacy = outcome.host.loader.version < (2, 37)
    assert found(outcome) == (f"one/{places[0]}/liba.so" if legacy else "one/liba.so")


@pytest.mark.rule("6.3", "hwcaps")
def test_hwcaps_subdirectory_comes_before_a_legacy_one(tmp_path: Path) -> None:
    s = scene(tmp_path, "one", "one/glibc-hwcaps/x86-64-v2", "one/tls/x86_64")
    s.module("mod.so", needed=["stub.so"], runpath="$ORIGIN/one")
    outcome = s.compare(s.host(), "mod.so")
    if "x86-64-v2" in outcome.host.loader.hwcaps:
        assert found(outcome) == "one/glibc-hwcaps/x86-64-v2/liba.so"


# -- 6.4: files that do not fit -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bits", "machine"),
    [
        pytest.param(64, 183, id="aarch64"),
        pytest.param(64, 0x1234, id="unknown machine"),
        pytest.param(32, 62, id="x32"),
    ],
)
@pytest.mark.rule("6.4", "other machine")
def test_file_for_another_machine_is_passed_over(tmp_path: Path, bits: int, machine: int) -> None:
    s = scene(tmp_path, "one", "two")
    patch_header(tmp_path / "one/liba.so", bits=bits, machine=machine)
    s.module("mod.so", needed=["stub.so"], runpath="$ORIGIN/one:$ORIGIN/two")
    assert found(s.compare(s.host(), "mod.so")) == "two/liba.so"


@pytest.mark.rule("6.4", "other class")
def test_32_bit_file_is_passed_over(tmp_path: Path) -> None:
    s = scene(tmp_path, "two")
    s.lib("one/liba.so", F, "-m32")
    s.module("mod.so", needed=["stub.so"], runpath="$ORIGIN/one:$ORIGIN/two")
    assert found(s.compare(s.host(), "mod.so")) == "two/liba.so"


@pytest.mark.rule("6.4", "dangling link")
def test_dangling_link_is_passed_over(tmp_path: Path) -> None:
    s = scene(tmp_path, "two")
    (tmp_path / "one").mkdir()
    (tmp_path / "one/liba.so").symlink_to("nowhere")
    s.module("mod.so", needed=["stub.so"], runpath="$ORIGIN/one:$ORIGIN/two")
    assert found(s.compare(s.host(), "mod.so")) == "two/liba.so"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x7fELF", id="too short"),
        pytest.param(b"INPUT(libz.so.1)" * 20, id="bad magic"),
    ],
)
@pytest.mark.rule("6.4", "no object")
def test_file_that_is_no_object_ends_the_search(tmp_path: Path, content: bytes) -> None:
    s = scene(tmp_path, "one", "two")
    (tmp_path / "one/liba.so").write_bytes(content)
    s.module("mod.so", needed=["stub.so"], runpath="$ORIGIN/one:$ORIGIN/two")
    assert found(s.compare(s.host(), "mod.so")) == "unloadable-file"


@pytest.mark.parametrize(
    ("offset", "value"),
    [
        pytest.param(5, 2, id="byte order"),
        pytest.param(7, 99, id="OS ABI"),
        pytest.param(16, 1, id="relocatable"),
    ],
)
@pytest.mark.rule("6.4", "wrong kind")
def test_object_of_a_kind_that_is_not_loaded_ends_the_search(
    tmp_path: Path, offset: int, value: int
) -> None:
    s = scene(tmp_path, "one", "two")
    library = tmp_path / "one/liba.so"
    data = bytearray(library.read_bytes())
    data[offset] = value
    library.write_bytes(data)
    s.module("mod.so", needed=["stub.so"], runpath="$ORIGIN/one:$ORIGIN/two")
    assert found(s.compare(s.host(), "mod.so")) == "unloadable-file"


@pytest.mark.rule("6.4", "page end")
def test_what_follows_a_segment_in_its_last_page_is_mapped_too(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libb.so", F)
    s.module("mod.so", "int f(void); int g(void) { return f(); }", needed=["libb.so"])
    shorten_segment(tmp_path / "libb.so")
    outcome = s.compare(s.host(), "mod.so")
    assert outcome.provider("mod.so", "f") == "libb.so"


@pytest.mark.rule("6.4", "directory")
def test_directory_of_that_name_ends_the_search(tmp_path: Path) -> None:
    s = scene(tmp_path, "two")
    (tmp_path / "one/liba.so").mkdir(parents=True)
    s.module("mod.so", needed=["stub.so"], runpath="$ORIGIN/one:$ORIGIN/two")
    assert found(s.compare(s.host(), "mod.so")) == "unloadable-file"


# -- 6.6: dynamic string tokens -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("runpath", "place"),
    [
        ("$ORIGIN/one", "one"),
        ("${ORIGIN}/one", "one"),
        ("$ORIGIN/one$", "one$"),
        ("$ORIGIN/$PLATFORM", "x86_64"),
        ("$ORIGIN/$PLATFORM", "haswell"),
        ("$ORIGIN/${LIB}/one", "lib/x86_64-linux-gnu/one"),
        ("$ORIGIN/${LIB}/one", "lib64/one"),
        ("$ORIGIN/$UNKNOWN", "$UNKNOWN"),
        ("$ORIGIN/${ORIGIN", "${ORIGIN"),
        ("$ORIGIN/$ORIGINAL", "$ORIGINAL"),
        ("$ORIGIN/$LIB64", "$LIB64"),
    ],
)
@pytest.mark.rule("6.6", "tokens")
def test_tokens_in_a_path(tmp_path: Path, runpath: str, place: str) -> None:
    s = scene(tmp_path, place)
    s.module("mod.so", needed=["stub.so"], runpath=runpath)
    outcome = s.compare(s.host(), "mod.so")
    # Which of two places $LIB and $PLATFORM name is the loader's own choice.
    if "{LIB}" not in runpath and "PLATFORM" not in runpath:
        assert found(outcome) == f"{place}/liba.so"


@pytest.mark.rule("6.6", "origin of a module")
def test_origin_of_a_module_is_where_it_was_opened_not_where_it_is(tmp_path: Path) -> None:
    s = scene(tmp_path, "links", "real")
    s.module("real/mod.so", needed=["stub.so"])
    (tmp_path / "links/mod.so").symlink_to("../real/mod.so")
    assert found(s.compare(s.host(), "links/mod.so"), "real/mod.so") == "links/liba.so"


@pytest.mark.rule("6.6", "origin of the executable")
def test_origin_of_the_executable_is_where_it_is(tmp_path: Path) -> None:
    s = scene(tmp_path, "links", "real")
    s.host(name="real/host", needed=["stub.so"])
    (tmp_path / "links/host").symlink_to("../real/host")
    assert "real/liba.so" in s.compare(tmp_path / "links/host").scope("real/host")


@pytest.mark.rule("6.6", "origin of the executable")
def test_origin_in_the_library_path_is_that_of_the_executable(tmp_path: Path) -> None:
    s = scene(tmp_path, "bin/one")
    s.module("mod.so", needed=["stub.so"])
    host = s.host(name="bin/host")
    assert found(s.compare(host, "mod.so", library_path=["$ORIGIN/one"])) == "bin/one/liba.so"


@pytest.mark.rule("6.2", "working directory")
def test_relative_directory_is_below_the_working_directory(tmp_path: Path) -> None:
    s = scene(tmp_path, "one")
    # The hosts here run in "/".
    s.module("mod.so", needed=["stub.so"], runpath=str(tmp_path / "one").lstrip("/"))
    assert found(s.compare(s.host(), "mod.so")) == "one/liba.so"


# -- what the log of the loader does not show, and loaders that do not run here -------------------


class Search:
    """The search for liba.so, needed by mod.so of ``scene``, on a loader of one's own."""

    def __init__(self, s: Scenario, **loader: Any) -> None:
        self.directory = s.directory
        self.root = Root()
        self.loader = Loader(
            **{
                "libc": "glibc",
                "version": (2, 42),
                "path": "/lib/ld.so",
                "system_dirs": (str(s.directory / "system"),),
                **loader,
            }
        )
        dso = self.root.read(str(s.directory / "mod.so"))
        self.module = LinkMap(dso.path, dso, FoundVia("opened"), None, str(s.directory))

    def found(self) -> tuple[str, str]:
        """How it was found, and where."""
        search = find("liba.so", self.module, self.module, self.loader, self.root)
        assert search is not None
        path, dso, how = search
        assert path == dso.path
        return how.how, str(Path(path).relative_to(self.directory))

    def candidates(self) -> list[str]:
        """Every path that is tried."""
        tried = candidates("liba.so", self.module, self.module, self.loader, self.root)
        return [posixpath.relpath(path, self.directory) for path, _ in tried]


def test_directory_is_tried_once(tmp_path: Path) -> None:
    s = scene(tmp_path)
    s.module("mod.so", runpath="$ORIGIN/one:$ORIGIN/two:$ORIGIN/one/")
    assert Search(s).candidates() == ["one/liba.so", "two/liba.so", "system/liba.so"]


def test_empty_element_is_the_working_directory(tmp_path: Path) -> None:
    s = scene(tmp_path)
    s.module("mod.so", runpath="$ORIGIN/one::")
    search = Search(s, cwd=str(tmp_path / "cwd"))
    assert search.candidates() == ["one/liba.so", "cwd/liba.so", "system/liba.so"]


def test_token_without_a_value_drops_its_element(tmp_path: Path) -> None:
    s = scene(tmp_path)
    s.module("mod.so", runpath="$ORIGIN/$PLATFORM:$ORIGIN/one")
    assert Search(s, platform=None).candidates() == ["one/liba.so", "system/liba.so"]


def test_legacy_subdirectories_are_gone_since_2_37(tmp_path: Path) -> None:
    s = scene(tmp_path)
    s.module("mod.so", runpath=None)
    old = Search(s, version=(2, 32), platform="haswell", hwcaps=("x86-64-v2",))
    assert old.candidates() == [
        "system/tls/haswell/liba.so",
        "system/tls/liba.so",
        "system/haswell/liba.so",
        "system/liba.so",
    ]
    new = Search(s, version=(2, 37), platform="haswell", hwcaps=("x86-64-v2",))
    assert new.candidates() == ["system/glibc-hwcaps/x86-64-v2/liba.so", "system/liba.so"]


@pytest.mark.parametrize(
    ("platform", "hwcaps", "tried"),
    [
        ("haswell", ("x86-64-v4", "x86-64-v3"), True),
        ("haswell", ("x86-64-v3",), False),
        # AMD's CPUs have AVX-512, too, and no such directory.
        ("x86_64", ("x86-64-v4", "x86-64-v3"), False),
    ],
)
def test_legacy_subdirectory_of_intel_cpus_with_avx512(
    tmp_path: Path, platform: str, hwcaps: tuple[str, ...], *, tried: bool
) -> None:
    s = scene(tmp_path)
    s.module("mod.so", runpath=None)
    tries = Search(s, version=(2, 32), platform=platform, hwcaps=hwcaps).candidates()
    assert (f"system/tls/{platform}/avx512_1/liba.so" in tries) is tried
    assert (f"system/{platform}/avx512_1/liba.so" in tries) is tried
    assert ("system/avx512_1/liba.so" in tries) is tried


def nixos_scene(directory: Path, runpath: str) -> Scenario:
    """A module with the note that ``patchelf --build-resolution-cache`` writes."""
    s = scene(directory, "one", "two", "env")
    (directory / "empty").mkdir()
    module = s.module("mod.so", needed=["stub.so"], runpath=runpath)
    patchelf("--build-resolution-cache", module, since=(0, 19))
    return s


NIXOS_RUNPATH = "{0}/empty:{0}/two:{0}/one"


def test_nixos_note_gives_the_same_as_the_runpath_it_was_made_from(tmp_path: Path) -> None:
    s = nixos_scene(tmp_path, NIXOS_RUNPATH.format(tmp_path))
    assert Search(s).found() == ("runpath", "two/liba.so")
    assert Search(s, flavour="nixos").found() == ("resolution-cache", "two/liba.so")


def test_nixos_note_with_tokens_gives_the_same_as_the_runpath(tmp_path: Path) -> None:
    s = nixos_scene(tmp_path, NIXOS_RUNPATH.format("$ORIGIN"))
    assert Search(s).found() == ("runpath", "two/liba.so")
    assert Search(s, flavour="nixos").found() == ("resolution-cache", "two/liba.so")


def test_nixos_note_comes_after_the_library_path(tmp_path: Path) -> None:
    s = nixos_scene(tmp_path, NIXOS_RUNPATH.format(tmp_path))
    search = Search(s, flavour="nixos", library_path=(str(tmp_path / "env"),))
    assert search.found() == ("library-path", "env/liba.so")


def test_nixos_note_comes_before_runpath(tmp_path: Path) -> None:
    s = nixos_scene(tmp_path, NIXOS_RUNPATH.format(tmp_path))
    # A library that appears later in an earlier directory: the note is out of date.
    s.lib("empty/liba.so")
    assert Search(s).found() == ("runpath", "empty/liba.so")
    assert Search(s, flavour="nixos").found() == ("resolution-cache", "two/liba.so")


def test_nixos_note_that_leads_nowhere_falls_back_to_runpath(tmp_path: Path) -> None:
    s = nixos_scene(tmp_path, NIXOS_RUNPATH.format(tmp_path))
    (tmp_path / "one/liba.so").unlink()
    (tmp_path / "two/liba.so").unlink()
    s.lib("empty/liba.so")
    assert Search(s, flavour="nixos").found() == ("runpath", "empty/liba.so")


class Cached(Root):
    """A root whose ld.so.cache knows one library."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def cached(self, name: str) -> str | None:
        return str(self.path) if name == self.path.name else None


def test_guix_asks_the_cache_before_runpath(tmp_path: Path) -> None:
    s = scene(tmp_path, "one", "cache", "env")
    s.module("mod.so", needed=["stub.so"], runpath="$ORIGIN/one")
    upstream, guix = Search(s), Search(s, flavour="guix")
    upstream.root = guix.root = Cached(tmp_path / "cache/liba.so")
    assert upstream.found() == ("runpath", "one/liba.so")
    assert guix.found() == ("ld.so.cache", "cache/liba.so")


def test_guix_asks_the_cache_after_rpath_and_the_library_path(tmp_path: Path) -> None:
    s = scene(tmp_path, "one", "cache", "env")
    s.module("mod.so", needed=["stub.so"], rpath="$ORIGIN/one")
    search = Search(s, flavour="guix")
    search.root = Cached(tmp_path / "cache/liba.so")
    assert search.found() == ("rpath", "one/liba.so")
    s.module("mod.so", needed=["stub.so"], runpath="$ORIGIN/one")
    search = Search(s, flavour="guix", library_path=(str(tmp_path / "env"),))
    search.root = Cached(tmp_path / "cache/liba.so")
    assert search.found() == ("library-path", "env/liba.so")
