"""Shipped hosts that are taken as if they had the Python that a wheel was built for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checkout import WHEELS
from collide.analysis.analysis import analyse
from collide.check.check import Report, check
from collide.check.parallel import CheckOptions, check_in_parallel
from collide.cli.main import main
from collide.hosts.as_if import API_PREFIXES, as_if, fitting, taken_for
from collide.hosts.select import Candidate, select, select_hosts
from collide.loader.host import Host, Python
from collide.whatif.edits import parse_edit
from collide.whatif.hosts import relink_host
from collide.wheels.archive import Member, write_wheel
from collide.wheels.tags import wanted_python
from collide.wheels.target import Target, read_target
from compiler import compile_so
from scenario import require_loader

X86 = "manylinux_2_28_x86_64"
CP312 = Python("cp", (3, 12))
PROGRAMS = ("uwsgi-python3", "gdb", "vim-nox", "apache2-wsgi", "postgres-plpython3", "weechat")


def taken(*tags: str, specs: tuple[str, ...] = ()) -> list[str]:
    """The names of the hosts for a wheel with these tags."""
    return [c.name for c in fitting([tags], list(select(specs))).hosts]


def wheel(directory: Path, source: str, tag: str = "cp312-cp312", *flags: str) -> Target:
    """A wheel for one interpreter with one module."""
    built = compile_so(directory, "mod.so", source, *flags)
    path = directory / f"demo-1.0-{tag}-{X86}.whl"
    write_wheel(path, [Member("mod.so", built.read_bytes())])
    return read_target(path)


def codes(report: Report) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    """The findings by host: code and symbols."""
    return {
        j.analysis.host.name: [(f.code.id, f.symbols) for f in j.findings] for j in report.judged
    }


# -- which hosts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        (["cp312-cp312-x"], CP312),
        (["cp313-cp313t-x"], Python("cp", (3, 13), "t")),
        (["cp37-abi3-x", "cp39-abi3-x"], Python("cp", (3, 9))),
        (["pp311-pypy311_pp73-x"], Python("pp", (3, 11))),
        (["gp312-graalpy250_312_native-x"], Python("gp", (3, 12))),
        (["pp310-pypy310_pp73-x", "cp39-cp39-x"], Python("cp", (3, 9))),
        (["py3-none-x"], None),
        (["cp312-none-x"], None),
        (["jy27-abi-x"], None),
    ],
)
def test_wanted_is_the_interpreter_that_a_wheel_was_built_for(
    tags: list[str], wanted: Python | None
) -> None:
    assert wanted_python(tags) == wanted


@pytest.mark.parametrize("release", ["cp310", "cp311", "cp312", "cp313", "cp314", "cp315"])
@pytest.mark.parametrize("abi", ["", "t"])
def test_programs_of_all_suites_are_there_for_every_release(release: str, abi: str) -> None:
    found = taken(f"{release}-{release}{abi}-{X86}")
    for suite in (12, 13):
        assert {f"debian-{suite}-{program}" for program in PROGRAMS} <= set(found)
    assert len(found) == len(set(found))
    assert "debian-13-arm64-python3" not in found
    assert "debian-13-pypy3" not in found


def test_exact_hosts_come_first_then_those_of_the_newest_suite() -> None:
    candidates = fitting([[f"cp311-cp311-{X86}"]], list(select(()))).hosts
    names = [c.name for c in candidates]
    exact = [c.name for c in candidates if not c.as_if]
    assert names[: len(exact)] == exact
    assert {"debian-12-gdb", "debian-12-python3", "manylinux2014-cp311"} <= set(exact)
    releases = [c.loader.version for c in candidates[len(exact) :]]
    assert releases == sorted(releases, reverse=True)


def test_equal_libraries_count_once_and_exact_hosts_are_preferred() -> None:
    tag = f"cp312-cp312-{X86}"
    found = fitting(
        [[tag]],
        list(select(["manylinux2014-cp31*", "debian-??-python3", "debian-13-arm64-python3"])),
    )
    names = [c.name for c in found.hosts]
    assert [n for n in names if n.startswith("manylinux")] == [
        "manylinux2014-cp312",
        "manylinux2014-cp310",
    ]
    # Of the suites the newest; the parts of Debian 11's libc are libraries of their own.
    assert [n for n in names if n.startswith("debian")] == [
        "debian-14-python3",
        "debian-11-python3",
    ]
    reasons = {c.name: m for c, m in found.others}
    assert reasons["manylinux2014-cp313"].kind == "like another"
    assert reasons["manylinux2014-cp313"].reason == (
        "as if for 3.12 it has the libraries of manylinux2014-cp312"
    )
    assert reasons["debian-13-arm64-python3"].kind == "other architecture"


def test_pypy_stands_for_pypy_alone_and_python_2_for_no_python_3() -> None:
    specs = ("debian-11-python2.7", "debian-12-pypy3", "debian-13-gdb")
    assert taken(f"cp312-cp312-{X86}", specs=specs) == ["debian-13-gdb"]
    # A plain CPython, and what embeds one, tell at least what any interpreter would meet.
    assert taken(f"pp310-pypy310_pp73-{X86}", specs=specs) == ["debian-13-gdb", "debian-12-pypy3"]
    assert taken(f"cp27-cp27mu-{X86}", specs=specs) == ["debian-11-python2.7"]


def test_a_wheel_for_any_python_is_taken_as_the_hosts_are() -> None:
    found = fitting([[f"py3-none-{X86}"]], list(select(())))
    assert found.hosts
    assert not any(c.as_if for c in found.hosts)


def test_wheels_that_want_different_interpreters_have_no_host_in_thought() -> None:
    wheels = [[f"cp312-cp312-{X86}"], [f"cp311-cp311-{X86}"]]
    assert not fitting(wheels, list(select(["debian-12-gdb"]))).hosts
    both = [wheels[0], [f"py3-none-{X86}"]]
    (only,) = fitting(both, list(select(["debian-12-gdb"]))).hosts
    assert only.as_if


def test_binary_of_this_system_is_never_another_one() -> None:
    host = next(iter(select_hosts(["debian-12-gdb"])))
    mine = Candidate.of(host._replace(groups=()))
    found = fitting([[f"cp312-cp312-{X86}"]], [mine])
    assert not found.hosts
    assert [m.kind for _, m in found.others] == ["other interpreter"]


# -- what is bound --------------------------------------------------------------------------------


def test_api_is_neither_missed_nor_taken_and_all_else_is_as_on_the_host(tmp_path: Path) -> None:
    require_loader()
    source = """
    extern int Py_Future(void), _Py_Inside(void), NotThere(void), PyLong_AsLong(void);
    int PyLong_AsLong(void) { return 2; }
    int compress(void) { return 2; }
    int g(void) { return compress(); }
    int f(void) { return Py_Future() + _Py_Inside() + NotThere() + PyLong_AsLong(); }
    """
    target = wheel(tmp_path, source)
    found = codes(check([target], select(["debian-12-gdb", "debian-12-python3"])))
    for name in ("debian-12-gdb", "debian-12-python3"):
        taken = {symbol for _, symbols in found[name] for symbol in symbols}
        assert taken.isdisjoint({"PyLong_AsLong", "Py_Future", "_Py_Inside"})
        assert ("COL203", ("NotThere",)) in found[name]
    fitting_host = read_target(Path(wheel(tmp_path, source, "cp311-cp311").name))
    exact = codes(check([fitting_host], select(["debian-12-gdb"])))["debian-12-gdb"]
    assert ("COL203", ("NotThere", "Py_Future", "_Py_Inside")) in exact


def test_what_a_host_takes_of_other_libraries_is_taken_in_thought(tmp_path: Path) -> None:
    require_loader()
    source = """
    int compress(void) { return 2; }
    int g(void) { return compress(); }
    void *PyInit_mod(void) { return 0; }
    """
    for tag in ("cp312-cp312", "cp311-cp311"):
        report = check([wheel(tmp_path, source, tag)], select(["debian-12-uwsgi-python3"]))
        (judged,) = report.judged
        assert [(f.provider or "").rpartition("/")[2] for f in judged.findings] == [
            "libz.so.1.2.13"
        ]
        assert judged.analysis.host.as_if is (tag == "cp312-cp312")


def test_libpython_is_loaded_where_the_host_has_one_as_a_library(tmp_path: Path) -> None:
    require_loader()
    compile_so(tmp_path, "libpython3.12.so.1.0", "", "-Wl,-soname,libpython3.12.so.1.0")
    linked = ("-Wl,--no-as-needed", f"{tmp_path}/libpython3.12.so.1.0")
    target = wheel(tmp_path, "void f(void) {}", "cp312-cp312", *linked)
    found = codes(check([target], select(["debian-12-gdb", "debian-12-python3"])))
    assert not found["debian-12-gdb"]
    assert [code for code, _ in found["debian-12-python3"]] == ["COL201"]


@pytest.mark.parametrize("name", ["debian-12-uwsgi-python3", "debian-13-gdb", "musl-1.2.5-cp313"])
def test_host_in_thought_has_the_state_of_the_real_one(name: str) -> None:
    host = next(iter(select_hosts([name])))
    other = as_if(host, CP312)
    assert (other.python, other.as_if, other.name) == (CP312, True, name)
    before, after = host.process, other.process
    assert [m.dso.path for m in after.maps] == [m.dso.path for m in before.maps]
    assert [m.dso.path for m in after.global_scope] == [m.dso.path for m in before.global_scope]
    assert not set(map(id, after.maps)) & set(map(id, before.maps))
    for m in after.maps:
        assert {*(m.needed or ()), *m.filtees} <= set(after.maps)
        assert after.loaded(m.name) is m or before.loaded(m.name) is not before.maps[0]
    for soname in (m.elf.soname for m in before.maps if m.elf.soname):
        mine, theirs = before.loaded(soname), after.loaded(soname)
        assert (mine and mine.dso.path) == (theirs and theirs.dso.path)
    exported = {n for m in after.global_scope for n in m.elf.exports.names}
    # Others may have such names: Debian's weechat plugin does not, gdb does not.
    assert not [n for n in exported if n.startswith(API_PREFIXES)]
    own = {n for m in before.global_scope for n in m.elf.exports.names}
    assert exported == {n for n in own if not n.startswith(API_PREFIXES)}


@pytest.mark.parametrize("path", sorted((WHEELS / "dist").glob("*.whl")), ids=lambda p: p.name[:30])
def test_findings_are_those_of_the_exact_host(path: Path) -> None:
    """With its own release in the place of its own release nothing changes."""
    target = read_target(path)
    names = ["debian-12-uwsgi-python3", "debian-13-gdb", "debian-13-python3"]
    for host in select_hosts(names):
        assert host.python is not None
        exact, thought = (check([target], [h]) for h in (host, as_if(host, host.python)))
        assert codes(exact) == codes(thought)
        assert exact.judged[0].findings == thought.judged[0].findings


def test_host_in_thought_stays_one_after_a_change_of_it(tmp_path: Path) -> None:
    require_loader()
    source = "extern int Py_Future(void); int f(void) { return Py_Future(); }"
    target = wheel(tmp_path, source)
    (host,) = select_hosts(["debian-12-gdb"])
    changed = relink_host(as_if(host, CP312), [parse_edit("libz*=local")]).host
    assert "libz.so.1" not in {m.elf.soname for m in changed.process.global_scope}
    assert analyse(target, changed).modules[0].failures == ()


# -- how it is told -------------------------------------------------------------------------------


def test_reports_say_for_which_python_a_host_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    require_loader()
    path = wheel(tmp_path, "void f(void) {}", "cp313-cp313t").name
    assert main(["check", path, "--profile", "debian-12-gdb"]) == 0
    assert "on debian-12-gdb, as if it had Python 3.13t: " in capsys.readouterr().out
    assert main(["check", path, "--profile", "debian-12-*", "--format", "json"]) == 0
    (*_, last) = json.loads(capsys.readouterr().out)["analyses"]
    assert (last["profile"]["python"], last["profile"]["as_if"]) == ("cp313t", True)
    assert main(["check", path]) == 0
    assert " as if their Python were 3.13t" in " ".join(capsys.readouterr().out.split())


def test_processes_send_hosts_in_thought_as_what_they_are(tmp_path: Path) -> None:
    require_loader()
    paths = []
    for number in ("1", "2"):
        (tmp_path / number).mkdir()
        paths.append(wheel(tmp_path / number, "int compress(void) { return 2; }").name)
    candidates = list(select(["debian-12-gdb", "debian-13-gdb"]))
    report, failed = check_in_parallel(paths, candidates, 2, CheckOptions(together=True))
    assert not failed
    hosts = {(j.analysis.host.name, j.analysis.host.as_if) for j in report.judged}
    assert hosts == {("debian-12-gdb", True), ("debian-13-gdb", True)}
    assert all(p.host.as_if for p in report.pairs)


def test_candidate_has_one_twin_for_each_python() -> None:
    (candidate,) = select(["debian-12-gdb"])
    twin = taken_for(candidate, CP312)
    assert taken_for(candidate, CP312) is twin
    assert twin.host is twin.host
    assert isinstance(twin.host, Host)
    assert twin.host.python == CP312
