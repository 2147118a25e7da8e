"""Processes that have died and that run, judged by how they were made."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from collide.findings.code import Severity
from collide.inspect.crash import Likelihood
from collide.inspect.inspect import OTHERS, Inspection, inspect_named
from collide.report.inspect import verdict
from colliding import Colliding
from cores import crash
from musl import require_musl
from scenario import observe


@pytest.fixture(scope="module")
def colliding(tmp_path_factory: pytest.TempPathFactory) -> Colliding:
    return Colliding(tmp_path_factory.mktemp("colliding"))


def dead(colliding: Colliding, function: str, core: Path, **env: str) -> Inspection:
    return inspect_named(str(crash(colliding.command(function), core, {**os.environ, **env})))


def names(found: Inspection) -> list[tuple[str, str]]:
    assert found.crash is not None
    return [(Path(f.object).name, f.function) for f in found.crash.frames]


def test_crash_in_a_function_that_was_taken(colliding: Colliding, tmp_path: Path) -> None:
    found = dead(colliding, "first", tmp_path / "core")
    assert found.crash is not None
    assert names(found)[:3] == [
        ("libvault.so.1", "vault_first"), ("core.so", "first"), ("host", ""),
    ]  # fmt: skip
    assert [f.taken for f in found.crash.frames[:3]] == [True, False, False]
    assert (found.crash.signal, found.crash.address) == ("SIGSEGV", 0)
    blame = found.crash.blame
    assert blame is not None
    assert blame.likelihood == Likelihood.VERY_LIKELY
    assert (blame.target, blame.finding.victim) == ("vault 2.0", "vault/core.so")
    assert blame.finding.provider == str(colliding.library)
    assert blame.finding.code.id == "COL101"


def test_crash_in_the_own_copy_on_a_structure_of_the_other(
    colliding: Colliding, tmp_path: Path
) -> None:
    found = dead(colliding, "last", tmp_path / "core")
    assert found.crash is not None
    assert names(found)[:2] == [("libvault-2.so.2", "vault_last"), ("core.so", "last")]
    assert not any(f.taken for f in found.crash.frames)
    blame = found.crash.blame
    assert blame is not None
    assert (blame.likelihood, blame.target) == (Likelihood.LIKELY, "vault 2.0")


def test_crash_behind_a_callback_need_not_be_the_collision(
    colliding: Colliding, tmp_path: Path
) -> None:
    found = dead(colliding, "call", tmp_path / "core")
    assert found.crash is not None
    assert names(found)[:3] == [
        ("other.so", "null"), ("libvault.so.1", "vault_call"), ("core.so", "call"),
    ]  # fmt: skip
    assert [f.taken for f in found.crash.frames[:3]] == [False, True, False]
    assert found.crash.blame is not None
    assert found.crash.blame.likelihood == Likelihood.POSSIBLE
    assert "the stack leads to other.so" in found.crash.blame.because
    assert "need not be the cause" in verdict(found)


@pytest.mark.parametrize("function", ["null", "jump", "ended", "deep"])
def test_other_crash_is_not_blamed_on_a_collision(
    colliding: Colliding, tmp_path: Path, function: str
) -> None:
    found = dead(colliding, function, tmp_path / "core")
    assert found.crash is not None
    assert found.crash.blame is None
    assert "other.so" in [name for name, _ in names(found)]
    assert [f.code.id for f in found.report.findings if f.severity == Severity.ERROR] == ["COL101"]
    assert (found.crash.ended == "") == (function != "deep")


def test_host_that_dies_by_itself_is_not_blamed_on_a_collision(
    colliding: Colliding, tmp_path: Path
) -> None:
    found = inspect_named(str(crash([colliding.host], tmp_path / "core")))
    assert found.crash is not None
    assert names(found)[0] == ("libvault.so.1", "vault_first")
    assert found.crash.blame is None
    assert found.report.judged == ()


def test_live_process_is_read_and_goes_on(colliding: Colliding) -> None:
    with subprocess.Popen(
        colliding.command("no function"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        found = inspect_named(str(process.pid))
        process.stdin.write(b"A")
        process.stdin.close()
        assert process.wait(10) == ord("A") + 1
    assert found.crash is None
    assert found.scope_read
    assert [j.analysis.target.name for j in found.report.judged] == ["other 1.0", "vault 2.0"]
    (finding,) = (f for f in found.report.findings if f.severity == Severity.ERROR)
    assert (finding.symbols, finding.kept) == (
        ("vault_call", "vault_first", "vault_new"), ("vault_last",)
    )  # fmt: skip
    assert found.host.path == str(colliding.host)
    assert found.global_scope[:2] == (str(colliding.host), str(colliding.library))
    assert found.promoted == ()


def test_what_a_program_opens_without_installing_it(colliding: Colliding, tmp_path: Path) -> None:
    loose = colliding.scenario.lib("loose.so", "int null(void) { return *(volatile int *)0; }")
    found = inspect_named(str(crash([colliding.host, loose, "null"], tmp_path / "core")))
    assert [j.analysis.target.name for j in found.report.judged] == [OTHERS]


def test_process_of_musl(tmp_path: Path) -> None:
    require_musl()
    colliding = Colliding(tmp_path, "musl-gcc")
    found = dead(colliding, "first", tmp_path / "core")
    assert found.crash is not None
    assert (found.host.loader.libc, found.scope_read, found.report.problems) == ("musl", False, ())
    assert found.crash.frames[0].function == "vault_first"
    assert found.crash.blame is not None
    assert found.crash.blame.likelihood == Likelihood.VERY_LIKELY
    other = dead(colliding, "null", tmp_path / "core").crash
    assert other is not None
    assert other.blame is None


def test_slots_say_what_the_loader_has_logged(colliding: Colliding, tmp_path: Path) -> None:
    from collide.filesystems.root import Root
    from collide.inspect.bound import read_bindings
    from collide.inspect.snapshot import take
    from collide.processes.core import open_core

    command = colliding.command("null")
    core = crash(command, tmp_path / "core", {**os.environ, "LD_BIND_NOW": "1"})
    image = open_core(str(core))
    real = read_bindings(take(image, Root()), frozenset())
    _, log = observe(command)
    logged = log.providers(relocations=True)
    compared = 0
    for m, bound in real.objects.items():
        for b in bound.bindings:
            key = (m.dso.path, b.reference.name, b.reference.version)
            assert b.actual is not None
            if key in logged:
                compared += 1
                assert b.actual.dso.path in logged[key]
    assert compared > 20
    image.close()
