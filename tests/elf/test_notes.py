"""ELF notes: build id, packager's note, and the resolution cache that patchelf writes."""

from __future__ import annotations

import random
import re
import struct
import subprocess
from io import BytesIO
from pathlib import Path

import pytest

from collide.elf.notes import NIXOS_CACHE_TYPE, Notes, read_notes, resolution_cache
from collide.elf.object import read_object
from compiler import compile_so
from patching import patchelf

PACKAGE = r"""
__asm__(".pushsection .note.package, \"a\", @note\n"
        ".balign 4\n.long 4, 2f - 1f, 0xcafe1a7e\n.asciz \"FDO\"\n"
        "1: .asciz \"%s\"\n2: .balign 4\n.popsection");
"""


def notes_of(path: Path) -> Notes:
    with path.open("rb") as stream:
        return read_notes(stream)


def package_note(tmp_path: Path, json: str) -> Path:
    escaped = json.replace('"', r"\\\"")
    return compile_so(tmp_path, "x.so", PACKAGE % escaped, "-Wl,--build-id=sha1")


def test_build_id_is_the_one_that_readelf_shows(tmp_path: Path) -> None:
    path = compile_so(tmp_path, "x.so", "int x;", "-Wl,--build-id=sha1")
    shown = subprocess.run(["readelf", "-n", path], capture_output=True, text=True, check=True)

    found = re.search(r"Build ID: (\w+)", shown.stdout)
    assert found is not None
    assert notes_of(path).build_id == found[1]


def test_object_without_notes_has_none(tmp_path: Path) -> None:
    assert notes_of(compile_so(tmp_path, "x.so", "int x;", "-Wl,--build-id=none")) == Notes()


def test_abi_tag_names_the_oldest_kernel() -> None:
    path = Path("/lib/x86_64-linux-gnu/libc.so.6")
    if not path.is_file():
        pytest.skip(f"{path} does not exist: run this on Debian amd64 for an ABI tag")
    shown = subprocess.run(["readelf", "-n", path], capture_output=True, text=True, check=True)
    found = re.search(r"OS: (\w+), ABI: ([\d.]+)", shown.stdout)

    assert found is not None
    assert notes_of(path).abi_tag == f"{found[1].lower()} {found[2]}"


def test_package_note_gives_name_and_version(tmp_path: Path) -> None:
    path = package_note(tmp_path, '{"type":"deb","name":"zlib","version":"1:1.2"}')

    assert notes_of(path).package == ("zlib", "1:1.2")
    assert notes_of(path).build_id is not None


@pytest.mark.parametrize("json", ['{"name":"zlib"}', "no json", "[]", '"zlib"', "null"])
def test_package_note_of_another_form_is_left_out(tmp_path: Path, json: str) -> None:
    found = notes_of(package_note(tmp_path, json))

    assert found.package is None
    assert found.build_id is not None


def test_notes_are_found_without_section_headers(tmp_path: Path) -> None:
    path = package_note(tmp_path, '{"name":"zlib","version":"1"}')
    data = bytearray(path.read_bytes())
    struct.pack_into("<Q", data, 0x28, 0)
    struct.pack_into("<3H", data, 0x3A, 0, 0, 0)

    assert read_notes(BytesIO(data)) == notes_of(path)


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"#!/bin/sh\n", b"\x7fELF\2\1\1" + bytes(100)])
def test_what_is_no_object_has_no_notes(data: bytes) -> None:
    assert read_notes(BytesIO(data)) == Notes()


def test_note_whose_owner_has_no_end_is_left_out(tmp_path: Path) -> None:
    data = package_note(tmp_path, '{"name":"zlib","version":"1"}').read_bytes()

    found = read_notes(BytesIO(data.replace(b"FDO\0", b"FDOX")))

    assert found.package is None
    assert found.build_id is not None


def test_broken_notes_are_left_out_and_raise_nothing(tmp_path: Path) -> None:
    data = package_note(tmp_path, '{"name":"zlib","version":"1"}').read_bytes()
    draw = random.Random(7)
    offsets = [i for i, byte in enumerate(data) if byte or i < 0x300]

    for _ in range(1000):
        broken = bytearray(data)
        for _ in range(draw.choice((1, 3))):
            broken[draw.choice(offsets)] ^= 1 << draw.randrange(8)
        read_notes(BytesIO(broken))


@pytest.mark.parametrize("at", [39, 40, 0x47, 0x48])
@pytest.mark.parametrize("byte", [1, 0x80, 0xFF])
def test_impossible_offsets_of_headers_raise_nothing(tmp_path: Path, at: int, byte: int) -> None:
    data = bytearray(package_note(tmp_path, '{"name":"zlib","version":"1"}').read_bytes())
    data[at] = byte

    read_notes(BytesIO(data))


# -- the NixOS resolution cache ------------------------------------------------------------------


def with_cache(tmp_path: Path, runpath: str) -> Path:
    """A library with two needs, in ``first/`` and ``second/``, and its resolution cache."""
    needs = []
    for directory in ("first", "second"):
        (tmp_path / directory).mkdir()
        name = f"lib{directory}.so.1"
        flags = f"-Wl,-soname,{name}"
        needs.append(str(compile_so(tmp_path / directory, name, "int x;", flags)))
    flags = f"-Wl,--enable-new-dtags,-rpath,{runpath}"
    path = compile_so(tmp_path, "x.so", "", "-Wl,--no-as-needed", flags, *needs)
    patchelf("--build-resolution-cache", path, since=(0, 19))
    return path


def test_resolution_cache_of_patchelf_gives_the_file_of_each_need(tmp_path: Path) -> None:
    found = read_object(with_cache(tmp_path, f"{tmp_path}/first:{tmp_path}/second").read_bytes())

    assert found.needed == ("libfirst.so.1", "libsecond.so.1")
    assert dict(found.resolution_cache) == {
        "libfirst.so.1": (f"={tmp_path}/first/libfirst.so.1",),
        "libsecond.so.1": (f"={tmp_path}/second/libsecond.so.1",),
    }


def test_resolution_cache_of_patchelf_keeps_tokens_as_directories(tmp_path: Path) -> None:
    found = read_object(with_cache(tmp_path, f"$ORIGIN/l:{tmp_path}/second").read_bytes())

    assert dict(found.resolution_cache)["libsecond.so.1"] == (
        "?$ORIGIN/l",
        f"={tmp_path}/second/libsecond.so.1",
    )


def test_resolution_cache_changes_nothing_else(tmp_path: Path) -> None:
    found = read_object(with_cache(tmp_path, f"{tmp_path}/first").read_bytes())

    assert (found.runpath, found.soname) == (f"{tmp_path}/first", None)


def test_object_without_a_resolution_cache_has_an_empty_one(tmp_path: Path) -> None:
    assert read_object(compile_so(tmp_path, "x.so", "").read_bytes()).resolution_cache == ()


def note(desc: bytes, kind: int = NIXOS_CACHE_TYPE, order: str = "<") -> bytes:
    head = struct.pack(f"{order}3I", 6, len(desc), kind) + b"NixOS\0\0\0"
    return head + desc + bytes(-len(desc) % 4)


@pytest.mark.parametrize("order", "<>")
def test_resolution_cache_is_read_in_both_byte_orders(order: str) -> None:
    segment = note(b"liba.so\0=/a:?/b\0libb.so\0=/c\0\0", order=order)

    assert resolution_cache(segment, order) == (
        ("liba.so", ("=/a", "?/b")),
        ("libb.so", ("=/c",)),
    )


def test_resolution_cache_is_found_behind_other_notes() -> None:
    segment = note(b"odd", kind=1) + note(b"liba.so\0=/a\0\0")

    assert resolution_cache(segment, "<") == (("liba.so", ("=/a",)),)


def test_first_resolution_cache_counts_even_if_invalid() -> None:
    assert resolution_cache(note(b"liba.so") + note(b"liba.so\0=/a\0\0"), "<") == ()


@pytest.mark.parametrize("desc", [b"", b"\0", b"\0\0", b"a\0=/a", b"a\0=/a\0"])
def test_resolution_cache_without_its_end_mark_is_invalid(desc: bytes) -> None:
    assert resolution_cache(note(desc), "<") == ()


def test_truncated_resolution_cache_is_no_error() -> None:
    whole = note(b"libaaaa.so\0=/a\0\0")
    assert len(whole) == 36
    for length in range(len(whole)):
        assert resolution_cache(whole[:length], "<") == ()
