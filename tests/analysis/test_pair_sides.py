"""What each target changes in system libraries by itself says what opening the two does."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import combinations
from pathlib import Path

import pytest

from building import WheelBuilder
from collide.analysis import pair_sides
from collide.analysis.analysis import analyse
from collide.analysis.pair_orders import PairOrder, both_orders
from collide.analysis.pair_sides import KnownDefiners, SystemSides
from collide.analysis.pair_traces import shared, traces
from collide.binding.definers import ReferencesByDefiner
from collide.filesystems.root import Root
from collide.findings.pairs import judge_pair_order
from collide.hosts.extract import extract
from collide.loader.host import Host
from collide.loader.model import Dso
from collide.wheels.target import Target
from compiler import compile_so
from scenario import Scenario

SYSTEM = "int f(void) { return 1; } int h(void) { return 2; } int g(void) { return f() + h(); }"
USES = "int g(void); int m(void) { return g(); }"
F, H = "int f(void) { return 3; }", "int h(void) { return 4; }"
TLS = "static __thread char block[{}]; char *touch(void) {{ return block; }}"


RUN_PATH = "-Wl,-rpath,$ORIGIN"


def unique(name: str, size: int = 4, section: str = ".data") -> str:
    """A variable, and a function that refers to it."""
    flags = ',\\"awT\\",@progbits' if section == ".tdata" else ""
    kind = "__thread " * bool(flags)
    return (
        f'__asm__(".section {section}{flags}\\n.globl {name}\\n.type {name}, @gnu_unique_object\\n'
        f'.size {name}, {size}\\n{name}: .zero {size}\\n.text");'
        f"extern {kind}int {name}; int *the_{name}(void) {{ return &{name}; }}"
    )


class Pairs:
    """Wheels on a host whose system has ``libsys.so.1``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.scenario = Scenario(directory)
        self.build = WheelBuilder(directory)
        self.library = str(directory / "system/libsys.so.1")
        self.system(SYSTEM)

    def system(self, source: str) -> None:
        """Another library of the system."""
        self.scenario.lib("system/libsys.so.1", source)
        binary = str(self.scenario.host())
        path = [str(self.directory / "system")]
        self.host: Host = extract(binary, Root(), library_path=path)

    def wheel(self, name: str, source: str, **more: str) -> Target:
        members: dict[str, str | Path] = {f"{name}.so": source, **more}
        return self.build(name, members, self.library, "-ftls-model=initial-exec")

    def orders(
        self, one: Target, other: Target, sides: SystemSides
    ) -> tuple[tuple[PairOrder, PairOrder] | None, tuple[PairOrder, PairOrder]]:
        shares = shared(traces(analyse(one, self.host)), traces(analyse(other, self.host)))
        read = {t.name: t for t in (one, other)}
        found = sides.both_orders(read.__getitem__, (one.name, other.name), shares)
        return found, both_orders((one, other), self.host, shares)


@pytest.fixture
def pairs(tmp_path: Path) -> Pairs:
    return Pairs(tmp_path)


def said(orders: tuple[PairOrder, PairOrder]) -> list[tuple[object, ...]]:
    """What is found in both orders, and of each reference of a library what it got and gets."""
    return [
        (
            judge_pair_order(order),
            order.outcomes,
            {
                (c.kind, c.holder, b, was, c.before, c.modules)
                for c in order.changes
                for b, was in c.bindings
            },
        )
        for order in orders
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [(F + USES, USES), (USES, H + USES), (F + USES, H + USES), (F + USES, F + H + USES)],
    ids=["first", "second", "apart", "both"],
)
def test_orders_are_those_of_opening_the_two(pairs: Pairs, one: str, other: str) -> None:
    sides = SystemSides(pairs.host)
    first, second = pairs.wheel("one", one), pairs.wheel("two", other)
    third = pairs.wheel("three", USES + "int more(void) { return 5; }")
    for pair in ((first, second), (second, first), (first, third), (third, second)):
        found, opened = pairs.orders(*pair, sides)
        if found is not None:
            assert said(found) == said(opened)
            assert any(order.changes for order in found)
    assert pairs.orders(first, second, sides)[0] is not None


def test_each_target_is_opened_once(pairs: Pairs) -> None:
    wheels = [pairs.wheel(name, F + USES) for name in ("one", "two", "three")]
    found = [traces(analyse(t, pairs.host)) for t in wheels]
    by_name = {t.name: t for t in wheels}
    read: list[str] = []

    def fetch(name: str) -> Target:
        read.append(name)
        return by_name[name]

    for keeps, often in ((lambda _: True), 3), ((lambda _: False), 6):
        sides = SystemSides(pairs.host, by_definer=KnownDefiners(keeps))
        read.clear()
        for a, b in combinations(found, 2):
            assert sides.both_orders(fetch, (a.target, b.target), shared(a, b))
        assert len(read) == often


def test_a_target_is_indexed_once_for_all_hosts(
    pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexed: list[int] = []

    def counted(dsos: Iterable[Dso]) -> ReferencesByDefiner:
        indexed.append(1)
        return ReferencesByDefiner(dsos)

    monkeypatch.setattr(pair_sides, "ReferencesByDefiner", counted)
    known = KnownDefiners(bool)
    one, other = pairs.wheel("one", F + USES), pairs.wheel("two", H + USES)
    taken = str(Scenario(tmp_path).lib("libtaken.so", F))
    library_path = [str(tmp_path / "system")]
    other_host = extract(str(tmp_path / "host"), Root(), preload=[taken], library_path=library_path)
    for host in (pairs.host, other_host):
        pairs.host = host
        found, opened = pairs.orders(one, other, SystemSides(host, by_definer=known))
        assert found is not None
        assert said(found) == said(opened)
        # So is what the two bring that are opened.
        shares = shared(traces(analyse(one, host)), traces(analyse(other, host)))
        targets = (one, other)
        by_definer = partial(known.of, targets)
        assert said(both_orders(targets, host, shares, by_definer=by_definer)) == said(opened)
    assert len(indexed) == 3


@pytest.mark.parametrize("of_other", ["unique", "large", "both names"])
@pytest.mark.parametrize("of_one", ["unique", "both names", "unique, in a library"])
def test_unique_symbols_are_those_of_the_first(pairs: Pairs, of_one: str, of_other: str) -> None:
    def wheel(name: str, kind: str) -> Target:
        if kind == "unique, in a library":
            library = compile_so(pairs.directory, f"lib{name}.so", unique("u"))
            files = {f"{name}.so": "extern int u; int *at_u(void) { return &u; }" + USES}
            bundled = {f"lib{name}.so": library}
            return pairs.build(name, files | bundled, pairs.library, str(library), RUN_PATH)
        names = ("u", "v") if kind == "both names" else ("u",)
        size = 8 if kind == "large" else 4
        return pairs.wheel(name, USES + "".join(unique(symbol, size) for symbol in names))

    one, other = wheel("one", of_one), wheel("two", of_other)
    found, opened = pairs.orders(one, other, SystemSides(pairs.host))
    assert found is not None
    assert said(found) == said(opened)
    assert {c.kind for order in found for c in order.changes} == {"unique"}


def test_modules_of_one_name_in_two_directories_see_nothing_of_each_other(pairs: Pairs) -> None:
    one, other = (pairs.build(name, {f"{name}/core.so": unique("u")}) for name in ("one", "two"))
    found, opened = pairs.orders(one, other, SystemSides(pairs.host))
    assert found is not None
    assert said(found) == said(opened)


def test_unique_symbol_that_a_system_library_has_registered_alone(pairs: Pairs) -> None:
    """Behind a wheel whose symbol is no unique one it registers none, and another object does."""
    pairs.system(SYSTEM + "extern int u __attribute__((weak)); int *at_u(void) { return &u; }")
    one = pairs.wheel("one", "int u;" + unique("v") + USES)
    defines = unique("u").partition("int *the_u")[0]
    other = pairs.wheel(
        "two", defines + unique("v") + USES, **{"twp.so": unique("u") + unique("v")}
    )
    found, opened = pairs.orders(one, other, SystemSides(pairs.host))
    assert found is None
    assert ("twp.so", "two.so") in {
        (order.name_of(c.holder), order.name_of(c.before))
        for order in opened
        for c in order.changes
        if c.before
    }


def test_thread_local_unique_symbols_are_opened(pairs: Pairs) -> None:
    one, other = (
        pairs.wheel(name, unique("u", section=".tdata") + USES) for name in ("one", "two")
    )
    found, opened = pairs.orders(one, other, SystemSides(pairs.host))
    assert found is None
    assert {c.kind for order in opened for c in order.changes} == {"unique"}


def test_targets_that_see_files_of_each_other_are_opened(pairs: Pairs) -> None:
    library = {"libsys.so.1": "int other(void) { return 6; }"}
    # LD_LIBRARY_PATH comes before DT_RUNPATH.
    for flag, is_seen in ("-Wl,--disable-new-dtags", True), ("-Wl,--enable-new-dtags", False):
        one = pairs.build("one", {"one.so": F + USES}, pairs.library, RUN_PATH, flag)
        other = pairs.wheel("two", USES, **library)
        found, opened = pairs.orders(one, other, SystemSides(pairs.host))
        assert (found is None) is is_seen
        assert found is None or said(found) == said(opened)


def test_targets_that_need_much_static_tls_are_opened(pairs: Pairs) -> None:
    one = pairs.wheel("one", F + USES + TLS.format(900))
    other = pairs.wheel("two", USES + TLS.format(900))
    found, opened = pairs.orders(one, other, SystemSides(pairs.host))
    assert found is None
    assert any(order.outcomes for order in opened)
    small = pairs.wheel("three", USES + TLS.format(16))
    found, opened = pairs.orders(one, small, SystemSides(pairs.host))
    assert found is not None
    assert said(found) == said(opened)
