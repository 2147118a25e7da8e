"""Names in the text of a wheel's Python files."""

from __future__ import annotations

from pathlib import Path

from building import WheelBuilder
from collide.loader.model import Dso
from collide.wheels.python_names import names_in_python
from collide.wheels.target import Target, read_target
from compiler import compile_so

NAMES = ("lib_new", "lib_free")
MODULE = "int f(void) { return 1; }"


def the_module(target: Target) -> Dso:
    (module,) = target.members.values()
    return module


def test_names_are_whole_words_of_python_files(tmp_path: Path) -> None:
    code = tmp_path / "code.py"
    code.write_text("from .m import lib\nlib.lib_new()  # no lib_freed\n")
    wheel = WheelBuilder(tmp_path)("one", {"one/m.so": MODULE, "one/a.py": code})
    assert names_in_python(wheel, the_module(wheel), NAMES) == {"lib_new"}


def test_what_names_none_is_for_the_code_of_others(tmp_path: Path) -> None:
    code = tmp_path / "code.py"
    code.write_text("from .m import ffi, lib\n")
    text = tmp_path / "text.txt"
    text.write_text("lib_new")
    wheel = WheelBuilder(tmp_path)("one", {"m.so": MODULE, "a.py": code, "a.txt": text})
    assert names_in_python(wheel, the_module(wheel), NAMES) == {*NAMES}


def test_tree_has_those_of_the_package_that_the_module_is_in(tmp_path: Path) -> None:
    site = tmp_path / "site"
    for name in ("one/inner", "two"):
        (site / name).mkdir(parents=True)
    compile_so(site / "one/inner", "m.so", MODULE)
    for name in ("one/__init__.py", "one/inner/__init__.py"):
        (site / name).write_text("")
    (site / "one/a.py").write_text("lib_new")
    (site / "two/a.py").write_text("lib_free")
    tree = read_target(site)
    assert names_in_python(tree, the_module(tree), NAMES) == {"lib_new"}


def test_module_in_no_package_is_for_the_code_of_others(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    compile_so(tmp_path / "site", "m.so", MODULE)
    (tmp_path / "site/a.py").write_text("lib_new")
    tree = read_target(tmp_path / "site")
    assert names_in_python(tree, the_module(tree), NAMES) == {*NAMES}
