"""What counts as in use: walked back from a reference to what is certain to run."""

from __future__ import annotations

import platform
import random
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest

from collide.analysis.analysis import analyse
from collide.analysis.reachability import Reach
from collide.elf.code import scanned
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.loader.model import Dso
from collide.wheels.target import read_target
from scenario import Scenario

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="calls are read on x86-64 only; run the tests there"
)
MODULE = "int use(void); int PyInit_m(void) { return use(); }"
ALPHA = "int alpha(void) { return 1; }"


@pytest.fixture(params=["whole", "bit by bit"])
def s(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scenario:
    """A scenario whose ``w`` is a tree of modules and libraries; the host has an ``alpha``, too.

    Code is scanned at once or, as in large objects, only as far as needed.
    """
    if request.param != "whole":
        monkeypatch.setattr(scanned, "_SMALL", 0)
    scenario = Scenario(tmp_path)
    scenario.lib("libhost.so", ALPHA)
    scenario.lib("w/libalpha.so", ALPHA)
    return scenario


def is_used(s: Scenario, member: str, name: str = "alpha", *, known: bool = True) -> bool:
    """Whether ``member`` is found to use a name; the calls of all objects are ``known`` or none."""
    target = read_target(s.directory / "w")
    host = extract(str(s.host(needed=["libhost.so"])), Root())
    modules = [m.bound for m in analyse(target, host).modules if m.bound and m.name == "m.so"]
    assert modules
    dso = next(f for f in target.members.values() if f.path.endswith(f"/{member}"))
    reach = Reach(modules, {dso}, lambda f: f.calls if known else None)
    assert reach.uses(dso, ()) == frozenset()
    found = reach.uses(dso, [name])
    assert reach.uses(dso, [name]) == found <= {name}
    return bool(found)


def test_what_a_called_function_calls_is_used(s: Scenario) -> None:
    s.lib("w/libuser.so", "int alpha(void); int use(void) { return alpha() + 1; }",
          needed=["w/libalpha.so"])  # fmt: skip
    s.lib("w/m.so", MODULE, needed=["w/libuser.so"])
    assert is_used(s, "libuser.so")


def test_function_that_nobody_calls_uses_nothing(s: Scenario) -> None:
    source = "int alpha(void); int use(void) { return 1; } int other(void) { return alpha() + 1; }"
    s.lib("w/libuser.so", source, needed=["w/libalpha.so"])
    s.lib("w/m.so", MODULE, needed=["w/libuser.so"])
    assert not is_used(s, "libuser.so")
    assert is_used(s, "libuser.so", known=False)


def test_calls_lead_through_a_library_in_between_and_back(s: Scenario) -> None:
    s.lib("w/libuser.so", "int alpha(void); int inner(void) { return alpha() + 1; }",
          needed=["w/libalpha.so"])  # fmt: skip
    s.lib("w/libouter.so", "int inner(void); int use(void) { return inner() + 1; }",
          needed=["w/libuser.so"])  # fmt: skip
    s.lib("w/m.so", MODULE, needed=["w/libouter.so"])
    assert is_used(s, "libuser.so")


def test_function_whose_only_caller_got_another_is_not_used(s: Scenario) -> None:
    s.lib("libhost.so", f"{ALPHA} int inner(void) {{ return 2; }}")
    s.lib("w/libuser.so", "int alpha(void); int inner(void) { return alpha() + 1; }",
          needed=["w/libalpha.so"])  # fmt: skip
    s.lib("w/m.so", "int inner(void); int PyInit_m(void) { return inner() + 1; }",
          needed=["w/libuser.so"])  # fmt: skip
    assert not is_used(s, "libuser.so")
    assert not is_used(s, "libuser.so", known=False)


TABLE = """
int alpha(void);
static int method(void) { return alpha() + 1; }
int (*table[])(void) = { method };
int use(void) { return 1; }
"""


@pytest.mark.parametrize("called", [True, False])
def test_functions_in_data_are_used_as_soon_as_any_function_is(s: Scenario, called: bool) -> None:
    s.lib("w/libuser.so", TABLE, needed=["w/libalpha.so"])
    source = MODULE if called else "int use(void); int PyInit_m(void) { return 0; }"
    s.lib("w/m.so", f"{source} int unused(void) {{ return use() + 1; }}", needed=["w/libuser.so"])
    assert is_used(s, "libuser.so") is called


CONSTRUCTOR = """
int alpha(void);
int exported(void) { return alpha() + 1; }
static __attribute__((constructor)) void at_load(void) { exported(); }
"""


def test_constructor_runs_in_a_library_that_nobody_calls(s: Scenario) -> None:
    s.lib("w/libuser.so", CONSTRUCTOR, needed=["w/libalpha.so"])
    s.lib("w/m.so", "int PyInit_m(void) { return 0; }", needed=["w/libuser.so"])
    assert is_used(s, "libuser.so")
    assert not is_used(s, "libuser.so", known=False)


def test_constructor_calls_into_another_library(s: Scenario) -> None:
    s.lib("w/libuser.so", TABLE, needed=["w/libalpha.so"])
    caller = "int use(void); static __attribute__((constructor)) void f(void) { use(); }"
    s.lib("w/libcaller.so", caller, needed=["w/libuser.so"])
    s.lib("w/m.so", "int PyInit_m(void) { return 0; }", needed=["w/libcaller.so"])
    assert is_used(s, "libuser.so")


def test_of_a_module_only_its_initialisation_is_called(s: Scenario) -> None:
    source = "int alpha(void); int PyInit_m(void) { return 0; } int f(void) { return alpha() + 1; }"
    s.lib("w/m.so", source, needed=["w/libalpha.so"])
    assert not is_used(s, "m.so")


def test_what_is_no_module_of_python_is_used_for_any_function(s: Scenario) -> None:
    s.lib("w/m.so", "int alpha(void); int f(void) { return alpha() + 1; }",
          needed=["w/libalpha.so"])  # fmt: skip
    assert is_used(s, "m.so")


def test_object_that_does_not_lead_to_a_victim_is_none(s: Scenario) -> None:
    s.lib("w/m.so", "int PyInit_m(void) { return 0; }")
    assert not is_used(s, "libalpha.so")


NAMES = [f"name{i}" for i in range(6)]


def tangle(seed: int) -> str:
    """Functions that call each other, rarely or by their address, some of them by name."""
    chance = random.Random(seed)
    lines = ["#pragma GCC visibility push(default)", *(f"int {name}(int);" for name in NAMES)]
    lines.append("#pragma GCC visibility pop")
    functions = [f"f{i}" for i in range(14)]
    lines += [f"__attribute__((noinline{', cold' * (i % 3 == 0)})) int {f}(int);"
              for i, f in enumerate(functions)]  # fmt: skip
    for f in functions:
        called = chance.choice([*functions, *NAMES])
        rare, taken = chance.choice([*functions, *NAMES]), chance.choice(functions)
        lines.append(
            f"int {f}(int x) {{ int y = x; if (__builtin_expect(x == 7, 0)) y += {rare}(x);"
            f" return y * {called}(y) + (x == 9 ? (int)(long)&{taken} : 0); }}"
        )
    shown = '__attribute__((visibility("default")))'
    return "\n".join([*lines, f"{shown} int use(void) {{ return f0(1); }}"])


@pytest.mark.parametrize("seed", range(6))
def test_order_of_questions_decides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    s = Scenario(tmp_path)
    everything = "".join(f"int {name}(int x) {{ return x; }}" for name in NAMES)
    s.lib("libhost.so", everything)
    s.lib("w/liball.so", everything)
    s.lib("w/libuser.so", tangle(seed), "-O2", "-fvisibility=hidden", needed=["w/liball.so"])
    s.lib("w/m.so", MODULE, needed=["w/libuser.so"])
    host = extract(str(s.host(needed=["libhost.so"])), Root())
    answers = []
    for small in (1 << 20, 0):
        monkeypatch.setattr(scanned, "_SMALL", small)
        for order in (NAMES, NAMES[::-1]):
            target = read_target(s.directory / "w")
            modules = [m.bound for m in analyse(target, host).modules if m.bound]
            dso = next(f for f in target.members.values() if f.path.endswith("/libuser.so"))
            reach = Reach(modules, {dso}, lambda f: f.calls)
            answers.append({name for name in order if reach.uses(dso, [name])})
    assert answers == [answers[0]] * len(answers)


OWN = [f"own{i}" for i in range(10)]


def chains(seed: int) -> str:
    """Exported functions that call each other by name, and NAMES, through hidden ones."""
    chance = random.Random(seed)
    hidden = [f"inner{i}" for i in range(12)]
    lines = [f"int {name}(int);" for name in (*NAMES, *OWN)]
    lines += [f'__attribute__((noinline, visibility("hidden"))) int {f}(int);' for f in hidden]
    for f in (*OWN, *hidden, "use"):
        ones = chance.sample([*OWN, *hidden, *NAMES], 2)
        lines.append(f"int {f}(int x) {{ return {ones[0]}(x) * {ones[1]}(x + 1); }}")
    return "\n".join(lines)


def naively_used(dso: Dso, names: Iterable[str], own: AbstractSet[str]) -> set[str]:
    """The names that ``use`` leads to, where its object gets its ``own`` from itself."""
    graph = dso.calls
    assert graph is not None
    at = {name: dso.elf.exports.candidates(name)[0].value for name in (*own, "use")}
    runs = {at["use"]}
    for _ in range(100):
        runs |= {f for f in graph.functions if not runs.isdisjoint(graph.callers(f))}
        runs |= {at[name] for name in own if not runs.isdisjoint(graph.users(name))}
    return {name for name in names if not runs.isdisjoint(graph.users(name))}


@pytest.mark.parametrize("seed", range(12))
def test_names_are_followed_through_functions_that_are_called_by_name(
    tmp_path: Path, seed: int
) -> None:
    s = Scenario(tmp_path)
    taken = random.Random(seed).sample(OWN, 3)
    everything = "".join(f"int {name}(int x) {{ return x; }}" for name in NAMES)
    s.lib("libhost.so", everything + "".join(f"int {n}(int x) {{ return x; }}" for n in taken))
    s.lib("w/liball.so", everything)
    s.lib("w/libuser.so", chains(seed), "-O2", needed=["w/liball.so"])
    s.lib("w/m.so", MODULE, needed=["w/libuser.so"])
    host = extract(str(s.host(needed=["libhost.so"])), Root())
    asked = [*NAMES, *OWN]
    for order in (asked, asked[::-1]):
        target = read_target(s.directory / "w")
        modules = [m.bound for m in analyse(target, host).modules if m.bound and m.name == "m.so"]
        dso = next(f for f in target.members.values() if f.path.endswith("/libuser.so"))
        used = naively_used(dso, asked, {*OWN} - {*taken})
        reach = Reach(modules, {dso}, lambda f: f.calls)
        assert {name for name in order if reach.uses(dso, [name])} == used
        assert Reach(modules, {dso}, lambda f: f.calls).uses(dso, order) == used
