"""Several inputs in one site-packages and one process: order, conflicts, RTLD_GLOBAL."""

from __future__ import annotations

from pathlib import Path

import pytest

from building import WheelBuilder
from collide.analysis.analysis import Analysis
from collide.analysis.install import analyse_session, conflicts, install_together
from collide.hosts.database import load_shipped
from collide.loader.host import Host
from collide.loader.opening import ModePatterns
from collide.wheels.target import read_target
from compiler import compile_so
from scenario import Scenario

F = "int f(void) { return 1; }"
CALLS_F = "int f(void); int g(void) { return f(); }"


@pytest.fixture(scope="module")
def host() -> Host:
    return load_shipped("debian-12-python3")


@pytest.fixture
def wheel(tmp_path: Path) -> WheelBuilder:
    return WheelBuilder(tmp_path)


def opened(analysis: Analysis) -> list[str]:
    return [m.name for m in analysis.modules]


def failing(analysis: Analysis) -> list[str]:
    return [m.name for m in analysis.modules if m.failures]


def test_modules_come_input_by_input_and_sorted(wheel: WheelBuilder, host: Host) -> None:
    one = wheel("one", {"z.so": F, "b.so": F})
    two = wheel("two", {"y.so": F, "a.so": F})
    assert opened(analyse_session([one, two], host)) == ["b.so", "z.so", "a.so", "y.so"]
    assert opened(analyse_session([two, one], host)) == ["a.so", "y.so", "b.so", "z.so"]


def test_patterns_give_the_order_and_each_module_once(wheel: WheelBuilder, host: Host) -> None:
    one, two = wheel("one", {"z.so": F, "b.so": F}), wheel("two", {"a.so": F})
    assert opened(analyse_session([one, two], host, ["a*", "z*", "*.so"])) == [
        *("a.so", "z.so", "b.so")
    ]
    assert opened(analyse_session([one, two], host, ["other*"])) == []


def test_promoted_module_serves_what_comes_after_it(wheel: WheelBuilder, host: Host) -> None:
    one, two = wheel("one", {"f.so": F}), wheel("two", {"g.so": CALLS_F})
    assert failing(analyse_session([one, two], host)) == ["g.so"]
    assert failing(analyse_session([one, two], host, modes=ModePatterns(("f*",)))) == []
    assert failing(analyse_session([two, one], host, modes=ModePatterns(("f*",)))) == ["g.so"]


def test_run_path_finds_what_another_wheel_brings(wheel: WheelBuilder, host: Host) -> None:
    library = wheel("lib", {"lib.libs/libf.so.1": F}, "-Wl,-soname,libf.so.1")
    found = wheel.directory / "lib-lib.libs_libf.so.1"
    user = wheel(
        "user", {"g.so": CALLS_F},
        "-Wl,-rpath,$ORIGIN/lib.libs", f"-L{wheel.directory}", f"-l:{found.name}",
    )  # fmt: skip
    assert failing(analyse_session([user], host)) == ["g.so"]
    session = analyse_session([user, library], host)
    assert failing(session) == []
    # An input is opened whatever another needs; here that one has brought it already.
    assert opened(session) == ["g.so", "lib.libs/libf.so.1"]


def test_library_opened_first_is_what_the_next_input_binds_to(tmp_path: Path) -> None:
    scenario = Scenario(tmp_path)
    first = scenario.lib("first/libzz.so", F)
    scenario.lib("libzz.so", F)
    user = scenario.lib("user.so", CALLS_F, needed=["libzz.so"])
    executable = scenario.host()
    for order in ([first, user], [user, first]):
        real = scenario.compare(executable, *order)
        session = analyse_session(list(map(read_target, order)), real.host)
        assert opened(session) == [str(path) for path in order]
        (binding,) = (
            b
            for m in session.modules
            if m.bound
            for o in m.bound.objects
            for b in o.bindings
            if b.reference.name == "f" and o.map.dso.path == str(user)
        )
        assert binding.provider is not None
        providers = {real.name(binding.provider.path)}
        assert providers == real.providers("user.so", "f")
        assert providers == {"first/libzz.so" if order[0] == first else "libzz.so"}


def test_file_given_twice_is_opened_once(tmp_path: Path, host: Host) -> None:
    library = compile_so(tmp_path, "libf.so", F)
    (tmp_path / "linked.so").symlink_to(library)
    targets = [read_target(path) for path in (library, tmp_path / "linked.so", tmp_path)]
    assert opened(analyse_session(targets, host)) == ["libf.so"]


def test_file_of_the_last_input_stays(wheel: WheelBuilder, host: Host) -> None:
    one = wheel("one", {"m.so": CALLS_F, "only.so": F})
    two = wheel("two", {"m.so": F})
    (conflict,) = conflicts([one, two])
    assert (conflict.replaced, conflict.by, conflict.names) == (one.name, two.name, ("m.so",))
    assert str(conflict) == f"{one.name}: m.so replaced by the files of {two.name}"
    session = analyse_session([one, two], host)
    assert opened(session) == ["only.so", "m.so"]
    assert failing(session) == []
    assert failing(analyse_session([two, one], host)) == ["m.so"]


def test_same_file_on_disk_named_twice_is_no_conflict(tmp_path: Path, host: Host) -> None:
    path = compile_so(tmp_path, "m.so", F)
    targets = [read_target(path), read_target(tmp_path)]
    assert conflicts(targets) == ()
    assert len(install_together(targets).members) == 1
    assert len(analyse_session(targets, host).modules) == 1


def test_session_without_anything_to_open_says_why(tmp_path: Path, host: Host) -> None:
    compile_so(tmp_path, "m.cpython-312-x86_64-linux-gnu.so", F)
    session = analyse_session([read_target(tmp_path)], host)
    assert session.left_out == "all its modules are for another interpreter than cp311"
