"""Wheels that are run before and after their repair: what works less is not written."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from checkout import WHEELS
from collide.cli.main import main
from collide.repair.import_trial import modules_of
from collide.repair.interpreters import fitting_interpreter
from collide.repair.trials import Trial, TrialHost, run_trials
from collide.wheels.archive import Member, write_wheel
from scenario import Scenario

TAG = "cp310-abi3-manylinux_2_17_x86_64"
LIBRARY = "demo.libs/libb-0a1b2c3d.so"
PYTHON = TrialHost((sys.executable, "{script}"))
CHECKS_ITS_LIBRARY = """
import hashlib, pathlib
library = next(pathlib.Path(__file__).parent.glob("demo.libs/*"))
if hashlib.sha256(library.read_bytes()).hexdigest() != {digest!r}:
    raise ImportError("it was tampered with")
"""


class Shop:
    """A wheel whose library a host takes a symbol of, with modules in Python."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.directory = directory
        scenario = Scenario(directory)
        self.library = scenario.lib(
            LIBRARY, "int f(void) { return 2; } int g(void) { return f(); }"
        ).read_bytes()
        self.host = scenario.host("int f(void) { return 1; }")
        self.out = directory / "out"
        self.status = -1
        self.lines: list[str] = []

    def wheel(self, tag: str = TAG, **sources: str) -> Path:
        path = self.directory / f"demo-1.0-{tag}.whl"
        members = [Member(LIBRARY, self.library, 0o755)]
        members += [Member(f"{name}.py", text.encode()) for name, text in sources.items()]
        write_wheel(path, [*members, Member("demo-1.0.dist-info/METADATA", b"Name: demo\n")])
        return path

    def checking_wheel(self) -> Path:
        digest = hashlib.sha256(self.library).hexdigest()
        return self.wheel(demo=CHECKS_ITS_LIBRARY.format(digest=digest), other="")

    def run(self, wheel: Path, *options: str | Path) -> list[str]:
        """The lines on stderr of a repair; ``status`` is its status."""
        arguments = [wheel, "--profile", self.host, "-w", self.out, *options]
        self._capsys.readouterr()
        self.status = main(["repair", *map(str, arguments)])
        return self._capsys.readouterr().err.splitlines()

    @property
    def written(self) -> list[str]:
        return sorted(p.name for p in self.out.rglob("*"))


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    return Shop(tmp_path, capsys)


# -- imports --------------------------------------------------------------------------------------


def test_module_that_does_not_import_after_the_repair_leaves_no_output(shop: Shop) -> None:
    wheel = shop.checking_wheel()
    lines = shop.run(wheel)
    assert (shop.status, shop.written) == (1, [])
    said, fine, worse, refused = lines
    assert said.startswith(f"collide: {wheel}: executes code of the wheel in {sys.executable};")
    assert fine.endswith(f"{sys.executable}: 1 module imported before and after")
    assert worse.endswith("demo imported before, not after: ImportError: it was tampered with")
    assert refused.endswith("not written, as less works after the repair")


def test_failing_repair_keeps_an_older_output(shop: Shop) -> None:
    wheel = shop.checking_wheel()
    shop.out.mkdir()
    (shop.out / wheel.name).write_bytes(b"older")
    shop.run(wheel)
    assert (shop.status, (shop.out / wheel.name).read_bytes()) == (1, b"older")


def test_no_verify_writes_what_was_not_run(shop: Shop) -> None:
    wheel = shop.checking_wheel()
    assert shop.run(wheel, "--no-verify") == []
    assert (shop.status, shop.written) == (0, [wheel.name])


def test_module_that_imports_as_before_is_written(shop: Shop) -> None:
    wheel = shop.wheel(
        demo="import ctypes", broken="import no_such_module", **{"a/__main__": "1/0"}
    )
    lines = shop.run(wheel)
    assert (shop.status, shop.written) == (0, [wheel.name])
    assert [line.partition(f"{sys.executable}: ")[2] for line in lines[1:]] == [
        "1 module imported before and after",
        (
            "broken imported neither before nor after: ModuleNotFoundError: "
            "No module named 'no_such_module'"
        ),
    ]


def test_only_the_repair_executes_anything(shop: Shop) -> None:
    marker = shop.directory / "marker"
    wheel = shop.wheel(demo=f"open({str(marker)!r}, 'w')")
    main(["check", str(wheel), "--profile", str(shop.host)])
    shop.run(wheel, "--check")
    shop.run(wheel, "--no-verify")
    assert not marker.exists()
    shop.run(wheel)
    assert marker.exists()


def test_wheel_without_an_interpreter_that_fits(shop: Shop) -> None:
    wheel = shop.wheel("cp39-cp39-manylinux_2_17_x86_64", demo="")
    (line,) = shop.run(wheel)
    assert (shop.status, shop.written) == (0, [wheel.name])
    assert "imports were not tried, as no interpreter fits" in line
    assert "its Python tags (cp39-cp39) do not fit cp3" in line


def test_interpreter_of_another_architecture_or_c_library_does_not_fit() -> None:
    for platform in ("manylinux_2_17_aarch64", "musllinux_1_2_x86_64"):
        path, reason = fitting_interpreter([frozenset([f"cp310-abi3-{platform}"])])
        assert path is None
        assert platform in reason


def test_interpreter_is_found_in_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = f"{sys.version_info.major}.{sys.version_info.minor}"
    tags = frozenset([f"cp{release.replace('.', '')}-cp{release.replace('.', '')}-linux_x86_64"])
    real = os.path.realpath(sys.executable)
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert fitting_interpreter([tags]) == (None, "there is no Python")
    # As pyenv has them: a script is no interpreter that could be told by its file.
    (tmp_path / "python3").write_text("#!/bin/sh\n")
    (tmp_path / "python3").chmod(0o755)
    assert fitting_interpreter([tags])[0] is None
    (tmp_path / f"python{release}").symlink_to(real)
    assert fitting_interpreter([tags])[0] == str(tmp_path / f"python{release}")


def test_dying_and_hanging_modules_do_not_hide_the_others(shop: Shop) -> None:
    sources = {
        "a": "", "dies": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        "exits": "raise SystemExit('no')", "hangs": "import time; time.sleep(60)", "z": "",
    }  # fmt: skip
    wheel = shop.wheel(**sources)
    started = time.monotonic()
    (trial,) = run_trials([wheel], [wheel], [PYTHON], None, 1)
    assert time.monotonic() - started < 30
    assert {t.module: t.before for t in trial.imports} == {
        "a": None,
        "dies": "ended with SIGSEGV",
        "exits": "SystemExit: no",
        "hangs": "did not end within 1 seconds",
        "z": None,
    }
    assert all(t.before == t.after for t in trial.imports)
    assert not trial.is_worse


def test_process_that_a_module_leaves_behind_is_not_waited_for(shop: Shop) -> None:
    script = "import subprocess, sys; subprocess.Popen(['sleep', '20'])"
    wheel = shop.wheel(demo=script)
    started = time.monotonic()
    (trial,) = run_trials([wheel], [wheel], [PYTHON], None, 15)
    assert time.monotonic() - started < 10
    assert [t.before for t in trial.imports] == [None]


def test_extension_modules_are_imported_too(tmp_path: Path) -> None:
    (specimen,) = (WHEELS / "dist").glob("specimen_static_exported-*.whl")
    broken = tmp_path / specimen.name
    module = "specimen_static_exported.abi3.so"
    data = (
        Scenario(tmp_path)
        .lib(
            "m.so",
            "int missing(void); int f(void) { return missing(); }"
            "void *PyInit_specimen_static_exported(void) { return f() ? (void *)1 : 0; }",
        )
        .read_bytes()
    )
    write_wheel(broken, [Member(module, data, 0o755), Member("x-1.0.dist-info/METADATA", b"")])
    assert modules_of([specimen]).extensions == ("specimen_static_exported",)
    (trial,) = run_trials([specimen], [broken], [PYTHON], None, 60)
    (only,) = trial.imports
    assert (only.before, trial.is_worse) == (None, True)
    assert "undefined symbol: missing" in (only.after or "")


def test_host_that_was_named_and_imports_nothing_proves_nothing(shop: Shop) -> None:
    wheel = shop.wheel(demo="")
    *_, line = shop.run(wheel, "--verify", "true")
    assert (shop.status, shop.written) == (2, [])
    assert "true imports none of its modules even before the repair" in line


def test_each_host_is_run(shop: Shop) -> None:
    wheel = shop.checking_wheel()
    isolated = f"{sys.executable} -S {{script}}"
    options = [
        "--no-verify",
        "--verify",
        sys.executable,
        "--run",
        isolated,
        "--verify",
        sys.executable,
    ]
    lines = shop.run(wheel, *options)
    assert (shop.status, shop.written) == (1, [])
    assert lines[0].startswith(
        f"collide: {wheel}: executes code of the wheel in {isolated} and {sys.executable};"
    )
    assert sum("imported before, not after" in line for line in lines) == 2


@pytest.mark.parametrize("template", ["python3", "python3 'x"])
def test_template_without_a_script_is_refused(shop: Shop, template: str) -> None:
    (line,) = shop.run(shop.wheel(demo=""), "--run", template)
    assert (shop.status, shop.written) == (2, [])
    assert line.startswith(f"collide: --run {template}: ")


# -- a script of the user's -----------------------------------------------------------------------


def exercised(shop: Shop, text: str, *options: str) -> list[str]:
    script = shop.directory / "script.py"
    script.write_text(text)
    return shop.run(shop.wheel(demo="value = 7"), "--exercise", script, *options)


def test_script_that_does_the_same_is_written(shop: Shop) -> None:
    text = "import demo, sys, os; print(demo.value); os.system('echo more'); sys.exit(demo.value)"
    lines = exercised(shop, text)
    assert (shop.status, len(shop.written)) == (0, 1)
    assert "the script did the same before and after: status 7" in lines[-1]


DIGEST = (
    "import demo, hashlib, os, pathlib; "
    "(library,) = pathlib.Path(demo.__file__).parent.glob('demo.libs/*'); "
    "digest = hashlib.sha256(library.read_bytes()).hexdigest(); "
    "print('a line'); "
)


@pytest.mark.parametrize(
    ("text", "difference"),
    [
        ("print(digest)", "printed something else after: '{after}', before: '{before}'"),
        (
            "raise SystemExit(digest != '{before}')",
            (
                "did something else after: status 1, its process ended with status 0, "
                "before: status 0, its process ended with status 0"
            ),
        ),
        (
            "digest == '{before}' or os.abort()",
            (
                "did something else after: ended with SIGABRT, "
                "before: status 0, its process ended with status 0"
            ),
        ),
    ],
)
def test_script_that_does_something_else_leaves_no_output(
    shop: Shop, text: str, difference: str
) -> None:
    before = hashlib.sha256(shop.library).hexdigest()
    lines = exercised(shop, DIGEST + text.format(before=before))
    assert (shop.status, shop.written) == (1, [])
    expected = (
        re.escape(difference).replace(r"\{before\}", before).replace(r"\{after\}", "[0-9a-f]+")
    )
    assert re.search(f"the script {expected}", lines[-2])
    assert lines[-1].endswith("not written, as less works after the repair")


def test_script_is_run_in_each_host_apart_from_what_that_prints(shop: Shop) -> None:
    """A host that prints the time, and gives its own status."""
    host = shop.directory / "host.sh"
    host.write_text(f'date +%N; {sys.executable} "$1"; date +%N; exit 3\n')
    lines = exercised(shop, "import demo; print(demo.value)", "--run", f"sh {host} {{script}}")
    assert (shop.status, len(shop.written)) == (0, 1)
    assert "its process ended with status 3" in lines[-1]
    assert f"{sys.executable}: the script did the same" in "".join(lines)


def test_extension_is_imported_in_a_host_that_prints_to_its_log(tmp_path: Path) -> None:
    """As uwsgi, whose standard output is its standard error."""
    (specimen,) = (WHEELS / "dist").glob("specimen_static_exported-*.whl")
    host = tmp_path / "host.sh"
    host.write_text(f'exec {sys.executable} "$1" >&2\n')
    hosts = [TrialHost(("sh", str(host), "{script}"))]
    (only,) = _only(run_trials([specimen], [specimen], hosts, None, 60)).imports
    assert (only.before, only.after) == (None, None)


def test_script_that_does_not_repeat_proves_nothing(shop: Shop) -> None:
    *_, line = exercised(shop, "import time; print(time.monotonic_ns())")
    assert (shop.status, shop.written) == (2, [])
    assert "does not do the same twice" in line


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param("print('wrong')", id="prints"),
        pytest.param("raise SystemExit(4)", id="fails"),
        pytest.param("import os; os.abort()", id="dies"),
    ],
)
def test_host_in_which_a_script_is_right_after_the_repair_only(shop: Shop, wrong: str) -> None:
    """A host that works only with a library which is not the one before."""
    digest, host = hashlib.sha256(shop.library).hexdigest(), shop.directory / "host.sh"
    script = f"import os\nif digest == '{digest}' and 'HOST' in os.environ:\n    {wrong}\nelse:\n"
    host.write_text(f'HOST=1 exec {sys.executable} "$1"\n')
    lines = exercised(
        shop, DIGEST + f"\n{script}    print('right')", "--run", f"sh {host} {{script}}"
    )
    assert (shop.status, len(shop.written)) == (0, 1)
    assert "the script is right after the repair only: status 0" in lines[-1]


def test_interpreter_in_which_nothing_can_be_imported_is_said_to_prove_nothing(shop: Shop) -> None:
    (_, line) = shop.run(shop.wheel(demo="import no_such_module"))
    assert (shop.status, len(shop.written)) == (0, 1)
    assert line.endswith("No module named 'no_such_module'; so imports prove nothing")


def test_host_in_which_imports_succeed_after_the_repair_only(shop: Shop) -> None:
    digest = hashlib.sha256(shop.library).hexdigest()
    fails = CHECKS_ITS_LIBRARY.format(digest=digest).replace("!=", "==")
    *_, line = shop.run(shop.wheel(demo=fails), "--verify", sys.executable)
    assert (shop.status, len(shop.written)) == (0, 1)
    assert "demo imported after, not before: ImportError: it was tampered with" in line


def test_script_that_is_missing_is_refused(shop: Shop) -> None:
    (line,) = shop.run(shop.wheel(demo=""), "--exercise", "no-such-script")
    assert (shop.status, shop.written, line) == (2, [], "collide: no-such-script: no such file")


def test_script_without_a_host_is_refused(shop: Shop) -> None:
    wheel = shop.wheel("cp39-cp39-manylinux_2_17_x86_64", demo="")
    *_, line = shop.run(wheel, "--exercise", shop.host)
    assert (shop.status, shop.written) == (2, [])
    assert "--exercise needs an interpreter that fits" in line


def test_script_that_hangs_or_dies(shop: Shop) -> None:
    wheel, script = shop.wheel(demo=""), shop.directory / "script.py"
    for text, ending in (
        ("import time; time.sleep(60)", "did not end in time"),
        (f"import os; os.kill(os.getpid(), {int(signal.SIGABRT)})", "ended with SIGABRT"),
    ):
        script.write_text(text)
        trial = _only(run_trials([wheel], [wheel], [PYTHON], script, 1))
        assert trial.exercise
        assert (trial.exercise.before.ending, trial.is_worse) == (ending, False)


def _only(trials: tuple[Trial, ...]) -> Trial:
    (trial,) = trials
    return trial


def test_programs_of_the_wheel_may_be_executed(shop: Shop) -> None:
    wheel = shop.directory / f"demo-1.0-{TAG}.whl"
    true = shutil.which("true")
    assert true
    members = [Member("demo/run", Path(true).read_bytes(), 0o755), Member("demo/__init__.py", b"")]
    write_wheel(wheel, [*members, Member("demo-1.0.dist-info/METADATA", b"Name: demo\n")])
    script = shop.directory / "script.py"
    script.write_text("import demo, os; print(os.access(demo.__path__[0] + '/run', os.X_OK))")
    trial = _only(run_trials([wheel], [wheel], [PYTHON], script, 60))
    assert trial.exercise
    assert trial.exercise.before.output == "True\n"
