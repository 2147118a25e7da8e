"""Which findings a repair removes, planned once for hosts that take the same names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from advising import compare_analysis
from collide.analysis.analysis import Analysis, analyse
from collide.filesystems.root import Root
from collide.findings.finding import Finding
from collide.findings.judge import judge
from collide.hosts.extract import extract
from collide.repair import preview
from collide.repair.plan import Plan, RepairRequest
from collide.repair.preview import RepairPreview, Uncaptured
from collide.repair.rebind import rebind as real_rebind
from collide.wheels.archive import Member, write_wheel
from collide.wheels.target import Target, read_target
from scenario import Scenario

TAG = "cp310-abi3-manylinux_2_17_x86_64"
HOSTS = {
    "both": "int f(void) { return 1; } int g(void) { return 1; }",
    "one": "int f(void) { return 3; }",
    "other": "int g(void) { return 4; }",
    "none": "",
    "more": "int f(void) { return 5; } int h(void) { return 5; }",
}


class Bench:
    """A wheel, and what a preview says of it on each host."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.scenario = Scenario(directory)
        self._directory = directory
        self.bound_again: list[list[str]] = []

        def rebind(analysis: Analysis, plan: Plan, names: frozenset[str]) -> object:
            self.bound_again.append(sorted(names))
            return real_rebind(analysis, plan, names)

        monkeypatch.setattr(preview, "rebind", rebind)

    def wheel(self, *names: str) -> Target:
        path = self._directory / f"demo-1.0-{TAG}.whl"
        members = [Member(name, (self._directory / name).read_bytes(), 0o755) for name in names]
        write_wheel(path, [*members, Member("demo-1.0.dist-info/METADATA", b"Name: demo\n")])
        return read_target(path)

    def on(self, target: Target, hosts: Iterable[str]) -> list[tuple[Analysis, Sequence[Finding]]]:
        found: list[tuple[Analysis, Sequence[Finding]]] = []
        for name in hosts:
            host = self.scenario.host(HOSTS[name], name=name)
            analysis = analyse(target, extract(str(host), Root()))
            found.append((analysis, judge(analysis)))
        return found


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    scenario = Scenario(tmp_path)
    library = (
        "int f(void) { return 2; } int g(void) { return 2; } int h(void) { return f() + g(); }"
    )
    scenario.lib("demo.libs/libb-0a1b2c3d.so", library)
    scenario.lib(
        "mod.so",
        "int f(void), h(void); int PyInit_mod(void) { return f() + h(); }",
        needed=["demo.libs/libb-0a1b2c3d.so"],
        runpath="$ORIGIN/demo.libs",
    )
    return Bench(tmp_path, monkeypatch)


def test_hosts_are_planned_for_together_and_nothing_is_bound_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = bench.wheel("mod.so", "demo.libs/libb-0a1b2c3d.so")
    together = RepairPreview(target)
    found = bench.on(target, HOSTS)
    plans = count_plans(monkeypatch)
    removed = [together.removed(*one) for one in found]
    assert plans == [["f", "g"], ["h"]]
    assert bench.bound_again == []
    assert removed == [RepairPreview(target).removed(*one) for one in found]
    assert all(
        len(gone) == len(findings) for gone, (_, findings) in zip(removed, found, strict=True)
    )
    assert [bool(gone) for gone in removed] == [True, True, True, False, True]
    assert all(compare_analysis(analysis) for analysis, _ in found)


def test_name_that_two_libraries_define_is_bound_again(bench: Bench) -> None:
    """Which of the two the module gets after it, their order decides."""
    bench.scenario.lib("demo.libs/liba-0a1b2c3d.so", "int f(void) { return 7; }")
    bench.scenario.lib(
        "mod.so",
        "int f(void), h(void); int PyInit_mod(void) { return f() + h(); }",
        needed=["demo.libs/liba-0a1b2c3d.so", "demo.libs/libb-0a1b2c3d.so"],
        runpath="$ORIGIN/demo.libs",
    )
    target = bench.wheel("mod.so", "demo.libs/liba-0a1b2c3d.so", "demo.libs/libb-0a1b2c3d.so")
    preview_of = RepairPreview(target)
    found = bench.on(target, ["both"])
    (removed,) = (preview_of.removed(*one) for one in found)
    assert bench.bound_again == [["f"]]
    ((analysis, findings),) = found
    assert compare_analysis(analysis)
    assert len(removed) == len(findings) > 0


def test_what_fails_to_load_is_bound_again(bench: Bench) -> None:
    bench.scenario.lib(
        "broken.so", "int nowhere(void); int PyInit_broken(void) { return nowhere(); }"
    )
    target = bench.wheel("mod.so", "broken.so", "demo.libs/libb-0a1b2c3d.so")
    ((analysis, findings),) = bench.on(target, ["both"])
    RepairPreview(target).removed(analysis, findings)
    assert bench.bound_again == [["f", "g"]]
    assert compare_analysis(analysis)


def count_plans(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The names of each plan that is made from now on."""
    plans: list[list[str]] = []
    real = preview.plan_uncaptured

    def plan_uncaptured(
        analysis: Analysis, request: RepairRequest, names: frozenset[str] | None = None
    ) -> Uncaptured:
        planned = real(analysis, request, names)
        plans.append(sorted(planned.touched.names))
        return planned

    monkeypatch.setattr(preview, "plan_uncaptured", plan_uncaptured)
    return plans


def test_what_must_stay_holds_back_what_came_home_on_another_host(bench: Bench) -> None:
    """``g`` is used by an executable of the wheel, so it stays, and ``f`` beside it."""
    bench.scenario.exe("int g(void); int main(void) { return g(); }", "-Wl,-z,lazy",
                        name="tool", needed=["demo.libs/libb-0a1b2c3d.so"])  # fmt: skip
    target = bench.wheel("mod.so", "demo.libs/libb-0a1b2c3d.so", "tool")
    together = RepairPreview(target)
    found = bench.on(target, ["one", "both", "one"])
    removed = [bool(together.removed(*one)) for one in found]
    assert removed == [True, False, True]
    assert removed == [bool(RepairPreview(target).removed(*one)) for one in found]


def test_plan_for_another_host_removes_nothing_but_what_this_host_takes(bench: Bench) -> None:
    """One host takes ``g``, for which ``libb`` gets that of ``liba`` on the other one."""
    bench.scenario.lib("demo.libs/liba-0a1b2c3d.so", "int g(void) { return 7; }")
    bench.scenario.lib(
        "mod.so",
        "int f(void), h(void); int PyInit_mod(void) { return f() + h(); }",
        "-Wl,--no-as-needed",
        needed=["demo.libs/liba-0a1b2c3d.so", "demo.libs/libb-0a1b2c3d.so"],
        runpath="$ORIGIN/demo.libs",
    )
    target = bench.wheel("mod.so", "demo.libs/liba-0a1b2c3d.so", "demo.libs/libb-0a1b2c3d.so")
    together = RepairPreview(target)
    found = bench.on(target, ["both", "one"])
    removed = [together.removed(*one) for one in found]
    ((_, both), (_, one)) = found
    (own_shadow,) = (number for number, f in enumerate(one) if f.code.id == "COL301")
    assert removed == [{*range(len(both))}, {*range(len(one))} - {own_shadow}]
    assert removed[1] == RepairPreview(target).removed(*found[1])
    assert all(compare_analysis(analysis) for analysis, _ in found)
