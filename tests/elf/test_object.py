"""read_object: what an object says, twice read; and what is no object."""

from __future__ import annotations

import ctypes
import random
import signal
import struct
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from collide.elf.constants import STV_HIDDEN, STV_PROTECTED
from collide.elf.headers import is_elf
from collide.elf.machines import CLASS_COPY, CLASS_DATA, CLASS_PLT
from collide.elf.object import ElfObject, VersionNeed, read_object
from collide.elf.second_opinion import facts_of, second_facts
from collide.support.errors import ForeignMachineError, FormatError, NotDynamicError
from compiler import compile_so
from corpus import download
from second_opinion import section, segments, symbol_at

SYSTEM = Path("/lib/x86_64-linux-gnu")


def disagreement(data: bytes) -> list[str]:
    """Where collide and pyelftools read different facts."""
    read = read_object(data)
    unknown = [f"unknown relocations {read.unknown_relocations}"] * bool(read.unknown_relocations)
    return facts_of(read).differences(second_facts(data)) + unknown


# -- the second opinion --------------------------------------------------------------------------


def interpreter_library() -> Path:
    config = sysconfig.get_config_vars()
    return Path(str(config.get("LIBDIR")), str(config.get("INSTSONAME") or "libpython.so"))


@pytest.mark.parametrize(
    "path",
    [
        SYSTEM / "libc.so.6",
        SYSTEM / "ld-linux-x86-64.so.2",
        SYSTEM / "libm.so.6",
        SYSTEM / "libz.so.1",
        SYSTEM / "libstdc++.so.6",
        SYSTEM / "libgcc_s.so.1",
        SYSTEM / "libcrypto.so.3",
        SYSTEM / "libssl.so.3",
        Path("/usr/bin/python3.11"),
        Path(sys.executable).resolve(),
        interpreter_library(),
    ],
    ids=lambda path: path.name,
)
def test_object_of_this_system_reads_the_same_twice(path: Path) -> None:
    if not path.is_file():
        pytest.skip(f"{path} does not exist: install it to compare its reading")

    assert disagreement(path.read_bytes()) == []


@pytest.mark.corpus
@pytest.mark.parametrize("root", ["/lib/x86_64-linux-gnu", "/usr/bin"])
def test_all_objects_of_this_system_read_the_same_twice(root: str) -> None:
    if not Path(root).is_dir():
        pytest.skip(f"{root} does not exist: run this on Debian amd64")
    wrong = {}
    for path in sorted(Path(root).iterdir()):
        if path.is_symlink() or not path.is_file() or not is_elf(path.read_bytes()[:4]):
            continue
        try:
            wrong[str(path)] = disagreement(path.read_bytes())
        except NotDynamicError:
            continue

    assert wrong, "no objects at all"
    assert {path: lines for path, lines in wrong.items() if lines} == {}


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("spec", "machine"),
    [
        ("lxml==6.1.3", "x86_64"),
        ("psycopg2-binary==2.9.13", "x86_64"),
        ("numpy==1.26.4", "x86_64"),
        ("cryptography==42.0.8", "x86_64"),
        ("lxml==6.1.3", "aarch64"),
        ("numpy==2.3.1", "aarch64"),
        ("lxml==6.1.3", "i686"),
        ("lxml==6.1.3", "armv7l"),
        ("lxml==6.1.3", "riscv64"),
        ("lxml==5.3.0", "ppc64le"),
        ("cryptography==46.0.3", "ppc64le"),
        ("lxml==5.3.0", "s390x"),
        ("cffi==1.17.1", "s390x"),
    ],
)
def test_all_objects_of_a_real_wheel_read_the_same_twice(spec: str, machine: str) -> None:
    with zipfile.ZipFile(download(spec, machine=machine)) as archive:
        members = {n: data for n in archive.namelist() if is_elf((data := archive.read(n))[:4])}

    assert {read_object(data).architecture for data in members.values()} == {machine}
    wrong = {name: lines for name, data in members.items() if (lines := disagreement(data))}
    assert wrong == {}


# -- the dynamic section -------------------------------------------------------------------------

USES_BOTH = """
extern int imported(void); extern int imported_data;
int *address = &imported_data;
int exported(void) { return imported(); }
"""


def read(path: Path) -> ElfObject:
    return read_object(path.read_bytes())


def test_object_tells_its_soname_and_needs_in_order(tmp_path: Path) -> None:
    for name in ("libb.so", "liba.so"):
        compile_so(tmp_path, name, "", f"-Wl,-soname,{name}.1")
    flags = ("-Wl,-soname,me.so.2", "-Wl,--no-as-needed")
    path = compile_so(
        tmp_path, "me.so", "", *flags, str(tmp_path / "libb.so"), str(tmp_path / "liba.so")
    )

    found = read(path)

    assert (found.soname, found.needed) == ("me.so.2", ("libb.so.1", "liba.so.1"))
    assert (found.interpreter, found.is_executable) == (None, False)


def test_object_without_soname_and_paths_has_none(tmp_path: Path) -> None:
    found = read(compile_so(tmp_path, "x.so", "int x;"))

    assert (found.soname, found.needed, found.rpath, found.runpath) == (None, (), None, None)


def test_rpath_is_kept_where_no_runpath_is(tmp_path: Path) -> None:
    path = compile_so(tmp_path, "x.so", "", "-Wl,--disable-new-dtags,-rpath,$ORIGIN/../l")

    assert (read(path).rpath, read(path).runpath) == ("$ORIGIN/../l", None)


def test_rpath_stays_beside_a_runpath(tmp_path: Path) -> None:
    path = compile_so(tmp_path, "x.so", "", "-Wl,--enable-new-dtags,-rpath,/run")
    data = path.read_bytes()
    # DT_DEBUG's slot is not in a library: the DT_STRSZ entry's neighbour DT_SYMENT serves.
    both = data.replace(struct.pack("<2Q", 11, 24), struct.pack("<2Q", 15, 2))

    assert both != data
    assert (read_object(both).rpath, read_object(both).runpath) == ("run", "/run")


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        pytest.param("-Wl,-Bsymbolic", (True, False, False), id="symbolic"),
        pytest.param("-Wl,-z,nodefaultlib", (False, True, False), id="nodefaultlib"),
        pytest.param("-pie", (False, False, True), id="pie"),
        pytest.param("-Wl,-z,now", (False, False, False), id="none-of-them"),
    ],
)
def test_flags_of_the_dynamic_section(
    tmp_path: Path, flag: str, expected: tuple[bool, bool, bool]
) -> None:
    found = read(compile_so(tmp_path, "x.so", "int _start(void) { return 0; }", flag))

    assert (found.symbolic, found.nodeflib, found.pie) == expected


def test_old_tag_makes_an_object_symbolic(tmp_path: Path) -> None:
    data = compile_so(tmp_path, "x.so", "int x;").read_bytes()

    # DT_SYMENT, which nobody needs, becomes DT_SYMBOLIC.
    found = read_object(data.replace(struct.pack("<2Q", 11, 24), struct.pack("<2Q", 16, 0)))

    assert found.symbolic


@pytest.mark.parametrize("kind", ["-pie", "-no-pie"])
def test_executable_names_its_interpreter_and_is_no_library(tmp_path: Path, kind: str) -> None:
    library = compile_so(tmp_path, "lib.so", "int f(void) { return 0; }")
    source = "int f(void); int _start(void) { return f(); }"
    flags = (kind, "-Wl,--dynamic-linker,/lib/ld.so", str(library))

    found = read(compile_so(tmp_path, "program", source, *flags))

    assert (found.interpreter, found.is_executable) == ("/lib/ld.so", True)


def test_filters_and_auxiliary_filters_are_listed(tmp_path: Path) -> None:
    path = compile_so(tmp_path, "x.so", "", "-Wl,-F,whole.so", "-Wl,-f,first.so,-f,second.so")

    found = read(path)

    assert found.filter == ("whole.so",)
    assert set(found.auxiliary) == {"first.so", "second.so"}


def test_version_needs_name_file_version_and_weakness(tmp_path: Path) -> None:
    (tmp_path / "map").write_text("V1 { global: imported; }; V2 { global: imported_data; };")
    flags = (f"-Wl,--version-script={tmp_path / 'map'}", "-Wl,-soname,libv.so.1")
    source = "int imported(void) { return 1; } int imported_data = 1;"
    library = compile_so(tmp_path, "libv.so", source, *flags)

    found = read(compile_so(tmp_path, "user.so", USES_BOTH, str(library)))

    assert set(found.version_needs) == {
        VersionNeed("libv.so.1", "V1", weak=False),
        VersionNeed("libv.so.1", "V2", weak=False),
    }
    assert {(r.name, r.version, r.exact) for r in found.references} == {
        ("imported", "V1", False),
        ("imported_data", "V2", False),
    }


# -- references ----------------------------------------------------------------------------------


def test_references_have_the_class_of_their_relocation(tmp_path: Path) -> None:
    found = read(compile_so(tmp_path, "x.so", USES_BOTH))

    assert {(r.name, r.lookup_class, r.defined) for r in found.references} == {
        ("imported", CLASS_PLT, False),
        ("imported_data", CLASS_DATA, False),
    }
    assert found.unknown_relocations == ()


def test_name_with_relocations_of_two_classes_gives_two_references(tmp_path: Path) -> None:
    source = "int f(void); int (*address)(void) = f; int g(void) { return f() + 1; }"
    found = read(compile_so(tmp_path, "x.so", source))

    assert {(r.name, r.lookup_class) for r in found.references} == {
        ("f", CLASS_PLT),
        ("f", CLASS_DATA),
    }


def test_equal_relocations_are_one_reference(tmp_path: Path) -> None:
    source = "extern int x; int *p = &x, *q = &x; int *r[] = {&x, &x, &x};"

    assert len(read(compile_so(tmp_path, "x.so", source)).references) == 1


def test_own_symbol_is_referenced_by_name_unless_bound_symbolically(tmp_path: Path) -> None:
    source = "int f(void) { return 1; } int g(void) { return f() + 1; }"
    flags = ("-fsemantic-interposition", "-fno-inline", "-fno-ipa-cp", "-fno-ipa-pure-const")
    plain = read(compile_so(tmp_path, "plain.so", source, *flags))
    symbolic = read(compile_so(tmp_path, "symbolic.so", source, *flags, "-Wl,-Bsymbolic"))

    assert [(r.name, r.defined) for r in plain.references] == [("f", True)]
    assert tuple(symbolic.references) == ()


def test_reference_to_a_thread_local_symbol_counts_as_plt(tmp_path: Path) -> None:
    source = "extern __thread int t; int *f(void) { return &t; }"
    found = read(compile_so(tmp_path, "x.so", source))

    assert {r.lookup_class for r in found.references if r.name == "t"} == {CLASS_PLT}


def test_local_thread_storage_is_no_reference(tmp_path: Path) -> None:
    source = "static __thread int t; int *f(void) { return &t; }"
    found = read(compile_so(tmp_path, "x.so", source))

    assert {r.name for r in found.references} == {"__tls_get_addr"}


def test_weak_reference_says_so(tmp_path: Path) -> None:
    source = "extern int x __attribute__((weak)); int *p = &x;"

    assert [r.weak for r in read(compile_so(tmp_path, "x.so", source)).references] == [True]


def test_copy_relocation_is_a_class_of_its_own(tmp_path: Path) -> None:
    library = compile_so(tmp_path, "lib.so", "int shared = 1;")
    source = "extern int shared; int _start(void) { return shared; }"
    flags = ("-no-pie", "-fno-pic", str(library))

    found = read(compile_so(tmp_path, "program", source, *flags))

    assert [(r.name, r.lookup_class, r.defined) for r in found.references] == [
        ("shared", CLASS_COPY, True)
    ]


@pytest.mark.parametrize("visibility", [STV_HIDDEN, STV_PROTECTED])
def test_reference_keeps_the_visibility_of_its_symbol(tmp_path: Path, visibility: int) -> None:
    data = bytearray(compile_so(tmp_path, "x.so", "extern int x; int *p = &x;").read_bytes())
    data[symbol_at(data, "x") + 5] = visibility

    assert [r.visibility for r in read_object(bytes(data)).references] == [visibility]


def test_relocation_type_that_no_loader_knows_is_reported(tmp_path: Path) -> None:
    data = bytearray(compile_so(tmp_path, "x.so", "extern int x; int *p = &x;").read_bytes())
    struct.pack_into("<I", data, section(data, ".rela.dyn")[0] + 8, 199)

    found = read_object(bytes(data))

    assert (found.unknown_relocations, found.references) == ((199,), ())


def test_object_without_symbols_has_no_exports_and_no_references(tmp_path: Path) -> None:
    found = read(compile_so(tmp_path, "x.so", ""))

    assert (found.exports.names, found.references) == (frozenset(), ())


# -- only what the loader reads ------------------------------------------------------------------


def test_section_headers_are_not_needed(small: bytes) -> None:
    stripped = bytearray(small)
    struct.pack_into("<Q", stripped, 0x28, 0)
    struct.pack_into("<3H", stripped, 0x3A, 0, 0, 0)

    assert facts_of(read_object(bytes(stripped))) == facts_of(read_object(small))
    assert disagreement(bytes(stripped)) == []


def test_section_headers_that_lie_are_not_read(small: bytes) -> None:
    lying = bytearray(small)
    (at,) = struct.unpack_from("<Q", small, 0x28)
    lying[at:] = b"\xff" * (len(small) - at)

    assert facts_of(read_object(bytes(lying))) == facts_of(read_object(small))


def test_table_may_go_on_in_the_next_segment(tmp_path: Path) -> None:
    source = "".join(f"int a_name_{n:0200}(void) {{ return 0; }}\n" for n in range(50))
    whole = compile_so(tmp_path, "whole.so", source, "-Wl,-z,separate-code").read_bytes()
    at, size = section(whole, ".dynstr")
    middle = (at + size // 2) & -4096
    assert at < middle < at + size
    split = tmp_path / "split.so"
    split.write_bytes(with_first_segment_split(whole, middle))

    ctypes.CDLL(str(split))["a_name_" + "0" * 200]
    assert facts_of(read_object(split.read_bytes())) == facts_of(read_object(whole))


def with_first_segment_split(data: bytes, at: int) -> bytes:
    """The same object, with its first PT_LOAD in two and without PT_GNU_EH_FRAME."""
    start, count = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    rows = [struct.unpack_from("<2I6Q", data, start + 56 * n) for n in range(count)]
    kind, flags, offset, address, _, size, memory, align = rows.pop(0)
    assert (kind, offset, address) == (1, 0, 0)
    assert size == memory
    halves = [(1, flags, o, o, o, n, n, align) for o, n in ((0, at), (at, size - at))]
    rows = [*halves, *(row for row in rows if row[0] != 0x6474E550)]
    assert len(rows) == count
    changed = bytearray(data)
    changed[start : start + 56 * count] = b"".join(struct.pack("<2I6Q", *row) for row in rows)
    return bytes(changed)


def test_last_of_a_repeated_tag_counts(small: bytes) -> None:
    # get-dynamic-info.h overwrites; DT_SYMENT is the entry nobody misses.
    twice = small.replace(struct.pack("<2Q", 11, 24), struct.pack("<2Q", 14, 1))

    assert twice != small
    assert read_object(twice).soname != read_object(small).soname


def test_dynamic_section_ends_at_the_first_null(small: bytes) -> None:
    ((at, size),) = segments(small, "PT_DYNAMIC")
    behind = bytearray(small)
    struct.pack_into("<2Q", behind, at + size - 16, 14, 1)

    assert read_object(bytes(behind)).soname == read_object(small).soname


def test_version_need_chain_ends_at_its_last_link_whatever_the_count_says(small: bytes) -> None:
    # dl-version.c follows vna_next and looks at vn_cnt nowhere.
    at, _ = section(small, ".gnu.version_r")
    for count in (0, 1, 0xFFFF):
        changed = bytearray(small)
        struct.pack_into("<H", changed, at + 2, count)
        assert read_object(bytes(changed)).version_needs == read_object(small).version_needs


@pytest.mark.parametrize("tag", [0x6FFFFFFD, 0x6FFFFFFF], ids=["DT_VERDEFNUM", "DT_VERNEEDNUM"])
def test_number_of_version_records_is_not_looked_at(small: bytes, tag: int) -> None:
    # dl-version.c follows vn_next and vd_next to the end.
    changed = bytearray(small)
    struct.pack_into("<Q", changed, small.index(struct.pack("<Q", tag)) + 8, 1)

    assert facts_of(read_object(bytes(changed))) == facts_of(read_object(small))


# -- broken input --------------------------------------------------------------------------------

TABLES = (
    *(".dynamic", ".dynsym", ".dynstr", ".gnu.hash", ".hash", ".rela.dyn", ".rela.plt"),
    *(".gnu.version", ".gnu.version_d", ".gnu.version_r"),
)
SMALL = """
extern int imported(void); extern int imported_data; extern __thread int imported_tls;
int *address = &imported_data;
__thread int exported_tls;
int one(void) { return imported(); }
int two(void) { return imported_tls; }
int old(void) { return 1; }
int new(void) { return 2; }
__asm__(".symver old,foo@V1\\n.symver new,foo@@V2");
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A library with every table there is: needs and definitions of two versions, two hashes."""
    directory = tmp_path_factory.mktemp("small")
    for name in ("libfirst", "libsecond"):
        (directory / "map").write_text(f"{name}_1 {{ global: *; }};")
        source = {
            "libfirst": "int imported(void) { return 1; }",
            "libsecond": "int imported_data; __thread int imported_tls;",
        }[name]
        compile_so(
            directory, f"{name}.so", source, f"-Wl,--version-script={directory / 'map'}",
            f"-Wl,-soname,{name}.so",
        )  # fmt: skip
    (directory / "map").write_text("V1 { global: one; foo; local: old; }; V2 { local: new; } V1;")
    flags = (
        f"-Wl,--version-script={directory / 'map'}",
        *("-Wl,-soname,small.so", "-Wl,--hash-style=both", "-Wl,--enable-new-dtags,-rpath,/r"),
        *(str(directory / "libfirst.so"), str(directory / "libsecond.so")),
    )
    return compile_so(directory, "small.so", SMALL, *flags).read_bytes()


@pytest.fixture
def no_hang() -> Iterator[None]:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError("reading hangs")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def accepted(data: bytes | bytearray) -> bool:
    """Whether it reads; anything but FormatError escapes, from the lookups too."""
    try:
        found = read_object(bytes(data))
    except FormatError:
        return False
    for name in found.exports.names:
        found.exports.candidates(name)
    found.exports.simple(dict.fromkeys(found.exports.names))
    return True


def test_small_library_has_every_table(small: bytes) -> None:
    found = read_object(small)

    assert disagreement(small) == []
    assert {need.file for need in found.version_needs} == {"libfirst.so", "libsecond.so"}
    assert found.version_definitions == ("V1", "V2")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "empty file", id="empty"),
        pytest.param(b"\x7f", "bad magic", id="one-byte"),
        pytest.param(b"#!/bin/sh\n", "bad magic", id="script"),
        pytest.param(b"\x7fELF", "bad class or byte order", id="magic-only"),
        pytest.param(b"\x7fELF\3\1\1" + bytes(57), "bad class or byte order", id="class"),
        pytest.param(b"\x7fELF\2\3\1" + bytes(57), "bad class or byte order", id="byte-order"),
        pytest.param(b"\x7fELF\2\1\1" + bytes(9), "truncated", id="half-a-header"),
    ],
)
def test_what_is_no_object_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        read_object(data)


def test_machine_without_a_table_is_foreign(small: bytes) -> None:
    sparc = bytearray(small)
    struct.pack_into("<H", sparc, 18, 43)

    with pytest.raises(ForeignMachineError, match="e_machine 43"):
        read_object(bytes(sparc))


def test_relocatable_file_is_not_dynamic(tmp_path: Path) -> None:
    path = compile_so(tmp_path, "x.o", "int x;", "-r", "-no-pie")

    with pytest.raises(NotDynamicError, match="relocatable"):
        read(path)


@pytest.mark.parametrize("size", [0, 64, 72])
def test_program_headers_of_another_size_that_make_no_sense(tmp_path: Path, size: int) -> None:
    data = bytearray(compile_so(tmp_path, "m.so", "int f(void) { return 1; }").read_bytes())
    data[54] = size
    with pytest.raises(FormatError, match="phentsize") as raised:
        read_object(data)
    assert not isinstance(raised.value, NotDynamicError)


def test_static_program_is_not_dynamic(tmp_path: Path) -> None:
    path = compile_so(tmp_path, "x", "int _start(void) { return 0; }", "-static", "-no-pie")

    with pytest.raises(NotDynamicError, match="static"):
        read(path)


def test_debug_file_is_refused(tmp_path: Path) -> None:
    functions = "\n".join(f"int f{i}(void) {{ return {i}; }}" for i in range(50))
    path = compile_so(tmp_path, "x.so", functions, "-g")
    debug = tmp_path / "x.debug"
    subprocess.run(["objcopy", "--only-keep-debug", str(path), str(debug)], check=True)

    with pytest.raises(FormatError):
        read(debug)


@pytest.mark.usefixtures("no_hang")
def test_every_shorter_file_is_refused_or_read(small: bytes) -> None:
    spans = [*segments(small), *(section(small, name) for name in TABLES)]
    edges = {
        at + step for start, size in spans for at in (start, start + size) for step in (-1, 0, 1)
    }
    lengths = edges | {int(1.02**i) for i in range(500)}
    end = max(start + size for start, size in segments(small, "PT_LOAD"))

    for length in sorted(n for n in lengths if 0 <= n < len(small)):
        assert accepted(small[:length]) == (length >= end), length


@pytest.mark.usefixtures("no_hang")
def test_flipped_bits_are_refused_or_read(small: bytes) -> None:
    draw = random.Random(20_240_917)
    offsets = [i for i, byte in enumerate(small) if byte or i < 0x400]

    for _ in range(1500):
        broken = bytearray(small)
        for _ in range(draw.choice((1, 2, 8))):
            broken[draw.choice(offsets)] ^= 1 << draw.randrange(8)
        accepted(broken)


@pytest.mark.usefixtures("no_hang")
@pytest.mark.parametrize("word", [0, 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1], ids=hex)
def test_extreme_header_and_table_words_are_refused_or_read(small: bytes, word: int) -> None:
    headers = 0, 64 + 56 * int.from_bytes(small[0x38:0x3A], "little")
    spans = [headers, *(section(small, name) for name in TABLES)]
    size = 8 if word >= 2**32 else 4

    for start, length in spans:
        for at in range(start, start + length, 4):
            broken = bytearray(small)
            broken[at : at + size] = word.to_bytes(size, "little")
            accepted(broken)


def test_nothing_refers_to_the_bytes_that_were_read(small: bytes) -> None:
    data = bytearray(small)
    found = read_object(memoryview(data))

    # A bytearray with a memoryview on it could not change its size.
    data.clear()

    assert found.exports.candidates("one")
