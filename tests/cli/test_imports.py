"""``--import``: what importing modules of an installed tree opens, in one process."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from building import WheelBuilder
from collide.api import check, load_hosts
from collide.cli.main import main
from collide.report.check.parts import facts
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
    assert "error   b " in out
    assert "error   a " not in out
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


COPY = "int f(void) { return 2; } void *PyInit_b(void) { return 0; } int g(void) { return f(); }"


def test_findings_name_the_line_that_opens_the_provider(site: Path, capsys: Capture) -> None:
    compile_so(site / "q", "b.abi3.so", COPY)
    arguments = ("check", site, "--profile", sys.executable, "--import", "p; q", "--fail-on=never")
    assert ran(*arguments, "--format=json") == 0
    document = json.loads(capsys.readouterr().out)
    (finding,) = [f for f in document["findings"] if f["victim"] == "q/b.abi3.so"]
    line = {
        "name": "p/libf.so",
        "mode": "RTLD_NOW | RTLD_GLOBAL",
        "source": f"{site}/p/__init__.py:2",
    }
    assert (finding["provider"], finding["openings"]) == ("p/libf.so", [line])
    # What is a note here is a result only where it is asked for.
    assert ran(*arguments, "--format=sarif", "-v") == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    (related,) = [x for r in run["results"] for x in r.get("relatedLocations", ())]
    place = related["physicalLocation"]
    assert place["artifactLocation"]["uri"] == f"file://{site}/p/__init__.py"
    assert place["region"] == {"startLine": 2}
    assert ran("explain", site, "f", "--profile", sys.executable, "--import", "p; q") == 0
    out = capsys.readouterr().out
    assert f"opened:   {site}/q/__init__.py:1 RTLD_NOW" in out
    assert f"brought:  {site}/p/__init__.py:2 opens p/libf.so" in out
    assert ran("bindings", site, "--profile", sys.executable, "--import", "p; q") == 0
    lines = map(json.loads, capsys.readouterr().out.splitlines())
    sources = {x["module"]: x["source"] for x in lines}
    assert sources["q/b.abi3.so"] == f"{site}/q/__init__.py:1"


def test_findings_name_the_line_of_a_wheels_own_code(tmp_path: Path, capsys: Capture) -> None:
    code = tmp_path / "code.py"
    code.write_text(OPENS)
    source = COPY.replace("PyInit_b", "PyInit_a")
    build: dict[str, str | Path] = {
        "p/__init__.py": code,
        "p/a.abi3.so": source,
        "p/libf.so": "int f(void) { return 1; }",
    }
    wheel = WheelBuilder(tmp_path)("p", build).name
    ran("check", wheel, "--profile", sys.executable, "--format=json")
    listed = json.loads(capsys.readouterr().out)["findings"]
    (finding,) = [f for f in listed if f["victim"] == "p/a.abi3.so"]
    assert [o["source"] for o in finding["openings"]] == ["p/__init__.py:2"]
    (judged,) = check(wheel, load_hosts(sys.executable)).judged
    (found,) = [f for f in judged.findings if f.victim == "p/a.abi3.so"]
    said = [fact.text for fact in facts(found) if fact.label == "python"]
    assert said == ["p/__init__.py:2 opens p/libf.so RTLD_NOW | RTLD_GLOBAL"]
