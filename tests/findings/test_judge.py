"""From bindings to findings: what is called split, replaced, captured or missing, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from checkout import WHEELS
from collide.analysis.analysis import analyse
from collide.analysis.interposition import Interposition
from collide.filesystems.root import Root
from collide.findings.code import Severity
from collide.findings.evidence import RuleResult
from collide.findings.finding import Finding
from collide.findings.judge import JudgedInterpositions, judge
from collide.findings.shadowing import order
from collide.hosts.extract import extract
from collide.wheels.target import read_target
from judging import archive, calls, codes, functions, judged, static
from scenario import Scenario, require_loader

if TYPE_CHECKING:
    from collide.findings.shadowing.order import FindingRule


def specimen(name: str) -> tuple[Finding, ...]:
    """The findings for a specimen on its host."""
    require_loader()
    (wheel,) = (WHEELS / "dist").glob(f"specimen_{name}-*.whl")
    return judge(analyse(read_target(wheel), extract(str(WHEELS / "host/host"), Root())))


def test_equal_interpositions_are_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of a second host with the same objects have the findings of the first."""
    require_loader()
    judged_ones: list[Interposition] = []
    judge_one = order.judge_interposition

    def counting(one: Interposition, rules: Sequence[FindingRule] | None = None) -> RuleResult:
        judged_ones.append(one)
        return judge_one(one, rules)

    monkeypatch.setattr(order, "judge_interposition", counting)
    target = read_target(next((WHEELS / "dist").glob("specimen_bundled_mangled-*.whl")))
    analysis = analyse(target, extract(str(WHEELS / "host/host"), Root()))
    alone = judge(analysis)
    count = len(judged_ones)
    assert count > 1
    known = JudgedInterpositions()
    assert judge(analysis, known=known) == judge(analysis, known=known) == alone
    assert len(judged_ones) == 2 * count


# -- the specimens --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("static_exported", ["COL101"]),
        ("static_hidden", []),
        ("bundled_mangled", ["COL101", "COL102"]),
        ("bundled_unmangled", ["COL203", "COL205", "COL205"]),
        ("versioned", ["COL101", "COL102"]),
        ("bsymbolic", []),
        ("bsymbolic_functions", ["COL102"]),
        ("protected", []),
        ("unique", []),
    ],
)
def test_specimen_has_its_findings(name: str, expected: list[str]) -> None:
    assert codes(specimen(name)) == expected


def test_split_static_library_is_described_by_its_symbols() -> None:
    (found,) = specimen("static_exported")
    assert found.severity is Severity.ERROR
    assert found.victim == "specimen_static_exported.abi3.so"
    assert found.provider == str(WHEELS / "host/libvault.so.1")
    assert found.intended == (found.victim,)
    assert found.symbols == ("vault_free", "vault_new", "vault_size", "vault_version")
    assert found.kept == ("vault_grow",)
    assert found.references == 4
    assert found.modules == (found.victim,)
    assert "--exclude-libs" in found.remedy


def test_split_bundled_library_is_named_as_what_was_meant() -> None:
    found, replaced = specimen("bundled_mangled")
    library = "specimen_bundled_mangled.libs/libvault-2f6e8b1c.so.1"
    assert found.intended == (library,)
    assert found.kept == ("vault_grow",)
    assert "libvault-2f6e8b1c.so.1" in found.remedy
    assert (replaced.victim, replaced.symbols) == (library, ("vault_size",))
    assert replaced.severity is Severity.WARNING


def test_captured_soname_names_who_needed_it_and_what_is_used() -> None:
    undefined, first, second = specimen("bundled_unmangled")
    assert undefined.symbols == ("vault_grow",)
    assert undefined.modules == ("specimen_bundled_unmangled.abi3.so",)
    for found in (first, second):
        assert found.intended == ("libvault.so.1",)
        assert found.provider == str(WHEELS / "host/libvault.so.1")
    assert [first.victim, second.victim] == [
        "specimen_bundled_unmangled.abi3.so",
        "specimen_bundled_unmangled_old.abi3.so",
    ]


# -- several objects ------------------------------------------------------------------------------


def test_modules_that_share_a_victim_are_one_finding(s: Scenario) -> None:
    s.lib("libhost.so", functions("alpha"))
    s.lib("w/liba.so", static("alpha"))
    for name in ("m1", "m2"):
        s.lib(
            f"w/{name}.so",
            f"int use(void); int PyInit_{name}(void) {{ return use(); }}",
            needed=["w/liba.so"],
        )
    (found,) = judged(s, "libhost.so")
    assert (found.victim, found.modules, found.references) == ("liba.so", ("m1.so", "m2.so"), 1)


def test_two_providers_of_one_victim_are_two_findings(s: Scenario) -> None:
    s.lib("libone.so", functions("alpha"))
    s.lib("libtwo.so", functions("beta"))
    s.lib("w/m.so", calls("alpha", "beta"), archive(s, "both", "alpha", "beta"))
    found = judged(s, "libone.so", "libtwo.so")
    providers = {Path(str(f.provider)).name: f.symbols for f in found}
    assert providers == {"libone.so": ("alpha",), "libtwo.so": ("beta",)}


def test_library_that_both_reach_under_one_name_is_no_finding(s: Scenario) -> None:
    s.lib("libhost.so", functions("alpha"))
    s.lib("w/m.so", calls("alpha"), needed=["libhost.so"], runpath="$ORIGIN/..")
    assert judged(s, "libhost.so") == ()


def test_name_that_only_the_host_has_is_an_ordinary_import(s: Scenario) -> None:
    s.lib("libhost.so", functions("alpha"))
    s.lib("w/m.so", calls("alpha"))
    assert judged(s, "libhost.so") == ()


# -- order ----------------------------------------------------------------------------------------


def test_worst_comes_first_and_the_order_is_the_same_every_time(s: Scenario) -> None:
    s.lib("libhost.so", functions("alpha"))
    s.lib("w/a.so", calls("alpha"), archive(s, "a", "alpha"))
    s.lib("w/b.so", calls("gone"))
    s.lib("w/liba.so", static("beta"))
    s.lib("w/m.so", functions("beta"), needed=["w/liba.so"])
    found = judged(s, "libhost.so")
    assert codes(found) == ["COL203", "COL102", "COL301"]
    assert judged(s, "libhost.so") == found
