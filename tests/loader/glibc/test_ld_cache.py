"""ld.so.cache: a real one, written and shown by ldconfig."""

from __future__ import annotations

import random
import re
import struct
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from collide.elf.machines import machine_named
from collide.loader.glibc.ld_cache import read_cache
from collide.support.errors import CollideError
from compiler import compile_so
from systems import admin_tool

X86_64 = machine_named("x86_64").cache_flags
I386 = machine_named("i686").cache_flags
AARCH64 = machine_named("aarch64").cache_flags
NAME = "libcollide.so.1"


def ldconfig(*arguments: str) -> str:
    command = [admin_tool("ldconfig", "libc-bin"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout


def build_cache(root: Path, kind: str) -> bytes:
    """A cache in one of ldconfig's formats, of the system and ``root``'s directories."""
    path = root / f"cache.{kind}"
    ldconfig("-X", "-i", "-c", kind, "-C", str(path), "-f", str(root / "conf"))
    return path.read_bytes()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two directories with one name: plain in both, for CPUs v3 and v2 in one each."""
    root = tmp_path_factory.mktemp("ldcache")
    places = ("one", "one/glibc-hwcaps/x86-64-v3", "two", "two/glibc-hwcaps/x86-64-v2")
    for place in places:
        (root / place).mkdir(parents=True)
        compile_so(root / place, NAME, "int x;", f"-Wl,-soname,{NAME}")
    (root / "conf").write_text(f"{root}/one\n{root}/two\n")
    return root


@pytest.fixture(scope="module")
def cache(root: Path) -> bytes:
    return build_cache(root, "new")


def shown(root: Path) -> dict[str, str]:
    """Name to path of the plain x86-64 entries that ``ldconfig -p`` shows, the first of each."""
    lines = ldconfig("-p", "-C", str(root / "cache.new"))
    found: dict[str, str] = {}
    for name, path in re.findall(r"^\t(\S+) \(libc6,x86-64\) => (\S+)$", lines, re.MULTILINE):
        found.setdefault(name, path)
    return found


def test_every_plain_name_is_found_where_ldconfig_shows_it(root: Path, cache: bytes) -> None:
    expected, known = shown(root), read_cache(cache)

    assert expected[NAME] == f"{root}/one/{NAME}"
    assert {n: known.find(n, X86_64, ()) for n in expected} == expected


@pytest.mark.parametrize(
    ("hwcaps", "place"),
    [
        pytest.param((), "one", id="none"),
        pytest.param(("x86-64-v2",), "two/glibc-hwcaps/x86-64-v2", id="v2"),
        pytest.param(("x86-64-v3", "x86-64-v2"), "one/glibc-hwcaps/x86-64-v3", id="v3"),
        pytest.param(
            ("x86-64-v4", "x86-64-v3", "x86-64-v2"), "one/glibc-hwcaps/x86-64-v3", id="v4"
        ),
        pytest.param(("x86-64-v4",), "one", id="no-such-directory"),
    ],
)
def test_best_active_subdirectory_wins(
    root: Path, cache: bytes, hwcaps: tuple[str, ...], place: str
) -> None:
    assert read_cache(cache).find(NAME, X86_64, hwcaps) == f"{root}/{place}/{NAME}"


def test_name_that_is_not_there_is_none(cache: bytes) -> None:
    assert read_cache(cache).find("libnothing.so.1", X86_64, ("x86-64-v3",)) is None


def test_new_part_behind_an_old_one_says_the_same(root: Path, cache: bytes) -> None:
    # Without glibc-hwcaps: their names get lost in this format, for the loader too.
    both = build_cache(root, "compat")
    assert both.startswith(b"ld.so-1.7.0")
    old, new = read_cache(both), read_cache(cache)
    expected = {name: new.find(name, X86_64, ()) for name in shown(root)}

    assert {name: old.find(name, X86_64, ()) for name in expected} == expected


def test_numbers_in_names_are_compared_by_value(root: Path, cache: bytes) -> None:
    # _dl_cache_libcmp: dlopen("libz.so.01") opens libz.so.1 out of the cache.
    assert read_cache(cache).find("libcollide.so.01", X86_64, ()) == f"{root}/one/{NAME}"


def test_entry_with_a_legacy_capability_is_skipped(cache: bytes) -> None:
    # The plain entries of this name lose their way: bit 0 is no glibc-hwcaps bit.
    changed = bytearray(cache)
    (count,) = struct.unpack_from("=I", cache, 20)
    for at in range(48, 48 + 24 * count, 24):
        _, key, _, _, hwcap = struct.unpack_from("=4IQ", cache, at)
        if cache[key:].startswith(NAME.encode() + b"\0") and hwcap == 0:
            struct.pack_into("=Q", changed, at + 16, 1)

    assert read_cache(bytes(changed)).find(NAME, X86_64, ()) is None
    assert read_cache(bytes(changed)).find(NAME, X86_64, ("x86-64-v2",)) is not None


def small_cache(entries: list[tuple[str, str, int]], order: str = "<", endian: int = 2) -> bytes:
    """A cache made by hand: (name, path, flags) each."""
    head = 48 + 24 * len(entries)
    strings, rows = b"", b""
    for name, path, flags in entries:
        key = head + len(strings)
        strings += name.encode() + b"\0"
        rows += struct.pack(f"{order}4IQ", flags, key, head + len(strings), 0, 0)
        strings += path.encode() + b"\0"
    numbers = struct.pack(f"{order}2IB15x4x", len(entries), len(strings), endian)
    return b"glibc-ld.so.cache1.1" + numbers[:28] + rows + strings


def test_entry_of_another_architecture_is_passed_over() -> None:
    cache = read_cache(small_cache([("liba.so.1", "/32", I386), ("liba.so.1", "/64", X86_64)]))

    assert cache.find("liba.so.1", X86_64, ()) == "/64"
    assert cache.find("liba.so.1", I386, ()) == "/32"
    assert cache.find("liba.so.1", AARCH64, ()) is None


def test_first_of_equal_entries_wins() -> None:
    cache = read_cache(small_cache([("liba.so.1", "/one", X86_64), ("liba.so.1", "/two", X86_64)]))

    assert cache.find("liba.so.1", X86_64, ()) == "/one"


@pytest.mark.parametrize(
    ("flags", "machine"),
    [
        pytest.param(1, "i686", id="i386-library-that-needs-no-libc"),
        pytest.param(3, "armv7l", id="arm-library-without-a-float-mark"),
    ],
)
def test_entry_without_a_mark_serves_where_the_loader_takes_it(flags: int, machine: str) -> None:
    # _dl_cache_check_flags takes FLAG_ELF (1) on i386 and FLAG_ELF_LIBC6 (3) on ARM too.
    cache = read_cache(small_cache([("liba.so.1", "/a", flags)]))

    assert cache.find("liba.so.1", machine_named(machine).cache_flags, ()) == "/a"


@pytest.mark.parametrize(
    ("order", "endian"), [("<", 2), (">", 3), ("=", 0)], ids=["little", "big", "unmarked"]
)
def test_cache_is_read_in_the_byte_order_it_names(order: str, endian: int) -> None:
    cache = small_cache([("liba.so.1", "/l/liba.so.1", 0x403)], order, endian)

    assert read_cache(cache).find("liba.so.1", 0x403, ()) == "/l/liba.so.1"


def test_empty_cache_finds_nothing() -> None:
    assert read_cache(small_cache([])).find("liba.so.1", X86_64, ()) is None


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x7fELF" + bytes(100), id="elf"),
        pytest.param(b"glibc-ld.so.cache1.0" + bytes(100), id="other-version"),
        pytest.param(b"ld.so-1.7.0\0" + bytes(100), id="old-part-only"),
        pytest.param(b"glibc-ld.so.cache1.1", id="magic-only"),
        pytest.param(small_cache([], endian=1), id="marked-invalid"),
        pytest.param(small_cache([("a", "b", 3)])[:-1], id="string-without-end"),
    ],
)
def test_what_is_no_cache_is_an_error_that_says_so(data: bytes) -> None:
    with pytest.raises(CollideError, match=r"^not a readable ld\.so\.cache \(.+\)$"):
        read_cache(data)


def tolerate(data: bytes) -> None:
    with suppress(CollideError):
        read_cache(data).find(NAME, X86_64, ("x86-64-v3",))


def test_truncated_cache_is_an_error_or_read(cache: bytes) -> None:
    for length in sorted({int(1.1**i) for i in range(150)}):
        tolerate(cache[:length])


@pytest.mark.parametrize("kind", ["new", "compat"])
def test_broken_cache_is_an_error_or_read(tmp_path: Path, kind: str) -> None:
    (tmp_path / "conf").write_text("")
    cache = build_cache(tmp_path, kind)
    draw = random.Random(11)
    for _ in range(100):
        broken = bytearray(cache)
        for _ in range(3):
            broken[draw.randrange(draw.choice((64, len(cache))))] = draw.choice((0, 1, 128, 255))
        tolerate(bytes(broken))
