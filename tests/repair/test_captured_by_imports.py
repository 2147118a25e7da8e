"""Libraries in whose place an import of the interpreter's own modules puts another one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from collide.check.check import check
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.repair.import_trial import unpack_wheel
from collide.repair.repair import Repair, prepare, write_repaired
from collide.repair.request import RepairOptions
from collide.report.repair import document
from collide.wheels.archive import Member, write_wheel
from collide.wheels.target import read_target
from scenario import Scenario

OWN = "lib/python3.11/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so"
LIBRARY = "demo.libs/libv.so.3"
OLD, NEW = "V_1 { global: f; local: *; };", "V_1 { global: f; }; V_2 { global: g; local: *; };"
F, G = "int f(void) { return 1; }", "int g(void) { return 2; }"
CALLS = {name: f"int {name}(void); int m(void) {{ return {name}(); }}" for name in "fg"}
INIT = "void *PyInit_m(void) { return 0; }"


@pytest.fixture
def s(tmp_path: Path) -> Scenario:
    return Scenario(tmp_path)


def interpreter(s: Scenario, library: str = F, versions: str = OLD, calls: str = "f") -> Path:
    """``python3.11``, whose ``_ssl`` needs the system's ``libv.so.3``."""
    s.lib("system/libv.so.3", library, versions=versions)
    way = "$ORIGIN/../../../system"
    s.module(OWN, CALLS[calls], needed=["system/libv.so.3"], runpath=way)
    return s.host(name="bin/python3.11")


def prepared(
    s: Scenario,
    binary: Path,
    calls: str,
    library: str = F + G,
    versions: str = NEW,
    more: Sequence[Member] = (),
) -> Repair:
    """The plan for a wheel with a module and a ``libv.so.3`` of its own."""
    s.lib(LIBRARY, library, versions=versions)
    s.module("m.abi3.so", CALLS[calls] + INIT, needed=[LIBRARY], runpath="$ORIGIN/demo.libs")
    path = s.directory / "demo-1.0-cp310-abi3-manylinux_2_17_x86_64.whl"
    members = [Member(n, (s.directory / n).read_bytes(), 0o755) for n in ("m.abi3.so", LIBRARY)]
    write_wheel(path, [*members, *more, Member("demo-1.0.dist-info/METADATA", b"Name: demo\n")])
    return prepare([path], [extract(str(binary), Root())], RepairOptions())


def advised(s: Scenario, binary: Path) -> list[tuple[str, bool]]:
    """The codes of what `check` finds in the wheel, and whether it says that a repair helps."""
    (path,) = s.directory.glob("demo-1.0-*.whl")
    (judged,) = check([read_target(path)], [extract(str(binary), Root())]).judged
    return [(f.code.id, n in judged.repairable) for n, f in enumerate(judged.findings)]


def written(s: Scenario, repair: Repair) -> str:
    """The module of the wheel that the repair writes, unpacked."""
    (made,) = write_repaired(repair, [s.directory / "repaired"], document)
    unpack_wheel(made, s.directory / "site")
    return "site/lib/python/site-packages/m.abi3.so"


@pytest.mark.rule("4.4", "captured file")
def test_library_that_is_too_old_behind_an_import_gets_another_name(s: Scenario) -> None:
    binary = interpreter(s)
    repair = prepared(s, binary, "g")
    assert s.compare(binary, OWN, "m.abi3.so").messages[1] != "ok"
    assert list(repair.plan.moved) == [LIBRARY]
    assert advised(s, binary) == [("COL202", True)]
    assert s.compare(binary, OWN, written(s, repair)).messages == ("ok", "ok")


@pytest.mark.rule("4.4", "captured file")
def test_library_behind_which_the_import_fails_gets_another_name(s: Scenario) -> None:
    binary = interpreter(s, F + G, NEW, "g")
    repair = prepared(s, binary, "f", F, OLD)
    assert s.compare(binary, "m.abi3.so", OWN).messages[1] != "ok"
    assert list(repair.plan.moved) == [LIBRARY]
    assert ("COL202", True) in advised(s, binary)
    assert s.compare(binary, written(s, repair), OWN).messages == ("ok", "ok")


def test_library_that_must_keep_its_name_is_not_said_to_be_mended(s: Scenario) -> None:
    opens = Member("opens.py", b'import ctypes\nctypes.CDLL("libv.so.3")\n')
    binary = interpreter(s)
    repair = prepared(s, binary, "g", more=[opens])
    assert not repair.plan.moved
    assert [kept.name for kept in repair.plan.kept] == ["libv.so.3"]
    assert advised(s, binary) == [("COL202", False)]


def test_library_that_serves_behind_an_import_keeps_its_name(s: Scenario) -> None:
    assert not prepared(s, interpreter(s), "f").plan.moved


def test_unloaded_library_keeps_its_name(s: Scenario) -> None:
    """Without an interpreter's own module nothing takes its place."""
    interpreter(s)
    assert not prepared(s, s.host(name="other"), "g").plan.moved
