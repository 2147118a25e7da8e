"""What the files of a wheel open and ask for, asked all at once or one after another."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.repair.request import RunTimeUse
from collide.repair.takers import TargetFactsByArchitecture
from collide.wheels.archive import Member, write_wheel
from collide.wheels.target import read_target
from scenario import Scenario

PLAIN, HASHED = "libb.so.1", "libb-0a1b2c3d.so.1"
INIT = "void *PyInit_mod0(void) { return 0; }"
DLSYM = "void *dlsym(void *, const char *); void *g(void *h) { return dlsym(h, (char *)h); }"
DLOPEN = "void *dlopen(const char *, int); void *g(void *h) { return dlopen(h, 2); }"


def use(directory: Path, *objects: str, texts: dict[str, str] | None = None) -> RunTimeUse:
    """A wheel of some objects (C sources) and text files."""
    s = Scenario(directory)
    names = [f"mod{n}.so" for n, _ in enumerate(objects)]
    for name, source in zip(names, objects, strict=True):
        s.lib(name, source)
    members = [Member(name, (s.directory / name).read_bytes(), 0o755) for name in names]
    members += [Member(name, text.encode()) for name, text in (texts or {}).items()]
    path = s.directory / "demo-1.0-cp310-abi3-manylinux_2_17_x86_64.whl"
    write_wheel(path, [*members, Member("demo-1.0.dist-info/METADATA", b"Name: demo\n")])
    return RunTimeUse(read_target(path), [path])


@pytest.mark.parametrize(
    ("texts", "opened"),
    [
        ({"demo.py": f"name = '{PLAIN}'"}, {PLAIN}),
        ({"demo.py": f"name = '{HASHED}'"}, {HASHED}),
        ({"demo.py": "name = 'libb-{}.so.1'.format('0a1b2c3d')"}, {HASHED}),
        ({"demo.json": f'["{HASHED}"]'}, {HASHED}),
        ({"demo.cmake": f"set(L ${{P}}/{PLAIN})"}, {PLAIN}),
        ({"demo-1.0.dist-info/sbom.json": f'["{HASHED}"]'}, set()),
        ({"demo.md": PLAIN}, set()),
        ({"demo.py": "CDLL(glob('libb-*.so*')[0])"}, {PLAIN}),
        ({"demo.py": "CDLL(make_up())"}, {PLAIN}),
        ({"demo.py": "CDLL('libc.so.6')"}, set()),
        ({"demo.py": "import cffi"}, set()),
    ],
)
def test_under_which_names_python_may_open_a_library(
    tmp_path: Path, texts: dict[str, str], opened: set[str]
) -> None:
    """Whoever finds a name that has a hash by a pattern finds the new one."""
    found = use(tmp_path, INIT, texts=texts).opened({PLAIN, HASHED})
    assert found.keys() == opened
    assert all(next(iter(texts)) in reason for reason in found.values())


@pytest.mark.parametrize(
    ("source", "opened"),
    [
        (f'const char *t = "{HASHED}"; {INIT}', {HASHED}),
        (f'const char *t = "/{PLAIN}"; {DLOPEN}', {PLAIN}),
        (f'const char *t = "libb%s"; {DLOPEN}', {PLAIN}),
        (f'const char *t = "libb%s"; {INIT}', set()),
        (f'const char *t = "{PLAIN}"; {DLSYM}', set()),
        (DLOPEN, set()),
    ],
)
def test_under_which_names_an_object_may_open_a_library(
    tmp_path: Path, source: str, opened: set[str]
) -> None:
    found = use(tmp_path, source).opened({PLAIN, HASHED})
    assert found.keys() == opened
    assert all("mod0.so" in reason for reason in found.values())


@pytest.mark.parametrize(
    ("source", "text", "asks"),
    [
        (INIT, "", False),
        (INIT, "import ctypes; ctypes.CDLL('libc.so.6')", True),
        (DLSYM, "", True),
        (DLOPEN, "", False),
    ],
)
def test_whether_names_are_asked_for(tmp_path: Path, source: str, text: str, asks: bool) -> None:
    found = use(tmp_path, source, texts={"demo.py": text})
    assert found.asked_for("f") == asks
    assert found.asked_for("PyInit_demo")


@pytest.mark.parametrize(
    "steps", [[{PLAIN, HASHED}], [{PLAIN}, {HASHED}, {PLAIN, HASHED}], [set(), {PLAIN, HASHED}]]
)
def test_the_answer_is_the_same_however_it_is_asked(tmp_path: Path, steps: list[set[str]]) -> None:
    found = use(tmp_path, INIT, texts={"demo.py": "CDLL(name)", "a.json": HASHED})
    for asked in steps:
        assert found.opened(asked).keys() == asked


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
