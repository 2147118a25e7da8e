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
def tests() -> dict[tuple[str, str], list[str]]:
    """Tests by section and row, collected in a process of their own."""
    program = (
        "import conformance, json; "
        "print(json.dumps([[*k, sorted(t)] for k, t in conformance.collect().tests.items()]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=TOOLS, capture_output=True, text=True, check=True
    )
    return {(s, r): found for s, r, found in json.loads(done.stdout.splitlines()[-1])}


def test_page_about_the_loader_names_the_scenarios(
    tests: dict[tuple[str, str], list[str]],
) -> None:
    """Write them again with ``python tests/tools/conformance.py --page``."""
    page = conformance.PAGE.read_text()
    assert page == conformance.with_scenarios(page, tests)
    assert page.count("\nScenarios: ") == len(conformance.SECTIONS)


def test_every_section_has_its_rows() -> None:
    assert list(conformance.RULES) == list(conformance.SECTIONS)


def test_every_rule_has_a_scenario(tests: dict[tuple[str, str], list[str]]) -> None:
    wanted = {(s, row) for s, rows in conformance.RULES.items() for row in rows}
    assert wanted - tests.keys() == set()


def test_every_mark_names_a_rule(tests: dict[tuple[str, str], list[str]]) -> None:
    wanted = {(s, row) for s, rows in conformance.RULES.items() for row in rows}
    assert tests.keys() - wanted == set()


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


def test_there_are_many(tests: dict[tuple[str, str], list[str]]) -> None:
    assert sum(map(len, tests.values())) >= 200
