"""The cache that ldconfig would write, against the one that it does write."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from collide.cli.main import main
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.hosts.ldconfig import configured, make_cache, unsearched_directories
from collide.loader.glibc.ld_cache import read_cache
from scenario import Scenario
from systems import admin_tool, foreign_root


def run_ldconfig(root: Path) -> None:
    """Write the cache of ``root``, by the ldconfig of this machine."""
    ldconfig = admin_tool("ldconfig", "libc-bin")
    if os.geteuid() != 0:
        pytest.skip("ldconfig -r changes the root directory: run as root")
    subprocess.run([ldconfig, "-r", str(root)], check=True, capture_output=True)


@pytest.fixture
def system(tmp_path: Path) -> tuple[Scenario, Path]:
    """A root with /bin/host, which links liba.so.1 of a configured directory, and no cache."""
    s, root = foreign_root(tmp_path)
    s.lib("root/opt/deep/liba.so.1.0", "int f(void) { return 1; }", soname="liba.so.1")
    (root / "opt/deep/liba.so.1").symlink_to("liba.so.1.0")
    s.host(name="root/usr/bin/host", needed=["root/opt/deep/liba.so.1"], runpath=None)
    (root / "etc/conf.d").mkdir(parents=True)
    (root / "etc/ld.so.conf").write_text("# where\ninclude conf.d/*.conf\n/opt/deep/  # this\n")
    (root / "etc/conf.d/b.conf").write_text("  /opt/first\nhwcap 0 nosegneg\n")
    (root / "etc/conf.d/a.conf").write_text("/opt/zeroth=libc6\n")
    (root / "etc/conf.d/.hidden.conf").write_text("/opt/hidden\n")
    (root / "etc/conf.d/other").write_text("/opt/other\n")
    return s, root


def test_configured_directories_are_those_of_all_files(system: tuple[Scenario, Path]) -> None:
    root = Root(str(system[1]))
    assert list(configured(root)) == ["/opt/zeroth", "/opt/first", "/opt/deep"]
    assert unsearched_directories(root, ["/lib", "/usr/lib"]) == ("/opt/deep",)
    assert unsearched_directories(root, ["/opt/deep"]) == ()


def test_file_that_includes_itself_ends(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/ld.so.conf").write_text("/a\ninclude /etc/ld.so.conf\n")
    assert set(configured(Root(str(tmp_path)))) == {"/a"}


def test_made_cache_answers_as_the_one_of_ldconfig(system: tuple[Scenario, Path]) -> None:
    s, top = system
    s.lib("root/opt/first/libtwice.so.2", soname="libtwice.so.2")
    s.lib("root/opt/deep/libtwice.so.2", soname="libtwice.so.2")
    s.lib("root/opt/deep/libnone.so", soname=None)
    s.lib("root/opt/deep/other.so", soname="other.so")
    s.lib("root/opt/deep/libplug-1.so", soname="plug.so")
    s.lib("root/opt/deep/libnolink.so.3.1", soname="libnolink.so.3")
    s.lib("root/opt/deep/glibc-hwcaps/x86-64-v2/libcpu.so.1")
    s.lib("root/opt/deep/libcpu.so.1")
    (top / "opt/deep/liba.so").symlink_to("liba.so.1")
    (top / "opt/deep/libalias.so.7").symlink_to("liba.so.1.0")
    (top / "opt/deep/libscript.so").write_text("INPUT(liba.so)")
    s.lib("root/opt/deep/libnine.so.9.9", soname="libnine.so.9")
    s.lib("root/opt/deep/libnine.so.9.10", soname="libnine.so.9")
    root = Root(str(top))
    executable = root.read("/usr/bin/host").elf
    made = make_cache(root, executable, 0x303, ("/lib", "/usr/lib"))
    run_ldconfig(top)
    written = read_cache((top / "etc/ld.so.cache").read_bytes())
    names = {"libtwice.so.2", "libnone.so", "other.so", "libplug-1.so", "plug.so", "libcpu.so.1"}
    names |= {
        "libnine.so.9",
        "libnolink.so.3",
        "libnolink.so.3.1",
        "liba.so",
        "liba.so.1",
        "libalias.so.7",
    }
    names |= {"liba.so.1.0", "libc.so.6", "libc-2.so", "ld-2.so", "ld-linux-x86-64.so.2"}

    # Seen afresh: ldconfig has made links.
    linked = Root(str(top))

    def file(path: str | None) -> str | None:
        return linked.realpath(path) if path else None

    for hwcaps in ((), ("x86-64-v2",)):
        expected = {name: file(written.find(name, 0x303, hwcaps)) for name in names}
        assert {name: file(made.find(name, 0x303, hwcaps)) for name in names} == expected
        assert expected["libtwice.so.2"] == "/opt/first/libtwice.so.2"


def test_root_without_a_cache_is_searched_as_its_loader_would(
    system: tuple[Scenario, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, top = system
    assert [f.name for f in extract("/bin/host", Root(str(top))).failures] == ["liba.so.1"]
    assert main(["profile", "--root", str(top), "/bin/host"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        (
            f"collide: {top} has no ld.so.cache, so /opt/deep is not searched; "
            "--ldconfig takes it as ldconfig would"
        ),
        "collide: /usr/bin/host: needs liba.so.1: missing-library; recorded as missing",
    ]


def test_cache_can_be_made_up_for(system: tuple[Scenario, Path]) -> None:
    _, top = system
    made = extract("/bin/host", Root(str(top)), ldconfig=True)
    run_ldconfig(top)
    real = extract("/bin/host", Root(str(top)))
    assert not made.failures
    expected = [(m.name, m.found) for m in real.process.global_scope]
    assert [(m.name, m.found) for m in made.process.global_scope] == expected
    assert re.search(r"/opt/deep/liba\.so\.1'", str(expected))
