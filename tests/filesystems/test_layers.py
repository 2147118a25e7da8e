"""Tar archives as a file tree: links, hard links, layers, and what must not lead outside."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from archives import HARD, LAYERS, LINK, directory, listing, tar, tree
from collide.filesystems.layers import Overlay
from collide.filesystems.root import Root
from collide.support.errors import FormatError
from collide.support.limits import LimitError

# -- one archive ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a/b", "./a/b", "/a/b", "a//b", "a/./b"])
def test_names_mean_paths_below_the_top(name: str) -> None:
    assert listing(Root(tree(tar((name, b"x"))))) == {"/a/b": b"x"}


def test_later_member_of_a_name_replaces_the_earlier() -> None:
    assert listing(Root(tree(tar(("a", b"1"), ("a", b"2"))))) == {"/a": b"2"}


def test_directory_named_twice_keeps_its_entries() -> None:
    archive = tar(directory("d"), ("d/a", b"1"), directory("d"), ("d/b", b"2"))
    assert listing(Root(tree(archive))) == {"/d/a": b"1", "/d/b": b"2"}


def test_member_below_a_link_goes_where_the_link_leads() -> None:
    archive = tar(directory("usr/lib"), ("lib", LINK, "usr/lib"), ("lib/a.so", b"1"))
    root = Root(tree(archive))
    assert root.realpath("/lib/a.so") == "/usr/lib/a.so"
    assert root.read_bytes("/usr/lib/a.so") == b"1"


def test_hard_link_is_the_same_file() -> None:
    root = Overlay()
    root.add(io.BytesIO(tar(("a", b"1"), ("d/b", HARD, "./a"), ("c", b"1"))))
    first, second, copy = (root.status(path) for path in ("/a", "/d/b", "/c"))
    assert first is not None
    assert first == second
    assert first != copy
    assert root.contents("/d/b") == b"1"


def test_stream_reads_and_seeks() -> None:
    with Root(tree(tar(("a", b"0123456789")))).stream("/a") as stream:
        assert stream.seek(-3, io.SEEK_END) == 7
        assert stream.read() == b"789"
        assert stream.seek(2) == 2
        assert stream.read(3) == b"234"


@pytest.mark.parametrize("target", ["/../../../../outside", "../../../outside", "/outside"])
def test_link_out_of_the_archive_leads_to_its_own_top(target: str) -> None:
    root = Root(tree(tar(("outside", b"in"), ("d/link", LINK, target))))
    assert root.realpath("/d/link") == "/outside"
    assert root.read_bytes("/d/link") == b"in"


def test_loop_of_links_leads_nowhere() -> None:
    root = Root(tree(tar(("a", LINK, "b"), ("b", LINK, "a"))))
    assert root.realpath("/a") is None


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_device_has_no_contents(kind: bytes) -> None:
    made = tree(tar(("dev/x", kind, "")))
    status = made.status("/dev/x")
    assert status is not None
    assert status.kind == "other"
    with pytest.raises(OSError, match="not a regular file"):
        made.contents("/dev/x")


# -- what is refused ------------------------------------------------------------------------------


def _huge(size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    info = tarfile.TarInfo("huge")
    info.type = kind
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT) + bytes(1024)


def _chain(kind: bytes, data: bytes) -> bytes:
    """Long names or extended headers, each of which is about the next one."""
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, len(data)
    return (info.tobuf(tarfile.GNU_FORMAT) + data.ljust(512, b"\0")) * 3000


REFUSED: dict[str, tuple[bytes, str]] = {
    "parent": (tar(("../etc/passwd", b"x")), r"member \.\./etc/passwd has \.\. in its name"),
    "hidden parent": (tar(("a/../../b", b"x")), r"has \.\. in its name"),
    "parent in a whiteout": (tar(("../.wh.a", b"")), r"has \.\. in its name"),
    "parent in a hard link": (tar(("a", HARD, "../../etc/passwd")), r"has \.\. in its name"),
    "hard link to nothing": (tar(("a", HARD, "b")), "a is a hard link to b: not there"),
    "hard link to a directory": (tar(directory("d"), ("a", HARD, "d")), "not there"),
    "hard link to itself": (tar(("a", HARD, "a")), "not there"),
    "below a file": (tar(("a", b"x"), ("a/b", b"x")), "a/b lies below a file"),
    "behind a loop": (tar(("l", LINK, "l"), ("l/b", b"x")), "l/b lies behind more than 40 links"),
    "no archive": (b"x" * 2000, "not a readable tar archive"),
    "empty": (b"", "not a readable tar archive"),
    "beyond the end": (_huge(1 << 40), "not a readable tar archive"),
    "huge name": (_huge(1 << 40, b"L"), "not a readable tar archive"),
    "huge attributes": (_huge(1 << 40, b"x"), "not a readable tar archive"),
    "long names of long names": (_chain(b"L", b"abc\0"), "extended headers without a member"),
    "attributes of attributes": (_chain(b"x", b"12 path=abc\n"), "headers without a member"),
    "negative size": (_huge(-(1 << 20)), "not a readable tar archive|below zero"),
    "member before itself": (_huge(-512), "huge has a size below zero"),
    "cut": (tar(("a", bytes(5000)), ("b", b"x"))[:3000], "not a readable tar archive"),
    "damaged": (
        tar(("a", b"x"), ("b", b"x")).replace(b"b" + bytes(99), b"c" + bytes(99)),
        "damaged at byte 1024",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_hostile_or_damaged_archive_is_refused(case: str) -> None:
    data, reason = REFUSED[case]
    with pytest.raises(FormatError, match=reason):
        tree(data)


def test_file_that_is_larger_than_any_library_is_not_read() -> None:
    made = Overlay()
    # A stream that is as long as it says, without holding it.
    with Path("/dev/zero").open("rb") as zero:

        class Long(io.RawIOBase):
            """An archive of one file of four GiB."""

            at = 0
            head = _huge(4 << 30)[:512]

            def seekable(self) -> bool:
                return True

            def readable(self) -> bool:
                return True

            def tell(self) -> int:
                return self.at

            def seek(self, offset: int, whence: int = 0, /) -> int:
                assert whence == 0
                self.at = offset
                return offset

            def readinto(self, buffer: object, /) -> int:
                view = memoryview(buffer)  # type: ignore[arg-type]
                data = self.head[self.at : self.at + len(view)] or zero.read(
                    max(0, min(len(view), (4 << 30) + 2048 - self.at))
                )
                view[: len(data)] = data
                self.at += len(data)
                return len(data)

        made.add(io.BufferedReader(Long()))
    with pytest.raises(LimitError, match="/huge: beyond the limit object-size"):
        made.contents("/huge")


# -- layers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", LAYERS)
def test_layers_are_applied_in_order(case: str) -> None:
    layers, expected = LAYERS[case]
    assert listing(Root(tree(*(tar(*layer) for layer in layers)))) == expected


def test_whiteouts_mean_nothing_in_a_plain_archive() -> None:
    root = Root(tree(tar(("a", b"1"), (".wh.a", b"")), overlay=False))
    assert listing(root) == {"/a": b"1", "/.wh.a": b""}
