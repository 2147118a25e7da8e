"""The rules about interpositions: each in the file of its code, in the order, and with its test."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

from checkout import PACKAGE
from collide.findings.code import Code
from collide.findings.shadowing import order
from collide.findings.shadowing.replaced_library import replaced_library

FOLDER = PACKAGE / "findings/shadowing"
FILES = {path.stem: path for path in FOLDER.glob("[!_]*.py") if path.stem != "order"}
RULES = (*order.FIRST_MATCH, *order.WORST_OF, replaced_library)

each_file = pytest.mark.parametrize("name", sorted(FILES))


def test_every_file_of_a_code_has_its_test() -> None:
    tests = {path.stem for path in Path(__file__).parent.glob("test_*.py")}
    assert tests == {f"test_{name}" for name in (*FILES, "order")}


@each_file
def test_order_names_every_rule_of_a_file(name: str) -> None:
    rules = {
        node.name
        for node in ast.parse(FILES[name].read_text()).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and node.returns is not None
        and ast.unparse(node.returns).startswith("RuleResult")
    }
    named = {rule.__name__ for rule in RULES if rule.__module__.endswith(f".{name}")}
    assert named == rules != set()


@each_file
def test_file_has_the_one_code_of_its_name(name: str) -> None:
    module = import_module(f"collide.findings.shadowing.{name}")
    (found,) = (value for value in vars(module).values() if isinstance(value, Code))
    assert found.slug == name.replace("_", "-")
    assert (module.__doc__ or "").startswith(f"{found.id}, {found.slug}: ")


@each_file
def test_text_of_a_code_quotes_every_threshold(name: str) -> None:
    thresholds, quoted = set[str](), set[str]()
    for node in ast.parse(FILES[name].read_text()).body:
        if not isinstance(node, ast.Assign):
            continue
        if isinstance(node.value, ast.Constant) and type(node.value.value) in (int, float):
            thresholds.add(ast.unparse(node.targets[0]))
        elif ast.unparse(node.value).startswith("Code("):
            quoted = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
    # Those of which no text speaks are private.
    assert {threshold for threshold in thresholds if not threshold.startswith("_")} <= quoted


def test_no_rule_is_named_twice() -> None:
    assert len(set(RULES)) == len(RULES)


@pytest.mark.parametrize("rule", order.WORST_OF, ids=lambda rule: rule.__name__)
def test_rule_that_is_compared_says_why_it_holds_for_any_library(rule: order.FindingRule) -> None:
    assert rule.__doc__ is not None
    assert len(rule.__doc__.splitlines()) > 3
