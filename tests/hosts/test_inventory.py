"""What ``collide profiles`` tells of hosts: shipped, recorded and installed ones."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NoReturn

import pytest

from checkout import WHEELS
from collide.cli.main import main
from collide.cli.streams import EXIT_FAULT
from collide.hosts.database import load_shipped, shipped_names, shipped_summary
from collide.hosts.inventory import Inventory, Missing
from collide.hosts.profile_file.symbols import RecordedExports
from collide.loader.link_map import LoadFailure
from scenario import require_loader
from systems import require_host

NAME = "debian-12-uwsgi-python3"
HOST = WHEELS / "host/host"


def inventory(name: str) -> Inventory:
    """The inventory of a shipped host."""
    return Inventory(shipped_summary(name), load_shipped(name))


def as_json(tmp_path: Path, *arguments: str | Path) -> list[Any]:
    """The profiles that the command tells of."""
    file = tmp_path / "out.json"
    assert main(["profiles", *map(str, arguments), "--format", "json", "-o", str(file)]) == 0
    told = json.loads(file.read_bytes())
    assert told["schema"] == "collide-profiles/1"
    profiles: list[Any] = told["profiles"]
    return profiles


def test_inventory_lists_what_is_loaded_with_its_package() -> None:
    entry = inventory(NAME)
    host = load_shipped(NAME)
    assert [lib.path for lib in entry.libraries] == [m.dso.path for m in host.process.maps]
    in_scope = sorted((lib.scope, lib.path) for lib in entry.libraries if lib.scope is not None)
    assert [path for _, path in in_scope] == [m.dso.path for m in host.process.global_scope]
    assert dict(entry.packages)["uwsgi-core"]
    assert all(lib.package for lib in entry.libraries)
    (plugin,) = (lib for lib in entry.libraries if lib.path == entry.host.rtld_global[0])
    assert (plugin.found.how, plugin.needed_by) == ("opened", None)


def test_missing_libraries_are_told_with_what_needs_them() -> None:
    lost = [LoadFailure("missing-library", f"/{user}.so", "libgone.so.1") for user in "aab"]
    host = load_shipped(NAME)._replace(failures=tuple(lost))
    missing = Inventory(shipped_summary(NAME), host).missing
    assert missing == (Missing("libgone.so.1", "/a.so"), Missing("libgone.so.1", "/b.so"))


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


def test_list_reads_no_names_of_symbols(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the time of two small checks: to count the names of all hosts takes twenty more."""

    def refuse(_: RecordedExports) -> NoReturn:
        raise AssertionError

    monkeypatch.setattr(RecordedExports, "names", property(refuse))
    assert main(["profiles"]) == 0
    assert main(["profiles", "-v"]) == 0
    assert main(["profiles", "show", NAME]) == EXIT_FAULT


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
    (profile,) = as_json(tmp_path, "show", NAME)
    assert profile["name"] == NAME
    assert profile["python"] == "cp311"
    assert len(profile["libraries"]) == len(inventory(NAME).libraries)
    assert profile["libraries"][0]["needed_by"] is None


def test_show_takes_a_binary(capsys: pytest.CaptureFixture[str]) -> None:
    require_loader()
    assert main(["profiles", "show", str(HOST)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(rf"\S+-host \(no Python, glibc [\d.]+, x86_64\), from {HOST}", lines[0])
    assert lines[1].startswith(f"  {HOST} [executable; scope 0; ")
    library = HOST.with_name("libvault.so.1")
    assert lines[2] == f"    {library} [RPATH of {HOST}; scope 1; 4 names]"


def test_recorded_host_has_the_inventory_of_the_installed_one(tmp_path: Path) -> None:
    require_host("/usr/bin/gdb")
    file = tmp_path / "gdb.json"
    assert main(["profile", "/usr/bin/gdb", "-o", str(file)]) == 0
    (installed,) = as_json(tmp_path, "show", "/usr/bin/gdb")
    (recorded,) = as_json(tmp_path, "show", file)
    assert (installed.pop("source"), recorded.pop("source")) == ("/usr/bin/gdb", str(file))
    assert recorded == installed
    packages = {lib["path"]: lib["package"] for lib in installed["libraries"]}
    assert packages["/usr/bin/gdb"]["name"] == "gdb"
    assert None not in packages.values()


def test_packages_of_this_machine_are_not_those_of_a_recorded_host(tmp_path: Path) -> None:
    require_loader()
    file = tmp_path / "host.json"
    assert main(["profile", str(HOST), "-o", str(file)]) == 0
    recorded = json.loads(file.read_bytes())
    for known in recorded["objects"]:
        known["package"] = None
    file.write_text(json.dumps(recorded))
    (profile,) = as_json(tmp_path, "show", file)
    assert {lib["package"] for lib in profile["libraries"]} == {None}


def test_binary_can_have_more_preloaded_and_opened(tmp_path: Path) -> None:
    require_loader()
    libz, libm = (f"/lib/x86_64-linux-gnu/{name}" for name in ("libz.so.1", "libm.so.6"))
    (profile,) = as_json(tmp_path, "show", HOST, "--preload", libm, "--global", libz)
    found = {lib["soname"]: lib["found"]["how"] for lib in profile["libraries"]}
    assert (found["libm.so.6"], found["libz.so.1"]) == ("preload", "opened")
    assert profile["global"] == [libz]


def test_list_has_binaries_and_files_beside_shipped_hosts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    require_loader()
    assert main(["profiles", "debian-12-gdb", str(HOST)]) == 0
    shipped, own, count = capsys.readouterr().out.splitlines()
    assert shipped.split()[0] == "debian-12-gdb"
    assert re.fullmatch(rf"\S+-host +- +x86_64 +glibc [\d.]+ +4 objects +{HOST}", own)
    assert count == "2 hosts"


@pytest.mark.parametrize(
    "arguments",
    [["nope"], ["show", "nope"], ["show"], ["show", NAME, "--preload", "libz.so.1"], ["show", "/"]],
    ids=" ".join,
)
def test_what_is_no_profile_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(["profiles", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
