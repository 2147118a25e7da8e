"""Code that is made to cost much: what is followed of it keeps to its bounds."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from collide.support import limits
from collide.wheels.imports import ImportPlan, follow_imports
from package_trees import HERE, PYTHON, tree

CODE = {
    "many directories": (
        "import sys\nfor n in range(200):\n    for m in range(200):\n"
        "        sys.path.insert(0, f'/tmp/{n}/{m}')\n        import no_such\n"
    ),
    "a path that doubles": "import sys\n" + "sys.path += sys.path\n" * 60 + "import none\n",
    "a path of itself": "import sys\n" + "sys.path.append(sys.path)\nsys.path = [sys.path]\n" * 30,
    "many finders": (
        "import sys\nclass F:\n    def find_spec(self, name, path, target=None):\n"
        "        import no_such_module\nfor n in range(999):\n    sys.meta_path.append(F())\n"
        "import none\n"
    ),
    "finders that ask each other": (
        "import sys\nclass F:\n    @classmethod\n    def find_spec(cls, name, path, target=None):\n"
        "        __import__(name + 'x')\n        __import__('y' + name)\n"
        "sys.meta_path.append(F)\nimport none\n"
    ),
    "a module that makes itself": (
        "import importlib.util\ndef make(n):\n"
        "    spec = importlib.util.spec_from_file_location(f'm{n}', __file__)\n"
        "    importlib.util.module_from_spec(spec)\n    make(n + 1)\n    make(n + 2)\nmake(0)\n"
    ),
    "a chain of calls": "import os\nx = os" + ".a()" * 150 + "\n",
    "generators of generators": (
        "def g(n):\n    for x in range(99):\n        yield [x] * 9\n        yield from g(n + 1)\n"
        "a = [*g(0)]\nb = [list(g(0)), list(g(0))]\nfor x in g(0):\n    a += [a, b]\n"
    ),
    "many choices": (
        "import subprocess\nfor n in range(1999):\n    if subprocess.call([n]):\n"
        "        a = 1\n    b = 1 if subprocess.call([n]) else 2\nraise ValueError\n"
    ),
    "choices that double": (
        "import subprocess\ndef f(n):\n    if subprocess.call([n]):\n        f(n + 1)\n"
        "        f(n + 2)\n    else:\n        f(n + 3)\nf(0)\nimport none\n"
    ),
    "texts that grow": "t = {97: 'a' * 4000}\ns = 'a' * 250\n" + "s = s.translate(t)\n" * 50,
    "functions with many attributes": (
        "def f(): pass\n"
        + "".join(f"f.a{n} = f\n" for n in range(999))
        + "x = f"
        + ".a1" * 300
        + "\n"
    ),
    "questions to a library": (
        "import ctypes, os\nlib = ctypes.CDLL(os.path.dirname(__file__) + '/lib/liba.so')\n"
        "for n in range(1999):\n    hasattr(lib, f'name{n}')\n    getattr(lib, f'name{n}', None)\n"
    ),
}


@pytest.fixture(autouse=True)
def few_steps() -> Iterator[None]:
    before = limits.value("python-steps")
    limits.override({"python-steps": "50000"})
    yield
    limits.override({"python-steps": str(before)})


@pytest.mark.parametrize("case", CODE)
def test_code_that_costs_much_is_bounded(tmp_path: Path, case: str) -> None:
    site = tree(tmp_path, CODE[case])
    tracemalloc.start()
    began = time.process_time()
    plan = follow_imports(["p"], [site], PYTHON, HERE)
    took, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(plan, ImportPlan)
    assert len(plan.notes) < 2000
    assert took < 20
    assert peak < 100 << 20


def test_directories_outside_of_the_trees_are_not_read(tmp_path: Path) -> None:
    site = tree(tmp_path, "")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "found.py").write_text("raise KeyError\n")
    (site / "p/__init__.py").write_text(
        f"import sys\nsys.path.append({str(outside)!r})\nimport found"
    )
    plan = follow_imports(["p"], [site], PYTHON)
    assert any("no module found" in note for note in plan.notes)
