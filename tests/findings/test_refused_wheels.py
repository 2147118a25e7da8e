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
from collide.loader.link_map import LinkMap, LoadFailure
from collide.wheels.target import read_target
from corpus import download

OF_MACHINE = [
    name
    for name in shipped_names()
    for summary in [shipped_summary(name)]
    if summary.architecture == "x86_64" and summary.loader.libc == GLIBC.name
]
LATER = [name for name in OF_MACHINE if shipped_summary(name).loader.version >= (2, 41)]


@pytest.mark.corpus
def test_ctranslate2_is_refused_by_all_hosts_of_glibc_2_41_and_later() -> None:
    target = read_target(download("ctranslate2==4.5.0"))
    (library,) = (path for path in target.members if "/libctranslate2-" in path)
    opened = {}
    for name in OF_MACHINE:
        host = load_shipped(name)
        opened[name] = host.process.copy(target.files(host)).dlopen(library)
    failures = {n: o.kind for n, o in opened.items() if isinstance(o, LoadFailure)}
    # Those and no others: older releases open it.
    assert failures == dict.fromkeys(LATER, "executable-stack")
    assert len(failures) >= 18
    assert len(OF_MACHINE) - len(failures) >= 18
    # As a whole, with nothing bound of it.
    host = load_shipped("debian-13-python3")._replace(python=Python("cp", (3, 11)))
    analysis = analyse(target, host)
    (found,) = (f for f in judge(analysis) if f.severity > Severity.NOTE)
    assert (found.code.id, found.severity) == ("COL206", Severity.ERROR)
    assert not any(m.bound and m.bound.objects for m in analysis.modules if m.failures)


@pytest.mark.corpus
@pytest.mark.parametrize("shipped", ["", "debian-12-python3", "debian-13-python3"])
def test_jemalloc_of_ray_is_refused_and_nothing_of_it_is_bound(shipped: str) -> None:
    target = read_target(download("ray==2.60.0"))
    host = load_shipped(shipped) if shipped else extract("/usr/bin/python3", Root())
    analysis = analyse(target, host._replace(python=Python("cp", (3, 11))))
    found = [f for f in judge(analysis) if f.code.id == "COL207"]
    assert [f.victim.rpartition("/")[2] for f in found] == ["libjemalloc.so"]
    bound = [analysis.name_of(o.map.dso) for m in analysis.modules if m.bound
             for o in m.bound.objects]  # fmt: skip
    assert bound
    assert not any("jemalloc" in name for name in bound)


@pytest.mark.corpus
@pytest.mark.parametrize("shipped", ["", "debian-12-python3"], ids=["live", "shipped"])
def test_qt_in_three_wheels_fails_in_two_modules_and_misses_nothing_that_is_there(
    shipped: str,
) -> None:
    specs = ("PyQt6==6.6.0", "PyQt6-Qt6==6.6.1", "PyQt6-sip==13.6.0")
    wheels = [download(spec) for spec in specs]
    host = load_shipped(shipped) if shipped else extract("/usr/bin/python3", Root())
    found = check(wheels, host).findings
    told = [f for f in found if f.severity > Severity.NOTE]
    # Before them stands what this machine lacks (libpulse.so.0), if it does.
    absent = {f.provider for f in told if f.code.id == "COL201"}
    first, second = [f for f in told if f.code.id != "COL201"][:2]
    assert [(f.code.id, f.victim) for f in (first, second)] == [
        ("COL203", "PyQt6/QtCore.abi3.so"),
        ("COL203", "PyQt6/QtNetwork.abi3.so"),
    ]
    assert all(f.severity < Severity.ERROR for f in told if f.code.id == "COL201" and shipped)
    there = {path.rpartition("/")[2] for wheel in wheels for path in read_target(wheel).members}
    assert not absent & (there | set(host.offered) | host.unrecorded)
    process = host.process.copy(host.files)
    assert not any(isinstance(process.request(name), LinkMap) for name in absent if name)
