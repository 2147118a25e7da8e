"""Integers, polynomials and matrices over several rings, contexts, factors and faults, by NTL."""

import sage.all__sagemath_categories  # noqa: F401 - the rings have to be made first
from sage.libs.ntl import all as ntl

ntl.ntl_setSeed(5)
a, b = ntl.ZZ("1606938044258990275541962092341162602522202993782792835301391"), ntl.ZZ(123456789)
print(
    a + b,
    a * b,
    a - b,
    a % b if hasattr(a, "__mod__") else "",
    -a,
    a**3,
    ntl.ZZ_random_bits(40) >= ntl.ZZ(0) if hasattr(a, "__ge__") else "",
)
f, g = ntl.ZZX([1, -3, 0, 2, 5]), ntl.ZZX([2, 0, 7, 1])
print(
    f * g,
    f + g,
    f.degree(),
    f.content(),
    f.primitive_part(),
    f.gcd(g),
    f.derivative(),
    f.discriminant(),
    f.resultant(g),
    f.reverse(),
    f.truncate(3),
    f.leading_coefficient(),
    (f * g) % g,
)
print(g.charpoly_mod(ntl.ZZX([1, 0, 1, 3, 1])), f.is_monic(), f.xgcd(g)[0], f.pseudo_quo_rem(g))
for p in (7, 101, 2**61 - 1):
    c = ntl.ZZ_pContext(ntl.ZZ(p))
    x, y = ntl.ZZ_p(5, c), ntl.ZZ_p(p - 2, c)
    u, v = ntl.ZZ_pX([1, 2, 3, 4], c), ntl.ZZ_pX([5, 1, 1], c)
    print(
        p,
        x * y,
        x - y,
        x**-1,
        u * v,
        u.gcd(v),
        u.xgcd(v),
        u.quo_rem(v),
        u.derivative(),
        u.is_monic(),
        u.minpoly_mod(ntl.ZZ_pX([1, 1, 0, 0, 1], c)),
    )
    e = ntl.ZZ_pEContext(ntl.ZZ_pX([3, 1, 1], c))
    s, t = ntl.ZZ_pE([1, 2], e), ntl.ZZ_pE([4, 5], e)
    print(s * t, ntl.ZZ_pEX([s, t, s], e) * ntl.ZZ_pEX([t, s], e))
h = ntl.GF2X([1, 0, 1, 1, 0, 1])
print(
    h * h,
    h + ntl.GF2X([1, 1]),
    h % ntl.GF2X([1, 1, 1]),
    h.GCD(ntl.GF2X([1, 1])),
    h.deg(),
    h.reverse(),
    h.weight(),
    h.diff(),
    h.hex(),
    h << 3,
)
k = ntl.GF2EContext(ntl.GF2X([1, 1, 0, 1, 1, 0, 0, 0, 1]))
p, q = ntl.GF2E([1, 0, 1], k), ntl.GF2E([0, 1, 1, 1], k)
print(p * q, p / q, p**77, p.trace(), p.rep())
m = ntl.mat_ZZ(3, 3, [2, 0, 1, 4, 5, 6, 7, 8, 10])
print(
    m * m, m.determinant(), m.charpoly(), m.LLL(), m.LLL_FP(), m.BKZ_FP(), m.nrows(), m.list()[:4]
)
n = ntl.mat_GF2(3, 3, [1, 0, 1, 1, 1, 0, 0, 1, 1])
print(n * n, n.determinant(), n.gauss(), n.IsIdent(), n.image() if hasattr(n, "image") else "")
w = ntl.mat_GF2E(k, 2, 2, [p, q, q, p])
print(w * w, w.determinant(), w.gauss(), w.list()[:2])
for bad in (lambda: ntl.ZZ("x"), lambda: m * ntl.mat_ZZ(2, 2, [1, 2, 3, 4])):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
