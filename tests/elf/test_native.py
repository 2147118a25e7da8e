"""The compiled part gives what the Python beside it gives, or raises the same."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collide.elf import native
from collide.elf.code.branches import FORMS, Functions, ManySites, Segment, Sites
from collide.elf.string_table import names_at
from collide.support import limits
from collide.support.errors import UsageError
from native_build import build_native, load_native

ADDRESSES = st.one_of(
    st.sampled_from((0, 1, 0x1000, native.HIGHEST, native.HIGHEST + 1, (1 << 64) - 64)),
    st.integers(0, 1 << 64),
)
OPCODES = st.sampled_from(
    (b"\xe8", b"\xe9", b"\x0f\x84", b"\x8d\x05", b"\x48\x8b\x3d", b"\xff\x15", b"\xff\x25", b"\xf2")
)
NEAR = st.integers(-80, 80)


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
        except (ArithmeticError, LookupError, ValueError, limits.LimitError) as e:
            return type(e), str(e)

    def compare(question: Callable[[], Any]) -> None:
        assert asked(question, compiled) == asked(question, None)

    return compare


many = settings(
    max_examples=200,
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


def _sites(
    kind: type[Sites], segment: Segment, functions: Functions, wanted: Sequence[int]
) -> list[Sequence[int]]:
    sites = kind(dict.fromkeys([*wanted, *functions.starts]))
    for form in FORMS:
        segment.scan(form, sites, functions)
    return [sites.to(target) for target in (*wanted, *functions.starts)]


@many
@given(
    data=code(),
    address=ADDRESSES,
    reach=st.integers(0, 1 << 32),
    wanted=st.lists(st.integers(-100, 200), max_size=6),
    starts=st.lists(st.integers(-100, 200), min_size=1, max_size=6, unique=True).map(sorted),
    many_sites=st.booleans(),
)
def test_same_branches(
    both: Callable[[Callable[[], Any]], None],
    data: bytes,
    address: int,
    reach: int,
    wanted: list[int],
    starts: list[int],
    many_sites: bool,
) -> None:
    segment = Segment(memoryview(data), address, reach)
    places = [address + place for place in starts]
    kind = ManySites if many_sites else Sites
    both(
        lambda: _sites(
            kind,
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
    segment = Segment(memoryview(data), address, 0)
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


def test_other_values_are_errors() -> None:
    with pytest.raises(UsageError, match=r"COLLIDE_NATIVE=yes .* is neither 0 nor 1"):
        native.chosen("yes")


@pytest.mark.parametrize(
    "arguments",
    [
        (b"", 9, 0, 0, bytes(8), {}, (array("q"), 0, 0), False),
        (b"", 0, -1, 0, bytes(8), {}, (array("q"), 0, 0), False),
        (b"", 0, 0, 256, bytes(8), {}, (array("q"), 0, 0), False),
        (b"", 0, 0, 0, bytes(7), {}, (array("q"), 0, 0), False),
        (b"", 0, 0, 0, bytes(12), {}, (array("q"), 0, 0), False),
        (b"", 0, 0, 0, bytes(8), frozenset(), (array("q"), 0, 0), True),
    ],
)
def test_wrong_arguments_are_refused(compiled: Any, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="no such scan"):
        compiled.scan(*arguments)
