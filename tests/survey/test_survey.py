"""Whole surveys of the specimens, with real workers."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkout import ROOT, WHEELS
from collide.survey import dataset

pytestmark = pytest.mark.corpus

HOSTS = ("debian-12-python3", str(WHEELS / "host/host"))
"""One is shipped, one is a binary, which is recorded for the workers."""
DIST = WHEELS / "dist"
COUNT = len(list(DIST.glob("*.whl")))


def command(directory: Path, *arguments: str, hosts: tuple[str, ...] = HOSTS) -> list[str]:
    named = [word for host in hosts for word in ("--profile", host)]
    words = ["survey", str(DIST), "-o", str(directory), "--workers", "2", *named, *arguments]
    return [sys.executable, "-m", "collide", *words]


def surveyed(directory: Path, *arguments: str, hosts: tuple[str, ...] = HOSTS) -> str:
    """Run a survey; what it says."""
    done = subprocess.run(
        command(directory, *arguments, hosts=hosts),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def counted(directory: Path) -> list[tuple[str, str, int, int, int]]:
    """What each wheel has on each host."""
    names = {w["sha256"]: w["wheel"] for w in dataset.table(directory, "wheels").to_pylist()}
    return sorted(
        (names[row["sha256"]], row["host"], row["error"], row["warning"], row["note"])
        for row in dataset.table(directory, "analyses").to_pylist()
    )


def checked() -> list[tuple[str, str, int, int, int]]:
    """The same by ``collide check``."""
    found = []
    for wheel in sorted(DIST.glob("*.whl")):
        words = ["check", str(wheel), "--format", "json", "--jobs", "1"]
        words += [word for host in HOSTS for word in ("--profile", host)]
        done = subprocess.run(
            [sys.executable, "-m", "collide", *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            check=False,
        )
        for one in json.loads(done.stdout)["analyses"]:
            severities = [finding["severity"] for finding in one["findings"]]
            counts = (severities.count("error"), severities.count("warning"))
            host = one["profile"]["name"]
            found.append((wheel.name, host, *counts, severities.count("note")))
    return sorted(found)


@pytest.fixture(scope="module")
def truth() -> list[tuple[str, str, int, int, int]]:
    return checked()


def test_rows_are_what_check_says_and_a_second_run_does_nothing(
    tmp_path: Path, truth: list[tuple[str, str, int, int, int]]
) -> None:
    said = surveyed(tmp_path / "ds")
    assert f"{COUNT} wheels on 2 hosts, {COUNT} left to do" in said
    assert counted(tmp_path / "ds") == truth
    assert any(error for _, _, error, _, _ in truth)
    assert f"{COUNT} wheels on 2 hosts, 0 left to do" in surveyed(tmp_path / "ds")
    more = (*HOSTS, "debian-12-gdb")
    assert f"{COUNT} wheels on 3 hosts, {COUNT} left to do" in surveyed(tmp_path / "ds", hosts=more)
    analyses = dataset.table(tmp_path / "ds", "analyses")
    assert analyses.num_rows == 3 * COUNT
    assert set(analyses["host"].to_pylist()) >= {"debian-12-python3", "debian-12-gdb"}


@pytest.mark.parametrize(
    ("arguments", "kind"), [(("--memory", "4"), "memory"), (("--seconds", "1"), "time")]
)
def test_what_ends_a_check_is_a_row(
    tmp_path: Path, arguments: tuple[str, ...], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "time":
        # Python runs this when it starts.
        (tmp_path / "sitecustomize.py").write_text(
            "import sys, time\nif 'check' in sys.orig_argv: time.sleep(30)\n"
        )
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    surveyed(tmp_path / "ds", "--limit", "1", *arguments)
    (problem,) = dataset.table(tmp_path / "ds", "problems").to_pylist()
    assert problem["kind"] == kind
    assert problem["sha256"]
    assert "0 left to do" in surveyed(tmp_path / "ds", "--limit", "1", *arguments)


def children(process: int) -> Iterator[int]:
    """The processes below one."""
    tasks = Path(f"/proc/{process}/task")
    for task in tasks.iterdir():
        for child in (task / "children").read_text().split():
            yield int(child)
            yield from children(int(child))


def finished(directory: Path) -> int:
    below = directory / "finished"
    return len(list(below.iterdir())) if below.exists() else 0


def begun(directory: Path, *arguments: str) -> subprocess.Popen[str]:
    """A survey of which some wheels are done."""
    process = subprocess.Popen(
        command(directory, *arguments), cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 120
    while finished(directory) < 2:
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.05)
    return process


def test_killed_client_loses_no_row(
    tmp_path: Path, truth: list[tuple[str, str, int, int, int]]
) -> None:
    process = begun(tmp_path / "ds")
    process.kill()
    process.communicate()
    before = finished(tmp_path / "ds")
    assert before >= 2
    (left,) = re.findall(r"(\d+) left to do", surveyed(tmp_path / "ds"))
    assert int(left) <= COUNT - before
    assert counted(tmp_path / "ds") == truth


@pytest.mark.long
def test_killed_worker_loses_no_row(
    tmp_path: Path, truth: list[tuple[str, str, int, int, int]]
) -> None:
    process = begun(tmp_path / "ds")
    workers = [
        child
        for child in children(process.pid)
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
    assert workers
    os.kill(workers[0], signal.SIGKILL)
    _, said = process.communicate()
    assert process.returncode == 0, said
    assert counted(tmp_path / "ds") == truth


@pytest.mark.long
def test_workers_at_an_address_and_a_killed_scheduler(
    tmp_path: Path, truth: list[tuple[str, str, int, int, int]]
) -> None:
    address = tmp_path / "scheduler.json"
    options = ["--scheduler-file", str(address), "--no-dashboard"]

    def start(what: str, *more: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{what}", *options, *more],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def cluster() -> list[subprocess.Popen[bytes]]:
        address.unlink(missing_ok=True)
        made = [start("scheduler", "--port", "0")]
        while not address.exists():
            time.sleep(0.05)
        return made + [start("worker", "--nthreads", "1") for _ in range(2)]

    def at() -> tuple[str, str]:
        return "--engine", json.loads(address.read_text())["address"]

    first = cluster()
    try:
        process = begun(tmp_path / "ds", *at())
        first[0].kill()
        _, said = process.communicate(timeout=120)
        assert process.returncode == 2, said
        assert "the scheduler has gone" in said
    finally:
        for one in first:
            one.kill()
            one.wait()
    second = cluster()
    try:
        surveyed(tmp_path / "ds", *at())
    finally:
        for one in second:
            one.kill()
            one.wait()
    assert counted(tmp_path / "ds") == truth
