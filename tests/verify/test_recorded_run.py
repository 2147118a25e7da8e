"""Runs of real programs, recorded: the plan in the loader's log, and the host after it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from collide.analysis.analysis import analyse
from collide.cli.main import main
from collide.filesystems.root import Root
from collide.hosts.profile_file.read import load
from collide.hosts.profile_file.write import record, to_bytes
from collide.loader.host import Host
from collide.loader.opening import GLOBAL, NOW, Mode
from collide.verify.ld_debug import RunError, unsteered
from collide.verify.recorded_run import RecordedPlan, Replayed, record_run, replay
from collide.whatif.edits import parse_edit
from collide.whatif.hosts import relink_host
from collide.wheels.target import read_target
from compiler import compile_so
from musl import MuslScenario, require_musl
from scenario import Scenario, observe

F = "int f(void) { return 1; }"
CALLS_F = "int f(void); int g(void) { return f(); }"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    scenario = Scenario(tmp_path)
    # Skips where the loader prints nothing.
    observe([sys.executable, "-S", "-c", ""])
    return scenario


def recorded(*command: str | Path, program: str | None = None) -> RecordedPlan:
    words = [str(word) for word in command]
    return record_run(words, environment=unsteered(os.environ), cwd="/", program=program)[0]


def replayed(plan: RecordedPlan) -> Replayed:
    return replay(plan, environment=unsteered(os.environ), cwd="/")


def by_python(*lines: str) -> RecordedPlan:
    return recorded(sys.executable, "-S", "-c", "\n".join(("import ctypes", *lines)))


def modes(plan: RecordedPlan, directory: Path) -> list[tuple[str, Mode]]:
    return [
        (Path(o.name).name, o.mode)
        for o, path in zip(plan.openings, plan.paths, strict=True)
        if path.startswith(str(directory))
    ]


def through_a_file(host: Host, directory: Path) -> Host:
    assert isinstance(host.files, Root)
    file = directory / "profile.json"
    file.write_bytes(to_bytes(record(host, host.files), compressed=False))
    return load(file)


def test_profile_of_a_run_binds_what_comes_behind_it_as_the_loader_does(
    scenario: Scenario,
) -> None:
    scenario.lib("libf.so", F)
    first = scenario.lib("first.so", "", needed=["libf.so"])
    scenario.lib("other.so", F)
    scenario.lib("user.so", CALLS_F, needed=["other.so"])
    program = scenario.host()
    for opened, provider in ((str(first), "other.so"), (f"+{first}", "libf.so")):
        plan = recorded(program, opened)
        assert [(o.name, o.mode) for o in plan.openings] == [
            (str(first), GLOBAL if opened[0] == "+" else NOW)
        ]
        after = replayed(plan)
        assert after.differences == ()
        real = scenario.compare(program, opened, "user.so")
        assert real.provider("user.so", "f") == provider
        host = through_a_file(after.host, scenario.directory)
        assert host.openings == after.host.openings == plan.openings
        for one in (after.host, host):
            names = [m.dso.path for m in one.process.global_scope]
            assert (str(scenario.directory / "libf.so") in names) == (opened[0] == "+")
            # The recorded host finds nothing that is not in its file.
            (module,) = analyse(read_target(scenario.directory / "user.so"), one).modules
            assert module.bound is not None
            (binding,) = (
                b
                for o in module.bound.objects
                for b in o.bindings
                if (b.reference.name, o.map.dso.path.rpartition("/")[2]) == ("f", "user.so")
            )
            assert binding.provider is not None
            assert real.name(binding.provider.path) == provider


def test_unique_symbols_of_a_run_stay_registered(scenario: Scenario) -> None:
    unique = '__asm__(".type u, %gnu_unique_object");'
    source = f"int u = 1; {unique} int *{{0}}(void) {{{{ return &u; }}}}"
    first = scenario.lib("first.so", source.format("one"))
    user = scenario.lib("user.so", source.format("two"))
    program = scenario.host()
    host = through_a_file(replayed(recorded(program, first)).host, scenario.directory)
    assert {name: m.dso.path for name, m in host.unique.items()} == {"u": str(first)}
    (module,) = analyse(read_target(user), host).modules
    assert module.bound is not None
    providers = {
        b.provider.path
        for o in module.bound.objects
        for b in o.bindings
        if b.reference.name == "u" and b.provider
    }
    real = scenario.compare(program, first, user)
    assert providers == {str(scenario.directory / p) for p in real.providers("user.so", "u")}
    assert providers == {str(first)}


def test_flags_show_in_the_log(scenario: Scenario) -> None:
    for name in ("now.so", "lazy.so", "deep.so", "symbolic.so"):
        flags = ["-Wl,-z,lazy", *(["-Wl,-Bsymbolic"] if name == "symbolic.so" else [])]
        scenario.lib(name, f"int missing(void); {F} int call(void) {{ return f(); }}", *flags)
    lazy = scenario.lib("lazy.so", "int missing(void); int g(void) { return missing(); }")
    at = f"{scenario.directory}/"
    plan = by_python(
        f"ctypes.CDLL({at!r} + 'now.so', mode=2)",
        f"ctypes.CDLL({str(lazy)!r}, mode=1)",
        f"ctypes.CDLL({at!r} + 'deep.so', mode=2 | 8)",
        f"ctypes.CDLL({at!r} + 'symbolic.so', mode=2)",
        f"ctypes.CDLL({at!r} + 'now.so', mode=2 | 0x100)",
    )
    assert modes(plan, scenario.directory) == [
        ("now.so", NOW),
        ("lazy.so", Mode(lazy=True)),
        ("deep.so", Mode(deepbind=True)),
        ("symbolic.so", NOW),
        ("now.so", GLOBAL),
    ]


def test_what_was_closed_or_refused_is_not_in_the_plan(scenario: Scenario) -> None:
    closed, kept = scenario.lib("closed.so", F), scenario.lib("kept.so", F)
    broken = scenario.lib("broken.so", "extern int nowhere; int *h(void) { return &nowhere; }")
    plan = by_python(
        "import _ctypes",
        f"_ctypes.dlclose(ctypes.CDLL({str(closed)!r})._handle)",
        f"for name in ('libnowhere.so', {str(broken)!r}):",
        "    try: ctypes.CDLL(name)",
        "    except OSError: pass",
        f"ctypes.CDLL({str(kept)!r})",
    )
    assert modes(plan, scenario.directory) == [("kept.so", NOW)]
    assert plan.refused == ("libnowhere.so", str(broken))
    assert plan.closed == (str(closed),)


def test_what_the_end_of_the_process_closes_is_in_the_plan(scenario: Scenario) -> None:
    closed = scenario.lib("closed.so", F)
    plan = by_python("import _ctypes", f"_ctypes.dlclose(ctypes.CDLL({str(closed)!r})._handle)")
    assert modes(plan, scenario.directory) == [("closed.so", NOW)]
    assert plan.closed == ()


def test_constructor_that_opens_comes_behind_what_it_belongs_to(scenario: Scenario) -> None:
    inner = scenario.lib("inner.so", F)
    opens = (
        "void *dlopen(const char *, int); __attribute__((constructor)) static void start(void)"
        f' {{ dlopen("{inner}", 0x102); }}'
    )
    outer = scenario.lib("outer.so", opens)
    plan = by_python(f"ctypes.CDLL({str(outer)!r})")
    assert modes(plan, scenario.directory) == [("outer.so", NOW), ("inner.so", GLOBAL)]


def test_process_of_a_command_is_chosen_by_its_program(scenario: Scenario) -> None:
    opened = scenario.lib("m.so", F)
    command = (
        "/bin/sh",
        "-c",
        f"{sys.executable} -S -c 'import ctypes; ctypes.CDLL(\"{opened}\")'; :",
    )
    assert modes(recorded(*command), scenario.directory) == []
    program = Path(sys.executable).name
    assert modes(recorded(*command, program=program), scenario.directory) == [("m.so", NOW)]


def test_program_without_a_log_is_told(scenario: Scenario) -> None:
    static = scenario.directory / "static"
    static.write_text("#!/bin/sh\nexit 0\n")
    static.chmod(0o755)
    assert recorded(static).program == "/bin/sh"
    with pytest.raises(RunError, match="No such file"):
        recorded(scenario.directory / "nowhere")


# -- the command ----------------------------------------------------------------------------------


def test_profile_of_a_command_is_a_host_for_other_commands(
    scenario: Scenario, capsys: Capture
) -> None:
    first = scenario.lib("site-packages/first.so", F)
    compile_so(scenario.directory, "user.so", CALLS_F)
    profile = str(scenario.directory / "run.json")
    program = str(scenario.host())
    command = ("profile", "-o", profile, "--name", "after", "--", program, f"+{first}")
    capsys.readouterr()
    assert main(command) == 0
    assert capsys.readouterr().err == f"collide: executes {program} +{first}\n"
    assert main(("bindings", str(scenario.directory / "user.so"), "--profile", profile)) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(x["symbol"], x["provider"], x["origin"]) for x in lines if x["symbol"] == "f"] == [
        ("f", str(first), "host")
    ]
    assert main(("explain", str(scenario.directory / "user.so"), "f", "--profile", profile)) == 0
    assert f"on after, after the recorded run of: {program} +{first}\n" in capsys.readouterr().out
    assert main(("diff", program, profile)) == 1
    assert "COL509 its run opens first.so RTLD_NOW | RTLD_GLOBAL too" in capsys.readouterr().out
    assert main(("footprint", profile)) == 0
    assert json.loads(capsys.readouterr().out)["history"] == ["first.so RTLD_NOW | RTLD_GLOBAL"]
    # What the run has opened is not opened again.
    assert main(("bindings", str(first.parent), "--profile", profile)) == 2
    assert "all its modules are in the process before" in capsys.readouterr().err


def test_changed_host_keeps_the_history(scenario: Scenario) -> None:
    scenario.lib("libextra.so", "int extra;")
    first = scenario.lib("libf.so", F)
    program = scenario.host(needed=["libextra.so"])
    for opened in (str(first), f"+{first}"):
        plan = recorded(program, opened)
        for host in (replayed(plan).host, through_a_file(replayed(plan).host, scenario.directory)):
            again = relink_host(host, [parse_edit("libextra*=local")]).host
            assert again.openings == host.openings
            assert again.process.loaded(str(first)) is not None
            names = [Path(m.dso.path).name for m in again.process.global_scope]
            assert "libextra.so" not in names
            assert ("libf.so" in names) == (opened[0] == "+")


def test_loader_without_a_log_is_refused_before_anything_runs(
    tmp_path: Path, capsys: Capture
) -> None:
    require_musl()
    musl = MuslScenario(tmp_path).host()
    assert main(("profile", "--", str(musl))) == 2
    wanted = f"collide: {musl}: musl's loader has no LD_DEBUG to record a run\n"
    assert capsys.readouterr() == ("", wanted)


def test_profile_takes_a_binary_or_a_command(capsys: Capture) -> None:
    wanted = "collide: profile takes BINARY, --pid PID, or `-- COMMAND...`, which it executes\n"
    for words in ((), (sys.executable, "--", sys.executable)):
        assert main(("profile", *words)) == 2
        assert capsys.readouterr() == ("", wanted)
    assert main(("profile", "--preload", "libm.so.6", "--", "true")) == 2
    wanted = "collide: --preload does not go with `-- COMMAND...`: the run decides it\n"
    assert capsys.readouterr() == ("", wanted)


def test_process_that_did_not_run_is_told(scenario: Scenario, capsys: Capture) -> None:
    program = str(scenario.host())
    assert main(("profile", "--pid-of", "nothing", "--", program)) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "collide: --pid-of nothing: these ran: host"
    )
