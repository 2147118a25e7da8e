"""Wheel archives: the contract with the wheel library, reading members, writing wheels."""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
import pickle
import random
import re
import struct
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from wheel.wheelfile import WheelError, WheelFile

import seeds
from collide.support import inflate
from collide.support.errors import InputError
from collide.wheels import archive
from collide.wheels.archive import (
    Archive,
    Member,
    MemberCache,
    RecordCheck,
    read_again,
    write_wheel,
)
from collide.wheels.record import record_digest
from collide.wheels.zip_directory import Entry

NAME = "demo-1.0-cp311-cp311-linux_x86_64.whl"
INFO = "demo-1.0.dist-info"
LIBRARY = b"\x7fELF" + random.Random(5).randbytes(3000) + bytes(5000)


def record_hash(data: bytes, algorithm: str = "sha256") -> str:
    digest = hashlib.new(algorithm, data).digest()
    return f"{algorithm}={base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


RECORD = f"demo/x.so,{record_hash(LIBRARY)},{len(LIBRARY)}\n{INFO}/RECORD,,\n"


def wheel_with(
    tmp_path: Path,
    record: str | bytes | None = RECORD,
    data: bytes = LIBRARY,
    compression: int = zipfile.ZIP_DEFLATED,
) -> Path:
    """A wheel of one library, with a RECORD of the test's own."""
    path = tmp_path / NAME
    with zipfile.ZipFile(path, "w", compression) as out:
        out.writestr("demo/x.so", data)
        if record is not None:
            out.writestr(f"{INFO}/RECORD", record, zipfile.ZIP_DEFLATED)
    return path


def read_all(path: Path) -> dict[str, bytes]:
    with Archive(path) as opened:
        return {entry.name: bytes(opened.read(entry)) for entry in opened.elf_members()}


def member_error(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_all(path)
    assert str(caught.value).startswith(f"{path}: demo/x.so: ")
    return caught.value.reason


# -- what collide takes from the wheel library ---------------------------------------------------


def test_contract_hashes_of_record_are_kept_by_member(tmp_path: Path) -> None:
    with WheelFile(wheel_with(tmp_path)) as opened:
        assert opened._file_hashes["demo/x.so"] == ("sha256", hashlib.sha256(LIBRARY).digest())
        assert opened._file_hashes[f"{INFO}/RECORD"] == (None, None)


def test_contract_name_that_is_no_wheel_name_is_a_wheel_error(tmp_path: Path) -> None:
    path = wheel_with(tmp_path).rename(tmp_path / "demo.whl")
    with pytest.raises(WheelError, match="filename"):
        WheelFile(path)


def test_contract_missing_record_is_a_wheel_error(tmp_path: Path) -> None:
    with pytest.raises(WheelError, match="RECORD"):
        WheelFile(wheel_with(tmp_path, record=None))


def test_contract_close_writes_record_as_the_last_member(tmp_path: Path) -> None:
    path = tmp_path / NAME
    with WheelFile(path, "w") as out:
        out.writestr("demo/x.so", LIBRARY)

    with zipfile.ZipFile(path) as opened:
        assert opened.namelist()[-1] == f"{INFO}/RECORD"
        assert opened.read(f"{INFO}/RECORD").decode() == RECORD


# -- reading -------------------------------------------------------------------------------------


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_member_reads_as_zipfile_reads_it(tmp_path: Path, compression: int) -> None:
    path = wheel_with(tmp_path, compression=compression)

    with zipfile.ZipFile(path) as second:
        assert read_all(path) == {"demo/x.so": second.read("demo/x.so")}


def test_member_reads_the_same_without_libdeflate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = wheel_with(tmp_path)
    monkeypatch.setattr(inflate, "_decompress", None)

    assert read_all(path) == {"demo/x.so": LIBRARY}


def test_member_is_read_again_without_the_directory(tmp_path: Path) -> None:
    path = wheel_with(tmp_path)
    with Archive(path) as opened:
        (entry,) = opened.elf_members()

    assert read_again(path, entry) == LIBRARY


@pytest.mark.parametrize("room", [0, 2003, 5000])
def test_last_members_are_kept_as_long_as_that_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    path = tmp_path / NAME
    contents = {f"demo/{n}.so": b"\x7fELF" + bytes([n]) * (n * 999) for n in range(3)}
    write_wheel(path, [Member(name, data) for name, data in contents.items()])
    with Archive(path) as opened:
        entries = tuple(opened.elf_members())
    monkeypatch.setattr(archive, "_KEPT", room)
    recent = pickle.loads(pickle.dumps(MemberCache(str(path))))
    for order in itertools.product(entries, repeat=4):
        kept: dict[Entry, object] = {}
        largest = 0
        with recent.keeping():
            for entry in order:
                data = recent.read(entry)
                assert bytes(data) == contents[entry.name]
                assert (data is kept.get(entry)) == (entry in kept)
                kept.pop(entry, None)
                largest = max(largest, entry.size)
                while kept and sum(one.size for one in kept) + entry.size > room + largest:
                    del kept[next(iter(kept))]
                kept[entry] = data
        assert recent.read(order[-1]) is not kept[order[-1]]
        assert recent.read(order[-1]) is not recent.read(order[-1])


@pytest.mark.parametrize("room", [0, 1003, 5000])
def test_what_is_read_first_is_kept_until_the_wheel_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    path = tmp_path / NAME
    contents = {f"demo/{n}.so": b"\x7fELF" + bytes([n]) * (n * 999) for n in range(3)}
    write_wheel(path, [Member(name, data) for name, data in contents.items()])
    monkeypatch.setattr(archive, "_KEPT", room)
    cache = MemberCache(str(path), keeps=True)
    with Archive(path, cache) as opened:
        entries = tuple(opened.elf_members())
        found = {entry: opened.inflated(entry) for entry in entries}
    with cache.keeping():
        kept = [entry for entry in entries if cache.kept(entry) is not None]
        before = [sum(x.size for x in entries[:n]) for n in range(3)]
        assert kept == [e for e, size in zip(entries, before, strict=True) if size <= room]
        for entry in kept:
            assert cache.read(entry) is found[entry]
            with Archive(path, cache) as again:
                assert again.entries is opened.entries
                assert again.inflated(entry) is found[entry]
    assert not any(map(cache.kept, entries))


def test_member_that_has_changed_since_is_not_read_again(tmp_path: Path) -> None:
    path = wheel_with(tmp_path)
    with Archive(path) as opened:
        (entry,) = opened.elf_members()
    other = bytes(reversed(LIBRARY))
    wheel_with(tmp_path, data=other, compression=zipfile.ZIP_STORED)

    with pytest.raises(InputError, match=re.escape(f"{path}: demo/x.so: ")):
        read_again(path, entry)


def test_wheel_that_is_gone_is_not_read_again(tmp_path: Path) -> None:
    path = wheel_with(tmp_path)
    with Archive(path) as opened:
        (entry,) = opened.elf_members()
    path.unlink()

    with pytest.raises(InputError, match="cannot be read again"):
        read_again(path, entry)


def test_members_that_are_no_elf_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / NAME
    members = [("a.py", b"import b"), ("empty", b""), ("short", b"\x7fEL"), ("x.so", LIBRARY)]
    write_wheel(path, [Member(name, data) for name, data in members])

    assert list(read_all(path)) == ["x.so"]


def test_elf_members_come_in_archive_order(tmp_path: Path) -> None:
    path = tmp_path / NAME
    write_wheel(path, [Member(f"{name}.so", LIBRARY) for name in "cab"])

    assert list(read_all(path)) == ["c.so", "a.so", "b.so"]


def test_directory_entries_are_no_members(tmp_path: Path) -> None:
    path = wheel_with(tmp_path)
    with zipfile.ZipFile(path, "a") as out:
        out.writestr("demo/", b"")

    assert list(read_all(path)) == ["demo/x.so"]


def test_archive_behind_other_bytes_reads_the_same(tmp_path: Path) -> None:
    path = wheel_with(tmp_path)
    path.write_bytes(b"#!/bin/sh\nexit 1\n" + path.read_bytes())

    assert read_all(path) == {"demo/x.so": LIBRARY}


def test_stronger_hash_of_record_is_checked(tmp_path: Path) -> None:
    record = f"demo/x.so,{record_hash(LIBRARY, 'sha512')},1\n"

    assert read_all(wheel_with(tmp_path, record)) == {"demo/x.so": LIBRARY}


# -- members that are not what they should be ----------------------------------------------------


def test_member_with_another_hash_than_record_says_is_refused(tmp_path: Path) -> None:
    record = f"demo/x.so,{record_hash(b'other')},1\n"

    assert member_error(wheel_with(tmp_path, record)).endswith("match the hash in RECORD")


@pytest.mark.parametrize("more", ["\n", '\n"a,b.py",,\n\n'], ids=["plain", "quoted"])
def test_blank_lines_of_record_are_passed_over(tmp_path: Path, more: str) -> None:
    assert read_all(wheel_with(tmp_path, RECORD + more)) == {"demo/x.so": LIBRARY}


@pytest.mark.parametrize("record", ["", "demo/x.so,,\n"], ids=["no-line", "no-hash"])
def test_member_without_a_hash_in_record_is_refused(tmp_path: Path, record: str) -> None:
    assert member_error(wheel_with(tmp_path, record)) == "has no hash in RECORD"


def test_member_with_another_crc_is_refused(tmp_path: Path) -> None:
    path = wheel_with(tmp_path)
    crc = struct.pack("<I", zipfile.ZipFile(path).getinfo("demo/x.so").CRC)
    path.write_bytes(path.read_bytes().replace(crc, b"\1\2\3\4"))

    assert member_error(path).endswith("match the archive's CRC")


def test_member_shorter_than_the_archive_says_is_refused(tmp_path: Path) -> None:
    path = wheel_with(tmp_path)
    size = struct.pack("<I", len(LIBRARY))
    path.write_bytes(path.read_bytes().replace(size, struct.pack("<I", len(LIBRARY) + 1)))

    assert member_error(path).endswith("match the archive's CRC")


@pytest.mark.parametrize("size", [2**62, 2**63], ids=["2-to-62", "2-to-63"])
@pytest.mark.parametrize("library", ["libdeflate", "zlib"])
def test_member_of_an_impossible_size_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    set_limit: Callable[[str, int], None],
    size: int,
    library: str,
) -> None:
    for name in ("wheel-size", "member-size", "ratio-from"):
        set_limit(name, 2**64)
    if library == "zlib":
        monkeypatch.setattr(inflate, "_decompress", None)
    path = tmp_path / NAME
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("demo/x.so", LIBRARY)
        out.writestr(f"{INFO}/RECORD", RECORD)
        out.getinfo("demo/x.so").file_size = size

    assert member_error(path)


def test_member_with_broken_compression_is_refused(tmp_path: Path) -> None:
    path = wheel_with(tmp_path)
    data = bytearray(path.read_bytes())
    data[1000:1100] = bytes(100)
    path.write_bytes(data)

    assert member_error(path)


def test_member_whose_local_header_is_gone_is_refused(tmp_path: Path) -> None:
    path = wheel_with(tmp_path)
    path.write_bytes(b"XXXX" + path.read_bytes()[4:])

    assert "cannot be inflated" in member_error(path)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_member_in_another_compression_is_refused(tmp_path: Path, compression: int) -> None:
    assert "compression method" in member_error(wheel_with(tmp_path, compression=compression))


# -- archives that are none ----------------------------------------------------------------------


def archive_error(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_all(path)
    assert str(caught.value).startswith(f"{path}: ")
    return caught.value.reason


def test_missing_file_is_refused(tmp_path: Path) -> None:
    assert archive_error(tmp_path / NAME) == "no such file"


def test_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()

    assert "directory" in archive_error(tmp_path / NAME)


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"no archive at all"])
def test_file_that_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / NAME).write_bytes(data)

    assert "not a readable wheel" in archive_error(tmp_path / NAME)


def test_file_not_named_like_a_wheel_is_refused(tmp_path: Path) -> None:
    path = wheel_with(tmp_path).rename(tmp_path / "demo.zip")

    assert "not a wheel's file name" in archive_error(path)


def test_archive_without_record_is_refused(tmp_path: Path) -> None:
    assert "RECORD" in archive_error(wheel_with(tmp_path, record=None))


def test_truncated_archive_is_refused(tmp_path: Path) -> None:
    path = wheel_with(tmp_path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        assert "not a readable wheel" in archive_error(path)


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(b"\xff\xfe", id="no-utf-8"),
        pytest.param("demo/x.so\n", id="one-field"),
        pytest.param("demo/x.so,sha256,1\n", id="hash-without-value"),
        pytest.param("demo/x.so,sha256=A,1\n", id="no-base64"),
        pytest.param("demo/x.so,sha256=é,1\n", id="no-ascii"),
        pytest.param(f"demo/x.so,{record_hash(LIBRARY, 'md5')},1\n", id="weak"),
        pytest.param("demo/x.so,crc=AAAA,1\n", id="unknown-algorithm"),
        pytest.param("demo/x.so,shake_128=AAAA,1\n", id="hash-of-no-fixed-length"),
        pytest.param(f'demo/x.so,"{"x" * 140_000}",1\n', id="endless-field"),
    ],
)
def test_record_that_cannot_be_read_is_refused(tmp_path: Path, record: str | bytes) -> None:
    assert archive_error(wheel_with(tmp_path, record))


def record_spans(data: bytes | bytearray) -> tuple[int, int]:
    """Where RECORD's local header and where its contents begin."""
    with zipfile.ZipFile(BytesIO(data)) as opened:
        info = opened.getinfo(f"{INFO}/RECORD")
    return info.header_offset, info.header_offset + 30 + len(info.filename)


def test_record_with_broken_compression_is_refused(tmp_path: Path) -> None:
    path = wheel_with(tmp_path)
    data = bytearray(path.read_bytes())
    _, contents = record_spans(data)
    data[contents] = 0xFF
    path.write_bytes(data)

    assert "not a readable wheel" in archive_error(path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param(6, 0xFF, id="version"),
        pytest.param(8, 0x01, id="encrypted"),
        pytest.param(8, 0x20, id="patched"),
        pytest.param(10, 0x63, id="compression"),
    ],
)
def test_record_that_zipfile_cannot_open_is_refused(tmp_path: Path, field: int, value: int) -> None:
    path = wheel_with(tmp_path)
    data = bytearray(path.read_bytes())
    # RECORD's entry in the central directory is the last one.
    data[data.rindex(b"PK\1\2") + field] = value
    path.write_bytes(data)

    assert "not a readable wheel" in archive_error(path)


def test_flipped_bytes_are_refused_or_read(tmp_path: Path) -> None:
    path = wheel_with(tmp_path)
    whole = path.read_bytes()
    header, _ = record_spans(whole)
    draw = random.Random(13)
    for _ in range(400):
        broken = bytearray(whole)
        broken[draw.randrange(draw.choice((0, header)), len(whole))] ^= 1 << draw.randrange(8)
        path.write_bytes(broken)
        try:
            read_all(path)
        except InputError as e:
            assert str(e).startswith(str(path))


# -- writing -------------------------------------------------------------------------------------


def names_in(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


@pytest.mark.parametrize(
    "name", ["a\nb.so", "a\r\nb.so", "a\u2028b.so", "a\x0bb.so", 'a"b.so', "a,b.so"]
)
def test_member_with_an_odd_name_has_its_hash_in_record(tmp_path: Path, name: str) -> None:
    write_wheel(tmp_path / NAME, [Member(name, LIBRARY), Member("é.so", LIBRARY)])
    assert read_all(tmp_path / NAME) == {name: LIBRARY, "é.so": LIBRARY}


def test_written_wheel_holds_members_modes_and_record(tmp_path: Path) -> None:
    path = tmp_path / NAME
    write_wheel(path, [Member("demo/x.so", LIBRARY, 0o755), Member("demo/a.py", b"")])

    with WheelFile(path) as opened:
        modes = {i.filename: i.external_attr >> 16 & 0o777 for i in opened.infolist()}
        assert opened.read("demo/x.so") == LIBRARY
    assert modes == {"demo/x.so": 0o755, "demo/a.py": 0o644, f"{INFO}/RECORD": 0o644}
    assert read_all(path) == {"demo/x.so": LIBRARY}
    assert names_in(tmp_path) == [NAME]


def test_equal_members_give_equal_bytes_at_any_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    for now in (1_000_000_000.0, 1_700_000_000.0):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        write_wheel(tmp_path / NAME, [Member("demo/x.so", LIBRARY)])
        written.append((tmp_path / NAME).read_bytes())

    assert written[0] == written[1]


def test_writing_replaces_a_wheel_that_is_there(tmp_path: Path) -> None:
    for data in (LIBRARY, LIBRARY[:100]):
        write_wheel(tmp_path / NAME, [Member("demo/x.so", data)])

    assert read_all(tmp_path / NAME) == {"demo/x.so": LIBRARY[:100]}


def test_writing_that_fails_leaves_the_old_wheel_and_nothing_else(tmp_path: Path) -> None:
    def members() -> Iterator[Member]:
        yield Member("demo/x.so", LIBRARY)
        raise RuntimeError("no more members")

    write_wheel(tmp_path / NAME, [Member("old.so", LIBRARY)])
    with pytest.raises(RuntimeError, match="no more members"):
        write_wheel(tmp_path / NAME, members())

    assert list(read_all(tmp_path / NAME)) == ["old.so"]
    assert names_in(tmp_path) == [NAME]


def test_writing_to_a_name_that_is_none_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(WheelError):
        write_wheel(tmp_path / "demo.whl", [Member("demo/x.so", LIBRARY)])

    assert names_in(tmp_path) == []


@pytest.mark.parametrize("left", [0, 10, 200, -40, -400])
def test_wheel_that_shrinks_while_it_is_read_is_refused(tmp_path: Path, left: int) -> None:
    path = tmp_path / seeds.WHEEL
    data = seeds.wheel([("x.so", random.Random(0).randbytes(200_000)), *seeds.members()])
    path.write_bytes(data)
    with Archive(path) as archive:
        first = archive.entries[0]
        assert len(archive.read(first)) == 200_000
        os.truncate(path, left if left >= 0 else 200_000 + left)
        with pytest.raises(InputError, match=r"x\.so: cannot be inflated"):
            archive.read(first)
        with pytest.raises(InputError, match=r"x\.so: cannot be read again"):
            read_again(path, first)
        problems = []
        for entry in archive.entries[1:]:
            with pytest.raises(InputError):
                archive.read(entry)
            problems.append(entry)
        assert len(problems) == len(archive.entries) - 1


# -- hashes of large members ----------------------------------------------------------------------


@pytest.mark.parametrize("room", [1, 4], ids=["one member", "several"])
def test_hash_of_a_large_member_is_compared_while_the_next_is_inflated_if_there_is_room(
    tmp_path: Path, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / NAME
    write_wheel(path, [Member(f"{name}.so", LIBRARY) for name in "ab"])
    events: list[str] = []
    is_inflated = threading.Event()
    compare = record_digest

    def slow(algorithm: str, data: bytes, total: int) -> str:
        events.append("begun")
        assert threading.current_thread() is not threading.main_thread()
        is_inflated.wait(0.2 if room == 1 else 10)
        events.append("compared")
        return compare(algorithm, data, total)

    def inflate(*_: object) -> bytes:
        events.append("inflated")
        if events.count("inflated") == 2:
            is_inflated.set()
        return LIBRARY

    monkeypatch.setattr(archive, "_LONG", 0)
    monkeypatch.setattr(archive, "_KEPT", (room - 1) * len(LIBRARY))
    monkeypatch.setattr(archive, "usable_cpus", lambda: 2)
    monkeypatch.setattr(archive, "record_digest", slow)
    monkeypatch.setattr(Archive, "inflated", inflate)
    with Archive(path) as opened:
        record = RecordCheck(opened)
        for number, entry in enumerate(opened.elf_members()):
            record.inflated(number, entry)
        record.wait()
    first = [event for event in events if event != "begun"][:2]
    assert first == (["inflated", "compared"] if room == 1 else ["inflated", "inflated"])
    assert events.count("compared") == 2
    assert record.found == []


def test_what_keeps_a_hash_from_being_compared_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise MemoryError

    monkeypatch.setattr(archive, "_LONG", 0)
    monkeypatch.setattr(archive, "usable_cpus", lambda: 2)
    monkeypatch.setattr(archive, "record_digest", broken)
    with Archive(wheel_with(tmp_path)) as opened:
        record = RecordCheck(opened)
        (entry,) = opened.elf_members()
        record.inflated(7, entry)
        record.wait()
    ((number, problem),) = record.found
    assert number == 7
    assert problem.path.endswith(": demo/x.so")
