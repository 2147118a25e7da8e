"""A script that is run with wheels in plain Python, in a host, and there after a repair."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from collide.cli.main import main
from collide.repair.exercise import Outcome
from collide.verify.exercises import bundled
from collide.verify.measure import Measured
from collide.wheels.archive import Member, write_wheel
from scenario import Scenario
from schemas import valid

TAG = "py3-none-manylinux_2_17_x86_64"
LIBRARY = "demo.libs/libb-0a1b2c3d.so"
WORKS = Outcome("2\n", 0, 0, "")
ASKS = """
import ctypes, demo, pathlib
print(ctypes.CDLL(str(next(pathlib.Path(demo.__file__).parent.glob("demo.libs/*")))).g())
"""


class Bench:
    """A wheel whose library calls its own ``f``, and a library that a host preloads."""

    def __init__(self, directory: Path) -> None:
        scenario = Scenario(directory)
        own = "int f(void) { return 2; } int g(void) { return f(); }"
        members = [
            Member(LIBRARY, scenario.lib(LIBRARY, own).read_bytes(), 0o755),
            Member("demo.py", b""),
            Member("demo-1.0.dist-info/METADATA", b"Name: demo\n"),
        ]
        self.wheel = directory / f"demo-1.0-{TAG}.whl"
        write_wheel(self.wheel, members)
        self.other = scenario.lib("libother.so", "int f(void) { return 1; }")
        self.fatal = scenario.lib("libfatal.so", "void abort(void); int f(void) { abort(); }")
        self.script = directory / "script.py"
        self.script.write_text(ASKS)

    def verify(self, *options: str | Path) -> int:
        arguments = [self.wheel, "--profile", sys.executable, "--exercise", self.script]
        return main(["verify", *map(str, [*arguments, "--runs", "2", *options])])


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


Capture = pytest.CaptureFixture[str]


def test_host_without_a_collision_does_the_same(bench: Bench, capsys: Capture) -> None:
    assert bench.verify() == 0
    said = capsys.readouterr()
    assert "  in the host: 2 of 2: as in plain Python" in said.out.splitlines()
    assert "  does the same in the host: a collision, if there is one, does not show" in said.out
    assert f"runs {bench.script}, and with it code of the wheels" in said.err


def test_repaired_wheel_shows_that_shadowing_is_the_cause(bench: Bench, capsys: Capture) -> None:
    assert bench.verify("--preload", bench.other) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "  in the host: 2 of 2: prints '1', not '2'" in lines
    assert "  in the host, with the repaired wheels: 2 of 2: as in plain Python" in lines
    end = "breaks in the host, 2 of 2 times; the repaired wheels do not: shadowing is the cause"
    assert f"  {end}" in lines


def test_host_that_dies_is_an_outcome(bench: Bench, capsys: Capture) -> None:
    assert bench.verify("--preload", bench.fatal, "--format", "json") == 1
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "collide-measurement/1"
    valid("measure", document)
    assert document["verdict"] == "breaks-repaired-works"
    died = [(run["status"], run["process_status"]) for run in document["runs"]["host"]]
    assert died == [(None, -6), (None, -6)]
    assert [run["right"] for run in document["runs"]["repaired"]] == [True, True]


def test_script_that_hangs_in_the_host_is_an_outcome(bench: Bench, capsys: Capture) -> None:
    bench.script.write_text("import os, time; time.sleep(60 if 'LD_PRELOAD' in os.environ else 0)")
    assert bench.verify("--preload", bench.other, "--timeout", "2", "--runs", "1") == 1
    lines = capsys.readouterr().out.splitlines()
    assert "  in the host: 1 of 1: did not end in time" in lines
    end = "breaks in the host, 1 of 1 times; the repaired wheels do as well"
    assert any(line.startswith(f"  {end}") for line in lines)


@pytest.mark.parametrize("script", ["raise ValueError(3)", "import os; print(os.getpid())"])
def test_script_that_proves_nothing(bench: Bench, capsys: Capture, script: str) -> None:
    bench.script.write_text(script)
    assert bench.verify("--preload", bench.other) == 2
    out = capsys.readouterr().out
    assert "shows nothing: in plain Python it has to do the same each time" in out
    assert "in the host" not in out


def test_host_that_runs_no_script_is_an_error(bench: Bench, capsys: Capture) -> None:
    assert bench.verify("--run", "/bin/true {script}") == 2
    *_, line = capsys.readouterr().err.splitlines()
    assert line.startswith("collide: /bin/true: did not run a script: it ended with status 0;")


def test_each_run_begins_in_an_empty_directory(bench: Bench, capsys: Capture) -> None:
    bench.script.write_text("import os; print(os.listdir('.')); open('left', 'w')")
    assert bench.verify() == 0
    assert "2 of 2: as in plain Python" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--slots",), "--slots is of the comparison of bindings; --exercise makes none"),
        (("--module", "x"), "--module is of the comparison of bindings; --exercise makes none"),
        (("--rtld-lazy", "x"), "--rtld-lazy is of the comparison of bindings"),
        (("--rtld-deepbind", "x"), "--rtld-deepbind is of the comparison of bindings"),
        (("--profile", "debian-*"), "--profile debian-*: is a recording; it takes a binary to run"),
        (("--exercise", "no-such.py"), "no-such.py: no such file"),
        (("--exercise", "bundled"), "--exercise bundled: there is none for demo, only for "),
        (("--run", "python3"), "--run python3: {script} is not in it"),
    ],
)
def test_what_makes_no_sense_is_refused(
    bench: Bench, capsys: Capture, options: tuple[str, ...], said: str
) -> None:
    assert bench.verify(*options) == 2
    assert said in capsys.readouterr().err


def test_only_wheels_can_be_measured(bench: Bench, capsys: Capture) -> None:
    arguments = [str(bench.other), "--profile", sys.executable, "--exercise", str(bench.script)]
    assert main(["verify", *arguments]) == 2
    assert f"{bench.other}: is no wheel, which --exercise needs" in capsys.readouterr().err


def _measured(*hosted: Outcome, idle: int = 0, repaired: tuple[Outcome, ...] = ()) -> Measured:
    ended = Outcome("", 0, idle, "")
    return Measured(("w",), "h", "p", "s", ended, (WORKS, WORKS), hosted, repaired)


def test_process_of_a_host_ends_as_without_the_wheel() -> None:
    dies_at_exit = WORKS._replace(process=-11)
    assert _measured(WORKS, dies_at_exit).verdict == "breaks"
    assert _measured(WORKS._replace(process=1), idle=1).verdict == "works"
    assert _measured(dies_at_exit, repaired=(dies_at_exit,)).verdict == "breaks"
    assert _measured(dies_at_exit, repaired=(WORKS,)).verdict == "breaks-repaired-works"


def test_bundled_exercise_is_found_by_the_name_of_the_package(tmp_path: Path) -> None:
    found = bundled(tmp_path / "psycopg2_binary-2.9.13-cp311-cp311-manylinux_2_17_x86_64.whl")
    assert found.name == "exercise_psycopg2.py"
