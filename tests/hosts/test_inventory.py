"""What ``collide profiles`` tells of the shipped hosts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from collide.cli.main import main
from collide.hosts.database import load_shipped, shipped_names
from collide.hosts.inventory import Missing, inventory

NAME = "debian-12-uwsgi-python3"


def test_inventory_lists_what_is_loaded_with_its_package() -> None:
    entry = inventory(NAME)
    host = load_shipped(NAME)
    assert [lib.path for lib in entry.libraries] == [m.dso.path for m in host.process.maps]
    in_scope = sorted((lib.scope, lib.path) for lib in entry.libraries if lib.scope is not None)
    assert [path for _, path in in_scope] == [m.dso.path for m in host.process.global_scope]
    assert dict(entry.packages)["uwsgi-core"]
    assert all(lib.package for lib in entry.libraries)
    (plugin,) = (lib for lib in entry.libraries if lib.path == entry.rtld_global[0])
    assert (plugin.found.how, plugin.needed_by) == ("opened", None)


def test_missing_libraries_are_told_with_what_needs_them() -> None:
    missing = inventory("debian-12-blender").missing
    assert Missing("libblas.so.3", "/usr/lib/x86_64-linux-gnu/libopencv_core.so.4.6.0") in missing
    assert len(set(missing)) == len(missing)


def test_list_has_a_line_for_each_host(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profiles"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert names == [*shipped_names(), str(len(shipped_names()))]
    (line,) = (line for line in lines if line.startswith("debian-12-python3 "))
    assert re.split(r"  +", line) == [
        *("debian-12-python3", "cp311", "x86_64", "glibc 2.36", "cpython", "6 objects"),
        "Debian 12 (bookworm)",
    ]


def test_list_takes_patterns_groups_and_tells_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profiles", "pypy", "debian-12-gdb", "-v"]) == 0
    out = capsys.readouterr().out
    assert "debian-12-pypy3 " in out
    assert "debian-12-python3 " not in out
    assert re.search(r"packages: .*\bgdb=13\.1-3 ", out)
    assert re.search(r"libraries: gdb .*libcrypto\.so\.3", out)


def test_show_is_a_tree_that_says_how_each_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profiles", "show", NAME]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{NAME} (cp311, glibc 2.36, x86_64), from Debian 12")
    (executable,) = (line for line in lines if "/usr/bin/uwsgi-core" in line)
    assert "[executable; scope 0; " in executable
    (crypto,) = (line for line in lines if "libcrypto.so.3 " in line)
    assert re.match(r" {4,}/usr/lib/\S+ \[(system directory|ld\.so\.cache)", crypto)
    assert "libssl3 " in crypto


def test_json_is_the_whole_inventory(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    assert main(["profiles", "show", NAME, "--format", "json", "-o", str(file)]) == 0
    told = json.loads(file.read_bytes())
    assert told["schema"] == "collide-profiles/1"
    (profile,) = told["profiles"]
    assert profile["name"] == NAME
    assert profile["python"] == "cp311"
    assert len(profile["libraries"]) == len(inventory(NAME).libraries)
    assert profile["libraries"][0]["needed_by"] is None


@pytest.mark.parametrize("arguments", [["nope"], ["show", "nope"], ["show"]])
def test_what_is_no_profile_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(["profiles", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
