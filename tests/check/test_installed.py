"""Inputs of one check that bring libraries for each other, and what no input brings."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.check.check import Report
from collide.check.inputs import check_inputs
from collide.findings.code import Severity
from collide.hosts.database import load_shipped
from collide.loader.host import Host
from collide.wheels.archive import Member, write_wheel
from scenario import Scenario

TAG = "cp311-cp311-manylinux_2_17_x86_64"
MODULE = "int lost(void); int PyInit_m(void) { return lost(); }"


@pytest.fixture
def s(tmp_path: Path) -> Scenario:
    return Scenario(tmp_path)


@pytest.fixture(scope="module")
def host() -> Host:
    return load_shipped("debian-12-python3")


def wheel(s: Scenario, distribution: str, *members: str, tag: str = TAG) -> str:
    """A wheel of files below ``site``, at their places there."""
    path = s.directory / f"{distribution}-1.0-{tag}.whl"
    site = s.directory / "site"
    write_wheel(path, [Member(name, (site / name).read_bytes()) for name in members])
    return str(path)


def told(report: Report) -> list[tuple[str, Severity, str, str | None, tuple[str, ...]]]:
    return [
        (f.code.id, f.severity, f.victim, f.provider, f.symbols)
        for one in report.judged
        for f in one.findings
        if f.code.id.startswith("COL2")
    ]


def two(s: Scenario, *, tag: str = TAG) -> tuple[str, str]:
    """A module, and the wheel with its library, which lacks a symbol of its version."""
    s.lib("site/pkg/lib/libdeep.so")
    library = s.lib(
        "site/pkg/lib/libv.so",
        "int lost(void) { return 0; }",
        needed=["site/pkg/lib/libdeep.so"],
        versions="V1 { lost; };",
    )
    s.lib("site/pkg/m.so", MODULE, needed=["site/pkg/lib/libv.so"], runpath="$ORIGIN/lib")
    assert library.exists()
    s.lib("site/pkg/lib/libv.so", needed=["site/pkg/lib/libdeep.so"], versions="V1 { };")
    module = wheel(s, "module", "pkg/m.so", tag=tag)
    return module, wheel(s, "library", "pkg/lib/libv.so", "pkg/lib/libdeep.so", tag=tag)


@pytest.mark.parametrize("jobs", [1, 2])
def test_library_of_another_input_is_not_missing_and_the_next_failure_is_seen(
    s: Scenario, host: Host, jobs: int
) -> None:
    module, library = two(s)
    assert told(check_inputs([module], [host])) == [
        ("COL201", Severity.ERROR, "pkg/m.so", "libv.so", ())
    ]
    report = check_inputs([module, library], [host], jobs=jobs)
    assert told(report) == [("COL203", Severity.ERROR, "pkg/m.so", None, ("lost@V1",))]
    (finding,) = (f for one in report.judged for f in one.findings if f.code.id == "COL203")
    (line,) = finding.evidence
    assert line.startswith(
        "V1 is expected of libv.so, for which pkg/lib/libv.so is loaded (RUNPATH"
    )
    # Told once, not for the pair again.
    assert not [f for pair in report.pairs for f in pair.common if f.code.id == "COL203"]


def test_library_that_no_input_brings_is_missing(s: Scenario, host: Host) -> None:
    module, _ = two(s)
    half = wheel(s, "half", "pkg/lib/libv.so")
    assert ("COL201", Severity.ERROR, "pkg/lib/libv.so", "libdeep.so", ()) in told(
        check_inputs([module, half], [host])
    )


def test_missing_library_of_a_wheel_without_a_policy_is_a_warning(s: Scenario, host: Host) -> None:
    module, _ = two(s, tag="cp311-cp311-linux_x86_64")
    assert [row[:2] for row in told(check_inputs([module], [host]))] == [
        ("COL201", Severity.WARNING)
    ]


def test_missing_library_of_a_plugin_is_a_warning(s: Scenario, host: Host) -> None:
    s.lib("site/pkg/libgone.so")
    s.lib("site/pkg/libplugin.so", needed=["site/pkg/libgone.so"])
    found = told(check_inputs([wheel(s, "plugin", "pkg/libplugin.so")], [host]))
    assert [row[:4] for row in found] == [
        ("COL201", Severity.WARNING, "pkg/libplugin.so", "libgone.so")
    ]


def test_library_that_is_bundled_under_another_name_is_named(s: Scenario, host: Host) -> None:
    s.lib("site/pkg/libname.so", soname="libname.so")
    s.lib("site/pkg/m.so", "int PyInit_m(void) { return 0; }", needed=["site/pkg/libname.so"])
    (s.directory / "site/pkg/libname.so").rename(s.directory / "site/pkg/libname-88186721.so")
    path = wheel(s, "grafted", "pkg/m.so", "pkg/libname-88186721.so")
    ((finding,),) = (
        [f for f in one.findings if f.code.id == "COL201"]
        for one in check_inputs([path], [host]).judged
    )
    assert finding.severity == Severity.ERROR
    assert finding.evidence == (
        "The wheel bundles it as libname-88186721.so, but the DT_NEEDED was not changed.",
        "No policy of manylinux_2_17_x86_64 lets a wheel need it.",
    )


def test_remedy_for_a_libpython_is_not_to_link_it(s: Scenario, host: Host) -> None:
    s.lib("site/pkg/libpython3.11.so.1.0")
    needed = ["site/pkg/libpython3.11.so.1.0"]
    s.lib("site/pkg/m.so", "int PyInit_m(void) { return 0; }", needed=needed)
    (judged,) = check_inputs([wheel(s, "embeds", "pkg/m.so")], [host]).judged
    (finding,) = (f for f in judged.findings if f.code.id == "COL201")
    assert finding.remedy.startswith("Do not link libpython")
