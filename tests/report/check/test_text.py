"""Findings as text and as JSON: the same content, and nothing that is not shown."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from checkout import PACKAGE, WHEELS
from collide.check.causes import causes
from collide.check.check import LeftOut, Report, check
from collide.filesystems.root import Root
from collide.findings.code import Code, Severity
from collide.findings.loading import CAPTURED_SONAME, UNDEFINED_SYMBOL
from collide.findings.shadowing.own_shadow import OWN_SHADOW
from collide.findings.shadowing.replaced_library import REPLACED_LIBRARY
from collide.findings.shadowing.split_library import SPLIT_LIBRARY
from collide.findings.table import CODES
from collide.hosts.database import load_shipped
from collide.hosts.extract import extract
from collide.report.check import json as json_report
from collide.report.check import text
from collide.support.errors import InputError
from collide.wheels.archive import Member, write_wheel
from collide.wheels.tags import Misfit
from collide.wheels.target import read_target
from compiler import compile_so
from reports import everything, finding, of, troubled
from scenario import require_loader


def specimens(*names: str) -> Report:
    """The check of some specimens on their host."""
    require_loader()
    host = extract(str(WHEELS / "host/host"), Root())
    wheels = [path for n in names for path in (WHEELS / "dist").glob(f"specimen_{n}-*.whl")]
    return check(map(read_target, wheels), [host])


def document(report: Report) -> dict[str, Any]:
    """The JSON report, parsed."""
    parsed: dict[str, Any] = json.loads(json_report.render(report))
    return parsed


# -- check ----------------------------------------------------------------------------------------


def test_worst_is_the_highest_severity_of_all() -> None:
    assert of().worst() is None
    assert of(finding(OWN_SHADOW)).worst() is Severity.NOTE
    assert of(finding(OWN_SHADOW), finding(SPLIT_LIBRARY)).worst() is Severity.ERROR


def test_check_keeps_what_does_not_fit_apart_from_what_is_judged(tmp_path: Path) -> None:
    compile_so(tmp_path, "m.so", "")
    wheel = tmp_path / "demo-1.0-cp311-cp311-linux_x86_64.whl"
    write_wheel(wheel, [Member("m.so", (tmp_path / "m.so").read_bytes())])
    hosts = [load_shipped(name) for name in ("debian-12-python3", "debian-12-pypy3")]
    report = check([read_target(wheel)], hosts)
    assert [j.analysis.host.name for j in report.judged] == ["debian-12-python3"]
    assert [a.host for a in report.left_out] == ["debian-12-pypy3"]


def test_check_collects_the_problems_of_all_targets(tmp_path: Path) -> None:
    data = compile_so(tmp_path, "m.so", "").read_bytes()
    wheels = [tmp_path / f"demo-{number}.0-py3-none-any.whl" for number in (1, 2)]
    for wheel in wheels:
        write_wheel(wheel, [Member("bad.so", data[:700]), Member("m.so", data)])
    report = check(map(read_target, wheels), [load_shipped("debian-12-python3")])
    assert [p.path for p in report.problems] == [f"{wheel}: bad.so" for wheel in wheels]
    assert len(report.judged) == 2


# -- text -----------------------------------------------------------------------------------------


def test_text_describes_a_split() -> None:
    told = text.render(specimens("static_exported"))
    for part in (
        "error COL101 [split-library] specimen_static_exported.abi3.so",
        f"provider: {WHEELS / 'host/libvault.so.1'}",
        "meant:    its own definitions",
        "taken:    4 references, 4 symbols: vault_free, vault_new, vault_size, vault_version",
        "kept:     1 symbol: vault_grow",
        "fix:      ",
        "1 error in 1 input on 1 host",
    ):
        assert part in told


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_text_names_code_severity_title_victim_and_remedy(code: Code) -> None:
    told = text.render(of(finding(code)), verbose=True)
    for part in (str(code.severity), code.id, code.slug, code.title, "m.so", "Change it."):
        assert part in told


def test_long_lists_are_cut_and_say_so() -> None:
    modules = tuple(f"m{i}.so" for i in range(5))
    told = text.render(of(finding(symbols=30, modules=modules)))
    assert "30 symbols: symbol00, " in told
    assert ", ...\n" in told
    assert "symbol29" not in told
    assert re.search(r"opened: .* and \d more", told)


def test_verbose_lists_everything_and_finds_the_same() -> None:
    modules = tuple(f"m{i}.so" for i in range(5))
    report = of(finding(symbols=30, modules=modules), finding(UNDEFINED_SYMBOL, symbols=20))
    short, long = text.render(report), text.render(report, verbose=True)
    for name in (*(f"symbol{i:02}" for i in range(30)), *modules):
        assert name in long
    assert "..." not in long
    assert re.findall(r"COL\d+", short) == re.findall(r"COL\d+", long)
    assert short.splitlines()[-1] == long.splitlines()[-1]


def test_summary_counts_each_severity_from_the_worst() -> None:
    found = [
        *(finding(OWN_SHADOW), finding(SPLIT_LIBRARY)),
        *(finding(REPLACED_LIBRARY), finding(CAPTURED_SONAME)),
    ]
    last = text.render(of(*found)).splitlines()[-1]
    assert last == "1 error, 2 warnings, 1 note in 1 input on 1 host"


def test_summary_of_nothing_says_so() -> None:
    assert text.render(of()).splitlines()[-1] == "nothing found in 1 input on 1 host"


def test_text_tells_what_was_left_out_and_what_was_not_analysed(tmp_path: Path) -> None:
    compile_so(tmp_path, "m.so", "")
    compile_so(tmp_path, "tool", "void _start(void) {}", "-pie")
    wheel = tmp_path / "demo-1.0-cp311-cp311-linux_x86_64.whl"
    write_wheel(wheel, [Member(n, (tmp_path / n).read_bytes()) for n in ("m.so", "tool")])
    hosts = [load_shipped(name) for name in ("debian-12-python3", "debian-12-pypy3")]
    told = text.render(check([read_target(wheel)], hosts))
    assert "not analysed: tool: an executable" in told
    assert f"left out: {wheel} on debian-12-pypy3: its Python tags (cp311-cp311)" in told


def test_text_ends_with_one_line_break() -> None:
    told = text.render(of(finding()))
    assert told.endswith("\n")
    assert not told.endswith("\n\n")


# -- JSON -----------------------------------------------------------------------------------------


def test_json_has_its_schema_and_the_release() -> None:
    told = document(of())
    assert told["schema"] == "collide-report/1"
    assert re.fullmatch(r"\d+\.\d+\.\d+", told["version"])
    parts = (
        "schema",
        "version",
        "summary",
        "causes",
        "analyses",
        "findings",
        "together",
        "exposed",
        "left_out",
        "problems",
    )
    assert tuple(told) == parts


def test_json_holds_every_field_of_a_finding() -> None:
    (analysis,) = document(specimens("static_exported"))["analyses"]
    (found,) = analysis["findings"]
    code = SPLIT_LIBRARY
    assert found == {
        "code": "COL101",
        "slug": "split-library",
        "severity": "error",
        "title": code.title,
        "victim": "specimen_static_exported.abi3.so",
        "provider": str(WHEELS / "host/libvault.so.1"),
        "intended": ["specimen_static_exported.abi3.so"],
        "references": 4,
        "symbols": ["vault_free", "vault_new", "vault_size", "vault_version"],
        "split": True,
        "kept": ["vault_grow"],
        "modules": ["specimen_static_exported.abi3.so"],
        "detail": "",
        "remedy": found["remedy"],
        "repair": found["repair"],
        "evidence": [
            (
                "4 symbols in use are the host's, 1 of the same library stays in "
                "specimen_static_exported.abi3.so, because libvault.so.1 does not offer vault_grow."
            ),
            "Which functions call which is not known for this object: all count as in use.",
        ],
        "after_import": [],
        "before_import": [],
        "release": "",
        "provider_release": "",
    }


@pytest.mark.parametrize("report", [everything, troubled, of], ids=lambda make: make.__name__)
def test_json_is_as_the_shipped_schema_says(report: Callable[[], Report]) -> None:
    schema = json.loads((PACKAGE / "report/check/report.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(document(report()))


def test_json_has_the_causes_and_their_counts() -> None:
    report = everything()
    told = document(report)
    found = causes(report)
    assert [c["subject"] for c in told["causes"]] == [c.subject for c in found]
    rows = [finding for cause in told["causes"] for finding in cause["findings"]]
    for counted, of_all in ((told["causes"], "causes"), (rows, "findings")):
        counts = Counter(one["severity"] for one in counted)
        assert told["summary"][of_all] == {s: counts[s] for s in ("error", "warning", "note")}


def test_json_names_the_host() -> None:
    (analysis,) = document(of())["analyses"]
    assert analysis["profile"] == {
        "name": "debian-12-python3",
        "binary": "/usr/bin/python3.11",
        "architecture": "x86_64",
        "libc": "glibc 2.36",
        "python": "cp311",
        "as_if": False,
        "failures": [],
    }


def test_json_holds_what_was_left_out_and_what_cannot_be_read() -> None:
    misfit = Misfit("other interpreter", "does not fit")
    left_out = LeftOut("demo.whl", "debian-12-python3", misfit)
    told = document(Report((), (left_out,), (InputError("bad.whl", "no such file"),)))
    assert told["left_out"] == [
        {
            "target": "demo.whl",
            "profile": "debian-12-python3",
            "kind": "other interpreter",
            "reason": "does not fit",
        }
    ]
    assert told["problems"] == [{"path": "bad.whl", "reason": "no such file"}]


def test_json_and_text_tell_the_same_findings() -> None:
    report = specimens("static_exported", "bundled_mangled", "bundled_unmangled", "static_hidden")
    told = text.render(report, verbose=True)
    from_text = re.findall(r"^  (\w+) (COL\d+) \[([\w-]+)\] (\S+)$", told, re.MULTILINE)
    from_json = [
        (f["severity"], f["code"], f["slug"], f["victim"])
        for analysis in document(report)["analyses"]
        for f in analysis["findings"]
    ]
    assert from_text == from_json
    assert len(from_json) > 4


def test_json_is_ascii_whatever_the_names_are() -> None:
    told = json_report.render(of(finding(victim="mod\N{SNOWMAN}\udcff.so")))
    assert told.isascii()
    assert json.loads(told)["analyses"][0]["findings"][0]["victim"] == "mod\N{SNOWMAN}\\udcff.so"
