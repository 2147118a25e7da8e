"""Branches that depend on native code or a child process, against real imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.wheels.imports import follow_imports
from collide.wheels.python.answers import Choices
from compiler import compile_so
from package_trees import HEAD, HERE, PYTHON, opened, really_opened, tree
from scenario import require_loader

WAYS = {
    "a child process that prints what it finds": (
        (
            "import subprocess\ndef ask(path):\n"
            "    out = subprocess.run(['echo', '(3, 4)'], capture_output=True, text=True).stdout\n"
            "    out = out.strip()\n    return eval(out) if out else None\n"
            "found = []\nfor path in glob.glob(here + '/lib/liba.so'):\n    version = ask(path)\n"
            "    if version is not None and version >= (3, 0):\n"
            "        found.append((version, path))\n"
            "found.sort()\nlib = ctypes.CDLL(found[-1][1]) if found else None\n"
            "if lib is None:\n    raise ImportError\n"
        ),
        "a child process answers at HERE:6",
    ),
    "a number that a library gives": (
        (
            "lib = ctypes.CDLL(here + '/lib/liba.so')\nmajor = ctypes.c_int(0)\n"
            "if lib.version(ctypes.byref(major)):\n    raise ImportError\n"
            "if major.value > 0:\n    import no_such_module\nelse:\n    pass\n"
        ),
        "native code answers at HERE:5",
    ),
    "a choice that only one way survives": (
        (
            "lib = ctypes.CDLL(here + '/lib/liba.so')\n"
            "kind = 'none' if lib.version(None) else 'other'\n"
            "if kind == 'none':\n    raise ImportError('not for this library')\n"
            "ctypes.CDLL(here + f'/{kind}/libb.so')\n"
        ),
        "native code answers at HERE:5",
    ),
    "a function that a library may have": (
        (
            "lib = ctypes.CDLL(here + '/lib/liba.so')\n"
            "if not hasattr(lib, 'version') or getattr(lib, 'no_such', None):\n"
            "    raise ImportError\n"
            "if hasattr(lib, 'no_such'):\n    import no_such_module\n"
        ),
        "",
    ),
    "a function that the program may have": (
        (
            "def load(name):\n    lib = ctypes.CDLL(name)\n    lib.no_such_thing\n    return lib\n"
            "try:\n    lib = load(None)\nexcept (OSError, AttributeError):\n"
            "    lib = ctypes.CDLL(here + '/lib/liba.so')\n"
        ),
        "the program has itself for names of a library",
    ),
    "a file that is a script for the linker": (
        (
            "open(here + '/lib/libc.so', 'w').write('INPUT(liba.so)')\n"
            "for name in ('libc.so', 'liba.so'):\n    try:\n"
            "        lib = ctypes.CDLL(f'{here}/lib/{name}')\n        break\n"
            "    except OSError:\n        pass\n"
        ),
        "",
    ),
}


def site_of(directory: Path, text: str) -> Path:
    site = tree(directory, HEAD + text, ("lib/liba.so", "other/libb.so"))
    compile_so(site / "p/lib", "liba.so", "int version(int *n) { return 0; }")
    (site / "p/lib/libc.so").write_text("INPUT(liba.so)")
    return site


@pytest.mark.parametrize("way", WAYS)
def test_way_is_that_of_the_real_import(tmp_path: Path, way: str) -> None:
    require_loader()
    text, told = WAYS[way]
    site = site_of(tmp_path, text)
    plan = follow_imports(["p"], [site], PYTHON, HERE)
    real = really_opened(site)
    assert opened(site, plan) == real
    assert "p/lib/liba.so" in real
    notes = "\n".join(plan.notes).replace(f"{site}/p/__init__.py", "HERE")
    if told:
        assert f"depends on what {told}: followed as if that were " in notes


def test_import_on_the_way_that_is_not_taken_is_told(tmp_path: Path) -> None:
    require_loader()
    text = "import subprocess\nif subprocess.call(['true']):\n    import q\nelse:\n    import r\n"
    site = tree(tmp_path, text)
    compile_so(site, "q.abi3.so", "int value;")
    compile_so(site, "r.abi3.so", "int value;")
    plan = follow_imports(["p"], [site], PYTHON, HERE)
    assert [Path(e.name).name for e in plan.openings] == ["q.abi3.so"]
    assert [Path(e.name).name for e in plan.possible] == ["r.abi3.so"]
    at = f"{site}/p/__init__.py"
    assert f"{at}:2: depends on what a child process answers at {at}:2: " in plan.notes[0]


def test_where_every_way_fails_the_first_is_told(tmp_path: Path) -> None:
    text = (
        "import subprocess\nfor _ in range(9):\n    if subprocess.call(['true']):\n        pass\n"
    )
    site = tree(tmp_path, f"{text}raise ValueError\n")
    plan = follow_imports(["p"], [site], PYTHON, HERE)
    assert [n for n in plan.notes if n.startswith("import p fails")] == [
        f"import p fails: {site}/p/__init__.py:5: raises ValueError"
    ]
    assert len([n for n in plan.notes if "as if that were true" in n]) == 1
    assert not [n for n in plan.notes if "as if that were false" in n]


def test_ways_are_tried_one_after_the_other_and_are_bounded() -> None:
    choices, tried = Choices(), []
    while True:
        tried.append((choices.take(likely=True), choices.take(likely=False)))
        if not choices.change():
            break
    assert tried == [(True, False), (True, True), (False, False), (False, True)]
    assert (choices.take(likely=False), choices.take(likely=True)) == (True, False)
    many = Choices()
    assert [many.take(likely=True) for _ in range(65)] == [True] * 64 + [None]
    assert sum(many.change() and many.take(likely=True) is not None for _ in range(99)) == 5


def test_library_that_cffi_opens_has_its_flags(tmp_path: Path) -> None:
    text = (
        "from cffi import FFI\nffi = FFI()\nif hasattr(ffi, 'RTLD_DEEPBIND'):\n"
        "    lib = ffi.dlopen(here + '/lib/liba.so', ffi.RTLD_DEEPBIND)\n"
        "if lib.version(ffi.NULL):\n    raise ImportError\n"
    )
    site = site_of(tmp_path, text)
    (site / "cffi").mkdir()
    (site / "cffi/__init__.py").write_text("from .api import FFI\n")
    code = "class FFI:\n    def dlopen(self, name, flags=0):\n        return open_in_c(name)\n"
    (site / "cffi/api.py").write_text(code)
    plan = follow_imports(["p"], [site], PYTHON, HERE)
    ((name, deepbind),) = [(e.name, e.mode.deepbind) for e in plan.openings if "liba" in e.name]
    assert (name, deepbind) == (f"{site}/p/lib/liba.so", True)
