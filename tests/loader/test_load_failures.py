"""Every way in which a dlopen fails: the finding names what the loader names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZipFile

import pytest

import corpus
import session_run
from collide.analysis.analysis import analyse
from collide.check.check import check
from collide.elf.constants import DT_NEEDED
from collide.filesystems.root import Root
from collide.findings.finding import Finding
from collide.hosts.commands import command_line
from collide.hosts.extract import extract
from collide.loader.messages import says
from collide.wheels.target import read_target
from corpus_cases import HOSTS, Case, wheel_of
from corpus_cases import Host as RealHost
from scenario import Scenario, drop_dynamic
from session_run import SessionCase, predicted

F = "int f(void) { return 1; }"
CALLS_F = "int f(void); int g(void) { return f(); }"
V1, V2 = "V1 { f; };", "V1 { }; V2 { f; } V1;"


@pytest.fixture
def s(tmp_path: Path) -> Scenario:
    """A scenario whose ``w`` is the tree that is checked."""
    return Scenario(tmp_path)


def found(s: Scenario, host: Path, module: str) -> list[Finding]:
    """The findings of family 2xx for one module, which the loader does not open either."""
    outcome = s.compare(host, f"w/{module}")
    assert outcome.failures
    report = check([read_target(s.directory / "w")], [extract(str(host), Root())], insist=True)
    assert report.problems == ()
    (judged,) = report.judged
    loading = [f for f in judged.findings if f.code.id.startswith("COL2")]
    # The comparison has held the first failure to the message; a finding names it.
    first = outcome.failures[0]
    symbols = [symbol for f in loading for symbol in f.symbols]
    named = [f.provider for f in loading] + [symbol.partition("@")[0] for symbol in symbols]
    assert first.name in named
    return loading


def test_missing_library(s: Scenario) -> None:
    s.lib("w/libgone.so.1")
    s.module("w/m.so", needed=["w/libgone.so.1"])
    (s.directory / "w/libgone.so.1").unlink()
    (finding,) = found(s, s.host(), "m.so")
    assert (finding.code.id, finding.victim, finding.provider) == ("COL201", "m.so", "libgone.so.1")


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"INPUT(libx.so.1)\n" * 99])
def test_unloadable_file(s: Scenario, content: bytes) -> None:
    library = s.lib("w/libbad.so.1")
    s.module("w/m.so", needed=["w/libbad.so.1"])
    library.write_bytes(content)
    outcome = s.compare(s.host(), "w/m.so")
    (finding,) = (
        f
        for j in check([read_target(s.directory / "w/m.so")], [outcome.host]).judged
        for f in j.findings
    )
    assert (finding.code.id, finding.provider) == ("COL204", "libbad.so.1")
    assert str(library) in finding.detail


def test_captured_library_too_old_for_the_wheel(s: Scenario) -> None:
    s.lib("old/libv.so.1", F, versions=V1)
    s.lib("w/libv.so.1", F, versions=V2)
    s.module("w/m.so", CALLS_F, needed=["w/libv.so.1"])
    host = s.host(needed=["old/libv.so.1"], runpath="$ORIGIN/old")
    version, captured = found(s, host, "m.so")
    assert (version.code.id, version.victim, version.provider) == ("COL202", "m.so", "V2")
    assert version.detail == str(s.directory / "old/libv.so.1")
    assert (captured.code.id, captured.provider) == ("COL205", version.detail)


def test_captured_library_without_a_symbol(s: Scenario) -> None:
    s.lib("old/libv.so.1")
    s.lib("w/libv.so.1", F)
    s.module("w/m.so", CALLS_F, needed=["w/libv.so.1"])
    host = s.host(needed=["old/libv.so.1"], runpath="$ORIGIN/old")
    undefined, captured = found(s, host, "m.so")
    assert (undefined.code.id, undefined.victim, undefined.symbols) == ("COL203", "m.so", ("f",))
    assert captured.code.id == "COL205"


def test_library_that_the_version_is_of_is_not_loaded(s: Scenario) -> None:
    s.lib("w/libv.so.1", F, versions=V1)
    module = s.module("w/m.so", CALLS_F, needed=["w/libv.so.1"])
    drop_dynamic(module, DT_NEEDED)
    (finding,) = found(s, s.host(), "m.so")
    assert (finding.code.id, finding.provider, finding.detail) == ("COL202", "V1", "libv.so.1")


def test_undefined_symbol_with_its_version(s: Scenario) -> None:
    s.lib("w/libv.so.1", F, versions="V1 { f; }; V2 { };")
    s.module("w/m.so", CALLS_F, needed=["w/libv.so.1"])
    s.lib("w/libv.so.1", "int other(void) { return 1; }", versions="V1 { other; }; V2 { };")
    (finding,) = found(s, s.host(), "m.so")
    assert (finding.code.id, finding.symbols) == ("COL203", ("f@V1",))


@pytest.mark.parametrize(
    ("interpreter", "suffix", "symbol"),
    [
        ("pypy3.9", "cpython-311-x86_64-linux-gnu.so", "PyModule_Create2"),
        ("python3.11", "pypy39-pp73-x86_64-linux-gnu.so", "PyPyModule_Create2"),
    ],
)
def test_module_for_another_interpreter(
    s: Scenario, interpreter: str, suffix: str, symbol: str
) -> None:
    own = {"PyModule_Create2": "PyPyModule_Create2"}.get(symbol, "PyModule_Create2")
    host = s.host(f"void {own}(void) {{}}", name=interpreter)
    s.module(f"w/m.{suffix}", f"void {symbol}(void); void PyInit_m(void) {{ {symbol}(); }}")
    (finding,) = found(s, host, f"m.{suffix}")
    assert (finding.code.id, finding.symbols) == ("COL203", (symbol,))
    # Without being asked for this host, nobody opens what its import would pass over.
    target = read_target(s.directory / "w")
    assert analyse(target, extract(str(host), Root())).left_out is not None


# -- the real things ------------------------------------------------------------------------------


def require(*paths: str) -> None:
    missing = [p for p in paths if not Path(p).exists()]
    if missing:
        unavailable = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        unavailable(f"{missing[0]} is not installed: tests/tools/install-hosts.sh")


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("spec", "of", "host"),
    [
        ("markupsafe==2.1.5", "python3", "pypy3"),
        ("cffi==1.15.1", "python3", "pypy3"),
        ("lxml==6.1.3", "python3", "pypy3"),
        ("numpy==1.25.2", "pypy3", "python3"),
        ("lxml==6.1.3", "pypy3", "python3"),
    ],
)
def test_real_module_for_another_interpreter(spec: str, of: str, host: str, tmp_path: Path) -> None:
    real = HOSTS[host]
    require(*real.missing)
    wheel = wheel_of(Case(spec, of, HOSTS[of].python))
    with ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    profile = predicted(real)
    # The wheel says by its name that it is for another one.
    assert analyse(read_target(wheel), profile).left_out is not None

    suffix = re.compile(r"\.(?:cpython-|pypy)[^/]*\.so$")
    modules = [p for p in sorted(tmp_path.rglob("*.so")) if suffix.search(p.name)]
    assert modules
    for module in modules:
        analysis = analyse(read_target(module), profile, insist=True)
        (opened,) = analysis.modules
        command = command_line(profile.path, real.run)
        _, (message,) = session_run.observe(command, tmp_path, [(str(module), os.RTLD_NOW)])
        assert opened.failures, f"{module}: collide opens it, the loader: {message}"
        assert says(message, opened.failures[0]), (message, opened.failures[0])
        assert "Py" in opened.failures[0].name


_TRIPLET = "usr/lib/x86_64-linux-gnu"


@pytest.mark.corpus
def test_program_that_ships_an_older_cxx_runtime(s: Scenario) -> None:
    """As an application that embeds Python and has the libstdc++ of an older system beside it."""
    require(f"/{_TRIPLET}/libstdc++.so.6")
    older = corpus.unpacked("bullseye", "amd64", "libstdc++6") / _TRIPLET / "libstdc++.so.6"
    shutil.copy(older, s.directory / "libstdc++.so.6")
    # std::condition_variable::wait(std::unique_lock<std::mutex>&), since GCC 12.
    waits = "_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE"
    source = f"int {waits}(void); int g(void) {{ return {waits}(); }}"
    s.module("w/m.so", source, "-Wl,--no-as-needed", f"/{_TRIPLET}/libstdc++.so.6", runpath=None)
    newer, own = s.host(), s.host(needed=["libstdc++.so.6"], name="own")
    assert not s.compare(newer, "w/m.so").failures
    (version, *others) = found(s, own, "m.so")
    assert (version.code.id, version.provider, others) == ("COL202", "GLIBCXX_3.4.30", [])
    assert version.detail == str(s.directory / "libstdc++.so.6")


@pytest.mark.corpus
def test_module_that_needs_the_jemalloc_of_the_system(s: Scenario) -> None:
    of = corpus.unpacked("bookworm", "amd64", "libjemalloc2") / _TRIPLET / "libjemalloc.so.2"
    shutil.copy(of, s.directory / "libjemalloc.so.2")
    calls = "int mallctl(); int probe(void) { return mallctl(0); }"
    s.module("w/m.so", calls, needed=["libjemalloc.so.2"], runpath="$ORIGIN/..")
    (finding,) = found(s, s.host(), "m.so")
    assert (finding.code.id, finding.provider) == ("COL207", "libjemalloc.so.2")
    preloaded = s.compare(s.host(), "w/m.so", preload=[s.directory / "libjemalloc.so.2"])
    assert preloaded.messages == ("ok",)


@pytest.mark.corpus
def test_function_that_pypy_exports_under_no_name(s: Scenario) -> None:
    """Its header maps PyImport_ImportModuleLevel to a name that its library keeps to itself."""
    real = HOSTS["pypy3"]
    require(*real.missing)
    calls = 'void *PyPyImport_ImportModuleLevel(); void *PyInit_m(void) { return %s("sys"); }'
    module = s.module("m.pypy39-pp73-x86_64-linux-gnu.so", calls % "PyPyImport_ImportModuleLevel")
    profile = predicted(real)
    (opened,) = analyse(read_target(module), profile, insist=True).modules
    command = command_line(profile.path, real.run)
    _, (message,) = session_run.observe(command, s.directory, [(str(module), os.RTLD_NOW)])
    (failure,) = opened.failures
    assert (failure.kind, failure.name) == ("undefined-symbol", "PyPyImport_ImportModuleLevel")
    assert says(message, failure), message


_MAIN = "int Py_BytesMain(int, char **); int main(int c, char **v) { return Py_BytesMain(c, v); }"


def embedding(directory: Path, *libraries: str) -> RealHost:
    """A program with Debian's libpython that links these libraries of Debian too."""
    triplet = "/usr/lib/x86_64-linux-gnu"
    names = ("libpython3.11.so.1.0", *libraries)
    require(*(f"{triplet}/{name}" for name in names))
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed: tests/tools/install-hosts.sh")
    binary = directory / "embedding"
    links = [f"-l:{name}" for name in names]
    command = ["gcc", "-x", "c", "-", "-Wl,--no-as-needed", *links, "-o", str(binary)]
    subprocess.run([*command, "-Wl,--allow-shlib-undefined"], input=_MAIN, text=True, check=True)
    return RealHost("cp311", str(binary))


QT = ("pyqt6==6.7.1", "pyqt6-qt6==6.7.3")


@pytest.mark.corpus
@pytest.mark.parametrize("libraries", [(), ("libQt6Core.so.6",)], ids=["alone", "qt 6.4"])
def test_pyqt_in_a_program_that_links_an_older_qt(libraries: Sequence[str], tmp_path: Path) -> None:
    host = embedding(tmp_path, *libraries)
    case = SessionCase("embedding", QT, modules=("PyQt6/QtCore.*", "PyQt6/QtNetwork.*"))
    outcome = session_run.compare(case, host)
    assert outcome.differences == []
    if not libraries:
        assert outcome.failing == 0
        return
    assert outcome.failing == 2
    for module in outcome.analysis.modules:
        first = module.failures[0]
        assert (first.kind, first.name) == ("version-not-found", "Qt_6.7")
        assert Path(first.detail).name.startswith("libQt6Core.so.6.4")
    wheel = corpus.download(QT[0])
    report = check([read_target(wheel)], [predicted(host)])
    wrong = {
        f.provider
        for judged in report.judged
        for f in judged.findings
        if f.code.id == "COL202" and f.victim.startswith("PyQt6/QtCore.")
    }
    assert "Qt_6.7" in wrong
