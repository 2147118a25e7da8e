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
from collide.analysis.analysis import Analysis
from collide.check.aside import without
from collide.check.causes import causes
from collide.check.check import Judged, LeftOut, Report, check
from collide.filesystems.root import Root
from collide.findings.code import Code, Severity
from collide.findings.finding import Finding
from collide.findings.loading import CAPTURED_SONAME, CPU_LEVEL, NO_PYTHON, UNDEFINED_SYMBOL
from collide.findings.shadowing.foreign_symbol import FOREIGN_SYMBOL
from collide.findings.shadowing.own_shadow import OWN_SHADOW
from collide.findings.shadowing.replaced_library import REPLACED_LIBRARY
from collide.findings.shadowing.split_library import SPLIT_LIBRARY
from collide.findings.shadowing.unused_copy import UNUSED_COPY
from collide.findings.table import CODES
from collide.hosts.database import load_shipped
from collide.hosts.extract import extract
from collide.report.check import json as json_report
from collide.report.check import text
from collide.report.check.parts import headline
from collide.support.errors import InputError
from collide.support.pages import page_of
from collide.wheels.archive import Member, write_wheel
from collide.wheels.tags import Misfit
from collide.wheels.target import Target, read_target
from compiler import compile_so
from reports import HOST, everything, finding, of, specimen, troubled
from scenario import require_loader

WHEEL = "demo-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"


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


def lines_of(report: Report, **options: Any) -> list[str]:
    """The lines of the text."""
    return text.render(report, **options).splitlines()


def on(host: str, *found: Finding, target: str = WHEEL, repairable: bool = True) -> Judged:
    """A wheel on one host."""
    analysis = Analysis(Target(target, None, {}, {}), load_shipped(host), (), ())
    return Judged(analysis, found, (), frozenset(range(len(found)) if repairable else ()))


def static(victim: str, library: str, code: Code = REPLACED_LIBRARY, **fields: Any) -> Finding:
    """A finding about a library that is linked into a module."""
    return finding(code, victim=victim, intended=(victim,), provider=f"/lib/{library}", **fields)


def four_causes() -> Report:
    """A wheel with an error and three warnings on two hosts of three."""
    found = [
        static("d/a.so", "libxml2.so.2.9.14", SPLIT_LIBRARY),
        static("d/b.so", "libz.so.1.2.13", release="1.3.2", provider_release="1.2.13"),
        static("d/b.so", "libunistring.so.2", FOREIGN_SYMBOL),
        static("d/b.so", "postgres", FOREIGN_SYMBOL, symbols=3),
        static("d/b.so", "libbz2.so.1.0", UNUSED_COPY),
    ]
    hosts = "debian-12-gdb", "debian-12-python3", "debian-12-vim-nox"
    return Report((on(hosts[0], *found), on(hosts[1], *found[1:]), on(hosts[2])), (), ())


def test_first_screen_has_an_input_a_line_for_each_cause_and_what_to_do() -> None:
    columns = [line.split() for line in lines_of(four_causes())]
    fares = "would break on 1, warnings on 1, clean on 1"
    assert [" ".join(words) for words in columns] == [
        f"demo-1.0 (cp311, x86_64) on 3 hosts (programs): {fares}",
        "in python: warnings on 1; in programs that embed it: would break on 1, clean on 1",
        "error libxml2, built into a mixed with gdb's libxml2.so.2.9.14 COL101",
        "warning libz 1.3.2, built into b replaced by the host's 1.2.13 on gdb and python3 COL102",
        "warning symbol00 in b replaced by libunistring's on gdb and python3 COL104",
        "warning symbol00 and 2 more in b replaced by postgres's on gdb and python3 COL104",
        "notes 1 (-v): 1 likely harmless",
        "fix Link a and b with -Wl,--exclude-libs,ALL (collide explain static-copy)",
        f"or without a rebuild: collide repair {WHEEL}",
        text.WHY,
        "predicted: 1 error, 3 warnings, 1 note in 1 input on 3 hosts",
    ]


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_lines_are_as_wide_as_the_terminal_but_for_commands(width: int) -> None:
    for line in lines_of(four_causes(), style=text.Style(width)):
        assert len(line) <= width or line.startswith("  or  ")


def test_many_causes_are_folded_and_verbose_has_them_all() -> None:
    found = [static("d/a.so", f"libx{chr(97 + number)}.so.1") for number in range(9)]
    report = Report((on("debian-12-gdb", *found),), (), ())
    told = text.render(report)
    assert "6 more (-v): libxd, libxe, libxf, libxg, libxh, libxi\n" in told
    assert "9 warnings" in told
    assert text.render(report, verbose=1).count("  warning lib") == 9


def test_one_fix_is_told_for_all_that_it_is_done_to() -> None:
    names = [f"libx{letter}" for letter in "abcde"]
    members = {name: f"d.libs/{name}-0f0f0f0f.so.1" for name in names}
    found = [
        finding(victim=path, intended=(path,), provider=f"/lib/{name}.so.1")
        for name, path in members.items()
    ]
    found.append(static("d/a.so", "libz.so.1"))
    report = Report((on("debian-12-gdb", *found),), (), ())
    # A module that a library is linked into is no library: what is done to it is another thing.
    fixes = (
        "fix Link 5 libraries statically with -Wl,--exclude-libs,ALL"
        " (collide explain grafted-library)"
        " and Link a with -Wl,--exclude-libs,ALL (collide explain static-copy)"
    )
    assert fixes in " ".join(text.render(report).split())
    named = "fix Link libxa, libxb, libxc, libxd and libxe statically with -Wl,--exclude-libs,ALL"
    assert named in " ".join(text.render(report, verbose=1).split())


def test_notes_of_the_screen_are_as_many_as_those_of_the_summary() -> None:
    notes = "notes   1 (-v): 1 likely harmless"
    told = text.render(four_causes())
    assert notes in told
    assert told.splitlines()[-1].endswith("1 error, 3 warnings, 1 note in 1 input on 3 hosts")


def test_library_of_two_releases_is_named_once() -> None:
    hosts = {"debian-12-gdb": "libunistring.so.2", "debian-12-vim-nox": "libunistring.so.5"}
    found = [on(host, static("d/b.so", file, FOREIGN_SYMBOL)) for host, file in hosts.items()]
    lines = " ".join(" ".join(lines_of(Report(tuple(found), (), ()))).split())
    assert "replaced by libunistring's on both hosts" in lines


def test_failure_without_a_name_tells_its_detail() -> None:
    level = finding(CPU_LEVEL, provider=None, detail="x86-64-v3")
    assert headline(level) == f"{CPU_LEVEL.title}: x86-64-v3"


def test_clean_input_is_one_line() -> None:
    hosts = [on(f"debian-12-{name}") for name in ("gdb", "python3")]
    assert lines_of(Report(tuple(hosts), (), ()))[0] == (
        "demo-1.0 (cp311, x86_64) on 2 hosts (programs with Python): clean"
    )
    assert (
        lines_of(Report((hosts[0],), (), ()))[0]
        == "demo-1.0 (cp311, x86_64) on debian-12-gdb: clean"
    )


def test_two_builds_of_one_release_are_told_apart() -> None:
    other = "demo-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"
    judged = on("debian-12-gdb"), on("debian-12-gdb", target=other)
    heads = [line.partition(" on ")[0] for line in lines_of(Report(judged, (), ()))]
    assert heads[0] == WHEEL
    assert heads[2] == other


def test_host_without_python_is_one_line_before_all() -> None:
    undefined = [
        finding(UNDEFINED_SYMBOL, victim=f"m{n}.so", remedy=NO_PYTHON, provider=None)
        for n in range(8)
    ]
    taken = static("demo/a.so", "libx.so.1")
    nothing = on("debian-12-gdb", taken, *undefined)
    first, second, cause, *_, counts = lines_of(Report((nothing,), (), ()))
    assert first == "debian-12-gdb has no Python: name the plugin that brings it, --global LIB"
    assert second == "demo-1.0 (cp311, x86_64) on debian-12-gdb: would break"
    assert cause.split()[:2] == ["warning", "libx,"]
    assert counts == "predicted: 1 error, 1 warning in 1 input on 1 host"


def test_host_without_python_is_no_cause_beside_those_of_the_wheel() -> None:
    undefined = finding(UNDEFINED_SYMBOL, victim="m.so", remedy=NO_PYTHON, provider=None)
    taken = static("demo/a.so", "libx.so.1")
    reports = on("debian-12-gdb", taken, undefined), on("debian-12-vim-nox")
    first, second, *others = lines_of(Report(reports, (), ()))
    assert first.startswith("debian-12-gdb has no Python")
    assert second == (
        "demo-1.0 (cp311, x86_64) on 2 hosts (programs with Python): would break on 1, clean on 1"
    )
    assert sum(line.startswith(("  error", "  warning")) for line in others) == 1


def test_library_of_the_host_that_lacks_a_symbol_is_one_cause_with_what_it_lacks() -> None:
    both: dict[str, Any] = {
        "provider": "/lib/libv.so.1",
        "intended": ("libv.so.1",),
        "victim": "demo/a.so",
    }
    remedy = CAPTURED_SONAME.remedy
    found = [
        finding(UNDEFINED_SYMBOL, remedy=remedy, **both),
        finding(CAPTURED_SONAME, symbols=0, remedy=remedy, **both),
    ]
    _, cause, *others = lines_of(Report((on("debian-12-gdb", *found),), (), ()))
    words = "error libv, bundled replaced by the host's, which lacks symbol00 COL203"
    assert cause.split() == words.split()
    assert "(collide explain plain-soname)" in " ".join(others)
    behind = on("debian-12-gdb", *(one._replace(after_import=("ssl",)) for one in found))
    cause = " ".join(text.render(Report((behind,), (), ())).split())
    said = "replaced by the host's after `import ssl`, which lacks symbol00"
    assert said in cause


def test_provider_of_several_releases_is_named_once() -> None:
    found = [static("d/a.so", f"libx.so.1.{n}", FOREIGN_SYMBOL) for n in (1, 2)]
    judged = [on(f"debian-1{2 + n}-gdb", one) for n, one in enumerate(found)]
    assert "replaced by libx's on both hosts" in text.render(Report(tuple(judged), (), ()))


def test_repair_that_removes_some_says_so() -> None:
    found = static("d/a.so", "libz.so.1"), static("d/a.so", "libxml2.so.2")
    judged = on("debian-12-gdb", *found)._replace(repairable=frozenset([0]))
    assert "(proven: removes 1 of 2 causes)" in text.render(Report((judged,), (), ()))
    assert "  or  " not in text.render(Report((judged._replace(repairable=frozenset()),), (), ()))


def test_colours_and_links_add_nothing_but_their_sequences() -> None:
    report = four_causes()
    style = text.Style(100, color=True, links=True)
    told = text.render(report, style=style)
    assert "\x1b[1;31merror   \x1b[0m" in told
    assert f"\x1b]8;;{page_of('COL101')}\x1b\\COL101" in told
    plain = re.sub(r"\x1b\[[0-9;]*m|\x1b\]8;;[^\x1b]*\x1b\\", "", told)
    assert plain == text.render(report)


def test_name_brings_no_sequence_of_its_own() -> None:
    report = of(finding(victim="a\x1b[31m.so", provider="/lib/x\x1b]8;;http://e\x1b\\.so"))
    told = text.render(report, verbose=2, style=text.Style(color=True, links=True))
    assert "a\\x1b[31m" in told
    assert not re.search(r"\x1b(?!\[[0-9;]*m|\]8;;(?:https://[\w./-]+)?\x1b\\|\\)", told)


def test_text_describes_a_split() -> None:
    told = text.render(specimens("static_exported"), verbose=1)
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
    told = text.render(of(finding(code)), verbose=2)
    for part in (str(code.severity), code.id, code.slug, code.title, "m.so", "Change it."):
        assert part in told


def test_long_lists_are_cut_and_say_so() -> None:
    modules = tuple(f"m{i}.so" for i in range(5))
    told = text.render(of(finding(symbols=30, modules=modules)), verbose=1)
    assert "30 symbols: symbol00, " in told
    assert ", ...\n" in told
    assert "symbol29" not in told
    assert re.search(r"opened: .* and \d more", told)


def test_verbose_lists_everything_and_finds_the_same() -> None:
    modules = tuple(f"m{i}.so" for i in range(5))
    report = of(finding(symbols=30, modules=modules), finding(UNDEFINED_SYMBOL, symbols=20))
    short, evidence, long = (text.render(report, verbose=n) for n in range(3))
    for name in (*(f"symbol{i:02}" for i in range(30)), *modules):
        assert name in long
    assert "..." not in long
    assert set(re.findall(r"COL\d+", short)) <= set(re.findall(r"COL\d+", evidence))
    assert re.findall(r"COL\d+", evidence) == re.findall(r"COL\d+", long)
    assert short.splitlines()[-1] == evidence.splitlines()[-1] == long.splitlines()[-1]


def test_summary_counts_the_causes_of_each_severity_from_the_worst() -> None:
    found = [
        *(finding(OWN_SHADOW), finding(SPLIT_LIBRARY)),
        *(static("m.so", "libxml2.so.2"), finding(CAPTURED_SONAME)),
    ]
    last = text.render(of(*found)).splitlines()[-1]
    assert last == "predicted: 1 error, 2 warnings, 1 note in 1 input on 1 host"


def test_summary_of_nothing_says_so() -> None:
    assert text.render(of()).splitlines()[-1] == "predicted: nothing found in 1 input on 1 host"


def test_text_tells_what_was_left_out_and_what_was_not_analysed(tmp_path: Path) -> None:
    compile_so(tmp_path, "m.so", "")
    compile_so(tmp_path, "tool", "void _start(void) {}", "-pie")
    wheel = tmp_path / "demo-1.0-cp311-cp311-linux_x86_64.whl"
    write_wheel(wheel, [Member(n, (tmp_path / n).read_bytes()) for n in ("m.so", "tool")])
    hosts = [load_shipped(name) for name in ("debian-12-python3", "debian-12-pypy3")]
    report = check([read_target(wheel)], hosts)
    assert "not analysed: tool: an executable" in text.render(report)
    left_out = f"left out: {wheel} on debian-12-pypy3: its Python tags (cp311-cp311)"
    assert left_out in text.render(report)


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
    told = document(specimens("static_exported"))
    (found,) = told["findings"]
    (analysis,) = told["analyses"]
    code = SPLIT_LIBRARY
    assert found == {
        "target": str(specimen("static_exported")),
        "profiles": [analysis["profile"]["name"]],
        "checked": 1,
        "providers": [found["provider"]],
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
        "likelihood": found["likelihood"],
        "openings": [],
        "after_import": [],
        "before_import": [],
        "release": "",
        "provider_release": "",
    }
    shared = ("code", "severity", "victim", "provider", "provider_release", "evidence", "repair")
    assert analysis["findings"] == [{"finding": 0, **{name: found[name] for name in shared}}]


def test_json_tells_the_symbols_of_a_finding_once_for_all_hosts() -> None:
    wheels = [specimen(name) for name in ("static_exported", "bundled_mangled")]
    hosts = [extract(str(HOST), Root()), extract(str(HOST), Root())._replace(name="other")]
    told = document(check(map(read_target, wheels), hosts))
    whole = told["findings"]
    assert len(whole) > 2
    for analysis in told["analyses"]:
        assert analysis["findings"]
        for one in analysis["findings"]:
            of_all = whole[one["finding"]]
            assert of_all["target"] == analysis["target"]
            assert of_all["profiles"] == [host.name for host in hosts]
            assert (of_all["code"], of_all["victim"]) == (one["code"], one["victim"])
            assert "symbols" not in one


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
        "embeds_python": False,
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
    told = text.render(report, verbose=2)
    from_text = re.findall(r"^  (\w+) (COL\d+) \[([\w-]+)\] (\S+)$", told, re.MULTILINE)
    from_json = [
        (f["severity"], f["code"], f["slug"], f["victim"]) for f in document(report)["findings"]
    ]
    assert sorted(from_text) == sorted(from_json)
    assert len(from_json) > 4


def test_json_is_ascii_whatever_the_names_are() -> None:
    told = json_report.render(of(finding(victim="mod\N{SNOWMAN}\udcff.so")))
    assert told.isascii()
    assert json.loads(told)["analyses"][0]["findings"][0]["victim"] == "mod\N{SNOWMAN}\\udcff.so"


def test_what_does_not_count_is_as_the_shipped_schema_says() -> None:
    report = without(everything(), "accepted", lambda one: "by design" if one.host else None)
    told = document(report)
    schema = json.loads((PACKAGE / "report/check/report.schema.json").read_text())
    Draft202012Validator(schema).validate(told)
    assert len(told["aside"]) == told["summary"]["aside"]["accepted"] > 5
