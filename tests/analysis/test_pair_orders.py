"""Two targets in both orders: every change told is the real loader's, and none is missed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from collide.analysis.analysis import analyse
from collide.analysis.pair_orders import PairOrder, both_orders
from collide.analysis.pair_traces import Shared, TargetTraces, shared, traces
from collide.filesystems.root import Root
from collide.findings.code import Severity
from collide.findings.finding import Finding
from collide.findings.pairs import judge_pair_order
from collide.hosts.extract import extract
from collide.loader.opening import ModePatterns
from collide.wheels.target import read_target
from scenario import Outcome, Scenario

F = "int f(void) { return 1; }"
CALLS_F = "int f(void); int g(void) { return f(); }"
CALLS_OWN_F = f"{F} int g(void) {{ return f(); }}"
USES_U = "extern int u; int *the_u(void) { return &u; }"
BUNDLED = "libv-2f6e8b1c.so.1"


@pytest.fixture
def s(tmp_path: Path) -> Scenario:
    """A scenario with the targets ``a`` and ``b``, directories."""
    return Scenario(tmp_path)


def unique(size: int = 4) -> str:
    return (
        f'__asm__(".data\\n.globl u\\n.type u, @gnu_unique_object\\n.size u, {size}\\n'
        f'u: .zero {size}\\n.text"); {USES_U}'
    )


def bundle(s: Scenario, target: str, library: str, module: str, **more: str) -> None:
    """A module and its copy of a library, in one directory."""
    s.lib(f"{target}/{BUNDLED}", library, **more)
    s.module(f"{target}/{target}.so", module, needed=[f"{target}/{BUNDLED}"])


class Pair:
    """Two targets on one host, in memory and in the loader."""

    def __init__(
        self, s: Scenario, rtld_global: tuple[str, ...] = (), library_path: Sequence[Path] = ()
    ) -> None:
        self.s = s
        self.binary = s.host()
        self.library_path = library_path
        self.modes = ModePatterns(rtld_global)
        self.host = extract(str(self.binary), Root(), library_path=[str(p) for p in library_path])
        self.targets = (read_target(s.directory / "a"), read_target(s.directory / "b"))
        self.prints = [traces(analyse(t, self.host)) for t in self.targets]
        self.shares = shared(self.prints[0], self.prints[1], self.modes)
        self.pair_orders = both_orders(self.targets, self.host, self.shares, self.modes)
        for pair_order in self.pair_orders:
            self._verify(pair_order)

    def _opens(self, of: str) -> list[str]:
        side = [t.name for t in self.targets].index(of)
        directory = Path(of).name
        return [
            f"{'+' if name in self.shares.promoted else ''}{directory}/{name}"
            for name in self.shares.modules[side]
        ]

    def _run(self, *targets: str) -> Outcome:
        opens = [name for target in targets for name in self._opens(target)]
        return self.s.compare(self.binary, *opens, library_path=self.library_path)

    def _verify(self, pair_order: PairOrder) -> None:
        first, second = pair_order.first.name, pair_order.second.name
        alone, after = self._run(second), self._run(first, second)
        was, now = alone.log.providers(), after.log.providers()
        told = {}
        for change in pair_order.changes:
            for binding, _ in change.bindings:
                key = change.holder.path, binding.reference.name, binding.reference.version
                told[key] = change.provider.path
                assert change.provider.path in now[key]
                assert change.before is None or change.before.path in was[key]
        changed = {key for key in was.keys() & now.keys() if was[key] != now[key]}
        assert changed == {key for key in told if key in was}
        count = len(self._opens(second))
        ended = zip(alone.messages, after.messages[-count:] if count else (), strict=True)
        different = [(a == "ok") != (b == "ok") for a, b in ended]
        assert len(pair_order.outcomes) == sum(different)

    def findings(self, first: str) -> list[tuple[str, str, str, str, int]]:
        """What is found when ``first`` is opened first."""
        pair_order = next(q for q in self.pair_orders if Path(q.first.name).name == first)
        found = []
        for f in judge_pair_order(pair_order):
            victim, provider = self._plain(f.victim), self._plain(f.provider)
            found.append((f.code.id, str(f.severity), victim, provider, f.references))
        return found

    def whole(self, first: str) -> tuple[Finding, ...]:
        return judge_pair_order(
            next(q for q in self.pair_orders if Path(q.first.name).name == first)
        )

    def _plain(self, name: str | None) -> str:
        return (name or "").replace(f"{self.s.directory}/", "")


def test_targets_with_nothing_in_common_share_nothing(s: Scenario) -> None:
    s.module("a/a.so", CALLS_OWN_F)
    s.module("b/b.so", CALLS_OWN_F)
    pair = Pair(s)
    assert not pair.shares
    assert [q.changes for q in pair.pair_orders] == [(), ()]


def test_equal_copies_of_one_name_are_a_note_in_both_orders(s: Scenario) -> None:
    for target in "ab":
        bundle(s, target, CALLS_OWN_F, CALLS_F.replace("g(", "h("))
    pair = Pair(s)
    assert pair.shares.sonames == (BUNDLED,)
    assert pair.shares.modules == (("a.so",), ("b.so",))
    assert pair.findings("a") == [("COL302", "note", "b.so", BUNDLED, 1)]
    assert pair.findings("b") == [("COL302", "note", "a.so", BUNDLED, 1)]
    (found,) = pair.whole("a")
    assert found.detail == "both copies export the same 2 names"
    assert found.symbols == ("f",)
    assert found.modules == ("b.so",)


def test_older_copy_makes_the_newer_fail_in_one_order(s: Scenario) -> None:
    bundle(s, "a", F, CALLS_F)
    bundle(s, "b", F + "int f2(void) { return 2; }", "int f(void), f2(void);"
           "int g(void) { return f() + f2(); }")  # fmt: skip
    pair = Pair(s)
    assert pair.findings("a") == [
        ("COL306", "error", "b.so", "f2", 0),
        ("COL302", "warning", "b.so", BUNDLED, 1),
    ]
    # A later release has all that an older one has.
    assert pair.findings("b") == [("COL302", "note", "a.so", BUNDLED, 1)]
    failing, captured = pair.whole("a")
    assert failing.detail == "fails: undefined symbol: f2"
    assert captured.detail == ("exported by its own copy alone: 1, by the one it gets alone: 0")


def test_copy_without_a_version_makes_the_other_fail(s: Scenario) -> None:
    bundle(s, "a", F, CALLS_F, versions="V1 { f; };")
    more, calls = "int f2(void) { return 2; }", "int f2(void); int g(void) { return f2(); }"
    bundle(s, "b", F + more, calls, versions="V1 { f; }; V2 { f2; } V1;")
    failing = Pair(s).whole("a")[0]
    assert (failing.code.id, failing.severity) == ("COL306", Severity.ERROR)
    assert failing.provider == "V2"
    assert failing.detail.startswith("fails: version `V2' not found in ")


def test_library_that_only_the_other_brings_cures_a_failure(s: Scenario) -> None:
    s.lib("a/libonly.so.1", F)
    s.module("a/a.so", CALLS_F, needed=["a/libonly.so.1"])
    s.module("b/b.so", CALLS_F, needed=["a/libonly.so.1"])
    pair = Pair(s)
    assert pair.shares.sonames == ("libonly.so.1",)
    assert pair.findings("a") == [("COL306", "note", "b.so", "libonly.so.1", 0)]
    assert pair.findings("b") == []
    assert "fails alone: libonly.so.1: cannot open" in pair.whole("a")[0].detail


def test_bundled_library_of_the_first_captures_the_system_library_of_the_second(
    s: Scenario,
) -> None:
    s.lib("system/libsys.so.1", F)
    bundled = s.lib("a/libsys.so.1", F + "int more(void) { return 2; }")
    s.module("a/a.so", CALLS_F, needed=["a/libsys.so.1"], rpath="$ORIGIN")
    s.module("b/b.so", CALLS_F, needed=["system/libsys.so.1"], runpath=None)
    assert bundled.exists()
    pair = Pair(s, library_path=[s.directory / "system"])
    # It has all that the system's has; not so the other way round.
    assert pair.findings("a") == [("COL302", "note", "b.so", "libsys.so.1", 1)]
    assert [f[:2] for f in pair.findings("b")] == [("COL302", "warning")]


@pytest.mark.parametrize(("size", "severity"), [(4, "note"), (8, "error")])
def test_unique_symbol_is_shared(s: Scenario, size: int, severity: str) -> None:
    s.module("a/a.so", unique())
    s.module("b/b.so", unique(size))
    pair = Pair(s)
    assert pair.shares.unique == ("u",)
    assert pair.findings("a") == [("COL303", severity, "b.so", "a.so", 1)]
    # The larger one harms nobody.
    assert pair.findings("b") == [("COL303", "note", "a.so", "b.so", 1)]


def facets(*names: str, counter: bool) -> str:
    """The numbers of facets as a copy of libstdc++ defines them, and its counter of them."""
    ids = [f"_ZNSt{len(name)}{name}IcE2idE" for name in names]
    defined = "".join(
        f'__asm__(".data\\n.globl {i}\\n.type {i}, @gnu_unique_object\\n.size {i}, 8\\n'
        f'{i}: .zero 8\\n.text"); extern long {i}; long *at{n}(void) {{ return &{i}; }}'
        for n, i in enumerate(ids)
    )
    return defined + ("int _ZNSt6locale2id11_S_refcountE;" if counter else "")


def test_facets_are_numbered_by_a_copy_that_has_more(s: Scenario) -> None:
    s.module("a/a.so", facets("ctype", "collate", counter=True))
    s.module("b/b.so", facets("ctype", counter=True))
    pair = Pair(s)
    assert pair.findings("a") == [("COL303", "error", "b.so", "a.so", 1)]
    assert pair.whole("a")[0].detail == (
        "b.so has a libstdc++ of its own, with a first locale for 1 facet; 1 of them was "
        "numbered by a.so, which has 1 more: _ZNSt7collateIcE2idE"
    )
    assert pair.findings("b") == [("COL303", "note", "a.so", "b.so", 1)]


def test_facets_of_one_counter_are_not_numbered_apart(s: Scenario) -> None:
    s.module("a/a.so", facets("ctype", "collate", counter=True))
    s.module("b/b.so", facets("ctype", counter=False))
    assert Pair(s).findings("a") == [("COL303", "note", "b.so", "a.so", 1)]


def test_modules_that_take_no_part_are_not_opened(s: Scenario) -> None:
    s.module("a/a.so", unique())
    s.module("a/other.so", CALLS_OWN_F)
    s.module("b/b.so", unique())
    assert Pair(s).shares.modules == (("a.so",), ("b.so",))


SYSTEM = f"{F} int sys(void) {{ return f(); }}"
USES_SYSTEM = "int sys(void); int use(void) { return sys(); }"


def test_system_library_takes_part_of_the_first(s: Scenario) -> None:
    s.lib("system/libsys.so.1", SYSTEM)
    s.module("a/a.so", F + USES_SYSTEM, needed=["system/libsys.so.1"], runpath=None)
    s.module("b/b.so", USES_SYSTEM, needed=["system/libsys.so.1"], runpath=None)
    pair = Pair(s, library_path=[s.directory / "system"])
    library = "system/libsys.so.1"
    assert pair.shares.system == (str(s.directory / library),)
    assert pair.findings("a") == [("COL304", "note", library, "a.so", 1)]
    # Opened first by b.so it keeps its own, which a.so would have replaced.
    assert pair.findings("b") == [("COL304", "note", library, library, 1)]
    assert pair.whole("a")[0].modules == ("b.so",)


SHAPE = (
    "int _ZN5Shape4fillEv(void) { return 1; } int _ZNK5Shape4areaEv(void) { return 2; }"
    "int sys(void) { return _ZN5Shape4fillEv() + _ZNK5Shape4areaEv(); }"
)


def test_system_library_that_gets_one_function_of_a_class_is_an_error(s: Scenario) -> None:
    nodes = "SYS_1 { _ZN5Shape4fillEv; sys; }; SYS_2 { _ZNK5Shape4areaEv; } SYS_1;"
    s.lib("system/libsys.so.1", SHAPE, versions=nodes)
    needed = ["system/libsys.so.1"]
    own = "int _ZN5Shape4fillEv(void) { return 3; }"
    s.module("a/a.so", own + USES_SYSTEM, needed=needed, runpath=None)
    s.module("b/b.so", USES_SYSTEM, needed=needed, runpath=None)
    pair = Pair(s, library_path=[s.directory / "system"])
    assert pair.findings("a") == [("COL304", "error", "system/libsys.so.1", "a.so", 1)]
    assert [f[1] for f in pair.findings("b")] == ["note"]


def test_system_library_that_takes_nothing_is_not_shared(s: Scenario) -> None:
    s.lib("system/libsys.so.1", SYSTEM)
    for target in "ab":
        s.module(f"{target}/{target}.so", USES_SYSTEM, needed=["system/libsys.so.1"], runpath=None)
    assert not Pair(s, library_path=[s.directory / "system"]).shares


def test_of_the_modules_that_load_a_system_library_one_that_it_takes_from_is_opened(
    s: Scenario,
) -> None:
    s.lib("system/libsys.so.1", SYSTEM)
    needed = ["system/libsys.so.1"]
    s.module("a/a1.so", USES_SYSTEM, needed=needed, runpath=None)
    s.module("a/a2.so", F + USES_SYSTEM, needed=needed, runpath=None)
    s.module("b/b.so", USES_SYSTEM, needed=needed, runpath=None)
    pair = Pair(s, library_path=[s.directory / "system"])
    assert pair.shares.modules == (("a2.so",), ("b.so",))
    assert pair.findings("a")[0][:2] == ("COL304", "note")


def test_promoted_module_comes_before_the_second(s: Scenario) -> None:
    s.module("a/a.so", F)
    s.module("b/b.so", CALLS_OWN_F)
    assert not Pair(s).shares
    pair = Pair(s, rtld_global=("a*",))
    assert pair.shares.promoted == ("a.so",)
    assert pair.findings("a") == [("COL305", "note", "b.so", "a.so", 1)]
    assert pair.findings("b") == []


@pytest.mark.parametrize(("first", "second", "severity"), [(4, 64, "error"), (64, 4, "note")])
def test_variable_of_another_size_is_an_error(
    s: Scenario, first: int, second: int, severity: str
) -> None:
    for target, size in (("a", first), ("b", second)):
        s.module(f"{target}/{target}.so", f"char v[{size}]; char *{target}(void) {{ return v; }}")
    pair = Pair(s, rtld_global=("a*",))
    assert pair.findings("a") == [("COL305", severity, "b.so", "a.so", 1)]


def test_promoted_module_cures_what_has_no_definition(s: Scenario) -> None:
    s.module("a/a.so", F)
    s.module("b/b.so", CALLS_F)
    pair = Pair(s, rtld_global=("a*",))
    assert [f[:3] for f in pair.findings("a")] == [
        ("COL305", "note", "b.so"),
        ("COL306", "note", "b.so"),
    ]


def test_several_victims_are_one_finding(s: Scenario) -> None:
    for target in "ab":
        bundle(s, target, F, CALLS_F)
    s.module("b/b2.so", CALLS_F, needed=[f"b/{BUNDLED}"])
    pair = Pair(s)
    assert pair.findings("a") == [("COL302", "note", "2 objects of b", BUNDLED, 2)]
    (found,) = pair.whole("a")
    assert found.modules == ("b.so", "b2.so")


def test_library_that_the_host_has_loaded_is_nobodys(s: Scenario) -> None:
    s.lib("system/libsys.so.1", SYSTEM)
    for target in "ab":
        s.lib(f"{target}/libsys.so.1", SYSTEM)
        s.module(f"{target}/{target}.so", USES_SYSTEM, needed=[f"{target}/libsys.so.1"])
    host = extract(str(s.host(needed=["system/libsys.so.1"], runpath="$ORIGIN/system")), Root())
    prints = [traces(analyse(read_target(s.directory / t), host)) for t in "ab"]
    assert not shared(prints[0], prints[1])


def test_files_at_one_path_are_shared() -> None:
    one = TargetTraces("a.whl", "a", frozenset(["/site/m.so"]), ())
    other = TargetTraces("b.whl", "b", frozenset(["/site/m.so", "/site/n.so"]), ())
    assert shared(one, other) == Shared(files=("/site/m.so",))
