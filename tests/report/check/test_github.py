"""Annotations of GitHub Actions: one command for each cause, escaped, the worst first."""

from __future__ import annotations

import pytest

from collide.check.check import LeftOut, Report
from collide.findings.code import Severity
from collide.findings.shadowing.own_shadow import OWN_SHADOW
from collide.findings.shadowing.replaced_library import REPLACED_LIBRARY
from collide.report.check.github import render
from collide.support.errors import InputError
from collide.wheels.tags import Misfit
from collide.wheels.target import Skipped
from reading import Command, commands
from reports import everything, finding, of


def titles(found: list[Command]) -> list[tuple[str, str]]:
    """Level and title of each command."""
    return [(command.level, command.properties["title"]) for command in found]


def test_cause_is_one_annotation_of_its_wheel() -> None:
    other = finding(REPLACED_LIBRARY, victim="n.so", intended=("n.so",))
    told, summary = commands(render(of(finding(), other)))
    assert (told.level, told.properties) == (
        "error",
        {"title": "COL101 split-library", "file": "demo.whl"},
    )
    assert told.message.split("\n") == [
        "libz, built into m, n: mixed with the host's libz.so.1",
        "hosts: debian-12-python3",
        "fix: Link m and n with -Wl,--exclude-libs,ALL.",
        (
            "error COL101 [split-library] m.so: calls two copies of one library, its own and the "
            "host's, on debian-12-python3; from /lib/libz.so.1"
        ),
        (
            "warning COL102 [replaced-library] n.so: uses the host's copy of a library in place of "
            "its own, on debian-12-python3; from /lib/libz.so.1"
        ),
    ]
    assert titles([summary]) == [("notice", "collide check")]
    assert summary.message == "1 error in 1 input on 1 host"


def test_levels_are_those_of_the_findings_and_the_worst_comes_first() -> None:
    found = [finding(OWN_SHADOW), finding(REPLACED_LIBRARY, provider="/lib/libx.so.1")]
    report = of(*found, finding())._replace(problems=(InputError("x.whl", "no such file"),))
    assert titles(commands(render(report))) == [
        ("error", "collide: cannot be read"),
        ("error", "COL101 split-library"),
        ("warning", "COL102 replaced-library"),
        ("notice", "collide check"),
        ("notice", "COL301 own-shadow"),
    ]


def test_findings_of_all_wheels_are_ordered_together() -> None:
    levels = [command.level for command in commands(render(everything()))]
    assert levels == sorted(levels, key=["error", "warning", "notice"].index)
    assert set(levels) == {"error", "warning", "notice"}


@pytest.mark.parametrize("text", ["%", "%0A", "a\nb", "a\r\nb", "::error::x", "a,b:c", "%250A"])
def test_what_ends_a_command_or_a_property_is_escaped(text: str) -> None:
    report = of(finding(victim=text))
    (judged,) = report.judged
    analysis = judged.analysis._replace(target=judged.analysis.target._replace(name=text))
    told, _ = commands(render(report._replace(judged=(judged._replace(analysis=analysis),))))
    shown = text.replace("\r", "\\r").replace("\n", "\\n")
    assert told.properties["file"] == shown
    assert f"[split-library] {shown}: calls two copies" in told.message


def test_problem_of_a_member_is_one_of_its_wheel() -> None:
    report = of()._replace(
        problems=(InputError("demo.whl: m.so", "truncated"), InputError("demo.whl.bak", "no wheel"))
    )
    member, other, _ = commands(render(report))
    assert (member.properties["file"], member.message) == ("demo.whl", "demo.whl: m.so: truncated")
    assert other.properties["file"] == "demo.whl.bak"


def test_hosts_left_out_are_counted_and_named_if_asked_for() -> None:
    kinds = ["other interpreter"] * 3 + ["other architecture"]
    left_out = tuple(
        LeftOut("demo.whl", f"host{n}", Misfit(kind, f"reason of {kind}"))  # type: ignore[arg-type]
        for n, kind in enumerate(kinds)
    )
    report = Report((), left_out, ())
    summary, told = commands(render(report))
    assert summary.message == "nothing was checked"
    assert (told.level, told.properties["file"]) == ("notice", "demo.whl")
    assert told.message == ("demo.whl does not fit 4 hosts: 3 other interpreter, 1 architecture")
    _, told = commands(render(report, verbose=True))
    for line in (
        "host0, host1, host2: reason of other interpreter",
        "host3: reason of other architecture",
    ):
        assert line in told.message.split("\n")


def test_members_that_were_not_analysed_are_told_once() -> None:
    report = of()
    (judged,) = report.judged
    skipped = (Skipped("tool", "an executable"), Skipped("n.so", "for another interpreter"))
    judged = judged._replace(analysis=judged.analysis._replace(skipped=skipped))
    _, told = commands(render(report._replace(judged=(judged, judged))))
    assert titles([told]) == [("notice", "collide: not analysed")]
    assert told.message == "tool: an executable\nn.so: for another interpreter"


@pytest.mark.parametrize(("count", "told"), [(10, False), (11, True)])
def test_more_annotations_than_are_shown_are_announced(count: int, told: bool) -> None:
    found = [finding(provider=f"/lib/libx{chr(97 + n)}.so.1") for n in range(count)]
    output = commands(render(of(*found)))
    assert len(output) == count + 1
    message = output[-1].message
    assert (f"GitHub shows 10 of the {count} error annotations" in message) == told


def test_long_lists_end_the_message_and_only_if_asked_for() -> None:
    report = of(finding(symbols=2000, modules=tuple(f"n{i}.so" for i in range(9))))
    (short, _), (long, _) = commands(render(report)), commands(render(report, verbose=True))
    # Only the first 4,096 characters of a message are shown.
    assert len(short.message) < 4096
    assert "fix: Link m with" in long.message[:4096]
    for name in ("symbol1999", "n8.so"):
        assert name not in short.message
        assert name in long.message


@pytest.mark.parametrize("severity", Severity)
def test_every_severity_has_a_level(severity: Severity) -> None:
    told = commands(render(of(finding()._replace(severity=severity))))
    levels = {c.level for c in told if c.properties["title"].startswith("COL")}
    assert levels == {{"note": "notice"}.get(str(severity), str(severity))}
