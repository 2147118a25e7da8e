"""musl's loader file: its release and the directories that it searches, told without running it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from collide.filesystems.root import Root
from collide.hosts.identify_musl import is_musl, read_musl
from collide.support.errors import InputError
from musl import require_musl

LOADER = Path("/lib/ld-musl-x86_64.so.1")
STRINGS = (b"musl libc (arm)", b"1.2.5", b"/lib:/usr/local/lib:/usr/lib", b"/bin:/usr/bin",
           b"%.*s/etc/ld-musl-armhf.path")  # fmt: skip


def data(*strings: bytes) -> bytes:
    """What a loader file holds: strings that end in NUL, among other bytes."""
    return b"\x7fELF\0" + b"\0".join(strings) + b"\0\xff\xfe"


def test_release_is_the_one_that_the_loader_tells() -> None:
    require_musl()
    said = subprocess.run([LOADER], capture_output=True, text=True, check=False).stderr
    release = re.search(r"Version (\S+)", said)
    assert release is not None
    loader = read_musl(LOADER.read_bytes(), str(LOADER), Root())
    assert ".".join(map(str, loader.version)) == release[1].partition("-git")[0]
    assert loader.libc == "musl"


def test_release_is_found_behind_a_constant_that_is_no_text(tmp_path: Path) -> None:
    other = (b"linux_2.6.39", *STRINGS)
    behind = data(*other).replace(b"\x001.2.5", b"\0J*1.2.5")
    assert read_musl(behind, "/lib/ld.so", Root(str(tmp_path))).version == (1, 2, 5)


def test_glibc_and_other_files_are_no_musl() -> None:
    require_musl()
    assert is_musl(LOADER.read_bytes())
    assert not is_musl(Path("/lib64/ld-linux-x86-64.so.2").read_bytes())
    assert not is_musl(data(b"musl", b"/etc/ld-musl-x86_64.path"))


def test_directories_are_those_of_the_file_without_a_path_file(tmp_path: Path) -> None:
    loader = read_musl(data(*STRINGS), "/lib/ld-musl-armhf.so.1", Root(str(tmp_path)))
    assert loader.version == (1, 2, 5)
    assert loader.system_dirs == ("/lib", "/usr/local/lib", "/usr/lib")


@pytest.mark.parametrize(
    ("path", "prefix"), [("/lib/ld.so", ""), ("/opt/musl/lib/ld.so", "opt/musl")]
)
@pytest.mark.parametrize(
    ("written", "directories"),
    [("/a:/b\n/c\n", ("/a", "/b", "/c")), ("", ()), ("\n:\n", ()), ("/a\0/b", ("/a",))],
)
def test_path_file_lies_below_the_prefix_and_replaces_all(
    tmp_path: Path, path: str, prefix: str, written: str, directories: tuple[str, ...]
) -> None:
    file = tmp_path / prefix / "etc/ld-musl-armhf.path"
    file.parent.mkdir(parents=True)
    file.write_text(written)
    assert read_musl(data(*STRINGS), path, Root(str(tmp_path))).system_dirs == directories


def test_release_of_a_development_tree(tmp_path: Path) -> None:
    strings = data(*(s.replace(b"1.2.5", b"1.2.5-git-93-g1b76ff07") for s in STRINGS))
    assert read_musl(strings, "/lib/ld.so", Root(str(tmp_path))).version == (1, 2, 5)


@pytest.mark.parametrize("lost", [b"1.2.5", b"/lib:/usr/local/lib:/usr/lib"])
def test_file_that_lacks_what_is_needed_is_refused(tmp_path: Path, lost: bytes) -> None:
    strings = data(*(s for s in STRINGS if s != lost))
    with pytest.raises(InputError, match="names no musl release"):
        read_musl(strings, "/lib/ld.so", Root(str(tmp_path)))
