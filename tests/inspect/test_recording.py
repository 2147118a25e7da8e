"""Running processes recorded as hosts."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collide import api
from collide.cli.main import main
from scenario import Scenario

# Opens its arguments, "+" before a name for RTLD_GLOBAL, and waits.
HOST = """
#include <dlfcn.h>
#include <stdio.h>
int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    int promoted = *argv[i] == '+';
    if (!dlopen(argv[i] + promoted, RTLD_NOW | (promoted ? RTLD_GLOBAL : 0))) puts(dlerror());
  }
  puts("ready");
  fflush(stdout);
  return getchar() != EOF;
}
"""


@contextmanager
def running(*command: str | Path) -> Iterator[int]:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process.pid
        process.stdin.close()
    assert process.returncode == 0


def test_profile_of_a_process_decides_what_a_new_module_gets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    s = Scenario(tmp_path)
    s.lib("libbelow.so", "int taken(void) { return 1; }")
    plugin = s.lib("plugin.so", needed=["libbelow.so"])
    local = s.lib("local.so", "int hidden(void) { return 1; }")
    late = s.lib("late.so", "int after(void) { return 1; }")
    module = s.lib(
        "new.so",
        "int taken(void) { return 2; } int hidden(void) { return 2; } int after(void) { return 2; }"
        "int use(void) { return taken() + hidden() + after(); }",
    )
    host = s.exe(HOST)
    recorded = tmp_path / "app.json"
    with running(host, f"+{plugin}", local, late, f"+{late}") as pid:
        assert main(["profile", "--pid", str(pid), "-o", str(recorded)]) == 0
    assert capsys.readouterr().err == ""
    openings = json.loads(recorded.read_text())["openings"]
    assert [(Path(o["name"]).name, o["rtld_global"]) for o in openings] == [
        ("plugin.so", True), ("local.so", False), ("late.so", True),
    ]  # fmt: skip
    (read,) = api.load_hosts(recorded)
    scope = [Path(m.dso.path).name for m in read.process.global_scope]
    assert scope[-3:] == ["plugin.so", "libbelow.so", "late.so"]
    report = api.check(module, [read])
    assert {name for f in report.findings for name in f.symbols} == {"taken", "after"}


def test_options_that_a_process_decides(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", "--pid", "1", "--preload", "x.so"]) == 2
    assert "--preload does not go with --pid: the process decides it" in capsys.readouterr().err
    assert main(["profile", "--pid", "1", "/bin/true"]) == 2
    assert "profile takes BINARY, --pid PID, or" in capsys.readouterr().err


def test_library_that_is_gone_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    s = Scenario(tmp_path)
    module = s.lib("gone.so")
    with running(s.exe(HOST), module) as pid:
        module.unlink()
        assert main(["profile", "--pid", str(pid), "-o", str(tmp_path / "app.json")]) == 0
    err = capsys.readouterr().err
    assert f"{module}: not analysed: has been deleted or replaced since it was loaded" in err
