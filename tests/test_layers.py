"""The shape of the package beside its imports, which import-linter holds (``tox -e lint``)."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest

from checkout import PACKAGE, WHEELS
from collide.loader.libc import LIBCS
from source_trees import MODULES, trees

MODULE_LINES, CLASS_LINES, FUNCTION_LINES = 500, 250, 50
"""Upper limits of their lengths in lines."""

TALKING = {
    name
    for name in MODULES
    if name.startswith(("collide.cli.", "collide.__main__")) or name == "collide.crash"
}
"""What may print, exit and read the environment: the command line, and the crash handler."""


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """See :func:`source_trees.trees`."""
    yield
    trees.cache_clear()


def test_no_import_is_relative() -> None:
    relative = [
        (name, node.lineno)
        for name, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_only_the_table_of_c_libraries_compares_their_names() -> None:
    compared = [
        (name, node.lineno)
        for name in MODULES.keys() - {"collide.loader.libc"}
        for node in ast.walk(trees()[name])
        if isinstance(node, ast.Compare)
        and any(
            ast.unparse(side).rpartition(".")[2] == "libc"
            or (isinstance(side, ast.Constant) and side.value in LIBCS)
            for side in (node.left, *node.comparators)
        )
    ]
    assert compared == []


def _said(module: str) -> Iterator[str]:
    """What only the command line may name."""
    reserved = {"sys.stdout", "sys.stderr", "sys.stdin", "sys.argv", "sys.exit", "os.environ"}
    reserved |= {"os.getenv", "os._exit"}
    for node in ast.walk(trees()[module]):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in reserved:
            yield ast.unparse(node)
        elif isinstance(node, ast.ImportFrom) and node.module in ("os", "sys"):
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name for name in names if name in reserved)
        elif isinstance(node, ast.Name) and node.id in {
            *("print", "input", "exit", "quit", "breakpoint", "SystemExit")
        }:
            yield node.id


def test_core_never_prints_exits_or_reads_the_environment() -> None:
    said = {name: list(_said(name)) for name in MODULES.keys() - TALKING}
    # Which build of the code runs is no setting of a command, and changes no result.
    assert said.pop("collide.elf.native") == ["os.environ"]
    assert {name: words for name, words in said.items() if words} == {}


def test_command_line_is_what_prints_and_exits() -> None:
    assert {name for module in TALKING for name in _said(module)} >= {"print"}


def _loaded_by(statements: str) -> set[str]:
    """The modules that ``statements`` import."""
    # Without site, whose .pth files may import anything themselves.
    program = (
        f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r}); before = set(sys.modules)\n"
        f"{statements}\nprint(*sorted(set(sys.modules) - before))"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
    )
    return set(run.stdout.splitlines()[-1].split())


def test_command_line_imports_nothing_costly() -> None:
    loaded = _loaded_by("import collide.cli.main")
    assert {name for name in loaded if name.startswith("collide")} == {
        *("collide", "collide.cli", "collide.cli.main", "collide.cli.streams"),
        *("collide.support", "collide.support.errors"),
    }
    assert not loaded & {
        *("argparse", "json", "zipfile", "re", "dataclasses", "concurrent.futures", "pathlib"),
        *("logging", "subprocess", "typing_extensions", "packaging", "auditwheel", "wheel"),
    }


MODULES_OF_A_SMALL_CHECK = 98


def test_check_of_a_small_wheel_imports_nothing_costly() -> None:
    (wheel,) = (WHEELS / "dist").glob("specimen_static_hidden-*.whl")
    arguments = ["check", str(wheel), "--profile", "debian-12-python3", "--fail-on", "never"]
    loaded = _loaded_by(f"from collide.cli.main import main\nassert main({arguments!r}) == 0")
    assert "collide.binding.binder" in loaded
    assert not loaded & {
        *("typing", "hashlib", "pathlib", "zipfile", "dataclasses", "inspect", "logging"),
        *("subprocess", "packaging", "auditwheel", "wheel", "elftools"),
    }
    # Nothing is shadowed: no rule, and no text of a code but those of loading and exposure.
    assert not {name for name in loaded if name.startswith("collide.findings.shadowing")}
    assert "collide.findings.table" not in loaded
    # Each module takes some 0.2 ms of 40: to find it, to read it, to make its records.
    modules = {name for name in loaded if name.startswith("collide")} - {"collide.elf._native"}
    assert len(modules) <= MODULES_OF_A_SMALL_CHECK


def test_late_imports_say_why() -> None:
    """Each ends in ``# late:`` and the reason; see ``collide/cli/__init__.py``."""
    bare = [
        f"{MODULES[name]}:{node.lineno}"
        for name, tree in trees().items()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
        and "  # late: " not in MODULES[name].read_text().splitlines()[node.lineno - 1]
    ]
    assert bare == []


def test_modules_are_short() -> None:
    lines = {name: len(path.read_text().splitlines()) for name, path in MODULES.items()}
    assert {name: count for name, count in lines.items() if count > MODULE_LINES} == {}


def _longer_than(limit: int, *kinds: type[ast.stmt]) -> list[tuple[str, int, int]]:
    """Module, first line and length of each class or function that is longer."""
    found = (
        (name, node.lineno, node.end_lineno - node.lineno + 1)
        for name, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, kinds) and node.end_lineno is not None
    )
    return [(name, line, length) for name, line, length in found if length > limit]


def test_classes_are_short() -> None:
    assert _longer_than(CLASS_LINES, ast.ClassDef) == []


def test_functions_are_short() -> None:
    assert _longer_than(FUNCTION_LINES, ast.FunctionDef, ast.AsyncFunctionDef) == []
