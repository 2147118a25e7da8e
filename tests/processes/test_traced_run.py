"""Commands that are executed: which process is kept, and that all of them go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from checkout import ROOT
from collide.filesystems.root import Root
from collide.inspect.inspect import inspect
from collide.processes.image import Fault
from collide.processes.traced_run import At, Traced, run_traced
from collide.support.errors import InputError
from scenario import Scenario

PROGRAM = r"""
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static void *fault(void *at) { return (void *)(long)*(volatile char *)at; }
static void caught(int n) { if (n == SIGSEGV) _exit(4); signal(n, SIG_DFL); raise(n); }
static sigjmp_buf back;
static void recovered(int n) { (void)n; siglongjmp(back, 1); }
static void sent(int n) { signal(n, SIG_DFL); kill(getpid(), n); for (;;) pause(); }
static void *sleeping(void *at) { for (;;) pause(); return at; }
static void child(void) { int status; if (!fork()) fault((void *)24); wait(&status); }
int main(int argc, char **argv) {
  const char *what = argv[1];
  if (!strcmp(what, "fault")) fault((void *)8);
  if (!strcmp(what, "thread")) {
    pthread_t t; pthread_create(&t, 0, fault, (void *)16); pthread_exit(0);
  }
  if (!strcmp(what, "child")) { child(); return 5; }
  if (!strcmp(what, "caught")) { signal(SIGSEGV, caught); fault((void *)8); }
  if (!strcmp(what, "recovered")) {
    signal(SIGSEGV, recovered);
    if (!sigsetjmp(back, 1)) fault((void *)8);
  }
  if (!strcmp(what, "sent")) {
    pthread_t t; pthread_create(&t, 0, sleeping, 0); signal(SIGSEGV, sent); fault((void *)32);
  }
  if (!strcmp(what, "again")) { signal(SIGABRT, caught); abort(); }
  if (!strcmp(what, "killed")) raise(SIGKILL);
  if (!strcmp(what, "mark")) { raise(SIGUSR2); pause(); }
  if (!strcmp(what, "wait")) { puts("ready"); fflush(stdout); pause(); }
  return 6;
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Scenario(tmp_path_factory.mktemp("program")).exe(PROGRAM)


def run(program: Path, what: str, at: At | None = None) -> Traced:
    try:
        return run_traced([str(program), what], os.environ, at)
    except InputError as e:
        if "cannot be traced" in str(e):
            pytest.skip("this system does not let a process trace its child (ptrace)")
        raise


@pytest.mark.parametrize(
    ("what", "status", "why", "address"),
    [
        ("fault", -signal.SIGSEGV, "got SIGSEGV", 8),
        ("thread", -signal.SIGSEGV, "got SIGSEGV", 16),
        ("child", 5, "got SIGSEGV", 24),
        ("sent", -signal.SIGSEGV, "got SIGSEGV", 32),
        ("again", -signal.SIGABRT, "got SIGABRT", None),
    ],
)
def test_process_that_a_fatal_signal_ends_is_kept(
    program: Path, what: str, status: int, why: str, address: int | None
) -> None:
    ran = run(program, what)
    assert (ran.status, ran.why) == (status, why)
    assert ran.image is not None
    assert ran.image.fault is not None
    assert ran.image.fault.address == address
    (thread,) = ran.image.threads
    assert ran.image.read(thread.sp, 8)
    assert ran.image.executable == str(program)


def test_process_that_ends_otherwise_is_kept_without_a_crash(program: Path) -> None:
    ran = run(program, "nothing")
    assert (ran.status, ran.why) == (6, "was read when it ended with status 6")
    assert ran.image is not None
    assert ran.image.fault is None


@pytest.mark.parametrize(("what", "status"), [("caught", 4), ("recovered", 6)])
def test_handler_that_ends_the_process_is_told_from_one_that_recovers(
    program: Path, what: str, status: int
) -> None:
    ran = run(program, what)
    assert ran.status == status
    assert ran.image is not None
    assert ran.image.fault == Fault(signal.SIGSEGV, 8, handled=True)
    crash = inspect(ran.image, Root()).crash
    assert (crash is not None) == (what == "caught")
    if crash is not None:
        assert crash.signal == "SIGSEGV"
        assert crash.frames[crash.start].object == str(program)


def test_kill_from_outside_leaves_nothing(program: Path) -> None:
    ran = run(program, "killed")
    assert ran.status == -signal.SIGKILL
    assert ran.image is None or ran.image.fault is None
    assert "SIGKILL" in ran.why


def test_mark_of_the_program(program: Path) -> None:
    ran = run(program, "mark", At(signal=signal.SIGUSR2))
    assert ran.why == "was read when it got SIGUSR2"
    assert ran.image is not None
    assert ran.image.fault is None
    # It did not get the mark, whose default would have ended it, but was told to end.
    assert ran.status == -signal.SIGTERM


def test_time(program: Path) -> None:
    ran = run(program, "wait", At(seconds=0.2))
    assert ran.why == "was read after 0.2 seconds"
    assert ran.image is not None
    assert ran.status == -signal.SIGTERM


def test_command_that_cannot_be_run() -> None:
    with pytest.raises(InputError, match="there is no such command"):
        run_traced(["no-such-command"], os.environ)


def test_command_that_is_stopped_goes_on_when_collide_is_killed(
    program: Path, tmp_path: Path
) -> None:
    done, gate = tmp_path / "done", tmp_path / "gate"
    os.mkfifo(gate)
    script = f"echo > {done}; read x < {gate}; {program} fault; echo $? >> {done}"
    code = "import os, sys\nfrom collide.processes.traced_run import run_traced\n"
    code += "run_traced(sys.argv[1:], os.environ)"
    command = [sys.executable, "-c", code, "sh", "-c", script]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL) as tracer:
        wait_for(done.exists)
        tracer.send_signal(signal.SIGSTOP)
        gate.write_text("go\n")
        # The shell is stopped where it starts the program, and nobody lets it go on.
        time.sleep(0.3)
        assert done.read_text() == "\n"
        tracer.send_signal(signal.SIGKILL)
    wait_for(lambda: len(done.read_text()) > 1)
    assert done.read_text() == f"\n{128 + signal.SIGSEGV}\n"


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it has not come about within 30 seconds")
