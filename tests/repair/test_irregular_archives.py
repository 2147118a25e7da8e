"""Archives that installers refuse, or read in another way, are refused and never written again."""

from __future__ import annotations

import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import pytest

from checkout import WHEELS
from collide.cli.main import main

(SPECIMEN,) = (WHEELS / "dist").glob("specimen_static_exported-*.whl")
MODULE = "specimen_static_exported.abi3.so"
BINARY = WHEELS / "host" / "host"


def with_extra(data: bytes, name: str, extra: bytes, *, local: bool = False) -> bytes:
    """The archive with an extra field at the entry of ``name``, in the directory or before it."""
    changed = bytearray(data)
    end = changed.rindex(b"PK\5\6")
    size, start = struct.unpack_from("<2L", changed, end + 12)
    raw = name.encode()
    if local:
        at = changed.index(b"PK\3\4")
        while changed[at + 30 : at + 30 + len(raw)] != raw:
            at = changed.index(b"PK\3\4", at + 4)
        assert at == 0, "offsets of what follows would be wrong"
        struct.pack_into("<H", changed, at + 28, len(extra))
        changed[at + 30 + len(raw) : at + 30 + len(raw)] = extra
        return shifted(bytes(changed), len(extra))
    at = changed.index(b"PK\1\2", start)
    while changed[at + 46 : at + 46 + len(raw)] != raw:
        at = changed.index(b"PK\1\2", at + 4)
    struct.pack_into("<H", changed, at + 30, len(extra))
    changed[at + 46 + len(raw) : at + 46 + len(raw)] = extra
    struct.pack_into("<L", changed, end + len(extra) + 12, size + len(extra))
    return bytes(changed)


def shifted(data: bytes, by: int) -> bytes:
    """The archive after ``by`` bytes were put into its first member."""
    changed = bytearray(data)
    end = changed.rindex(b"PK\5\6")
    (start,) = struct.unpack_from("<L", changed, end + 16)
    struct.pack_into("<L", changed, end + 16, start + by)
    at = start + by
    while changed[at : at + 4] == b"PK\1\2":
        (offset,) = struct.unpack_from("<L", changed, at + 42)
        struct.pack_into("<L", changed, at + 42, offset + by if offset else 0)
        at += 46 + sum(struct.unpack_from("<3H", changed, at + 28))
    return bytes(changed)


def unicode_path(name: bytes, of: bytes = MODULE.encode()) -> bytes:
    field = struct.pack("<BL", 1, crc32(of)) + name
    return struct.pack("<HH", 0x7075, len(field)) + field


def added(*names: str) -> Callable[[bytes, Path], bytes]:
    def change(data: bytes, scratch: Path) -> bytes:
        path = scratch / "changed.zip"
        path.write_bytes(data)
        with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in names:
                archive.writestr(name, b"text")
        return path.read_bytes()

    return change


def other_local_header(data: bytes, _scratch: Path) -> bytes:
    return data.replace(MODULE.encode(), MODULE.replace("static", "STATIC").encode(), 1)


def other_local_crc(data: bytes, _scratch: Path) -> bytes:
    changed = bytearray(data)
    changed[14] ^= 1
    return bytes(changed)


def in_directory(extra: bytes) -> Callable[[bytes, Path], bytes]:
    return lambda data, _: with_extra(data, MODULE, extra)


def in_local_header(extra: bytes) -> Callable[[bytes, Path], bytes]:
    return lambda data, _: with_extra(data, MODULE, extra, local=True)


CUT_OFF = "zipfile cannot read it"
OUTSIDE = "no relative path below the wheel"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(in_directory(b"\1\0\xff\xff"), CUT_OFF, id="4-bytes-of-extra-field"),
        pytest.param(in_directory(b"\x75\x70\xff\0abc"), CUT_OFF, id="unicode-path-cut-off"),
        pytest.param(in_directory(unicode_path(b"other.so")), "call it 'other.so'", id="two-names"),
        pytest.param(
            in_local_header(unicode_path(b"other.so")), "local header", id="two-local-names"
        ),
        pytest.param(added("../out.py"), OUTSIDE, id="parent"),
        pytest.param(added("a/../../out.py"), OUTSIDE, id="parent-below"),
        pytest.param(added("/etc/out.py"), OUTSIDE, id="absolute"),
        pytest.param(added("a//b.py"), OUTSIDE, id="empty-part"),
        pytest.param(added("a/./b.py"), OUTSIDE, id="dot"),
        pytest.param(added("a\\b.py"), "Windows", id="backslash"),
        pytest.param(added("C:/b.py"), "Windows", id="drive"),
        pytest.param(added("a.py", "a.py"), "installed at its place", id="double"),
        pytest.param(
            added("a.py", "specimen_static_exported-1.0.data/purelib/a.py"),
            "installed at its place",
            id="double-by-scheme",
        ),
        pytest.param(other_local_header, "local header says something else", id="other-local-name"),
        pytest.param(other_local_crc, "local header says something else", id="other-local-crc"),
    ],
)
@pytest.mark.parametrize("option", ["--all", "--check"])
def test_ambiguous_archive_is_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[bytes, Path], bytes],
    reason: str,
    option: str,
) -> None:
    wheel, out = tmp_path / SPECIMEN.name, tmp_path / "out"
    wheel.write_bytes(change(SPECIMEN.read_bytes(), tmp_path))
    arguments = [str(wheel), "--profile", str(BINARY), "-w", str(out), option]
    assert main(["repair", *arguments]) == 2
    said, complained = capsys.readouterr()
    assert said == ""
    (line,) = complained.splitlines()
    assert line.startswith(f"collide: {wheel}")
    assert reason in line
    assert not out.exists()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data, _: data, id="as-it-is"),
        pytest.param(in_directory(unicode_path(MODULE.encode())), id="the-same-unicode-path"),
        pytest.param(in_directory(struct.pack("<HHL", 0x7875, 4, 0)), id="another-extra-field"),
        pytest.param(in_local_header(struct.pack("<HHL", 0x7875, 4, 0)), id="local-extra-field"),
    ],
)
def test_plain_archive_is_repaired(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Callable[[bytes, Path], bytes]
) -> None:
    wheel, out = tmp_path / SPECIMEN.name, tmp_path / "out"
    wheel.write_bytes(change(SPECIMEN.read_bytes(), tmp_path))
    assert main(["repair", str(wheel), "--profile", str(BINARY), "-w", str(out)]) == 0
    assert "1 module imported before and after" in capsys.readouterr().err
    with zipfile.ZipFile(out / wheel.name) as made:
        assert MODULE in made.namelist()
        assert made.testzip() is None
