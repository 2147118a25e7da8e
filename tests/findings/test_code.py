"""The record of a code, and that nothing reads more out of its identifier than that."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from checkout import PACKAGE
from collide.findings.code import Severity

_PARTS_OF_TEXT = {
    *("startswith", "endswith", "removeprefix", "removesuffix", "find", "index", "partition"),
}


def test_severities_are_ordered_and_named_in_lower_case() -> None:
    assert Severity.NOTE < Severity.WARNING < Severity.ERROR
    assert [str(s) for s in Severity] == ["note", "warning", "error"]


def _is_name_of_code(node: ast.expr) -> bool:
    """Whether an expression is a code's identifier or slug."""
    if isinstance(node, ast.Attribute):
        return node.attr in ("id", "slug")
    return isinstance(node, ast.Name) and node.id == "slug"


def _has_text(node: ast.expr) -> bool:
    return any(isinstance(n, ast.Constant) and isinstance(n.value, str) for n in ast.walk(node))


def comparisons_of_text(source: str) -> Iterator[str]:
    """The expressions that look into the text of an identifier or a slug, or write one out."""
    tree = ast.parse(source)
    made = {
        id(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Code"
    }
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=value) | ast.Match(subject=value) if _is_name_of_code(value):
                yield ast.unparse(node)
            case ast.Call(func=ast.Attribute(value=value, attr=attr)):
                if attr in _PARTS_OF_TEXT and _is_name_of_code(value):
                    yield ast.unparse(node)
            case ast.Compare(left=left, comparators=others):
                operands = (left, *others)
                if any(map(_is_name_of_code, operands)) and any(map(_has_text, operands)):
                    yield ast.unparse(node)
            case ast.Constant(value=str(text)):
                if re.fullmatch(r"COL\d*", text) and id(node) not in made:
                    yield text


@pytest.mark.parametrize(
    "source",
    [
        'code.id[3] == "2"',
        'finding.code.id.startswith("COL1")',
        'finding.code.id == "COL301"',
        'slug.endswith("-across-wheels")',
        'code.slug not in ("captured-soname", "undefined-symbol")',
        'match code.slug:\n    case "own-shadow": pass',
        '_REMEDIES = {"COL101": 1}',
    ],
)
def test_test_on_the_text_of_a_code_is_seen(source: str) -> None:
    assert list(comparisons_of_text(source))


@pytest.mark.parametrize(
    "source",
    [
        'Code("COL101", "split-library", Severity.ERROR)',
        "sorted(found, key=lambda f: f.code.id)",
        "finding.code.id in used",
        "_RULES[finding.code.id]",
        'f"{code.id} {code.slug}"',
    ],
)
def test_use_of_a_whole_identifier_is_none(source: str) -> None:
    assert list(comparisons_of_text(source)) == []


def test_no_module_decides_by_the_text_of_a_code() -> None:
    """``Code.family``, ``Code.shape`` and the marks of a code say what a module must know.

    What people choose on the command line is the beginning of a number.
    """
    found = {
        str(path.relative_to(PACKAGE)): texts
        for path in sorted(PACKAGE.rglob("*.py"))
        if (texts := list(comparisons_of_text(path.read_text())))
    }
    assert found == {"findings/chosen.py": ["COL"], "findings/code.py": ["self.id[3]"]}
