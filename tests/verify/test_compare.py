"""``collide verify``: agreement with real hosts, and that it sees a wrong prediction."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from collide.analysis.analysis import Analysis, Module, analyse
from collide.analysis.history import after_import
from collide.cli import main as cli
from collide.filesystems.root import Root
from collide.hosts.commands import command_line
from collide.hosts.extract import extract
from collide.loader.glibc.lookup import GlibcLookup
from collide.loader.link_map import LoadFailure
from collide.loader.messages import says
from collide.support.errors import UsageError
from collide.verify.compare import Difference, ModuleAgreement, compare, verify, verify_start_up
from collide.verify.got_slots import SlotBinding
from collide.verify.ld_debug import RunError
from collide.verify.runner import Observation, Runner
from collide.wheels.archive import Member, write_wheel
from collide.wheels.target import read_target
from scenario import Scenario, require_loader

PYTHON = str(Path(sys.executable).resolve())
Ask = Callable[..., tuple[Analysis, Runner]]
both = pytest.mark.parametrize("by_slots", [False, True], ids=["log", "slots"])


@pytest.fixture
def s(tmp_path: Path) -> Scenario:
    return Scenario(tmp_path / "lib")


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """The analysis of something on disk, and a started runner of this Python."""
    require_loader()

    def ask(path: Path, by_slots: bool = False, after: str = "") -> tuple[Analysis, Runner]:
        host = after_import(extract(PYTHON, Root()), [after] if after else [])
        scratch = tmp_path.resolve() / "scratch"
        scratch.mkdir(exist_ok=True)
        runner = Runner(host, command_line(host.path, None), scratch, os.environ, by_slots=by_slots)
        runner.start()
        return analyse(read_target(path), host), runner

    return ask


def libraries(s: Scenario) -> None:
    s.lib("libone.so", "int one(void) { return 1; } int both(void) { return 1; }")
    s.lib("libtwo.so", "int two(void) { return 2; } int both(void) { return 2; }")
    s.module(
        "m.so",
        "int one(void); int two(void); int both(void); extern int gone __attribute__((weak));"
        "int *m(void) { return one() + two() + both() ? &gone : 0; }",
        needed=["libone.so", "libtwo.so"],
    )


# -- agreement ------------------------------------------------------------------------------------


@both
def test_agrees_with_the_loader(s: Scenario, ask: Ask, by_slots: bool) -> None:
    libraries(s)
    (found,) = verify(*ask(s.directory, by_slots))
    assert found.name == "m.so"
    assert (found.objects, found.differences, found.problem) == (3, (), None)
    assert found.agreed == found.seen
    # The weak reference that nothing satisfies is in no log, and 0 in memory.
    assert (found.seen, found.silent) == ((4, 0) if by_slots else (3, 1))
    assert found.scopes == (0 if by_slots else 3)


def captured_by_ssl(s: Scenario, versions: str) -> None:
    """A module with a library of its own that has the name of one that ``import ssl`` brings."""
    modules = {m.name: m for m in extract(PYTHON, Root()).own.modules}
    if "ssl" not in modules:
        pytest.skip(f"the ssl of {PYTHON} brings no library: a Python that links OpenSSL shared")
    (name,) = (name for name in modules["ssl"].brings if name.startswith("libssl"))
    s.lib(name, "int SSL_new(void) { return 1; }", versions=versions)
    s.module("m.so", "int SSL_new(void); int m(void) { return SSL_new(); }", needed=[name])


@both
def test_agrees_on_a_library_that_an_import_captures(s: Scenario, ask: Ask, by_slots: bool) -> None:
    captured_by_ssl(s, "OPENSSL_3.0.0 { global: *; };")
    analysis, runner = ask(s.directory, by_slots, "ssl")
    (found,) = verify(analysis, runner)
    assert (found.differences, found.problem, found.objects) == ((), None, 1)
    assert found.agreed == found.seen == 1
    # Without the import the same prediction is wrong.
    alone, fresh = ask(s.directory, by_slots)
    assert not any(found.differences for found in verify(alone, fresh))
    assert any(found.differences for found in verify(analysis, fresh))


@both
def test_agrees_on_a_version_that_a_captured_library_lacks(
    s: Scenario, ask: Ask, by_slots: bool
) -> None:
    captured_by_ssl(s, "OPENSSL_99 { global: *; };")
    (found,) = verify(*ask(s.directory, by_slots, "ssl"))
    assert "version `OPENSSL_99' not found" in str(found.failure)
    assert (found.differences, found.problem) == ((), None)


def observe(analysis: Analysis, runner: Runner) -> tuple[Module, Observation]:
    (module,) = analysis.modules
    assert module.bound is not None
    return module, runner.open(module.bound.opened.root.dso.path)


def differences_of(module: Module, observed: Observation) -> tuple[Difference, ...]:
    return compare(module, observed, GlibcLookup((2, 36))).differences


@both
def test_sees_a_binding_that_was_predicted_otherwise(s: Scenario, ask: Ask, by_slots: bool) -> None:
    libraries(s)
    analysis, runner = ask(s.directory, by_slots)
    # The loader will find the libraries in another order than the prediction has.
    s.module(
        "m.so",
        "int one(void); int two(void); int both(void); extern int gone __attribute__((weak));"
        "int *m(void) { return one() + two() + both() ? &gone : 0; }",
        needed=["libtwo.so", "libone.so"],
    )
    (found,) = verify(analysis, runner)
    lines = {(d.kind, d.line.symbol, Path(str(d.line.provider)).name)
             for d in found.differences if d.line}  # fmt: skip
    expected = {("not-predicted", "both", "libtwo.so")}
    if not by_slots:
        expected |= {("not-seen", "both", "libone.so")}
        scope = next(d for d in found.differences if d.kind == "scope")
        assert scope.seen.rpartition("/")[2].startswith("libtwo.so at place ")
        assert scope.predicted.rpartition("/")[2].startswith("libone.so at place ")
    assert lines == expected


@both
def test_sees_an_object_that_was_not_loaded(s: Scenario, ask: Ask, by_slots: bool) -> None:
    libraries(s)
    module, observed = observe(*ask(s.directory, by_slots))
    differences = differences_of(module, observed._replace(loaded=frozenset()))
    assert {(d.kind, Path(d.object).name) for d in differences} == {
        ("loaded", name) for name in ("m.so", "libone.so", "libtwo.so")
    }


def test_slot_of_another_definition_in_the_right_object_differs(s: Scenario, ask: Ask) -> None:
    libraries(s)
    module, observed = observe(*ask(s.directory, by_slots=True))
    assert observed.slots is not None
    moved = tuple(b._replace(value=b.value + 1) for b in observed.slots)
    differences = differences_of(module, observed._replace(slots=moved))
    assert len(differences) == sum(not b.null for b in observed.slots)
    assert not differences_of(module, observed)


def test_slot_unknown_to_the_prediction_differs(s: Scenario, ask: Ask) -> None:
    libraries(s)
    module, observed = observe(*ask(s.directory, by_slots=True))
    path = str(s.directory / "m.so")
    more = SlotBinding(path, "unheard_of", None, 1, path, 8, null=False)
    assert observed.slots is not None
    slots = (*observed.slots, more)
    (difference,) = differences_of(module, observed._replace(slots=slots))
    assert difference.line is not None
    assert (difference.line.symbol, difference.predicted) == ("unheard_of", "no such reference")


def test_start_up_agrees(tmp_path: Path) -> None:
    require_loader()
    host = extract(PYTHON, Root())
    started = Runner(host, command_line(host.path, None), tmp_path.resolve(), os.environ).start()
    found = verify_start_up(host, Root(), started)
    assert (found.differences, found.problem) == ((), None)
    assert found.seen == found.agreed > 100


def test_library_that_the_command_does_not_open_is_told(s: Scenario, tmp_path: Path) -> None:
    plugin = s.lib("plugin.so", "int plugin;")
    host = extract(PYTHON, Root(), rtld_global=[str(plugin)])
    runner = Runner(host, command_line(host.path, None), tmp_path.resolve(), os.environ)
    with pytest.raises(RunError, match=f"has not loaded {plugin}: the command"):
        runner.start()


# -- failures -------------------------------------------------------------------------------------


@both
def test_foreseen_failure_agrees(s: Scenario, ask: Ask, by_slots: bool) -> None:
    s.module("m.so", "int gone(void); int m(void) { return gone(); }")
    (found,) = verify(*ask(s.directory, by_slots))
    assert found.failure is not None
    assert "undefined symbol: gone" in found.failure
    assert found.differences == ()


@both
def test_failure_that_only_one_side_has_differs(s: Scenario, ask: Ask, by_slots: bool) -> None:
    s.lib("libdep.so", "int dep(void) { return 1; }")
    s.module("m.so", "int dep(void); int m(void) { return dep(); }", needed=["libdep.so"])
    analysis, runner = ask(s.directory, by_slots)
    (s.directory / "libdep.so").unlink()
    (found,) = verify(analysis, runner)
    (difference,) = (d for d in found.differences if d.kind == "failure")
    assert "libdep.so: cannot open shared object file" in difference.seen
    assert difference.predicted == "opens"

    libraries(s)
    s.lib("libdep.so", "int dep(void) { return 1; }")
    failing = [m._replace(failures=(LoadFailure("missing-library", "m.so", "libgone.so"),))
               for m in analysis.modules]  # fmt: skip
    (found,) = verify(analysis._replace(modules=tuple(failing)), runner)
    (difference,) = (d for d in found.differences if d.kind == "failure")
    assert (difference.seen, difference.predicted) == ("opens", "missing-library: libgone.so")


@both
def test_failure_for_another_reason_differs(s: Scenario, ask: Ask, by_slots: bool) -> None:
    s.module("m.so", "int gone(void); int m(void) { return gone(); }")
    analysis, runner = ask(s.directory, by_slots)
    other = LoadFailure("undefined-symbol", "m.so", "gon")
    failing = tuple(m._replace(failures=(other,)) for m in analysis.modules)
    (found,) = verify(analysis._replace(modules=failing), runner)
    assert [d.kind for d in found.differences] == ["failure"]
    assert found.failure is None


def test_assertion_of_the_loader_is_a_foreseen_failure(s: Scenario, ask: Ask) -> None:
    """It ends the whole process: no Python is left to tell."""
    s.lib("libv.so", "int f(void) { return 1; }", versions="V1 { f; };")
    s.module("m.so", "int f(void); int m(void) { return f(); }", needed=["libv.so"])
    (s.directory / "libv.so").rename(s.directory / "libw.so")
    s.lib("libv.so", "int f(void) { return 1; }")
    (found,) = verify(*ask(s.directory))
    assert found.differences == ()
    assert found.problem is None


@pytest.mark.parametrize(
    ("failure", "message", "agrees"),
    [
        (("missing-library", "a", "libx.so"), "libx.so: cannot open shared object file", True),
        (("missing-library", "a", "libx.so"), "libx.so.1: cannot open shared object", False),
        (("undefined-symbol", "a", "f"), "undefined symbol: f", True),
        (("undefined-symbol", "a", "f"), "undefined symbol: ff", False),
        (("undefined-symbol", "a", "f", "V1"), "undefined symbol: f, version V1", True),
        (("undefined-symbol", "a", "f", "V1"), "undefined symbol: f, version V2", False),
        (("undefined-symbol", "a", "f"), "Error relocating a: f: symbol not found", True),
        (("version-not-found", "a", "V1", "b"), "b: version `V1' not found (required", True),
        (("version-not-found", "a", "V1", "b"), "b: version `V12' not found (required", False),
        (("unloadable-file", "a", "/x/b.so"), "/x/b.so: file too short", True),
        (("unloadable-file", "a", "/x/b.so"), "/x/c.so: file too short", False),
    ],
)  # fmt: skip
def test_words_of_the_loader(failure: tuple[str, ...], message: str, agrees: bool) -> None:
    assert says(message, LoadFailure(*failure)) == agrees  # type: ignore[arg-type]


# -- hosts that cannot be asked -------------------------------------------------------------------


def crashing(s: Scenario, body: str) -> None:
    s.module("m.so", f"__attribute__((constructor)) static void start(void) {{ {body} }}")


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[str, float], Runner]:
    require_loader()

    def fresh(command: str, timeout: float = 20) -> Runner:
        host = extract(PYTHON, Root())
        words = command_line(host.path, command)
        return Runner(host, words, tmp_path.resolve(), os.environ, timeout=timeout)

    return fresh


def test_crash_is_told_in_one_line(s: Scenario, ask: Ask) -> None:
    crashing(s, "__builtin_trap();")
    (found,) = verify(*ask(s.directory))
    assert found.problem is not None
    assert found.problem.startswith("the host was killed by SIG")
    assert "\n" not in found.problem


def test_time_out_is_told_in_one_line(s: Scenario, tmp_path: Path) -> None:
    crashing(s, 'for (;;) __asm__ volatile("");')
    host = extract(PYTHON, Root())
    words = command_line(host.path, None)
    runner = Runner(host, words, tmp_path.resolve(), os.environ, timeout=2)
    runner.start()
    (found,) = verify(analyse(read_target(s.directory), host), runner)
    assert found.problem == f"{PYTHON} did not end within 2 seconds"


def test_command_that_runs_no_python(fresh: Callable[[str], Runner]) -> None:
    with pytest.raises(RunError, match="true did not run the script: it ended with status 0; a"):
        fresh("/bin/true {script}").start()


def test_command_that_runs_another_host(fresh: Callable[[str], Runner]) -> None:
    if shutil.which("pypy3") is None:
        pytest.skip("pypy3 is not installed")
    with pytest.raises(RunError, match="runs another program than"):
        fresh("pypy3 {script}").start()


def test_command_that_does_not_exist(fresh: Callable[[str], Runner]) -> None:
    with pytest.raises(RunError, match="no-such-program: No such file"):
        fresh("no-such-program {script}").start()


@pytest.mark.parametrize("template", ["python3 script.py", "python3 '{script}"])
def test_template_that_cannot_be_used(template: str) -> None:
    require_loader()
    with pytest.raises(UsageError, match="--run"):
        command_line(PYTHON, template)


def test_host_behind_a_shell_is_found_by_its_process(
    s: Scenario, fresh: Callable[[str], Runner]
) -> None:
    """The shell has a log of its own, and its child is another process."""
    libraries(s)
    runner = fresh(f"/bin/sh -c '{PYTHON} -S {{script}}; true'")
    started = runner.start()
    assert not runner.by_slots
    assert verify_start_up(runner.host, Root(), started).differences == ()
    (found,) = verify(analyse(read_target(s.directory), runner.host), runner)
    assert (found.seen, found.differences) == (3, ())


# -- the command ----------------------------------------------------------------------------------


def wheel_of(s: Scenario, tmp_path: Path) -> Path:
    libraries(s)
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    members = [(f"demo/{p.name}", p.read_bytes()) for p in sorted(s.directory.glob("*.so"))]
    members.append(("demo-1.0.dist-info/WHEEL", b"Wheel-Version: 1.0\nTag: py3-none-any\n"))
    members.append(("demo-1.0.dist-info/METADATA", b"Name: demo\nVersion: 1.0\n"))
    write_wheel(path, [Member(name, data, 0o644) for name, data in members])
    return path


@both
def test_command_says_that_it_executes_and_agrees(
    s: Scenario, tmp_path: Path, capsys: pytest.CaptureFixture[str], by_slots: bool
) -> None:
    wheel = wheel_of(s, tmp_path)
    more = ["--slots"] if by_slots else []
    assert cli.main(["verify", str(wheel), "--profile", PYTHON, *more]) == 0
    out, err = capsys.readouterr()
    assert f"runs {PYTHON}" in err
    assert "code of the inputs" in err
    assert "no difference" in out
    assert "(100.00 %)" in out


def test_command_tells_json(
    s: Scenario, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = wheel_of(s, tmp_path)
    assert cli.main(["verify", str(wheel), "--profile", PYTHON, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (target,) = document["targets"]
    assert (target["source"], target["differences"]) == ("log", 0)
    assert [m["name"] for m in target["modules"]] == ["start-up", "demo/m.so"]
    assert document["schema"] == "collide-agreement/1"


def test_command_tells_differences_with_the_walk(
    s: Scenario, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    libraries(s)
    opened = Runner.open

    def swapped(self: Runner, path: str, *_: object) -> object:
        (s.directory / "libone.so").replace(s.directory / "libthree.so")
        (s.directory / "libtwo.so").replace(s.directory / "libone.so")
        (s.directory / "libthree.so").replace(s.directory / "libtwo.so")
        return opened(self, path)

    monkeypatch.setattr(Runner, "open", swapped)
    assert cli.main(["verify", str(s.directory), "--profile", PYTHON]) == 1
    out = capsys.readouterr().out
    assert "not predicted" in out
    assert "loader:  binding file" in out
    assert "a plt reference, when opening m.so" in out
    assert cli.main(["verify", str(s.directory), "--profile", PYTHON, "--format", "json"]) == 1
    (target,) = json.loads(capsys.readouterr().out)["targets"]
    differences = [d for m in target["modules"] for d in m["differences"]]
    assert target["differences"] == len(differences) > 0


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (["--profile", "debian-*"], 2, "is a recording; it takes a binary to run"),
        (["--profile", "/bin/true"], 2, "true did not run the script"),
        (["--profile", PYTHON, "--run", "x"], 2, "{script} is not in it"),
        (["--profile", PYTHON, "--module", "nothing*"], 2, "--module nothing*: matches none"),
    ],
)  # fmt: skip
def test_command_that_cannot_compare(
    s: Scenario,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    status: int,
    reason: str,
) -> None:
    libraries(s)
    assert cli.main(["verify", str(s.directory / "libone.so"), *arguments]) == status
    err = capsys.readouterr().err
    assert reason in err
    assert "Traceback" not in err


def test_sum_keeps_no_name() -> None:
    from collide.verify.compare import count

    parts = [ModuleAgreement("a", seen=2, agreed=1), ModuleAgreement("b", seen=3, agreed=3)]
    assert count(parts) == ModuleAgreement("", seen=5, agreed=4)


def test_host_that_does_not_start_with_bind_now_is_run_without(tmp_path: Path) -> None:
    """It refers to a function that is nowhere, and never calls it."""
    s = Scenario(tmp_path)
    s.lib("libold.so", "int gone(void) { return 1; }")
    host = s.exe(
        "#include <unistd.h>\nint gone(void);"
        "int main(int c, char **v) { if (c > 9) gone();"
        f'execl("{PYTHON}", "{PYTHON}", "-S", v[1], (char *)0); return 1; }}',
        "-Wl,-z,lazy",
        needed=["libold.so"],
    )
    s.lib("libold.so", "")
    runner = Runner(extract(PYTHON, Root()), (str(host), "{script}"), s.directory, os.environ)
    start_up = verify_start_up(runner.host, Root(), runner.start())
    assert (start_up.differences, start_up.agreed) == ((), start_up.seen)
    assert start_up.unreached
    libraries(s)
    analysis = analyse(read_target(s.directory / "m.so"), runner.host)
    (found,) = verify(analysis, runner)
    assert (found.seen, found.differences) == (3, ())
