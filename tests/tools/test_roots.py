"""Unpacked roots: where files land, and what is said when one cannot be made."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import roots
from collide.filesystems.root import Root
from collide.hosts.packages import find_packages
from roots import RootError


def package(directory: Path, name: str, *files: str) -> Path:
    """A Debian package of that name with these files, each of which holds the name."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("needs dpkg-deb: a Debian system")
    tree = directory / name
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: n\nDescription: n\n"
    )
    for file in files:
        (tree / file).parent.mkdir(parents=True, exist_ok=True)
        (tree / file).write_text(name)
    archive = directory / f"{name}.deb"
    subprocess.run(("dpkg-deb", "--build", tree, archive), check=True, capture_output=True)
    return archive


def test_directories_of_the_old_layout_land_in_the_merged_usr(tmp_path: Path) -> None:
    old = package(tmp_path, "old", "lib/liba.so.1", "lib64/ld.so", "usr/share/doc/old/copyright")
    new = package(tmp_path, "new", "usr/lib/libb.so.1")
    unpacked = tmp_path / "root"
    roots._unpack([old, new], unpacked)
    assert (unpacked / "lib").is_symlink()
    assert (unpacked / "usr/lib/liba.so.1").read_text() == "old"
    assert (unpacked / "lib/libb.so.1").read_text() == "new"
    assert (unpacked / "usr/lib64/ld.so").read_text() == "old"
    assert not list(unpacked.glob("usr/share/doc/*"))


def test_absolute_links_stay_inside_the_root(tmp_path: Path) -> None:
    archive = package(tmp_path, "a", "lib/deep/ld.so.2")
    (tmp_path / "a/lib64").mkdir()
    (tmp_path / "a/lib64/ld.so").symlink_to("/lib/deep/ld.so.2")
    (tmp_path / "a/lib/gone").symlink_to("/etc/alternatives/gone")
    subprocess.run(("dpkg-deb", "--build", tmp_path / "a", archive), check=True)
    unpacked = tmp_path / "root"
    roots._unpack([archive], unpacked)
    assert (unpacked / "lib64/ld.so").read_text() == "a"
    assert str((unpacked / "usr/lib/gone").readlink()) == "../../etc/alternatives/gone"


def test_a_package_that_cannot_be_read_is_an_error_with_a_reason(tmp_path: Path) -> None:
    whole = package(tmp_path, "whole", "lib/liba.so.1")
    broken = tmp_path / "broken.deb"
    broken.write_bytes(whole.read_bytes()[:100])
    with pytest.raises(RootError, match=r"tar|broken\.deb"):
        roots._unpack([broken], tmp_path / "root")


@pytest.mark.corpus
def test_callers_that_ask_at_once_get_one_whole_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    command = (sys.executable, roots.__file__, "bookworm", "armhf", "zlib1g")
    callers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    printed = {caller.communicate()[0].strip() for caller in callers}
    assert all(caller.returncode == 0 for caller in callers)
    (directory,) = printed
    assert (Path(directory) / "lib/ld-linux-armhf.so.3").exists()
    assert (Path(directory) / "lib/arm-linux-gnueabihf/libz.so.1").exists()


@pytest.mark.corpus
def test_a_package_that_does_not_exist_is_named() -> None:
    with pytest.raises(RootError, match="no-such-package"):
        roots.root("bookworm", "armhf", ["no-such-package"])


def test_dpkg_of_the_root_knows_its_packages(tmp_path: Path) -> None:
    archives = [package(tmp_path, "one", "usr/lib/liba.so.1"), package(tmp_path, "two", "b")]
    unpacked = tmp_path / "root"
    roots._unpack(archives, unpacked)
    known = find_packages(Root(str(unpacked)), ["/usr/lib/liba.so.1", "/b", "/c"])
    assert known == {"/usr/lib/liba.so.1": ("one", "1"), "/b": ("two", "1")}


def with_script(directory: Path, name: str, script: str, *files: str) -> Path:
    """A package with a script that dpkg runs after unpacking."""
    package(directory, name, *files)
    (directory / name / "DEBIAN" / "postinst").write_text(f"#!/bin/sh\nset -e\n{script}")
    (directory / name / "DEBIAN" / "postinst").chmod(0o755)
    archive = directory / f"{name}.deb"
    command = ("dpkg-deb", "--build", directory / name, archive)
    subprocess.run(command, check=True, capture_output=True)
    return archive


def test_links_of_alternatives_are_made_as_their_scripts_would(tmp_path: Path) -> None:
    """The highest priority has the name; what a shell would have to expand is left alone."""
    one = with_script(
        *(tmp_path, "one"),
        "update-alternatives --install /usr/lib/libblas.so.3 \\\n"
        "   libblas.so.3-x /usr/lib/blas/libblas.so.3 10 \\\n"
        "   --slave /usr/lib/blas.txt blas.txt /usr/lib/blas/readme\n",
        *("usr/lib/blas/libblas.so.3", "usr/lib/blas/readme"),
    )
    two = with_script(
        *(tmp_path, "two"),
        "update-alternatives --install /usr/lib/libblas.so.3 libblas.so.3-x \\\n"
        "   /usr/lib/open/b.so 100\n"
        "update-alternatives --install /usr/lib/$x x-$x /usr/lib/open/b.so 100\n"
        'update-alternatives --install "/unclosed\n',
        "usr/lib/open/b.so",
    )
    unpacked = tmp_path / "root"
    roots._unpack([two, one], unpacked)
    assert (unpacked / "usr/lib/libblas.so.3").read_text() == "two"
    assert Root(str(unpacked)).read_bytes("/usr/lib/libblas.so.3") == b"two"
    assert not (unpacked / "usr/lib/blas.txt").exists()
    roots._unpack([one], tmp_path / "alone")
    assert (tmp_path / "alone/usr/lib/libblas.so.3").read_text() == "one"
    assert (tmp_path / "alone/usr/lib/blas.txt").read_text() == "one"
