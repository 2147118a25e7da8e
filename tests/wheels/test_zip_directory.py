"""The directory of an archive against zipfile's reading of it."""

from __future__ import annotations

import random
import struct
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from checkout import WHEELS
from collide.wheels.zip_directory import Entry, contents, entries

SPECIMENS = sorted((WHEELS / "dist").glob("*.whl"))


def archive(write: Callable[[zipfile.ZipFile], object], before: bytes = b"") -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as out:
        write(out)
    return before + stream.getvalue()


def several(out: zipfile.ZipFile) -> None:
    out.writestr("a/b.so", bytes(1000), zipfile.ZIP_DEFLATED)
    out.writestr("empty", b"")
    out.writestr("héhé", b"x")
    out.writestr("stored", b"stored")


def commented(out: zipfile.ZipFile) -> None:
    several(out)
    out.comment = b"a comment"


def wide(out: zipfile.ZipFile) -> None:
    """ZIP64 fields where nothing is large."""
    with out.open("wide", "w", force_zip64=True) as member:
        member.write(b"wide")


def cp437(out: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("plain")
    out.writestr(info, b"x")
    info.filename = "caf\xe9"


def by_zipfile(data: bytes) -> list[Entry]:
    with zipfile.ZipFile(BytesIO(data)) as opened:
        return [
            Entry(
                *(i.filename, i.compress_type, i.flag_bits, i.CRC),
                *(i.compress_size, i.file_size, i.header_offset),
            )
            for i in opened.infolist()
        ]


@pytest.mark.parametrize("before", [b"", b"#!/bin/sh\nexit\n"], ids=["", "behind-other-bytes"])
@pytest.mark.parametrize("write", [several, commented, wide, cp437, lambda _: None])
def test_entries_are_those_of_zipfile(
    write: Callable[[zipfile.ZipFile], None], before: bytes
) -> None:
    data = archive(write, before)

    assert list(entries(memoryview(data))) == by_zipfile(data)


@pytest.mark.parametrize("path", SPECIMENS, ids=lambda path: path.name.split("-")[0])
def test_entries_of_a_wheel_are_those_of_zipfile(path: Path) -> None:
    data = path.read_bytes()

    assert list(entries(memoryview(data))) == by_zipfile(data)


def zip64_end(data: bytes) -> bytes:
    """The same archive with a ZIP64 end of central directory, as one past 4 GiB has."""
    end = data.rindex(b"PK\5\6")
    _, _, _, _, count, size, offset, _ = struct.unpack_from("<4s4H2LH", data, end)
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    last = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0)
    return data[:end] + record + locator + last


def test_zip64_end_is_read() -> None:
    data = zip64_end(archive(several))

    assert list(entries(memoryview(data))) == by_zipfile(data)


def test_zip64_fields_of_an_entry_are_read() -> None:
    data = bytearray(archive(several))
    at = data.index(b"PK\1\2")
    name_size = struct.unpack_from("<H", data, at + 28)[0]
    size, compressed = struct.unpack_from("<L", data, at + 24)[0], data[at + 20 : at + 24]
    struct.pack_into("<2L", data, at + 20, 2**32 - 1, 2**32 - 1)
    extra = struct.pack("<HHQQ", 1, 16, size, struct.unpack("<L", compressed)[0])
    struct.pack_into("<H", data, at + 30, len(extra))
    data[at + 46 + name_size : at + 46 + name_size] = extra
    end = data.rindex(b"PK\5\6")
    struct.pack_into("<L", data, end + 12, struct.unpack_from("<L", data, end + 12)[0] + len(extra))

    assert list(entries(memoryview(data))) == by_zipfile(bytes(data))
    assert entries(memoryview(data))[0].size == 1000


def test_contents_are_the_stored_bytes() -> None:
    data = memoryview(archive(several))
    stored = next(e for e in entries(data) if e.name == "stored")

    assert bytes(contents(data, stored)) == b"stored"


@pytest.mark.parametrize("flag", [0x1, 0x20, 0x40])
def test_contents_that_are_encrypted_or_patched_are_refused(flag: int) -> None:
    data = memoryview(archive(several))

    with pytest.raises(ValueError, match=r"encrypted|patched"):
        contents(data, entries(data)[0]._replace(flags=flag))


def test_whatever_bytes_are_flipped_it_is_read_or_refused() -> None:
    whole = zip64_end(archive(several))
    draw = random.Random(3)
    directory = whole.index(b"PK\1\2")
    for _ in range(3000):
        broken = bytearray(whole)
        broken[draw.randrange(directory, len(whole))] ^= 1 << draw.randrange(8)
        try:
            found = entries(memoryview(broken))
            for entry in found:
                contents(memoryview(broken), entry)
        except ValueError as e:
            assert str(e)


@pytest.mark.parametrize("length", range(0, 400, 7))
def test_truncated_archive_is_refused(length: int) -> None:
    data = archive(several)

    with pytest.raises(ValueError, match=r"zip file|directory|disk"):
        entries(memoryview(data[: min(length, len(data) - 1)]))
