"""The formats of a check: each tells the same findings, whole, and the same every time."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import collide
from checkout import ROOT, TESTS, TOOLS
from collide.check.check import Report, check
from collide.cli.main import main
from collide.filesystems.root import Root
from collide.hosts.database import load_shipped
from collide.hosts.extract import extract
from collide.report.check.formats import FORMATS
from collide.wheels.archive import Member, write_wheel
from collide.wheels.target import read_target
from reading import FINDINGS, Said, commands, page, providers
from reports import HOST, everything, rendered, specimen

DOCUMENTS = tuple(name for name, known in FORMATS.items() if known.document)
each_document = pytest.mark.parametrize("name", DOCUMENTS)
each_reading = pytest.mark.parametrize("name", sorted(FINDINGS))
HOSTILE = "<script>%0A::error::<b>&amp;\"',.abi3.so"


def said(name: str, report: Report) -> list[Said]:
    """The findings of one format."""
    return list(FINDINGS[name](rendered(name, report)))


# -- the same findings ----------------------------------------------------------------------------


def test_every_format_but_text_is_read_back() -> None:
    assert set(FINDINGS) == set(DOCUMENTS) == set(FORMATS) - {"text"}


@each_reading
def test_format_tells_the_findings_of_the_json(name: str) -> None:
    wanted = {told[:3] for told in said("json", everything())}
    assert {told[:3] for told in said(name, everything())} == wanted


@each_reading
def test_format_names_the_providers_of_the_json(name: str) -> None:
    wanted = providers(rendered("json", everything()))
    assert sum(len(names) for _, _, names in wanted) > 5
    told = said(name, everything())
    for code, victim, names in wanted:
        texts = [t.text for t in told if (t.code, t.victim) == (code, victim)]
        assert any(all(n in text for n in names) for text in texts), (code, victim, names)


@pytest.mark.parametrize("name", ["github", "sarif", "html"])
def test_finding_of_several_hosts_is_told_once(name: str) -> None:
    hosts = [load_shipped(f"debian-{n}-python3") for n in (12, 13)]
    wheels = [HOST.parent / "libvault.so.1", specimen("bundled_unmangled")]
    report = check(map(read_target, wheels), hosts, together=True)
    assert [pair.host.name for pair in report.pairs] == [host.name for host in hosts]
    found = said(name, report)
    assert {told.code for told in found} >= {"COL302", "COL306"}
    assert len(found) == len({told[:3] for told in found})
    assert all("all 2 hosts" in told.text for told in found)


# -- names that look like markup or commands -----------------------------------------------------


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A wheel whose module has a name that no format may take for its own."""
    with zipfile.ZipFile(specimen("static_exported")) as archive:
        data = archive.read("specimen_static_exported.abi3.so")
    wheel = tmp_path / "demo-1.0-cp310-abi3-manylinux_2_17_x86_64.whl"
    write_wheel(wheel, [Member(HOSTILE, data)])
    return wheel


@each_reading
def test_hostile_name_stays_a_name(name: str, hostile: Path) -> None:
    report = check([read_target(hostile)], [extract(str(HOST), Root())], exposure=True)
    found = said(name, report)
    assert [told.victim for told in found] == [HOSTILE] * 2
    if name == "github":
        assert len(commands(rendered(name, report))) == 3
    if name == "html":
        assert not list(page(rendered(name, report)).all("script"))


# -- what could not be read, and what was not looked at -------------------------------------------


def _missing(path: Path) -> Path:
    return path / "demo-1.0-py3-none-any.whl"


def _bad_member(path: Path) -> Path:
    write_wheel(_missing(path), [Member("m.so", HOST.read_bytes()[:700])])
    return _missing(path)


def _pure(path: Path) -> Path:
    write_wheel(_missing(path), [Member("demo.py", b"")])
    return _missing(path)


def _foreign(path: Path) -> Path:
    wheel = path / "demo-1.0-cp310-abi3-manylinux_2_17_aarch64.whl"
    write_wheel(wheel, [Member("m.abi3.so", (HOST.parent / "libvault.so.1").read_bytes())])
    return wheel


each_failing = pytest.mark.parametrize("make", [_missing, _bad_member, _pure, _foreign])


@each_document
@each_failing
def test_document_is_written_also_where_nothing_can_be_checked(
    name: str, make: Callable[[Path], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = make(tmp_path)
    statuses = []
    for chosen in ("text", name):
        capsys.readouterr()
        statuses.append(main(["check", str(wheel), "--profile", str(HOST), "--format", chosen]))
    assert statuses[0] == statuses[1]
    assert statuses[0] in (2, 3)
    out, _ = capsys.readouterr()
    assert list(FINDINGS[name](out)) == []
    if name != "json":
        assert str(wheel) in out
        if name != "codequality" or make is not _missing:
            assert "nothing was checked" in out


@pytest.mark.parametrize("name", ["github", "sarif", "html", "codequality", "junit"])
def test_what_cannot_be_read_is_told_beside_the_findings(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, missing = _bad_member(tmp_path), tmp_path / "no-such-file.whl"
    inputs = [str(specimen("static_exported")), str(bad), str(missing)]
    assert main(["check", *inputs, "--profile", str(HOST), "--format", name]) == 2
    out, _ = capsys.readouterr()
    assert "COL101" in {told.code for told in FINDINGS[name](out)}
    for told in (
        f"{bad}: m.so",
        "no such file",
        *(["2 problems"] if name != "codequality" else ()),
    ):
        assert told in (page(out).text if name == "html" else out.replace("%3A", ":"))


# -- where it is written, and with what -----------------------------------------------------------


@each_document
def test_file_holds_what_is_printed(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["check", str(specimen("versioned")), "--profile", str(HOST), "--format", name]
    assert main(arguments) == 1
    printed, _ = capsys.readouterr()
    assert main([*arguments, "-o", str(tmp_path / "report")]) == 1
    assert (tmp_path / "report").read_text() == printed
    assert capsys.readouterr() == ("", "")


@each_document
def test_file_is_written_whole_or_not_at_all(name: str, tmp_path: Path) -> None:
    missing = tmp_path / "missing/report"
    arguments = ["check", str(specimen("versioned")), "--profile", str(HOST), "--format", name]
    assert main([*arguments, "-o", str(missing)]) == 2
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def elsewhere() -> list[dict[str, str]]:
    """The report in every format as two other processes write it."""
    program = (
        "from reports import FORMATS, everything, rendered; import json; "
        "print(json.dumps({name: rendered(name, everything()) for name in FORMATS}))"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            check=True,
            cwd=TESTS / "helpers",
            # Sets of names come in another order in each.
            env={
                "PYTHONHASHSEED": seed,
                "PYTHONPATH": f"{ROOT}:{TOOLS}",
                "PATH": "/usr/bin:/bin",
            },
        ).stdout
        for seed in ("1", "2")
    ]
    return [json.loads(output) for output in outputs]


@each_document
def test_report_is_the_same_in_every_process(name: str, elsewhere: list[dict[str, str]]) -> None:
    assert [output[name] for output in elsewhere] == [rendered(name, everything())] * 2


def test_probes_are_refused_where_they_have_no_place(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["check", str(specimen("unique")), "--profile", str(HOST), "--probes"]
    assert main([*arguments, "--format", "github"]) == 2
    assert capsys.readouterr() == ("", "collide: --format github has no place for --probes\n")


@pytest.mark.parametrize("name", sorted(n for n, known in FORMATS.items() if known.probes))
def test_probes_are_counted_where_they_have_a_place(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["check", str(specimen("unique")), "--profile", str(HOST), "--format", name]
    assert main(arguments) == 0
    without, _ = capsys.readouterr()
    assert main([*arguments, "--probes"]) == 0
    counted, _ = capsys.readouterr()
    assert "probes" not in without.lower()
    assert "tried" not in without
    if name == "sarif":
        (probes,) = json.loads(counted)["runs"][0]["properties"]["probes"]
        assert [m["module"] for m in probes["modules"]] == [
            *("specimen_unique_a.abi3.so", "specimen_unique_b.abi3.so")
        ]
    elif name == "html":
        table = list(page(counted).all("table"))[-1]
        (heading, *rows) = table.all("tr")
        assert [th.text for th in heading.all("th")] == [
            *("Module", "Tried", "Opened", "Missed", "Directories asked for")
        ]
        assert len(rows) == 2
        for row in rows:
            tried, opened, missed, _ = (int(td.text) for td in row.all("td"))
            assert tried == opened + missed > 0


# -- what a run imports ---------------------------------------------------------------------------

_OWN = {
    "text": {"text", "rows", "words"},
    "json": {"cpp_names", "json"},
    "github": {"github", "messages", "rows", "words"},
    "sarif": {"sarif", "messages", "rows", "words", "cpp_names", "json"},
    "codequality": {"codequality", "messages", "rows", "words"},
    "junit": {"junit", "messages", "rows", "words"},
    "html": {"html", "html_findings", "scope_picture", "rows", "words"},
}


@pytest.mark.parametrize("name", FORMATS)
def test_format_that_is_not_chosen_is_not_imported(name: str) -> None:
    program = (
        "import sys; from collide.cli.main import main; "
        f"main(['check', {str(specimen('static_hidden'))!r}, '--profile', {str(HOST)!r}, "
        f"'--format', {name!r}, '-o', '/dev/null']); "
        "assert 'collide.whatif.remedies' not in sys.modules; "
        "print(*(m for m in sys.modules if m.startswith('collide.report.check.')))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(collide.__file__).parent.parent,
    )
    loaded = {module.removeprefix("collide.report.check.") for module in run.stdout.split()}
    assert loaded - {"formats", "parts"} == _OWN[name]
