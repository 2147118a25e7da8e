"""Objects of classes, and functions in functions: what they open, against real imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.wheels.imports import follow_imports
from collide.wheels.python.objects import lineage
from collide.wheels.python.values import CodeClass
from package_trees import HEAD, HERE, PYTHON, opened, really_opened, tree
from scenario import require_loader

OPEN = "    ctypes.CDLL(os.path.join(here, 'lib', name))\n"
WAYS = {
    "a library that opens when it is used": (
        "class Library(object):\n    def __init__(self):\n"
        "        self._handle, self._names = None, {}\n"
        "    def _load(self):\n        self._handle = ctypes.CDLL(here + '/lib/liba.so')\n"
        "    @property\n    def handle(self):\n        if not self._handle:\n"
        "            self._load()\n        return self._handle\n"
        "    def __getattr__(self, name):\n        try:\n            return self._names[name]\n"
        "        except KeyError:\n            pass\n"
        "        self._names[name] = getattr(self.handle, name)\n        return self._names[name]\n"
        "library = Library()\nlibrary.value\n"
    ),
    "classes of classes": (
        "class Base:\n    name = 'libb.so'\n    @classmethod\n    def make(cls, *rest):\n"
        "        return cls(cls.name)\n    def __init__(self, name):\n        self.name = name\n"
        "    def __call__(self):\n        self.open(self.name)\n    @staticmethod\n"
        "    def open(name):\n        ctypes.CDLL(os.path.join(here, 'lib', name))\n"
        "class Derived(Base):\n    name = 'liba.so'\nDerived.make()()\n"
    ),
    "a context": (
        "class Context:\n    def __init__(self, name):\n        self.name = name\n"
        "    def __enter__(self):\n        return os.path.join(here, 'lib', self.name)\n"
        "    def __exit__(self, *rest):\n"
        "        ctypes.CDLL(os.path.join(here, 'lib', 'libb.so'))\n"
        "with Context('liba.so') as at:\n    ctypes.CDLL(at)\n"
    ),
    "a name of a class is none of its functions": (
        "name = 'liba.so'\nclass C:\n    name = 'libb.so'\n    def open(self):\n    "
        f"{OPEN}C().open()\n"
    ),
    "a name of the function around it": (
        "def choose():\n    name = 'libb.so'\n    def change():\n        nonlocal name\n"
        "        name = 'liba.so'\n    change()\n    return name\n"
        "ctypes.CDLL(os.path.join(here, 'lib', choose()))\n"
    ),
    "any number of arguments": (
        "def add(*parts, **rest):\n    found.append(os.path.join(*parts, rest['name']))\n"
        "found = []\nadd(here, 'lib', name='liba.so')\nctypes.CDLL(*found)\n"
    ),
    "an attribute that is set from outside": (
        "class C: pass\nchosen = C()\nchosen.name = 'lib'\nchosen.name += 'a.so'\n"
        "sys.modules[__name__].__dict__\nctypes.CDLL(os.path.join(here, 'lib', chosen.name))\n"
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_library_is_that_of_the_real_import(tmp_path: Path, way: str) -> None:
    require_loader()
    site = tree(tmp_path, HEAD + WAYS[way], ("lib/liba.so", "lib/libb.so"))
    plan = follow_imports(["p"], [site], PYTHON, HERE)
    assert opened(site, plan) == really_opened(site)
    assert "p/lib/liba.so" in opened(site, plan)


@pytest.mark.parametrize(
    "text",
    [
        "import enum\nclass Name(enum.Enum):\n    A = 'liba.so'\nname = Name.A.value\n",
        (
            "def change(made): made.name = 'liba.so'\nclass C:\n    name = 'libb.so'\n"
            "if os.urandom(1):\n    change(C)\nname = C.name\n"
        ),
    ],
    ids=["a class that is made otherwise", "an attribute that may be set"],
)
def test_attribute_that_cannot_be_told_is_none(tmp_path: Path, text: str) -> None:
    require_loader()
    last = "ctypes.CDLL(os.path.join(here, 'lib', name))\n"
    site = tree(tmp_path, HEAD + text + last, ("lib/liba.so", "lib/libb.so"))
    plan = follow_imports(["p"], [site], PYTHON, HERE)
    assert opened(site, plan) == []
    assert really_opened(site) == ["p/lib/liba.so"]
    line = (HEAD + text + last).count("\n")
    assert plan.notes == (f"{site}/p/__init__.py:{line}: may open a library: not followed",)


def test_each_base_is_asked_once() -> None:
    one, other = CodeClass("A", {}, ()), CodeClass("B", {}, ())
    for _ in range(20):
        one, other = CodeClass("A", {}, (one, other)), CodeClass("B", {}, (other, one))
    assert len([*lineage(one)]) == 41
