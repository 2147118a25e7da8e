"""``collide inspect -- COMMAND`` and ``--at``: what is executed, said, and refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from collide.cli.main import main
from colliding import Colliding
from scenario import Scenario

MARKS = """
#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>
int main(int argc, char **argv) {
  if (!dlopen(argv[1], RTLD_NOW)) return 3;
  raise(SIGUSR2);
  pause();
}
"""


def traced(status: int, err: str) -> None:
    if status == 2 and "cannot be traced" in err:
        pytest.skip("this system does not let a process trace its child (ptrace)")


def test_report_is_all_that_goes_to_standard_output(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    command = [str(word) for word in Colliding(tmp_path).command("first")]
    status = main(["inspect", "--format", "json", "--", *command])
    out, err = capfd.readouterr()
    traced(status, err)
    assert status == 1
    found = json.loads(out)
    assert found["crash"]["blame"]["code"] == "COL101"
    assert f"executes {' '.join(command)}" in err
    assert f"of {command[0]} got SIGSEGV" in err


def test_what_the_command_prints_goes_to_standard_error(
    capfd: pytest.CaptureFixture[str],
) -> None:
    status = main(["inspect", "--", "sh", "-c", "echo said"])
    out, err = capfd.readouterr()
    traced(status, err)
    assert status == 0
    assert "said" not in out.split()
    assert "said" in err.splitlines()
    assert "was read when it ended with status 0" in err


def test_end_by_a_signal_without_a_name(capfd: pytest.CaptureFixture[str]) -> None:
    status = main(["inspect", "--", "sh", "-c", "kill -40 $$"])
    _, err = capfd.readouterr()
    traced(status, err)
    assert status == 0
    assert "was read when signal 40 ended it" in err


def test_profile_of_a_mark(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    s = Scenario(tmp_path)
    library = s.lib("opened.so", "int opened(void) { return 1; }")
    recorded = tmp_path / "host.json"
    options = ["--at", "SIGUSR2", "-o", str(recorded)]
    status = main(["profile", *options, "--", str(s.exe(MARKS)), str(library)])
    traced(status, capfd.readouterr().err)
    assert status == 0
    (opening,) = json.loads(recorded.read_text())["openings"]
    assert opening["name"] == str(library)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["inspect"], "takes PID, CORE, or"),
        (["inspect", "12", "--", "true"], "takes PID, CORE, or"),
        (["inspect", "--root", "/", "--", "true"], "--root does not go with"),
        (["inspect", "--at", "1", "12"], "--at is for"),
        (["profile", "--at", "1", "/bin/true"], "--at is for"),
        (["profile", "--at", "1", "--pid-of", "x", "--", "true"], "--pid-of does not go with"),
        (["inspect", "--", "no-such-command"], "there is no such command"),
    ],
)
def test_options_that_do_not_go_together(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert why in capsys.readouterr().err


@pytest.mark.parametrize("text", ["soon", "-1", "nan", "SIGKILL", "SIGSOON"])
def test_moment_that_is_none(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["inspect", f"--at={text}", "--", "true"])
    assert text in capsys.readouterr().err
