"""Ranks, generators, regulators, Selmer bounds, saturation and modular symbols of curves, by eclib."""

import sage.all__sagemath_modules  # noqa: F401 - the rings have to be made first
from sage.libs.eclib.all import (
    CremonaModularSymbols,
    get_precision,
    mwrank_EllipticCurve,
    mwrank_MordellWeil,
    set_precision,
)

curves = [
    [0, 0, 1, -1, 0],
    [0, -1, 1, -10, -20],
    [0, 0, 1, -7, 6],
    [1, 0, 0, -1, 137],
    [0, 1, 1, -2, 0],
    [0, 0, 0, -79, 342],
    [1, -1, 1, -19, 68],
]
for a in curves:
    try:
        e = mwrank_EllipticCurve(a)
        e.two_descent(verbose=False, second_limit=8)
        print(
            a,
            e.rank(),
            e.rank_bound(),
            e.selmer_rank(),
            round(float(e.regulator()), 5),
            e.conductor(),
            e.certain(),
            [list(map(abs, g)) for g in e.gens()],
            round(float(e.silverman_bound()), 4),
            round(float(e.CPS_height_bound()), 4),
            e.ainvs(),
        )
        print(e.saturate(), e.isogeny_class(verbose=False)[0][:2] if e.conductor() < 200 else "")
    except Exception as x:
        print(a, type(x).__name__)
e = mwrank_EllipticCurve([0, 0, 1, -7, 6])
m = mwrank_MordellWeil(e, verbose=False)
print(
    m.process([[1, -1, 1]]),
    m.process([[-2, 3, 1], [-14, 25, 8]]),
    m.rank(),
    round(float(m.regulator()), 4),
    m.saturate(),
    m.search(5),
    m.points(),
)
print(get_precision() > 10, set_precision(80), get_precision())
for level in (11, 37, 100):
    s = CremonaModularSymbols(level)
    t = CremonaModularSymbols(level, sign=1, cuspidal=True)
    print(
        level,
        s.dimension(),
        s.number_of_cusps(),
        s.level(),
        s.sign(),
        s.is_cuspidal(),
        t.dimension(),
        str(s.hecke_matrix(3))[:60] if level % 3 else "",
        str(t.hecke_matrix(7))[:60],
    )
for bad in (
    lambda: mwrank_EllipticCurve([1, 2]),
    lambda: mwrank_EllipticCurve([0, 0, 0, 0, 0]),
    lambda: CremonaModularSymbols(-1),
    lambda: m.process([5, 5, 1]),
    lambda: set_precision(-1),
):
    try:
        print(bad())
    except Exception as x:
        print(type(x).__name__)
