"""The objects that findings are about, read a second time with pyelftools."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from checkout import WHEELS
from collide.check.check import Report, check
from collide.check.second_reading import read_again
from collide.cli.main import main
from collide.elf import second_opinion
from collide.elf.second_opinion import Facts, second_facts
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.support.errors import MissingPackageError
from collide.wheels.target import Target, read_target
from scenario import require_loader

BUNDLED = "specimen_bundled_unmangled"


@pytest.fixture(scope="module")
def bundled() -> tuple[Report, list[Target]]:
    """The check of a wheel with a library that the host has, and the wheel."""
    require_loader()
    host = extract(str(WHEELS / "host/host"), Root())
    targets = [read_target(path) for path in (WHEELS / "dist").glob(f"{BUNDLED}-*.whl")]
    return check(targets, [host]), targets


def test_both_readings_of_the_specimens_are_equal(bundled: tuple[Report, list[Target]]) -> None:
    assert bundled[0].findings
    assert list(read_again(*bundled)) == []


def changed(facts: Callable[[Facts], Facts]) -> Callable[[bytes], Facts]:
    return lambda data: facts(second_facts(data))


def test_difference_is_a_problem_of_each_object_that_a_finding_names(
    bundled: tuple[Report, list[Target]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    other = changed(lambda facts: replace(facts, soname="libother.so.1"))
    monkeypatch.setattr(second_opinion, "second_facts", other)
    problems = [str(problem) for problem in read_again(*bundled)]
    assert all("is read otherwise by pyelftools: soname: " in text for text in problems)
    named = {f.victim for f in bundled[0].findings}
    told = "\n".join(problems)
    assert all(f"{name}: is read" in told for name in named)
    # That of the host, a binary here, is read again as well.
    assert f"{WHEELS}/host/libvault.so.1: is read otherwise" in told


def test_object_that_cannot_be_read_again_is_a_problem(
    bundled: tuple[Report, list[Target]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_data: bytes) -> Facts:
        raise ValueError("odd")

    monkeypatch.setattr(second_opinion, "second_facts", fail)
    problems = [str(problem) for problem in read_again(*bundled)]
    assert problems
    assert all("cannot be read a second time: " in text for text in problems)


def test_without_pyelftools_the_extra_is_named(
    bundled: tuple[Report, list[Target]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "elftools", None)
    with pytest.raises(MissingPackageError, match=r"pyelftools is not installed .*\[profile\]"):
        list(read_again(*bundled))


def test_option_reads_again_and_changes_no_status(capsys: pytest.CaptureFixture[str]) -> None:
    require_loader()
    (wheel,) = (WHEELS / "dist").glob(f"{BUNDLED}-*.whl")
    words = ["check", str(wheel), "--profile", str(WHEELS / "host/host")]
    plain = main(words), capsys.readouterr()
    assert (main([*words, "--paranoid"]), capsys.readouterr()) == plain
