"""Several processes, one result: that of the serial run, byte for byte; and what ends a run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import collide.check.check
import collide.check.parallel
from building import WheelBuilder
from checkout import ROOT
from collide.analysis.analysis import Analysis, analyse
from collide.cli.main import main
from collide.loader.host import Host
from collide.wheels.target import Target, read_target

DIST = ROOT / "wheels/dist"
HOST = str(ROOT / "wheels/host/host")
UNIQUE = (
    '__asm__(".data\\n.globl u\\n.type u, @gnu_unique_object\\n.size u, 4\\nu: .long 1\\n.text");'
    "extern int u; int *the_u(void) { return &u; }"
)

Result = tuple[int, str, str]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Specimens, two wheels that share something, and one that cannot be read."""
    for wheel in sorted(DIST.glob("*x86_64.whl")):
        shutil.copy(wheel, tmp_path)
    build = WheelBuilder(tmp_path)
    for name in ("one", "two"):
        build(name, {f"{name}.so": UNIQUE})
    (tmp_path / "broken-1.0-py3-none-any.whl").write_bytes(b"PK nothing")
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Result:
    capsys.readouterr()
    status = main(["check", *map(str, arguments)])
    return status, *capsys.readouterr()


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--format", "json"),
        ("--format", "json", "--no-together"),
        ("--remedies",),
        ("--rtld-global", "*", "-v"),
        ("--fail-on", "never"),
    ],
    ids=" ".join,
)
def test_result_is_that_of_one_process(
    directory: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    more = (directory / "none.whl", DIST.parent / "host")
    profiles = ("--profile", HOST, "--profile", "debian-12-python3")
    asked: list[str | Path] = [directory, *more, *profiles, *options]
    serial = run(capsys, *asked, "--jobs", "1")
    assert "none.whl" in serial[2]
    assert "broken" in serial[2]
    assert "specimen" in serial[1]
    for jobs in ("2", "5"):
        assert run(capsys, *asked, "--jobs", jobs) == serial


def test_result_on_all_shipped_hosts_is_that_of_one_process(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (directory / "broken-1.0-py3-none-any.whl").unlink()
    serial = run(capsys, directory, "--jobs", "1")
    assert run(capsys, directory, "--jobs", "2") == serial


@pytest.mark.parametrize("options", [(), ("--format", "json"), ("-v", "--remedies")], ids=" ".join)
def test_hosts_of_one_input_are_shared_out(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    (wheel,) = DIST.glob("specimen_static_exported-*x86_64.whl")
    profiles = ("--profile", HOST, "--profile", "debian-12-python3", "--profile", "debian-12-gdb")
    serial = run(capsys, wheel, *profiles, *options, "--jobs", "1")
    assert "specimen" in serial[1]
    for jobs in ("2", "5"):
        assert run(capsys, wheel, *profiles, *options, "--jobs", jobs) == serial


def test_host_that_fails_in_a_process_of_its_own_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (wheel,) = DIST.glob("specimen_static_exported-*x86_64.whl")
    ends = False

    def broken(target: Target, host: Host, **more: Any) -> Analysis:
        if host.name.endswith("gdb"):
            if ends:
                os.kill(os.getpid(), signal.SIGKILL)
            raise RecursionError
        return analyse(target, host, **more)

    monkeypatch.setattr(collide.check.check, "analyse", broken)
    asked = (wheel, "--profile", "debian-12-python3", "--profile", "debian-12-gdb")
    serial = run(capsys, *asked, "--jobs", "1")
    assert serial[0] == 2
    assert run(capsys, *asked, "--jobs", "2") == serial
    ends = True
    status, out, err = run(capsys, *asked, "--jobs", "2")
    assert status == 2
    assert f"{wheel} on debian-12-gdb: the process that looked at it was killed (SIGKILL)" in err
    assert "specimen" in out


def test_time_that_a_process_has_used_for_other_hosts_counts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (wheel,) = DIST.glob("specimen_static_exported-*x86_64.whl")

    def endless(target: Target, host: Host, **more: Any) -> Analysis:
        while host.name.endswith("gdb"):
            pass
        return analyse(target, host, **more)

    monkeypatch.setattr(collide.check.check, "analyse", endless)
    monkeypatch.setattr(collide.check.parallel, "process_time", lambda: 599.99)
    profiles = ("--profile", "debian-12-python3", "--profile", "debian-12-gdb")
    status, _, err = run(capsys, wheel, *profiles, "--jobs", "2")
    assert status == 2
    (line,) = err.splitlines()
    assert line.startswith(f"collide: {wheel}: ")
    assert "time" in line


def test_pairs_of_what_was_not_packed_are_read_again(
    directory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = (directory, "--profile", "debian-12-python3", "-v")
    serial = run(capsys, *asked, "--jobs", "1")
    assert " share " in serial[1]
    monkeypatch.setattr(collide.check.parallel, "_PACKED_SYMBOLS", 0)
    assert run(capsys, *asked, "--jobs", "2") == serial


def test_input_whose_process_is_killed_is_named(
    directory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (directory / "broken-1.0-py3-none-any.whl").unlink()

    def read(path: str) -> object:
        if Path(path).name.startswith("one-"):
            os.kill(os.getpid(), signal.SIGKILL)
        return read_target(path)

    monkeypatch.setattr(collide.check.parallel, "try_read", read)
    profile = "debian-12-python3"
    status, out, err = run(capsys, directory, "--profile", profile, "--jobs", "2")
    (line,) = err.splitlines()
    assert status == 2
    assert line.startswith(f"collide: {directory}/one-")
    assert "the process that looked at it was killed (SIGKILL)" in line
    assert "two-" in out
    assert "specimen" in out


def test_pair_whose_process_is_killed_is_named(
    directory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (directory / "broken-1.0-py3-none-any.whl").unlink()

    def meet(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr("collide.analysis.pair_sides.SystemSides.both_orders", meet)
    profile = "debian-12-python3"
    status, out, err = run(capsys, directory, "--profile", profile, "--jobs", "2")
    assert status == 2
    assert any("one-" in line and "two-" in line for line in err.splitlines())
    assert "specimen" in out


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_number_of_jobs_is_positive(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as e:
        main(["check", "--jobs", number, "x.whl"])
    assert e.value.code == 2
    assert "--jobs" in capsys.readouterr().err


INTERRUPTED = """
import sys, time
from pathlib import Path
import collide.check.parallel, collide.wheels.target
marks = sys.argv[1]
def read(path, keeping=False):
    Path(marks, f"begun-{Path(path).name}").touch()
    time.sleep(60)
collide.check.parallel.read_target = collide.wheels.target.read_target = read
sys.argv[1:] = ["check", *sys.argv[2:]]
from collide.__main__ import run
run()
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_interrupt_ends_everything_and_leaves_nothing(
    directory: Path, tmp_path_factory: pytest.TempPathFactory, jobs: int
) -> None:
    marks, results = (tmp_path_factory.mktemp(name) for name in ("marks", "results"))
    command: list[str | Path] = [sys.executable, "-c", INTERRUPTED, marks, directory]
    command += ["--jobs", str(jobs)]
    command += ["--profile", "debian-12-python3", "-o", results / "report"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 20
        while len(list(marks.iterdir())) < jobs and time.monotonic() < deadline:
            time.sleep(0.02)
        # What a terminal does: to the whole group at once.
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"")
    assert list(results.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
