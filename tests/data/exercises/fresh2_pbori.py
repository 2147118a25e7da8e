"""Boolean polynomials, sets, ideals, orders, substitutions and faults, by BRiAl."""

import sage.all__sagemath_categories  # noqa: F401 - the rings have to be made first
from sage.rings.polynomial.pbori.pbori import (
    BooleanPolynomialRing,
    VariableFactory,
    if_then_else,
    interpolate,
)

for order in ("lex", "deglex", "degneglex"):
    R = BooleanPolynomialRing(8, "x", order=order)
    x = R.gens()
    f, g = x[0] * x[1] + x[2] + 1, x[1] * x[3] * x[4] + x[0] + x[5]
    print(
        order,
        f * g,
        f + g,
        (f * g).lead(),
        f.degree(),
        (f * g).deg(),
        f.variables(),
        f.lm(),
        f.constant_coefficient(),
        (f * g).set(),
        f.nvariables(),
        f.has_constant_part(),
        f.elength(),
        hash(f) == hash(f + 0),
        list(f),
        f.navigation().value(),
        f.stable_hash() == (f * 1).stable_hash(),
    )
    print(
        f.subs(x1=1),
        f(*([1] * 8)),
        f.spoly(g),
        f.reduce([g]),
        f.monomials(),
        g.terms(),
        g.first_term(),
        f.zeros_in((f * g).set()),
        (f * g).lead_divisors(),
        f.is_unit(),
        f.is_homogeneous(),
        f.vars_as_monomial(),
        f.graded_part(2),
    )
    s, t = (f * g).set(), (g * x[6] + x[7]).set()
    print(
        s.union(t),
        s.intersect(t),
        s.diff(t),
        s.cartesian_product(x[7].set()),
        s.subset0(1),
        s.subset1(1),
        s.change(2),
        len(s),
        s.size_double(),
        s.vars(),
        s.minimal_elements(),
        s.divide(x[0].lm()),
        s.unateproduct(t) if hasattr(s, "unateproduct") else "",
        s.multiples_of(x[0].lm()),
        s.include_divisors(),
        s.stable_hash() == s.stable_hash(),
    )
    print(
        if_then_else(0, x[3].set(), x[4].set()),
        interpolate(f.set(), g.set()) if order == "lex" else "",
        VariableFactory(R)(3),
    )
    J = R.ideal([f, g, x[2] * x[3] + x[1]])
    for algorithm in ("polybori",):
        try:
            print(J.groebner_basis(algorithm=algorithm))
        except Exception as e:
            print(type(e).__name__)
    print(J.reduce(f * g), J.ngens())
big = BooleanPolynomialRing(30, "y")
y = big.gens()
p = big.one()
for i in range(0, 24, 3):
    p = p * (y[i] + y[i + 1] * y[i + 2] + 1)
print(len(p), p.degree(), p.lm(), (p + p).is_zero(), (p * p == p), len(p.set().vars()))
for bad in (
    lambda: R(big.gen(3) + 5 * y[1]),
    lambda: f.lm() / g.lm(),
    lambda: BooleanPolynomialRing(2, "x", order="no"),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
