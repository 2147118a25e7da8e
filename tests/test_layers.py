"""The shape of the package: imports run downwards, only the command line talks."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from checkout import PACKAGE

# The lowest first; modules of one layer do not import each other.
LAYERS = (
    {
        "collide",
        "collide.analysis",
        "collide.binding",
        "collide.check",
        "collide.elf",
        "collide.elf.code",
        "collide.filesystems",
        "collide.findings",
        "collide.hosts",
        "collide.hosts.profile_file",
        "collide.loader",
        "collide.loader.glibc",
        "collide.loader.musl",
        "collide.repair",
        "collide.report.check",
        "collide.support",
        "collide.verify",
        "collide.whatif",
        "collide.wheels",
    },
    {
        "collide.support.text",
        "collide.wheels.digest",
        "collide.support.errors",
        "collide.support.records",
    },
    {
        "collide.elf.hash_tables",
        "collide.support.processes",
        "collide.elf.machines",
        "collide.verify.ld_debug",
        "collide.support.progress",
    },
    {"collide.elf.symbols"},
    {"collide.elf.references"},
    {"collide.hosts.profile_file.symbols"},
    {"collide.hosts.database.names"},
    {"collide.elf.notes"},
    {"collide.elf.headers", "collide.elf.code.branches"},
    {"collide.elf.code.unwind"},
    {"collide.elf.code.call_graph", "collide.elf.strings"},
    {"collide.elf.symbol_table"},
    {"collide.elf.object"},
    {"collide.whatif.relink"},
    {"collide.whatif.edits"},
    {"collide.verify.script", "collide.verify.got_slots"},
    {"collide.loader.glibc.ld_cache"},
    {"collide.loader.glibc.search"},
    {"collide.filesystems.compressed", "collide.filesystems.tree"},
    {"collide.filesystems.layers"},
    {"collide.filesystems.root", "collide.loader.musl.search", "collide.loader.glibc.searches"},
    {"collide.filesystems.container_image", "collide.hosts.ldconfig"},
    {"collide.loader.glibc.lookup", "collide.hosts.identify_musl"},
    {"collide.loader.musl.lookup"},
    {"collide.loader.glibc.process"},
    {"collide.loader.musl.process"},
    {"collide.loader.libc"},
    {"collide.loader.startup"},
    {"collide.elf.names"},
    {"collide.binding.binding"},
    {"collide.binding.shadowing"},
    {"collide.binding.definers"},
    {"collide.binding.binder"},
    {"collide.binding.session"},
    {"collide.loader.host"},
    {"collide.hosts.extract"},
    {"collide.whatif.hosts"},
    {"collide.hosts.footprint"},
    {"collide.hosts.profile_file.system_libraries"},
    {"collide.hosts.packages"},
    {"collide.hosts.profile_file.read"},
    {"collide.support.inflate"},
    {"collide.hosts.database.reader"},
    {"collide.hosts.profile_file.write"},
    {"collide.hosts.database"},
    {"collide.hosts.inventory", "collide.hosts.select"},
    {"collide.wheels.zip_directory"},
    {"collide.wheels.archive"},
    {"collide.wheels.tags"},
    {"collide.wheels.target"},
    {"collide.wheels.environment"},
    {"collide.analysis.analysis"},
    {
        "collide.analysis.explain",
        "collide.loader.messages",
        "collide.analysis.reachability",
        "collide.verify.runner",
        "collide.whatif.whatif",
    },
    {"collide.whatif.costs", "collide.verify.compare"},
    {"collide.repair.entry_points", "collide.repair.patch"},
    {"collide.repair.integrity"},
    {"collide.repair.takers"},
    {"collide.repair.plan"},
    {"collide.repair.apply", "collide.repair.proof"},
    {"collide.repair.sonames", "collide.repair.rebind"},
    {"collide.repair.request"},
    {"collide.repair.repair"},
    {"collide.repair.import_trial"},
    {"collide.analysis.install"},
    {"collide.analysis.pair_traces"},
    {"collide.analysis.pair_orders"},
    {"collide.analysis.probes"},
    {
        "collide.findings.code",
        "collide.analysis.library_copies",
        "collide.analysis.interposition",
        "collide.elf.verbs",
    },
    {"collide.findings.codes_shadowed"},
    {"collide.findings.table"},
    {"collide.findings.finding", "collide.findings.evidence"},
    {"collide.findings.settled"},
    {"collide.findings.verdicts"},
    {"collide.findings.exposure", "collide.findings.judge"},
    {"collide.findings.pairs", "collide.whatif.remedies"},
    {"collide.check.pairs"},
    {"collide.repair.preview"},
    {"collide.check.check", "collide.findings.footprint", "collide.findings.impact"},
    {"collide.check.merge", "collide.check.parallel"},
    {"collide.report"},
    {"collide.report.check.parts", "collide.report.probes", "collide.report.check.remedies"},
    {"collide.report.check.json", "collide.report.check.rows"},
    {
        "collide.report.bindings",
        "collide.report.check.github",
        "collide.report.footprint",
        "collide.report.check.html",
        "collide.report.profiles",
        "collide.report.repair",
        "collide.report.check.sarif",
        "collide.report.check.text",
        "collide.report.explain",
        "collide.report.whatif",
    },
    {"collide.report.verify", "collide.report.check.formats"},
    {"collide.pytest_plugin"},
    {"collide.cli"},
    {"collide.cli.progress", "collide.cli.streams"},
    {"collide.cli.work"},
    {"collide.cli.inputs"},
    {
        "collide.cli.bindings",
        "collide.cli.check",
        "collide.cli.diff",
        "collide.cli.explain",
        "collide.cli.footprint",
        "collide.cli.profile",
        "collide.cli.profiles",
        "collide.cli.repair",
        "collide.cli.whatif",
        "collide.cli.verify",
    },
    {"collide.cli.main"},
    {"collide.__main__"},
)
TALKING = {name for layer in LAYERS for name in layer if name.startswith("collide.cli")}
TALKING |= {"collide.cli.main", "collide.__main__"}
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
    loaded = _loaded_by("import collide.cli.main")
    assert {name for name in loaded if name.startswith("collide")} == {
        *("collide", "collide.cli.main", "collide.support", "collide.support.errors"),
        *("collide.cli", "collide.cli.streams"),
    }
    assert not loaded & {
        *("argparse", "json", "zipfile", "re", "dataclasses", "concurrent.futures", "pathlib"),
        *("logging", "subprocess", "typing_extensions", "packaging", "auditwheel", "wheel"),
    }


def test_check_of_a_small_wheel_imports_nothing_costly() -> None:
    (wheel,) = (PACKAGE.parent / "wheels/dist").glob("specimen_static_hidden-*.whl")
    arguments = ["check", str(wheel), "--profile", "debian-12-python3", "--fail-on", "never"]
    loaded = _loaded_by(
        f"import collide.cli.main\nassert collide.cli.main.main({arguments!r}) == 0"
    )
    assert "collide.binding.binder" in loaded
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
