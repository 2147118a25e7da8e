"""The shape of the package: imports run downwards, only the command line talks."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "collide"
# The lowest first; modules of one layer do not import each other.
LAYERS = (
    {"collide"},
    {"collide.counted", "collide.digest", "collide.errors", "collide.records"},
    {"collide.hashtable", "collide.jobs", "collide.machine", "collide.oracle", "collide.watching"},
    {"collide.symbols"},
    {"collide.references"},
    {"collide.tables"},
    {"collide.nametable"},
    {"collide.notes"},
    {"collide.dynamic", "collide.scan"},
    {"collide.frames"},
    {"collide.calls", "collide.versionstrings"},
    {"collide.symboltables"},
    {"collide.elf"},
    {"collide.relink"},
    {"collide.changes"},
    {"collide.inside", "collide.slots"},
    {"collide.ldcache"},
    {"collide.search"},
    {"collide.decompress", "collide.tree"},
    {"collide.overlay"},
    {"collide.rootfs", "collide.search_musl", "collide.searches"},
    {"collide.image", "collide.ldconfig"},
    {"collide.lookup", "collide.loader_musl"},
    {"collide.lookup_musl"},
    {"collide.linkmap"},
    {"collide.linkmap_musl"},
    {"collide.dialect"},
    {"collide.startup"},
    {"collide.words"},
    {"collide.bindings"},
    {"collide.shadowing"},
    {"collide.universe"},
    {"collide.bind"},
    {"collide.session"},
    {"collide.host"},
    {"collide.extract"},
    {"collide.rehost"},
    {"collide.footprint"},
    {"collide.policy"},
    {"collide.provenance"},
    {"collide.recorded"},
    {"collide.inflate"},
    {"collide.database"},
    {"collide.profile"},
    {"collide.profiles"},
    {"collide.inventory", "collide.selection"},
    {"collide.zipdirectory"},
    {"collide.archive"},
    {"collide.tags"},
    {"collide.wheel"},
    {"collide.environment"},
    {"collide.analysis"},
    {"collide.explain", "collide.messages", "collide.reach", "collide.runner", "collide.whatif"},
    {"collide.costs", "collide.verify"},
    {"collide.entrypoints", "collide.patching"},
    {"collide.integrity"},
    {"collide.repair_facts"},
    {"collide.repair_plan"},
    {"collide.repair_mind", "collide.repair_proof"},
    {"collide.mangling", "collide.rebinding"},
    {"collide.repair_request"},
    {"collide.repair"},
    {"collide.trial"},
    {"collide.installation"},
    {"collide.meeting"},
    {"collide.together"},
    {"collide.probes"},
    {"collide.code", "collide.copies", "collide.cuts", "collide.verbs"},
    {"collide.codes_shadowed"},
    {"collide.codes"},
    {"collide.findings", "collide.verdict"},
    {"collide.settled"},
    {"collide.verdicts"},
    {"collide.exposure", "collide.judge"},
    {"collide.judge_together", "collide.remedy"},
    {"collide.pairs"},
    {"collide.advice"},
    {"collide.check", "collide.growth", "collide.impact"},
    {"collide.merging", "collide.parallel"},
    {"collide.report"},
    {"collide.report.facts", "collide.report.probes", "collide.report.remedies"},
    {"collide.report.json", "collide.report.told"},
    {
        "collide.report.bindings",
        "collide.report.github",
        "collide.report.growth",
        "collide.report.html",
        "collide.report.markdown",
        "collide.report.profiles",
        "collide.report.repair",
        "collide.report.sarif",
        "collide.report.text",
        "collide.report.walk",
        "collide.report.whatif",
    },
    {"collide.report.agreement", "collide.report.formats"},
    {"collide.pytest_plugin"},
    {"collide.commands"},
    {"collide.commands.progress", "collide.commands.streams"},
    {"collide.commands.work"},
    {"collide.commands.inputs"},
    {
        "collide.commands.bindings",
        "collide.commands.check",
        "collide.commands.diff",
        "collide.commands.explain",
        "collide.commands.footprint",
        "collide.commands.profile",
        "collide.commands.profiles",
        "collide.commands.repair",
        "collide.commands.whatif",
        "collide.commands.verify",
    },
    {"collide.cli"},
    {"collide.__main__"},
)
TALKING = {name for layer in LAYERS for name in layer if name.startswith("collide.commands")}
TALKING |= {"collide.cli", "collide.__main__"}
_LINES, _FUNCTION_LINES = 400, 50


def _name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}
each_module = pytest.mark.parametrize("module", MODULES)


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text())


def _imports(module: str) -> Iterator[str]:
    """Every module of the package that ``module`` imports, anywhere in it."""
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else str(node.module) for name in names)


def test_every_module_has_one_layer() -> None:
    listed = [module for layer in LAYERS for module in layer]
    assert sorted(listed) == sorted(MODULES)


@each_module
def test_imports_run_only_downwards(module: str) -> None:
    layer = next(i for i, modules in enumerate(LAYERS) if module in modules)
    below = set().union(*LAYERS[:layer])
    inside = {name for name in _imports(module) if name in MODULES}
    assert inside - below == set()


def _said(module: str) -> Iterator[str]:
    """What only the command line may name."""
    told = {"sys.stdout", "sys.stderr", "sys.stdin", "sys.argv", "sys.exit", "os.environ"}
    told |= {"os.getenv", "os._exit"}
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in told:
            yield ast.unparse(node)
        elif isinstance(node, ast.ImportFrom) and node.module in ("os", "sys"):
            yield from (
                f"{node.module}.{alias.name}"
                for alias in node.names
                if f"{node.module}.{alias.name}" in told
            )
        elif isinstance(node, ast.Name) and node.id in {
            *("print", "input", "exit", "quit", "breakpoint", "SystemExit")
        }:
            yield node.id


@pytest.mark.parametrize("module", sorted(MODULES.keys() - TALKING))
def test_core_never_prints_exits_or_reads_the_environment(module: str) -> None:
    assert list(_said(module)) == []


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
    loaded = _loaded_by("import collide.cli")
    assert {name for name in loaded if name.startswith("collide")} == {
        *("collide", "collide.cli", "collide.errors"),
        *("collide.commands", "collide.commands.streams"),
    }
    assert not loaded & {
        *("argparse", "json", "zipfile", "re", "dataclasses", "concurrent.futures", "pathlib"),
        *("logging", "subprocess", "typing_extensions", "packaging", "auditwheel", "wheel"),
    }


def test_check_of_a_small_wheel_imports_nothing_costly() -> None:
    (wheel,) = (PACKAGE.parent / "wheels/dist").glob("specimen_static_hidden-*.whl")
    arguments = ["check", str(wheel), "--profile", "debian-12-python3", "--fail-on", "never"]
    loaded = _loaded_by(f"import collide.cli\nassert collide.cli.main({arguments!r}) == 0")
    assert "collide.bind" in loaded
    assert not loaded & {
        *("typing", "hashlib", "pathlib", "zipfile", "dataclasses", "inspect", "logging"),
        *("subprocess", "packaging", "auditwheel", "wheel", "elftools"),
    }


@each_module
def test_module_is_short(module: str) -> None:
    assert len(MODULES[module].read_text().splitlines()) <= _LINES


@each_module
def test_functions_are_short(module: str) -> None:
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in ast.walk(_tree(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= _FUNCTION_LINES
    }
    assert long == {}
