"""The compiled part gives what the Python beside it gives, or raises the same."""

from __future__ import annotations

import os
import struct
import sys
from array import array
from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import pairwise, product
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collide import elf
from collide.elf import native
from collide.elf.code import instructions, lent, unwind
from collide.elf.code.branches import FORMS, Functions, Segment, Sites
from collide.elf.code.callers import Callers, FollowedTables
from collide.elf.code.graph import FollowedGraph, Graph, Running
from collide.elf.code.machine_code import ARGUMENTS
from collide.elf.code.own_tables import last_instructions
from collide.elf.code.pointers import labelled, used_offsets
from collide.elf.hash_tables import GnuHash, gnu_hash
from collide.elf.string_table import names_at
from collide.hosts.database.names import split_runs
from collide.support import limits
from collide.support.errors import CollideError, FormatError, UsageError
from native_build import build_native, load_native

ADDRESSES = st.one_of(
    st.sampled_from((0, 1, 0x1000, native.HIGHEST, native.HIGHEST + 1, (1 << 64) - 64)),
    st.integers(0, 1 << 64),
)
OPCODES = st.sampled_from(
    (b"\xe8", b"\xe9", b"\x0f\x84", b"\x8d\x05", b"\x48\x8b\x3d", b"\xff\x15", b"\xff\x25", b"\xf2")
)
NEAR = st.integers(-80, 80)
SMALL = st.integers(-2, 20)


def exact(data: bytes) -> memoryview:
    """The bytes in memory that ends with them: CPython keeps more behind those it makes at once."""
    found = memoryview(array("B", (0,)) * len(data))
    found[:] = data
    return found


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The compiled part: the one that is used here, or else a new one."""
    if native.compiled is not None:
        return native.compiled
    return load_native(build_native(tmp_path_factory.mktemp("native")))


@pytest.fixture
def both(compiled: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Asks a question of Python and of the compiled part, and compares."""

    def asked(question: Callable[[], Any], part: Any) -> object:
        monkeypatch.setattr(native, "compiled", part)
        try:
            return question()
        except (ArithmeticError, CollideError, LookupError, ValueError) as e:
            return type(e), str(e)

    def compare(question: Callable[[], Any]) -> None:
        assert asked(question, compiled) == asked(question, None)

    return compare


many = settings(
    # The run under a sanitizer (tests/tools/sanitized.py) asks for more.
    max_examples=int(os.environ.get("EXAMPLES", "40")),
    deadline=None,
    # What is patched is set anew by each question.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@st.composite
def code(draw: st.DrawFn) -> bytes:
    """Instructions of all forms that lead to near places, among bytes that mean nothing."""
    pieces = st.one_of(
        st.binary(max_size=6),
        st.tuples(OPCODES, NEAR).map(lambda found: found[0] + struct.pack("<i", found[1])),
        OPCODES,
    )
    return b"".join(draw(st.lists(pieces, max_size=24)))


def _sites(segment: Segment, functions: Functions, wanted: Sequence[int]) -> list[Sequence[int]]:
    sites = Sites(dict.fromkeys([*wanted, *functions.starts]))
    for form in FORMS:
        segment.scan(form, sites, functions)
    return [sites.to(target) for target in (*wanted, *functions.starts)]


@many
@given(
    data=code(),
    address=ADDRESSES,
    reach=st.integers(0, 1 << 32),
    wanted=st.just([*range(-100, 201)]) | st.lists(st.integers(-100, 200), max_size=6),
    starts=st.lists(st.integers(-100, 200), min_size=1, max_size=6, unique=True).map(sorted),
)
def test_same_branches(
    both: Callable[[Callable[[], Any]], None],
    data: bytes,
    address: int,
    reach: int,
    wanted: list[int],
    starts: list[int],
) -> None:
    segment = Segment(exact(data), address, reach)
    places = [address + place for place in starts]
    both(
        lambda: _sites(
            segment,
            Functions(places, address + len(data)),
            [address + place for place in wanted],
        )
    )


@many
@given(data=code(), address=ADDRESSES, slots=st.sets(st.integers(-100, 200), max_size=8))
def test_same_linkage_tables(
    both: Callable[[Callable[[], Any]], None], data: bytes, address: int, slots: set[int]
) -> None:
    segment = Segment(exact(data), address, 0)
    named = {address + place: str(place) for place in slots}
    both(lambda: list(segment.plt(named)))


NUMBERS = st.integers(-(1 << 63), (1 << 63) - 1)


@many
@given(
    starts=st.lists(NUMBERS | NEAR, min_size=1, max_size=8, unique=True).map(sorted),
    places=st.lists(NUMBERS | NEAR, max_size=8),
    linkage=st.sets(NEAR, max_size=8),
)
def test_same_functions(
    both: Callable[[Callable[[], Any]], None],
    starts: list[int],
    places: list[int],
    linkage: set[int],
) -> None:
    both(lambda: Functions(starts, 100, linkage).holding(places))


PLACES = st.none() | st.lists(st.integers(0, 9), max_size=4)


@many
@given(
    functions=st.integers(1, 6),
    lists=st.lists(PLACES, min_size=9, max_size=9),
    linkage=st.sets(st.integers(0, 9), max_size=2),
    linkages=st.sets(st.integers(0, 5), max_size=2),
    users=st.lists(st.frozensets(st.integers(0, 5), max_size=3), max_size=9),
    seeds=st.lists(st.integers(0, 5), max_size=3),
)
def test_same_functions_run(
    both: Callable[[Callable[[], Any]], None],
    functions: int,
    lists: list[list[int] | None],
    linkage: set[int],
    linkages: set[int],
    users: list[frozenset[int]],
    seeds: list[int],
) -> None:
    """Functions of one byte, and behind them the slots of symbols that they use."""
    slots = {at: str(at) for at in range(functions, len(lists))}
    rows = enumerate({one for one in of if one < functions} for of in users)
    called = [(at if at < functions else str(at), frozenset(of)) for at, of in rows]
    tables, misread = dict(called[::2]), dict(called[1::2])

    def question() -> object:
        sites = Sites(range(len(lists)))
        sites.lists = dict(enumerate(lists))
        split = Functions(starts, 10, linkage)
        graph = Graph(split, sites, slots, (), linkages & {*starts})
        followed = FollowedTables(
            tables, frozenset({1}), frozenset("7"), frozenset({0}), Callers(one), misread
        )
        running = Running(FollowedGraph(graph, followed))
        return running.call(seeds), running.enter(), bytes(running._seen)

    starts, one = range(functions), lambda _: frozenset[int]()
    both(question)


@many
@given(
    heads=st.lists(SMALL, max_size=4),
    leads=st.lists(SMALL, max_size=4),
    further=st.dictionaries(SMALL, st.lists(SMALL, max_size=2), max_size=3),
    seeds=st.lists(SMALL, max_size=3),
    size=st.integers(0, 8),
)
def test_edges_may_lead_anywhere(
    compiled: Any,
    heads: list[int],
    leads: list[int],
    further: dict[int, list[int]],
    seeds: list[int],
    size: int,
) -> None:
    seen = bytearray(size)
    try:
        found = compiled.walk(array("i", heads), array("i", leads), further, seeds, seen)
    except ValueError:
        return
    assert all(seen[number] for number in (*seeds, *found))


@many
@given(
    table=st.lists(
        st.sampled_from((b"", b"free", b"xmlFree", b"\xff\xc3\xa9", b"\0")) | st.binary(max_size=5),
        max_size=8,
    ).map(b"\0".join),
    offsets=st.lists(st.integers(0, 30) | st.integers(0, (1 << 32) - 1), max_size=8),
    ended=st.booleans(),
    most=st.sampled_from((4, 40, limits.value("names"))),
)
def test_same_names(
    both: Callable[[Callable[[], Any]], None],
    set_limit: Callable[[str, int], None],
    table: bytes,
    offsets: list[int],
    ended: bool,
    most: int,
) -> None:
    set_limit("names", most)
    both(lambda: names_at(table + b"\0" * ended, array("I", offsets)))


@many
@given(
    lines=st.lists(st.sampled_from((b"", b"free", b"\xff\xc3", b"\xa9")), max_size=8),
    runs=st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=5),
)
def test_same_runs(
    both: Callable[[Callable[[], Any]], None], lines: list[bytes], runs: list[tuple[int, bool]]
) -> None:
    text, wanted = exact(b"\n".join(lines)), bytes(wanted for _, wanted in runs)
    both(lambda: split_runs(text, array("I", [count for count, _ in runs]), wanted))
    whole = [max(len(lines) - sum(count for count, _ in runs), 0), *(count for count, _ in runs)]
    both(lambda: split_runs(text, array("I", whole), b"\1" + wanted))


class _Descriptions:
    """An image of frame descriptions and nothing else."""

    def __init__(self, table: bytes) -> None:
        self.table = table

    def at(self, _address: int, size: int) -> memoryview:
        """The first bytes of the descriptions."""
        if size > len(self.table):
            raise FormatError("not in the file")
        return exact(self.table[:size])


@st.composite
def frames(draw: st.DrawFn) -> tuple[bytes, list[tuple[int, int]]]:
    """Descriptions and the rows that lead to them; both nearly right."""
    table, rows, begin = b"", [], 0
    for number in range(draw(st.integers(1, 6))):
        begin += draw(st.sampled_from((0, 0, 0, 1, 16, -20)))
        length = draw(st.sampled_from((0, 1, 16, 16, 32)))
        place = 16 * number + draw(st.sampled_from((*[0] * 12, 2, 4)))
        said = begin - place - 8 + draw(st.sampled_from((*[0] * 12, 1)))
        table += struct.pack("<IIiI", 12, 0, said, length)
        rows.append((begin, place))
        begin += length
    rows = draw(st.permutations(rows)) if draw(st.booleans()) else rows
    return table[: len(table) - draw(st.sampled_from((*[0] * 9, 1, 4)))], rows


@many
@given(
    found=frames(),
    base=ADDRESSES,
    bounds=st.just([0, 512])
    | st.lists(st.integers(0, 12).map((16).__mul__), max_size=6).map(sorted),
)
def test_same_frames(
    both: Callable[[Callable[[], Any]], None],
    monkeypatch: pytest.MonkeyPatch,
    found: tuple[bytes, list[tuple[int, int]]],
    base: int,
    bounds: list[int],
) -> None:
    monkeypatch.setattr(unwind, "_START_FILES", 0)
    image: Any = _Descriptions(found[0])
    frames = unwind.Frames.__new__(unwind.Frames)
    frames._image, frames._base = image, base
    frames._begins = array("i", [begin for begin, _ in found[1]])
    frames._places = array("i", [place for _, place in found[1]])
    code = [range(base + one, base + end) for one, end in pairwise(bounds)][::2]
    both(lambda: frames.describe(code))


# Moves between registers and to and from the stack, addresses, calls.
WHOLE = st.sampled_from(
    (
        *("48 89 7c 24 08", "48 8b 7c 24 08", "48 89 7d f8", "48 8b 75 f8", "48 89 fb", "48 8b fb"),
        *("48 89 e5", "48 8d 7f 08", "48 8d 7f 00", "8d 7f 08", "48 8d 74 24 10", "48 8d 45 f0"),
        *("48 8d 3d 04 00 00 00", "e8 00 00 00 00", "ff 15 08 00 00 00", "ff d0", "ff 58 08"),
        *("8b 47 10", "8a 47 11", "89 46 12", "8b 44 87 13", "0f 1f 47 14", "48 8b 43 18"),
    )
)
LEADING = st.sampled_from(("", "66", "48", "4c", "41", "49", "66 4f", "f2 45", "2e", "40 48"))
MAPS = ("", "0f", "0f 38", "0f 3a", "c5 f8", "c5 77", "c4 e2 78", "c4 e3 78", "62 f1 7c 48")


@st.composite
def followed(draw: st.DrawFn) -> bytes:
    """Instructions that move pointers, use and lend them, among those that mean nothing."""
    other = st.tuples(LEADING, st.sampled_from(MAPS)).map(" ".join)
    pieces = st.one_of(WHOLE, WHOLE, WHOLE, other).map(bytes.fromhex) | st.binary(max_size=4)
    return b"".join(draw(st.lists(pieces, max_size=30)))


@settings(many, max_examples=600)
@given(data=followed())
def test_same_uses_of_pointers(both: Callable[[Callable[[], Any]], None], data: bytes) -> None:
    code: Any = exact(data)
    both(lambda: used_offsets("x86_64", code, ARGUMENTS["x86_64"]))


@settings(many, max_examples=600)
@given(data=followed(), start=ADDRESSES, bounds=st.lists(NEAR, max_size=4, unique=True).map(sorted))
def test_same_lendings(
    both: Callable[[Callable[[], Any]], None], data: bytes, start: int, bounds: list[int]
) -> None:
    code: Any = exact(data)
    variables = [range(start + one, start + end) for one, end in pairwise(bounds)][::2]
    both(lambda: list(lent.lendings(start, code, variables)))


@settings(many, max_examples=600)
@given(data=followed() | code(), cuts=st.lists(st.integers(0, 40), max_size=4))
def test_same_last_instructions(
    both: Callable[[Callable[[], Any]], None], data: bytes, cuts: list[int]
) -> None:
    ends = array("q", sorted(max(len(data) - cut, 0) for cut in cuts))
    both(lambda: last_instructions(exact(data), ends))


@settings(many, max_examples=300)
@given(data=followed() | code(), cuts=st.lists(st.integers(0, 40), max_size=4))
def test_last_instruction_does_not_depend_on_ends_before(data: bytes, cuts: list[int]) -> None:
    ends = array("q", sorted(max(len(data) - cut, 0) for cut in cuts))
    alone = [last_instructions(data[:end], array("q", [end])) for end in ends]
    assert last_instructions(data, ends) == [one for (one,) in alone]


def test_same_moves_of_pointers(both: Callable[[Callable[[], Any]], None]) -> None:
    """All sequences of four: through registers and the stack, and into what they point to."""
    moves = (
        *("48 89 7c 24 08", "48 8b 7c 24 08", "48 8b 74 24 08", "48 89 fe", "48 8d 7f 08"),
        *("48 8d 77 00", "48 8d 7c 24 08", "48 89 e7", "48 8b 7f 10"),
    )
    whole = [b"".join(four) for four in product(map(bytes.fromhex, moves), repeat=4)]
    both(lambda: [_told(code + b"\x48\x8b\x47\x18\xe8\0\0\0\0") for code in whole])


_PREFIXES = [pytest.param(prefix, marks=pytest.mark.corpus) for prefix in ("66", "4d")]


@pytest.mark.parametrize("leading", ["", *_PREFIXES])
@pytest.mark.parametrize("which", MAPS)
def test_same_instructions(
    both: Callable[[Callable[[], Any]], None], leading: str, which: str
) -> None:
    """All opcodes: where each ends and what it writes is seen by what is found behind it."""
    head = bytes.fromhex(f"{leading} {which}")
    # cmp [register + n], eax, for all sixteen.
    uses = b"".join(
        bytes((0x40 | number >> 3, 0x39, 0x80 | number & 7, *(0x24,) * (number & 7 == 4), number))
        + bytes(3)
        for number in range(16)
    )
    tails = [b"\x25\x10\0\0\0\x08\0\0\0" + uses, bytes(9) + uses]
    operands = product((0x00, 0x05, 0x47, 0x8F, 0xC8, 0xE7, 0xFA), tails)
    told = [bytes((operand,)) + tail + b"\xe8\0\0\0\0" for operand, tail in operands][1:-3]
    both(lambda: [_told(head + bytes((opcode,)) + code) for opcode in range(256) for code in told])


def _told(code: bytes) -> tuple[object, ...]:
    pointers = {number: number for number in range(16)}
    variables = [range(0x1000, 0x2000)]
    uses = used_offsets("x86_64", code, pointers)
    return uses, list(lent.lendings(0x1000, code, variables))


@many
@given(names=st.lists(st.binary(max_size=600) | st.binary(min_size=4001, max_size=4010)))
def test_same_hashes(both: Callable[[Callable[[], Any]], None], names: list[bytes]) -> None:
    both(lambda: list(map(gnu_hash, names)))


WORDS = st.integers(0, (1 << 32) - 1) | st.integers(0, 12)


@many
@given(
    st.sampled_from((32, 64)),
    st.data(),
    st.lists(st.text(max_size=3) | st.sampled_from(("a", "b", "\udcff", "é\udc80")), max_size=90),
)
def test_reached_symbols_are_the_same(
    both: Callable[[Callable[[], Any]], None], bits: int, data: st.DataObject, names: list[str]
) -> None:
    hashes = [gnu_hash(name.encode("utf-8", "surrogateescape")) for name in names]
    # Mostly a table that holds the names, in one chain or in several; any other one besides.
    first, heads = data.draw(st.integers(0, 3)), data.draw(st.integers(1, 3))
    ends = data.draw(st.sampled_from((0, 1)))
    chain = [h & ~1 | ends for h in hashes] if data.draw(st.booleans()) else []
    last = [*data.draw(st.lists(WORDS, max_size=3)), 1]
    buckets = data.draw(st.lists(st.integers(0, 3) | WORDS, min_size=heads, max_size=heads))
    reach = max([*buckets, first]) - first
    chain = (chain + last)[: reach + 1] if reach < 200 else chain + last
    bloom = data.draw(st.lists(st.just((1 << bits) - 1) | WORDS, min_size=1, max_size=2))
    table = object.__new__(GnuHash)
    table._bits, table._shift, table.first = bits, data.draw(st.sampled_from((0, 5, 31, 40))), first
    table._bloom = array("Q" if bits == 64 else "I", bloom)
    table._buckets, table._chain, table._ends = array("I", buckets), array("I", chain), None
    indexes = [first + at for at in range(len(names))]
    both(lambda: table.reached(names, indexes))


def test_symbol_at_the_end_of_a_long_chain_is_reached(
    both: Callable[[Callable[[], Any]], None],
) -> None:
    names = [f"name{i}" for i in range(200)]
    hashes = [gnu_hash(name.encode()) & ~1 for name in names]
    hashes[-1] |= 1
    for broken in (None, 3, 150):
        chain = array("I", hashes)
        if broken is not None:
            chain[broken] |= 1
        table = object.__new__(GnuHash)
        table._bits, table._shift, table.first = 64, 5, 1
        table._bloom, table._buckets = array("Q", [(1 << 64) - 1]), array("I", [1])
        table._chain, table._ends = chain, None
        reached = table.reached(names, list(range(1, 201)))
        assert sum(reached) == (200 if broken is None else broken + 1)
        both(lambda table=table: table.reached(names, list(range(1, 201))))  # type: ignore[misc]


# -- whatever it is given: what is read beyond a buffer is seen by tests/tools/sanitized.py --------


@many
@given(data=code(), cut=st.integers(0, 5), form=st.integers(0, 4))
def test_code_may_end_anywhere(compiled: Any, data: bytes, cut: int, form: int) -> None:
    ended = exact(data[: max(len(data) - cut, 0)])
    lists: dict[int, list[int] | None] = dict.fromkeys(range(len(data) + 80))
    compiled.scan(ended, form, 0, 0x7F, compiled.sieve(lists), lists, (array("q"), 0, 0, 0))
    assert all(place + 4 <= len(ended) for places in lists.values() for place in places or ())


@many
@given(data=st.binary(max_size=8), offsets=st.lists(st.integers(0, 9), max_size=4))
def test_names_end_in_their_table(compiled: Any, data: bytes, offsets: list[int]) -> None:
    ends = [data.find(b"\0", at) if at < len(data) else -1 for at in offsets]
    found = compiled.names(exact(data), array("I", offsets), 100)
    assert (found is None) == (-1 in ends)


@many
@given(
    rows=st.lists(st.tuples(SMALL, SMALL.map((4).__mul__)), min_size=1, max_size=3),
    more=st.integers(-17, 3),
    bounds=st.lists(SMALL, max_size=4),
)
def test_descriptions_may_end_anywhere(
    compiled: Any, rows: list[tuple[int, int]], more: int, bounds: list[int]
) -> None:
    begins, places = (array("i", column) for column in zip(*rows, strict=True))
    size = max(places) - min(places) + 16 + more
    arguments = (begins, places, exact(bytes(max(size, 0))), 0, array("q", bounds))
    if len(bounds) % 2:
        with pytest.raises(ValueError, match="no such table"):
            compiled.described(*arguments)
        return
    found = compiled.described(*arguments)
    if more < 0:
        assert found is None


@many
@given(
    code=st.binary(max_size=24),
    forms=st.binary(min_size=512, max_size=512),
    labels=st.binary(min_size=16, max_size=16),
    bounds=st.lists(SMALL, max_size=3),
)
def test_tables_of_instructions_may_be_anything(
    compiled: Any, code: bytes, forms: bytes, labels: bytes, bounds: list[int]
) -> None:
    found = compiled.uses(exact(code), exact(forms), exact(labels))
    assert all(labels.find(use >> 16) >= 0 for use in found)
    (last,) = compiled.last(exact(code), exact(forms), array("q", [len(code)]))
    assert last is None or last[1] > len(code) - 4
    lent = compiled.lent(exact(code), exact(forms), exact(labels), 0, array("q", bounds))
    assert len(lent) <= len(code)


# -- which one is used ----------------------------------------------------------------------------


def test_environment_chooses(compiled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "_load", lambda: (compiled, ""))
    assert native.chosen("") is native.chosen("1") is compiled
    assert native.chosen("0") is None


def test_missing_part_is_an_error_only_where_it_is_demanded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(native, "_load", lambda: (None, "no such module"))
    assert native.chosen("") is native.chosen("0") is None
    with pytest.raises(UsageError, match=r"COLLIDE_NATIVE=1 .* no such module"):
        native.chosen("1")


@pytest.mark.parametrize("interface", [None, native.INTERFACE - 1, native.INTERFACE + 1])
def test_part_of_another_source_is_missing(
    compiled: Any, monkeypatch: pytest.MonkeyPatch, interface: int | None
) -> None:
    old = ModuleType("collide.elf._native")
    vars(old).update((name, one) for name, one in vars(compiled).items() if name[0] != "_")
    monkeypatch.setitem(sys.modules, old.__name__, old)
    monkeypatch.setattr(elf, "_native", old, raising=False)
    assert native.chosen("1") is old
    monkeypatch.setattr(old, "INTERFACE", interface)
    assert native.chosen("") is None
    with pytest.raises(UsageError, match="compiled from another one"):
        native.chosen("1")


def test_interface_has_a_new_number_when_an_argument_is_another() -> None:
    names = [name for name in vars(native.Compiled) if name[0] != "_"]
    taken = [f"{name} {getattr(native.Compiled, name).__annotations__}" for name in sorted(names)]
    digest = sha256("\n".join(taken).encode()).hexdigest()[:8]
    # Of an older number when this fails: raise INTERFACE in native.py and _native.c.
    assert (native.INTERFACE, digest) == (2, "885f17ce")


def test_other_values_are_errors() -> None:
    with pytest.raises(UsageError, match=r"COLLIDE_NATIVE=yes .* is neither 0 nor 1"):
        native.chosen("yes")


@pytest.mark.parametrize(
    "arguments",
    [
        (b"", 9, 0, 0, bytes(8), {}, (array("q"), 0, 0, 0)),
        (b"", 0, -1, 0, bytes(8), {}, (array("q"), 0, 0, 0)),
        (b"", 0, 0, 256, bytes(8), {}, (array("q"), 0, 0, 0)),
        (b"", 0, 0, 0, bytes(7), {}, (array("q"), 0, 0, 0)),
        (b"", 0, 0, 0, bytes(12), {}, (array("q"), 0, 0, 0)),
        (b"", 0, 0, 0, bytes(8), frozenset(), (array("q"), 0, 0, 0)),
    ],
)
def test_wrong_arguments_are_refused(compiled: Any, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="no such scan"):
        compiled.scan(*arguments)


def test_wrong_number_of_runs_is_refused(compiled: Any) -> None:
    with pytest.raises(ValueError, match="no such runs"):
        compiled.runs(b"a", array("I", [1]), b"")


def test_wrong_tables_of_instructions_are_refused(compiled: Any) -> None:
    forms, labels, none = instructions.FORMS, labelled({}), array("q")
    for wrong in ((forms[1:], labels), (forms, labels[1:])):
        with pytest.raises(ValueError, match="no such tables"):
            compiled.uses(b"", *wrong)
        with pytest.raises(ValueError, match="no such tables"):
            compiled.lent(b"", *wrong, 0, none)
    with pytest.raises(ValueError, match="no such tables"):
        compiled.last(b"", forms[1:], array("q", [0]))
    for end in (-1, 1):
        with pytest.raises(ValueError, match="no such tables"):
            compiled.last(b"", forms, array("q", [end]))
    for start in (-1, native.HIGHEST + 1):
        with pytest.raises(ValueError, match="no such tables"):
            compiled.lent(b"", forms, labels, start, none)
