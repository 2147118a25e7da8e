"""Where musl finds a name: judged by musl itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.elf.constants import DT_RUNPATH, DT_SONAME
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.support.errors import InputError
from musl import MuslScenario, observe
from scenario import dynamic_value, patch_dynamic, patch_header

F = "int f(void) { return 1; }"
CALLS_F = "int f(void); int g(void) { return f(); }"
LOADER = Path("/lib/ld-musl-x86_64.so.1")


@pytest.fixture
def s(tmp_path: Path) -> MuslScenario:
    return MuslScenario(tmp_path)


def copies(s: MuslScenario, *directories: str) -> None:
    """``libf.so`` in each of these directories, and ``mod.so`` that needs it."""
    for directory in directories:
        s.lib(f"{directory}/libf.so", F)


def provider(s: MuslScenario, host: Path | None = None, **environment: list[str]) -> str | None:
    """Where ``mod.so`` gets ``f`` from."""
    return s.judge(host or s.host(), "mod.so", **environment).provider("mod.so", "f")


@pytest.mark.parametrize("kind", ["rpath", "runpath"])
@pytest.mark.rule("7", "search")
def test_library_path_comes_before_run_paths(s: MuslScenario, kind: str) -> None:
    copies(s, "env", "own")
    s.module("mod.so", CALLS_F, needed=["own/libf.so"], **{kind: "$ORIGIN/own"})
    assert provider(s, library_path=[str(s.directory / "env")]) == "env/libf.so"


@pytest.mark.parametrize("kind", ["rpath", "runpath"])
@pytest.mark.rule("7", "search")
def test_run_paths_are_inherited(s: MuslScenario, kind: str) -> None:
    copies(s, "deep")
    s.lib("libmid.so", CALLS_F, needed=["deep/libf.so"], runpath=None)
    s.module("mod.so", CALLS_F, needed=["libmid.so"], **{kind: "$ORIGIN:$ORIGIN/deep"})
    assert provider(s) == "deep/libf.so"


@pytest.mark.rule("7", "search")
def test_runpath_stands_for_the_rpath_beside_it(s: MuslScenario) -> None:
    copies(s, "one", "two")
    module = s.module(
        "mod.so", CALLS_F, needed=["two/libf.so"], rpath="$ORIGIN/one", soname=f"{s.directory}/two"
    )
    patch_dynamic(module, DT_RUNPATH, dynamic_value(module, DT_SONAME))
    assert provider(s) == "two/libf.so"


@pytest.mark.rule("7", "search")
def test_own_run_path_comes_before_inherited_ones(s: MuslScenario) -> None:
    copies(s, "module", "mid")
    s.lib("libmid.so", CALLS_F, needed=["mid/libf.so"], runpath="$ORIGIN/mid")
    s.module("mod.so", CALLS_F, needed=["libmid.so"], runpath="$ORIGIN:$ORIGIN/module")
    assert provider(s) == "mid/libf.so"


@pytest.mark.rule("7", "search")
def test_run_path_of_the_executable_serves_modules(s: MuslScenario) -> None:
    copies(s, "app")
    s.module("mod.so", CALLS_F, needed=["app/libf.so"], runpath=None)
    assert provider(s, s.host(runpath="$ORIGIN/app")) == "app/libf.so"


@pytest.mark.rule("7", "search")
def test_run_path_of_the_executable_does_not_serve_preloads(s: MuslScenario) -> None:
    copies(s, "app")
    s.module("mod.so", CALLS_F, needed=["app/libf.so"], runpath=None)
    preload = [str(s.module("p.so", needed=["app/libf.so"], runpath=None))]
    outcome = s.judge(s.host(runpath="$ORIGIN/app"), preload=preload)
    assert [f.kind for f in outcome.failures] == ["missing-library"]


@pytest.mark.rule("7", "search")
def test_run_path_of_the_executable_does_not_find_preloads(s: MuslScenario) -> None:
    s.lib("app/libp.so", F)
    host = s.host(runpath=f"{s.directory}/app")
    (loaded,) = observe([host], {"LD_PRELOAD": "libp.so"}, 1).loaded
    assert not any(name.endswith("libp.so") for name in loaded)
    with pytest.raises(InputError, match=r"libp\.so: no such library"):
        extract(str(host), Root(), preload=["libp.so"])


@pytest.mark.rule("7", "search")
def test_token_that_is_not_origin_voids_the_run_path(s: MuslScenario) -> None:
    copies(s, "own", "app")
    s.module("mod.so", CALLS_F, needed=["own/libf.so"], runpath="$ORIGIN/own:/lib/$LIB")
    assert provider(s, s.host(runpath="$ORIGIN/app")) == "app/libf.so"


@pytest.mark.rule("7", "search")
def test_origin_may_have_braces_and_a_tail(s: MuslScenario) -> None:
    directory = s.directory.with_name(f"{s.directory.name}tail")
    directory.mkdir()
    s.lib(f"../{directory.name}/libf.so", F)
    s.module("mod.so", CALLS_F, needed=[f"../{directory.name}/libf.so"], runpath="${ORIGIN}tail")
    assert provider(s) == str(directory / "libf.so")


@pytest.mark.rule("7", "search")
def test_no_token_is_expanded_in_the_library_path(s: MuslScenario) -> None:
    copies(s, "env", "own")
    s.module("mod.so", CALLS_F, needed=["own/libf.so"], runpath="$ORIGIN/own")
    assert provider(s, library_path=["$ORIGIN/env"]) == "own/libf.so"


@pytest.mark.rule("7", "search")
def test_subdirectories_of_hardware_capabilities_are_not_tried(s: MuslScenario) -> None:
    copies(s, "own/glibc-hwcaps/x86-64-v2", "own/tls", "own")
    s.module("mod.so", CALLS_F, needed=["own/libf.so"], runpath="$ORIGIN/own")
    assert provider(s) == "own/libf.so"


@pytest.mark.rule("7", "search")
def test_long_path_is_passed_over(s: MuslScenario) -> None:
    long = "/".join(["d" * 100] * 5)
    copies(s, long, "own")
    s.module("mod.so", CALLS_F, needed=["own/libf.so"], runpath=f"$ORIGIN/{long}:$ORIGIN/own")
    assert provider(s) == "own/libf.so"


@pytest.mark.rule("7", "search")
def test_file_for_another_machine_is_taken(s: MuslScenario) -> None:
    copies(s, "first", "second")
    patch_header(s.directory / "first/libf.so", machine=183)
    s.module("mod.so", CALLS_F, needed=["second/libf.so"], runpath="$ORIGIN/first:$ORIGIN/second")
    assert provider(s) == "first/libf.so"


@pytest.mark.parametrize("content", [b"", b"INPUT(libf.so)"])
@pytest.mark.rule("7", "search")
def test_file_that_is_no_object_ends_the_search(s: MuslScenario, content: bytes) -> None:
    copies(s, "first", "second")
    s.module("mod.so", CALLS_F, needed=["second/libf.so"], runpath="$ORIGIN/first:$ORIGIN/second")
    (s.directory / "first/libf.so").write_bytes(content)
    outcome = s.judge(s.host(), "mod.so")
    assert [f.kind for f in outcome.failures] == ["unloadable-file"]


@pytest.mark.rule("7", "search")
def test_directory_ends_the_search(s: MuslScenario) -> None:
    copies(s, "second")
    (s.directory / "first/libf.so").mkdir(parents=True)
    s.module("mod.so", CALLS_F, needed=["second/libf.so"], runpath="$ORIGIN/first:$ORIGIN/second")
    outcome = s.judge(s.host(), "mod.so")
    assert [f.kind for f in outcome.failures] == ["unloadable-file"]


@pytest.mark.rule("7", "search")
def test_name_with_a_slash_is_no_search_and_has_no_tokens(s: MuslScenario) -> None:
    path = s.lib("libf.so", F, soname=str(s.directory / "libf.so"))
    s.module("mod.so", CALLS_F, needed=["libf.so"], runpath=None)
    assert provider(s) == "libf.so"
    s.lib("libf.so", F, soname="$ORIGIN/libf.so")
    s.module("mod.so", CALLS_F, needed=["libf.so"])
    outcome = s.judge(s.host(), "mod.so")
    assert [f.kind for f in outcome.failures] == ["missing-library"]
    assert path.exists()


# -- the system's directories ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [("{0}/one:{0}/two", "one"), ("\n{0}/gone\n{0}/two\n{0}/one\n", "two")],
)
@pytest.mark.rule("7", "search")
def test_path_file_beside_the_loader(s: MuslScenario, written: str, expected: str) -> None:
    loader = s.directory / "prefix/lib/ld-musl-x86_64.so.1"
    loader.parent.mkdir(parents=True)
    loader.write_bytes(LOADER.read_bytes())
    loader.chmod(0o755)
    file = s.directory / "prefix/etc/ld-musl-x86_64.path"
    file.parent.mkdir()
    file.write_text(written.format(s.directory))
    copies(s, "one", "two")
    s.module("mod.so", CALLS_F, needed=["one/libf.so"], runpath=None)
    host = s.host("", f"-Wl,--dynamic-linker={loader}", runpath=None)
    assert provider(s, host) == f"{expected}/libf.so"


@pytest.mark.rule("7", "search")
def test_directories_without_a_path_file_are_the_loaders_own(s: MuslScenario) -> None:
    loader = s.directory / "prefix/lib/ld-musl-x86_64.so.1"
    loader.parent.mkdir(parents=True)
    loader.write_bytes(LOADER.read_bytes())
    loader.chmod(0o755)
    host = s.host("", f"-Wl,--dynamic-linker={loader}", runpath=None)
    s.lib("libf.so", F)
    s.module("mod.so", CALLS_F, needed=["libf.so"], runpath=None)
    outcome = s.judge(host, "mod.so")
    assert outcome.host.loader.system_dirs == ("/lib", "/usr/local/lib", "/usr/lib")
    assert [f.kind for f in outcome.failures] == ["missing-library"]
