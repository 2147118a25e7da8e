"""Every rule has its scenario."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import conformance
from checkout import TOOLS


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


def test_there_are_many(counted: dict[tuple[str, str], int]) -> None:
    assert sum(counted.values()) >= 200
