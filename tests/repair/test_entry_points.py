"""What may be opened or asked for at run time."""

from __future__ import annotations

import pytest

from collide.repair.entry_points import (
    file_names_in,
    is_documented_entry_point,
    opens_by_made_up_names,
    opens_libraries,
    stem,
)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("PyInit_demo", True), ("bind_engine", True), ("bind_engines", False), ("f", False)],
)
def test_documented_names_of_plugins(name: str, is_one: bool) -> None:
    assert is_documented_entry_point(name) == is_one


TOLD = [
    "import ctypes; lib = ctypes.CDLL('libb.so.1')",
    "import ctypes; lib = ctypes.CDLL(None)",
    "import ctypes; lib = ctypes.cdll.LoadLibrary('libc.so.6')",
    "import ctypes; ctypes.cdll.msvcrt.printf(b'')",
    "from ctypes import CDLL, PyDLL\nlib = CDLL(find_library('c'))",
    "lib = ctypes.CDLL(os.path.join(here, 'lib', 'libb.so.1'))",
    "lib = ctypes.CDLL(str(here / 'libb.so'))",
    "lib = ctypes.CDLL(here + '/libb.so')",
    "lib = ctypes.CDLL(f'{here}/libb.so')",
    "from cffi import FFI; lib = FFI().dlopen('libb.so.1', 2)",
]
MADE_UP = [
    "lib = ctypes.CDLL(path)",
    "lib = ctypes.CDLL(glob.glob(os.path.join(here, '.libs/libb-*.so*'))[0])",
    "lib = ctypes.CDLL(os.path.join(here, name))",
    "lib = ctypes.CDLL('lib' + name)",
    "lib = ctypes.CDLL(f'{here}/lib{name}.so')",
    "lib = ctypes.CDLL('%s.so' % name)",
    "lib = ctypes.cdll.LoadLibrary(importlib.resources.files('demo') / name)",
    "lib = ctypes.PyDLL(pkg_resources.resource_filename('demo', name))",
    "lib = ctypes.cdll[name]",
    "lib = numpy.ctypeslib.load_library(name, here)",
    "class Lib(ctypes.CDLL): pass",
    "open_it = ctypes.CDLL",
    "open_it = getattr(ctypes, 'CDLL')",
    "lib = FFI().dlopen(find_library(name))",
    "lib = CDLL('b') if here else CDLL(name)",
    "print 'of Python 2', CDLL('b')",
]


@pytest.mark.parametrize("source", TOLD)
def test_an_opening_of_a_literal_name_is_told(source: str) -> None:
    assert opens_libraries(source)
    assert not opens_by_made_up_names(source)


@pytest.mark.parametrize("source", MADE_UP)
def test_any_other_opening_may_be_of_any_name(source: str) -> None:
    assert opens_libraries(source)
    assert opens_by_made_up_names(source)


@pytest.mark.parametrize(
    "source", ["import ctypeslib\nf()\n", "from cffi import FFI\n", "import math\nmath.f()\n", ""]
)
def test_without_an_opening(source: str) -> None:
    """A compiled cffi module is linked, and its references are relocations."""
    assert not opens_libraries(source)


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        (b"libb.so", True),
        (b"/libb.so\0", True),
        (b"'libb.so'", True),
        (b"libb.so.1", False),
        (b"notlibb.so", False),
        (b"libb.so.1 libb.so", True),
        (b"", False),
    ],
)
def test_a_file_name_stands_by_itself(text: bytes, stands: bool) -> None:
    assert bool(file_names_in(text, {"libb.so", "libc.so"})) == stands


@pytest.mark.parametrize(
    "name", ["libb.so", "libb.so.1.2", "libb-0a1b2c3d.so.1", "libb-0a1b2c3d.so"]
)
def test_stem_of_a_library(name: str) -> None:
    assert stem(name) == "libb"
