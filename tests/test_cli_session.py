"""The command line over several inputs in one process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from scenario import require_loader

from collide.cli import main

ROOT = Path(__file__).resolve().parent.parent
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


def test_no_module_of_a_session_matches(capsys: Capture) -> None:
    arguments = ("bindings", specimen("unique"), "--profile", HOST, "--session", "--module", "no*")
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (3, "")
    assert err == [f"collide: {specimen('unique')}: no module matches no*"]
