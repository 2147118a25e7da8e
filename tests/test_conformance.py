"""Every rule has its scenario, and the code that keeps it names it."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

import conformance
from checkout import PACKAGE, TOOLS


@pytest.fixture(scope="module")
def counted() -> dict[tuple[str, str], int]:
    """Scenarios by section and row, collected in a process of their own."""
    program = (
        "import conformance, json; "
        "print(json.dumps([[*k, n] for k, n in conformance.collect().scenarios.items()]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=TOOLS, capture_output=True, text=True, check=True
    )
    return {(s, r): n for s, r, n in json.loads(done.stdout.splitlines()[-1])}


def test_every_section_has_its_rows() -> None:
    assert list(conformance.RULES) == list(conformance.SECTIONS)


def test_every_rule_has_a_scenario(counted: dict[tuple[str, str], int]) -> None:
    wanted = {(s, row) for s, rows in conformance.RULES.items() for row in rows}
    assert wanted - counted.keys() == set()


def test_every_mark_names_a_rule(counted: dict[tuple[str, str], int]) -> None:
    wanted = {(s, row) for s, rows in conformance.RULES.items() for row in rows}
    assert counted.keys() - wanted == set()


def named_rules() -> Iterator[tuple[str, str]]:
    """Each ``Rule 6.2`` or ``Rule 7 "search"`` in a docstring: section, and row or nothing."""
    for folder in ("elf", "loader", "binding", "verify"):
        for path in sorted((PACKAGE / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef | ast.FunctionDef):
                    yield from re.findall(
                        r'\bRule\s(\d+(?:\.\d+)?)(?:\s"([^"]+)")?', ast.get_docstring(node) or ""
                    )


def test_code_names_the_rules_that_the_scenarios_prove() -> None:
    assert {section for section, _ in named_rules()} == set(conformance.SECTIONS)


def test_code_names_rows_that_there_are() -> None:
    named = {(section, row) for section, row in named_rules() if row}
    assert named <= {(s, row) for s, rows in conformance.RULES.items() for row in rows}


def test_there_are_many(counted: dict[tuple[str, str], int]) -> None:
    assert sum(counted.values()) >= 200
