"""RTLD_DEEPBIND as a change that is tried, and as a remedy: what it splits is told or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.analysis.analysis import analyse
from collide.cli.main import main
from collide.filesystems.root import Root
from collide.findings.judge import judge
from collide.hosts.extract import extract
from collide.loader.host import Host
from collide.support.errors import UsageError
from collide.whatif.costs import costs
from collide.whatif.edits import DEEPBIND, Edit, LinkChange
from collide.whatif.remedies import Prover, Remedy
from collide.whatif.whatif import whatif
from collide.wheels.target import Target, read_target
from scenario import Scenario

F = "int f(void) { return 1; }"
MODULE = "int f(void); int PyInit_m(void) { return f(); }"
EDIT = Edit("*", LinkChange(DEEPBIND))


def wheel(s: Scenario, module: str, library: str) -> Target:
    s.lib("w/libdep.so", library)
    s.module("w/m.so", module, needed=["w/libdep.so"])
    return read_target(s.directory / "w")


def host_of(s: Scenario, source: str) -> Host:
    return extract(str(s.host(source)), Root())


def tried(target: Target, host: Host) -> list[Remedy]:
    """What became of RTLD_DEEPBIND against each finding."""
    analysis = analyse(target, host, insist=True)
    prover = Prover(analysis)
    trials = [t for f in judge(analysis) for t in prover.trials(f)]
    return [t for t in trials if t.edits == (EDIT,)]


def test_modules_bind_as_with_the_flag(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    target = wheel(s, MODULE, F)
    host = host_of(s, F)
    result = whatif(target, host, [EDIT])
    (move,) = result.moves
    library = str(s.directory / "w/libdep.so")
    assert (move.symbols, move.before.provider, move.after.provider) == (
        ("f",),
        host.path,
        target.names[library],
    )
    assert (result.balance.shadowed_before, result.balance.shadowed_after) == (1, 0)
    outcome = s.compare(Path(host.path), "^w/m.so")
    assert outcome.provider("w/m.so", "f") == "w/libdep.so"


def test_pattern_that_matches_no_module_is_refused(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    target, host = wheel(s, MODULE, F), host_of(s, F)
    with pytest.raises(UsageError, match="--deepbind no: no module matches it"):
        whatif(target, host, [Edit("no", LinkChange(DEEPBIND))])


def test_it_is_a_proven_remedy(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    (remedy,) = tried(wheel(s, MODULE, F), host_of(s, F))
    assert (remedy.refusal, remedy.taken_before, remedy.taken_after) == (None, 1, 0)


@pytest.mark.parametrize(
    ("name", "whose"), [("_Znwm", "operator new"), ("__cxa_throw", "the C++ runtime")]
)
def test_split_runtime_refuses_it(tmp_path: Path, name: str, whose: str) -> None:
    s = Scenario(tmp_path)
    both = f"{F} void *{name}(unsigned long n) {{ return 0; }}"
    calls = f"int f(void); void *{name}(unsigned long);"
    target = wheel(s, f"{calls} void *PyInit_m(void) {{ f(); return {name}(1); }}", both)
    found = tried(target, host_of(s, both))
    assert found
    for remedy in found:
        assert remedy.refusal is not None
        assert remedy.refusal.startswith(f"{whose} would be split between ")
        assert name in remedy.refusal


def test_split_malloc_is_a_cost(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    both = f"{F} void *malloc(unsigned long n) {{ return 0; }}"
    calls = "int f(void); void *malloc(unsigned long);"
    target = wheel(s, f"{calls} void *PyInit_m(void) {{ f(); return malloc(1); }}", both)
    found = tried(target, host_of(s, both))
    assert found
    for remedy in found:
        assert remedy.refusal is None
        assert "allocator" in {cost.kind for cost in remedy.costs}


def test_object_that_frees_what_the_c_library_allocates_refuses_it(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    both = f"{F} void free(void *p) {{ }}"
    host = host_of(s, both)
    calls = "int f(void); void free(void *); char *strdup(const char *);"
    target = wheel(s, f'{calls} void PyInit_m(void) {{ f(); free(strdup("x")); }}', both)
    found = tried(target, host)
    assert found
    said = f"m.so would free what strdup gets from the malloc of {host.path}"
    assert [(r.refusal or "")[: len(said)] for r in found] == [said] * len(found)


def test_variables_of_both_copies_are_a_cost(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    both = "int v = 1; " + F
    module = "extern int v; int f(void); int PyInit_m(void) { return v + f(); }"
    target, host = wheel(s, module, both), host_of(s, both)
    result = whatif(target, host, [EDIT])
    (cost,) = (c for c in costs(result, [EDIT]) if c.kind == "variables")
    assert (
        f": v of {target.names[str(s.directory / 'w/libdep.so')]} beside {host.path}" in cost.text
    )


def test_command_takes_it_without_a_pattern(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    s = Scenario(tmp_path)
    wheel(s, MODULE, F)
    host = host_of(s, F)
    assert main(["whatif", str(s.directory / "w"), "--profile", host.path, "--deepbind"]) == 0
    said = capsys.readouterr().out
    assert "with *=deepbind" in said
    assert "shadowed references: 1 -> 0" in said
