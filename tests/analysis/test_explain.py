"""The walk to one symbol: each object of the scope, and the rule that decides there."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkout import WHEELS
from collide.analysis.analysis import Analysis, analyse
from collide.analysis.explain import ScopeTrace, explain
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.loader.lookup import MatchRule
from collide.report import explain as walk
from collide.wheels.target import read_target
from scenario import Scenario, patch_dynamic, require_loader

F = "int f(void) { return 1; }"
DT_SYMBOLIC = 16
USE = "int f(void); int use(void) { return f(); }"


def specimen(name: str) -> Analysis:
    """A specimen on its host."""
    require_loader()
    (wheel,) = (WHEELS / "dist").glob(f"specimen_{name}-*.whl")
    return analyse(read_target(wheel), extract(str(WHEELS / "host/host"), Root()))


def on_host(s: Scenario, *libraries: str) -> Analysis:
    """The tree ``w`` of a scenario on a host that links ``libraries``."""
    host = extract(str(s.host(needed=libraries)), Root())
    return analyse(read_target(s.directory / "w"), host)


def steps(told: ScopeTrace) -> list[tuple[str, list[MatchRule]]]:
    """Base names of the objects with the rules of their candidates."""
    return [(Path(s.dso.path).name, [rule for _, rule in s.candidates]) for s in told.steps]


def test_walk_goes_through_the_scope_up_to_the_provider() -> None:
    (told,) = explain(specimen("static_exported"), "vault_size")
    assert steps(told) == [("host", []), ("libvault.so.1", [MatchRule.UNVERSIONED_REFERENCE])]
    assert told.module == "specimen_static_exported.abi3.so"
    assert told.binding.shadowed


def test_walk_ends_with_what_the_binding_says(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("w/liba.so", F)
    s.lib("w/m.so", USE, needed=["w/liba.so"])
    for told in explain(on_host(s), "f"):
        assert told.binding.actual is not None
        assert told.steps[-1].dso is told.binding.actual.dso
        assert told.steps[-1].result == told.binding.actual.definition
        assert [s.result for s in told.steps[:-1]] == [None] * (len(told.steps) - 1)


def test_walk_names_the_rule_that_turns_a_candidate_down(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libhost.so", F, versions="OTHER { f; };")
    s.lib("w/liba.so", F, versions="MINE { f; };")
    s.lib("w/m.so", USE, needed=["w/liba.so"])
    (told,) = (w for w in explain(on_host(s, "libhost.so"), "f"))
    assert dict(steps(told))["libhost.so"] == [MatchRule.OTHER_VERSION]
    assert dict(steps(told))["liba.so"] == [MatchRule.SAME_VERSION]


def test_symbol_that_nothing_defines_is_walked_to_the_end(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("w/m.so", USE)
    (told,) = explain(on_host(s), "f")
    assert told.binding.actual is None
    assert steps(told)[-1] == ("m.so", [])
    assert not any(rules for _, rules in steps(told))


def test_object_with_dt_symbolic_comes_first(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("libhost.so", F)
    # The linker would resolve the reference itself, were it asked for -Bsymbolic.
    patch_dynamic(s.lib("w/m.so", F + "int use(void) { return f(); }"), DT_SYMBOLIC, 0)
    (told,) = explain(on_host(s, "libhost.so"), "f")
    assert told.own_scope
    assert [name for name, _ in steps(told)] == ["m.so"]


def test_every_module_and_object_with_the_reference_has_its_walk(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("w/liba.so", F + USE)
    for name in ("m1", "m2"):
        s.lib(
            f"w/{name}.so", f"{USE} int PyInit_{name}(void) {{ return 0; }}", needed=["w/liba.so"]
        )
    told = list(explain(on_host(s), "f"))
    assert [(w.module, Path(w.object.path).name) for w in told] == [
        *(("m1.so", "m1.so"), ("m1.so", "liba.so")),
        *(("m2.so", "m2.so"), ("m2.so", "liba.so")),
    ]


def test_name_that_nobody_refers_to_has_no_walk() -> None:
    assert list(explain(specimen("static_exported"), "vault_nothing")) == []


# -- as text --------------------------------------------------------------------------------------


def text(analysis: Analysis, symbol: str) -> str:
    """What is printed."""
    return walk.render(analysis, explain(analysis, symbol))


def test_text_names_each_object_the_rule_and_the_outcome() -> None:
    told = text(specimen("static_exported"), "vault_size")
    library = str(WHEELS / "host/libvault.so.1")
    for part in (
        "specimen_static_exported.abi3.so refers to vault_size (unversioned)",
        f"1. {WHEELS / 'host/host'} (host)",
        f"2. {library} (host)",
        f"vault_size (unversioned), GLOBAL FUNC: {MatchRule.UNVERSIONED_REFERENCE.text}",
        f"provider: {library}",
        "meant:    specimen_static_exported.abi3.so  -> shadowed",
    ):
        assert part in told


def test_text_ends_with_one_line_break() -> None:
    told = text(specimen("static_exported"), "vault_size")
    assert told.endswith("\n")
    assert not told.endswith("\n\n")


def test_text_names_versions_with_their_default_mark() -> None:
    told = text(specimen("versioned"), "vault_grow")
    assert "specimen_versioned.abi3.so refers to vault_grow@VAULT_2" in told
    assert "vault_grow@@VAULT_2, GLOBAL FUNC: accepted: the same version" in told
    assert "-> shadowed" not in told


@pytest.mark.parametrize(
    ("symbol", "intended"), [("PyModule_Create2", "left to the host"), ("vault_new", "-> shadowed")]
)
def test_text_tells_imports_from_what_is_taken(symbol: str, intended: str) -> None:
    assert intended in text(specimen("bundled_mangled"), symbol)


def test_text_of_an_undefined_symbol_says_nothing_provides_it(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    s.lib("w/m.so", USE)
    assert "provider: nothing" in text(on_host(s), "f")
