"""Names that may be asked for at run time."""

from __future__ import annotations

import pytest

from collide.entrypoints import asks_by_name, entry_points, names_in_python, names_in_text

NAMES = {"f", "own", "PyInit_demo", "bind_engine", "libb.so.1"}


def found(**how: frozenset[str]) -> dict[str, str]:
    return entry_points(
        NAMES,
        plugins=NAMES - {"bind_engine"},
        python={"demo.py": how.get("python", frozenset())},
        text={"mod.so": how.get("text", frozenset())},
        reach={"mod.so": NAMES - {"own"}},
    )


def test_documented_names_of_plugins_are_always_entry_points() -> None:
    """A library that others link may define a name that only looks like one."""
    assert set(found()) == {"PyInit_demo"}


def test_text_counts_where_dlsym_could_find_the_name() -> None:
    """``__func__`` leaves an object's own names in its text."""
    assert set(found(text=frozenset({"f", "own", "unknown"}))) == {"PyInit_demo", "f"}


OPENING = b"import ctypes\nlib = ctypes.CDLL('libb.so.1')\nlib.f(2)\n"


def test_python_files_that_open_libraries_count() -> None:
    words = names_in_python({"demo.py": OPENING})["demo.py"]
    assert {"f", "libb.so.1"} <= set(found(python=words))


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


def test_strings_end_with_a_zero_and_are_whole() -> None:
    data = b"\0f\0 say own\0libb.so.1\0PyInit_demo!\0bind_engine"
    assert names_in_text([data]) == {"f", "own", "libb.so.1"}


@pytest.mark.parametrize(("names", "asks"), [({"dlsym"}, True), ({"dlopen", "f"}, False)])
def test_who_asks_by_name(names: set[str], asks: bool) -> None:
    assert asks_by_name(names) == asks
