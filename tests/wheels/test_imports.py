"""The order of extension modules, followed in Python files, against real imports of the same."""

from __future__ import annotations

import bz2
import json
import platform
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from collide.analysis.imports import analyse_imports
from collide.api import load_hosts, read_target
from collide.cli.main import main
from collide.loader.host import Python
from collide.support.errors import UsageError
from collide.wheels.imports import ImportPlan, follow_imports
from collide.wheels.python.tree import System
from compiler import compile_so
from scenario import require_loader

# A module of single-phase initialisation; the layout is that of PyModuleDef without Python.h.
MODULE = """
extern void *PyModule_Create2(void *, int);
static struct {{
  long count; void *type, *init; long index; void *copy;
  const char *name, *doc; long size; void *rest[5];
}} definition = {{ 1, 0, 0, 0, 0, "{name}", 0, -1, {{ 0 }} }};
void *PyInit_{name}(void) {{ return PyModule_Create2(&definition, 1013); }}
"""
PYTHON = Python("cp", sys.version_info[:2])
Capture = pytest.CaptureFixture[str]


def tree(directory: Path, modules: str, **files: str) -> Path:
    """A directory with extension modules, by dotted names, and Python files, ``_0_`` for ``/``."""
    site = (directory / "site").resolve()
    for dotted in modules.split():
        place = site.joinpath(*dotted.split(".")[:-1])
        place.mkdir(parents=True, exist_ok=True)
        name = dotted.split(".")[-1]
        compile_so(place, f"{name}.abi3.so", MODULE.format(name=name))
    for name, text in files.items():
        file = site / f"{name.replace('_0_', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return site


def followed(site: Path, *names: str) -> ImportPlan:
    return follow_imports(names, [site], PYTHON, System(platform.machine()))


def names_of(site: Path, plan: ImportPlan) -> list[str]:
    return [str(Path(m.path).relative_to(site)).partition(".abi3")[0] for m in plan.modules]


def really_imported(site: Path, *names: str) -> list[str]:
    """The extension modules of the tree, in the order in which a real interpreter has them."""
    script = (
        f"import sys; sys.path.insert(0, {str(site)!r}); import {', '.join(names)}\n"
        "for m in list(sys.modules.values()):\n"
        "    f = getattr(m, '__file__', None) or ''\n"
        f"    if f.startswith({str(site)!r}) and f.endswith('.so'): print(f)"
    )
    ran = subprocess.run(
        [sys.executable, "-S", "-c", script], check=True, capture_output=True, text=True
    )
    return [str(Path(f).relative_to(site)).partition(".abi3")[0] for f in ran.stdout.split()]


CASES = {
    "relative and absolute": {
        "modules": "p.a p.sub.b q.c",
        "p_0___init__": "from . import sub\nimport p.a",
        "p_0_sub_0___init__": "import q.c\nfrom p.sub import b",
        "q_0___init__": "",
    },
    "the first that there is": {
        "modules": "p.fast p.slow",
        "p_0___init__": "try:\n    import no_such_module\n    from . import fast\n"
        "except ImportError:\n    from . import slow\n"
        "try:\n    import p.slow\nexcept (ValueError, ImportError):\n    pass\n"
        "else:\n    import p.fast\n",
    },
    "an unguarded module is missing further down": {
        "modules": "p.a p.b",
        "p_0___init__": "try:\n    from . import inner\n"
        "except ModuleNotFoundError:\n    from . import a\n",
        "p_0_inner": "import p.b\nimport no_such_module\n",
    },
    "branches": {
        "modules": "p.a p.b p.c p.d",
        "p_0___init__": "import sys\nfrom typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from . import a\nelse:\n    from . import b\n"
        "if sys.platform == 'win32':\n    from . import a\n"
        "elif sys.version_info >= (3, 8) and not sys.platform.startswith('win'):\n"
        "    from . import c\n"
        "def later():\n    from . import d\n",
    },
    "cycle": {
        "modules": "p.a p.b",
        "p_0___init__": "from . import one",
        "p_0_one": "from . import two\nfrom . import a",
        "p_0_two": "from . import one\nimport p.one\nfrom . import b",
    },
    "namespace package": {
        "modules": "space.part.a",
        "space_0_part_0___init__": "from . import a",
        "p_0___init__": "import space.part",
    },
    "importlib": {
        "modules": "p.a p.b",
        "p_0___init__": "import importlib\nb = importlib.import_module('.b', __name__)\n"
        "from importlib import import_module\nimport_module('p.a')\n",
    },
    "an attribute hides a module": {
        "modules": "p.a p.b",
        "p_0___init__": "from q import a, b",
        "q_0___init__": "a = 1\n",
        "q_0_b": "import p.b",
        "q_0_a": "import p.a",
    },
    "star": {
        "modules": "q.a q.b",
        "p_0___init__": "from q import *",
        "q_0___init__": "__all__ = ['b', 'value']\nvalue = 1\n",
    },
    "names that are worked out": {
        "modules": "p.a p.b p.c p.d p.e",
        "p_0___init__": "import importlib\nnames = ['a']\nnames.append('b')\n"
        "names += [n for n in ('c', 'x') if n != 'x']\nplaces = {'d': '.d'}\nplaces['e'] = '.e'\n"
        "for name in names:\n    importlib.import_module(f'p.{name}')\n"
        "for name in places.values():\n    importlib.import_module(name, __name__)\n",
    },
    "lazy attributes that are asked for": {
        "modules": "p.a p.b",
        "p_0___init__": "from . import lazy\nlazy.thing\nfrom .lazy import other\n",
        "p_0_lazy": "places = {'thing': 'a', 'other': 'b'}\ndef __getattr__(name):\n"
        "    import importlib\n    if name in places:\n"
        "        return importlib.import_module(f'p.{places[name]}')\n"
        "    raise AttributeError(name)\n",
    },
    "a lazy attribute that a star asks for": {
        "modules": "p.a p.b",
        "p_0___init__": "from q import *\n",
        "q_0___init__": "import os\n"
        "try:\n    SETTING_UP\nexcept NameError:\n    SETTING_UP = False\n"
        "if SETTING_UP:\n    import p.b\nelse:\n    __all__ = list({'lazy'} | {*os.urandom(0)})\n"
        "    def __getattr__(name):\n        if name == 'lazy':\n            import p.a\n"
        "            return p.a\n        raise AttributeError(name)\n    globals()['x'] = 1\n",
    },
    "a list that is known in part": {
        "modules": "p.a p.b",
        "p_0___init__": "from q import *\n",
        "q_0___init__": "import os\n__all__ = ['a'] + list(os.urandom(0))\n__all__ += ['b']\n",
        "q_0_a": "import p.a",
        "q_0_b": "import p.b",
    },
    "names by the interpreter": {
        "modules": "p.a p.b p.c p.d",
        "p_0___init__": "import platform, sys, importlib\n"
        "if platform.python_implementation() == 'PyPy':\n    first, second = 'p.a', 'p.b'\n"
        "else:\n    first, second = 'p.b', 'p.a'\nimportlib.import_module(first)\n"
        "name = 'p.c' if sys.implementation.name == 'cpython' else 'p.d'\n"
        "importlib.import_module(name)\n",
    },
    "a module of another system": {
        "modules": "p.a p.b",
        "p_0___init__": "try:\n    import msvcrt\nexcept ImportError:\n    from . import a\n"
        "else:\n    from . import b\n",
    },
    "an exception that is raised again": {
        "modules": "p.a p.b",
        "p_0___init__": "try:\n    from . import inner\nexcept ImportError:\n"
        "    from . import a\nelse:\n    from . import b\n",
        "p_0_inner": "try:\n    import no_such_module\nexcept ImportError:\n"
        "    import warnings\n    warnings.warn('none')\n    raise\n",
    },
    "a package whose place a module of its name takes": {
        "modules": "p.p p.other",
        "p_0___init__": "import importlib, os, sys\ndef start():\n"
        "    sys.path.insert(0, os.path.dirname(__file__))\n    own = sys.modules.pop('p')\n"
        "    sys.modules['native'] = importlib.import_module('p')\n"
        "    sys.modules['p'] = own\nstart()\n",
    },
    "directories that are put into sys.path": {
        "modules": "p.vendored.a p.more.b p.last.c p.site.d p.e",
        "p_0___init__": "import os, site, sys\nhere = os.path.dirname(__file__)\n"
        "for name in ('vendored',):\n    at = os.path.join(here, name)\n"
        "    if at not in sys.path:\n        sys.path.insert(0, at)\n"
        "sys.path += [os.path.join(here, 'more')]\n"
        "sys.path = [*sys.path, here + '/last']\nsite.addsitedir(here + '/site')\n"
        "import b, a, c, d\n"
        "sys.path.remove(here + '/more')\ntry:\n    import other\nexcept ImportError:\n"
        "    from p import e\n",
        "p_0_more_0_other": "raise RuntimeError",
    },
    "a vendored package comes before an installed one": {
        "modules": "q.a p.vendored.q.b",
        "p_0___init__": "import os, sys\n"
        "sys.path.insert(0, os.path.join(os.path.dirname(__file__), 'vendored'))\nimport q\n",
        "q_0___init__": "from . import a\n",
        "p_0_vendored_0_q_0___init__": "from . import b\n",
    },
    "a module that was imported before stays": {
        "modules": "q.a p.vendored.q.b",
        "p_0___init__": "import os, sys, q\n"
        "sys.path.insert(0, os.path.join(os.path.dirname(__file__), 'vendored'))\nimport q\n",
        "q_0___init__": "from . import a\n",
        "p_0_vendored_0_q_0___init__": "from . import b\n",
    },
    "a finder of its own": {
        "modules": "p.parts.a p.parts.b p.c",
        "p_0___init__": "import os, sys\nimport importlib.machinery\nimport importlib.util\n"
        "from . import find\nif find.Finder not in sys.meta_path:\n"
        "    sys.meta_path.append(find.Finder)\nimport p.a\nfrom p import b\n"
        "try:\n    import p.other\nexcept ImportError:\n    from p import c\n",
        "p_0_find": "import os\nimport importlib.machinery, importlib.util\nclass Finder:\n"
        "    @classmethod\n    def find_spec(cls, name, path, target=None):\n"
        "        head, _, tail = name.rpartition('.')\n"
        "        if head != 'p':\n            return None\n        for entry in path:\n"
        "            for suffix in importlib.machinery.EXTENSION_SUFFIXES:\n"
        "                at = os.path.join(entry, 'parts', tail + suffix)\n"
        "                if os.path.isfile(at):\n"
        "                    return importlib.util.spec_from_file_location(name, at)\n"
        "        return None\n",
    },
    "a finder that asks a library": {
        "modules": "p.parts.a p.parts.b",
        "p_0___init__": "import sys, ctypes, glob, os, importlib.util\n"
        "here = os.path.dirname(__file__)\nclass Finder:\n    @classmethod\n"
        "    def find_spec(cls, name, path, target=None):\n"
        "        if name not in ('p.x', 'p.y'):\n            return None\n"
        "        lib = ctypes.CDLL(None)\n        kind = 'z' if lib.getpid() == 0 else name[-1]\n"
        "        tail = {'x': 'a', 'y': 'b'}.get(kind)\n"
        "        for at in glob.glob(f'{here}/parts/{tail}.*') if tail else ():\n"
        "            return importlib.util.spec_from_file_location('p.' + tail, at)\n"
        "        return None\n"
        "sys.meta_path.append(Finder)\nglobals()['made'] = 1\nfrom p import x\nimport p.y\n",
    },
    "a module that is made of a file": {
        "modules": "p.parts.a",
        "p_0___init__": "import glob, importlib.util, os\n"
        "at, = glob.glob(os.path.join(os.path.dirname(__file__), 'parts', 'a.*'))\n"
        "spec = importlib.util.spec_from_file_location('a', at)\n"
        "made = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(made)\n",
    },
    "names that a generator gives": {
        "modules": "p.a p.b p.c",
        "p_0___init__": "import importlib\ndef inner():\n    yield 'b'\n    yield 'c'\n"
        "def names():\n    yield 'a'\n    yield from inner()\n"
        "    if __name__ != 'p':\n        yield 'd'\n"
        "for name in names():\n    importlib.import_module(f'p.{name}')\n",
    },
    "what a function keeps, and what was imported at the start": {
        "modules": "p.a p.b",
        "p_0___init__": "import sys\ndef find():\n    found = getattr(find, 'found', None)\n"
        "    if found is None:\n        from . import a\n"
        "        find.found = 'yes'\n    else:\n        from . import b\n"
        "find()\nfind()\nif sys.modules.get('codecs') is None or 'abc' not in sys.modules:\n"
        "    import no_such_module\n",
    },
    "options that nobody has given": {
        "modules": "p.a p.b",
        "p_0___init__": "import sys\nif sys.flags.optimize == 2:\n    from . import b\nelse:\n"
        "    from . import a\n",
    },
    "what the interpreter is": {
        "modules": "p.new p.old",
        "p_0___init__": "import sys\nfrom sys import version_info\nnew = version_info.major >= 3\n"
        "if sys.version_info[:2] >= (3, 8) and sys.version_info > (3, 0, 1) and new:\n"
        "    from . import new\nelse:\n    from . import old\n",
    },
    "what a with statement suppresses": {
        "modules": "p.a p.b",
        "p_0___init__": "import contextlib\nwith contextlib.suppress(ImportError, OSError):\n"
        "    import no_such_module\n    from . import a\nfrom . import b\n",
    },
    "code in a text": {
        "modules": "p.a",
        "p_0___init__": "where = 'p'\nexec(f'from {where} import a', {})\n",
    },
    "extension before source": {
        "modules": "p.a",
        "p_0_a": "raise RuntimeError",
        "p_0___init__": "from . import a",
    },
}


@pytest.mark.parametrize("case", CASES)
def test_order_is_that_of_the_real_import(tmp_path: Path, case: str) -> None:
    require_loader()
    site = tree(tmp_path, **CASES[case])
    plan = followed(site, "p")
    assert names_of(site, plan) == really_imported(site, "p")


IMPORTING = "extern void *PyImport_ImportModule(const char *);" + MODULE.replace(
    "{{ return", '{{ PyImport_ImportModule("{named}"); return'
)
# The text is in no function that imports.
HIDDEN = IMPORTING.replace('("{named}")', "(name)").replace(
    "void *PyInit", 'const char *volatile name = "{named}"; void *PyInit'
)
# Multi-phase initialisation: what is done then is in a table of the definition.
EXECUTED = """
extern void *PyModuleDef_Init(void *), *PyImport_ImportModule(const char *);
static void *method(void *m, void *a) {{ return PyImport_ImportModule("p.method"); }}
static struct {{ const char *name; void *function; int flags; const char *doc; }} methods[] = {{
  {{ "method", method, 4, 0 }}, {{ 0 }}
}};
static int executed(void *m) {{ return !PyImport_ImportModule("{named}"); }}
static struct {{ long id; int (*function)(void *); }} slots[] = {{ {{ 2, executed }}, {{ 0, 0 }} }};
static struct {{
  long count; void *type, *init; long index; void *copy;
  const char *name, *doc; long size; void *methods, *slots, *rest[3];
}} definition = {{ 1, 0, 0, 0, 0, "{name}", 0, 0, methods, slots, {{ 0 }} }};
void *PyInit_{name}(void) {{ return PyModuleDef_Init(&definition); }}
"""


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (IMPORTING, "p.b"),
        (HIDDEN, "p.b"),
        (IMPORTING, "core"),
        (EXECUTED, "core"),
        (HIDDEN, "_cffi_backend"),
    ],
    ids=["full name", "full name in data", "name in a call", "name in a call of a slot", "cffi"],
)
def test_extension_module_imports_another_in_c(tmp_path: Path, text: str, named: str) -> None:
    require_loader()
    site = tree(
        tmp_path,
        "core _cffi_backend p.b p.c",
        p_0___init__="from . import a",
        p_0_method="import p.c",
    )
    compile_so(site / "p", "a.abi3.so", text.format(name="a", named=named))
    plan = followed(site, "p")
    assert names_of(site, plan) == ["p/a", named.replace(".", "/")]
    assert [m.source for m in plan.modules] == [f"{site}/p/__init__.py:1", f"{site}/p/a.abi3.so"]
    assert sorted(names_of(site, plan)) == sorted(really_imported(site, "p"))


def test_extension_module_imports_another_by_a_library(tmp_path: Path) -> None:
    require_loader()
    site = tree(tmp_path, "p.b", p_0___init__="from . import a")
    library = "void *PyImport_ImportModule(const char *);"
    library += "void *get(const char *n) { return PyImport_ImportModule(n); }"
    compile_so(site / "p", "libget.so", library)
    text = "extern void *get(const char *);" + MODULE.replace("{{ return", '{{ get("p.b"); return')
    compile_so(
        site / "p",
        "a.abi3.so",
        text.format(name="a"),
        f"-L{site}/p",
        "-l:libget.so",
        "-Wl,-rpath,$ORIGIN",
    )
    plan = followed(site, "p")
    assert sorted(names_of(site, plan)) == sorted(really_imported(site, "p")) == ["p/a", "p/b"]
    assert plan.notes == (
        "what these import in C is followed for full names and plain calls only: p.a",
    )


def test_extension_module_runs_code_that_it_has_as_a_text(tmp_path: Path) -> None:
    require_loader()
    site = tree(tmp_path, "core more other", p_0___init__="from . import a")
    runs = """
    extern int PyRun_SimpleString(const char *);
    const char *shown = "import other\\nfor it is a sentence";
    void *run(void) { PyRun_SimpleString("import core\\nfrom more import *\\n"); return 0; }
    """
    module = MODULE.format(name="a").replace("{ return", "{ run(); return")
    compile_so(site / "p", "a.abi3.so", f"void *run(void);{module}{runs}")
    plan = followed(site, "p")
    assert names_of(site, plan) == ["p/a", "core", "more"]
    assert sorted(names_of(site, plan)) == sorted(really_imported(site, "p"))


def test_extension_module_does_what_its_source_says(tmp_path: Path) -> None:
    require_loader()
    site = tree(tmp_path, "core more p.b", p_0___init__="from . import a")
    compile_so(site / "p", "a.abi3.so", HIDDEN.format(name="a", named="core"))
    source = '"""Text\nimport more\n"""\ncimport more\ninclude "part.pxi"\ncdef int n = 1\n'
    source += "cdef class C:\n    import more\ndef later():\n    import p.b\n"
    (site / "p/a.pyx").write_text(source)
    (site / "p/part.pxi").write_text("try:\n    import core\nexcept ImportError:\n    pass\n")
    plan = followed(site, "p")
    assert names_of(site, plan) == ["p/a", "core"] == sorted(really_imported(site, "p"))[::-1]
    assert plan.notes == (
        f"{site}/p/a.pyx:10: may import p.b, which opens {site}/p/b.abi3.so: not followed",
    )


def test_module_that_an_extension_module_makes_has_no_file(tmp_path: Path) -> None:
    site = tree(tmp_path, "p.a p.b", p_0___init__="import p.a.made\nfrom . import b\n")
    plan = followed(site, "p")
    assert names_of(site, plan) == ["p/a", "p/b"]
    assert plan.notes == (f"{site}/p/__init__.py:1: no module p.a.made: passed over",)


def test_what_may_be_opened_is_told(tmp_path: Path) -> None:
    require_loader()
    later = "def later():\n    import p.b\n    import ctypes\n    ctypes.CDLL(unknown())\n"
    site = tree(tmp_path, "p.b core", p_0___init__=f"from . import a\n{later}")
    compile_so(site / "p", "a.abi3.so", HIDDEN.format(name="a", named="core"))
    plan = followed(site, "p")
    assert names_of(site, plan) == ["p/a"]
    assert [Path(e.name).name for e in plan.possible] == ["core.abi3.so", "b.abi3.so"]
    assert plan.notes == (
        f"{site}/p/__init__.py:5: may open a library: not followed",
        f"{site}/p/a.abi3.so: may import core, which opens {site}/core.abi3.so: not followed",
        f"{site}/p/__init__.py:3: may import p.b, which opens {site}/p/b.abi3.so: not followed",
        "what these import in C is followed for full names and plain calls only: p.a",
    )


def test_name_that_is_worked_out_when_it_runs_is_told(tmp_path: Path) -> None:
    text = "import importlib, os\nimportlib.import_module(os.urandom(1).hex())\n"
    (note,) = followed(tree(tmp_path, "p.a", p_0___init__=text), "p").notes
    assert note.endswith(
        "/p/__init__.py:2: imports a module whose name is worked out when it runs: not followed"
    )


@pytest.mark.parametrize("text", ["return", "break", "if 1:\n    continue", "exec('return')"])
def test_what_is_no_module_ends_where_it_leaves(tmp_path: Path, text: str) -> None:
    site = tree(tmp_path, "p.a p.b", p_0___init__=f"from . import a\n{text}\n")
    (site / "p/c.py").write_text(f"class C:\n    {text.splitlines()[0]}\nimport ctypes\n")
    assert names_of(site, followed(site, "p")) == ["p/a"]
    read_target(str(site))


def test_each_module_has_the_line_that_imports_it(tmp_path: Path) -> None:
    require_loader()
    site = tree(tmp_path, "p.a b", p_0___init__="\nimport p.a")
    plan = followed(site, "p", "b")
    assert [m.source for m in plan.modules] == [f"{site}/p/__init__.py:2", "--import b"]


def test_what_is_not_followed_is_told(tmp_path: Path) -> None:
    site = tree(
        tmp_path,
        "",
        p_0___init__="from . import bad, deep, lazy\nif unknown():\n    import no_such_module\n",
        p_0_bad="import (",
        p_0_deep=f"x = {'(' * 5000}",
        p_0_lazy="def __getattr__(name):\n    import q\nclass C:\n    def __getattr__(s, n): ...\n",
        q="import no_such_module",
    )
    assert [n.removeprefix(f"{site}/p/").partition(" (")[0] for n in followed(site, "p").notes] == [
        "lazy.py:1: __getattr__ is followed for names that are known only",
        "__init__.py:3: no module no_such_module, in a branch that may not run",
        "bad.py: cannot be read as Python",
        "deep.py: cannot be read as Python",
    ]
    (note,) = followed(site, "q").notes
    assert note == f"import q fails: {site}/q.py:1: no module no_such_module"


def test_chain_of_many_imports_ends_with_a_note(tmp_path: Path) -> None:
    site = tree(tmp_path, "", **{f"m{n}": f"import m{n + 1}" for n in range(500)}, m500="")
    (note,) = followed(site, "m0").notes
    assert note == "import m0: the imports are nested too deep to be followed"


def test_unknown_name_says_what_there_is(tmp_path: Path) -> None:
    site = tree(tmp_path, "", p_0___init__="", q="")
    for name, missing in (("nothing", "nothing"), ("p.nothing", "p.nothing")):
        with pytest.raises(UsageError) as raised:
            followed(site, name)
        assert str(raised.value) == f"--import {name}: no module {missing}; there are: p, q"
    with pytest.raises(UsageError, match="is no name of a module"):
        followed(site, "p; q")


def test_bindings_of_an_import(tmp_path: Path, capsys: Capture) -> None:
    require_loader()
    site = tree(tmp_path, "p.a p.b p.never", p_0___init__="from . import b, a")
    arguments = ("bindings", str(site), "--profile", sys.executable, "--import")
    assert main((*arguments, "p; ssl")) == 0
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert {x["module"] for x in lines} == {"p/b.abi3.so", "p/a.abi3.so"}
    (host,) = load_hosts(sys.executable)
    analysis = analyse_imports([read_target(site)], host, followed(site, "p"))
    assert [m.name for m in analysis.modules] == ["p/b.abi3.so", "p/a.abi3.so"]
    assert "what these import in C is followed for full names and plain calls only: " in err
    assert main((*arguments, "nothing")) == 2
    assert "no module nothing; there are: p" in capsys.readouterr().err
    assert main(("bindings", sys.executable, *arguments[2:], "p")) == 2
    assert "is no directory: --import follows" in capsys.readouterr().err
    assert main((*arguments, "p", "--session")) == 2


def test_module_that_is_imported_again_from_elsewhere_is_told(tmp_path: Path) -> None:
    text = "import importlib, sys\nsys.path.insert(0, 'x')\nimportlib.import_module('p')\n"
    site = tree(tmp_path, "", p_0___init__=text)
    (note,) = followed(site, "p").notes
    assert note == f"{site}/p/__init__.py:3: p is imported again while it runs: not followed"


def test_objects_that_call_dlopen_are_told(tmp_path: Path) -> None:
    require_loader()
    site = tree(tmp_path, "p.b", p_0___init__="from . import a, b")
    opening = "extern void *dlopen(const char *, int);\n" + MODULE.replace(
        "{{ return", "{{ dlopen(0, 1); return"
    )
    compile_so(site / "p", "a.abi3.so", opening.format(name="a"))
    (note,) = followed(site, "p").notes
    assert note == f"what these open in C, by dlopen, is not followed: {site}/p/a.abi3.so"


def test_libraries_that_call_dlopen_for_a_module_are_told(tmp_path: Path) -> None:
    require_loader()
    site = tree(tmp_path, "", p_0___init__="from . import a")
    library = "extern void *dlopen(const char *, int); void *get(void) { return dlopen(0, 1); }"
    compile_so(site / "p", "libget.so", library)
    text = "extern void *get(void);" + MODULE.replace("{{ return", "{{ get(); return")
    linked = [f"-L{site}/p", "-l:libget.so", "-Wl,-rpath,$ORIGIN"]
    compile_so(site / "p", "a.abi3.so", text.format(name="a"), *linked)
    (note,) = followed(site, "p").notes
    assert note == f"what these open in C, by dlopen, is not followed: {site}/p/libget.so"


# Cython 3.2 compresses the texts of a module, one behind the other; this one makes the name anew.
PACKED = """
extern void *PyImport_ImportModule(const char *);
int __pyx_capi = 1;
const unsigned char packed[] = {{ {packed} }};
""" + MODULE.replace(
    "{{ return",
    '{{ char name[] = "p.b"; name[2] += __pyx_capi; PyImport_ImportModule(name); return',
)


@pytest.mark.parametrize("compress", [zlib.compress, bz2.compress], ids=["zlib", "bz2"])
def test_names_of_modules_in_compressed_texts(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    require_loader()
    site = tree(tmp_path, "p.a p.ab p.c", p_0___init__="from . import m")
    text = b"Cannot convert ?to ?" * 4 + b"p.cp.abq.ap.notzlib"
    packed = ", ".join(map(str, compress(text)))
    compile_so(site / "p", "m.abi3.so", PACKED.format(name="m", packed=packed))
    plan = followed(site, "p")
    assert names_of(site, plan) == ["p/m", "p/c"]
    assert sorted(really_imported(site, "p")) == ["p/c", "p/m"]
    # It may be p.a and then bq.a.
    assert f"{site}/p/m.abi3.so: may import p.ab, which opens" in " ".join(plan.notes)


def test_file_that_a_source_includes_may_be_left_out(tmp_path: Path) -> None:
    require_loader()
    site = tree(tmp_path, "core", p_0___init__="from . import a")
    compile_so(site / "p", "a.abi3.so", HIDDEN.format(name="a", named="core"))
    (site / "p/a.pyx").write_text('include "left_out.pxi"\nimport core\n')
    plan = followed(site, "p")
    assert sorted(names_of(site, plan)) == sorted(really_imported(site, "p")) == ["core", "p/a"]
    (note,) = plan.notes
    assert note.startswith(f"{site}/p/left_out.pxi: cannot be read as Python (")


def test_chain_as_long_as_a_real_import_can_follow(tmp_path: Path) -> None:
    site = tree(tmp_path, "p.a", **{f"m{n}": f"import m{n + 1}" for n in range(120)})
    (site / "m120.py").write_text("import p.a")
    assert names_of(site, followed(site, "m0")) == ["p/a"] == really_imported(site, "m0")


def test_function_that_imports_when_it_is_called(tmp_path: Path) -> None:
    text = "import importlib.resources\nimportlib.resources.files('p')\n"
    site = tree(tmp_path, "p.a", p_0___init__=text, importlib_0_readers="import p.a")
    (site / "importlib/__init__.py").touch()
    (site / "importlib/resources.py").touch()
    assert names_of(site, followed(site, "p")) == ["p/a"]


def test_source_says_what_is_imported_later(tmp_path: Path) -> None:
    require_loader()
    site = tree(tmp_path, "p.b p.c", p_0___init__="from . import a")
    text = 'const char *volatile other = "p.c";' + HIDDEN
    compile_so(site / "p", "a.abi3.so", text.format(name="a", named="p.b"))
    (site / "p/a.py").write_text(
        "from cython.cimports.p.c import C\ndef later():\n    import p.b\n"
    )
    plan = followed(site, "p")
    assert names_of(site, plan) == ["p/a", "p/c"]
    assert f"{site}/p/a.py:3: may import p.b, which opens" in " ".join(plan.notes)


def test_cython_module_imports_a_python_module_of_its_package(tmp_path: Path) -> None:
    require_loader()
    site = tree(tmp_path, "p.b", p_0___init__="from . import a", p_0_c="from . import b")
    text = f"int __pyx_capi = 1; {HIDDEN}"
    compile_so(site / "p", "a.abi3.so", text.format(name="a", named="p.c"))
    plan = followed(site, "p")
    assert names_of(site, plan) == ["p/a", "p/b"] == really_imported(site, "p")[::-1]


def test_cython_module_imports_what_its_distribution_requires(tmp_path: Path) -> None:
    require_loader()
    site = tree(tmp_path, "core optional other", p_0___init__="from . import a")
    text = 'const char *volatile more[] = {{ "optional", "other" }};'
    text += f"int __pyx_capi = 1; {HIDDEN}"
    compile_so(site / "p", "a.abi3.so", text.format(name="a", named="core"))
    assert names_of(site, followed(site, "p")) == ["p/a"]
    requires = "Requires-Dist: The.Core>1\nRequires-Dist: optional; extra == 'all'\n"
    recorded = {"p": "p/a.abi3.so", "the_core": "core.abi3.so", "optional": "optional.abi3.so"}
    for name, file in recorded.items():
        (site / f"{name}-1.dist-info").mkdir()
        (site / f"{name}-1.dist-info/RECORD").write_text(f"{file},,\n")
        (site / f"{name}-1.dist-info/METADATA").write_text(requires if name == "p" else "")
    plan = followed(site, "p")
    assert names_of(site, plan) == ["p/a", "core"] == really_imported(site, "p")[::-1]
    told = " ".join(plan.notes)
    assert "may import optional, which opens" in told
    assert "may import other, which opens" in told


def test_module_that_is_there_at_start_is_not_followed(tmp_path: Path) -> None:
    text = "import sys\nsys.path[:] = []\n"
    site = tree(tmp_path, "core", p="import site\nimport core\n", site=text)
    script = f"import sys; sys.path.insert(0, {str(site)!r}); import p; print(p.core.__file__)"
    ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert names_of(site, followed(site, "p")) == ["core"]
    assert ran.stdout == f"{site}/core.abi3.so\n"
