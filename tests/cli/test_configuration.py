"""Files and variables that say what ``collide check`` does: where they count, and their errors."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

import configuration_page
from checkout import PACKAGE, WHEELS
from collide.cli.configuration import SCHEMA_FILE, SETTINGS
from collide.cli.main import main
from collide.support import toml
from scenario import require_loader

HOST = str(WHEELS / "host/host")
(WHEEL,) = map(str, (WHEELS / "dist").glob("specimen_static_exported-*.whl"))
SCHEMA = json.loads(Path(SCHEMA_FILE).read_text())


class Run:
    """One check in a directory: its status, stdout, and lines on stderr."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, list[str]]:
        status = main(["check", WHEEL, *arguments])
        out, err = self._capsys.readouterr()
        return status, out, err.splitlines()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    require_loader()
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("COLLIDE_"):
            monkeypatch.delenv(name)
    return Run(capsys)


def config(text: str, path: str = "collide.toml") -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


# -- the page and the schema ----------------------------------------------------------------------


def test_page_is_that_of_the_schema() -> None:
    """Write it again with ``python tests/tools/configuration_page.py``."""
    assert configuration_page.PAGE.read_text() == configuration_page.render(SCHEMA)


def test_schema_has_every_setting_with_its_default() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert {s.key for s in SETTINGS} | {"accept"} == set(SCHEMA["properties"])
    for setting in SETTINGS:
        rule = SCHEMA["properties"][setting.key]
        assert rule.get("default", None if setting.key == "baseline" else "?") == (
            [] if rule["type"] == "array" else setting.default
        )


def test_editor_takes_the_example_of_the_page_and_marks_a_typo() -> None:
    """Editors check by the schema alone, as another validator does here."""
    (example,) = re.findall(r"(?ms)^```toml\n(.*?)^```", configuration_page.PAGE.read_text())
    table = toml.parse(example, "pyproject.toml")["tool"]["collide"]
    known = json.loads(json.dumps(table, default=str))  # JSON has no days.
    entry, *_ = known["accept"]
    editor = Draft7Validator(SCHEMA)
    assert list(editor.iter_errors(known)) == []
    for typo in (
        {**known, "hots": []},
        {**known, "fail-on": "eror"},
        {**known, "accept": [{**entry, "untill": "2027-01-01"}]},
        {**known, "accept": [{key: entry[key] for key in entry if key != "reason"}]},
    ):
        assert len(list(editor.iter_errors(typo))) == 1


def test_example_of_the_page_is_valid(run: Run) -> None:
    (example,) = re.findall(r"(?ms)^```toml\n(.*?)^```", configuration_page.PAGE.read_text())
    config(example, "pyproject.toml")
    status, out, err = run("--profile", HOST)
    assert status == 1
    assert err == [
        "collide: pyproject.toml:6: accept COL102, libz, *gdb: matches no finding of this run"
    ]
    assert "COL101" in out


# -- where it is found ----------------------------------------------------------------------------


def test_nearest_file_upwards_counts(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config(f'[tool.collide]\nhosts = ["{HOST}"]\nfail-on = "never"\n', "pyproject.toml")
    config('[project]\nname = "collide"\n', "a/pyproject.toml")
    (tmp_path / "a/b").mkdir()
    monkeypatch.chdir(tmp_path / "a/b")
    assert run()[0] == 0
    config('[tool.collide]\nfail-on = "error"\n', "../pyproject.toml")
    assert run("--profile", HOST)[0] == 1
    config('fail-on = "never"\n', "../collide.toml")
    assert run("--profile", HOST)[0] == 0
    assert run("--profile", HOST, "--isolated")[0] == 1
    assert run("--profile", HOST, "--config", "../pyproject.toml")[0] == 1


def test_option_comes_before_variable_before_file(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    config(f'hosts = ["{HOST}"]\nfail-on = "never"\n')
    assert run()[0] == 0
    monkeypatch.setenv("COLLIDE_FAIL_ON", "error")
    assert run()[0] == 1
    assert run("--fail-on", "never")[0] == 0
    monkeypatch.setenv("COLLIDE_IGNORE", "COL2, COL1")
    assert run()[0] == 0
    monkeypatch.setenv("COLLIDE_ISOLATED", "1")
    assert run("--profile", HOST)[0] == 1


def test_paths_start_at_the_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hosts").mkdir()
    (tmp_path / "hosts/host").symlink_to(HOST)
    config('hosts = ["hosts/host"]\nbaseline = "known.json"\nlibrary-path = ["hosts:hosts"]\n')
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    assert run("--update-baseline")[0] == 0
    assert (tmp_path / "known.json").is_file()


def test_openings_of_the_file_are_those_of_its_hosts(run: Run) -> None:
    config(f'hosts = ["{HOST}"]\npreload = ["{WHEELS}/host/libvault.so.1"]\n')
    assert run()[0] == 1
    status, _, err = run("--profile", "debian-12-python3")
    assert (status, err) == (0, [])


# -- what counts ----------------------------------------------------------------------------------


def test_accepted_is_counted_and_named(run: Run) -> None:
    config(f'hosts = ["{HOST}"]\n[[accept]]\nlibrary = "libvault"\nreason = "by design"\n')
    status, out, err = run()
    assert (status, err) == (0, [])
    assert "nothing that counts" in out
    assert out.endswith("not counted: 1 accepted\n")
    assert "by design" not in out
    assert "accepted: COL101 [split-library] specimen_static_exported.abi3.so" in run("-v")[1]
    report = json.loads(run("--format", "json")[1])
    assert report["summary"]["aside"] == {"accepted": 1}
    assert {one["reason"] for one in report["aside"]} == {"by design"}
    assert {cause["severity"] for cause in report["causes"]} == {"note"}


def test_entry_past_its_day_fails_and_all_is_shown(run: Run) -> None:
    config(f'hosts = ["{HOST}"]\n[[accept]]\ncode = "COL1"\nreason = "x"\nuntil = 2020-02-29\n')
    status, out, err = run()
    assert status == 2
    assert "COL101" in out
    assert err == ["collide: collide.toml:2: accept COL1: its last day is past; look at it again"]


def test_baseline_is_written_and_only_new_causes_count(run: Run) -> None:
    chosen = ("--profile", HOST, "--baseline", "known.json")
    status, out, err = run(*chosen)
    assert (status, out) == (2, "")
    assert err == ["collide: known.json: no such file; --update-baseline writes it"]
    assert run(*chosen, "--update-baseline")[0] == 0
    status, out, err = run(*chosen)
    assert (status, err) == (0, [])
    assert "2 in the baseline" in out


def test_minimum_hides_and_changes_no_status(run: Run) -> None:
    chosen = ("--profile", HOST, "--fail-on", "note")
    status, out, _ = run(*chosen, "--minimum", "error", "--no-exposure")
    assert status == 1
    assert "COL101" in out
    status, out, _ = run(*chosen, "--minimum", "error")
    assert out.endswith("1 error in 1 input on 1 host; not counted: 1 below minimum\n")


# -- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = ", "1: is no TOML: Invalid value"),
        ("\nhotss = []\n", "2: hotss means nothing; did you mean hosts?"),
        ("x = 1\n", "1: x means nothing; there are hosts, preload, "),
        ('hosts = "cpython"\n', "1: hosts is no array"),
        ('hosts = [\n"a",\n1.5]\n', "3: hosts[1] is no string"),
        ("exposure = 1\n", "1: exposure is no boolean"),
        ('fail-on = "eror"\n', "1: fail-on is none of error, warning, note, never"),
        ('\nselect = ["COL1O9"]\n', "2: select: COL1O9 is no code; did you mean COL109?"),
        ('ignore = [\n"split-librry"]\n', "1: ignore: split-librry is no code; did you mean "),
        ('[[accept]]\ncode = "COL1"\n', "1: accept[0] has no reason"),
        ('[[accept]]\nreason = "x"\n', "1: an entry of accept names what it is about: code, "),
        ('[[accept]]\ncode = "COL1"\nreason = ""\n', "3: accept[0].reason is too short"),
        (
            '[[accept]]\ncdoe = "COL1"\nreason = "x"\n',
            "2: accept[0].cdoe means nothing; did you mean code?",
        ),
        (
            '[[accept]]\nreason = "x"\ncode = "COL1O9"\n',
            "3: accept: COL1O9 is no code; did you mean COL109?",
        ),
        ('[[accept]]\nreason = "x"\ncode = "COL1"\nuntil = "soon"\n', "4: until is no day: soon"),
        (
            '[[accept]]\nreason = "x"\ncode = "COL1"\nuntil = 2027-01-01T00:00:00\n',
            "4: accept[0].until is no string",
        ),
        ("accept = 1\n", "1: accept is no array"),
    ],
)
def test_file_with_an_error_is_one_line_with_its_number(run: Run, text: str, said: str) -> None:
    config(text)
    status, out, err = run("--profile", HOST)
    assert (status, out, len(err)) == (2, "", 1)
    assert err[0].startswith(f"collide: collide.toml:{said}")


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (["--config", "none.toml"], {}, "none.toml: No such file or directory"),
        (["--config", "pyproject.toml"], {}, "pyproject.toml: has no table [tool.collide]"),
        (["--config", "x", "--isolated"], {}, "--config and --isolated exclude each other"),
        (["--select", "COL1O9"], {}, "COL1O9 is no code; did you mean COL109?"),
        (["--update-baseline"], {}, "--update-baseline needs --baseline FILE"),
        (
            [],
            {"COLLIDE_FAIL_NO": "x"},
            "COLLIDE_FAIL_NO in the environment means nothing; did you mean COLLIDE_FAIL_ON?",
        ),
        ([], {"COLLIDE_FAIL_ON": "x"}, "COLLIDE_FAIL_ON=x in the environment is none of error, "),
        (
            [],
            {"COLLIDE_TOGETHER": "maybe"},
            "COLLIDE_TOGETHER=maybe in the environment is none",
        ),
        ([], {"COLLIDE_IGNORE": "COL1O9"}, "COLLIDE_IGNORE in the environment: COL1O9 is no code"),
        (["--profile", "!*gdbb"], {}, "!*gdbb: takes out no host; near it: *-gdb"),
        (
            [],
            {"COLLIDE_HOSTS": "cpyton"},
            "COLLIDE_HOSTS in the environment: cpyton: no such profile, file or binary",
        ),
    ],
)
def test_option_or_variable_with_an_error_is_one_line(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    variables: dict[str, str],
    said: str,
) -> None:
    config('[project]\nname = "x"\n', "pyproject.toml")
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    status, out, err = run(*arguments)
    assert (status, out, len(err)) == (2, "", 1)
    assert err[0].startswith(f"collide: {said}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('hosts = ["cpython",\n"cpyton"]\n', "2: hosts: cpyton: no such profile, file or binary"),
        ('\nhosts = ["!*gdbb"]\n', "2: hosts: !*gdbb: takes out no host; near it: *-gdb"),
        ('hosts = [\n"./pipe"]\n', "1: hosts: {}/pipe: not a regular file"),
        ('hosts = [\n"."]\n', "2: hosts: .: not a regular file"),
    ],
)
def test_wrong_host_of_the_file_is_one_line_with_its_number(
    run: Run, tmp_path: Path, text: str, said: str
) -> None:
    os.mkfifo("pipe")
    config(text)
    status, out, err = run()
    assert (status, out, len(err)) == (2, "", 1)
    assert err[0].startswith(f"collide: collide.toml:{said.format(tmp_path)}")
    assert run("--profile", HOST)[0] == 1  # Hosts of the file that an option replaces.


def test_negation_takes_shipped_hosts_out(run: Run) -> None:
    config('hosts = ["debian-12-*", "!*gdb", "!pypy"]\n')
    names = json.loads(run("--format", "json", "--isolated", "--profile", "debian-12-*")[1])
    fewer = json.loads(run("--format", "json")[1])
    assert set(names["summary"]["hosts"]) - set(fewer["summary"]["hosts"]) == {"debian-12-gdb"}
    assert "debian-12-gdb" not in {one["profile"] for one in fewer["left_out"]}


def test_schema_is_shipped() -> None:
    ours = PACKAGE / "cli" / Path(SCHEMA_FILE).name
    assert Path(SCHEMA_FILE).read_bytes() == ours.read_bytes()
