"""Wheels of the index that a loader refuses, and what is told of them."""

from __future__ import annotations

import pytest

from collide.analysis.analysis import analyse
from collide.api import check
from collide.filesystems.root import Root
from collide.findings.code import Severity
from collide.findings.judge import judge
from collide.hosts.database import load_shipped, shipped_names, shipped_summary
from collide.hosts.extract import extract
from collide.loader.host import Python
from collide.loader.libc import GLIBC
from collide.loader.link_map import LoadFailure
from collide.wheels.target import read_target
from corpus import download

LATER = [
    name
    for name in shipped_names()
    for summary in [shipped_summary(name)]
    if summary.architecture == "x86_64"
    and summary.loader.libc == GLIBC.name
    and summary.loader.version >= (2, 41)
]


@pytest.mark.corpus
def test_ctranslate2_is_refused_by_all_hosts_of_glibc_2_41_and_later() -> None:
    target = read_target(download("ctranslate2==4.5.0"))
    (library,) = (path for path in target.members if "/libctranslate2-" in path)
    assert len(LATER) >= 18
    for name in LATER:
        host = load_shipped(name)
        opened = host.process.copy(target.files(host)).dlopen(library)
        assert isinstance(opened, LoadFailure), name
        assert opened.kind == "executable-stack", name
    # As a whole, with nothing bound of it.
    host = load_shipped("debian-13-python3")._replace(python=Python("cp", (3, 11)))
    analysis = analyse(target, host)
    (found,) = (f for f in judge(analysis) if f.severity > Severity.NOTE)
    assert (found.code.id, found.severity) == ("COL206", Severity.ERROR)
    assert not any(m.bound and m.bound.objects for m in analysis.modules if m.failures)


@pytest.mark.corpus
@pytest.mark.parametrize("shipped", ["", "debian-12-python3"], ids=["live", "shipped"])
def test_qt_in_three_wheels_fails_in_two_modules_and_misses_nothing_that_is_there(
    shipped: str,
) -> None:
    specs = ("PyQt6==6.6.0", "PyQt6-Qt6==6.6.1", "PyQt6-sip==13.6.0")
    wheels = [download(spec) for spec in specs]
    host = load_shipped(shipped) if shipped else extract("/usr/bin/python3", Root())
    found = check(wheels, host).findings
    first, second, *others = (f for f in found if f.severity > Severity.NOTE)
    assert [(f.code.id, f.victim) for f in (first, second)] == [
        ("COL203", "PyQt6/QtCore.abi3.so"),
        ("COL203", "PyQt6/QtNetwork.abi3.so"),
    ]
    there = {path.rpartition("/")[2] for wheel in wheels for path in read_target(wheel).members}
    missing = {f.provider for f in others if f.code.id == "COL201"}
    assert not missing & (there | set(host.offered))
