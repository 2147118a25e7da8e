"""What the Python of a package opens, read from its syntax."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from collide.loader.opening import GLOBAL, NOW, Mode
from collide.support import limits
from collide.wheels.openings import read_plan
from collide.wheels.plan import Plan

SITE = "/site"


def plan_of(files: Mapping[str, str]) -> Plan:
    by_path = {f"{SITE}/{name}": text.encode() for name, text in files.items()}
    names = {path: path.removeprefix(f"{SITE}/") for path in by_path}
    return read_plan(SITE, names, by_path, by_path.__getitem__)


def certain(plan: Plan) -> list[tuple[str, Mode, str]]:
    return [
        (e.name.removeprefix(f"{SITE}/"), e.mode, e.source) for _, es in plan.packages for e in es
    ]


HELPER = """\
import ctypes, os, platform, sys

def _load(name):
    if platform.system() == "Windows":
        return
    here = os.path.abspath(__file__)
    ending = ".dylib" if sys.platform == "darwin" else ".so"
    path = os.path.join(os.path.dirname(here), "lib", f"lib{name}{ending}")
    ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)

for name in ("a", "b"):
    _load(name)
"""


def test_a_helper_function_with_names_built_from_parts_is_followed() -> None:
    plan = plan_of({"p/__init__.py": HELPER, "p/lib/liba.so": "", "p/lib/libb.so": ""})
    assert certain(plan) == [
        ("p/lib/liba.so", GLOBAL, "p/__init__.py:9"),
        ("p/lib/libb.so", GLOBAL, "p/__init__.py:9"),
    ]
    assert plan.possible == ()


@pytest.mark.parametrize(
    "expression",
    [
        "os.path.dirname(__file__) + '/lib.so'",
        "'%s/lib.so' % os.path.dirname(__file__)",
        "'{}/lib.so'.format(os.path.dirname(__file__))",
        "str(pathlib.Path(__file__).parent / 'lib.so')",
        "glob.glob(os.path.join(os.path.dirname(__file__), 'li*.so'))[0]",
        "importlib.resources.files('p') / 'lib.so'",
        "os.path.join(sysconfig.get_path('platlib'), 'p', 'lib.so')",
    ],
)
def test_ways_to_build_a_path(expression: str) -> None:
    imports = "import ctypes, glob, importlib.resources, os, pathlib, sysconfig"
    text = f"{imports}\nctypes.CDLL({expression})\n"
    plan = plan_of({"p/__init__.py": text, "p/lib.so": ""})
    assert certain(plan) == [("p/lib.so", NOW, "p/__init__.py:2")]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("names = []\nnames.append('a')\nnames.extend(['b'])\nall = names", ["a", "b"]),
        ("names = {'x': 'a'}\nnames['y'] = 'b'\nall = names.values()", ["a", "b"]),
        (
            "all = [f'{n}{m}' for n in 'a b'.split() for m in ['1', '2'] if n + m != 'a2']",
            ["a1", "b1", "b2"],
        ),
        ("all = sorted({'b', 'a'} | {'c'} - {'c'})", ["a", "b"]),
        ("all = (*('a',), *['b'])", ["a", "b"]),
        ("all = [n for i, n in enumerate(['a', 'b', 'c']) if i != 2]", ["a", "b"]),
        ("all = ['c', 'a', 'b'][1:]", ["a", "b"]),
        ("names = ['a']\nif unknown():\n    names.append('b')\nall = names", ["a"]),
        ("names = ['a']\nif unknown():\n    names.insert(0, 'b')\nall = names[:1]", []),
        ("names = {}\nif unknown():\n    names['x'] = 'b'\nall = names.values()", []),
        ("names = ['a']\nfor n in unknown():\n    names += [n]\nall = names", []),
    ],
)
def test_containers(text: str, names: list[str]) -> None:
    loop = "import ctypes\nfor name in all:\n    ctypes.CDLL(f'lib{name}.so')\n"
    plan = plan_of({"p/__init__.py": f"{text}\n{loop}"})
    found = [name for name, *_ in certain(plan)]
    assert found == [f"lib{name}.so" for name in names]


def test_imports_under_other_flags_have_them_until_they_are_set_back() -> None:
    text = (
        "import os, sys\nold = sys.getdlopenflags()\n"
        "sys.setdlopenflags(os.RTLD_LAZY | os.RTLD_GLOBAL)\nfrom p._first import *\n"
        "sys.setdlopenflags(old)\nfrom p import _second\n"
    )
    plan = plan_of({"p/__init__.py": text, "p/_first.so": "", "p/_second.so": ""})
    assert plan.opening("/site/p/_first.so").mode == Mode(rtld_global=True, lazy=True)
    assert plan.opening("/site/p/_second.so").mode == NOW
    assert [o.name for o in plan.before("/site/p/_second.so")] == ["/site/p/_first.so"]
    assert plan.before("/site/p/_first.so") == ()


def test_flags_set_by_another_module_that_may_be_missing() -> None:
    text = (
        "import sys\ntry:\n    from p import flags\n    use = True\nexcept ImportError:\n"
        "    use = False\nif use:\n    flags.set()\nfrom p._core import x\n"
    )
    helper = "import ctypes, sys\ndef set():\n    sys.setdlopenflags(2 | ctypes.RTLD_GLOBAL)\n"
    names = {
        "p/__init__.py": "from p import load\n",
        "p/load.py": text + "# dlopen(x)",
        "p/_core.so": "",
    }
    with_it = plan_of({**names, "p/flags.py": helper})
    assert with_it.opening("/site/p/_core.so").mode == GLOBAL
    assert plan_of(names).opening("/site/p/_core.so").mode == NOW


@pytest.mark.parametrize(
    "text",
    [
        "import ctypes\ndef later():\n    ctypes.CDLL('libx.so', ctypes.RTLD_GLOBAL)\n",
        "import ctypes, q\nif q.asked():\n    ctypes.CDLL('libx.so', ctypes.RTLD_GLOBAL)\n",
        "import ctypes\ntry:\n    import q\nexcept ImportError:\n    ctypes.CDLL('libx.so', 256)\n",
    ],
)
def test_what_depends_on_more_than_the_import_is_possible_only(text: str) -> None:
    plan = plan_of({"p/__init__.py": text})
    assert certain(plan) == []
    assert [(e.name, e.mode, e.certain) for e in plan.possible] == [("libx.so", GLOBAL, False)]


def test_branches_for_other_systems_open_nothing() -> None:
    text = (
        "import ctypes, os, sys\nif os.name == 'nt' or sys.platform == 'win32':\n"
        "    ctypes.CDLL('a.dll')\n"
    )
    assert plan_of({"p/__init__.py": text}) == Plan()


def test_an_object_of_cffi_that_another_module_makes() -> None:
    text = "from p._made import ffi\nimport os\nffi.dlopen(os.path.dirname(__file__) + '/lib.so')\n"
    made = "import _cffi_backend\nffi = _cffi_backend.FFI('p._made')\n"
    plan = plan_of({"p/__init__.py": text, "p/_made.py": made, "p/lib.so": ""})
    assert certain(plan) == [("p/lib.so", NOW, "p/__init__.py:3")]


def test_package_that_makes_names_does_so_for_each_package_that_imports_it() -> None:
    made = "import ctypes, os\nglobals().update(os.environ)\nctypes.CDLL('liby.so')\n"
    text = "from p import made\nimport ctypes\nctypes.CDLL('libx.so')\n"
    plan = plan_of({"p/__init__.py": made, "q/__init__.py": text, "r/__init__.py": text})
    assert certain(plan) == [
        ("liby.so", NOW, "p/__init__.py:3"),
        ("liby.so", NOW, "p/__init__.py:3"),
        ("libx.so", NOW, "q/__init__.py:3"),
        ("liby.so", NOW, "p/__init__.py:3"),
        ("libx.so", NOW, "r/__init__.py:3"),
    ]


def test_a_file_of_python_2_is_in_the_plan_with_the_reason() -> None:
    plan = plan_of({"p/__init__.py": "import ctypes\nprint 'x'\nctypes.CDLL('libx.so')\n"})
    ((name, reason),) = plan.unread
    assert name == "p/__init__.py"
    assert "print" in reason


@pytest.mark.parametrize(
    "text",
    [
        "x = ('a', 'b')\n" + "x = (x, x)\n" * 200,
        "x = 'a'\n" + "x = x + x\n" * 200,
        "x = '%999999999d' % 1\n",
        "for a in (1, 2, 3, 4, 5, 6, 7, 8):\n    pass\n",
        "def f():\n    f()\n    f()\nf()\n",
        "x = []\nx.append(x)\nx = [x, x]\n",
        "x = ['a']\n" + "y = []\ny.append(x)\ny.append(x)\nx = y\n" * 60,
        "x = {}\n" + "y = {}\ny['a'] = x\ny['b'] = x\nx = y\n" * 60,
        "x = [a + b + c + d for a in x for b in x for c in x for d in x]\n" * 9,
    ],
)
def test_hostile_code_ends(text: str) -> None:
    before = limits.value("python-steps")
    limits.override({"python-steps": "20000"})
    try:
        plan = plan_of({"p/__init__.py": f"{text}\nimport ctypes\nctypes.CDLL('libx.so')\n"})
    finally:
        limits.override({"python-steps": str(before)})
    assert [e[0] for e in certain(plan)] == ["libx.so"] or plan.unread


def test_flags_that_are_asked_for_first_are_there() -> None:
    code = (
        "import os as flags, sys\n"
        "if not hasattr(flags, 'RTLD_GLOBAL') or not hasattr(flags, 'RTLD_LAZY'):\n"
        "    try:\n"
        "        import DLFCN as flags\n"
        "    except ImportError:\n"
        "        import p._dl as flags\n"
        "sys.setdlopenflags(flags.RTLD_GLOBAL | flags.RTLD_LAZY)\n"
        "from p._c import *\n"
    )
    plan = plan_of({"p/__init__.py": code, "p/_c.so": ""})
    assert certain(plan) == [("p/_c.so", Mode(rtld_global=True, lazy=True), "p/__init__.py:8")]
