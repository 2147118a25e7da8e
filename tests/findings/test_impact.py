"""What wheels newly take from a host that has grown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checkout import WHEELS
from collide.cli.main import main
from collide.filesystems.root import Root
from collide.findings.impact import impact
from collide.hosts.database import load_shipped
from collide.hosts.extract import extract
from collide.wheels.target import read_target
from scenario import Scenario
from systems import built

Out = pytest.CaptureFixture[str]
WHEELS = WHEELS / "dist"


def test_wheel_that_does_not_fit_is_told() -> None:
    """A wheel for another architecture is not compared."""
    old, new = (load_shipped(f"debian-12-arm64-{name}") for name in ("python3", "pypy3"))
    (wheel,) = WHEELS.glob("specimen_static_exported-*.whl")
    found = impact(read_target(wheel), old, new)
    assert found.left_out is not None
    assert found.left_out.startswith("debian-12-arm64-pypy3: ")
    assert not found.taken


def test_wheel_for_one_of_two_interpreters_is_opened_on_both(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    source = "int BZ2_bzCompress(void) { return 1; } int PyNowhere_Defined(void);"
    source += "int PyInit_m(void) { return BZ2_bzCompress() + PyNowhere_Defined(); }"
    module = s.lib("m.cpython-311-x86_64-linux-gnu.so", source)
    old, new = (load_shipped(f"debian-12-{name}") for name in ("python3", "pypy3"))
    target = read_target(module)._replace(tags=frozenset({"cp311-cp311-manylinux_2_17_x86_64"}))
    found = impact(target, old, new)
    assert found.left_out is None
    assert list(found.taken.values()) == [("BZ2_bzCompress",)]
    assert found.failures == ()


def test_module_that_can_be_opened_no_more(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("lib/libv.so.1", "int f(void) { return 1; }", versions="V2 { f; };")
    s.lib(
        "mods/m.so",
        "int f(void); int g(void) { return f(); }",
        needed=["lib/libv.so.1"],
        runpath="$ORIGIN/../lib",
    )
    s.lib("other/libv.so.1", "int f(void) { return 1; }", versions="V1 { f; };")
    old = extract(str(s.host(name="old")), Root())
    new = extract(
        str(s.host(name="new", needed=["other/libv.so.1"], runpath="$ORIGIN/other")), Root()
    )
    found = impact(read_target(tmp_path / "mods/m.so"), old, new)
    (failure,) = found.failures
    assert "version-not-found V2" in failure
    assert impact(read_target(tmp_path / "mods/m.so"), new, new).failures == ()


def test_impact_shows_which_wheels_are_newly_shadowed(tmp_path: Path, capsys: Out) -> None:
    old = built(tmp_path)
    recorded = tmp_path / "old.json"
    assert main(["profile", str(old), "-o", str(recorded)]) == 0
    s = Scenario(tmp_path)
    s.lib("libmore.so.1", "int bz(void) { return 1; }")
    new = s.host("int main_export;", needed=["liba.so", "libv.so", "libmore.so.1"])
    own = "int bz(void) { return 2; } int a1(void) { return 2; } int quiet(void) { return 2; }"
    s.lib("mods/bundled.so", own + " int g(void) { return bz() + a1() + quiet(); }")
    s.lib("mods/safe.so", "static int bz(void) { return 2; } int h(void) { return bz(); }")
    modules = [str(tmp_path / f"mods/{name}.so") for name in ("bundled", "safe")]
    missing = str(tmp_path / "none.so")
    command = ["diff", str(recorded), str(new), "--impact", *modules]
    assert main(command) == 1
    told = capsys.readouterr().out.splitlines()[-2:]
    # a1 was taken before.
    assert told == [
        f"{modules[0]}: {modules[0]} newly takes from {tmp_path}/libmore.so.1: 1: bz",
        f"{modules[1]}: nothing is newly shadowed",
    ]
    assert main([*command, "--format", "json"]) == 1
    first, second = json.loads(capsys.readouterr().out)["impact"]
    assert [t["symbols"] for t in first["taken"]] == [["bz"]]
    assert second["taken"] == []
    assert main([*command, missing]) == 2
    assert capsys.readouterr().err.startswith(f"collide: {missing}: ")
