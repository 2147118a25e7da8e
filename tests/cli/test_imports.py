"""``--import``: what importing modules of an installed tree opens, in one process."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from building import WheelBuilder
from collide.cli.main import main
from compiler import compile_so
from scenario import require_loader

OPENS = """\
import ctypes, os
ctypes.CDLL(os.path.join(os.path.dirname(__file__), "libf.so"), ctypes.RTLD_GLOBAL)
from . import a
"""
NEEDS_F = "int f(void); void *PyInit_{0}(void) {{ return 0; }} int g_{0}(void) {{ return f(); }}"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Two packages whose modules need what the first of them opens."""
    require_loader()
    site = tmp_path / "site"
    for name in ("p", "q"):
        (site / name).mkdir(parents=True)
    compile_so(site / "p", "libf.so", "int f(void) { return 1; }")
    compile_so(site / "p", "a.abi3.so", NEEDS_F.format("a"))
    compile_so(site / "q", "b.abi3.so", NEEDS_F.format("b"))
    (site / "p/__init__.py").write_text(OPENS)
    (site / "q/__init__.py").write_text("from . import b\nmake(import_of)\n")
    return site.resolve()


def ran(*arguments: object) -> int:
    return main(tuple(map(str, arguments)))


def test_check_judges_the_process_of_the_imports(site: Path, capsys: Capture) -> None:
    python = ("--profile", sys.executable)
    assert ran("check", site, *python, "--import", "p; q") == 0
    assert "p/__init__.py:2 opens p/libf.so RTLD_NOW | RTLD_GLOBAL" in capsys.readouterr().out
    assert ran("check", site, *python, "--import", "q", "--import", "p") == 1
    out = capsys.readouterr().out
    assert "breaks  b " in out
    assert "breaks  a " not in out
    assert ran("check", site, *python, "--import", "p", "--remedies") == 2
    assert ran("check", site, *python, "--import", "none") == 2
    assert "no module none; there are: p, q" in capsys.readouterr().err


def test_check_says_in_json_what_was_not_followed(site: Path, capsys: Capture) -> None:
    (site / "q/__init__.py").write_text("if unknown():\n    import gone\nfrom . import b\n")
    assert ran("check", site, "--profile", sys.executable, "--import", "q", "--format=json") == 1
    document = json.loads(capsys.readouterr().out)
    (analysis,) = document["analyses"]
    told = {s["name"]: s["reason"] for s in analysis["skipped"]}
    assert told[f"{site}/q/__init__.py:2"] == "no module gone, in a branch that may not run"


def test_verify_compares_one_process_with_the_imports(site: Path, capsys: Capture) -> None:
    python = ("--profile", sys.executable)
    assert ran("verify", site, *python, "--import", "p; q", "--format=json") == 0
    (target,) = json.loads(capsys.readouterr().out)["targets"]
    modules = {m["name"]: m for m in target["modules"] if m["name"] != "start-up"}
    assert list(modules) == ["p/libf.so", "p/a.abi3.so", "q/b.abi3.so"]
    assert {m["agreed"] for m in modules.values()} == {m["seen"] for m in modules.values()}
    assert modules["q/b.abi3.so"]["seen"] > 0
    assert ran("verify", site, *python, "--import", "q; p") == 0
    assert "1 of them fail to open, as predicted" in capsys.readouterr().out
    assert ran("verify", site, *python, "--import", "p", "--module", "*") == 2


@pytest.mark.parametrize("option", [(), ("--slots",)])
def test_verify_opens_what_the_plan_opens_before(
    tmp_path: Path, option: tuple[str, ...], capsys: Capture
) -> None:
    require_loader()
    code = tmp_path / "code.py"
    code.write_text(OPENS)
    build: dict[str, str | Path] = {
        "p/__init__.py": code,
        "p/a.abi3.so": NEEDS_F.format("a"),
        "p/libf.so": "int f(void) { return 1; }",
    }
    wheel = WheelBuilder(tmp_path)("p", build).name
    assert ran("verify", wheel, "--profile", sys.executable, *option) == 0
    out = capsys.readouterr().out
    assert "2 of 2 modules" in out
    assert "no difference" in out


def test_explain_searches_in_the_process_of_the_imports(site: Path, capsys: Capture) -> None:
    arguments = ("explain", site, "f", "--profile", sys.executable, "--import", "p; q")
    assert ran(*arguments) == 0
    assert capsys.readouterr().out.count("provider: p/libf.so") == 2
    assert ran(*arguments, "--module", "*") == 2
