"""Gained libraries are told apart by figures; groups are compared as one."""

from __future__ import annotations

import json
import re

import pytest

from collide.cli.main import main
from collide.findings.gained import CARRIED, GainedEvidence, gained_evidence, recorded_builds
from collide.findings.impact import Impact
from collide.hosts.database import load_shipped, shipped_names, shipped_summary
from collide.hosts.footprint import of_host, of_hosts

Out = pytest.CaptureFixture[str]


def evidence(
    name: str, impacts: list[Impact] | None = None, of: str = "debian-12-pypy3"
) -> GainedEvidence:
    host = load_shipped(of)
    libraries = {library.name: library for library in of_host(host).libraries}
    recorded = [
        load_shipped(n) for n in shipped_names() if shipped_summary(n).architecture == "x86_64"
    ]
    return gained_evidence(libraries[name], recorded_builds(recorded), impacts)


def test_figures_tell_libbz2_libffi_and_libgcc_apart() -> None:
    bz2, ffi, gcc = (evidence(n) for n in ("libbz2.so.1.0", "libffi.so.8", "libgcc_s.so.1"))
    assert bz2.unversioned == bz2.exported > 0
    assert ffi.unversioned == gcc.unversioned == 0
    assert len(ffi.sonames) > 1 == len(gcc.sonames)
    assert ffi.stable < ffi.ever
    assert gcc.rank < ffi.rank < bz2.rank
    rt = evidence("librt.so.1", of="debian-11-vim-nox")
    assert (rt.unversioned, rt.carried, len(rt.sonames)) == (0, 0, 1)
    assert rt.stable == rt.ever > 0
    assert rt.rank < ffi.rank
    assert all(one.builds > 1 for one in (bz2, ffi, gcc))


def test_wheels_that_carry_a_copy_weigh_most() -> None:
    carried = frozenset({"libgcc_s"})
    impacts = [
        Impact("a", {("m.so", "/usr/lib/libgcc_s.so.1"): ("f",)}, carries=carried),
        Impact("b", carries=carried),
    ]
    gcc, bz2 = (evidence(n, impacts) for n in ("libgcc_s.so.1", "libbz2.so.1.0"))
    assert (gcc.carried, gcc.taken) == (2, 1)
    assert (bz2.carried, bz2.taken) == (0, 0)
    assert gcc.rank > bz2.rank
    assert str(gcc).endswith("2 of 2 wheels carry a copy, 1 would be taken")


def test_shipped_count_is_of_wheels_that_are_named_and_tells_libraries_apart() -> None:
    counted = json.loads(CARRIED.read_bytes())
    wheels = [re.fullmatch(r"(\w+)-(\d[\w.+]*)", wheel) for wheel in counted["wheels"]]
    assert all(wheels)
    assert len({wheel[1].lower() for wheel in wheels if wheel}) == len(wheels) <= 300
    assert all(0 <= t <= c <= len(wheels) and c for c, t in counted["libraries"].values())
    bz2, ffi, gcc = (evidence(n) for n in ("libbz2.so.1.0", "libffi.so.8", "libgcc_s.so.1"))
    assert bz2.taken == bz2.carried == counted["libraries"]["libbz2"][0] > 0
    assert (ffi.carried, gcc.carried) == (0, 0)
    assert gcc.rank < evidence("libtinfo.so.6").rank < bz2.rank
    assert str(bz2).endswith(
        f"{bz2.carried} of {len(wheels)} popular native wheels carry a copy, "
        f"{bz2.taken} would be taken"
    )


def test_groups_are_compared_on_the_architectures_that_both_have(capsys: Out) -> None:
    """Only Python for other machines links libgcc_s."""
    assert main(["diff", "pypy", "--against", "cpython", "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    subjects = [c["subject"] for c in document["changes"] if c["slug"] == "gained-library"]
    assert "libgcc_s.so.1" in subjects
    assert "ld-linux-armhf.so.3" not in [c["subject"] for c in document["changes"]]


def test_group_brings_what_any_of_its_hosts_brings(capsys: Out) -> None:
    hosts = [load_shipped(name) for name in ("debian-12-python3", "debian-13-python3")]
    union = of_hosts("both", hosts)
    names = {library.name for library in union.libraries}
    assert names == {library.name for h in hosts for library in of_host(h).libraries}
    command = ["diff", "debian-12-pypy3", "--against", "debian-1[23]-python3"]
    assert main([*command, "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["old"] == "debian-1[23]-python3 (2 hosts)"
    gained = [c for c in document["changes"] if c["slug"] == "gained-library" and c["gained"]]
    assert {c["subject"] for c in gained} >= {"libbz2.so.1.0", "libtinfo.so.6"}
    assert all(c["evidence"]["exported"] >= c["evidence"]["unversioned"] for c in gained)


def test_interpreter_that_runs_collide_is_a_host_of_diff(capsys: Out) -> None:
    assert main(["diff", "this-python", "--against", "this-python"]) == 0
    assert "the link footprint is equal" in capsys.readouterr().out
