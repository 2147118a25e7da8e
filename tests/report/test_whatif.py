"""Comparisons and remedies as text and as JSON: the same content."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from collide.check.check import Report, check
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.report import whatif as report
from collide.report.check import json as json_report
from collide.report.check import text
from collide.whatif.edits import parse_edit
from collide.whatif.whatif import WhatIf, whatif
from collide.wheels.target import read_target
from scenario import Scenario

RIVAL = "int f(void) { return 9; } int g(void) { return 9; }"


@pytest.fixture
def s(tmp_path: Path) -> Scenario:
    """A module with functions that the host's rival takes, and a library it needs."""
    s = Scenario(tmp_path)
    s.lib("w/libx.so", "int x(void) { return 1; }")
    s.module("w/m.so", f"int x(void); {RIVAL} int PyInit_m(void) {{ return f() + g() + x(); }}",
             needed=["w/libx.so"])  # fmt: skip
    s.lib("rival.so", RIVAL)
    s.host(needed=["rival.so"])
    return s


def compared(
    s: Scenario, *edits: str, host: str | None = None
) -> tuple[WhatIf, str, dict[str, Any]]:
    mine, theirs = [parse_edit(e) for e in edits], [parse_edit(host)] if host else []
    target = read_target(s.directory / "w")
    result = whatif(target, extract(f"{s.directory}/host", Root()), mine, theirs)
    told = report.render(result, mine, theirs).replace(f"{s.directory}/", "")
    return result, told, json.loads(report.render_json([result], mine, theirs))


def test_change_is_told_before_and_after(s: Scenario) -> None:
    _, told, document = compared(s, "m.so=-Bsymbolic-functions")
    lines = told.splitlines()
    assert lines[1] == "  with m.so=-Bsymbolic-functions"
    at = lines.index("    rival.so (shadowed) -> itself, bound at link time")
    assert lines[at + 1] == "      2 references, 2 symbols: f, g"
    assert "  shadowed references: 2 -> 0" in lines
    assert "  fails now: 0 load failures" in lines
    assert any(line.startswith("  cost: a tracer or wrapper in LD_PRELOAD") for line in lines)

    assert document["schema"] == "collide-whatif/1"
    assert document["apply"] == ["m.so=-Bsymbolic-functions"]
    (analysis,) = document["analyses"]
    (move,) = analysis["moves"]
    assert move["before"] == {
        "provider": f"{s.directory}/rival.so", "how": "bound", "shadowed": True
    }  # fmt: skip
    assert move["after"] == {"provider": "m.so", "how": "link-time", "shadowed": False}
    assert move["symbols"] == ["f", "g"]
    assert analysis["shadowed"] == {"before": 2, "after": 0, "new": 0}
    assert [cost["kind"] for cost in analysis["costs"]] == ["preload"]


def test_what_fails_now_is_named(s: Scenario) -> None:
    _, told, document = compared(s, "libx.so=hide")
    assert "  fails now: 1 load failure\n    m.so: undefined-symbol: x\n" in told
    assert "    libx.so -> nothing\n" in told
    (failure,) = document["analyses"][0]["failures"]["new"]
    assert (failure["object"], failure["kind"], failure["name"]) == (
        "m.so",
        "undefined-symbol",
        "x",
    )


def test_change_without_effect_is_told(s: Scenario) -> None:
    _, told, _ = compared(s, "libx.so=-Bsymbolic")
    assert "  no binding changes\n" in told


def test_host_edits_are_told_apart(s: Scenario) -> None:
    _, told, document = compared(s, host="rival.so=local")
    assert "  with rival.so=local in the host\n" in told
    assert "    rival.so (shadowed) -> itself\n" in told
    assert document["apply_host"] == ["rival.so=local"]


def test_verbose_lists_every_symbol(s: Scenario) -> None:
    many = " ".join(f"int f{i}(void) {{ return {i}; }}" for i in range(9))
    calls = "+".join(f"f{i}()" for i in range(9))
    s.module("w/m.so", f"{many} int PyInit_m(void) {{ return {calls}; }}")
    result, told, _ = compared(s, "m.so=-Bsymbolic")
    assert "f5, ...\n" in told
    assert "f8" in report.render(result, [], verbose=True)


def remedied(s: Scenario) -> Report:
    host = extract(f"{s.directory}/host", Root())
    return check([read_target(s.directory / "w")], [host], remedies=True)


def test_remedies_stand_below_their_finding(s: Scenario) -> None:
    told = text.render(remedied(s), verbose=1).replace(f"{s.directory}/", "")
    assert "remedies, each tried in memory and bound again:\n" in told
    assert "  1. link m.so with -Wl,-Bsymbolic-non-weak-functions\n" in told
    assert "proof: taken 2 -> 0; shadowed in all 2 -> 0, newly undefined or failing 0\n" in told
    assert "hide all symbols of m.so, save what it is entered by (-Wl,--exclude-libs,ALL" in told
    assert "rename what is looked up by name of m.so there and in its users (patchelf)\n" in told
    assert "in the host, open rival.so RTLD_LOCAL instead of linking it\n" in told
    # What does not help is told on request; the costs of the later ones, too.
    assert "no: link m.so with a version script" not in told
    whole = text.render(remedied(s), verbose=2).replace(f"{s.directory}/", "")
    assert "no: link m.so with a version script, node W, then its users\n" in whole
    assert "2 of 2 are still taken by rival.so\n" in whole
    assert whole.count("cost:") > told.count("cost:")


def test_remedies_in_json_hold_what_was_refused_too(s: Scenario) -> None:
    document = json.loads(json_report.render(remedied(s)))
    (finding,) = document["analyses"][0]["findings"]
    assert [r["proven"] for r in finding["remedies"]].count(False) == 1
    first, *_, last = finding["remedies"]
    assert first["apply"] == [
        {"object": "m.so", "option": "-Bsymbolic-non-weak-functions", "names": [], "value": ""}
    ]
    assert first["refusal"] is None
    assert first["taken"] == {"before": 2, "after": 0}
    assert {cost["kind"] for cost in first["costs"]} == {"preload", "linker"}
    assert last["apply_host"][0]["option"] == "local"
    (renamed,) = (r for r in finding["remedies"] if r["renamed"])
    assert renamed["renamed"] == {"f": "f_w", "g": "g_w"}


def test_nothing_is_tried_unless_asked_for(s: Scenario) -> None:
    host = extract(f"{s.directory}/host", Root())
    plain = check([read_target(s.directory / "w")], [host])
    assert "remedies" not in text.render(plain)
    (finding,) = json.loads(json_report.render(plain))["analyses"][0]["findings"]
    assert "remedies" not in finding


def test_new_soname_is_what_a_captured_version_needs(s: Scenario) -> None:
    s.lib("hosts/libx.so", "int x(void) { return 1; }", versions="V1 { global: *; };")
    s.lib("w/libx.so", "int x(void) { return 1; }", versions="V2 { global: *; };")
    s.module("w/m.so", "int x(void); int PyInit_m(void) { return x(); }", needed=["w/libx.so"])
    s.host(needed=["hosts/libx.so"], runpath="$ORIGIN/hosts")
    told = text.render(remedied(s), verbose=1)
    assert "give libx.so a SONAME of its own, as auditwheel repair does\n" in told


def test_finding_that_nothing_helps_says_so(s: Scenario) -> None:
    """It is meant for no member, and the host's library has also what the wheel needs.

    RTLD_DEEPBIND would split operator new.
    """
    new = "void *_Znwm(unsigned long n) { return 0; }"
    s.lib("system/libx.so", f"int x(void) {{ return 1; }} {new}")
    source = "int x(void), api(void); void *_Znwm(unsigned long);"
    source += "int PyInit_m(void) { return x() + api() + !_Znwm(1); }"
    s.module("w/m.so", source, needed=["system/libx.so"], runpath="$ORIGIN/../system")
    s.lib("rival.so", f"int x(void) {{ return 9; }} int api(void) {{ return 1; }} {new}")
    s.host(needed=["rival.so"])
    host = extract(f"{s.directory}/host", Root())
    report = check([read_target(s.directory / "w")], [host], remedies=True)
    assert "remedies: none of those tried removes it and nothing else\n" in text.render(
        report, verbose=1
    )
    whole = text.render(report, verbose=2)
    assert "m.so would fail: undefined-symbol api\n" in whole
