"""What a host puts before every module, and its small form in a file."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collide.cli.main import main
from collide.elf.constants import STV_HIDDEN
from collide.filesystems.root import Root
from collide.hosts.database import load_shipped
from collide.hosts.extract import extract
from collide.hosts.footprint import (
    SCHEMA,
    Footprint,
    FootprintLibrary,
    of_host,
    read_baseline,
    to_baseline,
)
from collide.support.errors import InputError
from scenario import Scenario
from systems import built


def footprint(binary: Path, *preload: Path) -> Footprint:
    return of_host(extract(str(binary), Root(), name="n", preload=list(map(str, preload))))


def library(footprint: Footprint, name: str) -> FootprintLibrary:
    (found,) = (e for e in footprint.libraries if e.name == name)
    return found


def test_libraries_are_in_scope_order_with_all_that_need_them(tmp_path: Path) -> None:
    found = footprint(built(tmp_path)).libraries
    names = ["host", "liba.so", "libv.so", "libc.so.6", "ld-linux-x86-64.so.2"]
    assert [e.name for e in found] == names
    assert [e.needed_by for e in found[:3]] == [(), ("host", "libv.so"), ("host",)]


def test_exports_are_told_apart_by_version(tmp_path: Path) -> None:
    found = footprint(built(tmp_path))
    plain, versioned = library(found, "liba.so"), library(found, "libv.so")
    assert plain.exports is not None
    assert plain.exports.unversioned == {"a1", "a2", "a3"}
    assert not plain.exports.versioned
    assert plain.unversioned == 3
    assert versioned.exports is not None
    assert not versioned.exports.unversioned
    assert versioned.exports.versioned == {"v1@V1", "v2@V2"}
    assert versioned.exports.versions == {"V1", "V2"}
    binary = library(found, "host")
    assert binary.exports is not None
    assert "main_export" in binary.exports.unversioned


def test_own_are_the_binary_and_its_interpreter() -> None:
    found = of_host(load_shipped("debian-12-pypy3"))
    assert [e.name for e in found.libraries if e.own] == ["pypy3.9", "libpypy3.9-c.so"]


def test_what_nothing_can_bind_to_does_not_count(tmp_path: Path) -> None:
    from scenario import patch_symbol

    host = built(tmp_path)
    patch_symbol(tmp_path / "liba.so", "a2", visibility=STV_HIDDEN)
    assert library(footprint(host), "liba.so").unversioned == 2


def test_openings_missing_libraries_and_search_paths_are_told(tmp_path: Path) -> None:
    host = built(tmp_path)
    s = Scenario(tmp_path)
    s.lib("plugin.so", "int p;")
    s.lib("early.so", "int e;")
    s.lib("libgone.so")
    s.lib("libv.so", needed=["libgone.so"], rpath="/some/where")
    (tmp_path / "libgone.so").unlink()
    found = of_host(
        extract(
            str(host),
            Root(),
            preload=[str(tmp_path / "early.so")],
            rtld_global=[str(tmp_path / "plugin.so")],
            library_path=["/lp"],
        )
    )
    assert found.openings == ("preloads early.so", "opens plugin.so RTLD_GLOBAL")
    assert found.missing == ("libgone.so",)
    assert "RUNPATH $ORIGIN of host" in found.search_paths
    assert "RPATH /some/where of libv.so" in found.search_paths
    assert "LD_LIBRARY_PATH /lp" in found.search_paths
    assert "system directory /lib" in found.search_paths


def test_recorded_host_has_the_footprint_of_the_real_one(tmp_path: Path) -> None:
    host, file = built(tmp_path), tmp_path / "n.json"
    assert main(["profile", str(host), "--name", "n", "-o", str(file)]) == 0
    from collide.hosts.profile_file.read import load

    assert of_host(load(file)) == footprint(host)


def test_two_libraries_of_one_name_are_two(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("one/libx.so", soname=None)
    s.lib("two/libx.so", soname=None)
    s.lib("liba.so", needed=["one/libx.so"], runpath="$ORIGIN/one")
    s.lib("libb.so", needed=["two/libx.so"], runpath="$ORIGIN/two")
    host = s.host(needed=["liba.so", "libb.so"])
    names = [e.name for e in footprint(host).libraries]
    # The loader takes the first for both: it is one library of that name.
    assert [n for n in names if n.startswith("libx.so")] == ["libx.so"]
    s.lib("three/libx.so", soname="libx.so")
    found = footprint(host, tmp_path / "three/libx.so", tmp_path / "one/libx.so")
    names = [e.name for e in found.libraries if e.name.startswith("libx.so")]
    assert names == ["libx.so", f"libx.so ({tmp_path}/one/libx.so)"]


# -- baselines ------------------------------------------------------------------------------------


def test_baseline_is_read_as_it_was_written(tmp_path: Path) -> None:
    whole = of_host(load_shipped("debian-12-pypy3"))
    file = tmp_path / "b.json"
    file.write_text(to_baseline(whole))
    small = read_baseline(file)
    assert small == whole._replace(
        libraries=tuple(
            e._replace(exports=None, unversioned=e.unversioned if e.own else min(e.unversioned, 1))
            for e in whole.libraries
        )
    )
    assert to_baseline(small) == to_baseline(whole)


def test_baseline_is_small_and_has_a_line_for_each_library() -> None:
    whole = of_host(load_shipped("debian-12-pypy3"))
    text = to_baseline(whole)
    assert len(text) < 3000
    assert json.loads(text)["schema"] == SCHEMA
    for entry in whole.libraries:
        assert sum(line.startswith(f'  "{entry.name}": ') for line in text.splitlines()) == 1


GOOD = {
    "schema": SCHEMA,
    "name": "n",
    "libraries": {"x": {"unversioned": 1, "needed_by": []}},
    "openings": [],
    "search_paths": [],
    "missing": [],
}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not a readable baseline"),
        ("[" * 100_000, "not a readable baseline"),
        ("[]", "not a baseline of schema"),
        ('{"schema": "collide-profile/1"}', "its schema is 'collide-profile/1'"),
        (json.dumps({**GOOD, "libraries": {}}), "not a valid baseline .*no libraries"),
        (json.dumps({**GOOD, "libraries": {"x": 1}}), "not a valid baseline"),
        (json.dumps({**GOOD, "libraries": []}), "not a valid baseline"),
        (json.dumps({**GOOD, "missing": [1]}), r"missing\[0\] is no string"),
        (json.dumps({**GOOD, "missing": [float("inf")]}), "Infinity is no number of JSON"),
        (json.dumps({**GOOD, "missing": None}), "not a valid baseline"),
        (json.dumps({k: v for k, v in GOOD.items() if k != "openings"}), "not a valid baseline"),
    ],
)
def test_what_is_no_baseline_is_told(text: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    file.write_text(text)
    with pytest.raises(InputError, match=rf"^{file}: .*{reason}"):
        read_baseline(file)


# -- the command ----------------------------------------------------------------------------------

Out = pytest.CaptureFixture[str]


def test_command_prints_writes_and_compares(tmp_path: Path, capsys: Out) -> None:
    host, file = built(tmp_path), tmp_path / "baseline.json"
    assert main(["footprint", str(host)]) == 0
    printed = capsys.readouterr().out
    assert main(["footprint", str(host), "--baseline", str(file), "--update"]) == 0
    assert file.read_text() == printed
    assert main(["footprint", str(host), "--baseline", str(file)]) == 0
    assert "the link footprint is equal" in capsys.readouterr().out


def test_grown_binary_fails_until_it_is_allowed_or_updated(tmp_path: Path, capsys: Out) -> None:
    host, file, reasons = built(tmp_path), tmp_path / "baseline.json", tmp_path / "allowed"
    command = ["footprint", str(host), "--baseline", str(file)]
    assert main([*command, "--update"]) == 0
    s = Scenario(tmp_path)
    s.lib("libmore.so.1", "int more;")
    s.host(needed=["liba.so", "libv.so", "libmore.so.1"])
    assert main(command) == 1
    told = capsys.readouterr().out
    assert "error   COL501 links libmore.so.1 too (needed by host; 1 unversioned exports; " in told
    assert main([*command, "--allow", "libmore.so.*"]) == 0
    assert "not up to date" in capsys.readouterr().err
    reasons.write_text("libmore.so.*  # a test needs it\n")
    assert main([*command, "--allow-list", str(reasons)]) == 0
    assert "because a test needs it" in capsys.readouterr().out
    assert main([*command, "--update"]) == 0
    assert main(command) == 0


def test_shrunk_binary_passes_and_asks_for_an_update(tmp_path: Path, capsys: Out) -> None:
    host, file = built(tmp_path), tmp_path / "baseline.json"
    command = ["footprint", str(host), "--baseline", str(file)]
    assert main([*command, "--update"]) == 0
    Scenario(tmp_path).host("int main_export(void) { return 1; }", needed=["liba.so"])
    assert main(command) == 0
    captured = capsys.readouterr()
    assert "less    links libv.so no more" in captured.out
    assert captured.err == f"collide: {file}: is not up to date; --update writes it anew\n"


def test_wrong_use_is_one_line(tmp_path: Path, capsys: Out) -> None:
    host, none = str(built(tmp_path)), str(tmp_path / "none.json")
    assert main(["footprint", host, "--baseline", none]) == 2
    told = f"collide: {none}: no such baseline; write one with --update\n"
    assert capsys.readouterr().err == told
    assert main(["footprint", host, "--update"]) == 2
    assert capsys.readouterr().err == "collide: --update needs --baseline FILE\n"
    assert main(["footprint", "debian-12-*"]) == 2
    assert "a baseline is for one" in capsys.readouterr().err


def test_binary_of_another_root(tmp_path: Path, capsys: Out) -> None:
    from systems import foreign_root

    _, root = foreign_root(tmp_path)
    assert main(["footprint", "--root", str(root), "/bin/host"]) == 0
    libraries = json.loads(capsys.readouterr().out)["libraries"]
    assert list(libraries)[:2] == ["host", "liba.so"]


# Names are bytes of files, decoded as os.fsdecode does.
_TEXTS = st.text(max_size=20) | st.binary(max_size=20).map(os.fsdecode)
_LIBRARIES = st.builds(
    FootprintLibrary,
    name=_TEXTS,
    needed_by=st.lists(_TEXTS, max_size=3).map(tuple),
    unversioned=st.integers(0, 1 << 40),
    own=st.booleans(),
)


@given(
    st.builds(
        Footprint,
        name=_TEXTS,
        libraries=st.lists(_LIBRARIES, min_size=1, unique_by=lambda entry: entry.name).map(tuple),
        openings=st.lists(_TEXTS, max_size=3).map(tuple),
        history=st.lists(_TEXTS, max_size=3).map(tuple),
        search_paths=st.lists(_TEXTS, max_size=3).map(tuple),
        missing=st.lists(_TEXTS, max_size=3).map(tuple),
    )
)
def test_baseline_comes_back_whatever_the_names_are(footprint: Footprint) -> None:
    text = to_baseline(footprint)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(text)
        file.flush()
        found = read_baseline(Path(file.name))
    assert to_baseline(found) == text
    assert [entry.name for entry in found.libraries] == [e.name for e in footprint.libraries]
    assert found._replace(libraries=()) == footprint._replace(libraries=())
