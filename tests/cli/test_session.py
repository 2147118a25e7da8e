"""The command line over several inputs in one process."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from checkout import ROOT
from collide.cli.main import main
from collide.wheels.archive import Member, write_wheel
from scenario import require_loader

HOST = str(ROOT / "wheels/host/host")
EXPECTED: dict[str, list[dict[str, Any]]] = json.loads((ROOT / "wheels/bindings.json").read_text())
Capture = pytest.CaptureFixture[str]


def specimen(name: str) -> str:
    (wheel,) = (ROOT / "wheels/dist").glob(f"specimen_{name}-1.0-*.whl")
    return str(wheel)


def run(capsys: Capture, *arguments: str) -> tuple[int, str, list[str]]:
    require_loader()
    capsys.readouterr()
    status = main(arguments)
    out, err = capsys.readouterr()
    return status, out, err.splitlines()


def test_session_binds_as_the_real_loader_has(capsys: Capture) -> None:
    status, out, err = run(capsys, "bindings", specimen("unique"), "--profile", HOST, "--session")
    assert (status, err) == (0, [])
    (session,) = (s for s in EXPECTED["unique"] if len(s["modules"]) == 2)
    printed = {
        (b["object"], b["symbol"], b["provider"].rsplit("/")[-1]) for b in session["bindings"]
    }
    lines = [json.loads(line) for line in out.splitlines()]
    assert {(x["object"], x["symbol"], Path(x["provider"]).name) for x in lines} == printed
    (across,) = (x for x in lines if x["origin"] == "wheel")
    assert (across["module"], across["shadowed"]) == ("specimen_unique_b.abi3.so", True)


def test_patterns_turn_the_order_round(capsys: Capture) -> None:
    patterns = ("--module", "*_b.*", "--module", "*_a.*")
    _, out, _ = run(
        capsys, "bindings", specimen("unique"), "--profile", HOST, "--session", *patterns
    )
    (across,) = (x for x in map(json.loads, out.splitlines()) if x["origin"] == "wheel")
    assert across["module"] == "specimen_unique_a.abi3.so"


def test_several_inputs_are_one_session(capsys: Capture) -> None:
    inputs = (specimen("static_exported"), specimen("unique"))
    status, out, _ = run(capsys, "bindings", *inputs, "--profile", HOST, "--session")
    assert status == 0
    assert len({json.loads(line)["module"] for line in out.splitlines()}) == 3


def test_replaced_files_are_told(capsys: Capture, tmp_path: Path) -> None:
    wheel = Path(specimen("unique"))
    other = tmp_path / wheel.name.replace("-1.0-", "-2.0-")
    other.write_bytes(wheel.read_bytes())
    status, _, err = run(capsys, "bindings", str(wheel), str(other), "--profile", HOST, "--session")
    assert status == 0
    both = "specimen_unique_a.abi3.so, specimen_unique_b.abi3.so"
    assert err == [f"collide: {wheel}: {both} replaced by the files of {other}"]


def test_rtld_global_without_a_session_is_refused(capsys: Capture) -> None:
    status, out, err = run(
        capsys, "bindings", specimen("unique"), "--profile", HOST, "--rtld-global", "*"
    )
    assert (status, out) == (2, "")
    assert err == ["collide: --rtld-global needs --session: alone, a module is global to nobody"]


def test_input_that_does_not_fit_is_told_and_the_others_are_opened(
    capsys: Capture, tmp_path: Path
) -> None:
    other = tmp_path / "other-1.0-py3-none-linux_aarch64.whl"
    other.write_bytes(Path(specimen("static_hidden")).read_bytes())
    status, out, err = run(
        capsys, "bindings", str(other), specimen("unique"), "--profile", HOST, "--session"
    )
    assert status == 2
    assert "do not fit" in err[0]
    assert out


THERE = "matches none; the modules are specimen_unique_a.abi3.so, specimen_unique_b.abi3.so"


def test_no_module_of_a_session_matches(capsys: Capture) -> None:
    arguments = ("bindings", specimen("unique"), "--profile", HOST, "--session", "--module", "no*")
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err == [f"collide: --module no*: {THERE}"]


def test_module_to_open_global_is_one_that_there_is(capsys: Capture) -> None:
    session = ("bindings", specimen("unique"), "--profile", HOST, "--session")
    status, _, err = run(capsys, *session, "--rtld-global", "no*")
    assert (status, err) == (2, [f"collide: --rtld-global no*: {THERE}"])
    two = ("check", specimen("unique"), specimen("static_hidden"), "--profile", HOST)
    status, out, err = run(capsys, *two, "--rtld-global", "*_a.abi3.so", "--rtld-global", "no*")
    assert (status, out, len(err)) == (2, "", 1)
    assert err[0].startswith("collide: --rtld-global no*: matches none; the modules are ")


# -- check, together ------------------------------------------------------------------------------


def rewrapped(name: str, directory: Path, distribution: str, **renamed: str) -> Path:
    """A specimen as another distribution, its members under other names."""
    path = directory / f"{distribution}-1.0-py3-none-linux_x86_64.whl"
    with zipfile.ZipFile(specimen(name)) as archive:
        members = [
            Member(renamed.get(i.filename.partition(".")[0], i.filename), archive.read(i))
            for i in archive.infolist()
            if ".dist-info" not in i.filename
        ]
    write_wheel(path, members)
    return path


def test_check_tells_what_changes_with_the_order(capsys: Capture, tmp_path: Path) -> None:
    one = rewrapped("unique", tmp_path, "one", specimen_unique_a="a.so", specimen_unique_b="b.so")
    other = rewrapped("unique", tmp_path, "two", specimen_unique_a="c.so", specimen_unique_b="d.so")
    arguments = ("check", str(one), str(other), "--profile", HOST, "--fail-on", "note")
    status, out, err = run(capsys, *arguments, "-v")
    assert (status, err) == (1, [])
    assert re.search(rf"^{one} and {other} on \S*-host share 1 unique symbol$", out, re.MULTILINE)
    assert f", after {one}\n" in out
    assert f"  note COL303 [unique-across-wheels] 2 objects of {other.name} " in out
    assert "; 1 pair in one process\n" in out

    status, out, _ = run(capsys, *arguments, "--no-together")
    assert status == 0
    assert "together" not in out


def test_json_has_the_pairs_with_both_orders(capsys: Capture, tmp_path: Path) -> None:
    inputs = [
        str(rewrapped("unique", tmp_path, "one", specimen_unique_a="a.so")),
        str(rewrapped("unique", tmp_path, "two", specimen_unique_a="c.so")),
        specimen("static_hidden"),
    ]
    _, out, _ = run(capsys, "check", *inputs, "--profile", HOST, "--format", "json")
    first, *others = json.loads(out)["together"]
    assert first["targets"] == inputs[:2]
    # specimen_unique_b.abi3.so is a file of both.
    assert list(first["shares"]) == ["unique", "files"]
    assert [f["code"] for f in first["findings"]] == ["COL307"]
    assert [order["order"] for order in first["orders"]] == [inputs[:2], inputs[1::-1]]
    assert {f["code"] for order in first["orders"] for f in order["findings"]} == {"COL303"}
    assert [(pair["targets"], pair["shares"], pair["orders"]) for pair in others] == [
        ([inputs[0], inputs[2]], {}, []),
        ([inputs[1], inputs[2]], {}, []),
    ]


def test_builds_of_one_distribution_are_alternatives(capsys: Capture, tmp_path: Path) -> None:
    wheel = Path(specimen("unique"))
    other = tmp_path / wheel.name.replace("-1.0-", "-2.0-")
    other.write_bytes(wheel.read_bytes())
    status, out, _ = run(capsys, "check", str(wheel), str(other), "--profile", HOST)
    assert status == 0
    reason = "two builds of specimen-unique are never installed together"
    assert f"not together: {wheel} and {other}: {reason}" in out


def test_one_input_is_no_pair(capsys: Capture) -> None:
    _, out, _ = run(capsys, "check", specimen("unique"), "--profile", HOST)
    assert "together" not in out


def test_rtld_global_without_several_inputs_is_refused(capsys: Capture) -> None:
    arguments = ("check", specimen("unique"), "--profile", HOST, "--rtld-global", "*")
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err == ["collide: --rtld-global needs several inputs, looked at together"]


# -- the flags of a dlopen ------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["global", "lazy", "deepbind"])
@pytest.mark.parametrize("command", ["check", "bindings"])
def test_pattern_that_matches_no_module_is_an_error(
    capsys: Capture, command: str, flag: str
) -> None:
    inputs = [specimen("unique"), specimen("static_hidden")]
    session = ["--session"] if command == "bindings" else ["--jobs", "1"]
    arguments = (command, *inputs, "--profile", HOST, *session, f"--rtld-{flag}", "no*")
    status, _, err = run(capsys, *arguments)
    assert status == 2
    (line,) = err
    assert line.startswith(f"collide: --rtld-{flag} no*: matches none; the modules are ")
    assert "specimen_unique_a.abi3.so" in line


def test_pattern_is_an_error_in_several_processes_too(capsys: Capture) -> None:
    inputs = [specimen("unique"), specimen("static_hidden")]
    arguments = ("check", *inputs, "--profile", HOST, "--jobs", "2", "--rtld-lazy", "no*")
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err[0].startswith("collide: --rtld-lazy no*: matches none; the modules are ")


def test_flags_of_one_module_need_no_session(capsys: Capture) -> None:
    for command in ("check", "bindings"):
        arguments = (command, specimen("unique"), "--profile", HOST, "--rtld-lazy", "*a.abi3.so")
        status, out, err = run(capsys, *arguments, "--rtld-deepbind", "*")
        assert (status, err) == (0, [])
        assert out
