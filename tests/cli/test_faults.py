"""One bad input, host or pair is one problem, whatever it raises; a fault of collide exits 70."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import collide.check.check
import collide.check.pairs
import collide.cli.check
import collide.wheels.target
from checkout import WHEELS
from collide.analysis import analysis, probes
from collide.analysis.analysis import Analysis
from collide.cli.main import main
from collide.loader.host import Host
from collide.support.errors import InputError
from collide.wheels.target import Target, read_target
from scenario import require_loader

HOSTS = ["--profile", "debian-12-python3", "--profile", "debian-12-uwsgi-python3"]
ERRORS = [RecursionError("maximum"), MemoryError(), KeyError("x"), InputError("b.so", "is cut")]


def specimen(name: str) -> str:
    (path,) = (WHEELS / "dist").glob(f"specimen_{name}-*.whl")
    return str(path)


@pytest.fixture
def wheels(tmp_path: Path) -> list[str]:
    """Three wheels; ``bad`` is in the name of the second."""
    names = ("a", "bad", "c")
    made = [tmp_path / Path(specimen("unique")).name.replace("specimen_unique", n) for n in names]
    for path in made:
        shutil.copy(specimen("unique"), path)
    return [str(path) for path in made]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, list[str]]:
    capsys.readouterr()
    status = main(list(arguments))
    out, err = capsys.readouterr()
    return status, out, err.splitlines()


def title_of(wheel: str) -> str:
    """How the line of a wheel begins."""
    return "-".join(Path(wheel).name.split("-")[:2]) + " ("


def failing(error: Exception) -> Callable[..., Target]:
    def read(path: str, *, keeping: bool = False) -> Target:
        if Path(path).name.startswith("bad-"):
            raise error
        return read_target(path, keeping=keeping)

    return read


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_whatever_a_reader_raises_is_a_problem_of_its_input(
    wheels: list[str],
    error: Exception,
    jobs: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(collide.wheels.target, "read_target", failing(error))
    status, out, err = run(capsys, "check", *wheels, *HOSTS, "--jobs", jobs)
    assert status == 2
    (line,) = err
    named = "b.so" if isinstance(error, InputError) else wheels[1]
    assert line.startswith(f"collide: {named}: ")
    assert [title in out for title in map(title_of, wheels)] == [True, False, True]


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_what_fails_on_one_host_is_reported_on_the_others(
    wheels: list[str],
    error: Exception,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    analyse = analysis.analyse

    def broken(target: Target, host: Host, **options: bool) -> Analysis:
        if host.name == "debian-12-python3":
            raise error
        return analyse(target, host, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(collide.check.check, "analyse", broken)
    status, out, err = run(capsys, "check", wheels[0], *HOSTS)
    assert status == 2
    (line,) = err
    named = "b.so" if isinstance(error, InputError) else f"{wheels[0]} on debian-12-python3"
    assert line.startswith(f"collide: {named}: ")
    assert "debian-12-uwsgi-python3" in out


def test_same_fault_on_many_hosts_is_told_once(
    wheels: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> Analysis:
        raise KeyError("x")

    monkeypatch.setattr(collide.check.check, "analyse", broken)
    status, _, err = run(capsys, "check", wheels[0], *HOSTS)
    assert status == 2
    assert any("debian-12-python3 and 1 other host: a fault of collide" in line for line in err)
    assert sum("fault of collide" in line for line in err) == 1


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_pair_that_fails_is_a_problem_of_the_two(
    wheels: list[str],
    jobs: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr(collide.check.pairs, "both_orders", broken)
    status, out, err = run(capsys, "check", *wheels, *HOSTS[:2], "--jobs", jobs)
    assert status == 2
    pairs = ((0, 1), (0, 2), (1, 2))
    assert err == [
        f"collide: {wheels[a]} and {wheels[b]} on debian-12-python3: is nested too deeply"
        for a, b in pairs
    ]
    assert all(title_of(wheel) in out for wheel in wheels)


def test_bad_profile_beside_a_good_one_costs_its_own_result_only(
    wheels: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('{"schema": "collide-profile/1", "name": 5}')
    profiles = ["--profile", str(bad), *HOSTS[:2]]
    for command in ("check", "bindings"):
        status, out, err = run(capsys, command, wheels[0], *profiles)
        assert status == 2
        (line,) = (line for line in err if str(bad) in line)
        assert "not a valid profile of schema collide-profile/1" in line
        assert out
    # A repair is proven on all hosts that are named, or not made.
    status, out, err = run(capsys, "repair", wheels[0], *profiles, "-w", str(tmp_path / "made"))
    assert (status, out, len(err)) == (2, "", 1)
    assert not (tmp_path / "made").exists()


def test_fault_outside_of_any_input_exits_70_and_says_how_to_report_it(
    wheels: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(collide.cli.check, "_show", broken)
    monkeypatch.delenv("COLLIDE_TRACEBACK", raising=False)
    status, _, err = run(capsys, "check", wheels[0], *HOSTS)
    assert status == 70
    (line,) = err
    assert line.startswith("collide: a fault of collide (KeyError in collide.cli.check, line ")
    assert "please report it" in line
    assert "COLLIDE_TRACEBACK=1" in line
    monkeypatch.setenv("COLLIDE_TRACEBACK", "1")
    status, _, err = run(capsys, "check", wheels[0], *HOSTS)
    assert status == 70
    assert err[0] == "Traceback (most recent call last):"
    assert err[-1] == line


def test_traceback_of_an_input_is_there_where_it_is_wanted(
    wheels: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collide.wheels.target, "read_target", failing(KeyError("x")))
    for value, wanted in (("1", True), ("0", False), ("", False), ("off", False)):
        monkeypatch.setenv("COLLIDE_TRACEBACK", value)
        for jobs in ("1", "2"):
            _, _, err = run(capsys, "check", *wheels, *HOSTS[:2], "--jobs", jobs)
            assert ("Traceback (most recent call last):" in err) is wanted


def test_probes_that_cannot_be_counted_do_not_cost_the_report(
    wheels: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    require_loader()

    def broken(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(probes, "of_modules", broken)
    binary = str(WHEELS / "host/host")
    status, out, err = run(capsys, "check", wheels[0], "--profile", binary, "--probes", "-v")
    assert status == 2
    assert wheels[0] in out
    assert err[-1].startswith(f"collide: {wheels[0]} on ")
    assert err[-1].endswith(": is nested too deeply")
