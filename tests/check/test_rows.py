"""Findings of several hosts told once, and hosts left out counted."""

from __future__ import annotations

import json

from checkout import WHEELS
from collide.analysis.analysis import Analysis
from collide.check.check import Judged, LeftOut, Report, check
from collide.check.rows import count_left_out, merge, summed_up
from collide.findings.finding import Finding
from collide.findings.shadowing.own_shadow import OWN_SHADOW
from collide.findings.shadowing.replaced_library import REPLACED_LIBRARY
from collide.findings.shadowing.split_library import SPLIT_LIBRARY
from collide.hosts.database import load_shipped, shipped_names
from collide.hosts.select import select
from collide.report.check import json as json_report
from collide.report.check import text
from collide.wheels.tags import Misfit
from collide.wheels.target import Target, read_target
from merging import HOSTS, finding

DIST = WHEELS / "dist"


def judged(host: str, *findings: Finding, target: str = "demo.whl") -> Judged:
    """What was found on one host."""
    return Judged(Analysis(Target(target, None, {}, {}), load_shipped(host), (), ()), findings)


def test_findings_that_differ_in_the_release_of_the_provider_are_one() -> None:
    one, other, third = HOSTS
    (checked,) = merge(
        [
            judged(one, finding()),
            judged(other),
            judged(third, finding(provider="/usr/lib/libz.so.1.3.1")),
        ]
    )
    (merged,) = checked.findings
    assert merged.hosts == (one, third)
    assert merged.providers == ("/lib/libz.so.1.2.13", "/usr/lib/libz.so.1.3.1")
    assert checked.clean == (other,)


def test_findings_that_differ_in_anything_else_stay_apart() -> None:
    base = finding()
    for change in (
        {"provider": "/lib/libz.so.2"},
        {"provider": "/lib/libzz.so.1"},
        {"victim": "n.so"},
        {"symbols": ("inflate",)},
        {"kept": ("inflate",)},
        {"detail": "x"},
        {"code": REPLACED_LIBRARY},
    ):
        (checked,) = merge([judged(HOSTS[0], base), judged(HOSTS[1], base._replace(**change))])
        assert [m.hosts for m in checked.findings] == [(HOSTS[0],), (HOSTS[1],)], change


def test_targets_are_not_merged_and_the_worst_comes_first() -> None:
    note, error = finding(OWN_SHADOW), finding()
    found = merge(
        [judged(HOSTS[0], note, target="a"), judged(HOSTS[0], target="b"),
         judged(HOSTS[1], error, target="a")]
    )  # fmt: skip
    assert [checked.target for checked in found] == ["a", "b"]
    assert [m.finding.code for m in found[0].findings] == [SPLIT_LIBRARY, OWN_SHADOW]


def test_what_was_tried_is_kept_by_host() -> None:
    remedies = ((), ())
    one = judged(HOSTS[0], finding(), finding(victim="n.so"))._replace(remedies=remedies)
    (checked,) = merge([one, judged(HOSTS[2], finding())])
    assert [(m.finding.victim, m.tried) for m in checked.findings] == [
        ("m.so", ((HOSTS[0], ()),)),
        ("n.so", ((HOSTS[0], ()),)),
    ]


def test_text_says_in_how_many_hosts() -> None:
    report = Report(
        tuple(judged(host, *([finding()] if host != HOSTS[1] else [])) for host in HOSTS), (), ()
    )
    told = text.render(report)
    assert "demo.whl on 3 hosts (programs with Python): " in told
    assert "mixed with the host's on debian-12-python3 and debian-13-python3" in told
    told = text.render(report, verbose=1)
    assert "on 2 of 3 hosts: debian-12-python3, debian-13-python3" in told
    assert "  clean on debian-12-gdb\n" in told
    assert told.endswith("1 error in 1 input on 3 hosts\n")
    everywhere = Report(tuple(judged(host, finding()) for host in HOSTS), (), ())
    assert "on all 3 hosts " in text.render(everywhere)


def test_json_has_the_profiles_of_a_finding() -> None:
    report = Report((judged(HOSTS[0], finding()), judged(HOSTS[1], finding())), (), ())
    (found,) = json.loads(json_report.render(report))["findings"]
    assert (found["profiles"], found["checked"]) == (list(HOSTS[:2]), 2)
    assert (found["target"], found["code"]) == ("demo.whl", "COL101")


def test_left_out_hosts_are_counted_by_kind() -> None:
    kinds = ("other interpreter", "other architecture", "other interpreter")
    left_out = [LeftOut("a", f"host{i}", Misfit(kind, "")) for i, kind in enumerate(kinds)]  # type: ignore[arg-type]
    counts = count_left_out(left_out)["a"]
    assert summed_up(counts) == "3 hosts: 2 other interpreter, 1 architecture"


def test_selection_and_left_out_are_all_that_is_shipped() -> None:
    (wheel,) = DIST.glob("specimen_static_hidden-*.whl")
    report = check([read_target(wheel)], select([]))
    used = [j.analysis.host for j in report.judged]
    assert sorted([*(h.name for h in used), *(o.host for o in report.left_out)]) == sorted(
        shipped_names()
    )
    # The specimens are for CPython 3.10 and later, glibc 2.17, x86_64.
    for host in used:
        assert host.architecture == "x86_64"
        assert host.loader.libc == "glibc"
        assert host.python is not None
        assert host.python.implementation == "cp"
        assert host.python.version >= (3, 10)
    reasons = {one.host: one.misfit.kind for one in report.left_out}
    assert reasons["debian-12-pypy3"] == "other interpreter"
    assert "debian-11-python3" in {host.name for host in used if host.as_if}
    assert reasons["debian-12-arm64-python3"] == "other architecture"
    assert len(report.left_out) > 3
    assert f"left out (-v): {len(report.left_out)} hosts: " in text.render(report)
    named = text.render(report, verbose=True)
    for one in report.left_out:
        assert f"left out: {wheel} on {one.host}: {one.misfit.reason}\n" in named
