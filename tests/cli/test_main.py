"""The command line: what is printed where, and the exit status."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import lzma
import os
import re
import shutil
import subprocess
import sys
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import collide
from checkout import ROOT
from collide.check import check as check_module
from collide.cli.main import main
from collide.findings.table import CODES
from collide.support import files
from collide.wheels.archive import Member, write_wheel
from compiler import compile_so
from packing import shipped_file
from scenario import Scenario, require_loader

HOST = str(ROOT / "wheels/host/host")
SHIPPED = shipped_file("debian-12-python3")
EXPECTED: dict[str, Any] = json.loads((ROOT / "wheels/bindings.json").read_text())
TAG = "cp310-abi3-manylinux_2_17_x86_64"
CLEAN, FINDINGS, UNREADABLE, NOTHING = 0, 1, 2, 3


def specimen(name: str) -> str:
    """The path of a specimen wheel."""
    return str(ROOT / f"wheels/dist/specimen_{name}-1.0-{TAG}.whl")


def vault(name: str = "m.abi3.so") -> Member:
    """An object that any wheel may have: that of a specimen."""
    with zipfile.ZipFile(specimen("static_hidden")) as archive:
        return Member(name, archive.read("specimen_static_hidden.abi3.so"))


class Run:
    """One run in this process; status, lines on stdout, lines on stderr."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str | Path) -> tuple[int, str, list[str]]:
        self._capsys.readouterr()
        status = main([str(a) for a in arguments])
        out, err = self._capsys.readouterr()
        return status, out, err.splitlines()

    def fails(self, *arguments: str | Path, status: int = UNREADABLE) -> str:
        """A run that prints one line on stderr and nothing else."""
        found, out, err = self(*arguments)
        assert (found, out, len(err)) == (status, "", 1), (found, out, err)
        assert err[0].startswith("collide: ")
        return err[0].removeprefix("collide: ")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    require_loader()
    return Run(capsys)


def process(
    *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """One run in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "collide", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
    )


# -- the whole command ----------------------------------------------------------------------------


@pytest.mark.parametrize("native", ["0", ""])
def test_version_is_that_of_the_package_and_tells_what_runs(native: str) -> None:
    done = process("--version", env={"COLLIDE_NATIVE": native})
    # The process runs the checkout, whatever is installed here.
    compiled = native != "0" and any((ROOT / "collide/elf").glob("_native*.so"))
    part = "with" if compiled else "without"
    wanted = f"collide {collide.__version__}, {part} its compiled part\n"
    assert (done.returncode, done.stdout, done.stderr) == (CLEAN, wanted, "")


def test_compiled_part_that_is_demanded_and_missing_ends_the_version_too() -> None:
    done = process("--version", env={"COLLIDE_NATIVE": "2"})
    assert (done.returncode, done.stdout) == (UNREADABLE, "")
    assert done.stderr == "collide: COLLIDE_NATIVE=2 in the environment is neither 0 nor 1\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["check", "x.whl", "--format", "yaml"],
        ["check", "x.whl", "--fail-on", "all"],
        ["bindings", "x.whl"],
        ["explain"],
    ],
)
def test_wrong_usage_ends_with_status_two(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == UNREADABLE
    out, err = capsys.readouterr()
    assert out == ""
    assert "usage: collide" in err


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["chekc"], "check"),
        (["check", "x.whl", "--proifle", "y"], "--profile"),
        (["check", "x.whl", "--format", "jsn"], "json"),
        (["check", "x.whl", "--fail-on", "eror"], "error"),
    ],
)
def test_mistyped_command_option_or_choice_names_its_neighbour(
    capsys: pytest.CaptureFixture[str], arguments: list[str], meant: str
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert capsys.readouterr().err.endswith(f"; did you mean {meant}?\n")


def test_collide_alone_prints_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == UNREADABLE
    out, err = capsys.readouterr()
    assert out.startswith("usage: collide")
    assert err == ""


def test_interruption_ends_with_status_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(check_module, "check_one", interrupt)
    assert run("check", specimen("unique"), "--profile", HOST) == (130, "", [])


def _shell(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    shell = ["bash", "-o", "pipefail", "-c", command, "bash", sys.executable, *arguments]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(shell, capture_output=True, text=True, check=False, env=env)


def test_reader_that_goes_away_is_no_error_message() -> None:
    require_loader()
    command = '"$1" -m collide bindings "$2" --profile "$3" | true'
    done = _shell(command, specimen("bundled_mangled"), HOST)
    assert done.stderr == ""
    assert done.returncode in (CLEAN, UNREADABLE)


def test_first_line_for_a_reader_that_wants_no_more() -> None:
    require_loader()
    command = '"$1" -m collide check "$2" --profile "$3" | head -1'
    done = _shell(command, specimen("static_exported"), HOST)
    assert done.stderr == ""
    assert (
        done.stdout
        == "specimen_static_exported-1.0 (cp310-abi3, x86_64) on debian-12-host: would break\n"
    )


def test_full_disk_is_one_line() -> None:
    require_loader()
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full, as Linux has it")
    command = '"$1" -m collide check "$2" --profile "$3" > /dev/full'
    done = _shell(command, specimen("static_exported"), HOST)
    assert done.returncode == UNREADABLE
    assert done.stderr == "collide: standard output: No space left on device\n"


@pytest.mark.parametrize("command", ["check", "explain"])
def test_name_that_the_terminal_cannot_show_is_escaped(tmp_path: Path, command: str) -> None:
    s = Scenario(tmp_path)
    source = 'int f(void) __asm__("caf\N{LATIN SMALL LETTER E WITH ACUTE}");'
    s.lib("w/m.so", f"{source} int use(void) {{ return f(); }}")
    arguments = ["explain", "{w}", "caf\N{LATIN SMALL LETTER E WITH ACUTE}"]
    if command == "check":
        arguments = ["check", "-v", "{w}"]
    filled = [a.format(w=s.directory / "w") for a in arguments]
    done = process(*filled, "--profile", str(s.host()), env={"PYTHONIOENCODING": "ascii"})
    assert "Traceback" not in done.stderr
    assert "caf\\xe9" in done.stdout


def test_name_that_is_no_text_at_all_is_written_to_a_file(run: Run, tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    path = s.lib("w/m.so", "int abcdefgh(void); int use(void) { return abcdefgh(); }")
    path.write_bytes(path.read_bytes().replace(b"abcdefgh", b"abc\xff\xfefgh"))
    report = tmp_path / "report.txt"
    status, _, err = run("check", "-v", s.directory / "w", "--profile", s.host(), "-o", report)
    assert (status, err) == (FINDINGS, [])
    assert "abc\\udcff\\udcfefgh" in report.read_text()


# -- check ----------------------------------------------------------------------------------------


def test_split_library_is_described_and_fails(run: Run) -> None:
    status, out, err = run("check", "-v", specimen("static_exported"), "--profile", HOST)
    assert (status, err) == (FINDINGS, [])
    for part in ("error COL101", "libvault.so.1", "kept:     1 symbol: vault_grow", "1 error"):
        assert part in out


def test_hidden_library_is_clean(run: Run) -> None:
    status, out, err = run("check", specimen("static_hidden"), "--profile", HOST)
    assert (status, err) == (CLEAN, [])
    assert out.startswith(
        "specimen_static_hidden-1.0 (cp310-abi3, x86_64) on debian-12-host: clean\n"
    )


@pytest.mark.parametrize(
    ("name", "level", "status"),
    [
        ("static_exported", "error", FINDINGS),
        ("static_exported", "note", FINDINGS),
        ("static_exported", "never", CLEAN),
        ("bsymbolic_functions", "error", CLEAN),
        ("bsymbolic_functions", "warning", FINDINGS),
        ("bsymbolic_functions", "note", FINDINGS),
        ("bsymbolic_functions", "never", CLEAN),
        ("static_hidden", "note", CLEAN),
    ],
)
def test_lowest_severity_that_fails_is_asked_for(
    run: Run, name: str, level: str, status: int
) -> None:
    found, out, _ = run("check", specimen(name), "--profile", HOST, "--fail-on", level)
    assert found == status
    # What fails changes nothing of what is told.
    assert out == run("check", specimen(name), "--profile", HOST)[1]


def test_note_fails_only_when_notes_are_asked_for(run: Run, tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    function = "int f(void) { return 1; }"
    s.lib("w/liba.so", f"{function} int call(void) {{ return f(); }}")
    s.lib("w/m.so", f"{function} int PyInit_m(void) {{ return 0; }}", needed=["w/liba.so"])
    arguments = ("check", s.directory / "w", "--profile", s.host())
    assert run(*arguments, "--fail-on", "warning")[0] == CLEAN
    assert run(*arguments, "--fail-on", "note")[0] == FINDINGS


def test_exposure_is_told_once_and_changes_no_status(run: Run) -> None:
    arguments = ("check", specimen("bundled_mangled"), "--profile", HOST, "--profile", HOST)
    status, out, _ = run(*arguments, "-v")
    assert (
        "  notes   1 (-v): 5 functions and variables another host may replace\n"
        in run(*arguments)[1]
    )
    (line,) = (line for line in out.splitlines() if "note COL402" in line)
    assert line.strip() == (
        "note COL402 [exposed-library] specimen_bundled_mangled.libs/libvault-2f6e8b1c.so.1 is a "
        "bundled library whose symbols a host with the same names would replace: 5 symbols on any "
        "host. By the beginning of their names: vault (5). They are looked up by "
        "specimen_bundled_mangled.abi3.so. debian-12-host takes 4 of them."
    )
    without = run(*arguments, "--no-exposure")
    assert (without[0], "COL4" in without[1]) == (status, False)
    assert run(*arguments, "--fail-on", "never")[0] == CLEAN
    exposed = json.loads(run(*arguments, "--format", "json")[1])["exposed"]
    assert [f["code"] for e in exposed for f in e["findings"]] == ["COL402"]


def test_json_holds_the_findings_of_the_text(run: Run) -> None:
    arguments = ("check", specimen("bundled_mangled"), "--profile", HOST, "--no-exposure")
    status, out, err = run(*arguments, "--format", "json")
    assert (status, err) == (FINDINGS, [])
    findings = json.loads(out)["findings"]
    text = run(*arguments, "-v")[1]
    headings = [line.strip() for line in text.splitlines() if " COL" in line and "[" in line]
    assert headings == [
        f"{f['severity']} {f['code']} [{f['slug']}] {f['victim']}" for f in findings
    ]
    assert len(findings) == 2


def test_verbose_lists_every_symbol_and_finds_the_same(run: Run, tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    names = [f"{letter}{letter}" for letter in "abcdefghijkl"]
    functions = "".join(f"int {n}(void) {{ return 1; }}" for n in names)
    s.lib("libhost.so", functions)
    s.lib("w/m.so", f"{functions} int use(void) {{ return {'() + '.join(names)}(); }}")
    host = s.host(needed=["libhost.so"])
    arguments = ("check", s.directory / "w", "--profile", host, "--no-exposure")
    short, long = run(*arguments), run(*arguments, "-vv")
    assert long[0] == short[0]
    assert ", ".join(names) in long[1]
    assert ", ".join(names) not in short[1]
    for one in (short, long):
        assert "1 warning in 1 input on 1 host" in one[1]
        assert set(re.findall(r"COL\d+", one[1])) == {"COL102"}


def test_several_profiles_are_checked_in_their_order(run: Run) -> None:
    profiles = ("--profile", "debian-12-python3", "--profile", HOST)
    _, out, _ = run("check", specimen("static_hidden"), *profiles, "--format", "json")
    names = [a["profile"]["binary"] for a in json.loads(out)["analyses"]]
    assert names == ["/usr/bin/python3.11", HOST]


def test_without_a_profile_every_shipped_one_that_fits_is_used(run: Run) -> None:
    status, out, err = run("check", specimen("static_hidden"), "--format", "json")
    assert (status, err) == (CLEAN, [])
    report = json.loads(out)
    assert "debian-12-python3" in [a["profile"]["name"] for a in report["analyses"]]
    # The specimens are for CPython's stable ABI.
    assert "debian-12-pypy3" in [a["profile"] for a in report["left_out"]]


def test_directory_of_wheels_is_every_wheel_in_it(run: Run) -> None:
    status, out, err = run("check", ROOT / "wheels/dist", "--profile", HOST, "--format", "json")
    assert (status, err) == (FINDINGS, [])
    targets = [Path(a["target"]).name for a in json.loads(out)["analyses"]]
    assert targets == sorted(p.name for p in (ROOT / "wheels/dist").iterdir())


def test_two_runs_print_the_same() -> None:
    require_loader()
    arguments = ("check", str(ROOT / "wheels/dist"), "--profile", HOST, "-v")
    one, two = (process(*arguments, env={"PYTHONHASHSEED": seed}) for seed in ("1", "2"))
    assert one.returncode == FINDINGS
    assert one.stdout == two.stdout


# -- the report's file ----------------------------------------------------------------------------


def test_report_is_written_to_a_file_and_nothing_to_stdout(run: Run, tmp_path: Path) -> None:
    arguments = ("check", specimen("static_exported"), "--profile", HOST)
    expected = run(*arguments)[1]
    file = tmp_path / "report.txt"
    file.write_text("older and longer " * 1000)
    assert run(*arguments, "-o", file) == (FINDINGS, "", [])
    assert file.read_text() == expected
    assert [p.name for p in tmp_path.iterdir()] == ["report.txt"]


@pytest.mark.parametrize("name", ["none/report.txt", "file/report.txt", "directory", "", "/"])
def test_file_that_cannot_be_written_is_one_line_and_leaves_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "file").write_text("kept")
    (tmp_path / "directory").mkdir()
    monkeypatch.chdir(tmp_path)
    arguments = ("check", specimen("static_exported"), "--profile", HOST, "-o", name)
    assert run.fails(*arguments).startswith(f"{name}: ")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["directory", "file"]
    assert (tmp_path / "file").read_text() == "kept"


def test_disk_that_fills_up_leaves_the_older_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "report.txt"
    file.write_text("older")

    class Full(io.FileIO):
        def write(self, _data: object) -> int:
            raise OSError(28, "No space left on device", str(self.name))

    monkeypatch.setattr(files, "open", Full, raising=False)
    arguments = ("check", specimen("static_exported"), "--profile", HOST, "-o", file)
    assert run.fails(*arguments) == f"{file}: No space left on device"
    assert [p.name for p in tmp_path.iterdir()] == ["report.txt"]
    assert file.read_text() == "older"


def test_link_to_a_file_stays_a_link(run: Run, tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_text("older")
    (tmp_path / "link").symlink_to("report.txt")
    run("check", specimen("static_hidden"), "--profile", HOST, "-o", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert ": clean" in (tmp_path / "report.txt").read_text()


def test_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    require_loader()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    arguments = ["check", specimen("static_hidden"), "--profile", HOST, "-o", str(pipe)]
    command = [sys.executable, "-m", "collide", *arguments]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}) as writer:
        assert ": clean" in pipe.read_text()
    assert writer.returncode == CLEAN
    assert pipe.is_fifo()


# -- input that cannot be read --------------------------------------------------------------------


def write_raw(path: Path, members: Mapping[str, bytes], **hashes: str) -> Path:
    """A wheel with the RECORD of these members, but with ``hashes`` in place of the right ones."""
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
            digest = urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            writer.writerow([name, f"sha256={hashes.get(Path(name).stem, digest)}", len(data)])
        record = "demo-1.0.dist-info/RECORD"
        writer.writerow([record, "", ""])
        archive.writestr(record, rows.getvalue())
    return path


NAME = f"demo-1.0-{TAG}.whl"


def _text(path: Path) -> Path:
    wheel = path / NAME
    wheel.write_text("text\n")
    return wheel


def _empty(path: Path) -> Path:
    wheel = path / NAME
    wheel.write_bytes(b"")
    return wheel


def _cut_off(path: Path) -> Path:
    wheel = path / NAME
    wheel.write_bytes(Path(specimen("static_hidden")).read_bytes()[:-200])
    return wheel


def _without_record(path: Path) -> Path:
    wheel = path / NAME
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("m.so", vault().data)
    return wheel


def _bad_name(path: Path) -> Path:
    return Path(shutil.copy(specimen("static_hidden"), path / "not-a-wheel-name.whl"))


def _missing(path: Path) -> Path:
    return path / NAME


def _bad_object(path: Path) -> Path:
    write_wheel(path / NAME, [Member("m.so", vault().data[:2000])])
    return path / NAME


def _bad_hash(path: Path) -> Path:
    return write_raw(path / NAME, {"m.so": vault().data}, m="A" * 43)


def _bad_bare_object(path: Path) -> Path:
    (path / "m.so").write_bytes(vault().data[:2000])
    return path / "m.so"


def _text_object(path: Path) -> Path:
    (path / "m.so").write_text("INPUT(libm.so.6)\n")
    return path / "m.so"


def _executable(path: Path) -> Path:
    return Path(shutil.copy(HOST, path / "tool"))


BAD = [
    (_text, NAME, "not a zip file"),
    (_empty, NAME, "not a readable wheel"),
    (_cut_off, NAME, "not a zip file"),
    (_without_record, NAME, "RECORD"),
    (_bad_name, "not-a-wheel-name.whl", "name"),
    (_missing, NAME, "no such file"),
    (_bad_object, f"{NAME}: m.so", "truncated"),
    (_bad_bare_object, "m.so", "truncated"),
    (_text_object, "m.so", "not an ELF file"),
    (_executable, "tool", "is an executable"),
]
each_bad = pytest.mark.parametrize(
    ("make", "name", "reason"), [pytest.param(*b, id=b[0].__name__[1:]) for b in BAD]
)
Make = Callable[[Path], Path]


@each_bad
def test_unreadable_input_is_one_line_with_its_name_and_the_reason(
    run: Run, tmp_path: Path, make: Make, name: str, reason: str
) -> None:
    line = run.fails("check", make(tmp_path), "--profile", HOST)
    assert line.startswith(f"{tmp_path}/{name}: ")
    assert reason.lower() in line.lower()


@each_bad
@pytest.mark.parametrize("command", ["bindings", "explain"])
def test_unreadable_input_is_the_same_to_every_command(
    run: Run, tmp_path: Path, make: Make, name: str, reason: str, command: str
) -> None:
    symbol = ["vault_new"] if command == "explain" else []
    line = run.fails(command, make(tmp_path), *symbol, "--profile", HOST)
    assert line.startswith(f"{tmp_path}/{name}: ")
    assert reason.lower() in line.lower()


@each_bad
def test_good_inputs_are_reported_beside_a_bad_one(
    run: Run, tmp_path: Path, make: Make, name: str, reason: str
) -> None:
    good = specimen("static_exported")
    status, out, err = run("check", good, make(tmp_path), specimen("unique"), "--profile", HOST)
    assert status == UNREADABLE
    assert "COL101" in out
    assert "specimen_unique-1.0 " in out
    (line,) = err
    assert f"{tmp_path}/{name}: " in line
    assert reason.lower() in line.lower()


def test_member_with_another_hash_than_record_says_is_told_and_bound(
    run: Run, tmp_path: Path
) -> None:
    with zipfile.ZipFile(specimen("static_exported")) as archive:
        data = archive.read("specimen_static_exported.abi3.so")
    wheel = write_raw(tmp_path / NAME, {"m.so": data}, m="A" * 43)
    reason = "its contents do not match the hash in RECORD"
    for command in ("check", "bindings"):
        options = ["-v"] if command == "check" else []
        status, out, err = run(command, wheel, "--profile", HOST, *options)
        assert (status, err) == (UNREADABLE, [f"collide: {wheel}: m.so: {reason}"])
        assert "vault_new" in out


def test_bad_inputs_are_part_of_the_json(run: Run, tmp_path: Path) -> None:
    bad = _bad_object(tmp_path)
    inputs = (specimen("unique"), bad, tmp_path / "none.whl")
    status, out, err = run("check", *inputs, "--profile", HOST, "--format", "json")
    assert (status, len(err)) == (UNREADABLE, 2)
    told = [p["path"] for p in json.loads(out)["problems"]]
    assert sorted(told) == sorted([f"{bad}: m.so", str(tmp_path / "none.whl")])


def test_bindings_of_good_inputs_are_printed_beside_a_bad_one(run: Run, tmp_path: Path) -> None:
    good = specimen("static_hidden")
    alone = run("bindings", good, "--profile", HOST)
    status, out, err = run("bindings", _text(tmp_path), good, "--profile", HOST)
    assert (status, out, len(err)) == (UNREADABLE, alone[1], 1)


# -- nothing to check -----------------------------------------------------------------------------


def _empty_directory(path: Path) -> Path:
    (path / "empty").mkdir()
    return path / "empty"


def _directory_without_objects(path: Path) -> Path:
    (path / "tree").mkdir()
    (path / "tree/demo.py").write_text("")
    return path / "tree"


def _pure_wheel(path: Path) -> Path:
    write_wheel(path / "demo-1.0-py3-none-any.whl", [Member("demo.py", b"")])
    return path / "demo-1.0-py3-none-any.whl"


each_void = pytest.mark.parametrize(
    "make", [_empty_directory, _directory_without_objects, _pure_wheel]
)


@each_void
@pytest.mark.parametrize("profile", [["--profile", HOST], []], ids=["named", "shipped"])
def test_input_without_objects_is_nothing_to_check(
    run: Run, tmp_path: Path, make: Make, profile: list[str]
) -> None:
    path = make(tmp_path)
    line = run.fails("check", path, *profile, status=NOTHING)
    assert line == (
        f"{path}: it has no shared object that could be opened: nothing to check "
        "(see --allow-unchecked)"
    )


@each_void
def test_input_without_objects_has_no_bindings(run: Run, tmp_path: Path, make: Make) -> None:
    path = make(tmp_path)
    line = run.fails("bindings", path, "--profile", HOST, status=NOTHING)
    assert line == f"{path}: it has no shared object that could be opened"


def test_input_without_objects_does_not_hide_the_others(run: Run, tmp_path: Path) -> None:
    pure = _pure_wheel(tmp_path)
    status, out, _ = run("check", pure, specimen("static_exported"), "--profile", HOST)
    assert status == FINDINGS
    assert f"left out: {pure}" in out


# -- the wrong architecture -----------------------------------------------------------------------


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A wheel for aarch64."""
    data = bytearray(vault().data)
    data[18:20] = (183).to_bytes(2, "little")
    wheel = tmp_path / "demo-1.0-cp310-abi3-manylinux_2_17_aarch64.whl"
    write_wheel(wheel, [Member("m.abi3.so", bytes(data))])
    return wheel


def test_wheel_that_does_not_fit_the_named_profile_cannot_be_checked(
    run: Run, foreign: Path
) -> None:
    line = run.fails("check", foreign, "--profile", HOST)
    assert line.startswith(f"{foreign}: ")
    assert "manylinux_2_17_aarch64" in line


def test_wheel_that_fits_no_shipped_profile_is_nothing_to_check(run: Run, tmp_path: Path) -> None:
    foreign = tmp_path / "demo-1.0-cp312-cp312-manylinux_2_38_loongarch64.whl"
    write_wheel(foreign, [vault()])
    status, out, err = run("check", foreign)
    assert (status, out) == (NOTHING, "")
    assert all(f"{foreign}: " in line for line in err)


def test_bare_object_of_another_architecture_cannot_be_checked(run: Run, tmp_path: Path) -> None:
    data = bytearray(vault().data)
    data[18:20] = (183).to_bytes(2, "little")
    (tmp_path / "m.so").write_bytes(data)
    line = run.fails("check", tmp_path / "m.so", "--profile", HOST)
    assert line.startswith(f"{tmp_path}/m.so: ")
    assert "another architecture than x86_64" in line


# -- profiles that cannot be used -----------------------------------------------------------------


def profile_file(path: Path, **changes: object) -> Path:
    """The shipped profile with other values."""
    file = path / "profile.json"
    file.write_text(json.dumps({**json.loads(SHIPPED), **changes}))
    return file


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"text\n", "not a readable profile"),
        (b"", "not a readable profile"),
        (b"[1]", "not a profile of schema collide-profile/1"),
        (b'{"schema":"collide-profile/0"}', "its schema is 'collide-profile/0'"),
        (lzma.compress(SHIPPED, preset=0)[:5000], "not a readable profile"),
        (SHIPPED[:5000], "not a readable profile"),
        (b"#!/bin/sh\n", "is a script (#!/bin/sh); name the binary that runs it"),
        (b"\x7fELF and no more", "corrupt ELF file"),
    ],
)
def test_profile_that_cannot_be_read_is_one_line(
    run: Run, tmp_path: Path, data: bytes, reason: str
) -> None:
    file = tmp_path / "profile"
    file.write_bytes(data)
    line = run.fails("check", specimen("static_hidden"), "--profile", file)
    assert line.startswith(f"{file}: ")
    assert reason in line


def test_unknown_profile_is_one_line_with_names_near_it(run: Run) -> None:
    line = run.fails("check", specimen("static_hidden"), "--profile", "debian-12-pyhton3")
    assert line.startswith("debian-12-pyhton3: no such profile")
    assert "debian-12-python3" in line


def test_profile_damaged_where_it_is_needed_late_is_one_line(run: Run, tmp_path: Path) -> None:
    lines = SHIPPED.splitlines(keepends=True)
    first = lines.index(b'"tables":[\n') + 1
    lines[first] = lines[first].replace(b'"names":[', b'"names":[[', 1)
    file = tmp_path / "profile.json"
    file.write_bytes(b"".join(lines))
    line = run.fails("check", specimen("static_hidden"), "--profile", file)
    assert line.startswith(f"{file}: not a valid profile of schema collide-profile/1")


@pytest.mark.parametrize("option", ["--preload", "--global"])
def test_recorded_profile_takes_no_openings(run: Run, option: str) -> None:
    arguments = ("check", specimen("static_hidden"), "--profile", "debian-12-python3")
    line = run.fails(*arguments, option, "libm.so.6")
    assert line == "--preload and --global need a binary; debian-12-python3 is recorded already"


def test_preload_of_a_binary_takes_part(run: Run) -> None:
    # The host's own library, loaded into another binary.
    library = str(ROOT / "wheels/host/libvault.so.1")
    arguments = ("check", specimen("static_exported"), "-v", "--profile", "/bin/sh")
    assert "COL101" not in run(*arguments)[1]
    assert "COL101" in run(*arguments, "--preload", library)[1]
    assert "COL101" in run(*arguments, "--global", library)[1]


def test_preload_with_a_slash_is_relative_to_the_working_directory(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT / "wheels/host")
    arguments = ("check", specimen("static_exported"), "-v", "--profile", "/bin/sh")
    assert "COL101" in run(*arguments, "--preload", "./libvault.so.1")[1]
    assert "COL101" in run(*arguments, "--global", "../host/libvault.so.1")[1]


@pytest.mark.parametrize("given", ["wheels/host", "wheels:wheels/host", "wheels;wheels/host"])
def test_library_path_is_searched(run: Run, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.chdir(ROOT)
    arguments = ("check", specimen("static_exported"), "-v", "--profile", "/bin/sh")
    line = run.fails(*arguments, "--preload", "libvault.so.1")
    assert line == "libvault.so.1: no such library on this host"
    options = ("--preload", "libvault.so.1", "--library-path", given)
    assert "COL101" in run(*arguments, *options)[1]
    monkeypatch.chdir(ROOT / "wheels/host")
    # An empty element is the working directory.
    assert "COL101" in run(*arguments, "--preload", "libvault.so.1", "--library-path", ":/")[1]


def test_library_path_that_is_not_there_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "libraries").mkdir()
    missing = f"{tmp_path}/libaries/deeper"
    for command in (("check", specimen("static_exported"), "--profile"), ("profile",)):
        line = run.fails(*command, "/bin/sh", "--library-path", missing)
        there = f"the directories in {tmp_path} are libraries"
        assert line == f"--library-path {missing}: no such directory; {there}"


def test_recorded_profile_takes_no_library_path(run: Run) -> None:
    arguments = ("check", specimen("static_hidden"), "--profile", "debian-12-python3")
    line = run.fails(*arguments, "--library-path", "/usr/lib")
    assert line == "--library-path needs a binary; debian-12-python3 is recorded already"


# -- bindings -------------------------------------------------------------------------------------

KEYS = [
    *("module", "object", "symbol", "version", "provider", "origin", "intended", "shadowed"),
]


def lines_of(out: str) -> list[dict[str, Any]]:
    """The objects of JSON lines."""
    return [json.loads(line) for line in out.splitlines()]


def observed(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each module of a specimen that opens, with each binding that the loader printed."""
    for session in EXPECTED[name]:
        if len(session["modules"]) == 1 and session["bindings"] is not None:
            yield from ((session["modules"][0], b) for b in session["bindings"])


def as_observed(provider: str | None, origin: str) -> str | None:
    """A provider as ``bindings.json`` names it."""
    if provider is None or origin in ("self", "wheel"):
        return provider
    path = Path(provider)
    return f"host/{path.name}" if path.parent == Path(HOST).parent else path.name


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_bindings_are_those_of_the_real_loader(run: Run, name: str) -> None:
    status, out, _ = run("bindings", specimen(name), "--profile", HOST)
    assert status == CLEAN
    opened = {s["modules"][0] for s in EXPECTED[name] if s["error"] is None}
    found = {
        (
            x["module"],
            x["object"],
            x["symbol"],
            x["version"],
            as_observed(x["provider"], x["origin"]),
        )
        for x in lines_of(out)
        # The log leaves out what nothing satisfies.
        if x["provider"] is not None and x["module"] in opened
    }
    assert found == {
        (module, b["object"], b["symbol"], b["version"], b["provider"])
        for module, b in observed(name)
    }


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_lines_have_their_keys_in_order_and_are_sorted(run: Run, name: str) -> None:
    _, out, _ = run("bindings", specimen(name), "--profile", HOST)
    lines = lines_of(out)
    assert lines
    assert all(list(line) == KEYS for line in lines)
    assert all(line["origin"] in ("self", "wheel", "host", "system", "none") for line in lines)
    order = [
        (x["module"], x["object"], x["symbol"], x["version"] or "", x["provider"] or "")
        for x in lines
    ]
    assert order == sorted(order)
    assert len(set(out.splitlines())) == len(lines)


def test_line_is_that_of_the_contract(run: Run) -> None:
    _, out, _ = run("bindings", specimen("static_exported"), "--profile", HOST)
    module = "specimen_static_exported.abi3.so"
    expected = {
        "module": module,
        "object": module,
        "symbol": "vault_size",
        "version": None,
        "provider": str(Path(HOST).with_name("libvault.so.1")),
        "origin": "host",
        "intended": module,
        "shadowed": True,
    }
    assert json.dumps(expected) in out.splitlines()


@pytest.mark.parametrize(
    ("name", "holder", "symbol", "origin"),
    [
        ("static_exported", "specimen_static_exported.abi3.so", "vault_grow", "self"),
        ("static_exported", "specimen_static_exported.abi3.so", "PyModule_Create2", "host"),
        ("bundled_mangled", "specimen_bundled_mangled.abi3.so", "vault_grow", "wheel"),
        ("bundled_unmangled", "specimen_bundled_unmangled.abi3.so", "vault_grow", "none"),
    ],
)
def test_origin_tells_where_the_provider_is(
    run: Run, name: str, holder: str, symbol: str, origin: str
) -> None:
    _, out, _ = run("bindings", specimen(name), "--profile", HOST)
    found = [x for x in lines_of(out) if (x["object"], x["symbol"]) == (holder, symbol)]
    assert [x["origin"] for x in found] == [origin]


def test_library_loaded_for_the_wheel_from_the_system_is_told_apart(
    run: Run, tmp_path: Path
) -> None:
    s = Scenario(tmp_path)
    s.lib("system/liba.so", "int f(void) { return 1; }")
    use = "int f(void); int use(void) { return f(); }"
    module = s.lib("m.so", use, needed=["system/liba.so"], runpath="$ORIGIN/system")
    _, out, _ = run("bindings", module, "--profile", HOST)
    (line,) = (x for x in lines_of(out) if x["symbol"] == "f")
    assert (line["module"], line["object"]) == (str(module), str(module))
    assert (line["provider"], line["origin"]) == (f"{tmp_path}/system/liba.so", "system")


def test_failing_import_is_told_on_stderr(run: Run) -> None:
    status, out, err = run("bindings", specimen("bundled_unmangled"), "--profile", HOST)
    assert status == CLEAN
    assert err == [
        "collide: specimen_bundled_unmangled.abi3.so: undefined-symbol: vault_grow",
    ]
    assert any(x["symbol"] == "vault_grow" for x in lines_of(out))


@pytest.mark.parametrize(
    ("pattern", "modules"),
    [
        ("*_a.abi3.so", ["specimen_unique_a.abi3.so"]),
        ("specimen_unique_b.abi3.so", ["specimen_unique_b.abi3.so"]),
        ("*", ["specimen_unique_a.abi3.so", "specimen_unique_b.abi3.so"]),
    ],
)
def test_module_pattern_selects_modules(run: Run, pattern: str, modules: list[str]) -> None:
    arguments = ("bindings", specimen("unique"), "--profile", HOST, "--module", pattern)
    status, out, _ = run(*arguments)
    assert status == CLEAN
    assert sorted({x["module"] for x in lines_of(out)}) == modules


def test_pattern_that_matches_no_module_says_so(run: Run) -> None:
    arguments = ("bindings", specimen("unique"), "--profile", HOST, "--module", "other*")
    modules = "specimen_unique_a.abi3.so, specimen_unique_b.abi3.so"
    assert run.fails(*arguments) == f"--module other*: matches none; the modules are {modules}"
    # One that matches does not make up for another.
    status, out, err = run(*arguments, "--module", "*_a.abi3.so")
    assert (status, len(err)) == (UNREADABLE, 1)
    assert {x["module"] for x in lines_of(out)} == {"specimen_unique_a.abi3.so"}


def test_bindings_are_the_same_every_time() -> None:
    require_loader()
    arguments = ("bindings", specimen("bundled_mangled"), "--profile", HOST)
    one, two = (process(*arguments, env={"PYTHONHASHSEED": seed}) for seed in ("1", "2"))
    assert one.returncode == CLEAN
    assert one.stdout == two.stdout != ""


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_unpacked_wheel_has_the_bindings_of_the_wheel(run: Run, tmp_path: Path, name: str) -> None:
    shutil.unpack_archive(specimen(name), tmp_path, "zip")
    packed = run("bindings", specimen(name), "--profile", HOST)
    assert run("bindings", tmp_path, "--profile", HOST) == packed


def test_bare_object_is_named_by_its_resolved_path(run: Run, tmp_path: Path) -> None:
    shutil.unpack_archive(specimen("bundled_mangled"), tmp_path, "zip")
    module = tmp_path / "specimen_bundled_mangled.abi3.so"
    (tmp_path / "link.so").symlink_to(module.name)
    status, out, _ = run("bindings", tmp_path / "link.so", "--profile", HOST)
    assert status == CLEAN
    from_wheel = run("bindings", specimen("bundled_mangled"), "--profile", HOST)[1]

    def resolved(name: str | None) -> str | None:
        return name and (str(tmp_path / name) if not name.startswith("/") else name)

    expected = [
        {
            **line,
            **{k: resolved(line[k]) for k in ("module", "object", "provider", "intended")},
            # Only what is given is the wheel.
            "origin": "system" if line["origin"] == "wheel" else line["origin"],
        }
        for line in lines_of(from_wheel)
    ]
    assert lines_of(out) == expected


# -- explain --------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(CODES))
@pytest.mark.parametrize("spelling", [str.upper, str.lower])
def test_code_is_explained(run: Run, code: str, spelling: Callable[[str], str]) -> None:
    status, out, err = run("explain", spelling(code))
    assert (status, err) == (CLEAN, [])
    assert out.startswith(f"# {code} {CODES[code].slug}\n")


def test_unknown_code_is_one_line(run: Run) -> None:
    line = run.fails("explain", "nothing")
    assert line.startswith("nothing is no code and no page (api, ci, codes, ")
    assert line.endswith("), and no SYMBOL is given")


def test_explain_of_a_command_names_its_help(run: Run) -> None:
    line = run.fails("explain", "footprint")
    assert line == "footprint is a command: collide footprint --help"


@pytest.mark.parametrize(
    ("word", "meant"), [("CLO110", "COL110"), ("splt-library", "split-library"), ("cii", "ci")]
)
def test_mistyped_code_slug_or_page_names_its_neighbour(run: Run, word: str, meant: str) -> None:
    assert run.fails("explain", word).endswith(f"; did you mean {meant}?")


@pytest.mark.parametrize("code", sorted(CODES))
def test_slug_is_explained_as_its_code(run: Run, code: str) -> None:
    assert run("explain", CODES[code].slug) == run("explain", code)


@pytest.mark.parametrize(
    ("name", "line"), [("ci", "# In CI and in test suites"), ("Glossary", "# Glossary")]
)
def test_page_of_documentation_is_printed(run: Run, name: str, line: str) -> None:
    status, out, err = run("explain", name)
    assert (status, err) == (0, [])
    assert out.startswith(f"{line}\n")


def test_walk_names_each_object_and_the_rule(run: Run) -> None:
    status, out, err = run("explain", specimen("static_exported"), "vault_size", "--profile", HOST)
    assert (status, err) == (CLEAN, [])
    library = str(Path(HOST).with_name("libvault.so.1"))
    for part in (HOST, library, "accepted: ", "-> shadowed"):
        assert part in out


def test_symbol_that_nobody_refers_to_is_one_line(run: Run) -> None:
    line = run.fails("explain", specimen("unique"), "nobody", "--profile", HOST, status=NOTHING)
    assert line == f"{specimen('unique')}: no reference to nobody is looked up"


def test_walk_can_be_had_for_one_module_only(run: Run) -> None:
    arguments = ("explain", specimen("unique"), "vault_count", "--profile", HOST)
    both, one = run(*arguments)[1], run(*arguments, "--module", "*_a.abi3.so")[1]
    assert both.count("vault_count (unversioned)\n") > one.count("vault_count (unversioned)\n") > 0
    assert "specimen_unique_b" not in one


# -- profile --------------------------------------------------------------------------------------


def test_profile_of_what_is_no_binary_is_one_line(run: Run, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    library = compile_so(tmp_path, "liba.so", "")
    for path, reason in (
        (script, "is a script"),
        (library, "has no dynamic loader"),
        (tmp_path / "missing", "no such file"),
        (tmp_path, ""),
    ):
        line = run.fails("profile", path)
        assert line.startswith(f"{path}: ")
        assert reason in line


def test_profile_whose_preload_is_not_there_is_one_line(run: Run) -> None:
    line = run.fails("profile", HOST, "--preload", "libmissing.so")
    assert line == "libmissing.so: no such library on this host"


def test_profile_below_a_root_that_is_not_there_is_one_line(run: Run, tmp_path: Path) -> None:
    line = run.fails("profile", "/bin/sh", "--root", tmp_path / "none")
    assert line == f"{tmp_path}/none: no such directory or archive"


def test_profile_is_written_whole_or_not_at_all(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "none/profile.json"
    assert run.fails("profile", HOST, "-o", file) == f"{file}: No such file or directory"
    assert list(tmp_path.iterdir()) == []


def test_bare_name_of_a_binary_is_looked_up_in_the_path(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(Path(HOST).parent))
    monkeypatch.chdir(tmp_path)
    status, out, _ = run("profile", "host")
    assert status == CLEAN
    assert json.loads(out)["binary"] == HOST


# -- what is neither file nor result --------------------------------------------------------------


def test_closed_standard_output_is_one_line() -> None:
    command = f"{sys.executable} -m collide check {specimen('static_hidden')} --profile {HOST} >&-"
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (done.returncode, done.stderr) == (
        UNREADABLE,
        "collide: standard output: is closed\n",
    )


def test_named_pipe_is_no_input(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.whl")
    line = run.fails("check", tmp_path / "pipe.whl", "--profile", HOST)
    assert line == f"{tmp_path}/pipe.whl: neither a regular file nor a directory"


def test_directory_is_no_profile(run: Run, tmp_path: Path) -> None:
    line = run.fails("check", specimen("unique"), "--profile", tmp_path)
    assert line == f"{tmp_path}: not a regular file"


def test_json_is_written_also_where_nothing_fits(run: Run, tmp_path: Path) -> None:
    status, out, err = run("check", tmp_path, "--format", "json")
    assert (status, len(err)) == (NOTHING, 1)
    assert json.loads(out)["analyses"] == []


def test_what_a_host_lacks_is_told(run: Run, tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libgone.so")
    host = s.host(needed=["libgone.so"])
    (tmp_path / "libgone.so").unlink()
    _, _, err = run("check", specimen("static_hidden"), "--profile", host)
    (line,) = (e for e in err if "libgone.so" in e)
    assert line.endswith(f"{host}: missing-library: libgone.so")


# -- whatif ---------------------------------------------------------------------------------------


def test_whatif_shows_what_a_change_would_do(run: Run) -> None:
    wheel = specimen("static_exported")
    status, out, err = run("whatif", wheel, "--profile", HOST, "--apply", "*=-Bsymbolic")
    assert (status, err) == (CLEAN, [])
    assert "(shadowed) -> itself, bound at link time" in out
    assert "shadowed references: 4 -> 0\n" in out


def test_whatif_that_makes_a_module_fail_ends_with_status_one(run: Run) -> None:
    wheel = specimen("bundled_mangled")
    arguments = ("whatif", wheel, "--profile", HOST, "--apply", "*libvault*=hide")
    status, out, _ = run(*arguments)
    assert status == FINDINGS
    assert "specimen_bundled_mangled.abi3.so: undefined-symbol: vault_grow\n" in out
    # The host has the others: they are lost without a word of the loader.
    assert "the wheel no longer has what 5 references meant\n" in out
    status, out, _ = run(*arguments, "--without-host-lib", "*vault.so*", "--format", "json")
    assert status == FINDINGS
    (analysis,) = json.loads(out)["analyses"]
    assert len(analysis["failures"]["new"]) == analysis["lost"] == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nothing to try"),
        (("--apply", "nobody=hide"), "no object matches nobody; the objects are "),
        (("--apply-host", "libvolt.so.1=hide"), "; the objects are "),
        (("--apply", "*=sideways"), "'sideways' is no change"),
        (("--apply-host", "nobody=local"), "matches nobody"),
        (("--apply", "*=-Bsymbolic", "--rename-map", "MAP"), "nothing is renamed"),
    ],
)
def test_whatif_that_cannot_be_tried_is_one_line(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    table = tmp_path / "names.map"
    given = [str(table) if a == "MAP" else a for a in arguments]
    status, out, err = run("whatif", specimen("bundled_mangled"), "--profile", HOST, *given)
    assert (status, out, len(err)) == (UNREADABLE, "", 1)
    assert message in err[0]
    assert not table.exists()


def test_whatif_writes_the_map_that_patchelf_reads(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "names.map"
    status, out, err = run(
        *("whatif", specimen("bundled_mangled"), "--profile", HOST),
        *("--apply", "*libvault*=rename", "--rename-map", str(table)),
    )
    assert status == CLEAN
    lines = table.read_text().splitlines()
    assert lines == sorted(f"{n} {n}_specimen_bundled_mangled" for n, _ in map(str.split, lines))
    assert lines
    (told,) = err
    assert told.startswith(f"collide: {table} is for ")
    assert "shadowed references: 5 -> 0\n" in out


def test_one_map_does_not_serve_names_of_two_libraries(run: Run, tmp_path: Path) -> None:
    """m.so gets g from b.so, and n.so from a.so, where it is renamed."""
    require_loader()
    s = Scenario(tmp_path)
    both = "int f(void) { return 1; } int g(void) { return 2; }"
    s.lib("w/b.so", "int g(void) { return 3; }")
    s.lib("w/a.so", both)
    use = "int f(void), g(void); int use(void) { return f() + g(); }"
    s.module("w/m.so", use, needed=["w/b.so", "w/a.so"])
    s.module("w/n.so", use, needed=["w/a.so"])
    table = tmp_path / "names.map"
    arguments = ("whatif", tmp_path / "w", "--profile", HOST, "--rename-map", table, "--apply")
    status, _, (told,) = run(*arguments, "a.so=rename")
    assert status == UNREADABLE
    assert "m.so gets g from another library than the one that is renamed" in told
    assert not table.exists()
    assert run(*arguments, "a.so=rename=f")[0] == CLEAN
    assert table.read_text() == "f f_w\n"


def test_whatif_tells_what_does_not_fit(run: Run, tmp_path: Path) -> None:
    wheel = tmp_path / "demo-1.0-cp39-cp39-manylinux_2_17_x86_64.whl"
    write_wheel(wheel, [vault()])
    status, out, err = run("whatif", wheel, "--profile", "debian-12-python3", "--apply", "*=hide")
    assert (status, out, len(err)) == (UNREADABLE, "", 1)
    empty = tmp_path / "empty-1.0-py3-none-any.whl"
    write_wheel(empty, [Member("empty.py", b"")])
    status, out, err = run("whatif", empty, "--profile", "debian-12-python3", "--apply", "*=hide")
    assert (status, out, len(err)) == (NOTHING, "", 1)


def test_check_tries_remedies_when_asked(run: Run) -> None:
    wheel = specimen("static_exported")
    status, out, _ = run("check", wheel, "--profile", HOST, "--remedies")
    assert status == FINDINGS
    assert "remedies, each tried in memory and bound again:" in out
    assert "remedies" not in run("check", wheel, "--profile", HOST)[1]
