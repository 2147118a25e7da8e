"""Names in the text of a wheel's Python files."""

from __future__ import annotations

from pathlib import Path

from building import WheelBuilder
from collide.wheels.python_names import names_in_python
from collide.wheels.target import read_target

NAMES = ("lib_new", "lib_free")
MODULE = "int f(void) { return 1; }"


def test_names_are_whole_words_of_python_files(tmp_path: Path) -> None:
    code = tmp_path / "code.py"
    code.write_text("from .m import lib\nlib.lib_new()  # no lib_freed\n")
    wheel = WheelBuilder(tmp_path)("one", {"one/m.so": MODULE, "one/a.py": code})
    assert names_in_python(wheel, NAMES) == {"lib_new"}


def test_what_names_none_is_for_the_code_of_others(tmp_path: Path) -> None:
    code = tmp_path / "code.py"
    code.write_text("from .m import ffi, lib\n")
    text = tmp_path / "text.txt"
    text.write_text("lib_new")
    wheel = WheelBuilder(tmp_path)("one", {"m.so": MODULE, "a.py": code, "a.txt": text})
    assert names_in_python(wheel, NAMES) == {*NAMES}


def test_tree_says_nothing_of_its_names(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/a.py").write_text("lib_new")
    assert names_in_python(read_target(tmp_path / "tree"), NAMES) == {*NAMES}
