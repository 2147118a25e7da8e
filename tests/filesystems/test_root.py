"""Another system's root directory: links, identities and what a search meets in it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from checkout import WHEELS
from collide.filesystems.root import Root
from collide.loader.glibc.ld_cache import MAGIC
from collide.loader.model import Dso, LoadError
from collide.support.errors import CollideError

LIBRARY = WHEELS / "host/libvault.so.1"


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A root with /usr/lib/liba.so, one level below where an escape would end up."""
    top = tmp_path / "top"
    (top / "usr/lib").mkdir(parents=True)
    (top / "usr/lib/liba.so").write_bytes(LIBRARY.read_bytes())
    return top


def opened(root: Root, path: str) -> Dso:
    """The file at ``path``, which must be there."""
    dso = root.open(path)
    assert dso is not None
    return dso


# -- canonical paths ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("/usr/lib/liba.so", "/usr/lib/liba.so"),
        ("//usr///lib/./liba.so", "/usr/lib/liba.so"),
        ("/usr/lib/", "/usr/lib"),
        ("/usr/lib/../lib/liba.so", "/usr/lib/liba.so"),
        ("/../../usr/lib", "/usr/lib"),
        ("/", "/"),
        ("", "/"),
        ("/usr/missing", None),
        ("/missing/../usr", None),
        ("/usr/lib/liba.so/x", None),
        ("/usr/lib/liba.so/..", None),
    ],
)
def test_canonical_path(top: Path, path: str, real: str | None) -> None:
    assert Root(str(top)).realpath(path) == real


@pytest.mark.parametrize(
    ("link", "target", "path", "real"),
    [
        ("lib", "usr/lib", "/lib/liba.so", "/usr/lib/liba.so"),
        ("lib", "/usr/lib", "/lib/liba.so", "/usr/lib/liba.so"),
        ("lib", "/usr/../usr/lib/", "/lib/liba.so", "/usr/lib/liba.so"),
        ("lib", "../../../usr/lib", "/lib/liba.so", "/usr/lib/liba.so"),
        ("usr/lib/libb.so", "liba.so", "/usr/lib/libb.so", "/usr/lib/liba.so"),
        ("usr/lib/libb.so", "../lib/liba.so", "/usr/lib/libb.so", "/usr/lib/liba.so"),
        ("usr/lib/libb.so", "/usr/lib/liba.so", "/usr/lib/libb.so", "/usr/lib/liba.so"),
        ("up", "/usr/lib", "/up/../lib/liba.so", "/usr/lib/liba.so"),
        ("a", "missing", "/a", None),
        ("a", "a", "/a", None),
        ("a", "/a/b", "/a", None),
    ],
)
def test_links_are_followed_inside_the_root(
    top: Path, link: str, target: str, path: str, real: str | None
) -> None:
    (top / link).symlink_to(target)
    assert Root(str(top)).realpath(path) == real


def test_link_to_a_file_of_this_machine_leads_nowhere(top: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.so"
    outside.write_bytes(LIBRARY.read_bytes())
    (top / "absolute.so").symlink_to(outside)
    (top / "relative.so").symlink_to("../outside.so")
    root = Root(str(top))
    assert root.open("/absolute.so") is None
    assert root.open("/relative.so") is None
    assert root.read_bytes("/relative.so") is None


@pytest.mark.parametrize(("links", "found"), [(40, True), (41, False)])
def test_forty_links_are_followed_and_no_more(top: Path, links: int, found: bool) -> None:
    (top / "link0").symlink_to("usr/lib/liba.so")
    for i in range(1, links):
        (top / f"link{i}").symlink_to(f"link{i - 1}")
    assert (Root(str(top)).realpath(f"/link{links - 1}") is not None) == found


def test_root_that_is_a_link_itself_is_that_directory(top: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(top)
    root = Root(str(tmp_path / "link"))
    assert opened(root, "/usr/lib/liba.so").path == "/usr/lib/liba.so"


def test_root_of_this_machine_has_the_paths_of_this_machine() -> None:
    path = str(LIBRARY)
    assert opened(Root(), path).path == os.path.realpath(path)


# -- opening --------------------------------------------------------------------------------------


def test_links_and_hard_links_to_one_file_are_one_file(top: Path) -> None:
    (top / "usr/lib/libb.so").symlink_to("liba.so")
    os.link(top / "usr/lib/liba.so", top / "usr/lib/libc.so")
    root = Root(str(top))
    first = opened(root, "/usr/lib/liba.so")
    assert opened(root, "/usr/lib/libb.so") is first
    assert opened(root, "/usr/lib/libc.so") is first
    assert root.read("/usr/lib/libb.so") is first


def test_copy_of_a_file_is_another_file(top: Path) -> None:
    (top / "usr/lib/libb.so").write_bytes(LIBRARY.read_bytes())
    root = Root(str(top))
    assert opened(root, "/usr/lib/libb.so").identity != opened(root, "/usr/lib/liba.so").identity


@pytest.mark.parametrize("path", ["/usr/lib/missing.so", "/missing/liba.so", "/usr/lib/liba.so/x"])
def test_search_goes_on_past_what_is_not_there(top: Path, path: str) -> None:
    assert Root(str(top)).open(path) is None


def test_search_goes_on_past_another_machine(top: Path) -> None:
    data = bytearray(LIBRARY.read_bytes())
    data[18:20] = b"\x34\x12"
    (top / "usr/lib/liba.so").write_bytes(data)
    assert Root(str(top)).open("/usr/lib/liba.so") is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"text", "not an ELF file"),
        (b"\x7fELF", "truncated or corrupt"),
        (LIBRARY.read_bytes()[:600], "truncated"),
    ],
)
def test_search_stops_at_a_file_that_is_no_object(top: Path, data: bytes, reason: str) -> None:
    (top / "usr/lib/liba.so").write_bytes(data)
    with pytest.raises(LoadError, match=rf"^/usr/lib/liba\.so: .*{reason}"):
        Root(str(top)).open("/usr/lib/liba.so")


def test_search_stops_at_a_directory(top: Path) -> None:
    with pytest.raises(LoadError, match=r"^/usr/lib: is a directory$"):
        Root(str(top)).open("/usr/lib")


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev")])
def test_search_stops_at_what_is_no_regular_file(top: Path, make: Callable[[Path], None]) -> None:
    """A pipe is never opened: that would wait for a writer."""
    make(top / "usr/lib/libp.so")
    (top / "dev").mkdir()
    with pytest.raises(
        LoadError, match=r"^/usr/lib/libp\.so: (not a regular file|is a directory)$"
    ):
        Root(str(top)).open("/usr/lib/libp.so")


def test_reading_by_name_raises_for_what_is_not_there(top: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Root(str(top)).read("/usr/lib/missing.so")


def test_bytes_and_head_of_a_file(top: Path) -> None:
    root = Root(str(top))
    data = LIBRARY.read_bytes()
    assert root.read_bytes("/usr/lib/liba.so") == data
    assert root.read_head("/usr/lib/liba.so") == data[:256]
    for missing in ("/missing", "/usr/lib"):
        assert root.read_bytes(missing) is None
        assert root.read_head(missing) is None


# -- ld.so.cache ----------------------------------------------------------------------------------


def test_root_without_a_cache_answers_nothing(top: Path) -> None:
    root = Root(str(top))
    root.load_cache("/etc/ld.so.cache", 0x303, ())
    assert root.cached("liba.so") is None


def test_damaged_cache_is_an_error(top: Path) -> None:
    (top / "etc").mkdir()
    (top / "etc/ld.so.cache").write_bytes(MAGIC + b"\1\0\0\0")
    with pytest.raises(CollideError, match=r"not a readable ld\.so\.cache"):
        Root(str(top)).load_cache("/etc/ld.so.cache", 0x303, ())
