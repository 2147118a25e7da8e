"""The plugin, in other people's test runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from checkout import WHEELS
from scenario import Scenario

PLUGIN = ("-p", "collide.pytest_plugin")


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project of its own with this plugin, however the suite has got it."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return pytester


@pytest.fixture
def host(run: pytest.Pytester) -> Path:
    s = Scenario(run.path)
    s.lib("liba.so", "int a1(void) { return 1; }")
    return s.host(needed=["liba.so"])


def grow(directory: Path) -> None:
    s = Scenario(directory)
    s.lib("libmore.so.1", "int more;")
    s.host(needed=["liba.so", "libmore.so.1"])


FOOTPRINT = """
def test_footprint(assert_footprint):
    assert_footprint({host!r}, "baseline.json"{more})
"""


def outcome(run: pytest.Pytester, host: Path, *arguments: str) -> pytest.RunResult:
    run.makepyfile(FOOTPRINT.format(host=str(host), more=""))
    return run.runpytest(*PLUGIN, "-Werror", *arguments)


def test_baseline_is_written_on_request_and_compared_then(run: pytest.Pytester, host: Path) -> None:
    result = outcome(run, host)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines("*baseline.json: no such baseline; write it with --collide-update")
    outcome(run, host, "--collide-update").assert_outcomes(passed=1)
    assert (
        '"liba.so": {"unversioned": true, "needed_by": ["host"]}'
        in (run.path / "baseline.json").read_text()
    )
    outcome(run, host).assert_outcomes(passed=1)


def test_grown_binary_fails_with_what_it_gained_and_nothing_else(
    run: pytest.Pytester, host: Path
) -> None:
    outcome(run, host, "--collide-update")
    grow(run.path)
    result = outcome(run, host)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*baseline.json -> *host: the link footprint grew",
            "  error   COL501 links libmore.so.1 too (needed by host; 1 unversioned exports; *",
            "If it is meant: --collide-update",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")
    outcome(run, host, "--collide-update").assert_outcomes(passed=1)
    outcome(run, host).assert_outcomes(passed=1)


def test_allowed_growth_passes(run: pytest.Pytester, host: Path) -> None:
    outcome(run, host, "--collide-update")
    grow(run.path)
    run.makepyfile(FOOTPRINT.format(host=str(host), more=", allow={'libmore*': 'a test'}"))
    run.runpytest(*PLUGIN, "-Werror").assert_outcomes(passed=1)


def test_shrunk_binary_passes_with_a_warning(run: pytest.Pytester, host: Path) -> None:
    grow(run.path)
    outcome(run, host, "--collide-update")
    Scenario(run.path).host(needed=["liba.so"])
    result = run.runpytest(*PLUGIN, "-Wdefault")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines("*baseline.json is not up to date: --collide-update")


def test_fixtures_give_the_host_and_its_footprint(run: pytest.Pytester, host: Path) -> None:
    run.makepyfile(
        f"""
        import os, sys

        def test_other(host_profile, link_footprint):
            assert host_profile({str(host)!r}).path == {str(host)!r}
            names = [e.name for e in link_footprint({str(host)!r}).libraries]
            assert names == ["host", "liba.so", "libc.so.6", "ld-linux-x86-64.so.2"]

        def test_own(host_profile, link_footprint):
            assert host_profile().path == os.path.realpath(sys.executable)
            assert link_footprint().libraries[0].name == os.path.basename(host_profile().path)

        def test_name(host_profile):
            assert host_profile("sh").path.startswith("/")

        def test_openings(link_footprint):
            found = link_footprint({str(host)!r}, preload=[{str(run.path / "liba.so")!r}])
            assert found.openings == ("preloads liba.so",)
        """
    )
    run.runpytest(*PLUGIN, "-Werror").assert_outcomes(passed=4)


def specimen(name: str) -> str:
    (wheel,) = (WHEELS / "dist").glob(f"specimen_{name}-*.whl")
    return str(wheel)


def test_collisions_fail_with_the_report(run: pytest.Pytester) -> None:
    run.makepyfile(
        f"""
        HOST = {str(WHEELS / "host/host")!r}

        def test_exposed(assert_no_collisions):
            assert_no_collisions({specimen("static_exported")!r}, HOST)

        def test_hidden(assert_no_collisions, host_profile):
            assert_no_collisions({specimen("static_hidden")!r}, HOST)
            assert_no_collisions({specimen("static_hidden")!r}, host_profile(HOST))

        def test_nothing(assert_no_collisions):
            assert_no_collisions({specimen("static_exported")!r}, "debian-12-pypy3")
        """
    )
    result = run.runpytest(*PLUGIN, "-Werror")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["*error*COL101*", "*do not fit*"])
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            "assert_no_collisions(WHEEL, 'debian-12-gbd')",
            "debian-12-gbd: no such*near it: debian-12-gdb*",
        ),
        ("assert_no_collisions('no.whl', 'debian-12-gdb')", "no.whl: not a wheel*"),
        (
            "assert_works(WHEEL, 'debian-12-gbd', 'script.py')",
            "debian-12-gbd: no such*near it: debian-12-gdb*",
        ),
    ],
)
def test_wrong_name_is_one_line(run: pytest.Pytester, call: str, said: str) -> None:
    fixture = call.partition("(")[0]
    wheel = repr(specimen("static_hidden"))
    run.makepyfile(f"def test_it({fixture}):\n    {call.replace('WHEEL', wheel)}")
    result = run.runpytest(*PLUGIN, "-Werror")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([said])
    result.stdout.no_fnmatch_line("*exception*")
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_hosts_of_a_pattern_are_loaded_once_and_only_those_that_fit(run: pytest.Pytester) -> None:
    run.makepyfile(
        f"""
        from collide import pytest_plugin

        def loaded():
            return {{c.name for c in pytest_plugin._candidates("debian-12-*") if c.is_loaded}}

        def test_first(assert_no_collisions):
            assert_no_collisions({specimen("static_hidden")!r}, "debian-12-*")
            first = loaded()
            assert "debian-12-python3" in first
            assert not any("arm64" in name for name in first)
            assert_no_collisions({specimen("versioned")!r}, "debian-12-*")
            assert loaded() == first
        """
    )
    run.runpytest(*PLUGIN, "-Werror").assert_outcomes(passed=1)


def test_import_costs_other_peoples_test_runs_nothing() -> None:
    program = (
        "import pytest, sys; before = set(sys.modules); import collide.pytest_plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["collide", "collide.pytest_plugin"]


def test_run_that_does_not_use_it_imports_nothing(run: pytest.Pytester) -> None:
    run.makepyfile(
        """
        import sys

        def test_modules():
            own = {name for name in sys.modules if name.startswith("collide")}
            assert own == {"collide", "collide.pytest_plugin"}
        """
    )
    run.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=1)


WORKS = """
import pytest, zipfile

@pytest.fixture
def wheel(tmp_path):
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("demo.py", "")
        archive.writestr("demo-1.0.dist-info/RECORD", "")
    return path

def test_same(assert_works, host_profile, wheel):
    assert_works(wheel, host_profile(), "script.py", runs=1)

def test_other(assert_works, wheel):
    assert_works(wheel, {python!r}, "script.py", runs=1, command="sh -c {command!r}")
"""


def test_assert_works_fails_with_what_was_seen(run: pytest.Pytester) -> None:
    (run.path / "script.py").write_text("import demo, os; print(os.environ.get('HOST'))")
    command = f"HOST=other {sys.executable} {{script}}"
    run.makepyfile(WORKS.format(python=sys.executable, command=command))
    result = run.runpytest(*PLUGIN)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*in plain Python*: 1 of 1: status 0*", "*in the host: 1 of 1: prints 'other', not 'None'"]
    )
