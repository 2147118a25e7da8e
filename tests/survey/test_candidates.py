"""The join finds the pairs that a comparison of each wheel with each finds."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from collide.analysis.pair_traces import ModuleTraces, TargetTraces, shared
from collide.loader.link_map import LoadFailure
from collide.survey.candidates import candidates, slices
from collide.survey.traced import rows_of_traces, traces_of

names = st.sampled_from(["a", "b", "c"])
paths = st.sampled_from(["/1", "/2", "/3"])
some = st.frozensets(names, max_size=2)
modules = st.builds(
    ModuleTraces,
    name=st.just(""),
    brings=st.dictionaries(names, paths, max_size=2),
    needs=st.dictionaries(names, st.none() | paths, max_size=2),
    unique=st.dictionaries(names, paths, max_size=2),
    system=some,
    taken=st.just(frozenset[str]()),
    failures=st.just(()) | st.just((LoadFailure("missing-library", "", "a"),)),
    promotes=st.sampled_from([False, False, False, True]),
    static_tls=st.sampled_from([(0, 0), (0, 0), (30, 100), (60, 100), (60, 90)]),
)


def _numbered(found: list[ModuleTraces], taken: frozenset[str]) -> tuple[ModuleTraces, ...]:
    """Modules with names; a library that takes something is one that is loaded."""
    return tuple(
        m._replace(name=f"m{number}", taken=m.system & taken) for number, m in enumerate(found)
    )


targets = st.builds(
    lambda project, files, found, taken: TargetTraces("", project, files, _numbered(found, taken)),
    st.none() | st.sampled_from(["p", "q"]),
    st.frozensets(paths, max_size=1),
    st.lists(modules, max_size=3),
    some,
)


@given(st.lists(targets, min_size=2, max_size=5))
def test_join_finds_what_each_pair_shares(found: list[TargetTraces]) -> None:
    wheels = [target._replace(target=f"w{number}") for number, target in enumerate(found)]
    rows = {target.target: list(rows_of_traces(target)) for target in wheels}
    assert [traces_of(name, of) for name, of in rows.items()] == wheels
    joined = candidates(
        (wheel, row["kind"], row["name"], row["path"]) for wheel, of in rows.items() for row in of
    )
    expected = {
        (one.target, other.target)
        for one, other in combinations(wheels, 2)
        if shared(one, other)
        and (one.distribution is None or one.distribution != other.distribution)
    }
    assert set(joined) == expected
    assert all(joined.values())


def test_causes_are_told() -> None:
    traces = [
        ("w", "brings", "libz.so.1", "/w/libz.so.1"),
        ("x", "needs", "libz.so.1", "/usr/lib/libz.so.1"),
        ("y", "needs", "libz.so.1", "/w/libz.so.1"),
        ("x", "unique", "s", "/x"),
        ("y", "unique", "s", "/y"),
    ]
    assert candidates(traces) == {("w", "x"): {"soname"}, ("x", "y"): {"unique"}}


def test_parts_have_few_wheels_each() -> None:
    """One wheel is in all pairs: it is in each part, any other in one."""
    pairs = [("hub", f"w{number}") for number in range(10)]
    parts = list(slices(pairs, 4))
    assert sorted(pair for part in parts for pair in part) == pairs
    assert [len({wheel for pair in part for wheel in pair}) for part in parts] == [5, 5, 3]
