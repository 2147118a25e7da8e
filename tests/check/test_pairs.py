"""Every two targets of a check: which are opened, what is told whatever the order."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from building import WheelBuilder
from collide.analysis.analysis import analyse
from collide.analysis.pair_traces import traces
from collide.check.check import check
from collide.check.pairs import KeptTargets, Pair, pairs_among
from collide.filesystems.root import Root
from collide.findings.code import Severity
from collide.hosts.database import load_shipped
from collide.hosts.extract import extract
from collide.loader.host import Host
from collide.wheels.plan import NO_PLAN
from collide.wheels.target import Target
from scenario import Scenario

F = "int f(void) { return 1; }"
CALLS_F = "int f(void); int g(void) { return f(); }"
UNIQUE = (
    '__asm__(".data\\n.globl u\\n.type u, @gnu_unique_object\\n.size u, 4\\nu: .long 1\\n.text");'
    "extern int u; int *the_u(void) { return &u; }"
)


@pytest.fixture(scope="module")
def host() -> Host:
    return load_shipped("debian-12-python3")


@pytest.fixture
def wheel(tmp_path: Path) -> WheelBuilder:
    return WheelBuilder(tmp_path)


def paired(host: Host, *targets: Target, kept: KeptTargets | None = None) -> list[Pair]:
    prints = [traces(analyse(t, host)) for t in targets]
    pairs = []
    for pair in pairs_among(combinations(prints, 2), host, kept or KeptTargets()):
        assert isinstance(pair, Pair), pair
        pairs.append(pair)
    return pairs


def test_pairs_come_in_the_order_of_the_targets(wheel: WheelBuilder, host: Host) -> None:
    targets = [wheel(name, {f"{name}.so": UNIQUE}) for name in ("two", "one", "three")]
    names = [(a.name, b.name) for a, b in ((targets[0], targets[1]), (targets[0], targets[2]))]
    pairs = paired(host, *targets)
    assert [p.targets for p in pairs] == [*names, (targets[1].name, targets[2].name)]
    assert [(o.first, o.second) for o in pairs[0].orders] == [names[0], names[0][::-1]]
    assert [f.code.id for f in pairs[0].findings] == ["COL303", "COL303"]


def test_pair_that_shares_nothing_is_not_opened(wheel: WheelBuilder, host: Host) -> None:
    one, other = wheel("one", {"one.so": F}), wheel("two", {"two.so": F})
    for target in (one, other):
        Path(target.name).unlink()
    (pair,) = paired(host, one, other)
    assert (pair.shares, pair.orders, pair.left_out) == (pair.shares, (), None)
    assert not pair.shares


def thread_local(size: int) -> str:
    model = '__attribute__((tls_model("initial-exec")))'
    return f"static __thread char room[{size}] {model}; char *f(void) {{ return room; }}"


def test_modules_that_have_no_room_for_their_thread_local_data_together(
    wheel: WheelBuilder, host: Host
) -> None:
    """What comes second is refused, with the loader's words (elf/dl-reloc.c)."""
    one, other = (
        wheel("one", {"one.so": thread_local(1000)}),
        wheel("two", {"two.so": thread_local(1000)}),
    )
    (pair,) = paired(host, one, other)
    assert pair.shares.static_tls == ("one.so", "two.so")
    assert [f.code.id for f in pair.findings] == ["COL306", "COL306"]
    assert pair.findings[0].detail == ("fails: two.so: cannot allocate memory in static TLS block")
    assert "LD_PRELOAD" in pair.findings[0].remedy
    small = wheel("small", {"small.so": thread_local(200)})
    (pair,) = paired(host, one, small)
    assert not pair.shares


def test_target_is_kept_or_read_again(wheel: WheelBuilder, host: Host) -> None:
    one, other = wheel("one", {"one.so": UNIQUE}), wheel("two", {"two.so": UNIQUE})
    read = paired(host, one, other)
    kept = KeptTargets()
    for target in (one, other):
        kept.offer(target)
        Path(target.name).unlink()
    assert paired(host, one, other, kept=kept) == read
    (pair,) = paired(host, one, other)
    assert pair.left_out == f"cannot be read again: {one.name}: no such file"
    assert pair.orders == ()


def test_only_what_is_small_enough_is_kept(
    wheel: WheelBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KeptTargets, "_SYMBOLS", 3)
    kept = KeptTargets()
    small = wheel("small", {"a.so": F})
    large = wheel("large", {"b.so": "".join(f"int f{i}(void) {{ return 1; }}" for i in range(9))})
    for target in (small, large):
        kept.offer(target)
        Path(target.name).unlink()
    assert kept.read(small.name) is small
    with pytest.raises(Exception, match="no such file"):
        kept.read(large.name)


def test_builds_of_one_distribution_are_left_out(wheel: WheelBuilder, host: Host) -> None:
    one = wheel("My_Package", {"m.so": UNIQUE})
    other = wheel("my.package", {"m.so": UNIQUE})
    (pair,) = paired(host, one, other)
    assert pair.left_out == "two builds of my-package are never installed together"


def test_files_that_replace_each_other_are_told_once(wheel: WheelBuilder, host: Host) -> None:
    one, other = wheel("one", {"m.so": F}), wheel("two", {"m.so": F})
    (pair,) = paired(host, one, other)
    (found,) = pair.findings
    assert found.code.id == "COL307"
    assert (found.victim, found.provider, found.symbols) == (one.name, other.name, ("m.so",))


def test_failure_that_shows_when_both_are_installed_is_told(
    wheel: WheelBuilder, tmp_path: Path
) -> None:
    s = Scenario(tmp_path)
    s.lib("old/libv.so.1", F, versions="V1 { f; };")
    s.lib("new/libv.so.1", F, versions="V1 { }; V2 { f; } V1;")
    library = s.lib("libqt.so.1", CALLS_F, needed=["new/libv.so.1"])
    module = s.module("m.so", "int g(void); int h(void) { return g(); }", needed=["libqt.so.1"])
    binary = s.host(needed=["old/libv.so.1"], runpath="$ORIGIN/old")
    assert [f.name for f in s.compare(binary, "m.so").failures] == ["V2"]
    host = extract(str(binary), Root())
    report = check(
        [wheel("bindings", {"m.so": module}), wheel("libraries", {"libqt.so.1": library})],
        [host],
        together=True,
    )
    alone, _ = report.judged
    assert [f.code.id for f in alone.findings] == ["COL201"]
    (pair,) = report.pairs
    (found,) = pair.common
    assert (found.code.id, found.severity) == ("COL202", Severity.ERROR)
    assert (found.victim, found.provider, found.modules) == ("libqt.so.1", "V2", ("m.so",))
    assert report.worst() is Severity.ERROR


def test_check_looks_at_pairs_only_when_asked(wheel: WheelBuilder, host: Host) -> None:
    targets = [wheel(name, {f"{name}.so": UNIQUE}) for name in ("one", "two")]
    assert check(targets, [host]).pairs == ()
    (pair,) = check(targets, [host], together=True).pairs
    assert pair.findings == check(targets, [host], together=True).findings


def test_what_the_python_of_one_opens_global_is_taken_by_the_other(
    wheel: WheelBuilder, host: Host, tmp_path: Path
) -> None:
    code = tmp_path / "code.py"
    code.write_text(
        "import ctypes, os\n"
        "ctypes.CDLL(os.path.join(os.path.dirname(__file__), 'libf.so'), ctypes.RTLD_GLOBAL)\n"
    )
    loud = wheel("loud", {"loud/__init__.py": code, "loud/libf.so": F})
    other = wheel("other", {"other.so": F + "int g(void) { return f(); }"})
    alone = analyse(loud, host)
    assert [(o.name, o.source) for o in alone.planned] == [("loud/libf.so", "loud/__init__.py:2")]
    (pair,) = paired(host, loud, other)
    assert pair.shares.promoted == ("loud/libf.so",)
    found = [(o.first, f.code.id, f.provider) for o in pair.orders for f in o.findings]
    assert found == [(loud.name, "COL305", "loud/libf.so")]
    (opening,) = pair.orders[0].findings[0].openings
    assert (opening.name, opening.source) == ("loud/libf.so", "loud/__init__.py:2")
    silent = loud._replace(plan=NO_PLAN)
    (pair,) = paired(host, silent, other)
    assert not pair.shares
