"""Every document that a command prints is as a schema of the package says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checkout import PACKAGE, WHEELS
from collide.cli.main import main
from collide.wheels.archive import Member, write_wheel
from compiler import compile_so
from scenario import require_loader
from schemas import SCHEMAS, valid

HOST = str(WHEELS / "host/host")
(WHEEL,) = map(str, (WHEELS / "dist").glob("specimen_static_exported-*.whl"))
PAGE = PACKAGE / "docs/report.md"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("report", ["check", WHEEL, "--profile", HOST]),
        ("report", ["check", WHEEL, "--profile", HOST, "--remedies", "--probes"]),
        ("diff", ["diff", "debian-12-python3", "debian-12-gdb", "--impact", WHEEL]),
        ("whatif", ["whatif", WHEEL, "--profile", HOST, "--apply", "*=-Bsymbolic"]),
        ("whatif", ["whatif", WHEEL, "--profile", HOST, "--apply-host", "*vault*=without"]),
        ("profiles", ["profiles", "debian-12-python3*"]),
        pytest.param("profiles", ["profiles"], marks=pytest.mark.corpus),
        ("profiles", ["profiles", "show", "debian-12-uwsgi-python3"]),
        ("explain", ["explain", "COL101"]),
        ("explain", ["explain", "static-copy"]),
        ("explain", ["explain", "questions"]),
        ("explain", ["explain", WHEEL, "vault_new", "--profile", HOST]),
        ("verify", ["verify", WHEEL, "--profile", "/usr/bin/python3"]),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_document_is_as_its_schema_says(
    name: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    require_loader()
    assert main([*arguments, "--format", "json"]) in (0, 1)
    document = json.loads(capsys.readouterr().out)
    valid(name, document)
    assert document["schema"].startswith("collide-")


def test_names_of_cpp_are_told_in_both_forms(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Only in documents that have such names."""
    compile_so(tmp_path, "libhost.so", "int _ZN4demo3addEi(int a) { return a; }")
    source = "int _ZN4demo3addEi(int a) { return a; } int f(int a) { return _ZN4demo3addEi(a); }"
    wheel = tmp_path / "demo-1.0-cp38-abi3-linux_x86_64.whl"
    module = compile_so(
        tmp_path, "demo.abi3.so", f"{source} void *PyInit_demo(void) {{ return 0; }}"
    )
    write_wheel(wheel, [Member("demo.abi3.so", module.read_bytes())])
    host = ["--profile", HOST, "--preload", str(tmp_path / "libhost.so"), "--format"]
    for name, arguments in (
        ("report", ["check", "--isolated", str(wheel)]),
        ("explain", ["explain", str(wheel), "_ZN4demo3addEi"]),
        ("whatif", ["whatif", str(wheel), "--apply", "*=-Bsymbolic"]),
    ):
        main([*arguments, *host, "json"])
        document = json.loads(capsys.readouterr().out)
        valid(name, document)
        assert document["demangled"] == {"_ZN4demo3addEi": "demo::add(int)"}
    main(["check", "--isolated", str(wheel), *host, "sarif", "-v"])
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    told = [result["properties"].get("demangled") for result in run["results"]]
    assert {"_ZN4demo3addEi": "demo::add(int)"} in told
    main(["check", "--isolated", WHEEL, "--profile", HOST, "--format", "json"])
    assert "demangled" not in json.loads(capsys.readouterr().out)


def test_lines_of_bindings_are_as_their_schema_says(capsys: pytest.CaptureFixture[str]) -> None:
    require_loader()
    assert main(["bindings", WHEEL, "--profile", HOST, "--rtld-lazy", "*"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["origin"] for line in lines} >= {"host"}
    assert any("lazy" in line for line in lines)
    for line in lines:
        valid("bindings", line)


def test_page_names_every_schema_of_a_document() -> None:
    page = PAGE.read_text()
    for name, path in SCHEMAS.items():
        if name != "configuration":
            assert f"`{path.relative_to(PACKAGE.parent)}`" in page
            (properties,) = [json.loads(path.read_text())["properties"]]
            if "schema" in properties:
                assert properties["schema"]["const"] in page


def test_texts_of_schemas_do_not_name_what_is_not_there() -> None:
    for path in SCHEMAS.values():
        schema = json.loads(path.read_text())
        assert {"$schema", "title", "description"} <= schema.keys(), path
        assert Path(path).read_text().endswith("}\n")


def test_explanation_has_what_the_text_has(capsys: pytest.CaptureFixture[str]) -> None:
    require_loader()
    assert main(["explain", WHEEL, "vault_new", "--profile", HOST, "--format", "json"]) == 0
    (search,) = json.loads(capsys.readouterr().out)["searches"]
    assert main(["explain", WHEEL, "vault_new", "--profile", HOST]) == 0
    told = capsys.readouterr().out
    assert search["shadowed"]
    assert f"provider: {search['provider']}\n" in told
    numbered = [
        f"{number}. {step['object']} ({'host' if step['of_host'] else 'local'})"
        for number, step in enumerate(search["steps"], 1)
    ]
    assert numbered
    assert all(line in told for line in numbered)
    assert all(c["rule"] in told for step in search["steps"] for c in step["candidates"])


def test_explanation_of_a_page_is_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "questions", "--format", "json"]) == 0
    page = json.loads(capsys.readouterr().out)["page"]
    assert page == {"name": "questions", "markdown": (PACKAGE / "docs/questions.md").read_text()}


def test_explanation_of_what_is_looked_up_nowhere_is_empty(
    capsys: pytest.CaptureFixture[str],
) -> None:
    require_loader()
    assert main(["explain", WHEEL, "nothing_so", "--profile", HOST, "--format", "json"]) == 3
    told = capsys.readouterr()
    document = json.loads(told.out)
    valid("explain", document)
    assert document["searches"] == []
    assert told.err.endswith("no reference to nothing_so is looked up\n")
