"""The graph of calls, read from what a compiler made of a few lines of C, however it links."""

from __future__ import annotations

import platform
import struct
import subprocess
import sys
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest

from code_samples import AARCH64_WAYS, SOURCE
from collide.elf.code import call_graph as calls
from collide.elf.code import scanned
from collide.elf.code.branches import Functions
from collide.elf.code.call_graph import Calls, read_calls
from collide.elf.constants import DT_INIT_ARRAYSZ, PT_DYNAMIC, PT_GNU_EH_FRAME
from collide.elf.object import read_object
from collide.elf.symbols import NoExports
from collide.filesystems.root import Root
from compiler import AARCH64, compile_so

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="calls are read on x86-64 only; run the tests there"
)

NONE = NoExports()
"""Names of functions matter where a function leads to another one."""
WAYS = {
    "-O0": ("-O0",),
    "-O2": ("-O2", "-fno-ipa-cp", "-fno-ipa-ra"),
    "-Os": ("-Os",),
    "-fno-plt": ("-O2", "-fno-plt"),
    "lazy": ("-O2", "-Wl,-z,lazy"),
    "now": ("-O2", "-Wl,-z,now"),
    "cet": ("-O2", "-fcf-protection=full", "-Wl,-z,ibtplt"),
    "no-cet": ("-O2", "-fcf-protection=none"),
    "relr": ("-O2", "-Wl,-z,pack-relative-relocs"),
    "-Bsymbolic": ("-O2", "-Wl,-Bsymbolic"),
    # A linkage table that no frame description covers, before and behind all functions.
    "bare": ("-O2", "-Wl,--no-ld-generated-unwind-info"),
    "lld": ("-O2", "-fuse-ld=lld"),
    # The linkage table then lies in another segment, as in OpenBLAS.
    "apart": ("-O2", "-Wl,-z,lazy", "-Wl,--section-start=.text=0x200000"),
}


class Graph:
    """The calls of one object, asked by name."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        found = read_calls(data)
        assert found is not None
        self.calls: Calls = found
        obj = read_object(data)
        self.names = {r.name for r in obj.references}
        self.places = {
            name: d.value
            for name in obj.exports.names
            for d in obj.exports.candidates(name)
            if d.value is not None
        }

    def used_from(self, *names: str) -> set[str]:
        """The symbols that the functions called ``names`` use, with all that they call here."""
        return self._used_from({self.places[name] for name in names})

    def _used_from(self, places: AbstractSet[int]) -> set[str]:
        used: set[str] = set()
        while True:
            new = {n for n in self.names - used if self.calls.behind([n]) & places}
            if not new:
                return used - {"__cxa_finalize", "_ITM_deregisterTMCloneTable"}
            used |= new
            places = {self.places[name] for name in new if name in self.places}

    def used_from_tables(self) -> set[str]:
        return self._used_from(self.calls.tables)

    def used_from_constructors(self) -> set[str]:
        return self._used_from(self.calls.constructors)


@pytest.fixture(params=(*WAYS, *AARCH64_WAYS), name="graph")
def _graph(request: pytest.FixtureRequest, tmp_path: Path) -> Graph:
    if request.param in AARCH64_WAYS:
        flags, program = AARCH64_WAYS[request.param], AARCH64
    else:
        flags, program = WAYS[request.param], "gcc"
    return Graph(compile_so(tmp_path, "lib.so", SOURCE, *flags, program=program))


def test_symbols_behind_static_functions_are_found(graph: Graph) -> None:
    assert "outside" in graph.used_from("called")


def test_tail_call_is_a_call(graph: Graph) -> None:
    assert graph.used_from("tail") == {"outside"}


def test_function_uses_only_what_it_calls(graph: Graph) -> None:
    assert graph.used_from("alone") == {"not_used"}
    assert "not_used" not in graph.used_from("called", "tail", "take", "give", "read_variable")


def test_linkage_table_is_part_of_no_function(graph: Graph) -> None:
    users = {name: graph.calls.users(name) for name in ("outside", "not_used")}
    assert [len(functions) for functions in users.values()] == [2, 1]
    assert users["outside"].isdisjoint(users["not_used"])


def test_address_that_is_taken_counts_as_called(graph: Graph) -> None:
    assert graph.used_from("take") == {"in_table"}
    assert graph.used_from("give") == {"behind_pointer"}


def test_variable_is_used_by_who_reads_it(graph: Graph) -> None:
    assert graph.used_from("read_variable") == {"variable"}


def test_functions_in_tables_are_told_apart(graph: Graph) -> None:
    assert "outside" in graph.used_from_tables()
    assert "not_used" not in graph.used_from_tables()
    assert "from_data" in graph.calls.table_symbols


def test_constructors_are_told_apart(graph: Graph) -> None:
    assert "outside" in graph.used_from_constructors()
    assert graph.calls.constructors.isdisjoint(graph.calls.tables)


def test_what_constructors_use_is_read_of_their_own_code(graph: Graph) -> None:
    def exported(name: str) -> set[int]:
        return {graph.places[name]} if name in graph.places else set()

    used = graph.calls.used_at_load(exported)
    assert "outside" in used
    assert used.isdisjoint({"not_used", "in_table", "from_data", "variable"})
    assert graph.calls.used_at_load() <= used


def test_live_is_what_data_or_a_constructor_leads_to(graph: Graph) -> None:
    live = graph.calls.running().enter()
    assert not live & {"not_used", "variable"}
    # Where calls of own functions go through the linkage table, it is by a name that they lead on.
    own = {name for name in live if name in graph.places}
    assert "outside" in live | graph.used_from(*own)
    assert graph.calls.behind(["not_used"]) == {graph.places["alone"]}


def test_large_object_is_scanned_by_and_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = compile_so(tmp_path, "lib.so", SOURCE, "-O2", "-fno-ipa-cp", "-fno-ipa-ra").read_bytes()
    names = {r.name for r in read_object(data).references}
    small = read_calls(data)
    monkeypatch.setattr("collide.elf.code.scanned._SMALL", 0)
    times = []
    large = read_calls(data, lambda: times.append(1) or data)  # type: ignore[func-returns-value]
    assert small is not None
    assert large is not None
    assert small.whole
    assert not large.whole
    assert all(large.users(name) <= small.users(name) for name in names)
    assert large.users("variable") == frozenset() != small.users("variable")
    bodies = [large.body(f) for f in large.functions]
    assert len(times) == 1
    while not large.whole:
        large.more()
    assert bodies == [large.body(f) for f in large.functions] == [*map(small.body, small.functions)]
    assert {n: large.users(n) for n in names} == {n: small.users(n) for n in names}
    assert all(large.callers(f) == small.callers(f) for f in small.functions)
    assert large.running().enter() == small.running().enter()
    assert len(times) == 4


def test_rarely_run_part_that_is_split_off_belongs_to_its_function(tmp_path: Path) -> None:
    source = """
    extern int cold(int), warm(int);
    extern void fail(void) __attribute__((cold, noreturn));
    int user(int x) { if (x > 7) { cold(x); cold(x + 1); fail(); } return warm(x) + 1; }
    """
    path = compile_so(tmp_path, "lib.so", source, "-O2", "-freorder-blocks-and-partition")
    assert Graph(path).used_from("user") == {"cold", "warm", "fail"}


GLUE = """
extern int glue(void), first(void), second(void);
int others(int x) { return first() + second() + x; }
asm(".globl glue\\n.hidden glue\\n"
    "glue: sub $8, %rsp\\ncall one@PLT\\ncall two@PLT\\nadd $8, %rsp\\nret");
"""
EMPTY = """
extern int one(void), two(void), first(void), second(void);
void never(void) { __builtin_unreachable(); }
int last(void) { return one() + two() + first() + second(); }
"""
TAIL = """
extern int one(void) __attribute__((noplt)), two(void) __attribute__((noplt));
extern int first(void), second(void);
int others(int x) { return first() + second() + x; }
int more(void) { return two() + 1; }
int last(void) { return one(); }
"""


@pytest.mark.parametrize("source", [GLUE, EMPTY, TAIL], ids=["assembly", "empty", "tail-call"])
@pytest.mark.parametrize("way", ["lld", "bare"])
def test_code_in_front_of_a_bare_linkage_table_is_no_part_of_it(
    tmp_path: Path, source: str, way: str
) -> None:
    flags = (*WAYS[way], "-fno-toplevel-reorder", "-fno-reorder-functions")
    graph = Graph(compile_so(tmp_path, "lib.so", source, *flags))
    assert all(graph.calls.users(name) for name in ("one", "two", "first", "second"))


EIGHT_BYTES = """
asm(".section .text.last, \\"ax\\"\\n.globl last\\n.hidden last\\n"
    "last: sub $8, %rsp\\ncall one@PLT\\ncall two@PLT\\nadd $8, %rsp\\nret\\n0:\\n"
    ".section .eh_frame, \\"a\\", @unwind\\n"
    "1: .long 3f-2f\\n2: .long 0\\n.byte 1\\n.string \\"zR\\"\\n.uleb128 1\\n.sleb128 -8\\n"
    ".uleb128 16\\n.uleb128 1\\n.byte 0x1c\\n.byte 12, 7, 8, 0x90, 1\\n.p2align 3\\n"
    "3: .long 5f-4f\\n4: .long 4b-1b\\n.quad last-.\\n.quad 0b-last\\n.uleb128 0\\n"
    ".p2align 3\\n5:\\n.text");
"""


def test_frame_description_of_eight_byte_pointers_tells_no_end(tmp_path: Path) -> None:
    graph = Graph(compile_so(tmp_path, "lib.so", EIGHT_BYTES, *WAYS["lld"]))
    assert all(graph.calls.users(name) for name in ("one", "two"))


def test_without_tables_of_functions_nothing_is_known(tmp_path: Path) -> None:
    path = compile_so(tmp_path, "lib.so", SOURCE, "-Wl,--no-eh-frame-hdr")
    assert read_calls(path.read_bytes()) is None


@pytest.mark.parametrize("cut", [0, 4, 64, 500, 4200, -100])
def test_broken_file_has_no_calls_and_no_traceback(tmp_path: Path, cut: int) -> None:
    data = compile_so(tmp_path, "lib.so", SOURCE).read_bytes()
    found, whole = read_calls(data[:cut]), read_calls(data)
    assert whole is not None
    if found is not None:
        assert found.functions == whole.functions
        assert found.running().enter() == whole.running().enter()


def test_object_with_too_much_code_is_not_scanned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "LARGEST", 5)
    path = compile_so(tmp_path, "one.so", "int one(void) { return 1; }")
    assert Root().read(str(path)).calls is None
    monkeypatch.setattr(calls, "LARGEST", 1 << 20)
    assert Root().read(str(path)).calls is not None


COLD = """
extern int victim(int), other(int);
static __attribute__((noinline, cold)) int rare(int x) { return victim(x) * 5 + 1; }
int api(int x) { if (__builtin_expect(x == 7, 0)) return rare(x); return other(x) + 2; }
int direct(int x) { return victim(x) + 3; }
"""


def test_large_object_that_is_scanned_bit_by_bit_gives_the_same_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = compile_so(tmp_path, "cold.so", COLD, "-O2").read_bytes()
    whole = read_calls(data)
    monkeypatch.setattr(scanned, "_SMALL", 0)
    by_bits = read_calls(data)
    assert whole
    assert by_bits
    while not by_bits.whole:
        by_bits.behind(["victim"])
        by_bits.more()
    assert by_bits.behind(["victim"]) == whole.behind(["victim"])
    assert len(whole.behind(["victim"])) > 1


# -- tables that the loader does not read ---------------------------------------------------------


def _header(data: bytes | bytearray, kind: int) -> int:
    """Where the program header of one kind is."""
    first, count = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    places = range(first, first + 56 * count, 56)
    return next(at for at in places if struct.unpack_from("<I", data, at)[0] == kind)


@pytest.fixture(name="module")
def _module(tmp_path: Path) -> bytearray:
    return bytearray(compile_so(tmp_path, "lib.so", SOURCE, "-O2").read_bytes())


@pytest.mark.parametrize("wrong", [1 << 63, 1 << 40, 0x1000, 16, 4])
def test_unwind_tables_at_another_address_are_unknown(module: bytearray, wrong: int) -> None:
    at = _header(module, PT_GNU_EH_FRAME) + 16
    address = struct.unpack_from("<Q", module, at)[0]
    assert read_calls(module) is not None
    struct.pack_into("<Q", module, at, address ^ wrong)
    assert read_calls(module) is None


def _rows(module: bytearray) -> tuple[int, int]:
    """Where the search table of functions counts its rows, and their number."""
    at = struct.unpack_from("<Q", module, _header(module, PT_GNU_EH_FRAME) + 8)[0] + 8
    return at, struct.unpack_from("<I", module, at)[0]


def test_unwind_tables_of_less_than_half_of_the_code_are_unknown(tmp_path: Path) -> None:
    many = "\n".join(f"int f{n}(int x) {{ return (x + {n}) / 7 % {n + 3}; }}" for n in range(50))
    module = bytearray(compile_so(tmp_path, "lib.so", many, "-O2").read_bytes())
    at, count = _rows(module)
    assert read_calls(module) is not None
    struct.pack_into("<I", module, at, count // 3)
    assert read_calls(module) is None


@pytest.mark.parametrize("wrong", ["outside", "overlap"])
def test_functions_that_cannot_be_are_unknown(module: bytearray, wrong: str) -> None:
    at, count = _rows(module)
    table = struct.unpack_from("<Q", module, _header(module, PT_GNU_EH_FRAME) + 8)[0]
    row = at + 4 + 8 * (count - 1 if wrong == "outside" else 1)
    frame = table + struct.unpack_from("<i", module, row + 4)[0]
    # The length of the function that it describes, which is 16 bytes or more to the next one.
    struct.pack_into("<I", module, frame + 12, 1 << 20 if wrong == "outside" else 100)
    assert read_calls(module) is None


def test_array_of_constructors_that_has_no_end_is_unknown(
    tmp_path: Path, module: bytearray
) -> None:
    offset = struct.unpack_from("<Q", module, _header(module, PT_DYNAMIC) + 8)[0]
    size = struct.unpack_from("<Q", module, _header(module, PT_DYNAMIC) + 32)[0]
    for at in range(offset, offset + size, 16):
        if struct.unpack_from("<Q", module, at)[0] == DT_INIT_ARRAYSZ:
            struct.pack_into("<Q", module, at + 8, 1 << 62)
    broken = tmp_path / "broken.so"
    broken.write_bytes(module)
    program = (
        "import sys; from collide.elf.code.call_graph import read_calls; "
        "sys.exit(read_calls(open(sys.argv[1], 'rb').read()) is not None)"
    )
    subprocess.run([sys.executable, "-c", program, str(broken)], check=True, timeout=30)


TABLES = """
extern int outside(int), other(int);
int first(int n) { return outside(n) + 1; }
int second(int n) { return outside(n) + 2; }
static int (*const choices[])(int) = { first, second };
int (*named[])(int) = { second };
static __attribute__((noinline)) int choose(int n) { return choices[n](n); }
int user(int n) { return choose(n) + 3; }
static int slow(int n) { return other(n) + 4; }
static struct row { long id; int (*run)(int); long flags; } rows[2] = {{1, slow, 2}, {3, slow, 4}};
void set(int n, int (*run)(int)) { rows[n].run = run; }
int search(int n) {
    for (int at = 0; at < n; at++) if (rows[at].id == n) return rows[at].run(n);
    return n;
}
"""


def tables(tmp_path: Path, more: str = "") -> tuple[Calls, dict[str, int]]:
    path = compile_so(tmp_path, "m.so", TABLES + more, "-O2")
    found = read_calls(path.read_bytes())
    assert found is not None
    exports = read_object(path.read_bytes()).exports
    names = ("user", "named", "first", "search")
    return found, {n: exports.candidates(n)[0].value or 0 for n in names}


def test_what_a_table_has_is_used_by_those_who_refer_to_the_table(tmp_path: Path) -> None:
    found, addresses = tables(tmp_path)
    assert found.table_symbols >= {"first", "second"}
    named = {addresses["named"]}
    found.follow_tables(frozenset(["first", "second", "outside"]), NONE, lambda: named)
    assert "first" not in found.table_symbols
    # The other is in a variable with a name, which anybody may read.
    assert "second" in found.table_symbols
    assert addresses["user"] in found.behind(["first"])
    assert "first" not in found.running().enter()


def test_functions_in_rows_of_structures_are_used_by_those_who_refer_to_these(
    tmp_path: Path,
) -> None:
    found, addresses = tables(tmp_path)
    assert "other" in found.running().enter()
    found.follow_tables(frozenset(["other"]), NONE, frozenset)
    assert "other" not in found.running().enter()
    assert addresses["search"] in found.behind(["other"])


def test_function_with_a_name_that_leads_to_another_is_used_by_who_refers_to_its_table(
    tmp_path: Path,
) -> None:
    source = """
    extern int other(int); int step(int n) { return other(n) + 1; }
    static int (*const steps[])(int) = { step, step };
    int choose(int n) { return steps[n](n); }
    """
    content = compile_so(tmp_path, "m.so", source, "-O2").read_bytes()
    found = read_calls(content)
    assert found is not None
    exports = read_object(content).exports
    assert "step" in found.table_symbols
    found.follow_tables(frozenset(["other"]), exports, frozenset)
    assert "step" not in found.table_symbols
    assert found.users("step") == {exports.candidates("choose")[0].value}


MISREAD = """
extern int outside(void); int library(void);
asm(".globl other\\n.type other, @function\\nother: .cfi_startproc\\n"
    "0: .byte 0x48, 0x63, 0xe8, 0xe9, 1, 0, 0, 0, 0x90, 0xc3\\n.org 0b + 0x1f0\\n.cfi_endproc\\n"
    ".globl library\\n.type library, @function\\nlibrary: .cfi_startproc\\n"
    "sub $8, %rsp\\ncall outside@PLT\\nadd $8, %rsp\\nret\\n.cfi_endproc\\n"
    ".globl last\\n.type last, @function\\nlast: .cfi_startproc\\n"
    "call library\\nret\\n.cfi_endproc");
"""


def test_bytes_that_look_like_a_call_of_a_library_are_none(tmp_path: Path) -> None:
    """``movslq %eax,%ebp`` and a jump: from its last byte on it reads as a call."""
    content = compile_so(tmp_path, "m.so", MISREAD, "-O2", "-Wl,-Bsymbolic").read_bytes()
    found, exports = read_calls(content), read_object(content).exports
    assert found is not None
    other, library, last = (
        exports.candidates(n)[0].value or 0 for n in ("other", "library", "last")
    )
    assert found.callers(library) == {other, last}
    interior = (range(library, library + 1),)
    found.follow_tables(frozenset(["outside"]), exports, frozenset, [interior])
    assert found.callers(library) == {last}


def test_jump_that_seems_to_lead_out_of_the_code_leads_nowhere() -> None:
    functions = Functions([0x100, 0x211, 0x320], 0x400)
    assert functions.split_off(0x322, 0x215) == 0x211
    assert functions.split_off(0x215, 0x50) is None
    assert functions.split_off(0x215, 0x330) is None  # aligned
    assert functions.split_off(0x215, 0x400) is None


def test_code_that_runs_first_is_a_constructor_and_called_by_nobody(tmp_path: Path) -> None:
    """``.init`` has no frame description; its calls were those of the function behind it."""
    source = """
    extern int outside(void); __attribute__((visibility("hidden"))) int cpuid(void);
    int cpuid(void) { return outside(); }
    asm(".section .init; .globl _init; .hidden _init; _init: call cpuid; ret; .text");
    int other(int n) { return n; }
    """
    content = compile_so(tmp_path, "m.so", source, "-O2").read_bytes()
    found = read_calls(content)
    assert found is not None
    (user,) = found.users("outside")
    assert found.callers(user) <= found.constructors
    assert found.callers(user)


def test_table_begins_where_code_takes_an_address(tmp_path: Path) -> None:
    # Three tables without a gap: the rows of one are not used by who refers to another.
    source = """
    extern int one(int), other(int);
    static int a(int n) { return one(n) + 1; } static int b(int n) { return other(n) + 2; }
    static int (*const as[])(int) = { a, a }, (*const bs[])(int) = { b, b },
        (*const more[])(int) = { a, a };
    int first(int n) { return as[n](n); } int second(int n) { return bs[n](n); }
    int third(int n) { return more[n](n); }
    """
    content = compile_so(tmp_path, "m.so", source, "-O2", "-fno-inline").read_bytes()
    found = read_calls(content)
    assert found is not None
    exports = read_object(content).exports
    places = {n: exports.candidates(n)[0].value for n in ("first", "second", "third")}
    found.follow_tables(frozenset(["other"]), NONE, frozenset)
    assert places["second"] in found.behind(["other"])
    if platform.machine() == "x86_64":
        assert {places["first"], places["third"]}.isdisjoint(found.behind(["other"]))


def test_what_was_asked_for_another_host_does_not_matter(tmp_path: Path) -> None:
    found, addresses = tables(tmp_path)
    alone, _ = tables(tmp_path)
    named = {addresses["named"]}
    alone.follow_tables(frozenset(["first"]), NONE, lambda: named)
    found.follow_tables(frozenset(["other"]), NONE, lambda: named)
    assert "other" not in found.running().enter()
    found.follow_tables(frozenset(["first"]), NONE, lambda: named)
    assert (found.tables, found.table_symbols) == (alone.tables, alone.table_symbols)
    assert found.running().enter() == alone.running().enter()
    for name in ("first", "second", "outside", "other"):
        assert found.users(name) == alone.users(name)
    assert "other" in found.running().enter()
    # Nor when nothing at all is asked for.
    found.follow_tables(frozenset(), NONE, lambda: named)
    assert "first" in found.table_symbols


def test_table_whose_address_is_in_data_is_left_as_it_is(tmp_path: Path) -> None:
    found, _ = tables(tmp_path, "struct row *const named_row = rows;")
    found.follow_tables(frozenset(["other"]), NONE, frozenset)
    assert "other" in found.running().enter()


def test_table_that_no_code_refers_to_is_left_as_it_is(tmp_path: Path) -> None:
    source = "int f(int n) { return n; } __attribute__((used)) static int (*const t[])(int) = {f};"
    found = read_calls(compile_so(tmp_path, "m.so", source, "-O2").read_bytes())
    assert found is not None
    found.follow_tables(frozenset(["f"]), NONE, frozenset)
    assert found.table_symbols == {"f"}
