"""Names that may be asked for at run time."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

import pytest

from collide.repair import entry_points as entrypoints
from collide.repair.entry_points import (
    beginnings_in_text,
    is_documented_entry_point,
    names_in_python,
    names_in_text,
)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("PyInit_demo", True), ("bind_engine", True), ("bind_engines", False), ("f", False)],
)
def test_documented_names_of_plugins(name: str, is_one: bool) -> None:
    assert is_documented_entry_point(name) == is_one


OPENING = b"import ctypes\nlib = ctypes.CDLL('libb.so.1')\nlib.f(2)\n"


def test_python_files_that_open_libraries_count() -> None:
    words = names_in_python({"demo.py": OPENING})["demo.py"]
    assert {"f", "libb.so.1"} <= words


@pytest.mark.parametrize(
    ("source", "counts"),
    [
        (b"from .low import lib\nlib.f()\n", True),
        (b"import demo.low as low\nlow.lib.f()\n", True),
        (b"import cffi\nffi.f()\n", True),
        (b"import math\nmath.f()  # not of low\n", False),
    ],
)
def test_of_the_others_those_that_may_use_an_opened_library(source: bytes, counts: bool) -> None:
    assert ("other.py" in names_in_python({"demo/low.py": OPENING, "other.py": source})) == counts


@pytest.mark.parametrize("source", [b"import ctypeslib\nf()\n", b"from cffi import FFI\n", b""])
def test_without_an_opening_none_counts(source: bytes) -> None:
    """A compiled cffi module is linked, and its references are relocations."""
    assert not names_in_python({"demo.py": source})


NAMES = {"f", "own", "PyInit_demo", "bind_engine", "libb.so.1"}


def test_strings_end_with_a_zero_and_are_whole() -> None:
    data = b"\0f\0 say own\0libb.so.1\0PyInit_demo!\0bind_engine"
    assert names_in_text([data], NAMES) == {"f", "own", "libb.so.1"}


# What is said of names and strings in one expression; it is slow on large objects.
WORDS = re.compile(rb"(?:[\w+.-]+\.so[\w.]*|[A-Za-z_][\w.]*)(?=\0)")


def all_words(parts: Iterable[bytes]) -> set[str]:
    return {word.decode() for part in parts for word in WORDS.findall(part)}


@pytest.mark.parametrize("count", [1, 3, 30, 200])
@pytest.mark.parametrize("chunk", [1, 7, 1 << 18])
def test_looking_for_names_finds_those_among_all_words(
    count: int, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pieces that make names of each other's ends, for few names and for many."""
    monkeypatch.setattr(entrypoints, "_CHUNK", chunk)
    rand = random.Random(count)
    pieces = [
        b"f",
        b"lib",
        b".so",
        b".1",
        b"7",
        b"-",
        b"+",
        b"_",
        b" ",
        b"\0",
        b"\0",
        b"\xff",
        b"!",
    ]
    met: set[str] = set()
    for _ in range(200):
        parts = [b"".join(rand.choices(pieces, k=rand.randrange(40))) for _ in range(2)]
        names = {b"".join(rand.choices(pieces[:8], k=rand.randrange(1, 5))) for _ in range(count)}
        among = {name.decode() for name in names}
        words = all_words(parts)
        found = names_in_text(parts, among)
        assert found == among & words
        met |= found
        begun = beginnings_in_text(parts, among)
        assert begun == {n for n in among if any(w.startswith(n) for w in words)}
    assert met


def test_names_in_other_alphabets_stand_nowhere() -> None:
    assert not names_in_text([b"\0\xc3\xa4\0"], {"ä", "\udcff"})
