"""Every document that a command prints is as a schema of the package says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checkout import PACKAGE, WHEELS
from collide.cli.main import main
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
        ("profiles", ["profiles"]),
        ("profiles", ["profiles", "show", "debian-12-uwsgi-python3"]),
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
