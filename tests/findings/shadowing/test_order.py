"""The rules about interpositions: each in the file of its code, in the order, and with its test."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

from checkout import PACKAGE
from collide.analysis.analysis import analyse
from collide.analysis.interposition import Interposition, find_interpositions
from collide.filesystems.root import Root
from collide.findings.code import Code, Severity
from collide.findings.shadowing import order
from collide.findings.shadowing.replaced_library import replaced_library
from collide.hosts.extract import extract
from collide.loader.model import Dso
from collide.wheels.target import read_target
from judging import functions, many, module, only_x86_64
from scenario import Scenario

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


@pytest.mark.parametrize(
    ("architecture", "read", "severity"),
    [
        ("x86_64", True, Severity.ERROR),
        ("x86_64", False, Severity.ERROR),
        ("s390x", False, Severity.WARNING),
    ],
)
@only_x86_64
def test_library_inside_is_no_error_where_code_is_not_read(
    s: Scenario, architecture: str, read: bool, severity: Severity
) -> None:
    interposition = _taken(s, inside=True)
    result = order.judge_interposition(_as_on(interposition, architecture, read=read))
    assert (result.code.id, result.severity) == ("COL101", severity)
    told = " ".join(result.evidence)
    assert ("Code of s390x is not read here" in told) is (architecture == "s390x")
    assert ("is not known for this object" in told) is (architecture == "x86_64" and not read)


@only_x86_64
def test_library_beside_is_judged_alike_where_code_is_not_read(s: Scenario) -> None:
    interposition = _taken(s, inside=False)
    result = order.judge_interposition(_as_on(interposition, "s390x", read=False))
    assert (result.code.id, result.severity) == ("COL101", Severity.ERROR)


def _taken(s: Scenario, *, inside: bool) -> Interposition:
    """A module whose library, linked into it or beside it, a host has in part."""
    old, added = many("lib_old", 5), many("lib_new", 2)
    s.lib("libhost.so", functions(*old))
    if inside:
        # The linker lays a library out in one piece: what is between its functions is its own.
        s.lib("w/m.so", functions(*old[:2], *added, *old[2:]) + module(*old, *added))
    else:
        s.lib("w/liblib.so", functions(*old, *added))
        s.lib("w/m.so", module(*old, *added), needed=["w/liblib.so"])
    host = extract(str(s.host(needed=["libhost.so"])), Root())
    analysis = analyse(read_target(s.directory / "w"), host)
    found = [i for i in find_interpositions(analysis) if i.victim.path.endswith("/m.so")]
    (one,) = found
    return one


def _as_on(one: Interposition, architecture: str, *, read: bool) -> Interposition:
    victim = one.victim
    elf = victim.elf._replace(machine=victim.elf.machine._replace(name=architecture))
    other = Dso(victim.path, victim.identity, elf)
    same = {victim: other}
    intended = tuple(same.get(dso, dso) for dso in one.intended)
    return one._replace(victim=other, intended=intended, calls_known=read)
