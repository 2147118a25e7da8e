"""What files say about names: asked all at once or one after another, the answers are the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.repair.request import RuntimeNames
from collide.repair.takers import TargetFactsByArchitecture
from collide.wheels.archive import Member, write_wheel
from collide.wheels.target import read_target
from scenario import Scenario

LIBRARY = "demo.libs/libb-0a1b2c3d.so"
COUNT = 100  # more names than an alternation is made of


@pytest.fixture(params=[False, True], ids=["once", "repeatedly"])
def names(tmp_path: Path, request: pytest.FixtureRequest) -> RuntimeNames:
    """A module that asks ``libb`` for names, and one that only has them in its text."""
    s = Scenario(tmp_path)
    functions = [f"int name_{n}(void) {{ return {n}; }}" for n in range(COUNT)]
    s.lib(LIBRARY, "\n".join([*functions, "int f(void) { return 1; }"]))
    asked = ", ".join(f'"name_{n}"' for n in range(0, COUNT, 2))
    opens = f"""
    const char *library = "libb.so", *names[] = {{ {asked}, "f", "say name_1", "name_3!" }};
    void *dlopen(const char *, int), *dlsym(void *, const char *);
    void *PyInit_asks(void) {{ return dlsym(dlopen(library, 2), names[0]); }}
    """
    s.lib("asks.so", opens)
    s.lib("tells.so", 'const char *p = "name_5"; void *PyInit_tells(void) { return 0; }')
    path = s.directory / "demo-1.0-cp310-abi3-manylinux_2_17_x86_64.whl"
    objects = ["asks.so", "tells.so", LIBRARY]
    members = [Member(name, (s.directory / name).read_bytes(), 0o755) for name in objects]
    source = b"import ctypes\nctypes.CDLL('libb.so').name_7()\n"
    metadata = Member("demo-1.0.dist-info/METADATA", b"Name: demo\n")
    write_wheel(path, [*members, metadata, Member("demo.py", source)])
    return RuntimeNames(read_target(path), [path], repeatedly=request.param)


ALL = frozenset(["f", "PyInit_asks", *(f"name_{n}" for n in range(COUNT))])
TEXT = {"f", "name_1", *(f"name_{n}" for n in range(0, COUNT, 2))}


@pytest.mark.parametrize(
    "steps",
    [
        [ALL],
        [{"name_0"}, {"name_1", "name_2"}, ALL],
        [{"f", "name_9"}, {f"name_{n}" for n in range(60)}, {"f"}, ALL],
        [{"name_3"}, set(), {"name_7"}, ALL],
    ],
)
def test_what_is_asked_for_by_name(names: RuntimeNames, steps: list[set[str]]) -> None:
    for asked in steps:
        found = names.reachable(asked)
        assert found.keys() == asked & {*TEXT, "name_7", "PyInit_asks"}
    assert {reason for name, reason in found.items() if name in TEXT} == {
        "stands as text in asks.so, which calls dlsym"
    }
    assert found["name_7"] == "stands in demo.py, which may use a library it opened"
    assert found["PyInit_asks"] == "is a documented entry point"


def test_standing_is_that_of_the_target_and_of_its_architectures(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib(
        "one.so",
        'void *operator_new(void) __asm__("_Znwm"); void *f(void) { return operator_new(); }',
    )
    s.lib(
        "two.so",
        'void *operator_new(void) __asm__("_Znwm"); void *operator_new(void) { return 0; }',
    )
    whole = read_target(s.directory)
    path = next(path for path in whole.members if path.endswith("one.so"))
    part = whole._replace(members={path: whole.members[path]})
    facts = TargetFactsByArchitecture(whole)
    own, none = frozenset([whole.members[path].elf.architecture]), frozenset[str]()
    for _ in range(2):
        assert facts.of(whole, own).owns_allocation
        assert not facts.of(part, own).owns_allocation
        assert not facts.of(whole, none).files
    assert facts.of(whole, own) is facts.of(whole, own)
