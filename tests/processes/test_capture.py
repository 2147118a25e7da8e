"""Snapshots: as good as the process, small, and quick whatever the process holds."""

from __future__ import annotations

import os
import subprocess
import time
import tracemalloc
from pathlib import Path

import pytest

from collide.filesystems.root import Root
from collide.inspect.crash import Likelihood
from collide.inspect.inspect import inspect, inspect_named
from collide.processes.capture import capture
from collide.processes.live import open_process
from collide.processes.traced_run import run_traced
from collide.support import limits
from colliding import Colliding
from cores import crash
from scenario import Scenario

LARGE = """
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
int main(void) {
  long size = 2L << 30;
  char *all = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(all, 7, size);
  write(1, "ready\\n", 6);
  return read(0, all, 1) != 1;
}
"""


def test_snapshot_is_judged_as_the_core_file(tmp_path: Path) -> None:
    colliding = Colliding(tmp_path)
    command = colliding.command("first")
    ran = run_traced([str(word) for word in command], os.environ)
    if ran.image is None:
        pytest.skip("this system does not let a process trace its child (ptrace)")
    found = inspect(ran.image, Root())
    expected = inspect_named(str(crash(command, tmp_path / "core")))
    assert found.scope_read
    assert (found.global_scope, found.objects) == (expected.global_scope, expected.objects)
    assert (found.counts, found.report.findings) == (expected.counts, expected.report.findings)
    assert found.crash is not None
    assert expected.crash is not None
    for a, b in zip(found.crash.frames, expected.crash.frames, strict=True):
        assert (a.object, a.function, a.offset) == (b.object, b.function, b.offset)
    assert found.crash.blame is not None
    assert found.crash.blame.likelihood == Likelihood.VERY_LIKELY


def test_what_is_beyond_the_limit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(limits._values, "snapshot-size", 4096)
    image = capture(open_process(os.getpid()))
    assert "beyond the limit snapshot-size" in image.notes[-1]


@pytest.mark.corpus
def test_snapshot_of_two_gigabytes_takes_less_than_a_second_and_100_mb(tmp_path: Path) -> None:
    program = Scenario(tmp_path).exe(LARGE)
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        status = Path(f"/proc/{process.pid}/status").read_text()
        resident = next(x for x in status.splitlines() if x.startswith("VmRSS:")).split()[1]
        assert int(resident) > 2 << 20
        began = time.perf_counter()
        image = capture(open_process(process.pid))
        took = time.perf_counter() - began
        tracemalloc.start()
        capture(open_process(process.pid))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        process.communicate(b"A")
    assert took < 1
    assert most < 100 << 20
    assert inspect(image, Root()).scope_read
