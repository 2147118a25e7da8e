"""Libraries whose names Python code finds out by what lies on the disk, against real imports."""

from __future__ import annotations

import tracemalloc
from ctypes.util import find_library
from pathlib import Path

import pytest

from collide.wheels.imports import follow_imports
from compiler import compile_so
from package_trees import HEAD, HERE, PYTHON, opened, really_opened, tree
from scenario import require_loader

WAYS = {
    "the first of those that are there": (
        "def find():\n    at = Path(__file__).resolve()\n"
        "    paths = [at.parents[1], at.parents[0] / 'bin', at.parents[0] / 'lib']\n"
        "    paths = [p / 'liba.so' for p in paths]\n"
        "    return [str(p) for p in paths if p.is_file()]\n"
        "ctypes.cdll.LoadLibrary(find()[0])\n"
    ),
    "places outside of the package": (
        "places = [os.path.join(here, os.path.pardir, os.path.pardir, 'lib')]\n"
        "places += [os.path.join(os.path.expanduser(here), 'lib')]\n"
        "places.append(os.path.join(sys.base_prefix, 'no such directory'))\n"
        "found = [p for p in places if os.path.exists(os.path.join(p, 'liba.so'))]\n"
        "if not found:\n    raise ImportError\n"
        "for place in found:\n    try:\n        lib = ctypes.CDLL(os.path.join(place, 'liba.so'))\n"
        "        done = True\n        break\n    except OSError:\n        continue\n"
        "if not done:\n    ctypes.CDLL(os.path.join(here, 'other/libb.so'))\n"
    ),
    "the names in a directory": (
        "for name in sorted(os.listdir(os.path.join(here, 'lib'))):\n"
        "    if os.path.splitext(name)[1] == '.so' and name[:3] == 'lib':\n"
        "        ctypes.CDLL(os.path.join(here, 'lib', name))\n"
    ),
    "a pattern": "ctypes.CDLL(glob.glob(os.path.join(here, 'l*', 'lib?.so'))[0])\n",
    "a pattern of any depth": "ctypes.CDLL(str(list(Path(here).rglob('liba.so'))[0]))\n",
    "a walk": (
        "for directory, _, names in os.walk(here):\n    for name in names:\n"
        "        if name == 'liba.so':\n            ctypes.CDLL(os.path.join(directory, name))\n"
    ),
    "the entries of a directory": (
        "for entry in Path(here).joinpath('lib').iterdir():\n"
        "    if entry.stem == 'liba' and '.so' in entry.suffixes:\n"
        "        ctypes.CDLL(str(entry))\n"
    ),
    "the working directory": (
        "for place in ('.', '', os.getcwd(), str(Path('')), os.path.join(here, 'lib')):\n"
        "    place = os.path.realpath(place)\n    if os.path.isdir(place):\n"
        "        if os.path.isfile(os.path.join(place, 'liba.so')):\n"
        "            lib = ctypes.CDLL(os.path.join(place, 'liba.so'))\n            break\n"
        "if lib is None:\n    ctypes.CDLL(os.path.join(here, 'other/libb.so'))\n"
    ),
    "what a distribution has recorded": (
        "import importlib.metadata\ntry:\n    files = importlib.metadata.files('A.p_dist')\n"
        "    places = [Path(here) / 'none']\n    if files is not None:\n"
        "        for file in files:\n"
        "            if file.parent.name == 'lib' and file.stem.startswith('liba'):\n"
        "                places.insert(0, Path(file.locate()))\n                break\n"
        "except importlib.metadata.PackageNotFoundError:\n    pass\nctypes.CDLL(str(places[0]))\n"
    ),
    "a resource": (
        "import contextlib, importlib.resources as resources\nstack = contextlib.ExitStack()\n"
        "at = stack.enter_context(resources.as_file(resources.files('p').joinpath('lib')))\n"
        "ctypes.CDLL(os.path.join(at, 'liba.so'))\n"
    ),
    "a resource in a with statement": (
        "import importlib.resources\nwith importlib.resources.as_file(\n"
        "    importlib.resources.files(__name__) / 'lib' / 'liba.so'\n) as at:\n"
        "    ctypes.CDLL(str(at))\n"
    ),
    "settings that nobody has made": (
        "import builtins\nif hasattr(builtins, 'P_DIRS'):\n    places = builtins.P_DIRS\n"
        "else:\n    places = [here + '/lib']\n"
        "try:\n    places.insert(0, os.environ['P_LIBRARY'])\nexcept KeyError:\n    pass\n"
        "if not getattr(sys, 'frozen', False) and sys.version >= '3':\n"
        "    ctypes.CDLL(places[0] + '/liba.so')\n"
    ),
    "the machine": (
        "import platform\nnames = {'x86_64': 'liba', 'aarch64': 'liba'}\n"
        "if platform.machine() in names and platform.architecture()[0] == '64bit':\n"
        "    ctypes.CDLL(os.path.join(here, 'lib', names[platform.machine()] + '.so'))\n"
    ),
    "what a value is": (
        "def find(name):\n    if isinstance(name, (list, tuple)):\n        return find(name[0])\n"
        "    return name() if callable(name) else name\n"
        "ctypes.CDLL(find([lambda: os.path.join(here, 'lib', 'liba.so')]))\n"
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_library_is_that_of_the_real_import(tmp_path: Path, way: str) -> None:
    require_loader()
    site = tree(tmp_path, HEAD + WAYS[way], ("lib/liba.so", "other/libb.so"))
    record = site / "a_p.dist-1.0.dist-info/RECORD"
    record.parent.mkdir()
    record.write_text("p/__init__.py,,\np/lib/liba.so,,\np/other/libb.so,,\n")
    record.with_name("METADATA").write_text("Metadata-Version: 2.1\nName: A.p_dist\nVersion: 1.0\n")
    record.parent.rename(site / "a_p_dist-1.0.dist-info")
    plan = follow_imports(["p"], [site], PYTHON, HERE)
    assert opened(site, plan) == really_opened(site) == ["p/lib/liba.so"]
    assert not [note for note in plan.notes if "may open" in note]


UNCERTAIN = {
    "the text of a file": (
        "ctypes.CDLL(os.path.join(here, 'lib', open(os.path.join(here, 'which')).read()))\n"
    ),
    "what a loop has left": (
        "name = 'libb.so'\nfor line in open(os.path.join(here, 'which')):\n    name = line\n"
        "ctypes.CDLL(os.path.join(here, 'lib', name))\n"
    ),
    "what another place of the program may change": (
        "name = 'libb.so'\ndef choose():\n    global name\n"
        "    if open(os.path.join(here, 'which')).read():\n        name = 'liba.so'\n"
        "choose()\nctypes.CDLL(os.path.join(here, 'lib', name))\n"
    ),
}


@pytest.mark.parametrize("way", UNCERTAIN)
def test_library_that_cannot_be_told_has_a_note(tmp_path: Path, way: str) -> None:
    require_loader()
    text = HEAD + UNCERTAIN[way]
    site = tree(tmp_path, text, ("lib/liba.so",))
    (site / "p/which").write_text("liba.so")
    plan = follow_imports(["p"], [site], PYTHON, HERE)
    assert opened(site, plan) == []
    assert really_opened(site) == ["p/lib/liba.so"]
    line = text.count("\n")
    assert f"{site}/p/__init__.py:{line}: may open a library: not followed" in plan.notes


def test_library_of_the_system_is_found_by_the_cache(tmp_path: Path) -> None:
    require_loader()
    text = "import ctypes\nfrom ctypes.util import find_library\nctypes.CDLL(find_library('m'))\n"
    site = tree(tmp_path, text)
    found = find_library("m")
    assert found is not None
    listed = HERE._replace(libraries=("libmath.so.2", found))
    (event,) = follow_imports(["p"], [site], PYTHON, listed).openings
    assert event.name == found
    assert follow_imports(["p"], [site], PYTHON, HERE).openings == ()


def test_disk_of_another_system_is_not_asked(tmp_path: Path) -> None:
    require_loader()
    elsewhere = compile_so(tmp_path, "libelse.so", "int value = 1;")
    text = f"{HEAD}if os.path.exists({str(elsewhere)!r}):\n    ctypes.CDLL({str(elsewhere)!r})\n"
    site = tree(tmp_path, text)
    assert [e.name for e in follow_imports(["p"], [site], PYTHON, HERE).openings] == [
        str(elsewhere)
    ]
    plan = follow_imports(["p"], [site], PYTHON)
    assert plan.openings == ()
    assert plan.notes == (f"{site}/p/__init__.py:5: may open {elsewhere}: not followed",)


BOMBS = {
    "a path in itself": "p = Path('a')\n" + "p = p / p\n" * 26,
    "a path with itself": "p = Path('a')\n" + "p = p.joinpath(p, p, p)\n" * 13,
    "a text with itself": "p = 'a'\n" + "p = os.path.join(p, p)\n" * 26,
    "a text of itself": "p = 'a'\n" + "p = f'{p}{p}'\n" * 26,
    "a format of many": f"p = {'{0}' * 19999!r}.format({'a' * 4000!r})\n",
    "all below all": "p = glob.glob(here + '/**/**/**/*.so', recursive=True)[0]\n",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_what_grows_with_each_line_is_not_told(tmp_path: Path, bomb: str) -> None:
    site = tree(tmp_path, f"{HEAD}{BOMBS[bomb]}ctypes.CDLL(str(p))\n", ())
    (site / "p" / "/".join("d" * 400)).mkdir(parents=True)
    tracemalloc.start()
    try:
        plan = follow_imports(["p"], [site], PYTHON, HERE)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert plan.openings == ()
    assert peak < 16_000_000
