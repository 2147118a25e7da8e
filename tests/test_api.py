"""The public interface: its names, its examples, and that commands compute the same."""

from __future__ import annotations

import ast
import doctest
import inspect
import io
import json
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from checkout import PACKAGE
from collide import api
from collide.cli.main import main
from collide.report import repair as repair_report
from collide.report import whatif as whatif_report
from collide.report.check import json as check_report
from collide.whatif.edits import parse_edit
from reports import HOST, specimen
from scenario import require_loader

FUNCTIONS = [
    *("analyse", "causes", "check", "explain", "extract_host", "interposed", "load_hosts"),
    *("measure", "read_target", "repair", "summary", "whatif"),
]
RECORDS = [
    *("CODES", "Analysis", "Balance", "Binding", "BoundModule", "BoundObject", "Cause", "Code"),
    *("CollideError", "Definition", "Dso", "Edit", "Exposed", "Finding", "Host", "InputError"),
    *("Judged", "LeftOut", "LoadFailure", "Match", "Measured", "Misfit", "ModePatterns"),
    *("Module", "Move"),
    *("Order", "Outcome", "Pair", "Progress", "Proof", "Reference", "Remedy", "Repair", "Report"),
    *("ScopeStep", "ScopeTrace", "Severity", "Skipped", "Summary", "Target", "UsageError"),
    "WhatIf",
]
STATIC, HIDDEN = specimen("static_exported"), specimen("static_hidden")
each_function = pytest.mark.parametrize("name", FUNCTIONS)


def test_public_names_are_these() -> None:
    assert api.__all__ == RECORDS + FUNCTIONS
    assert dir(api) == sorted(api.__all__)
    assert all(hasattr(api, name) for name in api.__all__)


def test_record_is_the_one_that_type_checkers_see() -> None:
    tree = ast.parse((PACKAGE / "api.py").read_text())
    seen = {
        alias.name: getattr(import_module(node.module or ""), alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in RECORDS
    }
    assert seen == {name: getattr(api, name) for name in RECORDS}


def test_name_that_is_not_public_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'ReferencesByDefiner'"):
        api.ReferencesByDefiner  # type: ignore[attr-defined]  # noqa: B018


@each_function
def test_every_parameter_is_documented_and_so_are_errors(name: str) -> None:
    function = getattr(api, name)
    text = inspect.getdoc(function) or ""
    missing = [p for p in inspect.signature(function).parameters if f"``{p}``" not in text]
    assert missing == []
    assert "Raises" in text or name in ("causes", "explain", "summary")


def test_import_brings_nothing_that_costs() -> None:
    program = (
        "import sys; before = set(sys.modules); import collide.api; "
        "print(*sorted(m for m in set(sys.modules) - before if m.startswith('collide')))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=PACKAGE.parent,
    )
    support = ("collide.support", *(f"collide.support.{m}" for m in ("errors", "progress")))
    assert run.stdout.split() == ["collide", "collide.api", *support, "collide.support.records"]


# -- examples -------------------------------------------------------------------------------------

EXAMPLES = {test.name: test for test in doctest.DocTestFinder(exclude_empty=False).find(api)}


def test_every_function_has_an_example() -> None:
    assert [n for n in FUNCTIONS if not EXAMPLES[f"collide.api.{n}"].examples] == []


@pytest.mark.parametrize("name", [name for name, test in EXAMPLES.items() if test.examples])
def test_example_is_true(name: str, tmp_path: Path) -> None:
    require_loader()
    test = EXAMPLES[name]
    test.globs = {public: getattr(api, public) for public in api.__all__}
    test.globs |= {"wheel": str(STATIC), "binary": str(HOST), "scratch": str(tmp_path)}
    said = io.StringIO()
    script = tmp_path.with_suffix(".py")
    script.write_text("import specimen_static_exported")
    test.globs |= {"interpreter": sys.executable, "script": str(script)}
    failed, _ = doctest.DocTestRunner().run(test, out=said.write)
    assert failed == 0, said.getvalue()


# -- commands -------------------------------------------------------------------------------------

Printed = Callable[..., Any]


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    """What a command prints as JSON."""
    require_loader()

    def run(*arguments: str | Path) -> Any:
        capsys.readouterr()
        main([*map(str, arguments), "--format", "json"])
        return json.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize("inputs", [[STATIC], [STATIC, HIDDEN]], ids=["one", "two"])
def test_defaults_of_check_are_those_of_the_command(inputs: list[Path], printed: Printed) -> None:
    named = api.check(inputs, api.load_hosts(HOST))
    assert json.loads(check_report.render(named)) == printed("check", *inputs, "--profile", HOST)
    assert json.loads(check_report.render(api.check(inputs))) == printed("check", *inputs)


def test_directory_of_wheels_and_a_path_that_is_missing(printed: Printed, tmp_path: Path) -> None:
    inputs = [STATIC.parent, tmp_path / "missing.whl"]
    report = api.check(inputs, api.load_hosts("debian-12-python3"))
    assert [problem.path for problem in report.problems] == [str(inputs[1])]
    command = printed("check", *inputs, "--profile", "debian-12-python3")
    assert json.loads(check_report.render(report)) == command


def test_whatif_is_that_of_the_command(printed: Printed) -> None:
    (host,) = api.load_hosts(HOST)
    result = api.whatif(STATIC, host, "*=hide", ["libvault*=without"])
    command = printed(
        *("whatif", STATIC, "--profile", HOST),
        *("--apply", "*=hide", "--without-host-lib", "libvault*"),
    )
    edits = [parse_edit("*=hide")], [parse_edit("libvault*=without")]
    assert json.loads(whatif_report.render_json([result], *edits)) == command
    again = api.whatif(STATIC, host, *edits)
    assert (again.balance, again.moves) == (result.balance, result.moves)


def test_interposed_is_that_of_the_command(printed: Printed) -> None:
    (host,) = api.load_hosts(HOST)
    report = api.interposed(host)
    assert json.loads(check_report.render(report)) == printed("interposed", HOST)
    assert report == api.interposed([host])
    with pytest.raises(api.UsageError, match="no host is given"):
        api.interposed([])


@pytest.mark.parametrize("profile", [(), ("--profile", HOST)], ids=["shipped", "named"])
def test_repair_is_that_of_the_command(
    printed: Printed, tmp_path: Path, profile: tuple[str | Path, ...]
) -> None:
    wheel = tmp_path / STATIC.name
    wheel.write_bytes(STATIC.read_bytes())
    hosts = api.load_hosts(HOST) if profile else None
    planned = api.repair(wheel, hosts, write=False)
    assert planned.written == ()
    assert list(tmp_path.iterdir()) == [wheel]
    made = api.repair(wheel, hosts)
    assert made.written == (tmp_path / "repaired" / wheel.name,)
    content = made.written[0].read_bytes()
    (command,) = printed("repair", wheel, *profile)
    assert {**repair_report.as_json(made), "written": [str(made.written[0])]} == command
    assert made.written[0].read_bytes() == content


def test_several_wheels_are_repaired_together(printed: Printed, tmp_path: Path) -> None:
    wheels = [specimen("bundled_unmangled"), STATIC]
    made = api.repair(wheels, api.load_hosts(HOST), directory=tmp_path)
    arguments = ("--together", "-w", tmp_path, "--profile", HOST)
    (command,) = printed("repair", *wheels, *arguments)
    assert {**repair_report.as_json(made), "written": list(map(str, made.written))} == command


def test_wheels_to_repair_together_are_several(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["repair", str(STATIC), "--together", "--check"]) == 2
    err = capsys.readouterr().err
    assert err == f"collide: --together needs several wheels; there is one: {STATIC}\n"


def test_host_of_a_binary_is_the_one_that_its_path_names(monkeypatch: pytest.MonkeyPatch) -> None:
    require_loader()
    (loaded,) = api.load_hosts(HOST)
    monkeypatch.chdir(HOST.parent)
    for binary in (HOST, "host", Path("../host/host")):
        host = api.extract_host(binary)
        assert (host.name, host.path, host.loader) == (loaded.name, loaded.path, loaded.loader)
        assert host.arguments == ("--profile", str(binary))
    monkeypatch.chdir("/")
    monkeypatch.setenv("PATH", str(HOST.parent))
    assert api.extract_host("host").path == loaded.path
    with pytest.raises(api.InputError, match="host: no such file"):
        api.extract_host("host", root=Path(HOST.parent / ".."))


# -- errors ---------------------------------------------------------------------------------------


def failing(name: str) -> Callable[[api.Host], object]:
    return {
        "no such file": lambda _: api.read_target("missing.so"),
        "no such profile": lambda _: api.load_hosts(["debian-12-python3", "debian-99"]),
        "openings": lambda _: api.load_hosts("debian-12-python3", preload=["libz.so.1"]),
        "no binary": lambda _: api.extract_host("/nowhere/python3"),
        "no root": lambda _: api.extract_host("python3", root="/nowhere"),
        "no host": lambda _: api.check(STATIC, []),
        "not together": lambda host: api.check(
            STATIC, host, together=False, modes=api.ModePatterns(("*",))
        ),
        "no module": lambda host: api.analyse("missing.so", host),
        "no edit": lambda host: api.whatif(STATIC, host),
        "unknown edit": lambda host: api.whatif(STATIC, host, "*=fix"),
        "edit of nothing": lambda host: api.whatif(STATIC, host, "none*=hide"),
        "no wheel": lambda host: api.repair([], host),
        "what is no wheel": lambda host: api.repair(HOST, host),
        "its own directory": lambda host: api.repair(STATIC, host, directory=STATIC.parent),
        "method": lambda host: api.repair(STATIC, host, method="magic"),  # type: ignore[arg-type]
    }[name]


USAGE = {
    *("openings", "no host", "not together", "no edit", "unknown edit", "edit of nothing"),
    *("no wheel", "its own directory", "method"),
}
INPUT = {"no such file", "no such profile", "no binary", "no root", "no module", "what is no wheel"}


@pytest.mark.parametrize("name", sorted(USAGE | INPUT))
def test_error_is_of_the_one_family(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (host,) = api.load_hosts("debian-12-python3")
    with pytest.raises(api.UsageError if name in USAGE else api.InputError) as raised:
        failing(name)(host)
    assert isinstance(raised.value, api.CollideError)
    assert "\n" not in str(raised.value)
    assert capsys.readouterr() == ("", "")


def test_what_does_not_fit_is_a_result() -> None:
    (host,) = api.load_hosts("debian-12-arm64-python3")
    (left_out,) = api.check(STATIC, host).left_out
    reason = left_out.misfit.reason
    assert "x86_64" in reason
    assert api.analyse(STATIC, host).left_out == reason
    assert api.whatif(STATIC, host, "*=hide").before.left_out == reason
    assert api.repair(STATIC, host, write=False).left_out == ((host.name, reason),)
