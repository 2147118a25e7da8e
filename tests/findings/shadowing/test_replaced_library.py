"""COL102: another release runs in place of the wheel's, or the same build."""

from __future__ import annotations

import pytest

from collide.findings.code import Severity
from judging import NOTE, WARNING, functions, judged, many, module, of
from scenario import Scenario


@pytest.mark.parametrize(("theirs", "told"), [("1.2.4", True), ("1.2.3", False)])
def test_library_that_is_replaced_whole_is_a_warning_that_tells_how_the_releases_differ(
    s: Scenario, theirs: str, told: bool
) -> None:
    def library(version: str) -> str:
        text = f'const char *lib_text(void) {{ return "Frob release {version} of today"; }}'
        return functions("lib_one", "lib_two") + text

    s.lib("libhost.so", library(theirs))
    s.lib("w/liblib.so", library("1.2.3"))
    s.lib("w/m.so", module("lib_one", "lib_two"), needed=["w/liblib.so"])
    findings = judged(s, "libhost.so")
    assert of(findings, "m.so") == ("COL102", WARNING)
    (evidence,) = (f.evidence for f in findings if f.victim == "m.so")
    assert evidence[0] == (
        "2 symbols in use are the host's; of this library, no symbol that is in use is the wheel's."
    )
    assert any("1.2.3" in line and theirs in line for line in evidence[1:]) == told


@pytest.mark.parametrize(
    ("build_id", "more", "severity"),
    [
        ("0x1234abcd", "char lib_table[8] = {1};", NOTE),
        ("0x99", "char lib_table[8] = {1};", WARNING),
        ("0x1234abcd", "char lib_table[16] = {1};", WARNING),
    ],
    ids=["same", "another", "said to be the same"],
)
def test_copy_of_one_build_is_a_note(
    s: Scenario, build_id: str, more: str, severity: Severity
) -> None:
    names = many("lib", 4)
    host = functions(*names) + "char lib_table[8] = {1};"
    s.lib("libhost.so", host, "-Wl,--build-id=0x1234abcd")
    s.lib("w/libw.so", functions(*names) + more, f"-Wl,--build-id={build_id}")
    s.lib("w/m.so", module(*names), needed=["w/libw.so"])
    findings = judged(s, "libhost.so")
    assert of(findings, "m.so") == ("COL102", severity)
    (evidence,) = (f.evidence for f in findings if f.victim == "m.so")
    assert ("build id is 1234abcd" in evidence[0]) == (severity is NOTE)
