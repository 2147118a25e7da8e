"""Names that may be asked for at run time."""

from __future__ import annotations

import pytest

from collide.entrypoints import asks_by_name, entry_points, names_in_python, names_in_text

NAMES = {"f", "own", "PyInit_demo", "bind_engine", "libb.so.1"}


def found(**how: frozenset[str]) -> dict[str, str]:
    return entry_points(
        NAMES,
        python={"demo.py": how.get("python", frozenset())},
        text={"mod.so": how.get("text", frozenset())},
        defined={"mod.so": {"own"}},
    )


def test_documented_names_are_always_entry_points() -> None:
    assert set(found()) == {"PyInit_demo", "bind_engine"}


def test_text_counts_where_the_object_does_not_define_the_name() -> None:
    """``__func__`` leaves an object's own names in its text."""
    assert set(found(text=frozenset({"f", "own", "unknown"}))) == {
        *("PyInit_demo", "bind_engine", "f")
    }


def test_python_files_that_open_libraries_count() -> None:
    words = names_in_python(b"import ctypes\nlib = ctypes.CDLL('libb.so.1')\nlib.f(2)\n")
    assert {"f", "libb.so.1"} <= set(found(python=words))


@pytest.mark.parametrize("source", [b"import ctypeslib\nf()\n", b"print('f')\n", b""])
def test_other_python_files_do_not(source: bytes) -> None:
    assert not names_in_python(source)


def test_strings_end_with_a_zero_and_are_whole() -> None:
    data = b"\0f\0 say own\0libb.so.1\0PyInit_demo!\0bind_engine"
    assert names_in_text([data]) == {"f", "own", "libb.so.1"}


@pytest.mark.parametrize(("names", "asks"), [({"dlsym"}, True), ({"dlopen", "f"}, False)])
def test_who_asks_by_name(names: set[str], asks: bool) -> None:
    assert asks_by_name(names) == asks
