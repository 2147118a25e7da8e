"""Hash tables and the dynamic symbol table: what exists for a lookup, and what it says."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from collide.elf.constants import (
    STB_GLOBAL,
    STB_GNU_UNIQUE,
    STB_LOCAL,
    STB_WEAK,
    STT_GNU_IFUNC,
    STT_OBJECT,
    STT_TLS,
    STV_DEFAULT,
    STV_HIDDEN,
    STV_PROTECTED,
)
from collide.elf.hash_tables import GnuHash, SysvHash, gnu_hash, integers, sysv_hash
from collide.elf.object import ElfObject, read_object
from collide.elf.symbols import NoExports
from compiler import compile_so
from conformance import loader_was_asked
from random_objects import gnu_table, sysv_table
from second_opinion import section, symbol_at

NAMES = [f"function_{i}" for i in range(12)]
MANY = "".join(f"int {name}(void) {{ return {i}; }}\n" for i, name in enumerate(NAMES))
LAYOUTS = [
    pytest.param(bits, big_endian, id=f"{bits}-{'big' if big_endian else 'little'}")
    for bits in (32, 64)
    for big_endian in (False, True)
]


def candidates_of(read: ElfObject, name: str) -> list[tuple[str | None, int, bool]]:
    found = read.exports.candidates(name)
    return [(d.version, d.version_index, d.hidden_version) for d in found]


def loader_finds(path: Path, names: Sequence[str]) -> list[str]:
    """The names that dlsym finds in a library, asked in another process."""
    loader_was_asked("dlsym")
    code = "import ctypes, sys; so = ctypes.CDLL(sys.argv[1])\n"
    code += "print(*(n for n in sys.argv[2:] if hasattr(so, n)))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), *names], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def collide_finds(path: Path, names: Sequence[str]) -> list[str]:
    exports = read_object(path.read_bytes()).exports
    return [name for name in names if exports.candidates(name)]


# -- the two hash functions ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "gnu", "sysv"),
    [
        (b"", 0x1505, 0),
        (b"printf", 0x156B2BB8, 0x077905A6),
        (b"exit", 0x7C967E3F, 0x0006CF04),
        (b"syscall", 0xBAC212A0, 0x0B09985C),
        (b"flapenguin.me", 0x8AE9F18E, 0x03987915),
    ],
)
def test_hash_functions_give_the_published_values(name: bytes, gnu: int, sysv: int) -> None:
    assert (gnu_hash(name), sysv_hash(name)) == (gnu, sysv)


def test_version_names_are_hashed_like_symbols_of_the_old_table() -> None:
    assert sysv_hash(b"GLIBC_2.2.5") == 0x09691A75


def test_hash_functions_take_bytes_as_unsigned() -> None:
    assert (gnu_hash(b"\xff"), sysv_hash(b"\xff\xff")) == (5381 * 33 + 255, 255 * 16 + 255)


@pytest.mark.parametrize("length", [1, 2, 31, 3999, 4000, 4001, 8000, 12_345])
def test_gnu_hash_of_any_bytes_is_the_one_of_the_plain_loop(length: int) -> None:
    name = random.Random(length).randbytes(length).replace(b"\0", b"_")
    h = 5381
    for byte in name:
        h = (h * 33 + byte) & 0xFFFFFFFF

    assert gnu_hash(name) == h


def test_integers_are_read_in_the_byte_order_of_the_object() -> None:
    assert list(integers(b"\0\1\0\2", "H", big_endian=True)) == [1, 2]
    assert list(integers(b"\1\0\0\0\0\0\0\0", "Q", big_endian=False)) == [1]


def test_integers_refuse_a_part_of_one() -> None:
    with pytest.raises(ValueError, match="length"):
        integers(b"\0\1\2", "H", big_endian=False)


# -- tables made by hand: layouts that no compiler here emits ------------------------------------


@pytest.mark.parametrize(("bits", "big_endian"), LAYOUTS)
def test_gnu_table_is_walked_in_every_layout(bits: int, big_endian: bool) -> None:
    names = sorted((f"n{i}".encode() for i in range(9)), key=lambda n: gnu_hash(n) % 2)

    table = GnuHash(memoryview(gnu_table(names, bits, big_endian)), bits, big_endian)

    assert (table.first, table.count) == (1, 10)
    assert [table.walk(name) for name in names] == [[i] for i in range(1, 10)]
    assert table.walk(b"absent") == []


@pytest.mark.parametrize("size", [4, 8], ids=["words", "s390x"])
@pytest.mark.parametrize("big_endian", [False, True])
def test_sysv_table_is_walked_in_every_layout(size: int, big_endian: bool) -> None:
    names = [f"n{i}".encode() for i in range(9)]

    table = SysvHash(memoryview(sysv_table(names, size, big_endian)), size, big_endian)

    assert table.count == 10
    assert all(i in table.walk(name) for i, name in enumerate(names, 1))


def test_gnu_chain_ignores_the_lowest_bit_of_a_hash() -> None:
    # The hashes of "a" and "b" differ in that bit only: the name decides.
    assert gnu_hash(b"a") ^ gnu_hash(b"b") == 1
    table = GnuHash(memoryview(gnu_table([b"a", b"b"], 64, False, nbuckets=1)), 64, False)

    assert table.walk(b"a") == table.walk(b"b") == [1, 2]


@pytest.mark.parametrize("nbuckets", [1, 2, 5])
@pytest.mark.parametrize("count", [20, 200])
def test_gnu_table_reaches_what_it_walks_to(nbuckets: int, count: int) -> None:
    names = sorted((f"n{i}".encode() for i in range(count)), key=lambda n: gnu_hash(n) % nbuckets)
    table = GnuHash(memoryview(gnu_table(names, 64, False, nbuckets)), 64, False)

    for name in (*names, b"absent"):
        indexes = list(range(1, table.count))
        answers = table.reached([name.decode()] * len(indexes), indexes)
        assert [i for i, yes in zip(indexes, answers, strict=True) if yes] == table.walk(name)


def test_gnu_table_without_buckets_holds_nothing() -> None:
    table = GnuHash(memoryview(struct.pack("<4IQ", 0, 1, 1, 5, 2**64 - 1)), 64, False)

    assert (table.count, table.walk(b"a")) == (1, [])


def test_gnu_table_with_empty_buckets_only_ends_before_its_first_symbol() -> None:
    table = GnuHash(memoryview(struct.pack("<4IQI", 1, 7, 1, 0, 0, 0)), 64, False)

    assert (table.count, table.walk(b"a")) == (7, [])


def test_gnu_table_that_ends_early_is_refused() -> None:
    raw = memoryview(gnu_table([b"a", b"b", b"c"], 64, False, nbuckets=1))
    for length in range(len(raw)):
        with pytest.raises((IndexError, ValueError)):
            GnuHash(raw[:length], 64, False)


def test_sysv_table_that_ends_early_is_refused() -> None:
    raw = memoryview(sysv_table([b"a", b"b", b"c"], 4, False, nbuckets=1))
    for length in range(len(raw)):
        with pytest.raises(ValueError, match=r"."):
            SysvHash(raw[:length], 4, False)


def test_sysv_chain_that_runs_in_a_circle_is_refused() -> None:
    """A loader that looks for another name there never comes back."""
    raw = struct.pack("<2I1I3I", 1, 3, 1, 0, 2, 1)

    with pytest.raises(ValueError, match="share symbols"):
        SysvHash(memoryview(raw), 4, False)


@pytest.mark.parametrize("buckets", [1, 2, 7])
def test_sysv_table_finds_what_it_walks_to(buckets: int) -> None:
    names = [b"s%d" % n for n in range(40)]
    table = SysvHash(memoryview(sysv_table(names, 4, False, buckets)), 4, False)
    for name in (*names, b"other"):
        assert table.found(name, range(1, 41)) == table.walk(name)


def test_sysv_chain_that_leaves_the_table_ends() -> None:
    raw = struct.pack("<2I1I3I", 1, 3, 1, 0, 77, 0)

    assert SysvHash(memoryview(raw), 4, False).walk(b"a") == [1]


# -- what the hash table does not reach does not exist; the real loader agrees -------------------


@pytest.fixture
def many(tmp_path: Path) -> Path:
    return compile_so(tmp_path, "many.so", MANY, "-Wl,--hash-style=gnu")


def patch_gnu(path: Path, change: Callable[[list[int], list[int], list[int]], None]) -> list[str]:
    """Let ``change`` edit bloom words, buckets and chain; the names that collide finds then."""
    data = bytearray(path.read_bytes())
    at, size = section(data, ".gnu.hash")
    nbuckets, _, words, _ = struct.unpack_from("<4I", data, at)
    chains = (size - 16 - 8 * words - 4 * nbuckets) // 4
    layout = f"<{words}Q{nbuckets}I{chains}I"
    values = list(struct.unpack_from(layout, data, at + 16))
    bloom, buckets = values[:words], values[words : words + nbuckets]
    chain = values[words + nbuckets :]
    change(bloom, buckets, chain)
    struct.pack_into(layout, data, at + 16, *bloom, *buckets, *chain)
    path.write_bytes(data)
    return collide_finds(path, NAMES)


@pytest.mark.rule("3.7", "chains")
def test_all_symbols_of_an_intact_gnu_table_are_found(many: Path) -> None:
    assert collide_finds(many, NAMES) == loader_finds(many, NAMES) == NAMES


@pytest.mark.rule("3.7", "bloom filter")
def test_symbol_outside_the_bloom_filter_does_not_exist(many: Path) -> None:
    def clear_one_bit(bloom: list[int], _buckets: list[int], _chain: list[int]) -> None:
        h = gnu_hash(NAMES[3].encode())
        bloom[h // 64 % len(bloom)] &= ~(1 << h % 64)

    found = patch_gnu(many, clear_one_bit)

    assert NAMES[3] not in found
    assert found == loader_finds(many, NAMES)


@pytest.mark.rule("3.7", "buckets")
def test_symbols_of_an_emptied_bucket_do_not_exist(many: Path) -> None:
    def empty(_bloom: list[int], buckets: list[int], _chain: list[int]) -> None:
        buckets[next(i for i, b in enumerate(buckets) if b)] = 0

    found = patch_gnu(many, empty)

    assert 0 < len(found) < len(NAMES)
    assert found == loader_finds(many, NAMES)


@pytest.mark.rule("3.7", "buckets")
def test_symbols_before_the_start_of_a_bucket_do_not_exist(many: Path) -> None:
    def start_later(_bloom: list[int], buckets: list[int], _chain: list[int]) -> None:
        buckets[buckets.index(min(b for b in buckets if b))] += 1

    found = patch_gnu(many, start_later)

    assert len(found) == len(NAMES) - 1
    assert found == loader_finds(many, NAMES)


@pytest.mark.rule("3.7", "chains")
def test_symbols_behind_an_early_end_of_chain_do_not_exist(many: Path) -> None:
    def end_early(_bloom: list[int], _buckets: list[int], chain: list[int]) -> None:
        chain[:] = [stored | 1 for stored in chain]

    found = patch_gnu(many, end_early)

    assert 0 < len(found) < len(NAMES)
    assert found == loader_finds(many, NAMES)


@pytest.mark.rule("3.7", "chains")
def test_symbol_whose_stored_hash_is_wrong_does_not_exist(many: Path) -> None:
    def change_hash(_bloom: list[int], _buckets: list[int], chain: list[int]) -> None:
        chain[0] ^= 0x100

    found = patch_gnu(many, change_hash)

    assert len(found) == len(NAMES) - 1
    assert found == loader_finds(many, NAMES)


@pytest.mark.rule("3.7", "chains")
def test_symbols_behind_a_missing_end_of_chain_are_still_found(many: Path) -> None:
    def run_on(_bloom: list[int], _buckets: list[int], chain: list[int]) -> None:
        chain[:-1] = [stored & ~1 for stored in chain[:-1]]

    assert patch_gnu(many, run_on) == loader_finds(many, NAMES) == NAMES


@pytest.mark.rule("3.7", "GNU table first")
def test_gnu_table_alone_counts_where_both_are(tmp_path: Path) -> None:
    path = compile_so(tmp_path, "both.so", MANY, "-Wl,--hash-style=both")

    def forget_all(bloom: list[int], _buckets: list[int], _chain: list[int]) -> None:
        bloom[:] = [0] * len(bloom)

    assert patch_gnu(path, forget_all) == loader_finds(path, NAMES) == []


@pytest.mark.rule("3.7", "SysV table alone")
def test_sysv_table_alone_is_enough(tmp_path: Path) -> None:
    path = compile_so(tmp_path, "sysv.so", MANY, "-Wl,--hash-style=sysv")

    assert collide_finds(path, NAMES) == loader_finds(path, NAMES) == NAMES


@pytest.mark.rule("3.7", "SysV table alone")
def test_symbols_of_an_emptied_sysv_bucket_do_not_exist(tmp_path: Path) -> None:
    path = compile_so(tmp_path, "sysv.so", MANY, "-Wl,--hash-style=sysv")
    data = bytearray(path.read_bytes())
    at, _ = section(data, ".hash")
    struct.pack_into("<I", data, at + 8 + 4 * (sysv_hash(b"function_0") % data[at]), 0)
    path.write_bytes(data)

    found = collide_finds(path, NAMES)

    assert "function_0" not in found
    assert found == loader_finds(path, NAMES)


def test_sysv_table_lists_undefined_symbols_that_are_no_candidates(tmp_path: Path) -> None:
    source = "extern int elsewhere; int *here = &elsewhere;"
    path = compile_so(tmp_path, "sysv.so", source, "-Wl,--hash-style=sysv")

    exports = read_object(path.read_bytes()).exports

    assert exports.candidates("elsewhere") == ()
    assert len(exports.candidates("here")) == 1


def test_object_without_a_hash_table_exports_nothing(tmp_path: Path) -> None:
    path = compile_so(tmp_path, "none.so", MANY, "-Wl,--hash-style=gnu")
    data = path.read_bytes().replace(struct.pack("<Q", 0x6FFFFEF5), struct.pack("<Q", 0x6FFFFEF0))

    exports = read_object(data).exports

    assert (exports.names, exports.candidates(NAMES[0])) == (frozenset(), ())
    assert exports.defined({NAMES[0]}) == frozenset()
    assert isinstance(exports, NoExports)


# -- what a symbol says --------------------------------------------------------------------------


def test_name_that_ends_another_name_is_found(tmp_path: Path) -> None:
    path = compile_so(tmp_path, "tail.so", "void Free(void) {} void xmlFree(void) {}")
    data = path.read_bytes()
    at, size = section(data, ".dynstr")
    assert data[at : at + size].count(b"Free\0") == 1, "the linker has shared the tail"

    exports = read_object(data).exports

    assert {"Free", "xmlFree"} <= exports.names
    assert [len(exports.candidates(name)) for name in ("Free", "xmlFree", "ree")] == [1, 1, 0]


@pytest.mark.parametrize("raw", ["größe".encode(), "größe".encode("latin-1"), b"\xf0\x9f"])
def test_name_that_is_not_ascii_is_found(tmp_path: Path, raw: bytes) -> None:
    escaped = "".join(f"\\{byte:03o}" for byte in raw)
    path = compile_so(
        tmp_path, "name.so", f'int odd(void) __asm__("{escaped}"); int odd(void) {{ return 1; }}'
    )

    exports = read_object(path.read_bytes()).exports

    (name,) = exports.names
    assert name == raw.decode("utf-8", "surrogateescape")
    assert len(exports.candidates(name)) == 1


def test_name_that_no_file_can_hold_is_not_found(many: Path) -> None:
    assert read_object(many.read_bytes()).exports.candidates("") == ()


@pytest.mark.parametrize(
    ("source", "type_", "binding", "visibility"),
    [
        pytest.param("int x = 1;", STT_OBJECT, 1, 0, id="object"),
        pytest.param("__thread int x;", STT_TLS, 1, 0, id="thread-local"),
        pytest.param("__attribute__((weak)) int x = 1;", STT_OBJECT, STB_WEAK, 0, id="weak"),
        pytest.param(
            "static int f(void) { return 1; } static int (*pick(void))(void) { return f; }"
            'int x(void) __attribute__((ifunc("pick")));',
            *(STT_GNU_IFUNC, 1, 0),
            id="indirect-function",
        ),
        pytest.param(
            '__asm__(".data\\n.globl x\\n.type x, @gnu_unique_object\\nx: .long 1\\n.size x, 4");',
            *(STT_OBJECT, STB_GNU_UNIQUE, 0),
            id="unique",
        ),
        pytest.param(
            '__attribute__((visibility("protected"))) int x = 1;',
            *(STT_OBJECT, 1, STV_PROTECTED),
            id="protected",
        ),
    ],
)
def test_definition_tells_type_binding_and_visibility(
    tmp_path: Path, source: str, type_: int, binding: int, visibility: int
) -> None:
    path = compile_so(tmp_path, "x.so", source)

    (found,) = read_object(path.read_bytes()).exports.candidates("x")

    assert (found.type, found.binding, found.visibility) == (type_, binding, visibility)


def test_hidden_symbol_is_not_exported(tmp_path: Path) -> None:
    source = '__attribute__((visibility("hidden"))) int x = 1; int y = 1;'
    path = compile_so(tmp_path, "x.so", source)

    assert read_object(path.read_bytes()).exports.names == {"y"}


def patch_symbol(data: bytes, name: str, field: int, layout: str, value: int) -> bytes:
    """Change one field of a dynamic symbol."""
    changed = bytearray(data)
    struct.pack_into(layout, changed, symbol_at(data, name) + field, value)
    return bytes(changed)


def test_hidden_symbol_in_the_table_is_a_candidate_that_says_so(tmp_path: Path) -> None:
    data = compile_so(tmp_path, "x.so", "int x = 1;").read_bytes()

    (found,) = read_object(patch_symbol(data, "x", 5, "B", STV_HIDDEN)).exports.candidates("x")

    assert found.visibility == STV_HIDDEN


def test_local_symbol_in_the_table_offers_nothing(tmp_path: Path) -> None:
    path = compile_so(tmp_path, "x.so", "int x = 1; int y = 1;")
    path.write_bytes(patch_symbol(path.read_bytes(), "x", 4, "B", STB_LOCAL << 4 | STT_OBJECT))

    assert collide_finds(path, ["x", "y"]) == loader_finds(path, ["x", "y"]) == ["y"]


def test_symbol_of_value_zero_is_no_candidate(tmp_path: Path) -> None:
    path = compile_so(tmp_path, "x.so", "int x = 1; int y = 1;")
    path.write_bytes(patch_symbol(path.read_bytes(), "x", 8, "<Q", 0))

    assert collide_finds(path, ["x", "y"]) == loader_finds(path, ["x", "y"]) == ["y"]


def test_absolute_symbol_of_value_zero_is_a_candidate(tmp_path: Path) -> None:
    path = compile_so(tmp_path, "x.so", '__asm__(".globl x\\nx = 0");')

    (found,) = read_object(path.read_bytes()).exports.candidates("x")

    assert (found.zero, found.undefined) == (True, False)


def test_thread_local_symbol_of_value_zero_is_a_candidate(tmp_path: Path) -> None:
    path = compile_so(tmp_path, "x.so", "__thread int x;")

    (found,) = read_object(path.read_bytes()).exports.candidates("x")

    assert (found.type, found.zero) == (STT_TLS, False)


def test_undefined_symbol_with_a_value_is_a_candidate_that_says_so(tmp_path: Path) -> None:
    library = compile_so(tmp_path, "libf.so", "int f(void) { return 1; }")
    source = "int f(void); int (*address)(void) = f; int _start(void) { return f != address; }"
    flags = ("-no-pie", "-fno-pic", "-rdynamic")
    path = compile_so(tmp_path, "program", source, *flags, str(library))

    (found,) = read_object(path.read_bytes()).exports.candidates("f")

    assert (found.undefined, found.zero) == (True, False)


# -- the short cut for many names at once -------------------------------------------------------


def is_simple(read: ElfObject, name: str, version: str | None) -> bool:
    """What ``simple`` may promise at most, from the candidates."""
    found = read.exports.candidates(name)
    return len(found) == 1 and all(
        ((d.version_index <= 1 and not d.hidden_version) or d.version == version is not None)
        and not d.undefined
        and d.value != 0
        and d.visibility in (STV_DEFAULT, STV_PROTECTED)
        and d.binding in (STB_GLOBAL, STB_WEAK)
        for d in found
    )


@pytest.mark.parametrize("library", ["libc.so.6", "libz.so.1", "libstdc++.so.6", "libcrypto.so.3"])
def test_simple_names_have_one_definition_of_the_wanted_version(library: str) -> None:
    path = Path("/lib/x86_64-linux-gnu") / library
    if not path.is_file():
        pytest.skip(f"{path} does not exist: install it to ask it for names")
    read = read_object(path.read_bytes())
    versions = {n: {d.version for d in read.exports.candidates(n)} for n in read.exports.names}

    for pick in (min, max):
        wanted = {n: pick(v, key=str) for n, v in versions.items() if v}
        for asked in (wanted, dict.fromkeys(wanted), dict.fromkeys(wanted, "NO_SUCH_1")):
            found = read.exports.simple(asked)
            assert [n for n in found if not is_simple(read, n, asked[n])] == []


def test_name_that_the_hash_table_does_not_reach_is_not_simple(many: Path) -> None:
    def empty(_bloom: list[int], buckets: list[int], _chain: list[int]) -> None:
        buckets[:] = [0] * len(buckets)

    wanted = dict.fromkeys(NAMES)
    assert read_object(many.read_bytes()).exports.simple(wanted) == set(NAMES)
    patch_gnu(many, empty)
    assert read_object(many.read_bytes()).exports.simple(wanted) == set()


# -- versions ------------------------------------------------------------------------------------

TWO_VERSIONS = """
int old(void) { return 1; }
int new(void) { return 2; }
int plain(void) { return 3; }
__asm__(".symver old,foo@V1\\n.symver new,foo@@V2");
"""


@pytest.fixture
def versioned(tmp_path: Path) -> ElfObject:
    script = tmp_path / "map"
    script.write_text("V1 { global: foo; local: old; }; V2 { local: new; } V1;")
    flags = (f"-Wl,--version-script={script}", "-Wl,-soname,versioned.so")
    return read_object(compile_so(tmp_path, "versioned.so", TWO_VERSIONS, *flags).read_bytes())


def test_old_and_default_version_of_a_name_are_two_candidates(versioned: ElfObject) -> None:
    assert sorted(candidates_of(versioned, "foo"), key=repr) == [("V1", 2, True), ("V2", 3, False)]


def test_base_version_definition_names_no_symbol(versioned: ElfObject) -> None:
    assert versioned.version_definitions == ("V1", "V2")
    assert versioned.exports.versioned
    assert candidates_of(versioned, "plain") == [(None, 1, False)]


def test_symbols_of_version_nodes_are_absolute_objects(versioned: ElfObject) -> None:
    (found,) = versioned.exports.candidates("V1")

    assert (found.zero, found.version) == (True, "V1")


def test_object_without_version_tables_is_unversioned(many: Path) -> None:
    read = read_object(many.read_bytes())

    assert (read.exports.versioned, read.version_definitions) == (False, None)
    assert candidates_of(read, NAMES[0]) == [(None, 0, False)]


def test_object_with_version_needs_only_sees_versions(tmp_path: Path, versioned: ElfObject) -> None:
    assert versioned.soname == "versioned.so"
    source = "int foo(void); int bar(void) { return foo(); }"
    path = compile_so(tmp_path, "user.so", source, str(tmp_path / "versioned.so"))

    read = read_object(path.read_bytes())

    assert read.exports.versioned
    assert candidates_of(read, "bar") == [(None, 1, False)]
    assert [(r.name, r.version) for r in read.references] == [("foo", "V2")]


def test_versym_without_needs_and_definitions_is_not_looked_at(tmp_path: Path) -> None:
    script = tmp_path / "map"
    script.write_text("V1 { global: f; };")
    flags = (f"-Wl,--version-script={script}",)
    data = compile_so(tmp_path, "x.so", "int f(void) { return 1; }", *flags).read_bytes()

    # The tag of DT_VERDEF becomes one that nobody reads.
    read = read_object(data.replace(struct.pack("<Q", 0x6FFFFFFC), struct.pack("<Q", 0x6FFFFF00)))

    assert (read.exports.versioned, read.version_definitions) == (False, None)
    assert candidates_of(read, "f") == [(None, 0, False)]
